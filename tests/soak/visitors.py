"""The load: a fixed number of visitors, each with its pace. None of them repeats a request that failed.

Half of them come through Caddy, as visitors do; half straight to the Gateway, where nothing else can smooth things over.
"""

import asyncio
import os
import random

# Connections that fail are what this is about; the library need not write of each.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

import payload
from book import Exchange
from http1 import PATIENCE_S, Broken, Client

# Pauses of one visitor between two requests, or between two messages.
SMALL_PAUSE_S, POST_PAUSE_S, LARGE_PAUSE_S, MESSAGE_PAUSE_S = 0.05, 0.1, 1.0, 0.2

# Pause after something went wrong.
FAILED_PAUSE_S = 0.1

DOWNLOAD_BYTES = 512 << 10
UPLOAD_BYTES = (1 << 20, 4 << 20)

# Messages that one WebSocket or gRPC stream may have under way. A path that is silent for a while holds this many.
UNDER_WAY_MAX = 400


class Visitors:
    """All of them; `start` lets them go, `stop` ends what they do in good order."""

    def __init__(self, book, doors, seed, pace):
        self.book, self.doors, self.random, self.pace, self.tasks = book, doors, random.Random(seed), pace, []
        self.stopping = asyncio.Event()

    def start(self):
        for door in self.doors:
            kinds = [self.small, self.small, self.post, self.download, self.upload, self.events,
                     self.chat, self.chat, self.unary, self.stream]
            for number, kind in enumerate(kinds):
                name = f"{kind.__name__} {number} by {door.name}"
                self.book.visitors.add(name)
                self.tasks.append(asyncio.create_task(kind(door, name), name=name))

    async def stop(self):
        """Waits for what is under way. What does not end is told by whoever waits."""
        self.stopping.set()
        done, late = await asyncio.wait(self.tasks, timeout=PATIENCE_S)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
        return [task.get_name() for task in late]

    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.stopping.wait(), self.pace * seconds * self.random.uniform(0.5, 1.5))
        except TimeoutError:
            pass

    async def rounds(self, door, kind, pause_s, once, repeatable=True):
        """One request after the other over one connection."""
        client = Client(door, payload.APP)
        while not self.stopping.is_set():
            exchange = Exchange(kind, door.name, self.book.name(), repeatable)
            try:
                outcome, detail, status = await once(client, exchange)
                self.book.close(exchange, outcome, detail, status)
            except Broken as broken:
                self.book.close(exchange, broken.outcome, str(broken))
            if exchange.outcome != "ok":
                client.close()
            await self.pause(pause_s if exchange.outcome == "ok" else FAILED_PAUSE_S)
        client.close()

    async def get(self, client, visitor, target, expected):
        """A GET whose body is known beforehand."""
        status, fields = await client.request("GET", target)
        body = b"".join([piece async for piece in client.pieces()])
        if status != 200 or fields.get("x-soak") != "upstream":
            return "status", title(body), status
        if body != expected:
            return ("truncated" if expected.startswith(body) else "wrong"), f"{len(body)} of {len(expected)}", status
        self.book.works(visitor)
        return "ok", "", status

    async def small(self, door, visitor):
        async def once(client, exchange):
            seed = self.random.randrange(65_521)
            target = f"/small?n=100&seed={seed}&id={exchange.name}"
            return await self.get(client, visitor, target, payload.pattern(100, seed))

        await self.rounds(door, "GET", SMALL_PAUSE_S, once)

    async def download(self, door, visitor):
        expected = payload.pattern(DOWNLOAD_BYTES)

        async def once(client, exchange):
            return await self.get(client, visitor, f"/data?n={DOWNLOAD_BYTES}&id={exchange.name}", expected)

        await self.rounds(door, "download", LARGE_PAUSE_S, once)

    async def sent(self, client, exchange, visitor, body):
        """A POST, answered with the checksum of its body."""
        status, fields = await client.request("POST", f"/upload?id={exchange.name}", body)
        answer = b"".join([piece async for piece in client.pieces()])
        if status != 200 or fields.get("x-soak") != "upstream":
            return "status", title(answer), status
        if answer.decode("latin-1") != payload.sha256(body):
            return "truncated", "another checksum", status
        self.book.works(visitor)
        return "ok", "", status

    async def post(self, door, visitor):
        async def once(client, exchange):
            return await self.sent(client, exchange, visitor, exchange.name.encode())

        await self.rounds(door, "POST", POST_PAUSE_S, once, repeatable=False)

    async def upload(self, door, visitor):
        async def once(client, exchange):
            body = payload.pattern(self.random.randint(*UPLOAD_BYTES), self.random.randrange(65_521))
            return await self.sent(client, exchange, visitor, body)

        await self.rounds(door, "upload", LARGE_PAUSE_S, once, repeatable=False)

    async def events(self, door, visitor):
        async def once(client, exchange):
            status, fields = await client.request("GET", f"/events?id={exchange.name}")
            if status != 200 or fields.get("x-soak") != "upstream":
                return "status", title(b"".join([piece async for piece in client.pieces()])), status
            # What has begun is not repeated.
            exchange.repeatable = False
            text, number = b"", 0
            async for piece in client.pieces():
                text += piece
                while b"\n\n" in text:
                    event, _, text = text.partition(b"\n\n")
                    if event + b"\n\n" == payload.LAST_EVENT and number == payload.EVENTS:
                        continue
                    if event != f"id: {number}\ndata: {number}".encode():
                        return "wrong", f"{event!r} for event {number}", status
                    number += 1
                    self.book.messages["events"] += 1
                    self.book.works(visitor)
                if self.stopping.is_set():
                    client.close()
                    return "ok", "left", status
            return ("ok" if number == payload.EVENTS and not text else "truncated"), f"{number} events", status

        await self.rounds(door, "events", FAILED_PAUSE_S, once)

    async def chat(self, door, visitor):
        """Numbered messages over a WebSocket; they must come back in order, each once."""
        secure = {"ssl": door.tls, "server_hostname": payload.CHAT} if door.tls else {}
        scheme = "wss" if door.tls else "ws"
        while not self.stopping.is_set():
            exchange = Exchange("WebSocket", door.name, self.book.name())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    socket = await connect(f"{scheme}://{payload.CHAT}/", host="127.0.0.1", port=door.port, proxy=None,
                                           compression=None, ping_interval=None, open_timeout=None, **secure)
            except InvalidStatus as error:
                self.book.close(exchange, "status", title(error.response.body or b""), error.response.status_code)
            except TimeoutError:
                self.book.close(exchange, "hung", "no WebSocket")
            except OSError as error:
                self.book.close(exchange, "refused", str(error))
            except (InvalidHandshake, EOFError) as error:
                self.book.close(exchange, "reset", repr(error.__cause__ or error))
            else:
                await self.talk(socket, exchange, visitor)
            await self.pause(FAILED_PAUSE_S)

    async def talk(self, socket, exchange, visitor):
        sent = asyncio.Semaphore(UNDER_WAY_MAX)
        writing = asyncio.create_task(self.write(socket, exchange, sent))
        number, outcome, detail = 0, "ok", ""
        try:
            while not outcome_known(outcome):
                message = await asyncio.wait_for(socket.recv(), PATIENCE_S)
                if message != f"{exchange.name}.{number} hello":
                    outcome, detail = "wrong", f"{message!r} for message {number}"
                    break
                number += 1
                sent.release()
                self.book.messages["WebSocket"] += 1
                self.book.works(visitor)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            detail = f"closed with {code} after {number} messages"
            left = writing.done() and self.stopping.is_set()
            # 1000 says that all is done, which only the visitor says here.
            outcome = "ok" if left else "truncated" if code == 1000 else "cut"
        except TimeoutError:
            outcome, detail = "hung", f"message {number} does not come back"
        writing.cancel()
        socket.transport.abort()
        self.book.close(exchange, outcome, detail)

    async def write(self, socket, exchange, sent):
        number = 0
        try:
            while not self.stopping.is_set():
                await sent.acquire()
                await socket.send(f"{exchange.name}.{number} hello")
                number += 1
                await self.pause(MESSAGE_PAUSE_S)
            await socket.close()
        except ConnectionClosed:
            pass

    @staticmethod
    def channel(door):
        """A channel that repeats nothing by itself and waits for a connection."""
        options = [("grpc.default_authority", payload.RPC), ("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0),
                   ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 1000),
                   ("grpc.max_reconnect_backoff_ms", 500), ("grpc.use_local_subchannel_pool", 1)]
        if door.authority is None:
            return grpc.aio.insecure_channel(f"127.0.0.1:{door.port}", options)
        options.append(("grpc.ssl_target_name_override", payload.RPC))
        with open(door.authority, "rb") as file:
            authority = grpc.ssl_channel_credentials(file.read())
        return grpc.aio.secure_channel(f"127.0.0.1:{door.port}", authority, options)

    def failed(self, exchange, error, begun):
        """Closes an exchange of gRPC that ended with a status."""
        outcome = "hung" if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED else "cut" if begun else "status"
        self.book.close(exchange, outcome, f"{error.code().name}: {error.details()}")

    async def unary(self, door, visitor):
        async with self.channel(door) as channel:
            call = channel.unary_unary("/soak.Echo/Unary")
            while not self.stopping.is_set():
                exchange = Exchange("gRPC", door.name, self.book.name())
                request = f"{exchange.name} ".encode() + payload.pattern(1000)
                try:
                    answer = await call(request, timeout=PATIENCE_S, wait_for_ready=True)
                except grpc.aio.AioRpcError as error:
                    self.failed(exchange, error, False)
                    await self.pause(FAILED_PAUSE_S)
                    continue
                self.book.close(exchange, "ok" if answer == request else "wrong")
                self.book.works(visitor)
                await self.pause(MESSAGE_PAUSE_S)

    async def stream(self, door, visitor):
        """Numbered messages over a stream of gRPC that goes on until something ends it."""
        async with self.channel(door) as channel:
            call = channel.stream_stream("/soak.Echo/Chat")
            while not self.stopping.is_set():
                exchange, number = Exchange("gRPC stream", door.name, self.book.name()), 0
                talk = call(wait_for_ready=True)
                try:
                    while not self.stopping.is_set():
                        message = f"{exchange.name}.{number} hello".encode()
                        answer = await asyncio.wait_for(self.say(talk, message), PATIENCE_S)
                        if answer is grpc.aio.EOF:
                            break
                        if answer != message:
                            raise ValueError(f"{answer!r} for message {number}")
                        number += 1
                        self.book.messages["gRPC stream"] += 1
                        self.book.works(visitor)
                        await self.pause(MESSAGE_PAUSE_S)
                    await self.finish_stream(talk, exchange, number)
                except grpc.aio.AioRpcError as error:
                    self.failed(exchange, error, number > 0)
                except (TimeoutError, ValueError) as error:
                    talk.cancel()
                    outcome = "wrong" if isinstance(error, ValueError) else "hung"
                    self.book.close(exchange, outcome, str(error) or f"message {number} does not come back")
                await self.pause(FAILED_PAUSE_S)

    @staticmethod
    async def say(talk, message):
        try:
            await talk.write(message)
        except asyncio.InvalidStateError:
            # The stream is over already; reading tells how.
            pass
        return await talk.read()

    async def finish_stream(self, talk, exchange, number):
        """Either the visitor ends the stream, or it ended in good order though nobody asked for it."""
        asked = self.stopping.is_set() and not talk.done()
        if asked:
            await talk.done_writing()
            await asyncio.wait_for(talk.read(), PATIENCE_S)
        code = await talk.code()
        if code is not grpc.StatusCode.OK:
            self.book.close(exchange, "cut" if number else "status", f"{code.name}: {await talk.details()}")
        else:
            self.book.close(exchange, "ok" if asked else "truncated", f"after {number} messages")


def outcome_known(outcome):
    return outcome != "ok"


def title(page):
    """A few words of an error page."""
    return " ".join(page.decode("utf-8", "replace").split())[:160]
