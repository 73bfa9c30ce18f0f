"""The admin port: what it answers, whom, and that nobody keeps others from it."""

import asyncio
import os
import resource
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.admin import Admin
from actors.certificates import Certificates
from actors.cluster import Database
from actors.deadline import free_port, until, wait_until
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY, READY, Sidecar, run
from conftest import SidecarMaker

LISTENS = "the admin port listens"
NOWHERE = {"router": {"url": "rs://127.0.0.1:1", "realm": "realm1"}, "database": {"url": "host=/nonexistent"}}


@pytest.fixture
def alone() -> Iterator[Sidecar]:
    """A sidecar without a router and a database, not yet started."""
    sidecar = Sidecar(dict(NOWHERE))
    yield sidecar
    sidecar.remove()


def is_down(admin: Admin) -> bool:
    """Whether it answers for a sidecar whose sides are both down."""
    lines = admin.ready().lines
    return (len(lines) == 2 and lines[0].startswith("router: no session")
            and lines[1].startswith("database: no connection"))


def start(sidecar: Sidecar, **section: object) -> Admin:
    """With this section `admin`."""
    port = free_port()
    sidecar.configuration["admin"] = {"listen": f"127.0.0.1:{port}", **section}
    sidecar.start(until=LISTENS)
    return Admin(port)


def exchange(port: int, *octets: bytes) -> bytes:
    """All that the port sends, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        for piece in octets:
            connection.sendall(piece)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


async def test_ready_follows_what_happens(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    port = free_port()
    sidecar = make_sidecar(router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"})
    await sidecar.started()
    admin = Admin(port)
    answer = await asyncio.to_thread(admin.wait_for, "ready")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Retry-After"] is None
    assert (await asyncio.to_thread(admin.get, "/live")).text == "ok\n"
    json = await asyncio.to_thread(admin.get, "/ready", accept="application/json")
    assert json.headers["Content-Type"] == "application/json"
    assert json.json() == {"ready": True, "state": "ready", "reasons": [], "faults": []}


async def test_faults_are_yellow(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    port = free_port()
    sidecar = make_sidecar(router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.gone": "public.gone"})
    await sidecar.started(until=FAULTY)
    admin = Admin(port)
    answer = await asyncio.to_thread(admin.ready)
    assert answer.status == 200 and answer.lines[0] == "ready with faults"
    assert answer.lines[1].startswith("procedure 'test.gone': ") and len(answer.lines) == 2
    answer = await asyncio.to_thread(admin.ready, "?faults=red")
    assert answer.status == 503 and answer.headers["Retry-After"] == "1"
    database.execute("create function public.gone() returns integer language sql as 'select 1'")
    await asyncio.to_thread(admin.wait_for, "ready")
    assert (await asyncio.to_thread(admin.ready, "?faults=red")).status == 200


def test_nothing_works_and_it_answers(alone: Sidecar) -> None:
    admin = start(alone)
    assert is_down(admin)
    answer = wait_until(lambda: next((answer for answer in [admin.ready()] if "next try in" in answer.text), None),
                        "the reason is known", 30)
    assert answer.status == 503 and answer.lines[0].startswith("router: no session: ")
    assert answer.headers["Retry-After"] == "1" and answer.headers["Cache-Control"] == "no-store"
    assert admin.get("/live").status == 200
    head = admin.get("/live", method="HEAD")
    assert (head.status, head.text, head.headers["Content-Length"]) == (200, "", "3")


def test_what_is_not_there_or_not_allowed(alone: Sidecar) -> None:
    admin = start(alone, pages=["health"])
    assert admin.get("/nothing").status == 404
    assert admin.get("/status").status == 404
    refused = admin.get("/live", method="POST")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert admin.get("/live", host="rebound.example.com").status == 421
    assert isinstance(admin.address, int)
    for request, status in [
        (b"rubbish\r\n\r\n", b"400"), (b"GET /live HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", b"413"),
        (b"GET /" + b"x" * 9000, b"414"),
        (b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000, b"431"),
    ]:
        answer = exchange(admin.address, request)
        assert answer.startswith(b"HTTP/1.1 " + status), (request[:40], answer)
        assert b"\r\nConnection: close\r\n" in answer


def test_a_unix_socket(alone: Sidecar) -> None:
    path = alone.folder / "admin.sock"
    alone.configuration["admin"] = {"listen": f"unix:{path}"}
    alone.start(until=LISTENS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert is_down(Admin(str(path)))
    alone.stop()
    assert not path.exists()


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.remove()


def test_tls(alone: Sidecar, certificates: Certificates) -> None:
    port = free_port()
    alone.configuration["admin"] = {
        "listen": f"127.0.0.1:{port}",
        "tls": {"certificate_file": certificates.path("server.pem"), "key_file": certificates.path("server.key")}}
    alone.start(until=LISTENS)
    trust = ssl.create_default_context(cafile=certificates.authority)
    assert is_down(Admin(port, tls=trust))
    with pytest.raises(ssl.SSLCertVerificationError):
        Admin(port, tls=ssl.create_default_context()).ready()
    # Whoever does not speak it gets nothing.
    assert not exchange(port, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP")
    assert Admin(port, tls=trust).get("/live").status == 200


def test_a_taken_port_is_tried_again(alone: Sidecar) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        alone.configuration["admin"] = {"listen": f"127.0.0.1:{port}"}
        alone.start(until="the admin port can't listen")
        result = run("check", "--connect", "--config", alone.file)
        said = result.stdout + result.stderr
        assert f"admin: can't listen at 127.0.0.1:{port}: another process listens there" in said
    alone.wait_for(LISTENS, 60)
    assert Admin(port).get("/live").status == 200


def test_clients_that_hold_connections_keep_nobody_out(alone: Sidecar) -> None:
    admin = start(alone)
    assert isinstance(admin.address, int)
    held = [socket.create_connection(("127.0.0.1", admin.address), 30) for _ in range(100)]
    try:
        for connection in held[::2]:
            connection.sendall(b"GET /live HT")
        assert admin.get("/live").status == 200
        wait_until(lambda: alone.descriptors() < 100, "most of them are closed")
    finally:
        for connection in held:
            connection.close()


def test_a_slow_request_ends(alone: Sidecar) -> None:
    admin = start(alone)
    assert isinstance(admin.address, int)
    assert exchange(admin.address, b"GET /live HTTP/1.1\r\nHost: local") == b""


def test_junk_has_no_effect(alone: Sidecar) -> None:
    admin = start(alone)
    assert isinstance(admin.address, int)
    before = alone.descriptors()
    for number in range(300):
        junk = [os.urandom(200), b"\x16\x03\x01" + os.urandom(60), b"GET / HTTP/1.1\r\n" * 3, b""][number % 4]
        with socket.create_connection(("127.0.0.1", admin.address), 30) as connection:
            connection.sendall(junk)
    assert admin.get("/live").status == 200
    wait_until(lambda: alone.descriptors() <= before + 1, "nothing is left of it")


def test_it_answers_without_a_descriptor(alone: Sidecar) -> None:
    """The reserve is used, and taken back."""
    admin = start(alone)
    limits = resource.prlimit(alone.pid, resource.RLIMIT_NOFILE)
    taken = {int(name.name) for name in Path(f"/proc/{alone.pid}/fd").iterdir()}
    # The limit is of numbers: the first that is free is none.
    lowest = next(number for number in range(len(taken) + 1) if number not in taken)
    resource.prlimit(alone.pid, resource.RLIMIT_NOFILE, (lowest, limits[1]))
    held = []
    try:
        for _ in range(3):
            assert admin.get("/live").status == 200
        # Others hold what there is: whoever has been silent for longest gives way.
        assert isinstance(admin.address, int)
        held = [socket.create_connection(("127.0.0.1", admin.address), 30) for _ in range(10)]
        for _ in range(3):
            assert admin.get("/live").status == 200
    finally:
        for connection in held:
            connection.close()
        resource.prlimit(alone.pid, resource.RLIMIT_NOFILE, limits)


async def test_it_can_be_seen_that_it_stops(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A call that runs lasts until the sidecar has been asked."""
    port = free_port()
    database.execute("create function public.held() returns void language sql as 'select pg_advisory_lock_shared(7)'")
    sidecar = make_sidecar(router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.held": "public.held"}, shutdown_timeout="60s")
    await sidecar.started()
    assert sidecar.entries(READY)
    admin = Admin(port)

    with database.connect() as blocker:
        blocker.execute("select pg_advisory_lock(7)")
        async with joined(router) as caller:
            call = asyncio.ensure_future(caller.call("test.held"))
            await until(lambda: database.value("select count(*) from pg_locks where not granted") > 0, "it runs")
            sidecar.send(15)
            await asyncio.to_thread(sidecar.wait_for, "stopping")
            answer = await asyncio.to_thread(admin.ready)
            assert answer.status == 503 and "sidecar: the process stops" in answer.lines
            blocker.execute("select pg_advisory_unlock(7)")
            await call
    assert await sidecar.stopped_by_itself(60) == 0
