"""Calls in the log: all of them at level debug, slow ones at level info, and the first that lacks a right."""

import asyncio
from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import Router
from conftest import SidecarMaker

SCHEMA = """
create function public.rows(n integer) returns setof integer language sql as 'select generate_series(1, n)';
create function public.nap() returns void language sql as 'select pg_sleep(0.05)';
create function public.fail(t text) returns integer language plpgsql as
    $$ begin raise exception 'secret-of-the-row' using errcode = t; end $$;
create function public.closed(n integer) returns integer language sql as 'select n';
revoke execute on function public.closed(integer) from public;
create table public.locked (n integer);
create function public.run(code text) returns integer language plpgsql as $$ begin execute code; return 1; end $$;
"""
CALL, SLOW, FAULTY_CALL = "call", "slow call", "call failed for a reason that its caller can't fix"
RELOADED = "configuration reloaded"


async def test_each_call(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, log={"level": "debug", "format": "json"},
        procedures={
            "test.rows": "public.rows", "test.fail": "public.fail", "test.closed": "public.closed",
            "test.each.": {"function": "public.rows", "match": "prefix"}}).start("running with faults")
    async with joined(router) as peer:
        await peer.call("test.rows", 3)
        await peer.error("test.fail", "23505")
        await peer.error("test.fail", 1, 2)
        await peer.error("test.closed", 1)
        await peer.call("test.each.one", 2)
        entries = await until(lambda: found if len(found := sidecar.entries(CALL)) == 5 else None, "a line for each")

    def line(procedure: str, rows: int, result: str, **others: str) -> dict[str, Any]:
        return {"level": "debug", "message": CALL, "procedure": procedure, "rows": rows, "result": result} | others

    for entry in entries:
        assert entry.pop("time") and entry.pop("duration").endswith("s")
    assert entries == [
        line("test.rows", 3, "ok"),
        line("test.fail", 0, "error", error="postgresql.error.unique_violation", sqlstate="23505"),
        line("test.fail", 0, "invalid", error="wamp.error.invalid_argument"),
        line("test.closed", 0, "denied", error="wamp.error.not_authorized", sqlstate="42501"),
        line("test.each.", 2, "ok", uri="test.each.one")]
    assert "secret-of-the-row" not in sidecar.text()


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_slow_calls(make_sidecar: SidecarMaker, router: Router, database: Database, level: str) -> None:
    """None without the key; it is used as soon as the file has it; at level debug a slow call has one line, too."""
    database.execute(SCHEMA)
    log: dict[str, Any] = {"level": level, "format": "json"}
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, log=log, procedures={"test.nap": "public.nap"}).start()
    async with joined(router) as peer:
        await peer.call("test.nap")
        sidecar.configuration["log"] = log | {"slow": "1ms"}
        sidecar.write()
        entry = await asyncio.to_thread(sidecar.wait_for, RELOADED)
        assert entry["keys"] == "log.slow"
        assert sidecar.entries(SLOW) == []
        await peer.call("test.nap")
        entry = await asyncio.to_thread(sidecar.wait_for, SLOW)
        assert (entry["level"], entry["procedure"], entry["rows"], entry["result"]) == ("info", "test.nap", 1, "ok")
        assert "error" not in entry and "sqlstate" not in entry
        sidecar.configuration["log"] = log
        sidecar.write()
        await asyncio.to_thread(sidecar.wait_for, RELOADED, count=2)
        await peer.call("test.nap")
    assert await sidecar.stopped() == 0
    assert len(sidecar.entries(SLOW)) == 1
    assert len(sidecar.entries(CALL)) == (2 if level == "debug" else 0)


async def test_many_slow_calls(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The first ones of a procedure are written, the others counted."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, log={"level": "info", "format": "json", "slow": "1ms"},
        procedures={"test.nap": "public.nap"}).start()
    async with joined(router) as peer:
        await asyncio.gather(*(peer.call("test.nap") for _ in range(30)))
        def told() -> int:
            return sum(entry.get("count", 1) for entry in sidecar.entries(SLOW))

        await until(lambda: told() == 30, "each has a line, or is counted")
    assert len(sidecar.entries(SLOW)) < 20


async def test_what_every_call_lacks(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A right, a function or a schema that is missing within a function is logged once, until its function changes."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url,
        procedures={"test.run": "public.run", "test.other": "public.run"}).start()
    lacking = {
        "42501": "do $$ begin perform * from public.locked; end $$", "42883": "select no_such_function()",
        "3F000": "create table no_such_schema.t ()"}
    async with joined(router) as peer:
        async def run_all(procedure: str) -> None:
            for sqlstate, code in lacking.items():
                assert (await peer.error(procedure, code)).kwargs["sqlstate"] == sqlstate

        for _ in range(3):
            await run_all("test.run")
            await peer.call("test.run", "select 1")
        await run_all("test.other")
        entries = await until(
            lambda: found if len(found := sidecar.entries(FAULTY_CALL)) == 6 else None, "a line for each")
        # Its function is another one.
        database.execute("""
            drop function public.run(text);
            create function public.run(code text, more integer default 0) returns bigint language plpgsql as
            $$ begin execute code; return 2; end $$;
        """)
        assert (await peer.call("test.run", "select 1")).value == 2
        await run_all("test.run")
        await until(lambda: len(sidecar.entries(FAULTY_CALL)) >= 7, "it is logged again")
    assert [(entry["procedure"], entry["error"]) for entry in entries] == [
        (procedure, sqlstate) for procedure in ("test.run", "test.other") for sqlstate in lacking]
    assert {(entry["level"], entry["role"], entry["function"]) for entry in entries} == {
        ("warning", "sidecar", "public.run")}
    # Calls that fail all the same way are counted only if they are reported.
    assert not any("count" in entry for entry in entries)
