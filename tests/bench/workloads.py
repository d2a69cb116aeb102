"""The nine standard workloads. Each takes (running system, arguments) and returns a flat dict of numbers."""
import os
import subprocess
import time

from loads import (Held, check, curl_get, curl_put, download, host_header, loadkit, run, url, with_cpu, wrk)

MIB = 1 << 20
NAN = float("nan")


def idle(r, a):
    """Memory that 1,000 idle keep-alive connections hold, after one GET each. Runs first, on a fresh process."""
    before_s, before_c = r.memory("VmRSS", "server"), r.memory("VmRSS", "client")
    with Held("idle", r.system, conns=1000) as h:
        time.sleep(1)
        after_s, after_c = r.memory("VmRSS", "server"), r.memory("VmRSS", "client")
        cpu = r.cpu()
        time.sleep(1)
        cpu = r.cpu() - cpu
        alive = h.release()
    return {"start_server_mib": before_s, "start_client_mib": before_c, "held": int(h.held), "alive": alive,
            "errors": int(h.errors), "server_mib_1k": after_s - before_s, "client_mib_1k": after_c - before_c,
            "idle_cpu_pct": cpu * 100}


def c64(r, a):
    """Small GETs on 64 connections."""
    wrk(r.system, 64, 1)  # warm-up
    out = with_cpu(r, lambda: wrk(r.system, 64, a.secs))
    out["cpu_per_100k"] = out["cpu"] / out["n"] * 1e5
    return out


def c1(r, a):
    """Small GETs on one connection."""
    return wrk(r.system, 1, max(2, a.secs // 2))


def down(r, a):
    """One large download."""
    n = a.mib * MIB
    out = with_cpu(r, lambda: {"mb_s": download(r.system, n) / 1e6})
    out["cpu_per_gb"] = out["cpu"] / (n / 1e9)
    return out


def up(r, a):
    """One large upload, half as long as the download."""
    n = os.path.getsize(a.file)

    def go():
        got, line = run(curl_put(r.system, a.file)).stdout.rsplit("\n", 1)
        code, size, secs = line.split()
        check(code, size, n)
        if int(got) != n:
            raise RuntimeError(f"the backend read {got} of {n} bytes")
        return {"mb_s": n / 1e6 / float(secs)}
    out = with_cpu(r, go)
    out["cpu_per_gb"] = out["cpu"] / (n / 1e9)
    return out


def par8(r, a):
    """Eight downloads at once."""
    n = a.mib * MIB // 4

    def go():
        t = time.time()
        ps = [subprocess.Popen(curl_get(r.system, n), stdout=subprocess.PIPE, text=True) for _ in range(8)]
        outs = [p.communicate(timeout=120)[0].split() for p in ps]
        wall = time.time() - t
        for code, size, _ in outs:
            check(code, size, n)
        times = sorted(float(o[2]) for o in outs)
        return {"mb_s": 8 * n / 1e6 / wall, "fairness": times[0] / times[-1]}
    return with_cpu(r, go)


def endless_download(r, a, *more):
    return subprocess.Popen(["curl", "-s", "-m", str(a.secs + 2), "-o", "/dev/null", *more, *host_header(r.system),
                             url(r.system, f"/bytes/{1 << 40}")])


def hol(r, a):
    """Latency of small GETs at an even 200/s on 40 connections: alone, beside one unlimited download, and beside
    four. A tunnel of one connection with one queue shows its head-of-line blocking here."""
    out = {}
    for label, streams in (("idle", 0), ("1dl", 1), ("4dl", 4)):
        loads = [endless_download(r, a) for _ in range(streams)]
        time.sleep(0.5)
        p = loadkit("paced", r.system, conns=40, rate=200, secs=a.secs)
        for c in loads:
            c.terminate()
            c.wait()
        out[f"{label}_p50_ms"], out[f"{label}_p99_ms"] = p.get("p50_ms", NAN), p.get("p99_ms", NAN)
        out[f"{label}_max_ms"], out["errors"] = p.get("max_ms", NAN), out.get("errors", 0) + p["errors"]
    return out


def slow(r, a):
    """As hol, but the download's reader is slow (20 MB/s): its backlog must not stop the others, nor pile up."""
    r.reset_peak()
    before = r.memory("VmRSS")
    c = endless_download(r, a, "--limit-rate", "20M")
    time.sleep(0.5)
    p = loadkit("paced", r.system, conns=40, rate=200, secs=a.secs)
    c.terminate()
    c.wait()
    return {"p50_ms": p.get("p50_ms", NAN), "p99_ms": p.get("p99_ms", NAN), "errors": p["errors"],
            "mem_growth_mib": r.memory("VmHWM") - before}


def ws(r, a):
    """WebSocket echo, one message in flight per connection, on 1 and on 32 connections."""
    secs = max(2, a.secs // 2)
    one, many = loadkit("ws", r.system, conns=1, secs=secs), loadkit("ws", r.system, conns=32, secs=secs)
    return {"rt_s": one.get("per_s", 0), "p50_ms": one.get("p50_ms", NAN), "p99_ms": one.get("p99_ms", NAN),
            "rt_s_32": many.get("per_s", 0), "p99_ms_32": many.get("p99_ms", NAN),
            "errors": one["errors"] + many["errors"]}


STANDARD = {f.__name__: f for f in (idle, c64, c1, down, up, par8, hol, slow, ws)}

PEAKS = [("peak_server_mib", "srv peak MiB", 1, 0), ("peak_client_mib", "cli peak MiB", 1, 0)]
ERRORS = [("errors", "errors", 0, 0)]

# Columns of the tables: (key, heading, digits, whether the ratios are shown)
COLUMNS = {
    "idle": [("start_server_mib", "srv MiB at start", 1, 0), ("start_client_mib", "cli MiB", 1, 0), ("alive", "held", 0, 0),
             ("server_mib_1k", "srv +MiB/1k", 1, 0), ("client_mib_1k", "cli +MiB/1k", 1, 0), *ERRORS],
    "c64": [("req_s", "req/s", 0, 1), ("p50_ms", "p50 ms", 2, 0), ("p99_ms", "p99 ms", 2, 1),
            ("cpu_per_100k", "CPU s/100k", 2, 1), *PEAKS, *ERRORS],
    "c1": [("req_s", "req/s", 0, 1), ("p50_ms", "p50 ms", 3, 0), ("p99_ms", "p99 ms", 3, 1), *ERRORS],
    "down": [("mb_s", "MB/s", 0, 1), ("cpu_per_gb", "CPU s/GB", 2, 1), *PEAKS],
    "up": [("mb_s", "MB/s", 0, 1), ("cpu_per_gb", "CPU s/GB", 2, 1), *PEAKS],
    "par8": [("mb_s", "MB/s", 0, 1), ("fairness", "first/last", 2, 0), *PEAKS],
    "hol": [("idle_p50_ms", "idle p50", 2, 0), ("idle_p99_ms", "idle p99", 2, 0), ("1dl_p50_ms", "1 dl p50", 2, 0),
            ("1dl_p99_ms", "1 dl p99", 2, 1), ("4dl_p50_ms", "4 dl p50", 2, 0), ("4dl_p99_ms", "4 dl p99", 2, 1), *ERRORS],
    "slow": [("p50_ms", "p50 ms", 2, 0), ("p99_ms", "p99 ms", 2, 1), ("mem_growth_mib", "growth MiB", 1, 0), *ERRORS],
    "ws": [("rt_s", "1 conn rt/s", 0, 1), ("p99_ms", "p99 ms", 3, 0), ("rt_s_32", "32 conns rt/s", 0, 1),
           ("p99_ms_32", "p99 ms", 2, 0), *ERRORS],
}
