"""`/ready` watches movement: it is red as long as work does not flow, says why, and is green again when it does."""

import asyncio
import signal
import ssl
import subprocess
from collections.abc import Callable
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
            answer = await ready(admin, "stuck", is_red("outbox: work waits, and none of it is done"))
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
