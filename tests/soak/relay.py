"""The path between the Agent and Caddy: a TCP relay that can be cut, go silent, and be slow."""

import asyncio

PIECE_BYTES = 64 << 10

# Connections at once: the Agent has a few lanes, and some that are on their way out.
CONNECTIONS_MAX = 64


class Relay:
    """Listens on loopback and passes every connection on to a port there."""

    def __init__(self, target):
        self.target, self.port, self.writers, self.tasks = target, 0, set(), set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.server = None

    async def start(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self):
        """Resets all connections; new ones are taken at once."""
        for writer in list(self.writers):
            writer.transport.abort()

    def freeze(self):
        """A black hole: nothing passes, no connection is made, and nobody is told."""
        self.flowing.clear()

    def thaw(self):
        """What was held back goes on."""
        self.flowing.set()

    async def accept(self, reader, writer):
        if len(self.writers) >= 2 * CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self.writers.add(writer)
        there = None
        try:
            await self.flowing.wait()
            other, there = await asyncio.open_connection("127.0.0.1", self.target)
            self.writers.add(there)
            await asyncio.gather(self.pump(reader, there), self.pump(other, writer))
        except OSError:
            pass
        finally:
            for end in (writer, there):
                if end is not None:
                    end.transport.abort()
                    self.writers.discard(end)

    async def pump(self, reader, writer):
        """One direction. An end passes on as an end, and what goes wrong ends both directions."""
        while data := await reader.read(PIECE_BYTES):
            await self.flowing.wait()
            writer.write(data)
            await writer.drain()
        await self.flowing.wait()
        if writer.can_write_eof():
            writer.write_eof()

    async def close(self):
        self.server.close()
        self.cut()
