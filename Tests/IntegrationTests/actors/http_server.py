"""An HTTP server that sends what a test tells it to, octet by octet."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: Gets the request's head and both directions, and writes the answer.
Answer = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def accept(request: str) -> str:
    """The value of `Sec-WebSocket-Accept` that belongs to a request (RFC 6455 section 4.2.2)."""
    key = re.search(r"\r\nsec-websocket-key: (.*?)\r\n", request, re.IGNORECASE)
    assert key
    return base64.b64encode(hashlib.sha1((key[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


@dataclass
class HTTPServer:
    """One listener on the loopback address. The connection stays open until the client closes it."""

    answer: Answer
    port: int = 0
    requests: list[str] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(request)
            await self.answer(request, reader, writer)
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def http_server(answer: Answer) -> AsyncIterator[HTTPServer]:
    server = HTTPServer(answer)
    listener = await asyncio.start_server(server._serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def saying(octets: bytes) -> Answer:
    """Sends exactly these octets."""
    async def answer(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()

    return answer


def gateway(port: int, wanted: str) -> Answer:
    """Forwards everything to a port of the loopback address, if that line is in the request's head."""
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def answer(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if f"\r\n{wanted}\r\n" not in request:
            writer.write(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
            return
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        behind_writer.write(request.encode())
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer), return_exceptions=True)

    return answer
