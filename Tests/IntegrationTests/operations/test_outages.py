"""Either side fails, in each possible way, and comes back."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase
from actors.peer import ApplicationError, Peer, joined
from actors.proxy import proxied
from actors.router import Router
from conftest import SidecarMaker

SCHEMA = """
create function public.same(n integer) returns integer language sql as 'select n';
create function public.nap(seconds double precision) returns text
    language sql as $$ select pg_sleep(seconds); select 'rested' $$;
"""
PROCEDURES = {"test.same": "public.same", "test.nap": {"function": "public.nap", "timeout": "20m"}}
LEADING = "leading: this sidecar does the work that must happen once"
NOTIFICATIONS = {"news": {"publish": "test.news"}}


class Traffic:
    """Calls without end, and their results."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.right = 0
        self.errors: list[str] = []
        self.wrong: list[object] = []
        self.task = asyncio.get_running_loop().create_task(self._run())
        self._on = True

    async def _run(self) -> None:
        n = 0
        while self._on:
            batch = list(range(n, n + 16))
            n += 16
            answers = await asyncio.gather(*(self.peer.begin("test.same", i) for i in batch), return_exceptions=True)
            for i, answer in zip(batch, answers):
                if isinstance(answer, ApplicationError):
                    self.errors.append(answer.error)
                elif not isinstance(answer, BaseException) and list(answer.results) == [i]:
                    self.right += 1
                else:
                    self.wrong.append(answer)

    async def more(self, count: int = 100, seconds: float = 40) -> None:
        """Waits for that many more right answers."""
        goal = self.right + count
        await until(lambda: self.right >= goal, f"{count} more right answers", seconds)

    async def end(self) -> None:
        self._on = False
        await asyncio.wait_for(self.task, 60)
        assert not self.wrong, self.wrong[:5]


async def test_postgres_killed(make_sidecar: SidecarMaker, router: Router, transport: str,
                               mortal_cluster: Cluster) -> None:
    """kill -9 and restart under calls, three times: each call is answered, the registrations stay, nothing has to be
    restarted."""
    database = mortal_cluster.create_database("app", SCHEMA)
    sidecar = make_sidecar(
        router.url(transport), database.url, procedures=PROCEDURES, notifications=NOTIFICATIONS,
        database={"url": database.url, "queue_timeout": "500ms"},
    ).start()
    async with joined(router) as peer:
        news = await peer.subscribe("test.news")
        traffic = Traffic(peer)
        for round_number in range(1, 4):
            await traffic.more()
            mortal_cluster.kill()
            # While it is down callers get an error within queue_timeout, instead of silence.
            error = await asyncio.wait_for(peer.error("test.same", 1), 60)
            assert error.error == "wamp.error.unavailable"
            mortal_cluster.start()
            await traffic.more()

            async def listens_again() -> bool:
                database.execute(f"notify news, '{round_number}'")
                return any(event.args == [round_number] for event in news.events)

            await until(listens_again, "notifications arrive again", 60)
        await traffic.end()
    assert set(traffic.errors) <= {"wamp.error.unavailable"}
    assert sidecar.running
    assert sidecar.stop() == 0


async def test_call_in_the_middle_of_a_crash(make_sidecar: SidecarMaker, router: Router,
                                             mortal_cluster: Cluster) -> None:
    """The running call gets the error that its outcome is unknown."""
    database = mortal_cluster.create_database("app", SCHEMA)
    make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        call = peer.begin("test.nap", 1000)
        await until(
            lambda: any("nap" in query for _, state, query in database.sessions() if state == "active"), "it runs")
        mortal_cluster.kill()
        with pytest.raises(ApplicationError) as caught:
            await asyncio.wait_for(call, 60)
        assert caught.value.error == "wamp.error.unavailable"
        assert "unknown" in str(caught.value.args[0])


async def test_postgres_shut_down_in_order(make_sidecar: SidecarMaker, router: Router,
                                           mortal_cluster: Cluster) -> None:
    database = mortal_cluster.create_database("app", SCHEMA)
    make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES,
                 database={"url": database.url, "queue_timeout": "300ms"}).start()
    async with joined(router) as peer:
        traffic = Traffic(peer)
        await traffic.more()
        mortal_cluster.stop()
        await until(lambda: traffic.errors, "calls are refused")
        mortal_cluster.start()
        await traffic.more()
        await traffic.end()
    assert set(traffic.errors) <= {"wamp.error.unavailable"}


async def test_one_backend_terminated(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """An administrator ends each of its sessions in turn: calls continue, on the others or on new ones."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES,
                           notifications=NOTIFICATIONS).start()
    async with joined(router) as peer:
        news = await peer.subscribe("test.news")
        traffic = Traffic(peer)
        for _ in range(3):
            for (pid,) in database.rows(
                "select pid from pg_stat_activity where datname = current_database() and usename = 'sidecar'"
            ):
                database.execute(f"select pg_terminate_backend({pid})")
                await traffic.more(20)

        async def listens_again() -> bool:
            database.execute("notify news, '\"again\"'")
            return any(event.args == ["again"] for event in news.events)

        await until(listens_again, "notifications arrive again", 60)
        await traffic.end()
    assert set(traffic.errors) <= {"wamp.error.unavailable"}
    assert sidecar.running


async def test_router_mute(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    """The connection to the router swallows everything: found dead within 15 s, and replaced."""
    database.execute(SCHEMA)
    async with proxied(router.port, speaks_postgres=False) as proxy:
        url = router.url(transport).replace(str(router.port), str(proxy.port))
        sidecar = await make_sidecar(url, database.url, procedures={
            "test.same": {"function": "public.same", "force_reregister": True}}).started()
        async with joined(router) as peer:
            assert (await peer.call("test.same", 1)).value == 1
            proxy.links[-1].hold()
            await until(lambda: len(proxy.links) > 1, "a new connection", 60)
            await asyncio.to_thread(sidecar.wait_for, "ready", 60, 2)
            assert (await peer.call_when_there("test.same", 2)).value == 2


async def test_router_takes_turns(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A list of URLs is tried in turn."""
    database.execute(SCHEMA)
    urls = [f"rs://127.0.0.1:{free_port()}", router.url("websocket")]
    make_sidecar(urls, database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        assert (await peer.call("test.same", 1)).value == 1


async def test_listener_black_holed(make_sidecar: SidecarMaker, router: Router, cluster: Cluster,
                                    database: Database) -> None:
    """The LISTEN connection silently swallows everything: found by its own probe, replaced."""
    database.execute(SCHEMA)
    async with proxied(cluster.port) as proxy:
        await make_sidecar(
            router.url("rawsocket"), cluster.url(database.name, proxy.port), procedures=PROCEDURES,
            notifications=NOTIFICATIONS).started()
        async with joined(router) as peer:
            news = await peer.subscribe("test.news")
            database.execute("notify news, '1'")
            await news.first(1)
            [listener] = proxy.of("listen")
            listener.hold()
            await until(lambda: len([link for link in proxy.of("listen") if link is not listener]) == 1,
                        "another LISTEN connection", 60)

            async def listens_again() -> bool:
                database.execute("notify news, '2'")
                return any(event.args == [2] for event in news.events)

            await until(listens_again, "notifications arrive again", 60)
            assert (await peer.call("test.same", 1)).value == 1


async def test_postgres_mute(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster) -> None:
    """The server is stopped, but not down: calls are answered all the same, and run again when it does."""
    database = mortal_cluster.create_database("app", SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, database={"url": database.url, "queue_timeout": "500ms"},
        procedures={"test.same": {"function": "public.same", "timeout": "2s"}}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.same", 1)).value == 1
        mortal_cluster.pause()
        try:
            calls = [peer.begin("test.same", n) for n in range(20)]
            for call in calls:
                with pytest.raises(ApplicationError) as caught:
                    await asyncio.wait_for(call, 60)
                assert caught.value.error in ("wamp.error.unavailable", "wamp.error.timeout")
        finally:
            mortal_cluster.resume()
        assert (await peer.call_when_there("test.same", 2)).value == 2
    assert sidecar.running


async def test_starts_before_either_side(make_sidecar: SidecarMaker, mortal_cluster: Cluster, router: Router) -> None:
    """Started without either side: it waits for both, and is ready once both are there."""
    database = mortal_cluster.create_database("app", SCHEMA)
    mortal_cluster.stop()
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start(until=None)
    async with joined(router) as peer:
        error = await peer.error("test.same", 1)
        assert error.error in ("wamp.error.no_such_procedure", "wamp.error.unavailable")
        assert not sidecar.entries("ready")
        mortal_cluster.start()
        await asyncio.to_thread(sidecar.wait_for, "ready", 60)
        assert (await peer.call("test.same", 1)).value == 1


async def test_resolver_that_never_answers(make_sidecar: SidecarMaker, router: Router, cluster: Cluster,
                                           database: Database, resolver_shim: dict[str, str]) -> None:
    """The database's name is never resolved: the loop does not wait for it. Callers are answered, SIGTERM ends it."""
    database.execute(SCHEMA)
    url = f"postgresql://sidecar:x@never.invalid:{cluster.port}/{database.name}"
    sidecar = make_sidecar(
        router.url("rawsocket"), url, environment=resolver_shim, procedures=PROCEDURES,
        database={"url": url, "queue_timeout": "300ms"}, shutdown_timeout="2s",
    ).start(until=None)
    sidecar.wait_for("router joined")
    async with joined(router) as peer:
        for _ in range(5):
            error = await asyncio.wait_for(peer.error("test.same", 1), 60)
            assert error.error in ("wamp.error.unavailable", "wamp.error.no_such_procedure")
    assert sidecar.stop() == 0


async def test_router_whose_name_never_resolves(make_sidecar: SidecarMaker, router: Router, database: Database,
                                                resolver_shim: dict[str, str]) -> None:
    """The first router's name is never resolved: the second one is joined."""
    database.execute(SCHEMA)
    make_sidecar(["rs://never.invalid:1", router.url("rawsocket")], database.url, environment=resolver_shim,
                 router={"insecure": True}, procedures=PROCEDURES).start(seconds=60)
    async with joined(router) as peer:
        assert (await peer.call("test.same", 1)).value == 1


async def test_wrong_password_of_the_database(make_sidecar: SidecarMaker, afterwards: ExitStack, router: Router,
                                              database: Database, cluster: Cluster) -> None:
    """Reported, tried again, and works once the password is right. No log line shows it."""
    database.execute(SCHEMA)
    database.execute("create role changed login password 'the-right-one'; grant usage on schema public to changed")
    afterwards.callback(database.drop_roles, "changed")
    url = f"postgresql://changed@127.0.0.1:{cluster.port}/{database.name}"
    sidecar = make_sidecar(
        router.url("rawsocket"), url, procedures=PROCEDURES,
        database={"url": url, "password": "the-wrong-one", "queue_timeout": "300ms"}).start(until=None)
    await until(lambda: "password authentication failed" in sidecar.text(), "it says so")
    async with joined(router) as peer:
        assert (await peer.error("test.same", 1)).error in (
            "wamp.error.unavailable", "wamp.error.no_such_procedure")
        assert sidecar.running
        database.execute("alter role changed password 'the-wrong-one'")
        await asyncio.to_thread(sidecar.wait_for, "ready", 60)
        assert (await peer.call_when_there("test.same", 1)).value == 1
    assert "the-wrong-one" not in sidecar.text()
    sidecar.stop()


async def test_wrong_ticket(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The router refuses it: reported, tried again slowly, and no reason to end. No log line shows it."""
    database.execute(SCHEMA)
    for auth in (
        {"method": "ticket", "authid": "ticket-user", "ticket": "wrong-secret"},
        {"method": "ticket", "authid": "nobody", "ticket": "wrong-secret"},
        {"method": "wampcra", "authid": "plain-user", "secret": "wrong-secret"},
        {"method": "wampcra", "authid": "salted-user", "secret": "wrong-secret"},
    ):
        sidecar = make_sidecar(
            router.url("rawsocket"), database.url, procedures=PROCEDURES,
            router={"url": router.url("rawsocket"), "realm": "realm1", "auth": auth}).start(until=None)
        await until(lambda: any("not_authorized" in line for line in sidecar.lines), "it says so")
        assert sidecar.running and not sidecar.entries("ready")
        assert "wrong-secret" not in sidecar.text()
        assert sidecar.stop() == 0


async def test_vanished_sidecar_lets_go(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """kill -9 of the sidecar: its sessions end, and the next sidecar takes its place immediately."""
    database.execute(SCHEMA)
    first = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    await until(lambda: not database.sessions(), "its sessions have ended")
    second = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        assert (await peer.call("test.same", 1)).value == 1
    assert second.stop() == 0


async def test_all_parts_come_back_together(make_sidecar: SidecarMaker, router: Router,
                                            mortal_database: InstalledDatabase) -> None:
    """After a long outage relay and notifications work as soon as calls do: no part waits for a separate next
    attempt."""
    mortal_database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), mortal_database.url, notifications=NOTIFICATIONS).start()
    sidecar.wait_for(LEADING)
    async with joined(router) as peer:
        news = await peer.subscribe("test.news")
        published = await peer.subscribe("test.published")
        mortal_database.cluster.stop()

        def attempts(part: str) -> int:
            return len([entry for entry in sidecar.entries("database not available") if entry["part"] == part])

        # By now each waits a random time of up to 32 s.
        await until(lambda: min(attempts("leader"), attempts("listener")) > 9, "many attempts have failed", 300)
        mortal_database.cluster.start()
        await until(lambda: sidecar.entries("database available")[1:], "calls work", 120)
        mortal_database.execute("select wamp.publish('test.published', '[1]')")

        async def listens_again() -> bool:
            mortal_database.execute("notify news, '1'")
            return bool(news.events)

        await until(listens_again, "notifications arrive", 10)
        await published.first(1, 10)


async def test_commits_that_hang(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster) -> None:
    """A synchronous standby is down: calls that write are answered, and leave no backend behind, however many there
    are."""
    database = mortal_cluster.create_database("app")
    database.execute("create table t (n int); grant all on t to sidecar; alter database app set synchronous_commit = "
                     "on")
    database.execute("create function put(n int) returns int language sql as $$ insert into public.t values (n) "
                     "returning n $$")
    make_sidecar(
        router.url("rawsocket"), database.url, database={"url": database.url, "connections": 2},
        procedures={"test.put": {"function": "public.put", "timeout": "300ms"}}).start()
    hung = "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and usename = 'sidecar'"
    async with joined(router) as peer:
        assert (await peer.call_when_there("test.put", 0)).value == 0
        database.execute("alter system set synchronous_standby_names = 'gone'")
        database.execute("select pg_reload_conf()")
        await until(lambda: database.value("show synchronous_standby_names") == "gone", "commits hang")
        for number in range(3):
            for error in await asyncio.gather(*(peer.error("test.put", number) for _ in range(2))):
                assert error.error in ("wamp.error.unavailable", "wamp.error.timeout")
            await until(lambda: database.value(hung) <= 2, "those before are ended")
        await until(lambda: database.value(hung) == 0, "none is left", 60)
        database.execute("alter system reset synchronous_standby_names")
        database.execute("select pg_reload_conf()")
        assert (await peer.call_when_there("test.put", 9)).value == 9


@contextmanager
def copied(cluster: Cluster) -> Iterator[Cluster]:
    """A standby that can be promoted. Both run."""
    cluster.stop()
    copy = cluster.copied()
    try:
        cluster.start()
        copy.start()
        yield copy
    finally:
        copy.remove()


def sessions(cluster: Cluster, database: str) -> int:
    with cluster.connect(database) as admin:
        row = admin.execute("select count(*) from pg_stat_activity where usename = 'sidecar'").fetchone()
    return int(row[0]) if row else 0


def end_sessions(cluster: Cluster, database: str, most: int) -> None:
    with cluster.connect(database) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sidecar' limit %s", [most])


WHERE = {"test.where": {"sql": "select current_setting('port')::int as port", "results": "value"}}


async def test_failover_takes_all_sessions_along(make_sidecar: SidecarMaker, router: Router,
                                                 mortal_cluster: Cluster) -> None:
    """The first session at a promoted standby ends those at the former primary, which still accepts writes."""
    name = mortal_cluster.create_database("app").name
    with copied(mortal_cluster) as standby:
        url = standby.url(name).replace(f":{standby.port}/", f":{standby.port},127.0.0.1:{mortal_cluster.port}/")
        sidecar = make_sidecar(router.url("rawsocket"), url, procedures=WHERE, notifications=NOTIFICATIONS).start()
        sidecar.wait_for(LEADING)
        async with joined(router) as peer:
            assert (await peer.call("test.where")).value == mortal_cluster.port
            before = sessions(mortal_cluster, name)
            with standby.connect(name) as admin:
                admin.execute("select pg_promote()")
            end_sessions(mortal_cluster, name, 1)
            await until(lambda: sessions(mortal_cluster, name) == 0, "none is at the former primary", 60)
            await until(lambda: sessions(standby, name) >= before, "all its sessions are there", 60)
            assert (await peer.call_when_there("test.where")).value == standby.port


async def test_former_primary_comes_back(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster) -> None:
    """After a failover the former primary is up again and accepts writes, ahead of the right one in the URL: it gets no
    session."""
    name = mortal_cluster.create_database("app").name
    with copied(mortal_cluster) as promoted:
        mortal_cluster.stop()
        with promoted.connect(name) as admin:
            admin.execute("select pg_promote()")
        url = mortal_cluster.url(name).replace(
            f":{mortal_cluster.port}/", f":{mortal_cluster.port},127.0.0.1:{promoted.port}/")
        sidecar = make_sidecar(router.url("rawsocket"), url, procedures=WHERE).start()
        sidecar.wait_for(LEADING)
        async with joined(router) as peer:
            assert (await peer.call("test.where")).value == promoted.port
            before = sessions(promoted, name)
            mortal_cluster.start()
            for _ in range(3):
                end_sessions(promoted, name, 100)
                assert (await peer.call_when_there("test.where")).value == promoted.port
            await until(lambda: sessions(promoted, name) >= before, "all its sessions are there", 60)
            await until(lambda: sessions(mortal_cluster, name) == 0, "none is at the former primary")
            # Without the right one it waits, and gives the reason.
            promoted.stop()
            sidecar.wait_for("database not available", where=lambda entry: "former primary" in entry["reason"])
            assert (await peer.error("test.where")).error == "wamp.error.unavailable"


async def test_role_limited_as_documented(make_sidecar: SidecarMaker, router: Router,
                                          mortal_database: InstalledDatabase) -> None:
    """A role with as many connections as docs/operations.md says leads, and does so again after a loss."""
    database = mortal_database
    database.execute(SCHEMA)
    role = database.installation.role
    database.execute(f"alter role {role} connection limit 5")
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, database={"url": database.url, "connections": 2},
        procedures=PROCEDURES, notifications=NOTIFICATIONS).start()
    sidecar.wait_for(LEADING)
    async with joined(router) as peer:
        published = await peer.subscribe("test.published")
        for count in range(1, 4):
            database.execute("select wamp.publish('test.published', '[1]')")
            await published.first(count)
            await until(
                lambda: database.value("select count(*) from pg_stat_activity where usename = %s", role) == 5,
                "all are there", 60)
            database.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'")
            await asyncio.to_thread(sidecar.wait_for, LEADING, 60, count + 1)
