"""What is looked at all the time: whether the tunnel is up, and the memory and descriptors of both programs."""

import asyncio
import dataclasses
import os
import time

from http1 import Broken, Client

HEALTH_PAUSE_S, SAMPLE_PAUSE_S, LAG_PAUSE_S = 0.1, 1.0, 0.05

# Longer than the Gateway needs for its own page on a busy machine.
HEALTH_PATIENCE_S = 2


@dataclasses.dataclass
class Sample:
    """Memory in MiB and open descriptors of one process, `at` seconds after the start. `life` counts its starts."""

    at: float
    life: int
    memory_mib: float
    descriptors: int


def sample(part, begun):
    """`None` while it does not run."""
    try:
        pid = part.process.pid
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        with open(f"/proc/{pid}/status") as file:
            rss = next(line for line in file if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return None
    return Sample(time.monotonic() - begun, part.starts, int(rss.split()[1]) / 1024, descriptors)


class Watch:
    """Runs until it is cancelled."""

    def __init__(self, parts, door, begun):
        self.parts, self.door, self.begun = parts, door, begun
        # Changes of the tunnel's state, as (time, state); the state is up, down, or away for a Gateway that is not there.
        self.changes, self.samples = [], {"gateway": [], "agent": []}
        # How late the trial itself came to its turn, on a machine that has other things to do.
        self.longest_lag_s = 0.0

    def start(self):
        return [asyncio.create_task(self.look()), asyncio.create_task(self.measure()), asyncio.create_task(self.notice())]

    async def look(self):
        client = Client(self.door, "localhost")
        while True:
            state = await self.state(client)
            if not self.changes or self.changes[-1][1] != state:
                self.changes.append((time.monotonic(), state))
            await asyncio.sleep(HEALTH_PAUSE_S)

    @staticmethod
    async def state(client):
        try:
            async with asyncio.timeout(HEALTH_PATIENCE_S):
                await client.request("GET", "/health")
                body = b"".join([piece async for piece in client.pieces()])
            return "up" if b'"tunnel":"up"' in body else "down"
        except (Broken, TimeoutError):
            client.close()
            return "away"

    async def measure(self):
        while True:
            for part in (self.parts.gateway, self.parts.agent):
                if taken := sample(part, self.begun):
                    self.samples[part.name].append(taken)
            await asyncio.sleep(SAMPLE_PAUSE_S)

    async def notice(self):
        while True:
            begun = time.monotonic()
            await asyncio.sleep(LAG_PAUSE_S)
            self.longest_lag_s = max(self.longest_lag_s, time.monotonic() - begun - LAG_PAUSE_S)

    def down_since(self, at):
        """When the tunnel was lost that is not there at this moment; `None` if it is up."""
        since = None
        for when, state in self.changes:
            if when > at:
                break
            since = None if state == "up" else since or when
        return since

    def was_up(self, begin, end):
        """Whether the tunnel was up at any moment between the two."""
        return self.down_since(begin) is None or any(begin <= when <= end and state == "up" for when, state in self.changes)

    def outages(self):
        """Seconds of each time without a tunnel, the running one not counted."""
        lengths, since = [], None
        for when, state in self.changes:
            if state != "up":
                since = since or when
            elif since is not None:
                lengths.append(when - since)
                since = None
        return lengths
