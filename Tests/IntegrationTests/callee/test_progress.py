"""Sets that reach their caller row by row: progressive call results, with a real router and a real database."""

import asyncio
import re
from typing import Any

import pytest
import yaml
from autobahn.wamp.types import CallOptions

from actors.cluster import Database
from actors.deadline import until
from actors.peer import Peer, Stream, joined
from actors.router import NARROW, Router
from actors.sidecar import ROOT, Sidecar
from conftest import SidecarMaker

pytestmark = pytest.mark.libpq

SCHEMA = """
create function public.series(count integer, width integer default 10) returns table (n integer, filler text)
    language sql stable as $$ select g, repeat('x', width) from generate_series(1, count) g $$;
create function public.scalars(count integer) returns setof integer
    language sql stable as $$ select g from generate_series(1, count) g $$;
create function public.same(n integer) returns integer language sql as 'select n';
create function public.blobs() returns setof bytea language sql stable as
    $$ values ('\\x00ff'::bytea), (null), ('\\x'::bytea) $$;
create function public.pair() returns table (a integer, b text) language sql as $$ values (1, 'x'), (2, null) $$;
create sequence public.attempts;
create function public.fail_at(n integer, bad integer, state text, lasting boolean) returns integer language plpgsql
    as $$
begin
    if n = bad and (nextval('public.attempts') = 1 or lasting) then raise exception 'at %', n using errcode = state;
    end if;
    return n;
end $$;
create function public.nap_at(n integer, bad integer, seconds double precision) returns integer language plpgsql as $$
begin if n = bad then perform pg_sleep(seconds); end if; return n; end $$;
create function public.hold_at(n integer, bad integer) returns integer language plpgsql as $$
begin if n = bad then perform pg_advisory_xact_lock_shared(1); end if; return n; end $$;
create table public.parent (id integer primary key);
create table public.child (id integer references public.parent deferrable initially deferred);
grant select, insert on public.child, public.parent to sidecar; grant usage on sequence public.attempts to sidecar;
"""
#: Lazy: a set in the select list is not collected first, unlike one in FROM.
NAP = ("with p (count, bad, seconds) as (values (:count::integer, :bad::integer, :seconds::float8)) "
       "select nap_at(g, bad, seconds) as n from (select generate_series(1, count) as g, bad, seconds from p offset 0) "
       "s")
HOLD = ("with p (count, bad) as (values (:count::integer, :bad::integer)) "
        "select hold_at(g, bad) as n from (select generate_series(1, count) as g, bad from p offset 0) s")
#: Slow, so that nobody has to take much of it.
DRIP = "select n, pg_sleep(0.01) is null as z from (select generate_series(1, 2000000000) as n offset 0) s"
FAIL = ("with p (count, bad, state, lasting) as (values (:count::integer, :bad::integer, :state::text, "
        ":lasting::boolean)) "
        "select fail_at(g, bad, state, lasting) as n from "
        "(select generate_series(1, count) as g, bad, state, lasting from p offset 0) s")
PROCEDURES: dict[str, Any] = {
    "test.series": "public.series", "test.scalars": "public.scalars", "test.same": "public.same",
    "test.blobs": "public.blobs", "test.value": {"function": "public.series", "results": "value"},
    "test.row": {"function": "public.series", "results": "row"},
    "test.args": {"function": "public.scalars", "results": "args"},
    "test.pair": "public.pair", "test.sql": {"sql": "select g as n from generate_series(1, :count) g"},
    "test.changed": {"sql": "insert into parent select generate_series(1, :count)"},
    "test.endless": {"sql": "select generate_series(1, 2000000000) as n, repeat('x', 80) as filler", "timeout": "20m"},
    "test.fail": {"sql": FAIL, "retries": 1},
    "test.nap": {"sql": NAP, "concurrency": 4, "timeout": "20m"},
    "test.hold": {"sql": HOLD, "concurrency": 4, "timeout": "20m"},
    "test.hold2": {"sql": HOLD, "concurrency": 4, "timeout": "20m"},
    "test.drip": {"sql": DRIP, "timeout": "20m"},
    "test.deferred": {"sql": "insert into child select generate_series(1, :count::integer) returning id"},
    "test.few": {"function": "public.series", "max_rows": 2500},
    "test.bounded": {"function": "public.series", "max_result_bytes": "4KiB"},
    "test.large": {"function": "public.series", "max_result_bytes": "64MiB"},
}


@pytest.fixture
def sidecar(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> Sidecar:
    database.execute(SCHEMA)
    return make_sidecar(router.url(transport), database.url, procedures=PROCEDURES).start()


@pytest.fixture
def over_rawsocket(make_sidecar: SidecarMaker, router: Router, database: Database) -> Sidecar:
    database.execute(SCHEMA)
    return make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()


def active(database: Database, text: str) -> int:
    return sum(text in query for _, state, query in database.sessions() if state == "active")


async def in_order(peer: Peer, sidecar: Sidecar, count: int) -> None:
    """All rows of a set, each once, in order."""
    stream = peer.stream("test.series", count)
    answer = await stream.answer()
    assert answer.args == [[]] and not answer.kwargs
    assert [row["n"] for row in stream.rows] == list(range(1, count + 1))
    assert all(0 < len(part[0]) <= 1000 for part in stream.parts)


async def test_rows_in_chunks(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        for count in (0, 1, 999, 1000, 1001, 50_000):
            await in_order(peer, sidecar, count)


async def test_only_who_asks_gets_it(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        assert [row["n"] for row in (await peer.call("test.series", 3000)).value] == list(range(1, 3001))


@pytest.mark.parametrize("procedure, args, rows", [
    ("test.scalars", [3], [1, 2, 3]), ("test.pair", [], [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
    ("test.sql", [3], [{"n": 1}, {"n": 2}, {"n": 3}]), ("test.blobs", [], [b"\x00\xff", None, b""]),
])
async def test_sets_of_all_kinds(over_rawsocket: Sidecar, router: Router, procedure: str, args: list[Any],
                                 rows: list[Any]) -> None:
    async with joined(router) as peer:
        stream = peer.stream(procedure, *args)
        assert (await stream.answer()).args == [[]]
        assert stream.rows == rows


@pytest.mark.parametrize("procedure, args, result", [
    ("test.same", [7], [7]), ("test.value", [2], [{"n": 1, "filler": "x" * 10}]),
    ("test.row", [2], [{"n": 1, "filler": "x" * 10}]), ("test.args", [3], [1, 2, 3]), ("test.changed", [3], [3]),
])
async def test_what_is_no_set_comes_as_ever(over_rawsocket: Sidecar, router: Router, procedure: str, args: list[Any],
                                            result: list[Any]) -> None:
    async with joined(router) as peer:
        stream = peer.stream(procedure, *args)
        assert (await stream.answer()).args == result
        assert stream.parts == []


async def test_large_rows(sidecar: Sidecar, router: Router) -> None:
    """A row that fills a chunk is sent alone."""
    async with joined(router) as peer:
        stream = peer.stream("test.series", 40, 100_000)
        await stream.answer()
        assert [row["n"] for row in stream.rows] == list(range(1, 41))
        assert all(len(part[0]) == 1 and len(part[0][0]["filler"]) == 100_000 for part in stream.parts)


async def test_limits(over_rawsocket: Sidecar, router: Router) -> None:
    """`max_rows` is for the set, `max_result_bytes` for each message; a message that is too large for the router is an
    error."""
    async with joined(router) as peer:
        stream = peer.stream("test.few", 2500)
        await stream.answer()
        assert len(stream.rows) == 2500
        stream = peer.stream("test.few", 2501)
        error = await stream.error()
        assert error.error == "wamp.error.payload_size_exceeded" and "max_rows" in error.args[0]
        assert len(stream.rows) == 2000

        stream = peer.stream("test.bounded", 5000)
        await stream.answer()
        assert len(stream.rows) == 5000 and max(len(part[0]) for part in stream.parts) < 200
        error = await peer.stream("test.bounded", 10, 5000).error()
        assert error.error == "wamp.error.payload_size_exceeded" and "max_result_bytes" in error.args[0]

        error = await peer.stream("test.large", 1, 17 << 20).error()
        assert error.error == "wamp.error.payload_size_exceeded" and "router" in error.args[0]
        assert (await peer.call("test.same", 7)).value == 7


async def test_narrow_router(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA)
    make_sidecar(router.url("narrow"), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        stream = peer.stream("test.series", 20_000)
        await stream.answer()
        assert [row["n"] for row in stream.rows] == list(range(1, 20_001))
        stream = peer.stream("test.series", 3, NARROW - 1000)
        await stream.answer()
        assert len(stream.rows) == 3
        error = await peer.stream("test.series", 3, NARROW).error()
        assert error.error == "wamp.error.payload_size_exceeded"


# -- failures after rows were sent

async def test_error_after_rows(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        stream = peer.stream("test.fail", 10_000, 5500, "22012", True)
        assert (await stream.error()).error == "wamp.error.invalid_argument"
        assert [row["n"] for row in stream.rows] == list(range(1, 5001))
        await in_order(peer, sidecar, 2000)


async def test_commit_that_fails_after_all_rows(over_rawsocket: Sidecar, router: Router, database: Database) -> None:
    """The rows were sent, and an error says that they are not valid."""
    async with joined(router) as peer:
        stream = peer.stream("test.deferred", 3000)
        assert (await stream.error()).error == "postgresql.error.foreign_key_violation"
        assert [row["id"] for row in stream.rows] == list(range(1, 3001))
    assert database.value("select count(*) from public.child") == 0


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_retried_only_before_rows_are_sent(over_rawsocket: Sidecar, router: Router, database: Database,
                                                 state: str) -> None:
    async with joined(router) as peer:
        stream = peer.stream("test.fail", 3000, 500, state, False)
        await stream.answer()
        assert [row["n"] for row in stream.rows] == list(range(1, 3001)), "nothing had been sent, so it was run again"
        assert database.value("select last_value from public.attempts") == 2
        database.execute("select setval('public.attempts', 1, false)")
        stream = peer.stream("test.fail", 3000, 2500, state, False)
        assert (await stream.error()).error in (
            "postgresql.error.serialization_failure", "postgresql.error.deadlock_detected")
        assert [row["n"] for row in stream.rows] == list(range(1, 2001))
        assert database.value("select last_value from public.attempts") == 1, "it was not run again"


async def test_canceled_by_somebody_else(over_rawsocket: Sidecar, router: Router, database: Database) -> None:
    """A cancel that no caller asked for: the function is run again if nothing was sent, else the call fails."""
    def cancel() -> None:
        database.execute("select pg_cancel_backend(pid) from pg_stat_activity where state = 'active' and query like "
                         "'%nap_at%'"
                         " and usename = 'sidecar'")

    async with joined(router) as peer:
        stream = peer.stream("test.nap", 3000, 2500, 1000)
        await until(lambda: len(stream.rows) >= 2000 and active(database, "nap_at") == 1, "it naps, and rows have come")
        cancel()
        assert (await stream.error()).error == "wamp.error.canceled"
        seen = [row["n"] for row in stream.rows]
        assert seen == list(range(1, len(seen) + 1)), "no row came twice"

        stream = peer.stream("test.nap", 3000, 1, 5)
        await until(lambda: active(database, "nap_at") == 1, "it naps before the first row")
        cancel()
        await stream.answer()
        assert [row["n"] for row in stream.rows] == list(range(1, 3001))


async def test_canceled_while_nothing_comes(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The rows so far were sent because time had passed, and the next one never comes: they are not sent again."""
    database.execute(SCHEMA + """create function public.say(n integer) returns integer language plpgsql as $$
        begin
            -- What was written so far goes out with the notice.
            if n = 6 then
                perform set_config('client_min_messages', 'notice', true);
                raise notice 'now';
                perform pg_sleep(60);
            end if;
            return n;
        end $$;""")
    sql = "select g as n, repeat('x', 9000) as filler, say(g) as z from (select generate_series(1, 6) as g offset 0) s"
    make_sidecar(router.url("rawsocket"), database.url, procedures={"test.lazy": {"sql": sql}}).start()
    async with joined(router) as peer:
        stream = peer.stream("test.lazy")
        await until(lambda: len(stream.rows) == 5, "all but the last row came")
        database.execute("select pg_cancel_backend(pid) from pg_stat_activity where state = 'active' and query like "
                         "'%say(%'"
                         " and usename = 'sidecar'")
        assert (await stream.error()).error == "wamp.error.canceled"
        assert [row["n"] for row in stream.rows] == [1, 2, 3, 4, 5]


async def test_lost_connection(over_rawsocket: Sidecar, router: Router, database: Database) -> None:
    async with joined(router) as peer:
        stream = peer.stream("test.endless")
        await until(lambda: len(stream.parts) > 3, "rows come")
        database.execute("select pg_terminate_backend(pid) from pg_stat_activity where query like '%2000000000%' "
                         "and usename = 'sidecar'")
        error = await stream.error()
        assert error.error == "wamp.error.unavailable"
        seen = [row["n"] for row in stream.rows]
        assert seen == list(range(1, len(seen) + 1))
        await in_order(peer, over_rawsocket, 2000)


# -- early ends

@pytest.mark.parametrize("mode", ["kill", "killnowait"])
async def test_cancel(sidecar: Sidecar, router: Router, database: Database, mode: str) -> None:
    """The stream ends immediately, nothing follows the error, and its connection is used again."""
    async with joined(router) as peer:
        for _ in range(3):
            stream = peer.stream("test.endless")
            await until(lambda: len(stream.parts) > 3, "rows come")
            peer.cancel(stream.final, mode)
            assert (await stream.error()).error == "wamp.error.canceled"
            await until(lambda: active(database, "2000000000") == 0, "the statement ends")
            parts = len(stream.parts)
            await in_order(peer, sidecar, 5000)
            assert len(stream.parts) == parts, "nothing comes after the error"
    assert not sidecar.entries("database connection lost") and not sidecar.entries("router lost")


async def test_cancel_that_the_callee_is_not_told_of(over_rawsocket: Sidecar, router: Router) -> None:
    """Mode skip: the router discards the rest, and the set is read to its end."""
    async with joined(router) as peer:
        stream = peer.stream("test.nap", 100_000, 2000, 0.5)
        await until(lambda: stream.parts, "rows come")
        peer.cancel(stream.final, "skip")
        await in_order(peer, over_rawsocket, 5000)
        stream.final.cancel()
    assert not over_rawsocket.entries("router lost")


async def test_caller_that_vanishes(sidecar: Sidecar, router: Router, database: Database) -> None:
    async with joined(router) as peer:
        async with joined(router) as other:
            stream = other.stream("test.endless")
            stream.final.add_done_callback(lambda call: call.cancelled() or call.exception())
            await until(lambda: len(stream.parts) > 3, "rows come")
            other.vanish()
        await until(lambda: active(database, "2000000000") == 0, "the set of a caller that has left ends")
        await in_order(peer, sidecar, 5000)


async def test_timeout(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES | {
        "test.short": {**PROCEDURES["test.endless"], "timeout": "5s"}}).start()
    async with joined(router) as peer:
        stream = peer.stream("test.short")
        assert (await stream.error()).error == "wamp.error.timeout"
        seen = [row["n"] for row in stream.rows]
        assert seen == list(range(1, len(seen) + 1)) and seen
        await until(lambda: active(database, "2000000000") == 0, "the statement has ended")
        await in_order(peer, sidecar, 5000)


async def test_sidecar_that_stops(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A set that ends in time is delivered whole; any other gets an error, and ends."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES,
                           shutdown_timeout="10s").start()
    async with joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            stream = peer.stream("test.hold", 3000, 2500)
            endless = peer.stream("test.drip")
            await until(lambda: stream.parts and endless.parts, "rows come")
            stopping = asyncio.create_task(sidecar.stopped())
            await until(lambda: sidecar.entries("stopping"), "it stops")
        await stream.answer()
        assert [row["n"] for row in stream.rows] == list(range(1, 3001))
        assert (await endless.error()).error in ("wamp.error.unavailable", "wamp.error.canceled")
        assert await stopping == 0
    await until(lambda: active(database, "2000000000") == 0, "the statement ends with the sidecar", 60)


# -- beside other calls

async def test_slow_set_is_not_held_back(over_rawsocket: Sidecar, router: Router) -> None:
    """Rows are passed on although no chunk is full."""
    async with joined(router) as peer:
        stream = peer.stream("test.nap", 3000, 2990, 1000)
        await until(lambda: len(stream.rows) % 1000, "less than a chunk arrives too", 60)
        peer.cancel(stream.final, "kill")
        await stream.error()


async def test_streams_delay_nobody(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """However many streams of however many procedures run, one connection is left to other calls, even of the same
    procedure."""
    database.execute(SCHEMA)
    make_sidecar(router.url("rawsocket"), database.url, database={"connections": 3, "queue_timeout": "20m"},
                 procedures=PROCEDURES).start()
    async with joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            streams = [peer.stream(procedure, 3000, 2500) for procedure in ("test.hold", "test.hold2") * 2]
            await until(lambda: active(database, "hold_at") == 2, "two of them run")
            for n in range(50):
                assert (await peer.call("test.same", n)).value == n
                assert len((await peer.call("test.hold", 2, 3)).value) == 2
            assert not any(stream.final.done() for stream in streams), "the calls must run beside the streams"
            assert active(database, "hold_at") == 2
        for stream in streams:
            await stream.answer()
            assert [row["n"] for row in stream.rows] == list(range(1, 3001))


async def test_many_streams(sidecar: Sidecar, router: Router) -> None:
    """Side by side, each gets its own rows."""
    async with joined(router) as one, joined(router) as two:
        streams: list[tuple[int, Stream]] = []
        for n in range(30):
            streams.append((n, (one, two)[n % 2].stream("test.series", 1000 + 100 * n, n)))
        for n, stream in streams:
            await stream.answer()
            assert [row["n"] for row in stream.rows] == list(range(1, 1001 + 100 * n))
            assert all(len(row["filler"]) == n for row in stream.rows)


async def test_example_of_the_documents(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The example of docs/mapping.md."""
    section = (ROOT / "docs/mapping.md").read_text().split(
        "**Sets that come while they are read.**")[1].split("**Binary.**")[0]
    [script] = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    [mapping] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    database.execute("create schema telemetry; create table telemetry.reading (at timestamptz, sensor text, value "
                     "float8);"
                     "insert into telemetry.reading select '2026-01-01'::timestamptz + n * interval '1 s', 'attic', n "
                     "from generate_series(1, 2500) n; grant usage on schema telemetry to sidecar;"
                     "grant select on telemetry.reading to sidecar")
    make_sidecar(router.url("rawsocket"), database.url, **yaml.safe_load(mapping)).start()
    async with joined(router) as peer:
        names: dict[str, Any] = {"CallOptions": CallOptions, "session": peer.session}
        body = "".join(f"    {line}\n" for line in script.splitlines())
        exec(f"async def example():\n{body}    return rows, final", names)  # noqa: S102
        rows, final = await names["example"]()
        assert final == [] and [row["value"] for row in rows] == list(range(1, 2501))
