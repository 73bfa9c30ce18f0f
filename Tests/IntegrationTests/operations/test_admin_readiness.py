"""`/ready` watches movement: it is red as long as work does not flow, says why, and is green again when it does."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from actors.admin import Admin, Answer
from actors.cluster import Database
from actors.deadline import free_port, moment, until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY, Sidecar
from conftest import SidecarMaker

LISTENS = "the admin port listens"


def watched(make_sidecar: SidecarMaker, router: Router, database: Database, *, stuck_after: str = "60s",
            **sections: Any) -> tuple[Sidecar, Admin]:
    """A sidecar with an admin port, not yet started."""
    port = free_port()
    section = {"listen": f"127.0.0.1:{port}", "stuck_after": stuck_after}
    return make_sidecar(router.url("rawsocket"), database.url, admin=section, **sections), Admin(port)


def self_signed(folder: Path, days: int) -> dict[str, str]:
    """A certificate of `localhost` for so many days, and its key; they replace those that are there."""
    files = {"certificate_file": str(folder / "admin.pem"), "key_file": str(folder / "admin.key")}
    if not Path(files["key_file"]).exists():
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", files["key_file"]],
                       check=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-key", files["key_file"], "-subj", "/CN=localhost", "-days", str(days), "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files["certificate_file"]], check=True)
    return files


async def ready(admin: Admin, what: str, condition: Callable[[Answer], bool]) -> Answer:
    """The answer of `/ready` as soon as it is such."""
    async def attempt() -> Answer | None:
        answer = await asyncio.to_thread(admin.ready)
        return answer if condition(answer) else None

    answer: Answer = await until(attempt, f"/ready says {what}", 60)
    return answer


def is_red(start: str) -> Callable[[Answer], bool]:
    """503, and a line that begins so."""
    return lambda answer: answer.status == 503 and any(line.startswith(start) for line in answer.lines)


def is_green(answer: Answer) -> bool:
    return answer.status == 200 and answer.lines == ["ready"]


async def test_the_router_is_killed(make_sidecar: SidecarMaker, mortal_router: Router, installed: Database) -> None:
    sidecar, admin = watched(make_sidecar, mortal_router, installed)
    await sidecar.started()
    await ready(admin, "ready", is_green)
    mortal_router.kill()
    answer = await ready(admin, "when it is tried again", lambda answer: "next try in" in answer.text)
    assert is_red("router: no session: ")(answer), answer.text
    await asyncio.to_thread(mortal_router.start)
    await ready(admin, "ready", is_green)


async def test_the_database_is_killed(make_sidecar: SidecarMaker, router: Router,
                                      mortal_database: InstalledDatabase) -> None:
    sidecar, admin = watched(make_sidecar, router, mortal_database)
    await sidecar.started()
    await ready(admin, "ready", is_green)
    mortal_database.cluster.kill()
    await ready(admin, "no connection", is_red("database: no connection: "))
    assert (await asyncio.to_thread(admin.get, "/live")).status == 200
    await asyncio.to_thread(mortal_database.cluster.start)
    await ready(admin, "ready", is_green)


async def test_the_router_is_stopped(make_sidecar: SidecarMaker, mortal_router: Router, installed: Database) -> None:
    """It says nothing, and its connection stays open."""
    sidecar, admin = watched(make_sidecar, mortal_router, installed)
    await sidecar.started()
    await ready(admin, "ready", is_green)
    mortal_router.pause()
    await ready(admin, "red", is_red("router: no session: "))
    mortal_router.resume()
    await ready(admin, "ready", is_green)


async def test_the_database_is_stopped(make_sidecar: SidecarMaker, router: Router,
                                       mortal_database: InstalledDatabase) -> None:
    """All of its processes are; the kernel goes on to answer for them. The session for leading notices it first."""
    sidecar, admin = watched(make_sidecar, router, mortal_database)
    await sidecar.started()
    await ready(admin, "ready", is_green)
    mortal_database.cluster.pause()
    await ready(admin, "red", is_red("leadership: the leading sidecar is not known"))
    mortal_database.cluster.resume()
    await ready(admin, "ready", is_green)


async def test_few_descriptors(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """With 40 in all, clients that hold as many connections to the admin port stop neither calls nor the port."""
    port = free_port()
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, admin={"listen": f"127.0.0.1:{port}"},
        database={"url": installed.url, "connections": 2}, procedures={"test.one": {"sql": "select 1 as n"}},
        behind=["prlimit", "--nofile=40:40"])
    await sidecar.started()
    admin = Admin(port)
    held = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(40)]
    try:
        async with joined(router) as peer:
            for _ in range(3):
                await ready(admin, "ready", is_green)
                assert (await peer.call("test.one")).value == [{"n": 1}]
    finally:
        for connection in held:
            connection.close()


def junk(port: int, count: int) -> None:
    """Clients that send what is no request, and close."""
    pieces = [os.urandom(200), b"\x16\x03\x01" + os.urandom(60), b"GET / HTTP/1.1\r\n" * 3, b""]
    for number in range(count):
        # One that the port refuses may see a reset.
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.sendall(pieces[number % len(pieces)])


async def test_calls_go_on_beside_junk(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """10,000 clients send junk, and as many as the port holds send their requests octet by octet: each call is
    answered."""
    sidecar, admin = watched(make_sidecar, router, installed, procedures={"test.one": {"sql": "select 1 as n"}})
    await sidecar.started()
    assert isinstance(admin.address, int)
    slow = [socket.create_connection(("127.0.0.1", admin.address), 30) for _ in range(32)]
    try:
        async with joined(router) as peer:
            work = asyncio.create_task(asyncio.to_thread(junk, admin.address, 10_000))
            calls = 0
            while not work.done():
                for number, connection in enumerate(slow):
                    with suppress(OSError):
                        connection.send(b"GET /live HTTP/1.1\r\n"[calls % 20:calls % 20 + 1] if number % 2 else b"x")
                assert (await peer.call("test.one")).value == [{"n": 1}]
                calls += 1
            await work
            assert calls > 0
    finally:
        for connection in slow:
            connection.close()
    await ready(admin, "ready", is_green)


async def test_the_outbox_is_locked(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """It is a fault at once, and red once it has lasted; the event arrives when the lock is gone."""
    sidecar, admin = watched(make_sidecar, router, installed, stuck_after="3s")
    await sidecar.started()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        with installed.connect() as blocker:
            blocker.autocommit = False
            blocker.execute("lock table wamp.outbox in access exclusive mode")
            blocker.execute("select wamp.publish('test.news', '[1]')")
            answer = await ready(admin, "stuck", is_red("outbox: events wait in the outbox"))
            assert len(answer.lines) == 1, answer.text
            blocker.commit()
        assert (await inbox.first(1))[0].args == [1]
        await ready(admin, "ready", is_green)


async def test_the_loop_was_late(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    sidecar, admin = watched(make_sidecar, router, installed)
    await sidecar.started()
    await ready(admin, "ready", is_green)
    sidecar.send(signal.SIGSTOP)
    # The time is what it is about.
    await moment(3)
    sidecar.send(signal.SIGCONT)
    await ready(admin, "late", is_red("event loop: late by more than a second"))
    await ready(admin, "ready", is_green)


async def test_who_stands_by_is_ready(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    first, admin = watched(make_sidecar, router, installed)
    await first.started()
    await ready(admin, "ready", is_green)
    second, other = watched(make_sidecar, router, installed)
    await second.started(until=LISTENS)
    await ready(other, "standby", lambda answer: answer.status == 200 and answer.lines == ["standby"])
    assert await first.stopped() == 0
    await ready(other, "ready", is_green)


async def test_the_listener_is_terminated(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """It hears again, and says so."""
    sidecar, admin = watched(make_sidecar, router, installed, notifications={"news": {"publish": "test.news"}})
    await sidecar.started()
    await ready(admin, "ready", is_green)
    installed.execute("select pg_terminate_backend(pid) from pg_stat_activity "
                      "where application_name = 'wamp-sidecar listener' and datname = current_database()")
    entry = await asyncio.to_thread(sidecar.wait_for, "not ready", 30)
    assert "not listening for notifications" in entry["reason"]
    await ready(admin, "ready", is_green)


async def test_a_certificate_that_ends_soon(make_sidecar: SidecarMaker, router: Router, database: Database,
                                            tmp_path: Path) -> None:
    port = free_port()
    sidecar = make_sidecar(router.url("rawsocket"), database.url,
                           admin={"listen": f"127.0.0.1:{port}", "tls": self_signed(tmp_path, 13)})
    await sidecar.started(FAULTY)
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    admin = Admin(port, tls=trust)

    def is_named(answer: Answer) -> bool:
        faults = answer.lines[1:]
        return answer.lines[0] == "ready with faults" and len(faults) == 1 and faults[0].startswith(
            "certificate of admin.tls.certificate_file: it ends on 20") and faults[0].endswith(" UTC; renew it")

    await ready(admin, "that it ends soon", is_named)
    self_signed(tmp_path, 15)
    await ready(admin, "ready", is_green)
