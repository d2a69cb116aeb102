"""What became of each exchange of the visitors, as they saw it. Judging is done at the end: see judge.py."""

import collections
import dataclasses
import time

# An answer that took longer had waited for something.
WAITED_S = 1.0

# Kinds of exchange that are over at once if nothing is in their way.
SHORT = ("GET", "POST", "gRPC")


@dataclasses.dataclass
class Exchange:
    """One request with its answer, or one stream from its opening to its end.

    `outcome` is one of:
      ok         whole and right
      status     an answer, but not of the service
      refused    no connection
      reset      the connection ended before the answer began
      cut        the answer or stream had begun and ended with an error, which the visitor saw
      truncated  the answer or stream was not whole, and looked as if it were
      wrong      the answer or stream was not what it should be
      hung       nothing came for longer than anything may take
    """

    kind: str
    via: str
    name: str
    repeatable: bool = False
    begun: float = dataclasses.field(default_factory=time.monotonic)
    ended: float = 0.0
    outcome: str = ""
    status: int = 0
    detail: str = ""


class Book:
    """Counts what went well, keeps all that did not, and tells who waits for a recovery."""

    def __init__(self):
        self.well, self.waited, self.messages = (collections.Counter() for _ in range(3))
        self.longest_wait_s, self.bad = 0.0, []
        self.recoveries = []
        self.names, self.visitors = 0, set()

    def name(self):
        """An id for a request; the service counts by it."""
        self.names += 1
        return f"r{self.names}"

    def close(self, exchange, outcome, detail="", status=0):
        """The exchange is over."""
        exchange.ended, exchange.outcome = time.monotonic(), outcome
        exchange.detail, exchange.status = detail[:200], status
        if outcome != "ok":
            self.bad.append(exchange)
            return
        took = exchange.ended - exchange.begun
        self.well[exchange.kind] += 1
        self.longest_wait_s = max(self.longest_wait_s, took if exchange.kind in SHORT else 0)
        self.waited[exchange.kind] += exchange.kind in SHORT and took > WAITED_S

    def works(self, visitor):
        """Something of the service came to this visitor just now."""
        for recovery in self.recoveries:
            recovery.works(visitor)


class Recovery:
    """From now until something has come to each visitor."""

    def __init__(self, book):
        self.book, self.begun, self.missing = book, time.monotonic(), set(book.visitors)
        self.took_s = None
        book.recoveries.append(self)

    def works(self, visitor):
        self.missing.discard(visitor)
        if not self.missing and self.took_s is None:
            self.took_s = time.monotonic() - self.begun

    def close(self):
        self.book.recoveries.remove(self)
