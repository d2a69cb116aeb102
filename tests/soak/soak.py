#!/usr/bin/env python3
"""The long trial: mixed load through Caddy, Gateway and Agent, and a fault every few seconds; a table at its end.

Ends with 1 when something was lost that could have been kept, was done twice, or looked whole and was not, when a recovery
took too long, or when memory or descriptors grew; with 2 when that may be because the machine was too busy for the trial
itself.   soak.py [--seconds 3600] [--every 20] [--faults a,b] [--seed N] [--out DIR]
"""

import argparse
import asyncio
import logging
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from book import Book
from clock import Clock
from disk import Disk
from faults import Faults
from http1 import Broken, Client, Door
from parts import HERE, PATIENCE_S, Parts, fetch, free_ports
from payload import APP, CHAT, RPC
from relay import Relay
from report import Report
from visitors import Visitors
from watch import Watch, sample

# Load without faults at the beginning and at the end, and the rest after the load.
CALM_S, REST_S = 3, 4

# The Agent's pause before it dials again is a minute at most; then all must work again.
RECOVERY_S = 75

PORTS = 7


def arguments():
    parser = argparse.ArgumentParser(description="Mixed load with a fault every few seconds, and a table at the end.")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--every", type=float, default=20, help="seconds between two faults (default 20)")
    parser.add_argument("--faults", default="", help="only these kinds, by name, with commas between; or none")
    parser.add_argument("--seed", type=int, default=None, help="for the same order and sizes again")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--pace", type=float, default=1, help="all pauses of visitors are this many times as long")
    parser.add_argument("--recovery", type=float, default=RECOVERY_S, help="seconds that a recovery may take")
    return parser.parse_args()


class Trial:
    """One run: parts, load, faults, and what was seen."""

    def __init__(self, options, folder):
        self.seconds, self.options = options.seconds, {**vars(options), "out": str(options.out)}
        self.out, self.folder, self.problems, self.first, self.last = options.out, folder, [], {}, {}
        self.book, self.clock = Book(), Clock(folder)
        self.disk = Disk(folder / "disk")

    async def run(self):
        """Starts all, loads it, and ends all again, also when it is told to stop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
        logs = self.out / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        ports = free_ports(PORTS)
        relay = Relay(ports[0])
        await relay.start()
        self.parts = Parts(self.folder, self.disk.path, logs, relay.port, ports, self.clock.preload())
        self.faults = Faults(self.parts, relay, self.disk, self.clock, self.book, self.options["recovery"])
        if names := self.options["faults"]:
            self.faults.choose(names.split(","))
        try:
            await self.parts.start()
            await self.load()
        finally:
            self.problems += await self.parts.close()
            await relay.close()
        self.problems += [f"{path.name}: {line}" for path in logs.glob("*.log") for line in panics(path)]

    async def load(self):
        doors = [Door("caddy", self.parts.https, self.parts.authority), Door("gateway", self.parts.gateway_port)]
        for host in (APP, CHAT, RPC):
            await certified(Client(doors[0], host))
        self.begun = time.monotonic()
        self.watch = Watch(self.parts, doors[1], self.begun)
        self.first = self.sampled()
        visitors, watching = Visitors(self.book, doors, self.options["seed"], self.options["pace"]), self.watch.start()
        visitors.start()
        await asyncio.sleep(CALM_S)
        await self.faults.run(self.options["every"], self.begun + self.seconds - CALM_S, self.options["seed"])
        await asyncio.sleep(max(CALM_S, self.begun + self.seconds - time.monotonic()))
        self.problems += [f"did not come to an end: {name}" for name in await visitors.stop()]
        await asyncio.sleep(REST_S)
        self.last = self.sampled()
        for task in watching:
            task.cancel()
        for result in await asyncio.gather(*watching, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                raise result
        left = await asyncio.to_thread(fetch, f"http://127.0.0.1:{self.parts.upstream.port}/open")
        if left != b"0":
            self.problems.append(f"{left.decode() or 'unknown'} streams are open at the service, and no visitor is there")

    def sampled(self):
        return {part.name: sample(part, self.begun) for part in (self.parts.gateway, self.parts.agent)}


async def certified(client):
    """Waits until Caddy has a certificate for the host; it makes one for each new route."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            await client.connect()
            return client.close()
        except Broken:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


def panics(path):
    with open(path, errors="replace") as file:
        return [line.strip()[:200] for line in file if "panicked at" in line]


def main():
    options = arguments()
    # Connections that break are what this is about; the library need not write of each.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    if options.seed is None:
        options.seed = int(time.time()) % 1_000_000
    print(f"trial of {options.seconds} s, a fault every {options.every:g} s, --seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="octoporty-soak-"))
    trial = Trial(options, folder)
    try:
        asyncio.run(trial.run())
        report = Report(trial)
        report.write(options.out)
    finally:
        trial.disk.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + report.text() + f"\nTables, picture and figures are in {options.out}")
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
