"""Several sidecars on one database: what must happen once is done by one of them, and by another when that one
stops."""

import asyncio
import os
import signal
from collections import Counter
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import moment, until
from actors.installation import InstalledDatabase, connect_as, make_role
from actors.peer import Peer, PublishOptions, joined
from actors.proxy import Proxy, proxied
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

LEADING = "leading: this sidecar does the work that must happen once"
STANDBY = "standby: another sidecar leads"
ASKED_TO_END = "the leader gave no sign of life; its session was asked to end"


def publish(database: Database, number: int) -> None:
    database.execute(f"select wamp.publish('test.news', '[{number}]')")


def leader(database: Database) -> int:
    """The backend that has the lease; 0 if none has it."""
    rows = database.rows("select l.pid from wamp.leader l join pg_stat_activity a using (pid, backend_start)")
    pid: int = rows[0][0] if rows else 0
    return pid


def pair(make_sidecar: SidecarMaker, url: str, other: str, installed: Database,
         **sections: Any) -> tuple[Sidecar, Sidecar]:
    """Two sidecars, each at its router: the first leads, the second stands by."""
    first = make_sidecar(url, installed.url, **sections).start()
    first.wait_for(LEADING)
    second = make_sidecar(other, installed.url, **sections).start()
    second.wait_for(STANDBY)
    return first, second


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_handed_over(make_sidecar: SidecarMaker, router: Router, installed: Database,
                           end: signal.Signals) -> None:
    """The second leads as soon as the first has stopped; events, notifications and single procedures continue there."""
    sections = {
        "procedures": {"test.who": {"sql": "select pg_backend_pid()"}},
        "notifications": {"news": {"publish": "test.notified"}}}
    first, second = pair(make_sidecar, router.url("rawsocket"), router.url("rawsocket"), installed, **sections)
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
        listeners = ("select count(*) from pg_stat_activity "
                     "where query ilike '%listen%' and application_name like '%listener'")
        await until(lambda: installed.value(listeners) == 1, "one listener is left")
        installed.execute("select pg_notify('news', '2')")
        await until(lambda: [event.args for event in notified.events] == [[1], [2]],
            "each notification is relayed once")
        assert (await peer.call_when_there("test.who")).value
        if end == signal.SIGTERM:
            assert len(inbox.events) == 2, "acknowledged events are not published again"


async def test_frozen(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """A leader that hangs loses its session within 20 s; publishers don't notice. When it wakes up it stands by."""
    first, second = pair(make_sidecar, router.url("rawsocket"), router.url("rawsocket"), installed)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        first.send(signal.SIGSTOP)
        try:
            publish(installed, 1)
            second.wait_for(LEADING, 60)
            second.wait_for(ASKED_TO_END)
            assert (await inbox.first(1))[0].args == [1]
        finally:
            first.send(signal.SIGCONT)
        first.wait_for(STANDBY, 60)
        publish(installed, 2)
        assert [event.args for event in await inbox.first(2)] == [[1], [2]]


async def test_without_router(make_sidecar: SidecarMaker, router: Router, mortal_router: Router,
                              installed: Database) -> None:
    """A leader without a router gives up the lead, and stands by when the router is back."""
    first, second = pair(make_sidecar, mortal_router.url("rawsocket"), router.url("rawsocket"), installed)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        mortal_router.kill()
        publish(installed, 1)
        assert (await inbox.first(1, 40))[0].args == [1]
    mortal_router.start()
    first.wait_for(STANDBY, 60)


async def test_session_lost(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """The leader's session is ended by an administrator: it leads again, with another one."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start()
    sidecar.wait_for(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for round in range(1, 4):
            await until(lambda: leader(installed), "a sidecar leads")
            pid = leader(installed)
            installed.execute(f"select pg_terminate_backend({pid})")
            publish(installed, round)
            sidecar.wait_for(LEADING, count=round + 1)
            await inbox.first(round)
    assert sorted({event.args[0] for event in inbox.events}) == [1, 2, 3]


LEFT = "another sidecar has led since this one lost the lead: later events and notifications were left to it"
STRANGER = ("another role's session holds, or waits for, the former lock of leaders; "
            "harmless, but find out why")
RECORD = """
create table public.seen (n integer, backend integer default pg_backend_pid());
create function public.record(args jsonb, kwargs jsonb, details jsonb) returns void language sql security definer as
    'insert into public.seen (n) values ((args->>0)::integer)';
"""


def runs(database: Database) -> Counter[int]:
    """How often each event has run."""
    return Counter(row[0] for row in database.rows("select n from public.seen"))


class Events:
    """Numbered events without end, one every few milliseconds."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.sent = 0
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            self.sent += 1
            await self.peer.session.publish("test.n", self.sent, options=PublishOptions(acknowledge=True))
            await moment(0.005)

    async def end(self) -> None:
        """Immediately."""
        self.task.cancel()
        await asyncio.wait([self.task])


async def test_frozen_runs_nothing_twice(make_sidecar: SidecarMaker, router: Router,
                                         installed: InstalledDatabase) -> None:
    """A leader that was frozen finds events and notifications in its sockets when it wakes up: it leaves them to the
    one that leads since."""
    installed.execute(RECORD)
    first, second = pair(
        make_sidecar, router.url("rawsocket"), router.url("rawsocket"), installed,
        subscriptions={"test.n": {"function": "public.record"}}, notifications={"news": {"publish": "test.notified"}})
    async with joined(router) as peer:
        notified = await peer.subscribe("test.notified")

        async def publish_event(number: int) -> None:
            await peer.session.publish("test.n", number, options=PublishOptions(acknowledge=True))

        await publish_event(0)
        await until(lambda: runs(installed)[0], "events run")
        first.send(signal.SIGSTOP)
        try:
            await asyncio.to_thread(second.wait_for, LEADING, 60)

            async def runs_there() -> bool:
                await publish_event(1)
                return runs(installed)[1] > 0

            await until(runs_there, "events run there")
            for number in range(2, 22):
                await publish_event(number)
                installed.execute(f"select pg_notify('news', '{number}')")
            await until(lambda: len(notified.events) == 20 and runs(installed)[21], "all have run, and been relayed")
        finally:
            first.send(signal.SIGCONT)
        await asyncio.to_thread(first.wait_for, STANDBY, 60)
        await publish_event(22)
        installed.execute("select pg_notify('news', '22')")
        await until(lambda: runs(installed)[22], "the last has run")
        await until(lambda: [22] in [event.args for event in notified.events], "the last is relayed")
    assert {number: runs(installed)[number] for number in (0, *range(2, 23))} == dict.fromkeys((0, *range(2, 23)), 1)
    assert [event.args for event in notified.events] == [[number] for number in range(2, 23)]
    left = first.entries(LEFT)
    assert sum(int(entry["events"]) for entry in left) >= 21, "it says how many it had"
    assert sum(int(entry["notifications"]) for entry in left) == 20


async def test_frozen_alone(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """A leader that was frozen while no other stands by runs and relays all that it finds, once."""
    installed.execute(RECORD)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, subscriptions={"test.n": {"function": "public.record"}},
        notifications={"news": {"publish": "test.notified"}}).start()
    async with joined(router) as peer:
        notified = await peer.subscribe("test.notified")
        events = Events(peer)
        await until(lambda: len(runs(installed)) > 50, "events run")
        sidecar.send(signal.SIGSTOP)
        try:
            age = "select extract(epoch from clock_timestamp() - stamp) > 12 from wamp.leader"
            await until(lambda: installed.value(age), "the last proof of its lease is old")
            for number in range(2000):
                installed.execute(f"select pg_notify('news', '{number}')")
        finally:
            sidecar.send(signal.SIGCONT)
        await until(lambda: len(notified.events) >= 2000, "all notifications are relayed")
        await events.end()
        await until(lambda: runs(installed)[events.sent - 1], "all have run")
    assert [event.args for event in notified.events] == [[number] for number in range(2000)]
    assert sorted(runs(installed)) == list(range(1, len(runs(installed)) + 1)), "none is lost"
    assert set(runs(installed).values()) == {1}
    assert not sidecar.entries(LEFT)


@pytest.mark.parametrize("count", [1, 2], ids=["alone", "beside a standby"])
async def test_backend_hangs(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
                             count: int) -> None:
    """The leader's backend hangs, and no signal ends it: a sidecar takes the lease all the same, and says once what it
    did. One that is alone loses no event."""
    installed.execute(RECORD)
    sections = {"procedures": {"test.who": {"sql": "select pg_backend_pid()"}},
                "subscriptions": {"test.n": {"function": "public.record"}}}
    sidecars = [make_sidecar(router.url("rawsocket"), installed.url, **sections) for _ in range(count)]
    for sidecar in sidecars:
        await sidecar.started()
    async with joined(router) as peer:
        events = Events(peer)
        await until(lambda: len(runs(installed)) > 50, "events run")
        hung = leader(installed)
        os.kill(hung, signal.SIGSTOP)
        try:
            await until(lambda: leader(installed) not in (0, hung), "a sidecar leads by another backend", 120)
            assert installed.value(f"select count(*) from pg_stat_activity where pid = {hung}") == 1, "it still hangs"
            before = len(runs(installed))
            await until(lambda: len(runs(installed)) > before + 50, "events run again")
            assert (await peer.call_when_there("test.who")).value
        finally:
            os.kill(hung, signal.SIGCONT)
        await until(lambda: not installed.value(f"select count(*) from pg_stat_activity where pid = {hung}"),
                    "it ends when it wakes up")
        await events.end()
        await until(lambda: runs(installed)[events.sent - 1], "all have run")
    assert [len(sidecar.entries(ASKED_TO_END)) for sidecar in sidecars] == [1] * count
    assert set(runs(installed).values()) == {1}
    if count == 1:
        assert sorted(runs(installed)) == list(range(1, len(runs(installed)) + 1)), "none is lost"


@pytest.mark.parametrize("has_interface", [True, False], ids=["lease", "without the interface"])
async def test_squatter(make_sidecar: SidecarMaker, router: Router, database: Database, has_interface: bool,
                        request: pytest.FixtureRequest) -> None:
    """A role without any right that has the old lock, and another that waits for it, are reported, and keep no sidecar
    from leading."""
    url = request.getfixturevalue("installed").url if has_interface else database.url
    sections = {"procedures": {"test.who": {"sql": "select pg_backend_pid()"}}}
    make_role(database, "squatter")
    lock = "select pg_advisory_lock(1463897420, 1542262275)"
    with connect_as(database, "squatter") as holder, connect_as(database, "squatter") as waiter:
        holder.execute(lock)
        waiter.pgconn.send_query(lock.encode())
        first = make_sidecar(router.url("rawsocket"), url, **sections).start()
        first.wait_for(LEADING)
        said = [first.wait_for(STRANGER, count=n) for n in (1, 2)]
        assert [(entry["level"], entry["backend"], entry["role"], entry["state"]) for entry in said] == [
            ("error", holder.info.backend_pid, "squatter", "holds it"),
            ("error", waiter.info.backend_pid, "squatter", "waits for it")]
        second = make_sidecar(router.url("rawsocket"), url, **sections).start()
        second.wait_for(STANDBY)
        async with joined(router) as peer:
            assert (await peer.call("test.who")).value
            first.send(signal.SIGKILL)
            first.wait()
            second.wait_for(LEADING)
            assert (await peer.call_when_there("test.who")).value
        # A `with` block would try to commit.
        waiter.close()


async def test_many_squatters(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Five of them are reported, each with the number of those that are not."""
    make_role(database, "squatter")
    squatters = [connect_as(database, "squatter") for _ in range(7)]
    try:
        for squatter in squatters:
            squatter.pgconn.send_query(b"select pg_advisory_lock(1463897420, 1542262275)")
        await until(lambda: database.value("select count(*)::int = 7 from pg_locks as l join pg_stat_activity as a "
                                           "on a.pid = l.pid where a.usename = 'squatter' and locktype = 'advisory'"),
                    "all hold it or wait for it")
        sidecar = make_sidecar(router.url("rawsocket"), database.url).start()
        await asyncio.to_thread(sidecar.wait_for, LEADING)
        await asyncio.to_thread(sidecar.wait_for, STRANGER, count=5)
        assert [entry["others"] for entry in sidecar.entries(STRANGER)] == [2] * 5
    finally:
        # A `with` block would try to commit.
        for squatter in squatters:
            squatter.close()


@pytest.mark.parametrize("how", ["cut", "mute"])
async def test_database_lost_beside_a_standby(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
                                              how: str) -> None:
    """The leader loses the database, and nothing else: the other leads, each event runs once, the procedure moves
    there."""
    installed.execute(RECORD)
    sections = {"procedures": {"test.who": {"sql": "select inet_client_port()"}},
                "subscriptions": {"test.n": {"function": "public.record"}}}

    def lose(proxy: Proxy) -> None:
        proxy.hold_new = lambda name: True
        for link in proxy.links:
            link.cut() if how == "cut" else link.hold()

    def heal(proxy: Proxy) -> None:
        proxy.hold_new = lambda name: False
        for link in proxy.links:
            link.flowing.set()

    async with proxied(installed.cluster.port) as proxy, joined(router) as peer:
        url = installed.url.replace(f":{installed.cluster.port}/", f":{proxy.port}/")
        first = make_sidecar(router.url("rawsocket"), url, database={"url": url, "queue_timeout": "300ms"}, **sections)
        await first.started()
        second = await make_sidecar(router.url("rawsocket"), installed.url, **sections).started()
        await asyncio.to_thread(second.wait_for, STANDBY)
        # Its next stamp shows it that it is not alone.
        stamp = "select stamp from wamp.leader"
        stamped = installed.value(stamp)
        await until(lambda: installed.value(stamp) > stamped, "the first has stamped again")
        events = Events(peer)
        await until(lambda: len(runs(installed)) > 50, "events run")
        lose(proxy)
        await asyncio.to_thread(second.wait_for, LEADING, 60)
        so_far = len(runs(installed))
        assert (await peer.call_when_there("test.who", seconds=60)).value, "the procedure has moved"
        await until(lambda: len(runs(installed)) > so_far + 50, "events run there")
        heal(proxy)
        await asyncio.to_thread(first.wait_for, STANDBY, 60)
        await events.end()
        await until(lambda: runs(installed)[events.sent - 1], "all have run")
    # An event whose commit was not answered when its connection was lost, before the leader's, is run again, and
    # counted.
    reruns = sum(int(entry.get("count", 1)) for entry in first.entries("event may have run twice"))
    assert sum(count - 1 for count in runs(installed).values()) <= reruns <= 4
    assert sum(int(entry["events"]) for entry in first.entries(LEFT)) > 0, "it says how many it had"
    assert not first.entries(LEADING)[1:]


async def test_started_while_the_database_is_away(make_sidecar: SidecarMaker, router: Router,
                                                  mortal_database: InstalledDatabase) -> None:
    """Two that have never seen the database run nothing before one of them leads."""
    mortal_database.execute(RECORD)
    mortal_database.cluster.stop()
    sections = {"subscriptions": {"test.n": {"function": "public.record"}}}
    sidecars = [make_sidecar(router.url("rawsocket"), mortal_database.url, **sections).start(until="router joined")
                for _ in range(2)]
    async with joined(router) as peer:
        events = Events(peer)
        try:
            await until(lambda: events.sent > 100, "events are on their way")
            mortal_database.cluster.start()
            await until(lambda: len(runs(mortal_database)) > 50, "events run", 60)
            await until(lambda: any(sidecar.entries(STANDBY) for sidecar in sidecars), "the other stands by", 60)
        finally:
            await events.end()
        last = events.sent - 1
        await until(lambda: runs(mortal_database)[last], "all have run")
    assert {n: count for n, count in runs(mortal_database).items() if count > 1} == {}


async def test_alone_it_loses_no_event(make_sidecar: SidecarMaker, router: Router,
                                       installed: InstalledDatabase) -> None:
    """The leader's session ends again and again while no other stands by: events wait meanwhile, and run once."""
    installed.execute(RECORD)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, subscriptions={"test.n": {"function": "public.record"}}).start()
    async with joined(router) as peer:
        events = Events(peer)
        for round in range(1, 4):
            await until(lambda: leader(installed), "it leads")
            installed.execute(f"select pg_terminate_backend({leader(installed)})")
            await asyncio.to_thread(sidecar.wait_for, LEADING, 60, round + 1)
        await events.end()
        last = events.sent - 1
        await until(lambda: runs(installed)[last], "the last has run")
    assert sorted(runs(installed)) == list(range(1, len(runs(installed)) + 1))
    assert set(runs(installed).values()) == {1}
    assert not sidecar.entries(LEFT)
