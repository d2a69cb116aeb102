#!/usr/bin/env python3
"""The service behind the tunnel: HTTP, WebSockets and gRPC, each on a port of its own.   upstream.py HTTP WS RPC LEDGER

Every request carries an id. A line in the ledger is written before the request is done, in one write, so that the
ledger is right even when this process is killed; an id that stands there twice was executed twice.
"""

import asyncio
import hashlib
import os
import sys
import urllib.parse

import grpc
from websockets.asyncio.server import serve

from payload import EVENT_PAUSE_S, EVENTS, LAST_EVENT, pattern

HEAD_BYTES_MAX = 16 << 10
PIECE_BYTES = 64 << 10


class Ledger:
    """What was executed: lines of a kind and an id. `open` counts the streams that go on."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.open = 0

    def write(self, kind, name):
        os.write(self.file, f"{kind} {name}\n".encode())

    def __enter__(self):
        self.open += 1

    def __exit__(self, *_error):
        self.open -= 1


class Http:
    """HTTP/1.1 by hand: the few requests of the trial, and nothing that a library would do unasked."""

    def __init__(self, ledger):
        self.ledger = ledger

    async def connection(self, reader, writer):
        try:
            while await self.request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            writer.close()

    async def request(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, target, _version = line.split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields if field)}
        target = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(target.query))
        name = query.get("id", "-")
        if method == "POST":
            self.ledger.write("POST", name)
            await self.take(reader, writer, int(fields.get("content-length", 0)))
        elif target.path == "/events":
            self.ledger.write("GET", name)
            await self.events(writer)
        elif target.path == "/open":
            # Before this connection's own stream, if it had one.
            self.answer(writer, 200, str(self.ledger.open).encode())
        else:
            self.ledger.write("GET", name)
            self.answer(writer, 200, pattern(int(query.get("n", 100)), int(query.get("seed", 0))))
        await writer.drain()
        return True

    @staticmethod
    def answer(writer, status, body):
        writer.write(f"HTTP/1.1 {status} OK\r\nX-Soak: upstream\r\nContent-Type: application/octet-stream\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def take(self, reader, writer, length):
        """Answers with the checksum of the body."""
        digest = hashlib.sha256()
        while length > 0:
            piece = await reader.readexactly(min(length, PIECE_BYTES))
            digest.update(piece)
            length -= len(piece)
        self.answer(writer, 200, digest.hexdigest().encode())

    async def events(self, writer):
        """Numbered events, as server-sent events, in pieces of unknown number."""
        with self.ledger:
            writer.write(b"HTTP/1.1 200 OK\r\nX-Soak: upstream\r\nContent-Type: text/event-stream\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for number in range(EVENTS):
                self.piece(writer, f"id: {number}\ndata: {number}\n\n".encode())
                await writer.drain()
                await asyncio.sleep(EVENT_PAUSE_S)
            self.piece(writer, LAST_EVENT)
            writer.write(b"0\r\n\r\n")

    @staticmethod
    def piece(writer, data):
        if writer.transport.is_closing():
            raise ConnectionResetError
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


class Rpc(grpc.GenericRpcHandler):
    """Echoes bytes; no schema is needed for that. A message begins with its id and a space."""

    def __init__(self, ledger):
        self.ledger = ledger

    def service(self, details):
        name = details.method.rsplit("/", 1)[1]
        return {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Chat": grpc.stream_stream_rpc_method_handler(self.chat),
        }.get(name)

    async def unary(self, request, _context):
        self.ledger.write("RPC", request.partition(b" ")[0].decode())
        return request

    async def chat(self, requests, _context):
        with self.ledger:
            async for request in requests:
                self.ledger.write("MESSAGE", request.partition(b" ")[0].decode())
                yield request


async def main():
    http_port, chat_port, rpc_port, path = *map(int, sys.argv[1:4]), sys.argv[4]
    ledger = Ledger(path)

    async def chat(connection):
        with ledger:
            async for message in connection:
                ledger.write("MESSAGE", message.partition(" ")[0])
                await connection.send(message)

    rpc = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    rpc.add_generic_rpc_handlers((Rpc(ledger),))
    rpc.add_insecure_port(f"127.0.0.1:{rpc_port}")
    await rpc.start()
    app = await asyncio.start_server(Http(ledger).connection, "127.0.0.1", http_port, limit=HEAD_BYTES_MAX)
    async with app, serve(chat, "127.0.0.1", chat_port, compression=None, ping_interval=None):
        print("listening", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
