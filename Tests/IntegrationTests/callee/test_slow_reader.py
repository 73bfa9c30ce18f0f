"""A router that stops reading in the middle of a set: memory stays bounded, and nothing hangs."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, moment, until, wait_until
from actors.installation import InstalledDatabase
from actors.scripted_router import ERROR, INTERRUPT, PUBLISH, YIELD, Connection, sane, scripted
from conftest import SidecarMaker

MIB = 1024 * 1024
SCHEMA = """
create function public.series(count integer) returns table (n integer, filler text)
    language sql stable as $$ select g, repeat('x', 80) from generate_series(1, count) g $$;
create function public.spin(n integer) returns integer language plpgsql as $$
declare total bigint := 0;
begin for i in 1..2000 loop total := total + i; end loop; return n; end $$;
create table public.seen (n integer); grant insert on public.seen to sidecar;
create function public.record(n integer) returns void language sql as 'insert into public.seen values (n)';
"""
ENDLESS = "select generate_series(1, 2000000000) as n, repeat('x', 80) as filler"
#: The server can't react to anything while it sends such a row.
WIDE = "select generate_series(1, 2000000000) as n, repeat('x', 500000) as filler"
PROCEDURES: dict[str, Any] = {
    "test.series": {"function": "public.series", "timeout": "20m"}, "test.spin": "public.spin",
    "test.endless": {"sql": ENDLESS, "timeout": "20m"}, "test.wide": {"sql": WIDE, "timeout": "20m"},
    "test.nap": {"sql": "select n, pg_sleep(n * 1000) from generate_series(0, 1) n", "timeout": "20m"},
}


class Reader:
    """The script of a router that reads only while it may."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()

    async def __call__(self, connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            await self.reads.wait()
            connection.answer(message)


@dataclass
class Rows:
    """Counts the rows of a set, and checks their order."""

    count: int = 0
    parts: int = 0
    fault: str = ""

    def __call__(self, args: list[Any]) -> None:
        self.parts += 1
        for row in args[0]:
            self.count += 1
            if row["n"] != self.count and not self.fault:
                self.fault = f"row {row['n']} where {self.count} was due"


def states(database: Database, text: str) -> list[tuple[str, str]]:
    return database.rows(
        "select state, coalesce(wait_event, '') from pg_stat_activity where usename = 'sidecar' and datname = %s "
        "and state = 'active' and query like %s", database.name, f"%{text}%")


@asynccontextmanager
async def keepalive(connection: Connection) -> AsyncIterator[None]:
    """The router is silent, but not dead: its messages are signs of life."""
    async def send() -> None:
        while True:
            connection.send(INTERRUPT, 9_999_999, {})
            await moment(0.5)

    task = asyncio.create_task(send())
    try:
        yield
    finally:
        task.cancel()


async def test_million_rows(make_sidecar: SidecarMaker, database: Database) -> None:
    """In order, none missing, in constant memory, while the reader stands still for a while."""
    database.execute(SCHEMA)
    reader = Reader()
    async with scripted(reader) as script:
        sidecar = await make_sidecar(script.url, database.url, log={"level": "debug", "format": "json"},
                                     procedures=PROCEDURES).started()
        connection = script.connections[-1]
        rows = Rows()
        _, answer = connection.stream("test.series", rows, 1_000_000)
        await until(lambda: rows.count > 100_000, "rows come", 120)
        reader.reads.clear()
        async with keepalive(connection):
            await until(lambda: states(database, "series") == [("active", "ClientWrite")], "the server waits")
            await until(lambda: sidecar.entries("the router reads slowly"), "the sidecar has noticed")
            reader.reads.set()
        message = await asyncio.wait_for(answer, 300)
        assert message[0] == YIELD and message[2] == {} and message[3] == [[]], message
        assert (rows.count, rows.fault) == (1_000_000, "")
        assert sidecar.peak() < 48 * MIB, f"{sidecar.peak() / MIB:.1f} MiB"
        assert len(script.connections) == 1


@pytest.mark.parametrize("procedure", ["test.endless", "test.wide"])
async def test_interrupt_while_nobody_reads(make_sidecar: SidecarMaker, database: Database, procedure: str) -> None:
    database.execute(SCHEMA)
    reader = Reader()
    async with scripted(reader) as script:
        sidecar = await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        connection = script.connections[-1]
        for _ in range(3):
            rows = Rows()
            request, answer = connection.stream(procedure, rows)
            await until(lambda: rows.parts > 3, "rows come")
            reader.reads.clear()
            async with keepalive(connection):
                await until(lambda: states(database, "2000000000") == [("active", "ClientWrite")], "the server waits")
                connection.send(INTERRUPT, request, {"mode": "kill"})
                await until(lambda: not states(database, "2000000000"), "the statement ends, although nobody reads")
                reader.reads.set()
            message = await asyncio.wait_for(answer, 60)
            assert (message[0], message[4]) == (ERROR, "wamp.error.canceled")
            assert not rows.fault
        _, other = connection.invoke("test.spin", 7)
        assert (await asyncio.wait_for(other, 60))[3] == [7]
        assert len(script.connections) == 1 and sidecar.peak() < 48 * MIB


@pytest.mark.parametrize("sql", [ENDLESS, WIDE], ids=["endless", "wide"])
async def test_timeout_while_nobody_reads(make_sidecar: SidecarMaker, database: Database, sql: str) -> None:
    """The stall does not hold the database connection longer than the call may last."""
    database.execute(SCHEMA)
    reader = Reader()
    #: On a slow machine the shorter ones are over before the server waits.
    limits = ("1500ms", "6s", "30s")
    procedures = {f"test.{limit}": {"sql": sql, "timeout": limit} for limit in limits}
    async with scripted(reader) as script:
        await make_sidecar(script.url, database.url, procedures=procedures).started()
        connection = script.connections[-1]
        for limit in limits:
            rows = Rows()
            _, answer = connection.stream(f"test.{limit}", rows)
            await until(lambda: rows.parts > 1 or answer.done(), "rows come")
            reader.reads.clear()
            waits: list[tuple[str, str]] = []

            def has_ended() -> bool:
                found = states(database, "2000000000")
                waits.extend(found)
                return not found

            async with keepalive(connection):
                await until(has_ended, "the statement ends in its time")
                reader.reads.set()
            message = await asyncio.wait_for(answer, 60)
            assert (message[0], message[4]) == (ERROR, "wamp.error.timeout")
            assert not rows.fault
            if ("active", "ClientWrite") in waits:
                return
    raise AssertionError("the server has never waited")


async def test_session_that_ends_while_nobody_reads(make_sidecar: SidecarMaker, database: Database) -> None:
    """The set that no caller can get any more is ended in the database; the next session finds everything in order."""
    database.execute(SCHEMA)
    reader = Reader()
    async with scripted(reader, sane) as script:
        await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        connection = script.connections[-1]
        streams = [Rows(), Rows()]
        for rows in streams:
            connection.stream("test.endless", rows)
        await until(lambda: all(rows.parts > 1 for rows in streams), "rows come")
        reader.reads.clear()
        await until(lambda: [state for state, wait in states(database, "2000000000") if wait == "ClientWrite"]
                    == ["active"] * 2, "the server waits")
        connection.reset()
        reader.reads.set()
        await until(lambda: not states(database, "2000000000"), "the statements end")
        await until(lambda: len(script.connections) == 2 and "test.spin" in script.connections[1].registrations,
            "it is back")
        rows = Rows()
        _, answer = script.connections[1].stream("test.series", rows, 5000)
        assert (await asyncio.wait_for(answer, 60))[0] == YIELD
        assert (rows.count, rows.fault) == (5000, "")


async def test_session_that_ends_in_the_middle(make_sidecar: SidecarMaker, database: Database) -> None:
    """Whether or not rows arrive at that moment."""
    database.execute(SCHEMA)
    async with scripted(sane) as script:
        await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        rows = Rows()
        script.connections[0].stream("test.endless", rows)
        script.connections[0].stream("test.nap", Rows())
        await until(lambda: rows.parts > 3 and len(states(database, "generate_series")) == 2, "both run")
        script.connections[0].reset()
        await until(lambda: not states(database, "generate_series"), "the statements end")


async def test_events_run_while_nobody_reads(make_sidecar: SidecarMaker, database: Database) -> None:
    """A function for events answers no caller: it does not wait for the router to read."""
    database.execute(SCHEMA)
    reader = Reader()
    async with scripted(reader) as script:
        await make_sidecar(script.url, database.url, procedures=PROCEDURES,
                           subscriptions={"test.topic": "public.record"}).started()
        connection = script.connections[-1]
        rows = Rows()
        request, answer = connection.stream("test.endless", rows)
        await until(lambda: rows.parts > 3, "rows come")
        reader.reads.clear()
        async with keepalive(connection):
            await until(lambda: states(database, "2000000000") == [("active", "ClientWrite")], "the server waits")
            for n in range(2000):
                connection.send(36, 200, n + 1, {}, [n])
            await until(lambda: database.value("select count(*) from public.seen") == 2000, "all events have run")
            connection.send(INTERRUPT, request, {"mode": "kill"})
            reader.reads.set()
        assert (await asyncio.wait_for(answer, 60))[0] == ERROR


async def test_router_that_announces_no_progress(make_sidecar: SidecarMaker, database: Database) -> None:
    """It passes the flag on without knowing it: one result, as usual."""
    database.execute(SCHEMA)

    async def ignorant(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == 1:
                connection.send(2, 4711, {"roles": {"broker": {}, "dealer": {"features": {"call_canceling": True}}}})
            else:
                connection.answer(message)

    async with scripted(ignorant) as script:
        await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        rows = Rows()
        _, answer = script.connections[-1].stream("test.series", rows, 3000)
        message = await asyncio.wait_for(answer, 60)
        assert message[0] == YIELD and len(message[3][0]) == 3000 and rows.parts == 0


async def test_thousand_interrupts_among_streams(make_sidecar: SidecarMaker, database: Database) -> None:
    """At random moments of their lives: no other call is canceled, each is answered once, nothing follows an error, and
    streams that reach their end are complete."""
    database.execute(SCHEMA)
    dice = random.Random(3)
    async with scripted(sane) as script:
        sidecar = await make_sidecar(script.url, database.url, procedures=PROCEDURES,
            database={"queue_timeout": "20m"}).started()
        connection = script.connections[-1]
        canceled = 0
        ended = 0
        for _ in range(250):
            streams = []
            others = []
            for _ in range(4):
                rows = Rows()
                count = dice.choice([1, 500, 3000, 20_000])
                when = dice.choice(["early"] * 4 + ["rows", "answer"])
                streams.append((rows, count, when, *connection.stream("test.series", rows, count)))
                others.append(connection.invoke("test.spin", 2))
                others.append(connection.invoke("test.spin", 3))
            await connection.writer.drain()
            for rows, count, when, request, answer in streams:
                if when == "early":
                    await moment(dice.random() * 0.004)
                    connection.send(INTERRUPT, request, {"mode": dice.choice(["kill", "killnowait"])})
            for rows, count, when, request, answer in streams:
                if when != "early":
                    # At about the moment of the end, or after it, however long it takes to come there.
                    await until(lambda rows=rows, count=count, when=when, answer=answer: answer.done() or (
                        when == "rows" and rows.count == count), "all rows come")
                    connection.send(INTERRUPT, request, {"mode": dice.choice(["kill", "killnowait"])})
                message = await asyncio.wait_for(answer, 60)
                assert not rows.fault, rows.fault
                if message[0] == ERROR:
                    assert message[4] == "wamp.error.canceled", message
                    canceled += 1
                    rows.fault = ""
                    del connection.progress[request]  # from now on they are kept in `messages`
                else:
                    assert (message[2], message[3], rows.count) == ({}, [[]], count), message
                    ended += 1
            for _, answer in others:
                message = await asyncio.wait_for(answer, 60)
                assert message[0] == YIELD, f"a bystander got {message}"
        assert canceled > 100 and ended > 100, (canceled, ended)
        assert not [message for message in connection.messages if message[0] == YIELD and message[2].get("progress")]
        requests = [m[1] if m[0] == YIELD else m[2] for m in connection.messages if m[0] in (YIELD, ERROR)]
        assert len(requests) == len(set(requests)) == 3000, "an invocation was answered twice"
        assert sidecar.running and not sidecar.entries("database connection lost")


async def test_notifications_while_nobody_reads(make_sidecar: SidecarMaker, database: Database) -> None:
    """Any role may notify as much as it likes: what the router does not read waits, or is dropped, and ends no
    session."""
    database.execute(SCHEMA)
    heard: list[str] = []
    reads = asyncio.Event()
    reads.set()

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH:
                heard.append(message[4][0].rstrip("x"))
            await reads.wait()
            connection.answer(message)

    async with scripted(script) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES,
                                     notifications={"news": {"publish": "test.news"}}).started()
        connection = router.connections[-1]
        flood = "select pg_notify('news', rpad(n::text || ' ', 7900, 'x')) from generate_series(1, 12000) n"
        reads.clear()
        async with keepalive(connection):
            await asyncio.to_thread(database.execute, flood)
            await until(lambda: sidecar.entries("notification dropped"), "there are too many")
            assert "reads slowly" in sidecar.entries("notification dropped")[0]["reason"]
            reads.set()
        await until(lambda: sidecar.entries("the router reads again"), "the sidecar has noticed")

        async def last() -> bool:
            await asyncio.to_thread(database.execute, "select pg_notify('news', 'last')")
            return "last" in heard

        await until(last, "a later notification", 60)
        numbers = [int(text) for text in heard if text != "last"]
        assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers) > 5000
        _, other = connection.invoke("test.spin", 7)
        assert (await asyncio.wait_for(other, 60))[3] == [7]
        assert len(router.connections) == 1


async def test_calls_from_sql_while_nobody_reads(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """Large documents of many callers wait for the router, and end no session; each is answered, or refused unread."""
    installed.execute("create table public.doc as select jsonb_build_array(repeat('x', 12000000)) as args")
    reads = asyncio.Event()
    reads.set()

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            await reads.wait()
            connection.answer(message)

    def call(begun: threading.Barrier) -> Any:
        with installed.connect() as caller:
            caller.execute("select wamp.call('test.first')")
            begun.wait(100)
            try:
                row = caller.execute("select wamp.call('test.large', args) from public.doc").fetchone()
            except psycopg.DatabaseError as error:
                return "refused" if "too many long documents" in str(error) else str(error)
            return row and row[0]

    count = 12
    async with scripted(script) as router:
        sidecar = await make_sidecar(
            router.url, installed.url, caller={
                "listen": f"127.0.0.1:{free_port()}", "password": "port-password", "timeout": "300s"}).started()
        await asyncio.to_thread(
            wait_until, lambda: installed.value("select count(*) from pg_user_mappings where srvname = 'wamp_sidecar'"),
            "the port", 60)
        connection = router.connections[-1]
        begun = threading.Barrier(count + 1)
        with ThreadPoolExecutor(count) as threads:
            loop = asyncio.get_running_loop()
            calls = [loop.run_in_executor(threads, call, begun) for _ in range(count)]
            await until(lambda: begun.n_waiting == count, "all have arrived", 100)
            reads.clear()
            await asyncio.to_thread(begun.wait, 100)
            async with keepalive(connection):
                await until(lambda: sidecar.entries("the router reads slowly"), "the sidecar has noticed", 60)
                reads.set()
                answers = await asyncio.wait_for(asyncio.gather(*calls), 200)
        assert set(answers) <= {1, "refused"} and 1 in answers, answers
        assert len(router.connections) == 1 and not sidecar.entries("router lost")
        assert sidecar.peak() < 400 * MIB, f"{sidecar.peak() / MIB:.1f} MiB"
