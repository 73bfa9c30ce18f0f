"""Answers of an HTTP server that opens no WebSocket, and the messages to the user; headers of the handshake."""

import asyncio
from pathlib import Path

import pytest
import yaml

from actors.cluster import Database
from actors.http_server import Answer, accept, gateway, http_server, saying
from actors.peer import joined
from actors.router import Router
from actors.sidecar import run
from conftest import SidecarMaker

TOKEN = "gateway-s3cret"
SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#: Far more than an answer's head may have.
FLOOD = 4 << 20


async def told(tmp_path: Path, port: int, **router: object) -> str:
    """What `check --connect` says about the router there; the given database is always down."""
    file = tmp_path / f"{port}.yaml"
    file.write_text(yaml.safe_dump({
        "router": {"url": f"ws://127.0.0.1:{port}/path?token=s3cret", "realm": "realm1"} | router,
        "database": {"url": "postgresql://nobody@127.0.0.1:1/none"},
    }))
    result = await asyncio.to_thread(run, "check", "--connect", "--config", file)
    assert result.returncode == 1
    output = result.stdout + result.stderr
    [line] = [line for line in output.splitlines() if f"router ws://127.0.0.1:{port}/path: " in line]
    assert "s3cret" not in output
    return line


def switching(*headers: str, key: bool = True, then: bytes = b"") -> Answer:
    """101 with the right key, and more headers and octets."""
    async def answer(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepting = (f"Sec-WebSocket-Accept: {accept(request)}",) if key else ()
        writer.write((SWITCHING
            + "".join(f"{header}\r\n" for header in (*accepting, *headers)) + "\r\n").encode() + then)
        await writer.drain()

    return answer


def flooding(beginning: bytes, piece: bytes) -> Answer:
    """Begins, and continues without end, or as long as the client reads."""
    async def answer(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        for _ in range(0, FLOOD, len(piece)):
            writer.write(piece)
            await writer.drain()

    return answer


def bytewise(octets: bytes) -> Answer:
    """One octet in each packet."""
    async def answer(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for octet in octets:
            writer.write(bytes([octet]))
            await writer.drain()

    return answer


async def closing(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


PAGE = b"Content-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"

ANSWERS = {
    "a page": (saying(b"HTTP/1.1 200 OK\r\n" + PAGE), "/path is a web page or something else"),
    "moved": (saying(b"HTTP/1.1 301 M\r\nLocation: ws://x/ws\r\n\r\n"), "the new place is ws://x/ws"),
    "found": (saying(b"HTTP/1.1 302 F\r\nLocation: /login\r\n\r\n"), "the new place is /login"),
    "temporary": (saying(b"HTTP/1.1 307 T\r\nLocation: wss://x/ws\r\n\r\n"), "the new place is wss://x/ws"),
    "permanent": (saying(b"HTTP/1.1 308 P\r\n\r\n"), "redirects are not followed"),
    "bad request": (saying(b"HTTP/1.1 400 Bad Request\r\n" + PAGE), "does not take a WebSocket with wamp.2.json"),
    "login": (saying(b"HTTP/1.1 401 U\r\nWWW-Authenticate: Basic\r\n\r\n"), "give it one by Authorization in"),
    "forbidden": (saying(b"HTTP/1.1 403 Forbidden\r\n" + PAGE), "forbids /path"),
    "not there": (saying(b"HTTP/1.1 404 Not Found\r\n" + PAGE), "there is no WebSocket at /path"),
    "upgrade": (saying(b"HTTP/1.1 426 Upgrade Required\r\n\r\n"), "does not take a WebSocket"),
    "bad gateway": (saying(b"HTTP/1.1 502 Bad Gateway\r\n" + PAGE), "in trouble or still starting"),
    "unavailable": (saying(b"HTTP/1.1 503 Unavailable\r\nRetry-After: 1\r\n\r\n"), "in trouble or still starting"),
    "page without end": (flooding(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096), "is a web page or something else"),
    "chunks without end": (
        flooding(b"HTTP/1.1 404 N\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        "there is no WebSocket at /path"),
    "header without end": (flooding(b"HTTP/1.1 101 S\r\nX: ", b"x" * 4096), "an HTTP header that is too long"),
    "headers without end": (
        flooding(b"HTTP/1.1 101 S\r\n", b"X: %s\r\n" % (b"x" * 4096)), "an HTTP header that is too long"),
    "no key": (switching(key=False), "answered the WebSocket handshake wrongly"),
    "wrong key": (
        switching("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", key=False), "the WebSocket handshake wrongly"),
    "no upgrade": (
        saying(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"), "the WebSocket handshake wrongly"),
    "no subprotocol": (switching(),
        "without a WAMP subprotocol (offered were wamp.2.json, wamp.2.msgpack, wamp.2.cbor)"),
    "wrong subprotocol": (switching("Sec-WebSocket-Protocol: wamp.2.x"),
        "was not offered (wamp.2.x), instead of one of wamp.2.json, "),
    "extension": (
        switching("Sec-WebSocket-Protocol: wamp.2.json", "Sec-WebSocket-Extensions: permessage-deflate"),
        "turned on a WebSocket extension that was not offered"),
    "garbage": (saying(bytes(range(256)) * 16), "something that is not HTTP"),
    "another protocol": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "something that is not HTTP"),
    "an empty answer": (closing, "closed the connection instead of answering the WebSocket handshake"),
    "octet by octet": (bytewise(b"HTTP/1.1 404 Not Found\r\n" + PAGE), "there is no WebSocket at /path"),
    "a frame at once": (
        switching("Sec-WebSocket-Protocol: wamp.2.json", then=b"\x82\x01x"), "sent a binary message where"),
    "text that is none": (
        switching("Sec-WebSocket-Protocol: wamp.2.json", then=b"\x81\x01\xff"),
        "sent a text message that is not UTF-8"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_answer(tmp_path: Path, name: str) -> None:
    answer, expected = ANSWERS[name]
    async with http_server(answer) as server:
        assert expected in await told(tmp_path, server.port)


async def test_deadline(tmp_path: Path) -> None:
    """Answers that never end: of a router, and of a proxy."""
    async def silent(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with (
        http_server(silent) as mute, http_server(saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs")) as slow,
    ):
        *router, proxy = await asyncio.gather(
            told(tmp_path, mute.port), told(tmp_path, slow.port),
            told(tmp_path, 1, proxy=f"http://127.0.0.1:{slow.port}"))
        for line in router:
            assert "did not answer the WebSocket handshake within 10 s" in line
        assert f"the proxy http://127.0.0.1:{slow.port} made no tunnel to 127.0.0.1:1 within 10 s" in proxy


async def test_headers(make_sidecar: SidecarMaker, router: Router, database: Database, tmp_path: Path) -> None:
    """A gateway that admits clients with its token, and forwards everything to the router."""
    database.execute("create function public.one() returns integer language sql as 'select 1'")
    async with http_server(gateway(router.port, f"Authorization: Bearer {TOKEN}")) as server:
        url = f"ws://127.0.0.1:{server.port}/ws"
        headers = {"Authorization": "Bearer ${TOKEN}", "Host": "router.example.com", "X-Tenant": "a, b"}
        sidecar = await make_sidecar(
            url, database.url, environment={"TOKEN": TOKEN}, procedures={"test.one": "public.one"},
            router={"url": url, "realm": "realm1", "auth": {"method": "anonymous"}, "headers": headers}).started()
        async with joined(router) as peer:
            assert (await peer.call("test.one")).value == 1
        assert await sidecar.stopped() == 0
        assert TOKEN not in sidecar.text()
        [request] = server.requests
        for line in ("Host: router.example.com", "X-Tenant: a, b"):
            assert f"\r\n{line}\r\n" in request
        assert request.lower().count("\r\nhost:") == 1
        line = await told(tmp_path, server.port, headers={"Authorization": "Bearer wrong-s3cret"})
        assert "does not take the Authorization of router.headers" in line
