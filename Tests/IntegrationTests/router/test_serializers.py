"""MessagePack and CBOR beside JSON: the same values whatever either side speaks, and the next serializer if one is
refused."""

import asyncio
import contextlib
from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.scripted_router import Connection, sane, scripted
from conftest import SidecarMaker

SERIALIZERS = ["json", "msgpack", "cbor"]
SCHEMA = """
create schema s;
create table s.seen (id bigint generated always as identity, args jsonb, kwargs jsonb);
create function s.same(args jsonb, kwargs jsonb, details jsonb) returns wamp.result language sql as
    'select row(args, kwargs)::wamp.result';
create function s.reversed(b bytea) returns bytea language plpgsql as $$
declare result bytea := '';
begin
    for n in reverse length(b) - 1 .. 0 loop result := result || substr(b, n + 1, 1); end loop;
    return result;
end $$;
create function s.length(b bytea) returns integer language sql as 'select length(b)';
create function s.zeros(n integer) returns bytea language sql as $$ select decode(repeat('00', n), 'hex') $$;
create function s.divide(a integer, b integer) returns integer language sql as 'select a / b';
create function s.many(n integer) returns setof integer language sql as 'select generate_series(1, n)';
create function s.record(args jsonb, kwargs jsonb, details jsonb) returns void language sql as
    'insert into s.seen (args, kwargs) values (args, kwargs)';
"""
PROCEDURES = {f"test.{name}": f"s.{name}" for name in ("same", "reversed", "length", "zeros", "divide", "many")}
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 23, 24, 127, 128, 255, 256, -32, -33, -128, -129, 65535, 65536, 2**31, 2**32, 2**53,
    2**63 - 1, -(2**63), 1.5, -0.25, 3.141592653589793, "", "text", "Ünïcödé 😀", "quote \" and \\ and \n", "x" * 31,
    "x" * 32, "x" * 255, "x" * 256, "x" * 70_000, [], {}, [[[1]]], {"a": {"b": [1, {"c": None}]}},
    list(range(15)), list(range(16)), list(range(300)), {f"key {n}": n for n in range(300)},
]


@pytest.fixture
def prepared(installed: InstalledDatabase) -> InstalledDatabase:
    """The functions, for the sidecar's role."""
    installed.execute(SCHEMA + "grant usage on schema s to wamp; grant all on all tables in schema s to wamp;")
    return installed


@pytest.mark.parametrize("serializer", SERIALIZERS)
async def test_both_ways(make_sidecar: SidecarMaker, router: Router, transport: str, prepared: InstalledDatabase,
                         serializer: str) -> None:
    """Calls, errors, events and binary, with peers of all three serializers."""
    sidecar = make_sidecar(
        router.url(transport), prepared.url, router={"serializers": [serializer]}, procedures=PROCEDURES,
        notifications={"news": {"publish": "test.news"}}).start()
    assert sidecar.entries("router joined")[0]["serializer"] == serializer
    for spoken in SERIALIZERS:
        async with joined(router, serializer=spoken) as peer:
            for value in VALUES:
                answer = await peer.call("test.same", value, key=value)
                assert answer.args == [value] and answer.kwargs == {"key": value}
            answer = await peer.call("test.same", *VALUES)
            assert answer.args == VALUES and answer.kwargs == {}
            for binary in (b"", b"\x00", b"binary", bytes(range(256)), b"\xff" * 70_000):
                if len(binary) < 1000:
                    assert (await peer.call("test.reversed", binary)).value == binary[::-1]
                assert (await peer.call("test.length", binary)).value == len(binary)
            for size in (0, 1, 255, 256, 100_000):
                assert (await peer.call("test.zeros", size)).value == bytes(size)
            assert (await peer.call("test.many", 1000)).value == list(range(1, 1001))
            error = await peer.error("test.divide", 1, 0)
            assert error.error == "wamp.error.invalid_argument" and error.kwargs["sqlstate"] == "22012"
            inbox = await peer.subscribe("test.news")
            with prepared.connect() as connection:
                connection.execute(
                    """select pg_notify('news', '{"args": [1, "zwei", 3.5], "kwargs": {"k": [null]}}')""")
            (event,) = await inbox.first(1)
            assert event.args == [1, "zwei", 3.5] and event.kwargs == {"k": [None]}


@pytest.mark.parametrize("serializer", SERIALIZERS)
async def test_integers_beyond_64_bits(make_sidecar: SidecarMaker, router: Router, prepared: InstalledDatabase,
                                       serializer: str) -> None:
    """MessagePack has none: a router that met one would give the event to nobody, and the answer to no caller. They
    leave as doubles, or as text if they are beyond all doubles."""
    great = (2**64 - 1, 2**64, -(2**63), -(2**63) - 1, -(2**64), 10**300, 10**400)
    read: list[Any] = [2**64 - 1, float(2**64), -(2**63), float(-(2**63)), float(-(2**64)), 1e300, str(10**400)]
    prepared.execute("".join(
        f"create function s.great{n}() returns numeric language sql as 'select {number}::numeric';"
        for n, number in enumerate(great)))
    make_sidecar(
        router.url("rawsocket"), prepared.url, router={"serializers": [serializer]},
        procedures={f"test.great{n}": f"s.great{n}" for n in range(len(great))},
        notifications={"great": {"publish": "test.great"}}).start(
            "leading: this sidecar does the work that must happen once")
    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(joined(router, serializer=spoken)) for spoken in SERIALIZERS]
        inboxes = [await peer.subscribe("test.great") for peer in peers]
        for number in great:
            prepared.execute(f"select wamp.publish('test.great', '[{number}]')")
            prepared.execute(f"""select pg_notify('great', '{{"args": [{number}]}}')""")
        for inbox in inboxes:
            events = [event.args[0] for event in await inbox.first(2 * len(great))]
            assert sorted(events, key=str) == sorted(2 * read, key=str)
        for peer in peers:
            assert [(await peer.call(f"test.great{n}")).value for n in range(len(great))] == read
    assert prepared.value("select count(*) from wamp.dead_letter") == 0


@pytest.mark.parametrize("serializer", SERIALIZERS)
async def test_events_into_the_database(make_sidecar: SidecarMaker, router: Router, transport: str,
                                        prepared: InstalledDatabase, serializer: str) -> None:
    make_sidecar(
        router.url(transport), prepared.url, router={"serializers": [serializer]},
        subscriptions={"test.heard": "s.record"}).start()
    sent: list[Any] = [[1, -2.5, "drei", None], [{"a": [True]}], [b"\x00\x01\xff"]]
    stored: list[Any] = [[1, -2.5, "drei", None], [{"a": [True]}], ["\\x0001ff"]]
    for spoken in SERIALIZERS:
        async with joined(router, serializer=spoken) as peer:
            for args in sent:
                peer.session.publish("test.heard", *args, spoken=spoken)
            count = len(stored) * (SERIALIZERS.index(spoken) + 1)
            await until(lambda: prepared.value("select count(*) from s.seen") >= count, f"{count} events are stored")
            rows = prepared.rows("select args, kwargs from s.seen order by id")[-len(stored):]
            assert [row[0] for row in rows] == stored
            assert all(row[1] == {"spoken": spoken} for row in rows)


async def test_crossbar_refuses(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Crossbar.io closes the connection for a serializer that it does not have: the next one is tried immediately, and
    kept."""
    database.execute("create function public.same(n integer) returns integer language sql as 'select n'")
    sidecar = make_sidecar(router.url("cbor"), database.url, procedures={"test.same": "public.same"}).start()
    refusals = sidecar.entries("router refuses a serializer")
    assert [(entry["serializer"], entry["next"]) for entry in refusals] == [("json", "msgpack"), ("msgpack", "cbor")]
    assert not sidecar.entries("router not available")
    assert sidecar.entries("router joined")[0]["serializer"] == "cbor"
    async with joined(router) as peer:
        assert (await peer.call("test.same", 5)).value == 5


async def test_crossbar_refuses_all(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(
        router.url("cbor"), database.url, router={"serializers": ["msgpack", "json"]}).start(until=None)
    entry = sidecar.wait_for("router not available", count=3)
    assert entry["reason"].endswith("so it did with msgpack") and "serializer json" in entry["reason"]
    assert len(sidecar.entries("router refuses a serializer")) == 1


async def test_refused_by_number(make_sidecar: SidecarMaker, database: Database) -> None:
    """A router that says which fault it is. The serializer that it accepted is asked for first when its connection is
    lost."""
    asked: list[int] = []

    async def only_msgpack(connection: Connection) -> None:
        opening = await connection.reader.readexactly(4)
        connection.serializer = opening[1] & 0xF
        asked.append(connection.serializer)
        if connection.serializer != 2:
            connection.writer.write(bytes([0x7F, 0x10, 0, 0]))
            return
        connection.writer.write(bytes([0x7F, 0xF2, 0, 0]))
        await connection.serve()

    database.execute("create function public.same(n integer) returns integer language sql as 'select n'")
    async with scripted(only_msgpack) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures={"test.same": "public.same"}).started()
        _, answer = router.connections[-1].invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
        router.connections[-1].reset()
        await until(lambda: len(asked) == 3 and "test.same" in router.connections[-1].registrations, "it is back")
        assert asked == [1, 2, 2]
        assert [entry["serializer"] for entry in sidecar.entries("router refuses a serializer")] == ["json"]
        assert await sidecar.stopped() == 0


async def test_nothing_to_refuse(make_sidecar: SidecarMaker, database: Database) -> None:
    """A router that is down refuses nothing, and one that answers accepts the first."""
    sidecar = make_sidecar("rs://127.0.0.1:1", database.url).start(until=None)
    sidecar.wait_for("router not available", count=2)
    assert not sidecar.entries("router refuses a serializer")
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url).started()
        assert [connection.serializer for connection in router.connections] == [1]
