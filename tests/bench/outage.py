"""A Gateway that dies and comes back: when its Agents are back, and what happened to the requests meanwhile.

A request that finds no process listening cannot wait, nor can one that the dead process had taken. All others can: the
new Gateway holds them until the Agent is back, for as long as its grace period. One that ends otherwise is lost.
"""
import asyncio
import random
import statistics
import time

from probe import get, get_until

# Requests per second that go on all the time, and the most that wait at once.
RATE, WAITING_MAX = 50, 2000

# Seconds that the Gateway stays away; that everything is given to return; that one request is given.
AWAY_SECS, RETURN_SECS, REQUEST_SECS = 2, 120, 60

# A 503 after this many seconds came at the end of the grace period (10 s by default), not before.
GRACE_SECS = 9


class Visitors:
    """Requests to random hosts at an even rate; keeps when each began, how long it took, and how it ended."""

    def __init__(self, port, hosts):
        self.port, self.hosts, self.done, self.tasks, self.skipped = port, hosts, [], set(), 0
        self.loop = asyncio.create_task(self.run())

    async def run(self):
        while True:
            if len(self.tasks) < WAITING_MAX:
                task = asyncio.create_task(self.one(random.choice(self.hosts)))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            else:
                self.skipped += 1
            await asyncio.sleep(1 / RATE)

    async def one(self, host):
        began = time.monotonic()
        outcome = await get(self.port, host, REQUEST_SECS)
        self.done.append((began, time.monotonic() - began, outcome))

    async def finish(self):
        self.loop.cancel()
        await asyncio.gather(*self.tasks)


async def measure(r, hosts):
    port = r.system.port
    start = time.monotonic()
    await asyncio.gather(*(get_until(port, h, start, RETURN_SECS) for h in hosts))
    visitors = Visitors(port, hosts)
    await asyncio.sleep(1)
    killed = time.monotonic()
    await asyncio.to_thread(r.kill, "server")
    await asyncio.sleep(AWAY_SECS)
    await asyncio.to_thread(r.spawn, 0)
    up = time.monotonic()
    back = await asyncio.gather(*(get_until(port, h, up, RETURN_SECS) for h in hosts))
    await visitors.finish()
    return {"agents": len(hosts), "first_back_s": min(back), "p50_back_s": statistics.median(back), "all_back_s": max(back),
            "skipped": visitors.skipped, **sort_out(visitors.done, killed, up)}


def sort_out(done, killed, up):
    """Counts of outcomes; `done` is rows of (began, seconds, outcome)."""
    out = {"sent": len(done), "answered": 0, "refused": 0, "cut": 0, "gave_up": 0, "lost": 0}
    waits = [0]
    for began, secs, outcome in done:
        ended = began + secs
        if outcome == "200":
            out["answered"] += 1
            waits.append(secs)
        elif outcome == "refused" and killed <= ended and began <= up:
            out["refused"] += 1
        elif outcome == "cut" and began <= up and ended <= up:
            out["cut"] += 1
        elif outcome == "503" and secs >= GRACE_SECS:
            out["gave_up"] += 1
        else:
            out["lost"] += 1
    return {**out, "wait_max_s": max(waits)}
