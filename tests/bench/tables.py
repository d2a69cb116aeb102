"""Tables of the results: the median of the rounds, and its ratio to the reference systems, taken round by round."""
import statistics

import extra
import workloads

COLUMNS = {**workloads.COLUMNS, **extra.COLUMNS}
BASES = ("direct", "rathole")

# Pairs that stand behind the same front, so that the one is to be compared with the other.
PAIRS = (("caddy>tunnel", "caddy>rathole"),)


def values(rounds, workload, name, key):
    """The value of each round; a missing one is nan."""
    out = []
    for r in rounds:
        v = r.get(workload, {}).get(name, {}).get(key)
        out.append(float("nan") if v is None else v)
    return out


def median(v):
    v = [x for x in v if x == x]
    return statistics.median(v) if v else float("nan")


def ratio(v, base):
    """The median of the ratios of each round, or a dash."""
    q = median([x / y for x, y in zip(v, base) if x == x and y == y and y])
    return f"{q:.2f}" if q == q else "-"


def number(v, digits):
    return f"{v:.{digits}f}" if v == v else "-"


def align(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    lines = []
    for i, r in enumerate(rows):
        cells = (c.ljust(w) if j == 0 else c.rjust(w) for j, (c, w) in enumerate(zip(r, widths)))
        lines.append("| " + " | ".join(cells) + " |")
        if i == 0:
            lines.append("|" + "|".join("-" * (w + 1) + ("-" if j == 0 else ":") for j, w in enumerate(widths)) + "|")
    return lines


def table(rounds, names, workload):
    bases = [b for b in BASES if b in names]
    head = ["system"]
    for _, heading, _, shown in COLUMNS[workload]:
        head += [heading] + ([f"÷{b}" for b in bases] if shown else [])
    rows = [head]
    for n in names:
        if not any(rd.get(workload, {}).get(n) for rd in rounds):
            continue
        row = [n]
        for key, _, digits, shown in COLUMNS[workload]:
            v = values(rounds, workload, n, key)
            row.append(number(median(v), digits))
            if shown:
                row += [ratio(v, values(rounds, workload, b, key)) for b in bases]
        rows.append(row)
    return align(rows) + pairs(rounds, names, workload)


def pairs(rounds, names, workload):
    """A line for each pair: the ratios that the table has for the reference systems."""
    lines = []
    for one, other in PAIRS:
        shown = [(k, h) for k, h, _, ratios in COLUMNS[workload] if ratios]
        if one in names and other in names and shown:
            all_of = ", ".join(f"{h} {ratio(values(rounds, workload, one, k), values(rounds, workload, other, k))}"
                               for k, h in shown)
            lines += ["", f"`{one}` ÷ `{other}`: {all_of}."]
    return lines


def tables(rounds, names):
    lines = []
    for w in COLUMNS:
        if any(rd.get(w) for rd in rounds):
            lines += [f"### {w}", "", *table(rounds, names, w), ""]
    return "\n".join(lines)
