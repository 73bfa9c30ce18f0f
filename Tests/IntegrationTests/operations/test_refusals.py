"""Every refusal is reported in the words of the peer that refused, with one sentence of advice."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.certificates import Certificates
from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.http_server import http_server, saying
from actors.scripted_router import (
    ABORT, ERROR, GOODBYE, HELLO, REGISTER, SUBSCRIBE, WELCOME, Connection, Script, scripted,
)
from actors.sidecar import run
from actors.tls_front import tls_front
from conftest import SidecarMaker

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
#: A router's words, and their form in the log: one line, without anything that a terminal obeys.
SAID, SHOWN = "go away\n\x1b[2J", "(go away??[2J)"

#: The reason in ABORT, and the advice.
REASONS = {
    "wamp.error.no_such_realm": "is router.realm right",
    "wamp.error.no_such_role": "that the realm does not know",
    "wamp.error.not_authorized": "look at router.auth: does it offer 'anonymous' here",
    "wamp.error.authentication_failed": "look at router.auth",
    "wamp.error.no_auth_method": "look at router.auth",
    "wamp.error.no_matching_auth_method": "look at router.auth",
    "wamp.error.protocol_violation": "its log may say what it did not like",
    "wamp.close.system_shutdown": "it is shutting down",
    "com.example.full_moon": "look at the router's log",
}


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.remove()


async def findings(tmp_path: Path, name: str, router: dict[str, Any], database: str = NOWHERE) -> str:
    """The findings of `check --connect`."""
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"router": {"realm": "realm1"} | router, "database": {"url": database}}))
    result = await asyncio.to_thread(run, "check", "--connect", "--config", file)
    assert result.returncode == 1, result.stdout
    return result.stdout + result.stderr


async def of_router(tmp_path: Path, port: int, **router: Any) -> str:
    [line] = [line for line in (await findings(tmp_path, f"{port}", router)).splitlines()
        if f"127.0.0.1:{port}" in line]
    return line


def aborting(reason: str, details: dict[str, Any], *payload: Any) -> Script:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.send(ABORT, details, reason, *payload)
        await connection.reader.read()

    return script


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("place", ["message", "error", "argument"])
async def test_login(tmp_path: Path, reason: str, place: str) -> None:
    """Routers have three places for their words."""
    script = aborting(reason, {}, [SAID]) if place == "argument" else aborting(reason, {place: SAID})
    async with scripted(script) as router:
        line = await of_router(tmp_path, router.port, url=router.url)
    assert f"{reason} {SHOWN}; " in line
    assert REASONS[reason] in line


@pytest.mark.parametrize(("method", "other"), [("wamp-scram", "method: scram)"), ("scram", "method: wamp-scram)")])
async def test_scram_under_its_other_name(tmp_path: Path, method: str, other: str) -> None:
    script = aborting("wamp.error.not_authorized", {"message": f'invalid authmethod "{method}"'})
    async with scripted(script) as router:
        line = await of_router(
            tmp_path, router.port, url=router.url, auth={"method": method, "authid": "a", "secret": "b"})
    assert f'(invalid authmethod "{method}")' in line and other in line


async def test_a_long_speech(tmp_path: Path) -> None:
    async with scripted(aborting("wamp.error.no_such_realm", {"message": "x" * 100_000})) as router:
        assert len(await of_router(tmp_path, router.port, url=router.url)) < 1000


@pytest.mark.parametrize(("answer", "words", "advice"), [
    (b"\x7f\x20\0\0", "refused the greatest message length", "the router's limit of a message"),
    (b"\x7f\x30\0\0", "because of reserved bits", "is this the port of a WAMP router?"),
    (b"\x7f\x40\0\0", "it has as many as it takes", "raise its limit"),
    (b"\x7f\x90\0\0", "unknown error 9", "look at the router's log"),
])
async def test_rawsocket(tmp_path: Path, answer: bytes, words: str, advice: str) -> None:
    async def script(connection: Connection) -> None:
        await connection.reader.readexactly(4)
        connection.writer.write(answer)
        await connection.reader.read()

    async with scripted(script) as router:
        line = await of_router(tmp_path, router.port, url=router.url)
    assert words in line and advice in line


@pytest.mark.parametrize(("status", "advice"), [
    ("400 Bad Request", "does not take a WebSocket with wamp.2.json"), ("403 Forbidden", "look at which addresses"),
    ("418 Teapot", "does not take a WebSocket with wamp.2.json"), ("503 Unavailable", "look at its log"),
])
async def test_http(tmp_path: Path, status: str, advice: str) -> None:
    """The first line of the body that came with the status; nothing of a page."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n\r\n".encode()
    for body, shown in ((b"\r\nno\x1b[2J such thing\nmore", "(no?[2J such thing)"), (b"<html>page</html>", "")):
        async with http_server(saying(head + body)) as server:
            line = await of_router(tmp_path, server.port, url=f"ws://127.0.0.1:{server.port}/ws")
        assert shown in line and advice in line
        assert "page" not in line and "more" not in line


async def refusing(connection: Connection) -> None:
    """Joins, and refuses every request."""
    await connection.handshake()
    while True:
        message = await connection.receive()
        if message[0] in (REGISTER, SUBSCRIBE):
            connection.send(ERROR, message[0], message[1], {}, "wamp.error.not_authorized", [SAID])
        else:
            connection.answer(message)


async def test_requests(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute("create function public.taken(n integer) returns void language sql as ''")
    async with scripted(refusing) as router:
        sidecar = make_sidecar(
            router.url, database.url, procedures={"test.taken": "public.taken"},
            subscriptions={"test.topic": "public.taken"}).start(until=None)
        for message, verb in (("procedure not registered", "register it"), ("not subscribed", "subscribe to it")):
            await until(lambda: sidecar.entries(message), message)
            reason = sidecar.entries(message)[0]["reason"]
            assert f"wamp.error.not_authorized {SHOWN}; " in reason and f"authrole to {verb}" in reason


async def test_goodbye(make_sidecar: SidecarMaker, database: Database) -> None:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        connection.answer(await connection.receive())
        connection.send(GOODBYE, {"message": SAID}, "com.example.full_moon")
        await connection.serve()

    async with scripted(script) as router:
        sidecar = make_sidecar(router.url, database.url).start(until=None)
        await until(lambda: sidecar.entries("router lost"), "it says so")
        assert f"com.example.full_moon {SHOWN}; look at the router's log" in sidecar.entries("router lost")[0]["reason"]


async def test_errors_for_what_can_not_fail(make_sidecar: SidecarMaker, database: Database) -> None:
    """Ignored and counted, in a bounded number of lines; the session lives on."""
    count = 1000

    async def script(connection: Connection) -> None:
        await connection.handshake()
        connection.answer(await connection.receive())
        for number in range(count):
            # CANCEL, YIELD, EVENT, and an unknown kind.
            connection.send(ERROR, (49, 70, 36, 99)[number % 4], number + 1, {}, "wamp.error.invalid_argument", ["no"])
        await connection.serve()

    message = "error of the router ignored: it is for no request that can fail"
    async with scripted(script) as router:
        sidecar = make_sidecar(router.url, database.url).start(until=None)

        def counted() -> bool:
            return any(entry.get("total") == count for entry in sidecar.entries(message))

        await until(counted, "all are counted", 60)
        assert len(sidecar.entries(message)) <= 3
        assert not sidecar.entries("router lost") and len(router.connections) == 1


async def test_no_agent(make_sidecar: SidecarMaker, database: Database) -> None:
    """A router that does not name its agent: nothing is invented."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        message = await connection.receive()
        assert message[0] == HELLO
        connection.send(WELCOME, 1, {"roles": {"broker": {}, "dealer": {}}})
        await connection.serve()

    async with scripted(script) as router:
        sidecar = make_sidecar(router.url, database.url).start(until=None)
        await until(lambda: sidecar.entries("router joined"), "it joins")
        [entry] = sidecar.entries("router joined")
        assert "agent" not in entry


@pytest.mark.parametrize(("answer", "words"), [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "write wss:// with its path"),
    (b"", "for a WebSocket port write wss://, for a port without TLS rs://"),
])
async def test_rawsocket_with_tls(tmp_path: Path, certificates: Certificates, answer: bytes, words: str) -> None:
    """The advised URL has TLS too."""
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        async with tls_front(server.sockets[0].getsockname()[1], certificates) as front:
            line = await of_router(tmp_path, front.port, url=f"rss://127.0.0.1:{front.port}", tls={"verify": "none"})
    finally:
        server.close()
    assert words in line
    assert " ws://" not in line


DATABASES: dict[str, tuple[Callable[[str, int], str], str, str]] = {
    "28P01": (
        lambda name, port: f"postgresql://known:wrong@127.0.0.1:{port}/{name}", "password authentication failed",
        "check the password in database.url"),
    "3D000": (
        lambda name, port: f"postgresql://known:right@127.0.0.1:{port}/no_such", 'database "no_such" does not exist',
        "create the database"),
    "08001": (lambda name, port: NOWHERE, "Connection refused", "is PostgreSQL running"),
    "no host": (
        lambda name, port: "postgresql://a@host.invalid/b", "could not translate host name", "correct the host in"),
}


@pytest.mark.parametrize("code", DATABASES)
async def test_database(tmp_path: Path, database: Database, cluster: Cluster, code: str) -> None:
    make_url, words, advice = DATABASES[code]
    database.execute("create role known login password 'right'")
    try:
        output = await findings(tmp_path, "database", {"url": "ws://127.0.0.1:1/ws"},
            make_url(database.name, cluster.port))
    finally:
        database.execute("drop role known")
    [line] = [line for line in output.splitlines() if ": database: " in line]
    assert words in line and f"; {advice}" in line
