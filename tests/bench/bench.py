#!/usr/bin/env python3
"""Side-by-side benchmark of reverse proxies and tunnels on loopback.

  ./bench.py                                  every system, the nine standard workloads, 3 rounds
  ./bench.py --systems direct,rathole,tunnel --workloads c64,hol --rounds 5
  ./bench.py --workloads big,ws10k,syscalls   see extra.py; "all" for all there are
  ./bench.py --quick                          short workloads: does everything start and answer?

A round starts every system afresh, then runs workload by workload, and within a workload system by system,
in an order that turns each round, so that drift of the machine hits all alike. Reported: the median of the
rounds, and its ratio to `direct` and to `rathole`, taken round by round (the median of the ratios).
Everything goes to 127.0.0.1 and is bounded in time; only processes started here are ended.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import machine
import systems as cfg
from extra import EXTRA
from running import Running, raise_limits, wait_port
from tables import tables
from workloads import MIB, STANDARD

WORKLOADS = {**STANDARD, **EXTRA}


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--systems", help="names, comma-separated; default: all")
    ap.add_argument("--workloads", default=",".join(STANDARD), help="names, comma-separated, or all")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--secs", type=int, default=4, help="length of the timed workloads")
    ap.add_argument("--mib", type=int, default=1024, help="size of the download (the upload is half of it)")
    ap.add_argument("--big-mib", type=int, default=10240, help="size of each transfer of `big`")
    ap.add_argument("--ws-conns", type=int, default=10_000, help="WebSockets of `ws10k`")
    ap.add_argument("--hold", type=float, default=300, help="seconds that `ws10k` holds them")
    ap.add_argument("--mappings", type=int, default=100_000, help="mappings of `routes`")
    ap.add_argument("--live-mappings", type=int, default=10_000, help="mappings whose start `routes` times")
    ap.add_argument("--agents", type=int, default=200, help="Agents of `agents`")
    ap.add_argument("--quick", action="store_true", help="one round of everything, small")
    ap.add_argument("--out", default="results.json")
    ap.add_argument("--show", help="print the tables of this results file and stop")
    a = ap.parse_args()
    if a.quick:
        a.rounds, a.secs, a.mib, a.big_mib = 1, 1, 128, 256
        a.ws_conns, a.hold, a.mappings, a.live_mappings, a.agents = 500, 2, 2000, 1000, 10
    return a


def choose(a):
    """The systems and the workloads of this run."""
    chosen = a.systems.split(",") if a.systems else [s.name for s in cfg.SYSTEMS if s.shown]
    works = list(WORKLOADS) if a.workloads == "all" else a.workloads.split(",")
    unknown = (set(chosen) - {s.name for s in cfg.SYSTEMS}) | (set(works) - set(WORKLOADS))
    if unknown:
        sys.exit(f"no such system or workload: {', '.join(sorted(unknown))}")
    todo = []
    for s in cfg.SYSTEMS:
        if s.name in chosen and s.env_needed and not os.environ.get(s.env_needed):
            print(f"SKIP {s.name}: {s.env_needed} is not set", file=sys.stderr)
        elif s.name in chosen:
            todo.append(s)
    return todo, works


def start_all(todo, dead, tmp):
    """Those that start; one that does not is left out of this and the later rounds, the others go on."""
    live = {}
    for s in todo:
        if s.name in dead:
            continue
        r = Running(s, tmp)
        try:
            r.start()
            live[s.name] = r
        except (OSError, RuntimeError) as e:
            print("SKIP", s.name, e, file=sys.stderr)
            r.stop()
            dead.add(s.name)
    return live


def one_round(number, live, works, a):
    """{workload: {system: numbers}}"""
    order, out = list(live), {}
    for i, w in enumerate(works):
        # A new starting point for every workload and round, and every other round backwards.
        k = (number * 5 + i) % max(1, len(order))
        turn = order[k:] + order[:k]
        if number % 2:
            turn.reverse()
        for name in turn:
            try:
                result = WORKLOADS[w](live[name], a)
                if result is not None:
                    out.setdefault(w, {})[name] = result
            except Exception as e:  # whatever went wrong, the other systems go on
                print("FAIL", w, name, repr(e)[:200], file=sys.stderr)
        print(f"round {number + 1} {w} load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return out


def main():
    a = arguments()
    if a.show:
        with open(a.show) as f:
            d = json.load(f)
        print(tables(d["rounds"], d["systems"]))
        return
    todo, works = choose(a)
    raise_limits()
    a.tmp = tempfile.mkdtemp(prefix="bench-")
    a.file = os.path.join(a.tmp, "upload.bin")
    with open(a.file, "wb") as f:
        for _ in range(a.mib // 2):
            f.write(os.urandom(MIB))
    about, rounds, dead = machine.describe(todo), [], set()
    for number in range(a.rounds):
        backend = subprocess.Popen([cfg.LOADKIT, "backend", str(cfg.BACKEND)], start_new_session=True)
        live = {}
        try:
            wait_port(cfg.BACKEND, 5)
            live = start_all(todo, dead, a.tmp)
            rounds.append(one_round(number, live, works, a))
        finally:
            for r in live.values():
                r.stop()
            backend.kill()
            backend.wait()
        with open(a.out, "w") as f:
            json.dump({"machine": about, "args": vars(a), "systems": [s.name for s in todo if s.name not in dead],
                       "rounds": rounds}, f, indent=1)
    if dead:
        print(f"logs of what did not start are in {a.tmp}", file=sys.stderr)
    else:
        shutil.rmtree(a.tmp, ignore_errors=True)
    print(tables(rounds, [s.name for s in todo]))


if __name__ == "__main__":
    main()
