"""The faults, one after the other. Each is known by its window: when it began, when it was over, when all worked again."""

import asyncio
import dataclasses
import random
import signal
import time

from book import Recovery

# How long a killed program stays away, and the other faults last.
AWAY_S, SERVICE_AWAY_S, DISK_S, CLOCK_S = 1, 3, 4, 4

# A silence that a lane outlives, and one in which both ends give it up (after 15 s).
SILENCE_S, HOLE_S = 5, 17

# Well within the life of the certificates that Caddy signs itself (12 h).
CLOCK_JUMP = "+2h"

# Pause between a recovery that came late and the next fault.
REST_S = 1


@dataclasses.dataclass
class Fault:
    """One fault. Times are of the monotonic clock; `recovery_s` counts from its end, and is `None` for never."""

    kind: str
    begun: float
    over: float = 0.0
    recovery_s: float | None = None
    note: str = ""


class Faults:
    """Does the faults. `order` has the kinds that are possible here, `skipped` the others with the reason."""

    def __init__(self, parts, relay, disk, clock, book, bound_s):
        self.parts, self.relay, self.disk, self.clock, self.book = parts, relay, disk, clock, book
        self.bound_s, self.done, self.skipped = bound_s, [], {}
        # The first round goes in this order: what loses the tunnel and what must not take turns.
        self.kinds = {
            "tunnel cut": self.tunnel_cut,
            "slow disk": self.slow_disk,
            "Gateway restarted": self.gateway_restarted,
            "full disk": self.full_disk,
            "Agent killed": self.agent_killed,
            "silence": self.silence,
            "Gateway killed": self.gateway_killed,
            "upstream down": self.upstream_down,
            "Caddy restarted": self.caddy_restarted,
            "clock jump": self.clock_jump,
            "black hole": self.black_hole,
        }
        if clock.library is None:
            self.skip("clock jump", "libfaketime is not installed (apt-get install faketime)")

    def skip(self, kind, reason):
        del self.kinds[kind]
        self.skipped[kind] = reason

    def choose(self, names):
        if unknown := set(names) - set(self.kinds) - set(self.skipped) - {"none"}:
            raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}; there are none, {', '.join(self.kinds)}")
        for kind in list(self.kinds):
            if kind not in names:
                self.skip(kind, "not asked for")

    async def run(self, every_s, until, seed):
        """A fault each `every_s` seconds, and later when the one before has not recovered. All kinds, then all again in
        another order."""
        order, dice = list(self.kinds), random.Random(seed)
        while order:
            for kind in order:
                room = HOLE_S if kind == "black hole" else every_s
                if time.monotonic() + room > until:
                    return
                fault = await self.one(kind)
                await asyncio.sleep(max(fault.begun + every_s - time.monotonic(), REST_S))
            dice.shuffle(order)

    async def one(self, kind):
        fault = Fault(kind, time.monotonic())
        self.done.append(fault)
        await self.kinds[kind](fault)
        fault.over = time.monotonic()
        recovery = Recovery(self.book)
        while recovery.took_s is None and time.monotonic() < fault.over + self.bound_s:
            await asyncio.sleep(0.05)
        recovery.close()
        fault.recovery_s = recovery.took_s
        if recovery.took_s is None:
            fault.note = "not recovered: " + ", ".join(sorted(recovery.missing))
        took = "never" if fault.recovery_s is None else f"{fault.recovery_s:.1f} s after its end"
        print(f"  {kind}: lasted {fault.over - fault.begun:.1f} s, all worked again {took}", flush=True)
        return fault

    async def tunnel_cut(self, _fault):
        self.relay.cut()

    async def silence(self, _fault):
        await self.frozen(SILENCE_S)

    async def black_hole(self, _fault):
        await self.frozen(HOLE_S)

    async def frozen(self, seconds):
        self.relay.freeze()
        await asyncio.sleep(seconds)
        self.relay.thaw()

    async def agent_killed(self, fault):
        await self.away(self.parts.agent, AWAY_S, fault)

    async def gateway_killed(self, fault):
        await self.away(self.parts.gateway, AWAY_S, fault)

    async def upstream_down(self, fault):
        await self.away(self.parts.upstream, SERVICE_AWAY_S, fault)

    async def away(self, part, seconds, fault):
        if await part.end(signal.SIGKILL) is None:
            fault.note = f"{part.name} had ended by itself with {part.process.returncode}"
        await asyncio.sleep(seconds)
        await part.start()
        await part.listens()

    async def gateway_restarted(self, fault):
        await self.restarted(self.parts.gateway, fault)

    async def caddy_restarted(self, fault):
        await self.restarted(self.parts.caddy, fault)

    async def restarted(self, part, fault):
        status = await part.end()
        if status != 0:
            fault.note = f"{part.name} ended with {part.process.returncode}"
        await part.start()
        await part.listens()

    async def slow_disk(self, _fault):
        await self.disk.locked(DISK_S)

    async def full_disk(self, _fault):
        pids = [part.process.pid for part in (self.parts.gateway, self.parts.agent)]
        with self.disk.full(pids):
            await asyncio.sleep(DISK_S)

    async def clock_jump(self, _fault):
        """Forward and back again."""
        self.clock.set(CLOCK_JUMP)
        await asyncio.sleep(CLOCK_S)
        self.clock.set("+0")
        await asyncio.sleep(1)
