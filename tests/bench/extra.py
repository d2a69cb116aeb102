"""Workloads beyond the standard nine: sizes and numbers that take longer, and what only our own programs can do.

Each takes (running system, arguments) and returns a flat dict of numbers, or None where the system has no such thing.
"""
import asyncio
import os
import re
import signal
import subprocess
import time

import outage
import systems as cfg
from loads import Held, download, loadkit, wrk
from probe import get_until
from running import Running

MIB = 1 << 20

# Slowest transfer that `big` waits for, in bytes per second.
BIG_RATE_MIN = 20e6


# ---------------------------------------------------------------- any system

def big(r, a):
    """One huge download, then one huge upload: memory must not grow with the length of a body."""
    n = a.big_mib * MIB
    timeout = 30 + int(n / BIG_RATE_MIN)
    out = {}
    for label, go in (("down", lambda: download(r.system, n, timeout)), ("up", lambda: upload(r.system, n, timeout))):
        r.reset_peak()
        before = {role: r.memory("VmRSS", role) for role in ("server", "client")}
        out[f"{label}_mb_s"] = go() / 1e6
        for role, rss in before.items():
            out[f"{label}_{role}_mib"] = r.memory("VmHWM", role) - rss
    return out


def upload(s, n, timeout):
    p = loadkit("put", s, timeout, bytes=n)
    if p["received"] != n:
        raise RuntimeError(f"the backend read {p['received']} of {n} bytes")
    return n / p["secs"]


def ws10k(r, a):
    """Many idle WebSockets, held for minutes: all alive at the end, and what each costs in memory."""
    before = {role: r.memory("VmRSS", role) for role in ("server", "client")}
    t = time.time()
    with Held("wshold", r.system, conns=a.ws_conns) as h:
        opened = time.time() - t
        time.sleep(a.hold / 2)
        cpu = r.cpu()
        time.sleep(a.hold / 2)
        cpu = r.cpu() - cpu
        out = {f"{role}_kib": (r.memory("VmRSS", role) - rss) * 1024 / max(1, int(h.held)) for role, rss in before.items()}
        alive = h.release(120)
    return {"held": int(h.held), "alive": alive, "errors": int(h.errors), "open_s": opened,
            "idle_cpu_pct": cpu / (a.hold / 2) * 100, **out}


def syscalls(r, a):
    """System calls per request and process, exact: 64 connections under strace. Times are not right under it."""
    out = {}
    for role in ("server", "client"):
        calls, n = count_calls(r, role, a.tmp)
        if calls:
            out[f"{role}_calls"] = sum(calls.values()) / n
            for name, key in (("futex", "futex"), ("epoll_wait", "epoll")):
                out[f"{role}_{key}"] = calls.get(name, 0) / n
    return out or None


def count_calls(r, role, tmp, secs=2):
    """({system call: count}, requests) of the processes of a role."""
    pids = [x for p in r.pids(role) for x in ("-p", str(p))]
    if not pids:
        return {}, 0
    path = os.path.join(tmp, f"{r.system.name}-{role}.strace".replace(" ", "").replace(">", "-"))
    st = subprocess.Popen(["strace", "-c", "-f", "-o", path, *pids], stderr=subprocess.DEVNULL)
    time.sleep(0.3)  # until it is attached
    try:
        n = wrk(r.system, 64, secs)["n"]
    finally:
        st.send_signal(signal.SIGINT)
        st.wait(10)
    calls = {}
    with open(path) as f:
        for line in f:
            m = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if m and m.group(2) != "total":
                calls[m.group(2)] = int(m.group(1))
    return calls, n


# ---------------------------------------------------------------- ours

def is_ours(r):
    return r.system.name == "tunnel"


def routes(r, a):
    """One mapping against many: how much slower small GETs are, and how long until all of many are live."""
    if not is_ours(r):
        return None
    out = {"mappings": a.mappings, "live_mappings": a.live_mappings}
    many = Running(cfg.tunnel_with_mappings("tunnel-routes", 17210, 17211, a.mappings), a.tmp)
    try:
        many.start(answer_within=120)
        out["server_mib"], out["client_mib"] = many.memory("VmRSS", "server"), many.memory("VmRSS", "client")
        one_s, many_s = [], []
        for pair in range(3):  # interleaved, with the order turned, so that drift of the machine hits both alike
            for x, rates in ((r, one_s), (many, many_s)) if pair % 2 else ((many, many_s), (r, one_s)):
                rates.append(wrk(x.system, 64, a.secs)["req_s"])
        out["req_s_one"], out["req_s_many"] = sum(one_s) / 3, sum(many_s) / 3
        out["many_to_one"] = sum(many_s) / sum(one_s)
    finally:
        many.stop()
    out["live_s"] = time_until_live(a)
    return out


def time_until_live(a, sample=100):
    """Seconds from the start of an Agent until its mappings answer: the last one, and an even sample."""
    count = a.live_mappings
    r = Running(cfg.tunnel_with_mappings("tunnel-live", 17212, 17213, count), a.tmp)
    hosts = [cfg.domain(i) for i in range(0, count, max(1, count // sample))] + [cfg.domain(count - 1)]

    async def all_live(since):
        seconds = await asyncio.gather(*(get_until(r.system.port, h, since, 120) for h in hosts))
        return max(seconds)
    try:
        r.spawn(0)
        since = time.monotonic()
        r.spawn(1)
        return asyncio.run(all_live(since))
    finally:
        r.stop()


def agents(r, a):
    """Many Agents lose their Gateway: when they are back, how that is spread, and what a visitor sees meanwhile."""
    if not is_ours(r):
        return None
    many = Running(cfg.tunnel_with_agents("tunnel-agents", 17214, 20000, a.agents), a.tmp)
    try:
        many.start(answer_within=60)
        return asyncio.run(outage.measure(many, [cfg.domain(i) for i in range(a.agents)]))
    finally:
        many.stop()


EXTRA = {f.__name__: f for f in (big, ws10k, syscalls, routes, agents)}

COLUMNS = {
    "big": [(f"{d}_{k}", f"{d} {h}", n, ratio) for d in ("down", "up")
            for k, h, n, ratio in (("mb_s", "MB/s", 0, 1), ("server_mib", "srv +MiB", 1, 0), ("client_mib", "cli +MiB", 1, 0))],
    "ws10k": [("held", "held", 0, 0), ("alive", "alive", 0, 0), ("errors", "errors", 0, 0), ("open_s", "open s", 1, 0),
              ("server_kib", "srv KiB/conn", 1, 0), ("client_kib", "cli KiB/conn", 1, 0), ("idle_cpu_pct", "idle CPU %", 1, 0)],
    "syscalls": [("server_calls", "srv calls/req", 2, 1), ("client_calls", "cli calls/req", 2, 1), ("server_futex", "srv futex", 2, 0),
                 ("client_futex", "cli futex", 2, 0), ("server_epoll", "srv epoll", 2, 0), ("client_epoll", "cli epoll", 2, 0)],
    "routes": [("mappings", "mappings", 0, 0), ("req_s_one", "req/s with 1", 0, 0), ("req_s_many", "req/s with all", 0, 0),
               ("many_to_one", "ratio", 2, 0), ("server_mib", "srv MiB", 1, 0), ("client_mib", "cli MiB", 1, 0),
               ("live_mappings", "mappings", 0, 0), ("live_s", "live after s", 2, 0)],
    "agents": [("agents", "agents", 0, 0), ("first_back_s", "first back s", 2, 0), ("p50_back_s", "half back s", 2, 0),
               ("all_back_s", "all back s", 2, 0), ("sent", "requests", 0, 0), ("answered", "answered", 0, 0),
               ("wait_max_s", "longest wait s", 2, 0), ("refused", "refused", 0, 0), ("cut", "cut", 0, 0),
               ("gave_up", "503 after waiting", 0, 0), ("lost", "lost", 0, 0)],
}
