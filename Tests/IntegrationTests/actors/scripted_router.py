"""A router's end of RawSocket or WebSocket that does what no sane router does, because the test says so."""

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import cbor2
import msgpack

#: By RawSocket's numbers: how a message is written and read.
SERIALIZERS: dict[int, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    1: (lambda message: json.dumps(message).encode(), json.loads),
    2: (msgpack.packb, msgpack.unpackb),
    3: (cbor2.dumps, cbor2.loads),
}

HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = 16, 17, 32, 33, 34, 35, 36
CALL, RESULT, REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = 48, 50, 64, 65, 66, 67
INVOCATION, INTERRUPT, YIELD = 68, 69, 70
#: Not a WAMP message: `receive` returns it for the answer to `ping`.
PONG = -1

FEATURES = {
    "broker": {"features": {}},
    "dealer": {"features": {
        "call_canceling": True, "registration_revocation": True, "shared_registration": True,
        "progressive_call_results": True}},
}


class Connection:
    """One connection of the sidecar over RawSocket."""

    def __init__(self, router: "ScriptedRouter", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.router = router
        self.reader = reader
        self.writer = writer
        self.messages: list[list[Any]] = []
        self.registrations: dict[str, int] = {}
        self.answers: dict[int, asyncio.Future[list[Any]]] = {}
        self.next_invocation = 1
        self.serializer = 1
        #: The receivers of progressive results; these results are not kept in `messages`.
        self.progress: dict[int, Callable[[list[Any]], None]] = {}

    async def handshake(self, limit: int = 0xF) -> None:
        """Accepts whichever serializer is asked for."""
        opening = await self.reader.readexactly(4)
        self.serializer = opening[1] & 0xF
        assert opening[0] == 0x7F and self.serializer in SERIALIZERS, opening
        self.writer.write(bytes([0x7F, (limit << 4) | self.serializer, 0, 0]))

    async def receive(self) -> list[Any]:
        """The next message, or `[PONG, body]`; PING is answered."""
        while True:
            head = await self.reader.readexactly(4)
            body = await self.reader.readexactly(int.from_bytes(head[1:], "big"))
            if head[0] == 1:
                self.writer.write(bytes([2]) + head[1:] + body)
                continue
            if head[0] == 2:
                return [PONG, body]
            message: list[Any] = SERIALIZERS[self.serializer][1](body)
            if not self._is_progress(message):
                self.messages.append(message)
            return message

    def _is_progress(self, message: list[Any]) -> bool:
        return message[0] == YIELD and message[2].get("progress") is True and message[1] in self.progress

    def send(self, *message: Any) -> None:
        self.send_frame(SERIALIZERS[self.serializer][0](message))

    def send_frame(self, body: bytes, kind: int = 0) -> None:
        self.writer.write(bytes([kind]) + len(body).to_bytes(3, "big") + body)

    def ping(self, body: bytes) -> None:
        """Its answer follows everything that the sidecar sent before."""
        self.send_frame(body, 1)

    def send_half_a_frame(self) -> None:
        """The beginning of an INVOCATION."""
        self.writer.write(b"\x00\x00\x10\x00[68,1")

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()

    def answer(self, message: list[Any]) -> None:
        """A sane router's answer to one message."""
        code = message[0]
        if code == HELLO:
            self.send(WELCOME, 4711, {"roles": FEATURES, "agent": "scripted", "realm": message[1]})
        elif code == REGISTER:
            registration = 100 + len(self.registrations)
            self.registrations[message[3]] = registration
            self.send(REGISTERED, message[1], registration)
        elif code == UNREGISTER:
            self.send(UNREGISTERED, message[1])
        elif code == SUBSCRIBE:
            self.send(SUBSCRIBED, message[1], 200)
        elif code == PUBLISH and message[2].get("acknowledge"):
            self.send(PUBLISHED, message[1], 300)
        elif code == CALL:
            self.send(RESULT, message[1], {}, [1])
        elif code == GOODBYE:
            self.send(GOODBYE, {}, "wamp.close.goodbye_and_out")
        elif self._is_progress(message):
            self.progress[message[1]](message[3])
        elif code in (YIELD, ERROR):
            request = message[1] if code == YIELD else message[2]
            waiting = self.answers.pop(request, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def serve(self) -> None:
        """Behaves like a sane router from here on."""
        while True:
            self.answer(await self.receive())

    async def serve_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.answer(await self.receive())

    def invoke(self, procedure: str, *args: Any, **kwargs: Any) -> "tuple[int, asyncio.Future[list[Any]]]":
        """Sends an INVOCATION; returns its request id, and a future of the YIELD or ERROR."""
        return self._invoke(procedure, {}, args, kwargs)

    def stream(self, procedure: str, received: Callable[[list[Any]], None], *args: Any,
               **details: Any) -> "tuple[int, asyncio.Future[list[Any]]]":
        """The same for a caller that accepts progressive results: `received` is called with the arguments of each."""
        self.progress[self.next_invocation] = received
        return self._invoke(procedure, {"receive_progress": True, **details}, args, {})

    def _invoke(self, procedure: str, details: dict[str, Any], args: tuple[Any, ...],
                kwargs: dict[str, Any]) -> "tuple[int, asyncio.Future[list[Any]]]":
        request = self.next_invocation
        self.next_invocation += 1
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self.answers[request] = answer
        self.send(INVOCATION, request, self.registrations[procedure], details, list(args), kwargs)
        return request, answer


class WebSocketConnection(Connection):
    """The same over WebSocket, as far as a scripted router needs it."""

    async def handshake(self, limit: int = 0xF) -> None:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        assert "wamp.2.json" in headers["sec-websocket-protocol"], headers
        self.writer.write(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n").encode())

    async def receive(self) -> list[Any]:
        """The next message, or `[PONG, body]`; a ping is answered, a close frame is the end."""
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            mask = await self.reader.readexactly(4)
            masked = await self.reader.readexactly(length)
            whole = (mask * (length // 4 + 1))[:length]
            body = (int.from_bytes(masked, "big") ^ int.from_bytes(whole, "big")).to_bytes(length, "big")
            if first & 0xF == 8:
                raise asyncio.IncompleteReadError(b"", None)
            if first & 0xF == 9:
                self.send_frame(body, 10)
                continue
            if first & 0xF == 10:
                return [PONG, body]
            message: list[Any] = json.loads(body)
            self.messages.append(message)
            return message

    def send_frame(self, body: bytes, kind: int = 1) -> None:
        """One frame of the kind: 1 is text, 9 a ping."""
        size = len(body)
        length = bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ",
            127, size)
        self.writer.write(bytes([0x80 | kind]) + length + body)

    def ping(self, body: bytes) -> None:
        self.send_frame(body, 9)

    def send_half_a_frame(self) -> None:
        self.writer.write(b"\x81\x7e\x10\x00[68,1")


CONNECTIONS: dict[str, type[Connection]] = {"rawsocket": Connection, "websocket": WebSocketConnection}

Script = Callable[[Connection], Awaitable[None]]


class ScriptedRouter:
    """Runs one script per connection: all later connections use the last one."""

    def __init__(self, scripts: list[Script], transport: str) -> None:
        self.scripts = scripts
        self.transport = transport
        self.connections: list[Connection] = []
        self.failures: list[BaseException] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"rs://127.0.0.1:{self.port}" if self.transport == "rawsocket" else f"ws://127.0.0.1:{self.port}/ws"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = CONNECTIONS[self.transport](self, reader, writer)
        script = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
        self.connections.append(connection)
        try:
            await script(connection)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # an error in a script fails the test, not the sidecar
            self.failures.append(error)
        finally:
            connection.close()


async def sane(connection: Connection) -> None:
    """The script of a sane router."""
    await connection.handshake()
    await connection.serve()


@asynccontextmanager
async def scripted(*scripts: Script, transport: str = "rawsocket") -> AsyncIterator[ScriptedRouter]:
    """A router that runs those scripts, one for each connection of the sidecar."""
    router = ScriptedRouter(list(scripts), transport)
    server = await asyncio.start_server(router._accept, "127.0.0.1", 0)
    router.port = server.sockets[0].getsockname()[1]
    try:
        yield router
    finally:
        server.close()
        for connection in router.connections:
            connection.reset()
    assert not router.failures, router.failures
