"""Functions come, change and go while the sidecar runs."""

import asyncio

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY, READY
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

AS_INTEGER = "create function public.f(n integer) returns integer language sql as 'select n'"
AS_TEXT = "create function public.f(n integer) returns text language sql as $$ select 'text ' || n $$"
AS_ROWS = ("create function public.f(n integer) returns table (n1 integer, n2 integer) "
           "language sql as 'select n, n + 1'")
OTHER = "create function public.other() returns text language sql as $$ select 'other' $$"


async def test_recreated_with_another_result_under_load(make_sidecar: SidecarMaker, router: Router, transport: str,
                                                        database: Database) -> None:
    """Dropped and recreated in one transaction, with another result type each time: no call fails."""
    database.execute(f"{AS_INTEGER}; {OTHER}")
    make_sidecar(router.url(transport), database.url, procedures={
        "test.f": "public.f", "test.other": "public.other"}).start()
    async with joined(router) as peer, joined(router) as second:
        on = True
        counts = {"integer": 0, "text": 0, "rows": 0}

        answered = [0] * 5

        async def calls(index: int, caller: object) -> None:
            n = 0
            while on:
                answered[index] = n
                n += 1
                value = (await caller.call("test.f", n)).value  # type: ignore[attr-defined]
                if value == n:
                    counts["integer"] += 1
                elif value == f"text {n}":
                    counts["text"] += 1
                else:
                    assert value == [{"n1": n, "n2": n + 1}]
                    counts["rows"] += 1

        callers = (peer, peer, peer, second, second)
        tasks = [asyncio.create_task(calls(index, caller)) for index, caller in enumerate(callers)]
        for definition, kind in [(AS_TEXT, "text"), (AS_ROWS, "rows"), (AS_INTEGER, "integer")] * 4:
            before, calls_before = counts[kind], list(answered)
            await asyncio.to_thread(database.execute, f"begin; drop function public.f; {definition}; commit")
            # A call that is replaced under twice may be answered "call again": none is under way for so long.
            await until(
                lambda: any(task.done() for task in tasks) or counts[kind] > before + 20
                and all(now > then + 2 for now, then in zip(answered, calls_before)), f"{kind} results")
        on = False
        await asyncio.gather(*tasks)


async def test_other_signature(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute("create function public.f(a integer) returns integer language sql as 'select a'")
    make_sidecar(router.url("rawsocket"), database.url, procedures={"test.f": "public.f"}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.f", 1)).value == 1
        database.execute("drop function public.f; create function public.f(a text, b text) returns text "
                         "language sql as 'select a || b'")
        assert (await peer.call("test.f", "x", b="y")).value == "xy"
        database.execute("drop function public.f; create function public.f(args jsonb, kwargs jsonb) "
                         "returns jsonb language sql as 'select args'")
        await peer.call_when_there("test.f", 1)


async def test_replaced(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(AS_INTEGER)
    make_sidecar(router.url("rawsocket"), database.url, procedures={"test.f": "public.f"}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.f", 1)).value == 1
        database.execute("create or replace function public.f(n integer) returns integer language sql as 'select -n'")
        assert (await peer.call("test.f", 1)).value == -1


async def test_column_added_to_a_result(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The table behind `returns setof table` and behind a statement's `*` gets a column."""
    database.execute("create table public.t (a integer); insert into t values (1); grant select on t to sidecar;"
                     "create function public.rows() returns setof public.t language sql as 'select * from t'")
    make_sidecar(router.url("rawsocket"), database.url, procedures={
        "test.rows": "public.rows", "test.sql": {"sql": "select * from public.t"}}).start()
    async with joined(router) as peer:
        for name in ("test.rows", "test.sql"):
            for _ in range(10):
                assert (await peer.call(name)).value == [{"a": 1}]
        database.execute("alter table public.t add column b text default 'b'")
        for name in ("test.rows", "test.sql"):
            for _ in range(10):
                assert (await peer.call(name)).value == [{"a": 1, "b": "b"}]


async def test_missing_function_comes(make_sidecar: SidecarMaker, router: Router, transport: str,
                                      database: Database) -> None:
    """Reported at start, answered with its name, no harm to the others, and usable once it exists."""
    database.execute(OTHER)
    sidecar = make_sidecar(router.url(transport), database.url, procedures={
        "test.f": "public.f", "test.other": "public.other"}).start(FAULTY)
    assert any("public.f" in line and "test.f" in line for line in sidecar.lines)
    async with joined(router) as peer:
        error = await peer.error("test.f", 1)
        assert error.error == "postgresql.error.undefined_function"
        assert "public.f" in str(error.args[0])
        assert (await peer.call("test.other")).value == "other"
        database.execute(AS_INTEGER)
        assert (await peer.call_when_there("test.f", 1)).value == 1
        await asyncio.to_thread(sidecar.wait_for, READY)
        database.execute("drop function public.f")
        error = await peer.error("test.f", 1)
        assert "f" in str(error.args[0])
        assert (await peer.call("test.other")).value == "other"
        database.execute(AS_TEXT)
        assert (await peer.call_when_there("test.f", 1)).value == "text 1"


async def test_functions_that_cannot_be_procedures(make_sidecar: SidecarMaker, router: Router,
                                                   database: Database) -> None:
    """Ambiguous names, aggregates, window and trigger functions: each is reported with its reason, the rest works."""
    database.execute(f"{OTHER};" """
        create function public.two(a integer) returns integer language sql as 'select 1';
        create function public.two(a text) returns integer language sql as 'select 2';
        create function public.fires() returns trigger language plpgsql as 'begin return null; end';
        create aggregate public.total(integer) (sfunc = int4pl, stype = integer);
    """)
    mapping = {"test.two": "public.two", "test.fires": "public.fires", "test.total": "public.total(integer)",
               "test.window": "pg_catalog.row_number", "test.other": "public.other"}
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=mapping).start(FAULTY)
    async with joined(router) as peer:
        assert (await peer.call("test.other")).value == "other"
        for name in mapping.keys() - {"test.other"}:
            error = await peer.error(name)
            assert mapping[name].split("(")[0] in str(error.args[0]), error.args
            assert any(name in line for line in sidecar.lines)
