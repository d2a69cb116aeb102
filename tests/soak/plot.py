"""A picture of memory and descriptors over time, with a line for each fault. Plain SVG, no library."""

import html

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 1000, 200, 70, 20, 30, 50
COLOURS = {"gateway": "#1f5fa8", "agent": "#b4540a"}
PANELS = (("memory_mib", "memory in MiB"), ("descriptors", "open descriptors"))

# Names of faults are written only where there is room for them.
NAMED_MAX = 40


def draw(samples, faults, seconds):
    """`faults` is rows of (seconds since the start, kind)."""
    names = faults if len(faults) <= NAMED_MAX else []
    legend_height = 110 if names else 20
    height = TOP + len(PANELS) * (PANEL + GAP) + legend_height
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             f'font-size="11"><rect width="{WIDTH}" height="{height}" fill="white"/>']
    for number, (field, title) in enumerate(PANELS):
        parts += panel(samples, field, title, TOP + number * (PANEL + GAP), faults, seconds)
    below = TOP + len(PANELS) * (PANEL + GAP) - GAP + 22
    for at, kind in names:
        x = along(at, seconds)
        parts.append(f'<text x="{x:.1f}" y="{below}" transform="rotate(60 {x:.1f} {below})" fill="#555">'
                     f'{html.escape(kind)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def along(at, seconds):
    return LEFT + (WIDTH - LEFT - RIGHT) * at / max(seconds, 1)


def panel(samples, field, title, top, faults, seconds):
    highest = nice(max((getattr(sample, field) for rows in samples.values() for sample in rows), default=1))
    bottom = top + PANEL
    parts = [f'<text x="{LEFT}" y="{top - 8}" font-size="13">{title}</text>']
    for step in range(5):
        y = bottom - PANEL * step / 4
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>'
                     f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{highest * step / 4:g}</text>')
    for step in range(7):
        at = seconds * step / 6
        parts.append(f'<text x="{along(at, seconds):.1f}" y="{bottom + 14}" text-anchor="middle">{at:.0f} s</text>')
    for at, kind in faults:
        x = along(at, seconds)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="#999" stroke-dasharray="2 3">'
                     f'<title>{html.escape(kind)} at {at:.0f} s</title></line>')
    for number, (name, rows) in enumerate(samples.items()):
        parts += [line(life, field, bottom, highest, seconds, COLOURS[name]) for life in lives(rows)]
        parts.append(f'<text x="{WIDTH - RIGHT - 70 * number}" y="{top - 8}" text-anchor="end" '
                     f'fill="{COLOURS[name]}">{name}</text>')
    return parts


def lives(rows):
    """The samples of each process apart, so that no line joins one that was ended and its successor."""
    out = []
    for sample in rows:
        if not out or out[-1][-1].life != sample.life:
            out.append([])
        out[-1].append(sample)
    return out


def line(rows, field, bottom, highest, seconds, colour):
    points = " ".join(f"{along(row.at, seconds):.1f},{bottom - PANEL * getattr(row, field) / highest:.1f}" for row in rows)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-linecap="round"/>'


def nice(value):
    """The next round number that is no smaller."""
    step = 1
    while True:
        for factor in (1, 2, 4, 6, 8):
            if value <= step * factor:
                return step * factor
        step *= 10
