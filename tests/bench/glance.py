#!/usr/bin/env python3
"""Where the work goes: each system call per request (strace -c -f, 64 connections) of each process of the named systems,
and Caddy at 16 and 64 connections. Counts are right under strace; times are not.   ./glance.py rathole wstunnel"""
import shutil
import subprocess
import sys
import tempfile

import systems as cfg
from extra import count_calls
from loads import with_cpu, wrk
from running import Running, raise_limits, wait_port


def glance(r, tmp):
    name = r.system.name
    if name.startswith("caddy"):
        for c in (16, 64):
            o = with_cpu(r, lambda: wrk(r.system, c, 2))
            print(f"{name} c={c}: {o['req_s']:.0f} req/s, {o['cpu'] / o['n'] * 1e5:.2f} CPU s/100k")
        return
    for role in ("server", "client"):
        calls, n = count_calls(r, role, tmp)
        if not calls:
            continue
        per_request = sorted(((c / n, k) for k, c in calls.items()), reverse=True)
        print(f"{name} {role}: {sum(c for c, _ in per_request):.1f} calls/request:",
              ", ".join(f"{k} {c:.2f}" for c, k in per_request if c >= 0.05), flush=True)


def main():
    raise_limits()
    tmp = tempfile.mkdtemp(prefix="glance-")
    backend = subprocess.Popen([cfg.LOADKIT, "backend", str(cfg.BACKEND)], start_new_session=True)
    try:
        wait_port(cfg.BACKEND, 5)
        for s in [s for s in cfg.SYSTEMS if s.name in sys.argv[1:]]:
            r = Running(s, tmp)
            try:
                r.start()
                glance(r, tmp)
            finally:
                r.stop()
    finally:
        backend.kill()
        backend.wait()
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
