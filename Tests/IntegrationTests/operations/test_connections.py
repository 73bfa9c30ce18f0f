"""`database.connections` changes while the sidecar works: connections come and go, and nothing that runs fails."""

import asyncio
import os
import signal
from typing import Any

import pytest

from actors.admin import Admin
from actors.cluster import Database
from actors.deadline import PATIENCE, free_port, until
from actors.installation import Installation, InstalledDatabase, connect_as, install, make_role
from actors.peer import call_on, joined
from actors.router import Router
from actors.scrape import Scraper
from actors.sidecar import Sidecar
from conftest import SidecarMaker

RELOADED = "configuration reloaded"
LOST = "database connection lost"
MISSING, COMPLETE = "database connections missing", "database connections complete"
FEWER = "the limit of open files allows fewer connections than caller.sessions"

SCHEMA = """
create function public.fast() returns int language sql as 'select 1';
create function public.slow() returns int language sql as 'select 1 from pg_sleep(0.02)';
create function public.held() returns int language sql as 'select pg_advisory_xact_lock(1); select 1';
create function public.rows_held() returns setof int language plpgsql as
    $$ begin return next 1; perform pg_advisory_xact_lock(1); return next 2; end $$;
create table public.noted(n int);
create function public.note(n int) returns void language sql security definer as
    'insert into public.noted values (n)';
"""


def change(sidecar: Sidecar, connections: int) -> None:
    """Writes the file with another number, and asks for it by SIGHUP."""
    sidecar.configuration["database"] |= {"connections": connections}
    sidecar.write()
    sidecar.send(signal.SIGHUP)


def backends(database: Database, part: str = "calls", function: str = "") -> set[int]:
    """The processes of the server that the sidecar's connections have, or those that run a function."""
    return {pid for (pid,) in database.rows(
        "select pid from pg_stat_activity where datname = %s and application_name = %s "
        "and (%s = '' or (state = 'active' and position(%s in query) > 0))",
        database.name, f"wamp-sidecar {part}", function, function)}


async def there_are(database: Database, most: int, least: int | None = None, part: str = "calls") -> set[int]:
    """Waits for a number of connections, and returns them."""
    last: set[int] = set()

    async def right() -> bool:
        last.clear()
        last.update(await asyncio.to_thread(backends, database, part))
        return (most if least is None else least) <= len(last) <= most

    try:
        await until(right, f"there are {most} connections for {part}", PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}; there are {len(last)}") from None
    return last


async def test_calls_go_on(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Fast calls, slow ones, a set that is being read and events: none fails, and the sessions stay."""
    database.execute(SCHEMA)
    port = free_port()
    loaded = ["test.fast1", "test.fast2", "test.fast3", "test.slow"]
    sidecar = await make_sidecar(
        router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"}, reload="signal",
        database={"connections": 4, "queue_timeout": "5m"}, subscriptions={"test.event": "public.note"},
        procedures={name: f"public.{name[5:9]}" for name in loaded} | {
            "test.held": {"function": "public.held", "timeout": "5m"},
            "test.rows": {"function": "public.rows_held", "timeout": "5m"}}).started()
    scraper = Scraper(port)

    async def session() -> Any:
        return (await asyncio.to_thread(Admin(port).get, "/status")).json()["router"]["session"]

    async def becomes(connections: int) -> None:
        change(sidecar, connections)

        async def is_limit() -> bool:
            return (await scraper.scraped()).sum("database_connections_limit") == connections

        await until(is_limit, f"the limit is {connections}", PATIENCE)

    async with joined(router) as peer, joined(router) as caller:
        before = await session()
        four = await there_are(database, 4)
        stop = asyncio.Event()
        load = [asyncio.create_task(call_on(caller, name, stop)) for name in loaded]
        published = 0

        async def use() -> None:
            nonlocal published
            for _ in range(20):
                assert (await peer.call("test.slow")).value == 1
                peer.session.publish("test.event", published)
                published += 1

        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            held = [peer.begin("test.held") for _ in range(2)]
            stream = peer.stream("test.rows")

            async def all_run() -> set[int] | None:
                found = await asyncio.to_thread(backends, database, "calls", "held")
                return found if len(found) == 3 else None

            holding = await until(all_run, "they run", PATIENCE)
            await becomes(8)
            assert four < await there_are(database, 8), "others are added to those that there are"
            await becomes(2)
            # One of those that run may be among the two.
            assert holding < await there_are(database, 5, least=4)
            await use()
            await becomes(6)
            assert holding < await there_are(database, 6)
            assert not any(call.done() for call in [*held, stream.final])
            holder.execute("select pg_advisory_unlock(1)")
        assert [list((await asyncio.wait_for(call, PATIENCE)).results) for call in held] == [[1], [1]]
        await stream.answer()
        assert stream.rows == [1, 2]
        for number in (3, 1, 4):
            await becomes(number)
            await there_are(database, number)
            await use()
        stop.set()
        counts = await asyncio.gather(*load)
        assert all(counts)
        await until(
            lambda: database.value("select count(*)::int from public.noted") == published, "all events come", PATIENCE)
        assert database.rows("select n from public.noted") == [(number,) for number in range(published)]
        assert await session() == before

        async def is_counted() -> bool:
            return (await scraper.scraped()).sum("database_connections", part="calls") == 4

        await until(is_counted, "the metrics say so", PATIENCE)
        scrape = await scraper.scraped()
        assert scrape.sum("calls_total", result="ok") == sum(counts) + 2 + 1 + published
        assert scrape.sum("calls_total") == scrape.sum("calls_total", result="ok")
        assert scrape.sum("events_lost_total") == scrape.sum("events_dead_total") == 0
    assert len(sidecar.entries("router joined")) == 1
    assert [entry["keys"] for entry in sidecar.entries(RELOADED)] == ["database.connections"] * 6
    assert not sidecar.entries(LOST)


async def test_what_waits_for_calls_out_of_the_database(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
) -> None:
    """Functions wait for a procedure that calls back, on more connections than there are to be: it is answered."""
    installed.execute(
        """
        create function public.inner_one(n int) returns int language sql as 'select n + 1';
        create function public.outer_one(n int) returns jsonb language plpgsql security definer as
        $$ begin return wamp.call('test.asked', jsonb_build_array(n)); end $$;
        """)
    sidecar = await make_sidecar(
        router.url("rawsocket"), installed.url, database={"connections": 3, "queue_timeout": "5m"},
        caller={"listen": f"127.0.0.1:{free_port()}", "timeout": "5m"}, procedures={
            "test.inner": "public.inner_one",
            "test.outer": {"function": "public.outer_one", "concurrency": 3, "timeout": "5m"}}).started()
    await asyncio.to_thread(sidecar.wait_for, "call port announced to the database", PATIENCE)
    async with joined(router) as peer:
        go_on = asyncio.Event()
        asked: list[int] = []

        async def ask_back(n: int) -> int:
            asked.append(n)
            await go_on.wait()
            value: int = (await peer.call("test.inner", n)).value
            return value

        await peer.register("test.asked", ask_back)
        calls = [peer.begin("test.outer", n) for n in range(3)]
        await until(lambda: len(asked) == 3, "all three wait", PATIENCE)
        await there_are(installed, 6)
        change(sidecar, 1)
        # What waits stays, and one works.
        await there_are(installed, 4)
        assert (await peer.call("test.inner", 41)).value == 42
        go_on.set()
        answers = [(await asyncio.wait_for(call, PATIENCE)).results for call in calls]
        assert [list(results) for results in answers] == [[1], [2], [3]]
        await there_are(installed, 1)
        assert (await peer.call("test.outer", 6)).value == 7
    assert len(sidecar.entries("router joined")) == 1


@pytest.mark.once
async def test_one_that_leaves_does_not_answer(
    make_sidecar: SidecarMaker, router: Router, database: Database,
) -> None:
    """Its backend is being ended when the number rises again: its successor is the only one."""
    database.execute(SCHEMA)
    port = free_port()
    sidecar = await make_sidecar(
        router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"}, reload="signal",
        database={"connections": 2}, procedures={
            "test.fast": {"function": "public.fast", "timeout": "1s", "concurrency": 2}}).started()
    scraper = Scraper(port)

    async def both_are_busy() -> bool:
        return (await scraper.scraped()).sum("database_connections", part="calls", state="busy") == 2

    async with joined(router) as peer:
        # Without an answer of the one that asks for it, the end of the others is awaited for as long as possible.
        frozen = await there_are(database, 2) | await there_are(database, 1, part="control")
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            calls = [peer.begin("test.fast") for _ in range(2)]
            await until(both_are_busy, "both have a call", PATIENCE)
            change(sidecar, 1)
            await asyncio.to_thread(sidecar.wait_for, LOST, PATIENCE, 2, lambda entry: entry["part"] == "calls")
            change(sidecar, 2)
            await asyncio.to_thread(sidecar.wait_for, LOST, PATIENCE, 1, lambda entry: entry["part"] == "control")
        finally:
            for pid in frozen & (backends(database) | backends(database, "control")):
                os.kill(pid, signal.SIGCONT)
        await asyncio.gather(*calls, return_exceptions=True)
        assert not frozen & await there_are(database, 2)
    assert len(sidecar.entries("router joined")) == 1


def with_registrar(database: Database) -> Installation:
    """The database with a low role that may register."""
    make_role(database, "registrar")
    interface = install(database, register_to=["registrar"])
    database.execute("create schema low authorization registrar; grant usage on schema low to public")
    return interface


def register(database: Database) -> None:
    """The low role registers a function."""
    with connect_as(database, "registrar") as session:
        session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                        "select wamp.register('low.f', 'low.f')")


async def test_guests(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """What low roles registered has as many connections, but at most 8."""
    interface = with_registrar(database)
    sidecar = await make_sidecar(router.url("rawsocket"), interface.url, database={"connections": 2}).started()
    register(database)
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.f")).value == 1
        for number, guests in [(2, 2), (5, 5), (10, 8), (1, 1), (3, 3)]:
            change(sidecar, number)
            await there_are(database, guests, part="guests")
            await there_are(database, number)
            assert (await peer.call("low.f")).value == 1
    assert len(sidecar.entries("router joined")) == 1


async def test_the_first_guests_come_later(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """There are no guests yet when the number rises."""
    interface = with_registrar(database)
    sidecar = await make_sidecar(router.url("rawsocket"), interface.url, database={"connections": 1}).started()
    change(sidecar, 8)
    await there_are(database, 8)
    register(database)
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.f")).value == 1
        await there_are(database, 8, part="guests")
        for _ in range(16):
            assert (await peer.call("low.f")).value == 1
    assert len(sidecar.entries("router joined")) == 1


async def test_too_few_descriptors(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
) -> None:
    """More connections leave fewer to clients of the call port: that is logged as at the start."""
    sidecar = await make_sidecar(
        router.url("rawsocket"), installed.url, database={"connections": 2}, behind=["prlimit", "--nofile=256:256"],
        caller={"listen": f"127.0.0.1:{free_port()}", "sessions": 100}).started()
    assert not sidecar.entries(FEWER)
    change(sidecar, 30)
    entry = await asyncio.to_thread(sidecar.wait_for, FEWER, PATIENCE)
    assert 1 <= entry["limit"] < entry["total"] == 100
    await there_are(installed, 30)
    change(sidecar, 2)
    await there_are(installed, 2)
    assert len(sidecar.entries(FEWER)) == 1 and len(sidecar.entries("router joined")) == 1


async def test_the_server_grants_fewer(make_sidecar: SidecarMaker, router: Router,
                                       mortal_database: InstalledDatabase) -> None:
    """Calls go on with those there are, readiness is yellow meanwhile, and the outage is one line."""
    database, role = mortal_database, mortal_database.installation.role
    database.execute(SCHEMA)
    port = free_port()
    sidecar = await make_sidecar(
        router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"},
        database={"url": database.url, "connections": 4}, procedures={"test.fast": "public.fast"}).started()
    sidecar.wait_for("leading: this sidecar does the work that must happen once")
    of_calls = await there_are(database, 4)
    there = database.value("select count(*) from pg_stat_activity where usename = %s", role)
    database.execute(f"alter role {role} connection limit {there - 2}")
    for backend in sorted(of_calls)[:2]:
        database.execute(f"select pg_terminate_backend({backend})")
    await asyncio.to_thread(sidecar.wait_for_fault, "connections", "too many connections for role")
    await asyncio.to_thread(sidecar.wait_for, MISSING, count=4)
    assert [entry["level"] for entry in sidecar.entries(MISSING)[:4]] == ["warning", "debug", "debug", "debug"]
    async with joined(router) as peer:
        for _ in range(20):
            assert (await peer.call("test.fast")).value == 1
    ready = Admin(port).get("/ready")
    assert ready.status == 200 and ready.text.startswith("ready with faults\n"), ready.text
    assert "max_connections" in ready.text and ready.text.endswith(": 2 of 4\n"), ready.text
    status = Admin(port).get("/status").json()
    assert status["database"]["state"] == "available" and status["database"]["reason"] is None
    assert 'wamp_sidecar_faults{kind="connections"} 1' in Admin(port).get("/metrics").text
    database.execute(f"alter role {role} connection limit -1")
    await there_are(database, 4)
    await asyncio.to_thread(sidecar.wait_for, COMPLETE)
    await until(lambda: Admin(port).get("/ready").text.startswith("ready\n"), "nothing is missing")
    assert len([entry for entry in sidecar.entries(MISSING) if entry["level"] == "warning"]) == 1
    assert not sidecar.entries("database not available") and not sidecar.entries("database lost")
