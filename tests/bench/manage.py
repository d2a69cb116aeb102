#!/usr/bin/env python3
"""Figures of the Agent's management side, each against its aim. TUNNEL_BIN is the folder of the two release programs.

  ./manage.py                   all of it, some three minutes
  ./manage.py list idle         only these
  ./manage.py recording --rounds 5

list       GET /mappings with 1,000 mappings, 50 requests in flight
start      from the start of the Agent to its first answer, with a million rows in the request log
idle       memory of the Agent when nothing happens, with 1,000 mappings
recording  small GETs through the tunnel on 64 connections with the request log on, and off: both run all the time, and
           are measured by turns, so that drift of the machine hits both alike
"""
import argparse
import http.client
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import systems as cfg
from loads import ms, run, with_cpu, wrk
from running import Running, raise_limits, wait_port

GATEWAY, UI = 17230, 17231
MAPPINGS = 1_000
PASSWORD = "benchmark"  # as in systems.py

# Seconds after which a process that does nothing is taken to be idle.
SETTLE_S = 15

# Each request from another address, as a trusted proxy tells it: limits are per address.
ADDRESSES = """
math.randomseed(os.time())
request = function()
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(0, 255))
  return wrk.format()
end
"""

# As many rows as the log keeps, of the form that octoporty-store writes.
MILLION = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO request SELECT
    ((CAST(strftime('%s', 'now') AS INTEGER) * 1000 - 2000000000 + i * 2000) << 20) | (i & 1048575), randomblob(16),
    unhex(printf('%032x', i * 7919 % 50)), 'GET', 'app' || (i * 7919 % 50) || '.example.com', '/some/path/of/usual/length/' || i,
    NULL, 'HTTP/1.1', 0, 200, 2, 100, 2000, 1500, 100, 200, NULL, 900, 300, '198.51.100.' || (i % 250),
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', NULL, NULL, NULL
FROM n
"""


def site(name, gateway_port, ui_port, **settings):
    """A Gateway and an Agent with one mapping from the command line."""
    system = cfg.tunnel(name, gateway_port, ui_port)
    system.procs[1].env.update(settings)
    return system


def ask(method, path, cookie=None, body=None):
    """The status, the body and the cookies of an answer of the Agent."""
    connection = http.client.HTTPConnection("127.0.0.1", UI, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if cookie:
        headers["Cookie"] = cookie
    connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    data = answer.read()
    cookies = "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or [])
    connection.close()
    return answer.status, data, cookies


def sign_in():
    status, data, cookies = ask("POST", "/auth/login", body={"password": PASSWORD})
    if status != 200:
        raise RuntimeError(f"signing in: {status} {data[:200]}")
    return cookies


def make_mappings(cookie):
    rows = [{"name": f"Service {i}", "externalDomain": cfg.domain(i), "internalHost": f"10.0.{i // 250}.{i % 250 + 1}",
             "internalPort": 3000 + i} for i in range(MAPPINGS)]
    document = {"format": "octoporty-export", "formatVersion": 1, "mappings": rows}
    status, data, _ = ask("POST", "/import-export/import", cookie, document)
    if status != 200:
        raise RuntimeError(f"importing: {status} {data[:200]}")


def load(path, cookie, seconds, folder, *headers):
    """wrk with 50 requests in flight."""
    script = os.path.join(folder, "addresses.lua")
    with open(script, "w") as file:
        file.write(ADDRESSES)
    fields = [part for header in (f"Cookie: {cookie}", *headers) for part in ("-H", header)]
    out = run(["wrk", "-t1", "-c50", f"-d{seconds}s", "--latency", "-s", script, *fields, f"http://127.0.0.1:{UI}/api/v1{path}"]).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(out)
    p99 = next(line.split()[1] for line in out.splitlines() if line.strip().startswith("99%"))
    rate = next(line.split()[1] for line in out.splitlines() if line.startswith("Requests/sec"))
    return ms(p99), float(rate)


def with_site(tmp, work, **settings):
    running = Running(site("manage", GATEWAY, UI, **settings), tmp)
    try:
        running.start()
        return work(running)
    finally:
        running.stop()


def listing(a):
    def work(running):
        cookie = sign_in()
        make_mappings(cookie)
        size = len(ask("GET", "/mappings", cookie)[1])
        plain, packed = [], []
        for _ in range(a.rounds):
            plain.append(load("/mappings", cookie, a.secs, a.tmp))
            packed.append(load("/mappings", cookie, a.secs, a.tmp, "Accept-Encoding: gzip"))
        for name, found in (("as it is", plain), ("for a browser, which takes gzip", packed)):
            p99, rate = (statistics.median(values) for values in zip(*found))
            worst = max(value for value, _ in found)
            print(f"list: {MAPPINGS} mappings, {size} bytes, {name}: p99 {p99:.2f} ms (worst round {worst:.2f}), {rate:.0f} req/s (aim: p99 under 10 ms)")
    with_site(a.tmp, work, Agent__TrustedProxies="127.0.0.0/8")


def start(a):
    """The database is made by the Agent itself, then filled behind its back, then opened by it again."""
    with_site(a.tmp, lambda running: sign_in())
    folder = os.path.join(a.tmp, "manage", "agent0")
    logs = next(path for path in sorted(os.listdir(folder)) if path.endswith(".db") and "log" in path)
    with sqlite3.connect(os.path.join(folder, logs)) as database:
        database.create_function("unhex", 1, bytes.fromhex)
        database.execute(MILLION)
    with sqlite3.connect(os.path.join(folder, logs)) as database:
        rows = database.execute("SELECT count(*) FROM request").fetchone()[0]
    mib = os.path.getsize(os.path.join(folder, logs)) / (1 << 20)
    to_port, to_page = [], []
    for _ in range(a.rounds):
        running = Running(site("manage", GATEWAY, UI), a.tmp)
        try:
            running.spawn(0)
            begin = time.monotonic()
            running.spawn(1)
            to_port.append(time.monotonic() - begin)
            cookie = sign_in()
            while ask("GET", "/request-logs?limit=100", cookie)[0] != 200:
                time.sleep(0.005)
            to_page.append(time.monotonic() - begin)
        finally:
            running.stop()
    print(f"start: {rows} rows, {mib:.0f} MiB: listens after {max(to_port) * 1000:.0f} ms, has signed in and shown a page of the log "
          f"after {max(to_page) * 1000:.0f} ms, the slowest of {a.rounds} (aim: 1,000 ms)")


def idle(a):
    def work(running):
        before = running.memory("VmRSS", "client")
        cookie = sign_in()
        make_mappings(cookie)
        time.sleep(SETTLE_S)
        after = running.memory("VmRSS", "client")
        load("/mappings", cookie, a.secs, a.tmp)
        time.sleep(SETTLE_S)
        print(f"idle: {before:.1f} MiB at the start, {after:.1f} MiB with {MAPPINGS} mappings, "
              f"{running.memory('VmRSS', 'client'):.1f} MiB after {a.secs} s of load on the API (aim: under 40 MiB)")
    with_site(a.tmp, work, Agent__TrustedProxies="127.0.0.0/8")


def recording(a):
    modes = ("on", "figures", "off")
    backend = subprocess.Popen([cfg.LOADKIT, "backend", str(cfg.BACKEND)], start_new_session=True)
    sites = {mode: Running(site(f"recording-{mode}", GATEWAY + 2 * i, UI + 2 * i, Agent__RequestLog=mode), a.tmp)
             for i, mode in enumerate(modes)}
    rounds = []
    try:
        wait_port(cfg.BACKEND, 5)
        for running in sites.values():
            running.start()
            wrk(running.system, 64, 1)
        for number in range(a.rounds * 2):
            turn = modes if number % 2 else modes[::-1]
            rounds.append({mode: with_cpu(sites[mode], lambda mode=mode: wrk(sites[mode].system, 64, a.secs)) for mode in turn})
    finally:
        for running in sites.values():
            running.stop()
        backend.kill()
        backend.wait()
    for mode in modes:
        rate = statistics.median(r[mode]["req_s"] for r in rounds)
        ratio = statistics.median(r[mode]["req_s"] / r["off"]["req_s"] for r in rounds)
        cpu = statistics.median(r[mode]["cpu"] / r[mode]["n"] * 1e5 for r in rounds)
        errors = sum(r[mode]["errors"] for r in rounds)
        print(f"recording {mode}: {rate:.0f} req/s, {ratio:.3f} of off (aim: 0.95), {cpu:.2f} CPU s per 100k, {errors} errors, {len(rounds)} rounds")


WORK = {"list": listing, "start": start, "idle": idle, "recording": recording}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", nargs="*", metavar="list|start|idle|recording")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--secs", type=int, default=4, help="length of the timed loads")
    a = ap.parse_args()
    if unknown := set(a.what) - set(WORK):
        sys.exit(f"no such figures: {', '.join(sorted(unknown))}")
    raise_limits()
    # `start` and `idle` need no service behind the mapping, but `Running` waits until one answers.
    for name in a.what or list(WORK):
        a.tmp = tempfile.mkdtemp(prefix="manage-")
        backend = None if name == "recording" else subprocess.Popen([cfg.LOADKIT, "backend", str(cfg.BACKEND)], start_new_session=True)
        try:
            print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            WORK[name](a)
        finally:
            if backend:
                backend.kill()
                backend.wait()
            shutil.rmtree(a.tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
