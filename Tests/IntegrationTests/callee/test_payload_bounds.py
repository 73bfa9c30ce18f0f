"""What some routers can't read, and what is much larger than it looks, affects only its own call or event."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, until, wait_until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.scripted_router import ERROR, SUBSCRIBE, Connection, scripted
from actors.sidecar import ROOT, Sidecar
from conftest import SidecarMaker

LEADING = "leading: this sidecar does the work that must happen once"
MIB = 1 << 20

#: Values of jsonb that routers can't read, as SQL.
UNREADABLE = {
    "an integer of 5000 digits": "jsonb_build_array(repeat('9', 5000)::numeric)",
    "a number beyond all doubles": "jsonb_build_array(1e400 + 0.5)",
    "400 levels": "(repeat('[', 400) || repeat(']', 400))::jsonb",
}
#: Values of json, which keep their text as written.
UNREADABLE_TEXT = {
    "half a surrogate pair": r"""'"\ud83d"'""",
    "the other half": r"""'{"a": ["\ude00 "]}'""",
    "a key with half a surrogate pair": r"""'{"\udc00": 1}'""",
    "U+0000 and no base64": r"""'"\u0000hello"'""",
    "U+0000 in a key": r"""'{"\u0000AQI=": 1}'""",
    "an exponent beyond all doubles": "'1e999'",
}
FUNCTIONS = "\n".join(
    f"create function public.f{number}() returns {kind} language sql as $f$ select ({text})::{kind} $f$;"
    for number, (kind, text) in enumerate(
        [("jsonb", text) for text in UNREADABLE.values()] + [("json", text) for text in UNREADABLE_TEXT.values()])
)


def letters(database: Database) -> list[Any]:
    return database.rows("select topic, error, message, attempts from wamp.dead_letter order by id")


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
async def test_events(make_sidecar: SidecarMaker, router: Router, installed: Database, serializer: str) -> None:
    """Each becomes a dead letter immediately, and ends no session; the events around it arrive."""
    sidecar = make_sidecar(router.url("websocket"), installed.url, router={"serializers": [serializer]}).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for text in ["'[\"before\"]'", *UNREADABLE.values(), "'[\"after\"]'"]:
            installed.execute(f"select wamp.publish('test.news', {text})")
        assert [event.args for event in await inbox.first(2)] == [["before"], ["after"]]
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty")
    assert [(letter[0], letter[1], letter[3]) for letter in letters(installed)] == [
        ("test.news", "wamp.error.invalid_argument", 0)] * len(UNREADABLE)
    assert len(sidecar.entries("router joined")) == 1, sidecar.text(30)


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
async def test_deep_events(make_sidecar: SidecarMaker, router: Router, installed: Database, serializer: str) -> None:
    """The deepest nesting that is sent."""
    make_sidecar(router.url("websocket"), installed.url, router={"serializers": [serializer]}).start(LEADING)
    async with joined(router, "websocket", serializer) as peer:
        inbox = await peer.subscribe("test.news")
        installed.execute("select wamp.publish('test.news', (repeat('[', 256) || repeat(']', 256))::jsonb)")
        (event,) = await inbox.first(1)
    depth = 1
    value: Any = event.args
    while value:
        (value,) = value
        depth += 1
    assert depth == 256


async def test_texts_are_no_binary(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Whatever a text begins with, it stays text; only `wamp.binary()` makes binary."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    texts = ["\u0001", "\u0001hello", "\u0001AQI=", "\u0001AQI", "\u0001binary", "\u0001" * 1000]
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for text in texts:
            installed.rows("select wamp.publish('test.news', jsonb_build_array(%s::text), jsonb_build_object('k', "
                           "%s::text))", text, text)
        installed.execute(
            r"select wamp.publish('test.news', jsonb_build_array(wamp.binary('\x00ff10'), jsonb_build_object(chr(1) || "
            r"'binary', 'no base64')), "
            r"jsonb_build_object('k', wamp.binary('')))")
        events = await inbox.first(len(texts) + 1)
    assert [(event.args, event.kwargs) for event in events] == [([text], {"k": text}) for text in texts] + [
        ([b"\x00\xff\x10", {"\u0001binary": "no base64"}], {"k": b""})]


@pytest.mark.parametrize("serializer", ["json", "cbor"])
async def test_results(make_sidecar: SidecarMaker, router: Router, database: Database, serializer: str) -> None:
    """A result that can't be read is that call's error, also as an error's detail, and in a set that is sent in
    parts."""
    database.execute(FUNCTIONS)
    database.execute(
        r"""
        create function public.marked(t text) returns jsonb language sql as $$ select jsonb_build_array(chr(1) || t) $$;
        create function public.rows() returns setof json language sql as $f$ select '"\ud83d"'::json
            from generate_series(1, 3) $f$;
        create function public.raises() returns void language plpgsql as $f$ begin
            raise exception using errcode = 'WA000', message = 'com.example.error',
                detail = '{"args": [' || repeat('9', 5000) || ']}'; end $f$;
        """)
    count = len(UNREADABLE) + len(UNREADABLE_TEXT)
    sidecar = make_sidecar(
        router.url("websocket"), database.url, router={"serializers": [serializer]},
        procedures={f"test.f{number}": f"public.f{number}" for number in range(count)} | {
            "test.marked": "public.marked", "test.rows": "public.rows", "test.raises": "public.raises"}).start()
    async with joined(router) as peer:
        for number in range(count):
            error = await asyncio.wait_for(peer.error(f"test.f{number}"), 60)
            assert error.error == "wamp.error.runtime_error" and "can't be sent" in error.args[0], error
        assert (await peer.error("test.raises")).error == "wamp.error.runtime_error"
        stream = peer.stream("test.rows")
        assert (await stream.error()).error == "wamp.error.runtime_error"
        assert (await peer.call("test.marked", "AQI=")).value == ["\u0001AQI="]
    assert len(sidecar.entries("router joined")) == 1


async def test_keyword_arguments_are_not_binary(make_sidecar: SidecarMaker, router: Router,
                                                installed: InstalledDatabase) -> None:
    """Routers end the session if the keyword arguments are not a dictionary: of events, results, errors, notifications,
    and of `wamp.call`."""
    marked = """jsonb_build_object(chr(1) || 'binary', 'AQI=')"""
    installed.execute(
        f"""
        create function public.whole() returns jsonb language sql as $f$ select {marked} $f$;
        create function public.named() returns wamp.result language sql as $f$ select '[1]'::jsonb, {marked} $f$;
        create function public.raises() returns void language plpgsql as $f$ begin
            raise exception using errcode = 'WA000', message = 'com.example.error',
                detail = jsonb_build_object('kwargs', {marked}); end $f$;
        create function public.column() returns table (U&"\\0001binary" text) language sql as $f$
            select 'AQI='::text $f$;
        create function public.fine() returns int language sql as 'select 7';
        grant usage on type wamp.result to public; grant usage on schema wamp to public;
        """)
    names = ["whole", "named", "raises", "column", "fine"]
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url,
        caller={"listen": f"127.0.0.1:{free_port()}", "password": "port-password"},
        notifications={"news": {"publish": "test.news"}}, procedures={
            f"test.{name}": {"function": f"public.{name}"}
            | ({"results": "kwargs"} if name in ("whole", "column") else {})
            for name in names}).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        await peer.call_when_there("test.fine")
        for name in names[:-1]:
            error = await asyncio.wait_for(peer.error(f"test.{name}"), 60)
            assert error.error == "wamp.error.runtime_error" and "another kind" in error.args[0], error
        installed.execute(f"select wamp.publish('test.news', '[1]', {marked}); select wamp.publish('test.news', null, "
                          f"wamp.binary('x'))")
        installed.rows("select pg_notify('news', jsonb_build_object('args', '[2]'::jsonb, 'kwargs', " + marked
            + ")::text)")
        installed.execute("select wamp.publish('test.news', '[\"after\"]')")
        assert [event.args for event in await inbox.first(1)] == [["after"]]
        await until(lambda: len(letters(installed)) == 2, "dead letters")

        def called() -> str:
            with pytest.raises(psycopg.Error) as refused:
                installed.execute(f"select wamp.call('test.fine', null, {marked})")
            return str(refused.value)

        assert "another kind" in await asyncio.to_thread(called)
    assert len(sidecar.entries("router joined")) == 1, sidecar.text(30)


async def test_notifications(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url,
        notifications={"news": {"publish": "test.news"}}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        with database.connect() as connection:
            for text in ["9" * 5000, "[" * 300 + "]" * 300, '"\\u0000hello"', '"after"']:
                connection.execute("select pg_notify('news', %s)", (text,))
        assert [event.args for event in await inbox.first(1)] == [["after"]]
    assert len(sidecar.entries("router joined")) == 1


def test_upgrade(installed: Database) -> None:
    """Waiting binary with version 1's mark is still binary; a value that can't be read does not stop the upgrade."""
    script = (ROOT / "Sources/SQLInterface/Schema/SQL/0002.sql").read_text()
    block = script[script.index("do $binary$"):script.index("end $binary$;") + len("end $binary$;")]
    waiting = ["\u0001AQI=", {"a": ["\u0001", "x\u0001AQI=", '"\u0001AQI="', "\u0001hello"]}, {"\u0001AQI=": 1}]
    installed.rows("select wamp.publish('test.news', %s::jsonb, %s::jsonb)", json.dumps(waiting),
        json.dumps({"k": waiting}))
    installed.rows("select wamp.publish('test.news', jsonb_build_array(%s::text))", "\u0001 no base64")
    installed.execute(
        """select wamp.publish('test.news', (E'["\\\\u0001AQI=",' || string_agg('1e131071', ',') || ']')::jsonb)
           from generate_series(1, 9000)""")
    installed.execute(block.replace("@schema@", "wamp").replace("@schema_identifier_literal@", "'wamp'"))
    first, second = installed.rows("select args, kwargs from wamp.outbox order by id limit 2")
    upgraded = [
        {"\u0001binary": "AQI="}, {"a": [{"\u0001binary": ""}, "x\u0001AQI=", '"\u0001AQI="', "\u0001hello"]},
        {"\u0001AQI=": 1}]
    assert first == (upgraded, {"k": upgraded}) and second == (["\u0001 no base64"], None)


@pytest.mark.parametrize("serializer", ["json", "msgpack"])
async def test_events_that_jsonb_cannot_hold(make_sidecar: SidecarMaker, installed: InstalledDatabase,
                                             serializer: str) -> None:
    """Each becomes a dead letter with its text, and the events behind it run."""
    installed.execute(
        """
        create table public.seen (id bigint generated always as identity, args jsonb);
        create function public.note(args jsonb) returns void language sql security definer
            as 'insert into public.seen (args) values (args)';
        """)
    nan = {"json": b"[NaN,-Infinity]",
        "msgpack": b"\x92\xcb\x7f\xf8" + bytes(6) + b"\xcb\xff\xf0" + bytes(6)}[serializer]
    texts = {
        "[1e999999]": b"[1e999999]", "[1e131071]": b"[1e131071]", '["\\ud83d"]': b'["\\ud83d"]',
        "[" + "9" * 140_000 + "]": b"[" + b"9" * 140_000 + b"]",
    } if serializer == "json" else {}
    texts["[NaN,-Infinity]"] = nan

    async def play(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: any(message[0] == SUBSCRIBE for message in connection.messages))
        after = {"json": b'["after"]', "msgpack": b"\x91\xa5after"}[serializer]
        for number, text in enumerate([*texts.values(), after]):
            head = {"json": f"[36,200,{1000 + number},{{}},".encode(),
                    "msgpack": b"\x95\x24\xcc\xc8\xcd" + (1000 + number).to_bytes(2, "big") + b"\x80"}[serializer]
            connection.send_frame(head + text + (b"]" if serializer == "json" else b""))
        await connection.serve()

    async with scripted(play) as router:
        sidecar = await make_sidecar(
            router.url, installed.url, router={"serializers": [serializer]},
            subscriptions={"test.news": "public.note"}).started(None)
        await until(lambda: installed.value("select count(*) from public.seen") == 1, "the event behind them runs")
        assert (installed.rows("select unreadable from wamp.dead_letter order by id")
                == [(f"[{text}]",) for text in texts])
        assert installed.value("select wamp.dead_letter_retry(array(select id from wamp.dead_letter))") == 0
        assert len(sidecar.entries("router joined")) == 1


# -- what is much larger than it looks, or is kept for long

CALLS = """
create function public.add2(a integer, b integer) returns integer language sql as 'select a + b';
create function public.total(variadic n integer[]) returns bigint language sql as 'select sum(v) from unnest(n) v';
create function public.take(args jsonb, kwargs jsonb) returns integer language sql as 'select jsonb_array_length(args)';
create function public.nap(seconds float8, text text) returns integer language sql
    as 'select pg_sleep(seconds); select length(text)';
create function public.echo(args jsonb) returns jsonb language sql as 'select args';
"""
PROCEDURES: dict[str, Any] = {
    "test.add2": "public.add2", "test.total": "public.total", "test.take": "public.take", "test.echo": "public.echo",
    "test.nap": {"function": "public.nap", "concurrency": 1, "timeout": "20m"},
}


def invocation(connection: Connection, procedure: str, arguments: bytes,
               keywords: bytes = b"{}") -> "asyncio.Future[Any]":
    """Sends an INVOCATION with the arguments unchanged."""
    request = connection.next_invocation
    connection.next_invocation += 1
    connection.answers[request] = asyncio.get_running_loop().create_future()
    connection.send_frame(b"[68,%d,%d,{},%b,%b]" % (request, connection.registrations[procedure], arguments, keywords))
    return connection.answers[request]


async def play_calls(
    make_sidecar: SidecarMaker, database: Database, play: Callable[[Connection, Sidecar], Awaitable[None]],
) -> None:
    """Runs the play with a router's end, and with the sidecar once its procedures are registered."""
    database.execute(CALLS)
    registered: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: len(connection.registrations) == len(PROCEDURES))
        if not registered.done():
            registered.set_result(connection)
        await connection.serve()

    async with scripted(script) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES, database={"queue_timeout": "20m"}).started()
        await play(await registered, sidecar)
        assert len(router.connections) == 1, sidecar.text(20)


async def test_many_arguments(make_sidecar: SidecarMaker, database: Database) -> None:
    """Four million arguments are counted, not kept."""
    async def play(connection: Connection, sidecar: Sidecar) -> None:
        many = b"[" + b"1," * 4_000_000 + b"1]"
        (*_, uri, args) = await asyncio.wait_for(invocation(connection, "test.add2", many), 200)
        assert uri == "wamp.error.invalid_argument" and "too many arguments: 4000001 given" in args[0]
        keywords = b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}"
        (*_, uri, args) = await asyncio.wait_for(invocation(connection, "test.add2", b"[]", keywords), 200)
        assert uri == "wamp.error.invalid_argument" and 'unknown argument "k0"' in args[0]
        assert sidecar.peak() < 120 * MIB, sidecar.peak() / MIB
        assert (await asyncio.wait_for(invocation(connection, "test.total",
            b"[" + b"1," * 1_000_000 + b"1]"), 200))[3] == [1_000_001]
        assert (await asyncio.wait_for(invocation(connection, "test.total", b"[]", b'{"n":[1,2]}'), 200))[3] == [3]
        assert sidecar.peak() < 120 * MIB, sidecar.peak() / MIB

    await play_calls(make_sidecar, database, play)


@pytest.mark.parametrize("arguments",
    [b"[1e131071]", b"[1e-131071]", b"[1e999999]", b"[" + b"1e308," * 500_000 + b"1]"])
async def test_absurd_numbers(make_sidecar: SidecarMaker, database: Database, arguments: bytes) -> None:
    async def play(connection: Connection, sidecar: Sidecar) -> None:
        for procedure in ("test.echo", "test.take", "test.add2"):
            (*_, uri, _) = await asyncio.wait_for(invocation(connection, procedure, arguments), 60)
            assert uri == "wamp.error.invalid_argument"
        assert (await asyncio.wait_for(invocation(connection, "test.echo", b"[1e308,1.5e-300]"), 60))[3] is not None

    await play_calls(make_sidecar, database, play)


async def test_calls_that_wait_are_weighed(make_sidecar: SidecarMaker, database: Database) -> None:
    """Forty calls of 15 MiB do not fit into memory at once: the excess is refused, the others are answered."""
    async def play(connection: Connection, sidecar: Sidecar) -> None:
        arguments = b'[0.5,"' + b"x" * (15 * MIB) + b'"]'
        answers = []
        for _ in range(40):
            answers.append(invocation(connection, "test.nap", arguments))
            await connection.writer.drain()
        outcomes = [(answer[0], answer[4]) if answer[0] == ERROR else answer[3]
            for answer in await asyncio.wait_for(asyncio.gather(*answers), 200)]
        assert outcomes.count([15 * MIB]) >= 2, outcomes
        assert set(map(str, outcomes)) == {str([15 * MIB]), str((ERROR, "wamp.error.unavailable"))}
        assert sidecar.peak() < 300 * MIB, sidecar.peak() / MIB

    await play_calls(make_sidecar, database, play)


async def test_small_calls_behind_large_messages(make_sidecar: SidecarMaker, database: Database) -> None:
    """A small call that is read together with a large message does not keep the memory of that message."""
    async def play(connection: Connection, sidecar: Sidecar) -> None:
        large = b"[" + b" " * (10 * MIB) + b"1,2,3]"
        naps = []
        for _ in range(40):
            refused = invocation(connection, "test.add2", large)
            naps.append(invocation(connection, "test.nap", b'[0.05,"x"]'))
            await connection.writer.drain()
            await asyncio.wait_for(refused, 60)
        assert sidecar.peak() < 150 * MIB, sidecar.peak() / MIB
        for nap in naps:
            assert (await asyncio.wait_for(nap, 60))[3] == [1]

    await play_calls(make_sidecar, database, play)


# -- what the database sends is measured there

LARGE = """
create function public.text_of(octets integer) returns text language sql as 'select repeat(''x'', octets)';
create function public.emoji(octets integer) returns text language sql as 'select repeat(chr(128512), octets)';
create function public.zeros(args jsonb) returns jsonb language sql as
    $$ select jsonb_agg(('1e' || (args->>0))::numeric) from generate_series(1, (args->>1)::int) $$;
create function public.json_of(octets integer) returns json language sql as 'select to_json(repeat(''x'', octets))';
create function public.both(octets integer) returns wamp.result language sql as
    $$ select row(jsonb_build_array(repeat('x', octets)), jsonb_build_object('a', repeat('x', octets)))::wamp.result $$;
create function public.rows_of(rows integer, octets integer) returns setof text language sql as
    'select repeat(''x'', octets) from generate_series(1, rows)';
create function public.columns_of(octets integer, out a text, out b bytea) language sql as
    $$ select repeat('x', octets), convert_to(repeat('x', octets), 'UTF8') $$;
create function public.arrays_of(octets integer) returns bytea[] language sql as
    $$ select array_fill(convert_to(repeat('x', octets), 'UTF8'), array[1]) $$;
create procedure public.out_of(octets integer, inout t text default null) language plpgsql as
    'begin t := repeat(''x'', octets); end';
create function public.detail_of(octets integer) returns text language plpgsql as
    $$ begin raise exception 'no' using detail = repeat('x', octets); end $$;
create function public.message_of(octets integer) returns text language plpgsql as
    $$ begin raise exception '%', repeat('x', octets); end $$;
create function public.notice_of(octets integer) returns text language plpgsql as
    $$ begin raise notice '%', repeat('x', octets); return 'noticed'; end $$;
"""
SQL = {"test.sql": {"sql": "select repeat('x', :octets::int) as t"},
       "test.changed": {"sql": "with a as (select :octets::int as n) insert into public.t select repeat('x', n) from a "
                               "returning t"}}
MANY = 100_000_000


async def test_results_are_measured_in_the_server(make_sidecar: SidecarMaker, installed: InstalledDatabase,
                                                  router: Router) -> None:
    """Whatever a function returns, a result that is too large is not sent; one that fits is unchanged; the session and
    its connections survive."""
    installed.execute(LARGE + "create table public.t (t text); grant all on public.t to public;")
    names = ("text_of", "emoji", "zeros", "json_of", "both", "rows_of", "columns_of", "arrays_of", "out_of",
        "detail_of", "message_of", "notice_of")
    procedures: dict[str, Any] = {f"test.{name}": {"function": f"public.{name}", "timeout": "20m"} for name in names}
    procedures |= {name: {**mapping, "timeout": "20m"} for name, mapping in SQL.items()}
    procedures["test.wide"] = {"function": "public.text_of", "max_result_bytes": "12MiB", "timeout": "20m"}
    procedures["test.all"] = {"function": "public.rows_of", "results": "args", "timeout": "20m"}
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, procedures=procedures).start()
    async with joined(router) as peer:
        assert (await peer.call("test.text_of", 5)).value == "xxxxx"
        assert (await peer.call("test.zeros", 2, 2)).value == [100, 100]
        assert (await peer.call("test.json_of", 2)).value == "xx"
        both = await peer.call("test.both", 2)
        assert (both.args, both.kwargs) == (["xx"], {"a": "xx"})
        assert (await peer.call("test.rows_of", 2, 1)).value == ["x", "x"]
        assert (await peer.call("test.all", 2, 1)).args == ["x", "x"]
        assert (await peer.call("test.out_of", 2)).value == {"t": "xx"}
        assert (await peer.call("test.sql", 2)).value == [{"t": "xx"}]
        assert (await peer.call("test.changed", 2)).value == [{"t": "xx"}]
        assert (await peer.call("test.notice_of", 2)).value == "noticed"
        for name, *args in (
            ("text_of", MANY), ("wide", MANY), ("emoji", MANY // 10), ("zeros", 131071, 1000), ("json_of", MANY),
            ("both", MANY), ("rows_of", 2, MANY), ("rows_of", 20, 1_000_000),
            ("all", 20, 5_000_000), ("columns_of", MANY // 4), ("arrays_of", MANY // 4), ("sql", MANY),
            ("changed", MANY),
        ):
            error = await peer.error(f"test.{name}", *args)
            assert error.error == "wamp.error.payload_size_exceeded", (name, error)
            assert (await peer.call("test.text_of", 5)).value == "xxxxx"
            assert sidecar.peak() < 150 * MIB, (name, sidecar.peak() / MIB)
        assert (await peer.call("test.notice_of", MANY)).value == "noticed"
        assert sidecar.peak() < 150 * MIB, sidecar.peak() / MIB
        # These can't be measured there; their memory is released.
        for name in ("detail_of", "message_of", "out_of"):
            await peer.error(f"test.{name}", MANY)
            assert (await peer.call("test.text_of", 5)).value == "xxxxx"
        await until(lambda: sidecar.resident() < 150 * MIB, "the memory is released")
    assert len(sidecar.entries("router joined")) == 1


def test_what_the_sidecar_reads_of_its_tables(make_sidecar: SidecarMaker, installed: InstalledDatabase,
                                              router: Router) -> None:
    """A large registration is that row's fault. Dead letters that are tried again are read a few at a time, and one
    that is too large is not read at all."""
    installed.execute(
        """
        create table public.got (n bigint);
        create function public.take(args jsonb, kwargs jsonb, details jsonb) returns text
            language sql security definer as
            $$ insert into public.got values (length(args->>0)); select repeat('x', 50000000) $$;
        set session_replication_role = replica;
        insert into wamp.registration (uri, proc, options, registered_by)
            select 'test.r' || n, 'public.take', jsonb_build_object('timeout', repeat('x', 10000000)), current_user
                from generate_series(1, 20) n;
        reset session_replication_role;
        insert into wamp.dead_letter (kind, topic, subscription, proc, args, details, retry)
            select 'event', 'test.t', 'test.t', 'public.take', jsonb_build_array(repeat('x', 6000000)), '{}', true
                from generate_series(1, 12) n;
        insert into wamp.dead_letter (kind, topic, subscription, proc, args, details, retry)
            values ('event', 'test.t', 'test.t', 'public.take', jsonb_build_array(repeat('x', 100000000)), '{}', true);
        """)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url,
        subscriptions={"test.t": {"function": "public.take", "timeout": "20m"}}).start(LEADING)
    wait_until(lambda: installed.rows("select count(*), min(n), max(n) from public.got") == [(12, 6_000_000,
        6_000_000)], "letters run", 120)
    wait_until(
        lambda: installed.rows("select message, retry from wamp.dead_letter") == [
            (f"the event has more than {64 * MIB} octets", False)],
        "the large one is refused")
    wait_until(lambda: len([line for line in sidecar.lines if "its texts have more than 65536 octets" in line]) >= 1,
        "a registration's fault")
    assert sidecar.peak() < 200 * MIB, sidecar.peak() / MIB
