"""What became of each exchange that did not go well: could it have been kept, and what of it was done twice.

in flight    had reached a tunnel that was lost and may not be repeated, or its answer had begun: an error is right
no program   the program that it was handed to, or that it knocked at, was ended: nobody else could keep it
by service   the service was down, and the visitor was told so
in vain      waited for the whole grace period, in which the tunnel did not return
truncated    was not whole and looked as if it were; never right
lost         everything else; never right
"""

import collections
import statistics

from parts import DRAIN_S

VERDICTS = ["in flight", "no program", "by service", "in vain", "truncated", "lost"]

# What the visitors, the faults and the looks at the tunnel may differ by on a busy machine.
SLACK_S = 0.5

# The Gateway's grace period, and the silence after which a tunnel is given up.
GRACE_S, SILENCE_S = 10, 15

# A program may grow to this many times what it had in the second quarter of the trial, and by this much besides.
GROWTH, GROWTH_MIB, GROWTH_DESCRIPTORS = 1.5, 32, 64

# Shorter trials say nothing about growth but what is left at rest.
GROWTH_SAMPLES = 600


class Judge:
    """Knows all faults and when the tunnel was up."""

    def __init__(self, faults, watch):
        self.faults, self.watch = faults, watch
        self.slack_s = SLACK_S + watch.longest_lag_s
        self.rules = {
            "tunnel cut": self.tunnel_cut,
            "black hole": self.black_hole,
            "Agent killed": self.tunnel_cut,
            "Gateway killed": self.gateway_killed,
            "Gateway restarted": self.gateway_restarted,
            "Caddy restarted": self.caddy_restarted,
            "upstream down": self.upstream_down,
        }

    def verdict(self, exchange):
        if exchange.outcome in ("truncated", "wrong"):
            return "truncated"
        if exchange.outcome == "hung":
            return "lost"
        for fault in self.faults:
            rule = self.rules.get(fault.kind)
            if verdict := rule and rule(exchange, fault):
                return verdict
        return "in vain" if self.waited_in_vain(exchange) else "lost"

    def waited_in_vain(self, exchange):
        """Whether the tunnel was away all the time, and for the grace period at the end. An upload that is refused may
        end with a reset before its visitor has read why."""
        begin, end = exchange.begun + self.slack_s, exchange.ended - self.slack_s
        refused = exchange.outcome == "status" or (exchange.kind == "upload" and exchange.outcome == "reset")
        if not refused or (begin < end and self.watch.was_up(begin, end)):
            return False
        since = self.watch.down_since(exchange.ended - self.slack_s / 2)
        return since is not None and exchange.ended >= since + GRACE_S - self.slack_s

    def within(self, exchange, begin, end):
        """Whether it was under way at some moment between the two; what broke must have done so between them."""
        if exchange.ended < begin - self.slack_s or exchange.begun > end + self.slack_s:
            return False
        return exchange.outcome == "status" or exchange.ended <= end + self.slack_s

    def lost_lane(self, exchange, begin, end):
        """An exchange on a lane that was lost at some moment between the two."""
        if not self.within(exchange, begin, end):
            return None
        return "in flight" if exchange.outcome == "cut" or not exchange.repeatable else None

    def tunnel_cut(self, exchange, fault):
        return self.lost_lane(exchange, fault.begun, fault.begun)

    def black_hole(self, exchange, fault):
        """What was sent into the hole before the lane was given up."""
        if exchange.ended < fault.begun + SILENCE_S / 2:
            return None
        return self.lost_lane(exchange, fault.begun, fault.begun + SILENCE_S)

    def gateway_killed(self, exchange, fault):
        """All that the process had in its hands, and what knocked at its door until it was back."""
        if not self.within(exchange, fault.begun, fault.over):
            return None
        if exchange.via == "gateway" and exchange.outcome in ("refused", "reset", "cut"):
            return "no program"
        return "no program" if self.within(exchange, fault.begun, fault.begun) else None

    def gateway_restarted(self, exchange, fault):
        """Streams end with it, and so does what takes longer than it waits; all else is finished first."""
        if not self.within(exchange, fault.begun, fault.over):
            return None
        if exchange.via == "gateway" and exchange.outcome in ("refused", "reset"):
            return "no program"
        is_late = exchange.begun < fault.begun and exchange.ended > fault.begun + DRAIN_S - self.slack_s
        return "in flight" if exchange.outcome == "cut" or is_late else None

    def caddy_restarted(self, exchange, fault):
        """Caddy comes back without routes, so until those are there again it is as good as away."""
        back = fault.over + (fault.recovery_s or 0)
        if exchange.via == "caddy" and self.within(exchange, fault.begun, back):
            return "no program"
        return self.lost_lane(exchange, fault.begun, fault.over)

    def upstream_down(self, exchange, fault):
        is_told = exchange.outcome in ("status", "cut")
        return "by service" if is_told and self.within(exchange, fault.begun, fault.over) else None


class Executed:
    """The service's ledger: how often each request was executed."""

    def __init__(self, path):
        self.kinds = collections.defaultdict(collections.Counter)
        with open(path) as file:
            for line in file:
                kind, _, name = line.strip().partition(" ")
                self.kinds[kind][name] += 1

    def twice(self, *kinds):
        """Ids that stand there more than once."""
        return [name for kind in kinds for name, times in self.kinds[kind].items() if times > 1]

    def doubled(self):
        """What must never be executed twice, and was."""
        return self.twice("POST", "RPC", "MESSAGE")

    def repeated(self):
        """GETs, which may be."""
        return self.twice("GET")


def growth(samples, first, last):
    """Sentences about a program that grows: over the trial, and between what it had before the load and after."""
    problems = []
    for name, unit, room in (("memory_mib", "MiB", GROWTH_MIB), ("descriptors", "descriptors", GROWTH_DESCRIPTORS)):
        values = [getattr(sample, name) for sample in samples]
        quarter = len(values) // 4
        if len(values) >= GROWTH_SAMPLES:
            early, late = (statistics.median(part) for part in (values[quarter:2 * quarter], values[3 * quarter:]))
            if late > early * GROWTH + room:
                problems.append(f"grew from {early:.0f} to {late:.0f} {unit}")
    if first and last and last.descriptors > first.descriptors + GROWTH_DESCRIPTORS:
        problems.append(f"had {first.descriptors} descriptors before the load and {last.descriptors} after it")
    return problems
