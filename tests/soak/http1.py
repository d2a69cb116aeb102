"""A small HTTP/1.1 client that tells exactly how an exchange ended, which most libraries smooth over.

It repeats nothing by itself, and keeps its connection for as long as the other side does.
"""

import asyncio
import ssl

HEAD_BYTES_MAX = 64 << 10
PIECE_BYTES = 64 << 10

# Longer than anything may take: the grace period twice, and the silence after which a tunnel is given up.
PATIENCE_S = 60


class Broken(Exception):
    """The exchange ended early; `outcome` is a word of book.Exchange."""

    def __init__(self, outcome, detail):
        super().__init__(detail)
        self.outcome = outcome


class Door:
    """Where visitors come in: a port, with TLS or without."""

    def __init__(self, name, port, authority=None):
        self.name, self.port, self.authority = name, port, authority
        self.tls = ssl.create_default_context(cafile=authority) if authority else None


class Client:
    """One visitor's connection to a host behind a door."""

    def __init__(self, door, host):
        self.door, self.host, self.reader, self.writer = door, host, None, None

    async def connect(self):
        name = {"ssl": self.door.tls, "server_hostname": self.host} if self.door.tls else {}
        opening = asyncio.open_connection("127.0.0.1", self.door.port, limit=HEAD_BYTES_MAX, **name)
        try:
            self.reader, self.writer = await asyncio.wait_for(opening, PATIENCE_S)
        except TimeoutError:
            raise Broken("hung", "no connection") from None
        except OSError as error:
            raise Broken("refused", str(error)) from None

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def request(self, method, target, body=b""):
        """Sends a request and gives the status and fields of the answer; `pieces` has its body then."""
        if self.writer is None or self.reader.at_eof() or self.writer.is_closing():
            # The other side may end a connection that nothing goes on at; only what is sent then counts.
            self.close()
            await self.connect()
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.host}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n" if method == "POST" else "\r\n"
        sending = asyncio.create_task(self.send(head.encode() + body))
        try:
            status, fields = await asyncio.wait_for(self.head(), PATIENCE_S)
        except TimeoutError:
            raise Broken("hung", "no answer") from None
        finally:
            if not sending.done():
                # An answer came before the request was sent to its end: this connection serves no other.
                sending.cancel()
                self.spent = True
        return status, fields

    async def send(self, data):
        """What goes wrong here is seen by who reads."""
        try:
            for begin in range(0, len(data), PIECE_BYTES):
                self.writer.write(data[begin:begin + PIECE_BYTES])
                await self.writer.drain()
        except (OSError, AttributeError):
            pass

    async def head(self):
        self.spent = False
        try:
            text = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Broken("cut" if error.partial else "reset", "end before the answer") from None
        except OSError as error:
            raise Broken("reset", str(error)) from None
        line, *lines = text.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines if text)}
        self.left = int(fields.get("content-length", -1))
        self.chunked = fields.get("transfer-encoding") == "chunked"
        self.spent |= fields.get("connection", "").lower() == "close"
        return int(line.split(" ")[1]), fields

    async def pieces(self):
        """The body, piece by piece; ends only if the framing says that it is whole."""
        try:
            while True:
                piece = await asyncio.wait_for(self.piece(), PATIENCE_S)
                if not piece:
                    break
                yield piece
        except TimeoutError:
            raise Broken("hung", "the answer goes on no more") from None
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            raise Broken("cut", str(error) or type(error).__name__) from None
        if self.spent:
            self.close()

    async def piece(self):
        """The next bytes of the body; none at its end."""
        if self.chunked:
            length = int(await self.reader.readuntil(b"\r\n"), 16)
            data = await self.reader.readexactly(length)
            await self.reader.readexactly(2)
            return data
        if self.left < 0:
            # Without a length the end of the connection is the end of the answer, whatever the reason.
            self.spent = True
            return await self.reader.read(PIECE_BYTES)
        data = await self.reader.read(min(self.left, PIECE_BYTES))
        if self.left and not data:
            raise asyncio.IncompleteReadError(b"", self.left)
        self.left -= len(data)
        return data
