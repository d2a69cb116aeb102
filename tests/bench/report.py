#!/usr/bin/env python3
"""The tables of docs/performance.md, from the results of one or more runs:   ./report.py RESULTS.json…

One sentence a line, as in all our Markdown. Numbers of different runs are never mixed: machines and minutes differ.
"""
import json
import sys

import extra
import workloads
from tables import COLUMNS, tables

MEANING = {name: f.__doc__.split("\n\n")[0] for name, f in {**workloads.STANDARD, **extra.EXTRA}.items()}


def sentences(text):
    """The text of a docstring, one sentence a line."""
    return " ".join(text.split()).replace(". ", ".\n")


def heading(d):
    m, a = d["machine"], d["args"]
    n = len(d["rounds"])
    rounds = "one round" if n == 1 else f"medians of {n} interleaved rounds"
    lines = [
        f"## {m['date']}",
        "",
        f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gib']} GiB; Linux {m['kernel']}, "
        f"TCP congestion control {m['congestion_control']}; load {m['load_before']:.1f} before the start.",
        f"Octoporty at commit {m['commit']}; wrk {m['wrk']}; all on loopback.",
        f"Shown: {rounds}; ratios are taken round by round.",
        f"Timed workloads took {a['secs']} s; the download had {a['mib']} MiB, the upload half of that.",
        "",
        "| system | version |",
        "| --- | --- |",
    ]
    lines += [f"| {s} | {v} |" for s, v in m["versions"].items()]
    return lines


def explained(d):
    """What each workload that was run does, as a list."""
    run = [w for w in COLUMNS if any(r.get(w) for r in d["rounds"])]
    return [f"- **{w}**: " + sentences(MEANING[w]).replace("\n", "\n  ") for w in run]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        with open(path) as f:
            d = json.load(f)
        print("\n".join([*heading(d), "", *explained(d), "", tables(d["rounds"], d["systems"])]))


if __name__ == "__main__":
    main()
