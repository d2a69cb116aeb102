"""Bytes that both ends can make by themselves, so that each can check what came: a pattern, and names of domains."""

import hashlib

APP, CHAT, RPC = "app.soak.test", "chat.soak.test", "rpc.soak.test"

# Events of one stream, and the pause between two of them.
EVENTS, EVENT_PAUSE_S = 150, 0.2

# The last line of a stream of events: one that ends without it was cut.
LAST_EVENT = b"event: end\ndata: end\n\n"

# No power of two, so that a piece which is lost or comes twice shifts what follows.
_PERIOD = bytes((i * 131 + (i >> 8) * 7 + 11) & 0xFF for i in range(65_521))


def pattern(length, seed=0):
    """`length` bytes that depend on the seed."""
    begin = seed % len(_PERIOD)
    turns = (begin + length) // len(_PERIOD) + 1
    return (_PERIOD * turns)[begin:begin + length]


def sha256(data):
    return hashlib.sha256(data).hexdigest()
