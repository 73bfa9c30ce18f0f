"""What not all routers can read, and what is much larger than it looks, stays its own call's or event's fault."""

import asyncio
import json
from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.installation import InstalledDatabase
from actors.router import Router
from actors.scripted_router import SUBSCRIBE, Connection, scripted
from actors.sidecar import ROOT
from conftest import SidecarMaker

LEADING = "leading: what must happen once happens here"
MIB = 1 << 20

#: Values of jsonb that routers can't read, as SQL.
UNREADABLE = {
    "an integer of 5000 digits": "jsonb_build_array(repeat('9', 5000)::numeric)",
    "a number beyond all doubles": "jsonb_build_array(1e400 + 0.5)",
    "400 levels": "(repeat('[', 400) || repeat(']', 400))::jsonb",
}
#: Values of json, whose text is as it was written.
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
    """Each is a dead letter at once, and ends no session; those around it arrive."""
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
    """As deep as is sent."""
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
    """Whatever a text begins with it leaves as text; `wamp.binary()` alone makes binary."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    texts = ["\u0001", "\u0001hello", "\u0001AQI=", "\u0001AQI", "\u0001binary", "\u0001" * 1000]
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for text in texts:
            installed.rows("select wamp.publish('test.news', jsonb_build_array(%s::text), jsonb_build_object('k', %s::text))", text, text)
        installed.execute(
            r"select wamp.publish('test.news', jsonb_build_array(wamp.binary('\x00ff10'), jsonb_build_object(chr(1) || 'binary', 'no base64')), "
            r"jsonb_build_object('k', wamp.binary('')))")
        events = await inbox.first(len(texts) + 1)
    assert [(event.args, event.kwargs) for event in events] == [([text], {"k": text}) for text in texts] + [
        ([b"\x00\xff\x10", {"\u0001binary": "no base64"}], {"k": b""})]


@pytest.mark.parametrize("serializer", ["json", "cbor"])
async def test_results(make_sidecar: SidecarMaker, router: Router, database: Database, serializer: str) -> None:
    """A result that can't be read is that call's error, also as an error's detail, and in a set that comes in parts."""
    database.execute(FUNCTIONS)
    database.execute(
        r"""
        create function public.marked(t text) returns jsonb language sql as $$ select jsonb_build_array(chr(1) || t) $$;
        create function public.rows() returns setof json language sql as $f$ select '"\ud83d"'::json from generate_series(1, 3) $f$;
        create function public.raises() returns void language plpgsql as $f$ begin
            raise exception using errcode = 'WA000', message = 'com.example.error', detail = '{"args": [' || repeat('9', 5000) || ']}'; end $f$;
        """)
    count = len(UNREADABLE) + len(UNREADABLE_TEXT)
    sidecar = make_sidecar(
        router.url("websocket"), database.url, router={"serializers": [serializer]},
        procedures={f"test.f{number}": f"public.f{number}" for number in range(count)} | {
            "test.marked": "public.marked", "test.rows": "public.rows", "test.raises": "public.raises"}).start()
    async with joined(router) as peer:
        for number in range(count):
            error = await asyncio.wait_for(peer.error(f"test.f{number}"), 10)
            assert error.error == "wamp.error.runtime_error" and "can't be sent" in error.args[0], error
        assert (await peer.error("test.raises")).error == "wamp.error.runtime_error"
        stream = peer.stream("test.rows")
        assert (await stream.error(10)).error == "wamp.error.runtime_error"
        assert (await peer.call("test.marked", "AQI=")).value == ["\u0001AQI="]
    assert len(sidecar.entries("router joined")) == 1


async def test_notifications(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url, notifications={"news": {"publish": "test.news"}}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        with database.connect() as connection:
            for text in ["9" * 5000, "[" * 300 + "]" * 300, '"\\u0000hello"', '"after"']:
                connection.execute("select pg_notify('news', %s)", (text,))
        assert [event.args for event in await inbox.first(1)] == [["after"]]
    assert len(sidecar.entries("router joined")) == 1


def test_upgrade(installed: Database) -> None:
    """Binary that waits as version 1 marked it is binary still; what can't be read does not stop the upgrade."""
    script = (ROOT / "Sources/Sidecar/Schema/SQL/0002.sql").read_text()
    block = script[script.index("do $binary$"):script.index("end $binary$;") + len("end $binary$;")]
    waiting = ["\u0001AQI=", {"a": ["\u0001", "x\u0001AQI=", '"\u0001AQI="', "\u0001hello"]}, {"\u0001AQI=": 1}]
    installed.rows("select wamp.publish('test.news', %s::jsonb, %s::jsonb)", json.dumps(waiting), json.dumps({"k": waiting}))
    installed.rows("select wamp.publish('test.news', jsonb_build_array(%s::text))", "\u0001 no base64")
    installed.execute(
        """select wamp.publish('test.news', (E'["\\\\u0001AQI=",' || string_agg('1e131071', ',') || ']')::jsonb) from generate_series(1, 9000)""")
    installed.execute(block.replace("@schema@", "wamp").replace("@schema_identifier_literal@", "'wamp'"))
    first, second = installed.rows("select args, kwargs from wamp.outbox order by id limit 2")
    upgraded = [
        {"\u0001binary": "AQI="}, {"a": [{"\u0001binary": ""}, "x\u0001AQI=", '"\u0001AQI="', "\u0001hello"]}, {"\u0001AQI=": 1}]
    assert first == (upgraded, {"k": upgraded}) and second == (["\u0001 no base64"], None)


@pytest.mark.parametrize("serializer", ["json", "msgpack"])
async def test_events_that_jsonb_cannot_hold(make_sidecar: SidecarMaker, installed: InstalledDatabase, serializer: str) -> None:
    """Each is a dead letter with its text, and those behind it run."""
    installed.execute(
        """
        create table public.seen (id bigint generated always as identity, args jsonb);
        create function public.note(args jsonb) returns void language sql security definer as 'insert into public.seen (args) values (args)';
        """)
    nan = {"json": b"[NaN,-Infinity]", "msgpack": b"\x92\xcb\x7f\xf8" + bytes(6) + b"\xcb\xff\xf0" + bytes(6)}[serializer]
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
        assert installed.rows("select unreadable from wamp.dead_letter order by id") == [(f"[{text}]",) for text in texts]
        assert installed.value("select wamp.dead_letter_retry(array(select id from wamp.dead_letter))") == 0
        assert len(sidecar.entries("router joined")) == 1
