"""TLS in front of a plain port: for versions and endings that no router produces on demand."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .certificates import Certificates


class TLSFront:
    """Decrypts what arrives, and forwards it to a port of the loopback address."""

    def __init__(self, target: int, piece: int, onward: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.onward = onward
        self.piece = piece
        self.port = 0
        self.versions: list[str | None] = []
        self.clients: list[asyncio.StreamWriter] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.versions.append(writer.get_extra_info("ssl_object").version())
        self.clients.append(writer)
        server_reader, server_writer = await asyncio.open_connection(
            "127.0.0.1", self.target, ssl=self.onward)
        await asyncio.gather(
            # Crossbar.io distinguishes the protocols on one port by the first segment.
            self._pump(reader, server_writer, 1 << 16), self._pump(server_reader, writer, self.piece),
            return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, piece: int) -> None:
        try:
            while data := await reader.read(1 << 16):
                # A record for each piece.
                for start in range(0, len(data), piece):
                    writer.write(data[start:start + piece])
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        """Ends all connections below TLS, without ending TLS."""
        for writer in self.clients:
            writer.transport.get_extra_info("socket").shutdown(2)


@asynccontextmanager
async def tls_between(target: int, certificates: Certificates) -> AsyncIterator[int]:
    """The port of a man in the middle, who decrypts what arrives, and encrypts it again for the real end."""
    onward = ssl.create_default_context(cafile=certificates.authority)
    onward.check_hostname = False
    async with tls_front(target, certificates, onward=onward) as front:
        yield front.port


@asynccontextmanager
async def tls_front(target: int, certificates: Certificates, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
                    piece: int = 1 << 16, onward: ssl.SSLContext | None = None) -> AsyncIterator[TLSFront]:
    """A front that speaks only that version, with records of at most `piece` octets of text; it forwards with TLS if it
    gets a context for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("server.pem"), certificates.path("server.key"))
    context.minimum_version = context.maximum_version = version
    front = TLSFront(target, piece, onward)
    server = await asyncio.start_server(front.accept, "127.0.0.1", 0, ssl=context)
    front.port = server.sockets[0].getsockname()[1]
    try:
        yield front
    finally:
        server.close()
        for writer in front.clients:
            writer.transport.abort()
