"""A TCP proxy in front of PostgreSQL or a router that can black-hole the connections it carries."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104


@dataclass
class Link:
    """One connection through the proxy."""

    name: str
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    open: bool = True

    def hold(self) -> None:
        """From now on nothing gets through, in either direction, and neither end gets an error."""
        self.flowing.clear()

    def cut(self) -> None:
        """Resets both ends."""
        for writer in (self.client, self.server):
            writer.transport.abort()
        self.flowing.set()
        self.open = False


class Proxy:
    """Forwards to one port of the loopback address."""

    def __init__(self, target: int, speaks_postgres: bool) -> None:
        self.target = target
        self.speaks_postgres = speaks_postgres
        self.links: list[Link] = []
        self.hold_new: Callable[[str], bool] = lambda name: False
        self.port = 0

    def of(self, name: str) -> list[Link]:
        """The open connections whose `application_name` contains `name`."""
        return [link for link in self.links if link.open and name in link.name]

    async def _startup(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, bytes]:
        """PostgreSQL's startup packet and the `application_name` in it; requests for encryption are declined."""
        while True:
            head = await reader.readexactly(8)
            length, code = struct.unpack("!II", head)
            body = await reader.readexactly(length - 8)
            if code in (SSL_REQUEST, GSS_REQUEST):
                writer.write(b"N")
                continue
            fields = body.split(b"\0")
            parameters = dict(zip(fields[0::2], fields[1::2]))
            return parameters.get(b"application_name", b"").decode(), head + body

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            name, opening = await self._startup(reader, writer) if self.speaks_postgres else ("", b"")
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        server_writer.write(opening)
        link = Link(name, writer, server_writer)
        if not self.hold_new(name):
            link.flowing.set()
        self.links.append(link)
        await asyncio.gather(
            self._pump(link, reader, server_writer), self._pump(link, server_reader, writer), return_exceptions=True
        )
        link.open = False

    async def _pump(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await link.flowing.wait()
                writer.write(data)
                await writer.drain()
            await link.flowing.wait()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def proxied(target: int, speaks_postgres: bool = True,
                  listener: socket.socket | None = None) -> AsyncIterator[Proxy]:
    """A proxy on a free port of the loopback address, or on a socket that listens already."""
    proxy = Proxy(target, speaks_postgres)
    server = await asyncio.start_server(proxy._accept, sock=listener or socket.create_server(("127.0.0.1", 0)))
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for link in proxy.links:
            link.cut()
