"""The result as tables in Markdown, as a picture, and as JSON with the raw figures."""

import collections
import dataclasses
import json
import statistics

import plot
from judge import VERDICTS, Executed, Judge, growth

# How late the trial itself may come to its turn. A machine that is busier than that makes faults of its own: after 15 s
# without a sign of life a tunnel is given up.
LAG_MAX_S = 4

# Exit statuses besides 0.
FAILED, UNKNOWN = 1, 2

# Bad exchanges that are shown one by one.
SHOWN_MAX = 20


class Report:
    """Everything that is known at the end. `problems` is what makes the trial fail."""

    def __init__(self, trial):
        self.trial, self.book, self.faults = trial, trial.book, trial.faults.done
        judge = Judge(self.faults, trial.watch)
        self.judged = [(exchange, judge.verdict(exchange)) for exchange in self.book.bad]
        self.executed = Executed(trial.parts.ledger)
        self.doubled, self.repeated = self.executed.doubled(), self.executed.repeated()
        self.problems = [*trial.problems, *self.found()]

    def found(self):
        counts = collections.Counter(verdict for _, verdict in self.judged)
        yield from (f"{counts[verdict]} {verdict}" for verdict in ("lost", "truncated") if counts[verdict])
        if self.doubled:
            yield f"{len(self.doubled)} doubled: {', '.join(self.doubled[:5])}"
        for fault in self.faults:
            if fault.note:
                yield f"{fault.kind}, {fault.begun - self.trial.begun:.0f} s after the start: {fault.note}"
        for name, rows in self.trial.watch.samples.items():
            yield from (f"the {name} {what}" for what in growth(rows, self.trial.first.get(name), self.trial.last.get(name)))

    def text(self):
        parts = [self.exchanges(), self.fault_table(), self.programs(), self.bad()]
        verdict = "\n".join(f"- {problem}" for problem in self.problems) or "Nothing was lost, doubled or truncated."
        title = "## FAILED" if self.status() == FAILED else "## Passed"
        if self.status() == UNKNOWN:
            title = "## The machine was too busy to tell"
        return "\n\n".join([*filter(None, parts), title, verdict]) + "\n"

    def status(self):
        """The exit status: doubled and truncated are wrong on whatever machine."""
        if not self.problems:
            return 0
        is_certain = self.doubled or any(verdict == "truncated" for _, verdict in self.judged)
        return FAILED if is_certain or self.trial.watch.longest_lag_s <= LAG_MAX_S else UNKNOWN

    def exchanges(self):
        rows = [["", "exchanges", "messages", "well", "had waited", *VERDICTS, "doubled"]]
        counts = collections.defaultdict(collections.Counter)
        for exchange, verdict in self.judged:
            counts[exchange.kind][verdict] += 1
        kinds = dict.fromkeys([*self.book.well, *counts])
        for kind in kinds:
            well, bad = self.book.well[kind], counts[kind]
            rows.append([kind, well + bad.total(), self.book.messages[kind] or "", well, self.book.waited[kind] or "",
                         *(bad[verdict] for verdict in VERDICTS), ""])
        total = ["all", *(sum(row[column] or 0 for row in rows[1:]) for column in range(1, len(rows[0]) - 1))]
        rows.append([*total, len(self.doubled)])
        notes = (f"{len(self.repeated)} GETs were executed more than once, as they may be. "
                 f"The longest wait of a small request that was answered was {self.book.longest_wait_s:.1f} s. "
                 f"The trial itself was kept waiting for {self.trial.watch.longest_lag_s:.1f} s at the most.")
        return f"## Exchanges\n\n{table(rows)}\n\n{notes}"

    def fault_table(self):
        rows = [["fault", "times", "slowest recovery", "median"]]
        took = collections.defaultdict(list)
        for fault in self.faults:
            took[fault.kind].append(fault.recovery_s)
        for kind, seconds in took.items():
            known = [each for each in seconds if each is not None]
            slowest = "never" if len(known) < len(seconds) else f"{max(known):.1f} s"
            rows.append([kind, len(seconds), slowest, f"{statistics.median(known):.1f} s" if known else ""])
        rows += [[kind, "not reached", "", ""] for kind in self.trial.faults.kinds if kind not in took]
        rows += [[kind, "SKIPPED", reason, ""] for kind, reason in self.trial.faults.skipped.items()]
        outages = self.trial.watch.outages()
        notes = f"Full disk: {self.trial.disk.how}. The tunnel was away {len(outages)} times"
        notes += f", {max(outages):.1f} s at the longest." if outages else "."
        return f"## Faults\n\n{table(rows)}\n\n{notes}"

    def programs(self):
        rows = [["program", "starts", "memory, median", "most", "descriptors, median", "most", "before the load", "after"]]
        for name, samples in self.trial.watch.samples.items():
            memory = [sample.memory_mib for sample in samples]
            descriptors = [sample.descriptors for sample in samples]
            ends = [str(end.descriptors) if end else "" for end in (self.trial.first.get(name), self.trial.last.get(name))]
            rows.append([name, getattr(self.trial.parts, name).starts, f"{statistics.median(memory):.0f} MiB",
                         f"{max(memory):.0f} MiB", f"{statistics.median(descriptors):.0f}", max(descriptors), *ends])
        return f"## Memory and descriptors\n\n{table(rows)}\n\n![over time](soak.svg)"

    def bad(self):
        """Those that must not be, one by one."""
        lines = []
        for exchange, verdict in self.judged:
            if verdict in ("lost", "truncated"):
                begun, ended = exchange.begun - self.trial.begun, exchange.ended - self.trial.begun
                lines.append(f"- {begun:.2f} s to {ended:.2f} s, {exchange.kind} {exchange.name} by {exchange.via}: "
                             f"{verdict}, {exchange.outcome} {exchange.status or ''} {exchange.detail}")
        more = [f"- and {len(lines) - SHOWN_MAX} more; see soak.json"] if len(lines) > SHOWN_MAX else []
        return "\n".join(["## Lost and truncated", "", *lines[:SHOWN_MAX], *more]) if lines else ""

    def write(self, folder):
        begun = self.trial.begun
        (folder / "soak.md").write_text("# Trial\n\n" + self.text())
        faults = [(fault.begun - begun, fault.kind) for fault in self.faults]
        ends = [rows[-1].at for rows in self.trial.watch.samples.values() if rows]
        (folder / "soak.svg").write_text(plot.draw(self.trial.watch.samples, faults, max(ends, default=1)))
        raw = {
            "options": self.trial.options,
            "problems": self.problems,
            "well": self.book.well, "messages": self.book.messages, "waited": self.book.waited,
            "bad": [{**shifted(exchange, begun), "verdict": verdict} for exchange, verdict in self.judged],
            "doubled": self.doubled, "repeated": self.repeated,
            "faults": [shifted(fault, begun) for fault in self.faults], "skipped": self.trial.faults.skipped,
            "tunnel": [(when - begun, state) for when, state in self.trial.watch.changes],
            "samples": {name: [dataclasses.astuple(row) for row in rows] for name, rows in self.trial.watch.samples.items()},
        }
        (folder / "soak.json").write_text(json.dumps(raw, indent=1))


def shifted(thing, begun):
    """Its fields, with times since the start."""
    fields = dataclasses.asdict(thing)
    return {name: round(value - begun, 3) if name in ("begun", "ended", "over") and value else value
            for name, value in fields.items()}


def table(rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.rjust(width) if column else cell.ljust(width)
                               for column, (cell, width) in enumerate(zip(row, widths))) + " |" for row in rows]
    rule = "|" + "|".join("-" * (width + 1) + (":" if column else "-") for column, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
