"""`/ready` watches movement: it is red as long as work does not flow, says why, and is green again when it does."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from actors.admin import Admin, Answer
from actors.cluster import Database
from actors.deadline import free_port, moment, until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

LISTENS = "the admin port listens"


def watched(make_sidecar: SidecarMaker, router: Router, database: Database, *, stuck_after: str = "60s",
            **sections: Any) -> tuple[Sidecar, Admin]:
    """A sidecar with an admin port, not yet started."""
    port = free_port()
    section = {"listen": f"127.0.0.1:{port}", "stuck_after": stuck_after}
    return make_sidecar(router.url("rawsocket"), database.url, admin=section, **sections), Admin(port)


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
