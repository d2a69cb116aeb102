#!/usr/bin/env python3
"""What one small request may cost each program: system calls and allocations on its data path, counted exactly.

    tests/budget/budget.py FOLDER_OF_THE_PROGRAMS

Requests come in bursts over many connections, and the service answers a burst when it has all of it. So the programs
find the same work at each turn, however fast the machine is, and a count does not depend on who was quicker. Nothing is
timed. Only the threads of the data path are counted: what is done aside, such as writing the request log, has a rate of
its own. Says what it cannot count, and why; fails when a count is above its bound.
"""
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = "app.example.test"

# What a small GET may cost: (system calls, allocations).
BOUNDS = {"gateway": (2.6, 12.0), "agent": (2.6, 18.0)}

# Visitors at once, as in the benchmark's `c64`.
CONNECTIONS = 64
# Bursts of one count: enough that what else a program does at times, such as a ping, does not show.
BURSTS = 20
# A count is taken this often and the least one stands: work in the background can only add to it.
TRIES = 3
# Patience for anything that should happen at once.
SOON = 30.0

# Keys of a test on loopback. They protect nothing.
KEY, JWT = "k" * 40, "j" * 40


class Failure(Exception):
    pass


def patiently(what, check):
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.01)
    raise Failure(f"{what}: not within {SOON:.0f} s")


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def say(line):
    print(f"budget: {line}", flush=True)


class Service:
    """The internal service. It takes all requests of a burst, then answers them."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 128\r\n\r\n" + b"x" * 128

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
        self.port = self.listener.getsockname()[1]
        self.connections = {}

    def take(self, expected):
        """Reads until so many requests are here."""
        deadline = time.monotonic() + SOON
        waiting = []
        while len(waiting) < expected:
            ready, _, _ = select.select([self.listener, *self.connections], [], [], SOON)
            if not ready or time.monotonic() > deadline:
                raise Failure(f"{len(waiting)} of {expected} requests came")
            for s in ready:
                if s is self.listener:
                    self.connections[s.accept()[0]] = b""
                    continue
                got = s.recv(65536)
                if not got:
                    del self.connections[s]
                    s.close()
                    continue
                held = self.connections[s] + got
                if held.endswith(b"\r\n\r\n"):
                    waiting.append(s)
                    held = b""
                self.connections[s] = held
        return waiting

    def answer(self, waiting):
        for s in waiting:
            s.sendall(self.ANSWER)


class Visitors:
    REQUEST = f"GET /small HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: budget\r\nAccept: */*\r\n\r\n".encode()

    def __init__(self, port):
        self.sockets = [socket.create_connection(("127.0.0.1", port), SOON) for _ in range(CONNECTIONS)]

    def ask(self):
        for s in self.sockets:
            s.sendall(self.REQUEST)

    def check(self):
        for s in self.sockets:
            answer = b""
            while not answer.endswith(b"x" * 128):
                got = s.recv(65536)
                if not got:
                    raise Failure(f"a visitor got {answer!r}")
                answer += got
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise Failure(f"a visitor got {answer!r}")


class Program:
    def __init__(self, name, folder, argv, env, tmp, library):
        self.name, self.counter = name, os.path.join(tmp, f"{name}.count")
        self.log = os.path.join(tmp, f"{name}.log")
        if library:
            env = {**env, "LD_PRELOAD": library, "COUNT_ALLOCATIONS": self.counter}
        env = {k: v for k, v in {**os.environ, **env}.items()}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([os.path.join(folder, f"octoporty-{name}"), *argv], env=env, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, cwd=tmp)

    def check(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as log:
                raise Failure(f"the {self.name} ended: {log.read()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def shard(self):
        """The thread of the data path; there is one here."""
        tasks = f"/proc/{self.process.pid}/task"
        names = {task: open(f"{tasks}/{task}/comm").read().strip() for task in os.listdir(tasks)}
        return next(task for task, name in names.items() if name == "shard-0")

    def allocations(self):
        with open(self.counter, "rb") as f:
            counters = dict(struct.iter_unpack("=QQ", f.read()))
        return counters[int(self.shard())]

    def traced(self, tmp):
        """Starts to count system calls; gives what ends it and tells how many there were, or None if it cannot."""
        path = os.path.join(tmp, f"{self.name}.strace")
        tracer = subprocess.Popen(["strace", "-c", "-q", "-o", path, "-p", self.shard()], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)

        def attached():
            if tracer.poll() is not None:
                return "refused"
            with open(f"/proc/{self.process.pid}/task/{self.shard()}/status") as status:
                return "TracerPid:\t0\n" not in status.read() and "attached"
        if patiently("strace", attached) == "refused":
            say(f"SKIPPED: system calls, as strace may not trace here: {tracer.stderr.read().strip()}")
            return None

        def count():
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=SOON)
            calls = {}
            with open(path) as f:
                for line in f:
                    m = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
                    if m and m.group(2) != "total":
                        calls[m.group(2)] = int(m.group(1))
            return calls
        return count


def burst(service, visitors, times):
    for _ in range(times):
        visitors.ask()
        service.answer(service.take(CONNECTIONS))
        visitors.check()


def build_library(tmp):
    compiler = os.environ.get("CC") or shutil.which("cc")
    if not compiler:
        say("SKIPPED: allocations, as there is no C compiler (apt-get install gcc libc6-dev)")
        return None
    library = os.path.join(tmp, "count_allocations.so")
    built = subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, f"{HERE}/count_allocations.c"],
                           capture_output=True, text=True)
    if built.returncode:
        say(f"SKIPPED: allocations, as the counter cannot be built: {built.stderr.strip()}")
        return None
    return library


def start(folder, tmp, service, library):
    gateway_port, agent_port = free_port(), free_port()
    quiet = {"Logging__MinimumLevel": "Warning", "Logging__FilePath": ""}
    gateway = Program("gateway", folder, [], {
        **quiet, "Gateway__Port": str(gateway_port), "Gateway__BindAddress": "127.0.0.1", "Gateway__ApiKey": KEY,
        "Gateway__Shards": "1", "Gateway__CaddyAdminUrl": "", "Gateway__StatePath": f"{tmp}/state.json",
        "Gateway__UpdateSignalPath": f"{tmp}/update", "Gateway__AllowRemoteUpdate": "false"}, tmp, library)
    programs = [gateway]
    try:
        patiently("the gateway", lambda: gateway.check() or listening(gateway_port))
        programs.append(Program("agent", folder, ["--map", f"{HOST}=http://127.0.0.1:{service.port}"], {
            **quiet, "Agent__GatewayUrl": f"ws://127.0.0.1:{gateway_port}/tunnel", "Agent__ApiKey": KEY,
            "Agent__JwtSecret": JWT, "Agent__Auth__PasswordHash": "!", "Agent__Port": str(agent_port),
            "Agent__BindAddress": "127.0.0.1", "Agent__Shards": "1",
            "ConnectionStrings__DefaultConnection": f"Data Source={tmp}/agent/agent.db"}, tmp, library))

        def routed():
            for program in programs:
                program.check()
            with urllib.request.urlopen(f"http://127.0.0.1:{gateway_port}/health", timeout=SOON) as health:
                return json.load(health).get("tunnel") == "up"
        patiently("the tunnel", routed)
    except BaseException:
        for program in programs:
            program.stop()
        raise
    return programs, gateway_port


def measure(programs, service, visitors, tmp, library):
    """The worst of the least counts: lines for people, and whether all are within their bounds."""
    burst(service, visitors, 5)
    good = True
    requests = CONNECTIONS * BURSTS
    for program in programs:
        call_bound, allocation_bound = BOUNDS[program.name]
        if library:
            least = None
            for _ in range(TRIES):
                before = program.allocations()
                burst(service, visitors, BURSTS)
                count = (program.allocations() - before) / requests
                least = count if least is None else min(least, count)
            good &= verdict(program.name, "allocations", least, allocation_bound)
        if shutil.which("strace"):
            tries = []
            for _ in range(TRIES):
                counting = program.traced(tmp)
                if not counting:
                    break
                burst(service, visitors, BURSTS)
                tries.append(counting())
            if tries:
                least = min(tries, key=lambda calls: sum(calls.values()))
                common = sorted(((n / requests, name) for name, n in least.items()), reverse=True)
                shown = ", ".join(f"{name} {n:.2f}" for n, name in common if n >= 0.01)
                good &= verdict(program.name, "system calls", sum(least.values()) / requests, call_bound, f": {shown}")
    if not shutil.which("strace"):
        say("SKIPPED: system calls, as strace is missing (apt-get install strace)")
    return good


def verdict(name, what, count, bound, more=""):
    is_good = count <= bound
    say(f"{name}: {count:.2f} {what} a request, at most {bound}{more}" + ("" if is_good else "  TOO MANY"))
    return is_good


def main():
    folder = sys.argv[1]
    tmp = tempfile.mkdtemp(prefix="octoporty-budget-")
    try:
        library = build_library(tmp)
        service = Service()
        programs, port = start(folder, tmp, service, library)
        try:
            visitors = Visitors(port)
            if not measure(programs, service, visitors, tmp, library):
                return 1
        finally:
            for program in reversed(programs):
                program.stop()
    except Failure as failure:
        say(str(failure))
        return 1
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
