"""Many calls at once: each gets its own answer, and a slow function delays nobody."""

import asyncio
import random

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import ApplicationError, joined
from actors.router import Router
from conftest import SidecarMaker

pytestmark = pytest.mark.libpq

SCHEMA = """
create function public.same(n integer, filler text default '') returns jsonb
    language sql as $$ select jsonb_build_array(n, length(filler)) $$;
create function public.nap(seconds double precision) returns text
    language sql as $$ select pg_sleep(seconds); select 'rested' $$;
create function public.held() returns text language sql as $$ select pg_advisory_xact_lock_shared(1);
    select 'released' $$;
create function public.fail(n integer) returns void
    language plpgsql as $$ begin raise exception '%', n using errcode = 'P0001'; end $$;
"""
PROCEDURES = {
    "test.same": "public.same", "test.fail": "public.fail", "test.nap": {"function": "public.nap", "timeout": "60s"},
}


async def test_ten_thousand_calls(make_sidecar: SidecarMaker, router: Router, transport: str,
                                  database: Database) -> None:
    """10,000 calls from three peers, some failing, of mixed sizes: each is answered with the right result."""
    database.execute(SCHEMA)
    make_sidecar(router.url(transport), database.url, procedures=PROCEDURES).start()
    dice = random.Random(1)

    async with joined(router) as one, joined(router) as two, joined(router) as three:
        room = asyncio.Semaphore(256)

        async def call(n: int) -> None:
            peer = (one, two, three)[n % 3]
            async with room:
                if n % 10 == 0:
                    error = await peer.error("test.fail", n)
                    assert (error.error, error.args[0]) == ("postgresql.error.raise_exception", str(n))
                else:
                    size = dice.choice([0, 10, 1000, 20000 if n % 100 == 1 else 100])
                    assert (await peer.call("test.same", n, "x" * size)).value == [n, size]

        await asyncio.gather(*(call(n) for n in range(10_000)))


async def test_sleeping_calls_beside_fast_ones(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """`connections` + 60 calls that sleep, and fast ones beside them that do not wait behind them."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, database={"url": database.url, "connections": 4, "queue_timeout": "20m"},
        procedures=PROCEDURES | {"test.held": {"function": "public.held", "timeout": "20m"}},
    ).start()
    async with joined(router) as sleeper, joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            sleeping = [sleeper.begin("test.held") for _ in range(64)]
            await until(lambda: any("held" in query for _, state, query in database.sessions() if state == "active"),
                "calls sleep")
            for n in range(200):
                assert (await peer.call("test.same", n)).value == [n, 0]
            assert not any(call.done() for call in sleeping), "no fast call has waited for a sleeping one"
        for call in sleeping:
            assert list((await call).results) == ["released"]
    assert sidecar.running


async def test_queue_is_bounded(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A call that finds no room, or waits too long, gets an error; no expired call is sent."""
    database.execute(SCHEMA)
    database.execute("create table public.done (n integer); grant all on public.done to sidecar;"
                     "create function public.mark(n integer) returns integer language sql as "
                     "'insert into done values (n) returning n'")
    make_sidecar(
        router.url("rawsocket"), database.url,
        database={"url": database.url, "connections": 2, "queue": 10, "queue_timeout": "300ms"},
        procedures=PROCEDURES | {
            "test.held": {"function": "public.held", "timeout": "20m", "concurrency": 2},
            "test.mark": {"function": "public.mark", "concurrency": 1},
        },
    ).start()
    async with joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            sleeping = [peer.begin("test.held") for _ in range(2)]
            await until(
                lambda: sum("held" in query for _, state, query in database.sessions() if state == "active") == 2,
                "both connections sleep",
            )
            marks = [peer.begin("test.mark", n) for n in range(30)]
            errors = []
            for mark in marks:
                try:
                    await mark
                except ApplicationError as error:
                    errors.append(error.error)
            assert errors == ["wamp.error.unavailable"] * 30
        for call in sleeping:
            assert list((await call).results) == ["released"]
        assert (await peer.call("test.mark", 99)).value == 99
    assert database.rows("select n from public.done") == [(99,)]


async def test_slow_procedure_leaves_room_in_the_queue(make_sidecar: SidecarMaker, router: Router,
                                                       database: Database) -> None:
    """Waiting calls of one procedure can't fill the queue: calls of another find room."""
    database.execute(SCHEMA)
    database.execute("create function public.mark(n integer) returns integer language sql as 'select n'")
    make_sidecar(
        router.url("rawsocket"), database.url,
        database={"url": database.url, "connections": 2, "queue": 40, "queue_timeout": "20m"},
        procedures={
            "test.held": {"function": "public.held", "timeout": "20m", "concurrency": 2},
            "test.mark": "public.mark",
        },
    ).start()
    async with joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            sleeping = [peer.begin("test.held") for _ in range(2)]
            await until(
                lambda: sum("held" in query for _, state, query in database.sessions() if state == "active") == 2,
                "both connections sleep",
            )
            waiting = [peer.begin("test.held") for _ in range(60)]
            # It is run when one of them is free; those that find no room are refused before that.
            mark = peer.begin("test.mark", 1)
            await until(lambda: sum(call.done() for call in waiting) >= 20, "many are refused")
        assert list((await mark).results) == [1]
        refused = 0
        for call in sleeping + waiting:
            try:
                await call
            except ApplicationError as error:
                assert error.error == "wamp.error.unavailable"
                refused += 1
        assert 20 <= refused < 60
