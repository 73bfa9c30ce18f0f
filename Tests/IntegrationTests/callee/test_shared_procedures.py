"""A procedure of several sidecars, and what Crossbar.io knows about their load."""

import asyncio
from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import ApplicationError, Peer, joined
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

#: A call waits until the test opens its gate, so that nothing depends on speed.
SCHEMA = """
create schema s;
create table s.gate (open boolean);
insert into s.gate values (false);
create function s.wait(who text) returns text language plpgsql as $$
begin
    loop
        exit when (select open from s.gate);
        perform pg_sleep(0.02);
    end loop;
    return who;
end $$;
"""


def started(make_sidecar: SidecarMaker, router: Router, database: Database, **options: Any) -> Sidecar:
    return make_sidecar(
        router.url("rawsocket"), database.url, database={"url": database.url, "connections": 2, "queue_timeout": "20m"},
        procedures={"shared.wait": {
            "function": "s.wait", "invoke": "roundrobin", "concurrency": 1, "timeout": "20m"} | options}).start()


@pytest.fixture
def gated(database: Database) -> Database:
    database.execute(SCHEMA)
    database.execute("grant usage on schema s to sidecar; grant all on all tables in schema s to sidecar")
    return database


def waiting(database: Database) -> int:
    count: int = database.value(
        "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' "
        "and query like '%s%wait%' and pid <> pg_backend_pid()")
    return count


async def three_calls(peer: Peer) -> "list[asyncio.Future[Any]]":
    return [asyncio.ensure_future(peer.call("shared.wait", str(n))) for n in range(3)]


async def test_what_exceeds_waits(make_sidecar: SidecarMaker, router: Router, gated: Database) -> None:
    """Crossbar.io knows nothing about it, and the sidecar queues the excess."""
    started(make_sidecar, router, gated)
    async with joined(router) as peer:
        calls = await three_calls(peer)
        await until(lambda: waiting(gated) == 1, "one call runs")
        gated.execute("update s.gate set open = true")
        assert sorted([(await call).value for call in calls]) == ["0", "1", "2"]


async def test_announced(make_sidecar: SidecarMaker, router: Router, gated: Database) -> None:
    """Crossbar.io gives a call to the sidecar that is free, and refuses a call if none is."""
    for _ in range(2):
        started(make_sidecar, router, gated, announce_concurrency=True)
    async with joined(router) as peer:
        calls = await three_calls(peer)
        done, pending = await asyncio.wait(calls, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        error = done.pop().exception()
        assert isinstance(error, ApplicationError) and error.error == "crossbar.error.max_concurrency_reached"
        await until(lambda: waiting(gated) == 2, "a call runs at each")
        gated.execute("update s.gate set open = true")
        assert sorted([(await call).value for call in pending]) == ["0", "1"]
        # It counts ended calls.
        assert (await peer.call("shared.wait", "again")).value == "again"
