"""Several sidecars on one database: what must happen once is done by one of them, and by another when that one is gone."""

import signal

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import Router
from conftest import SidecarMaker

LEADING = "leading: what must happen once happens here"
STANDBY = "standby: another sidecar leads"


def publish(database: Database, number: int) -> None:
    database.execute(f"select wamp.publish('test.news', '[{number}]')")


def leader(database: Database) -> int:
    """The backend that holds the leader's lock; 0 if nobody does."""
    rows = database.rows("select pid from wamp.leader where pid in (select pid from pg_locks where locktype = 'advisory')")
    pid: int = rows[0][0] if rows else 0
    return pid


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_handed_over(make_sidecar: SidecarMaker, router: Router, installed: Database, end: signal.Signals) -> None:
    """The second leads as soon as the first is gone; events, notifications and single procedures go on there."""
    sections = {
        "procedures": {"test.who": {"sql": "select pg_backend_pid()"}}, "notifications": {"news": {"publish": "test.notified"}}}
    first = make_sidecar(router.url("rawsocket"), installed.url, **sections)
    first.start()
    first.wait_for(LEADING)
    second = make_sidecar(router.url("rawsocket"), installed.url, **sections)
    second.start()
    second.wait_for(STANDBY)
    assert not second.entries(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        notified = await peer.subscribe("test.notified")
        publish(installed, 1)
        await inbox.first(1)
        installed.execute("select pg_notify('news', '1')")
        await notified.first(1)
        first.send(end)
        first.wait()
        publish(installed, 2)
        second.wait_for(LEADING)
        assert [event.args for event in await inbox.first(2)] == [[1], [2]]
        await until(lambda: installed.value("select count(*) from pg_stat_activity where query ilike '%listen%' and application_name like '%listener'") == 1, "one listener is left")
        installed.execute("select pg_notify('news', '2')")
        await until(lambda: [event.args for event in notified.events] == [[1], [2]], "each notification is relayed once")
        assert (await peer.call_when_there("test.who")).value
        if end == signal.SIGTERM:
            assert len(inbox.events) == 2, "what was acknowledged is not published again"


@pytest.mark.timeout(120)
async def test_frozen(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """A leader that is there and does nothing loses its session within 20 s; publishers don't notice. When it wakes up it stands by."""
    first = make_sidecar(router.url("rawsocket"), installed.url)
    first.start()
    first.wait_for(LEADING)
    second = make_sidecar(router.url("rawsocket"), installed.url)
    second.start()
    second.wait_for(STANDBY)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        first.send(signal.SIGSTOP)
        try:
            publish(installed, 1)
            second.wait_for(LEADING, 40)
            second.wait_for("the leader gave no sign of life; its session was ended")
            assert (await inbox.first(1))[0].args == [1]
        finally:
            first.send(signal.SIGCONT)
        first.wait_for(STANDBY, 40)
        publish(installed, 2)
        assert [event.args for event in await inbox.first(2)] == [[1], [2]]


async def test_without_router(make_sidecar: SidecarMaker, router: Router, mortal_router: Router, installed: Database) -> None:
    """Who has no router lets go, and stands by when the router is back."""
    first = make_sidecar(mortal_router.url("rawsocket"), installed.url)
    first.start()
    first.wait_for(LEADING)
    second = make_sidecar(router.url("rawsocket"), installed.url)
    second.start()
    second.wait_for(STANDBY)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        mortal_router.kill()
        publish(installed, 1)
        assert (await inbox.first(1, 40))[0].args == [1]
    mortal_router.start()
    first.wait_for(STANDBY, 60)


async def test_session_lost(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """The leader's session is ended by an administrator: it leads again, by another."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start()
    sidecar.wait_for(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for round in range(1, 4):
            await until(lambda: leader(installed), "somebody leads")
            pid = leader(installed)
            installed.execute(f"select pg_terminate_backend({pid})")
            publish(installed, round)
            sidecar.wait_for(LEADING, count=round + 1)
            await inbox.first(round)
    assert sorted({event.args[0] for event in inbox.events}) == [1, 2, 3]
