"""What routers and peers do that Crossbar.io doesn't, and what a session must survive."""

import asyncio
import json
import struct
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase
from actors.scripted_router import (
    CALL, ERROR, EVENT, FEATURES, GOODBYE, HELLO, INVOCATION, PUBLISH, PUBLISHED, REGISTER, WELCOME, YIELD, Connection,
    Script, sane,
    scripted,
)
from conftest import SidecarMaker

SCHEMA = ("create function public.same(n integer) returns integer language sql as 'select n';"
          "create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
PROCEDURES = {"test.same": "public.same"}
LONG = 17 << 20


def send_fragments(connection: Connection, text: bytes, size: int) -> None:
    """A text in fragments of so many octets."""
    for start in range(0, len(text), size):
        piece = text[start:start + size]
        last = 0x80 if start + size >= len(text) else 0
        connection.writer.write(bytes([last | (0 if start else 1), 127]) + struct.pack("!Q", len(piece)) + piece)


async def test_messages_that_are_too_long(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """WebSocket doesn't announce a limit: a longer message is skipped, whole or in fragments. The call is answered, the
    event becomes a dead letter, and the session continues for all others."""
    installed.execute(SCHEMA)
    async with scripted(sane, transport="websocket") as router:
        await make_sidecar(
            router.url, installed.url, procedures=PROCEDURES, subscriptions={"test.topic": "public.take"}).started()
        connection = router.connections[0]
        _, before = connection.invoke("test.same", 1)
        request, answer = connection.invoke("test.same", "x" * LONG)
        assert (await asyncio.wait_for(before, 60))[3] == [1]
        message = await asyncio.wait_for(answer, 60)
        assert message[:3] == [ERROR, INVOCATION, request] and message[4] == "wamp.error.payload_size_exceeded", message
        connection.send(EVENT, 200, 1, {}, ["x" * LONG])
        await until(lambda: installed.rows("select kind, error from wamp.dead_letter") == [
            ("event", "wamp.error.payload_size_exceeded")], "it is a dead letter", 60)
        request, answer = connection.next_invocation, asyncio.get_running_loop().create_future()
        connection.next_invocation += 1
        connection.answers[request] = answer
        send_fragments(connection, json.dumps(
            [INVOCATION, request, connection.registrations["test.same"], {}, ["x" * LONG]]).encode(), 5 << 20)
        assert (await asyncio.wait_for(answer, 60))[4] == "wamp.error.payload_size_exceeded"
        _, after = connection.invoke("test.same", 2)
        assert (await asyncio.wait_for(after, 60))[3] == [2]
        assert len(router.connections) == 1


async def test_result_that_is_too_long(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """The caller in SQL gets the error immediately."""

    async def long(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == CALL and message[3] == "test.long":
                connection.send(50, message[1], {}, ["x" * LONG])
            else:
                connection.answer(message)

    async with scripted(long, transport="websocket") as router:
        sidecar = await make_sidecar(router.url, installed.url, caller={"listen": f"127.0.0.1:{free_port()}"}).started()
        await asyncio.to_thread(sidecar.wait_for, "call port announced to the database")
        with pytest.raises(psycopg.Error) as error:
            await asyncio.to_thread(installed.execute, "select wamp.call('test.long')")
        assert error.value.sqlstate == "54000"
        assert len(router.connections) == 1


async def test_answers_that_mean_nothing(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """ERROR for CANCEL, as nexus sends it, and ids of publications in some brokers' own numbers."""

    async def odd(connection: Connection) -> None:
        await connection.handshake()
        numbers = iter([0, 2 ** 53 + 1, 2 ** 64 - 1])
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH and message[3] == "test.out":
                connection.send(PUBLISHED, message[1], next(numbers))
            else:
                connection.answer(message)

    installed.execute(
        "create table public.seen (id numeric); grant insert on public.seen to public;"
        "create function public.note(args jsonb, kwargs jsonb, details jsonb) returns void language sql as "
        "$$ insert into public.seen values ((details ->> 'publication')::numeric) $$;" + SCHEMA)
    async with scripted(odd) as router:
        await make_sidecar(
            router.url, installed.url, procedures=PROCEDURES, subscriptions={"test.topic": "public.note"}).started()
        connection = router.connections[0]
        for kind in (49, 68, 69, 70, 1, 0, 99):
            connection.send(ERROR, kind, 7, {}, "wamp.error.no_such_procedure")
        for number in (0, 2 ** 53 + 1, 2 ** 64 - 1):
            connection.send(EVENT, 200, number, {}, [1])
        await until(lambda: installed.value("select count(*) from public.seen") == 3, "the events have run")
        assert ([int(row[0]) for row in installed.rows("select id from public.seen order by id")]
                == [0, 2 ** 53 + 1, 2 ** 64 - 1])
        await asyncio.to_thread(installed.execute, "select wamp.publish('test.out', '[1]') from generate_series(1, 3)")
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty")
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
        assert len(router.connections) == 1


async def test_payload_passed_through(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """`ppt_scheme`: the arguments are for peers that know the scheme. A call is refused, an event becomes a dead
    letter."""
    installed.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(
            router.url, installed.url, procedures=PROCEDURES, subscriptions={"test.topic": "public.take"}).started()
        connection = router.connections[0]
        _, answer = connection._invoke("test.same", {"ppt_scheme": "x_private", "ppt_serializer": "cbor"}, (1,), {})
        assert (await asyncio.wait_for(answer, 60))[4] == "wamp.error.feature_not_supported"
        connection.send(EVENT, 200, 1, {"ppt_scheme": "x_private"}, ["\0AQID"])
        await until(lambda: installed.rows("select kind, error from wamp.dead_letter") == [
            ("event", "wamp.error.feature_not_supported")], "it is a dead letter")


@pytest.mark.parametrize("realm", ["de", "1realm", "com.example.shop:eu", "größe"])
async def test_realms_are_uris(make_sidecar: SidecarMaker, database: Database, realm: str) -> None:
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES, router={"realm": realm}).started()
        assert router.connections[0].messages[0][:2] == [HELLO, realm]


async def test_goodbye_says_that_the_process_ends(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        assert await sidecar.stopped() == 0
        assert router.connections[0].messages[-1] == [GOODBYE, {}, "wamp.close.system_shutdown"]


async def test_router_that_says_little(make_sidecar: SidecarMaker, database: Database) -> None:
    """What a router does not say is not logged either."""

    async def terse(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.send(WELCOME, 4711, {"roles": FEATURES})
        await connection.serve()

    database.execute(SCHEMA)
    async with scripted(terse) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        [joined] = sidecar.entries("router joined")
        assert "agent" not in joined, joined


def nexus(asking: dict[str, Any]) -> Script:
    """A router that records in `asking` whether each REGISTER asks for disclosure."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == REGISTER:
                asking[message[3]] = message[2].get("disclose_caller", False)
            connection.answer(message)

    return script


async def test_callee_that_asks_who_calls(make_sidecar: SidecarMaker, database: Database) -> None:
    """nexus discloses callers if the callee asks for it: row level security, as in docs/mapping.md, works there."""
    database.execute(
        "create table public.note (owner text, text text); insert into public.note values ('alice', 'a'), ('bob', 'b');"
        "alter table public.note enable row level security;"
        "create policy own on public.note using (owner = nullif(current_setting('wamp.caller_authid', true), ''));"
        "grant select on public.note to public;"
        "create function public.notes() returns setof text stable language sql as 'select text from public.note'")
    asking: dict[str, Any] = {}
    procedures = {"test.notes": {"function": "public.notes", "disclose_caller": True}, "test.silent": "public.notes"}
    async with scripted(nexus(asking)) as router:
        await make_sidecar(router.url, database.url, procedures=procedures).started()
        assert asking == {"test.notes": True, "test.silent": False}
        for procedure, authid, seen in (("test.notes", "alice", ["a"]), ("test.notes", "bob", ["b"]),
            ("test.silent", "alice", [])):
            details = {"caller": 7, "caller_authid": authid, "caller_authrole": "user"} if asking[procedure] else {}
            _, answer = router.connections[0]._invoke(procedure, details, (), {})
            message = await asyncio.wait_for(answer, 60)
            assert message[0] == YIELD and [row for rows in message[3:4] for row in rows] in ([seen], seen), message


async def test_registered_from_sql_to_ask_who_calls(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """`disclose_caller` is an option of `wamp.register()` as well."""
    installed.execute("create function public.who() returns text stable language sql as "
                      "$$ select current_setting('wamp.caller_authid', true) $$")
    for options, words in (('{"disclose_caller": "yes"}', "option disclose_caller can't be"),
                           ('{"disclosecaller": true}', "unknown option disclosecaller")):
        with pytest.raises(psycopg.Error, match=words):
            installed.rows("select wamp.register('test.who', 'public.who', options => %s)", options)
    with pytest.raises(psycopg.Error, match="unknown option disclose_caller"):
        installed.execute("""select wamp.subscribe('test.who', 'public.who', '{"disclose_caller": true}')""")
    installed.execute("""select wamp.register('test.who', 'public.who', options => '{"disclose_caller": true}'),
        wamp.register('test.silent', 'public.who', options => '{"disclose_caller": false}')""")
    asking: dict[str, Any] = {}
    async with scripted(nexus(asking)) as router:
        await make_sidecar(router.url, installed.url).started()
        assert asking == {"test.who": True, "test.silent": False}
        _, answer = router.connections[0]._invoke("test.who",
            {"caller": 7, "caller_authid": "alice", "caller_authrole": "user"}, (), {})
        message = await asyncio.wait_for(answer, 60)
        assert message[0] == YIELD and message[3] == ["alice"], message


async def test_router_that_does_not_disclose(make_sidecar: SidecarMaker, database: Database) -> None:
    """Refused because of the option: a fault of that mapping, and of no other."""

    async def refuses(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == REGISTER and message[2].get("disclose_caller"):
                connection.send(ERROR, REGISTER, message[1], {}, "wamp.error.option_disallowed.disclose_me")
            else:
                connection.answer(message)

    database.execute(SCHEMA)
    procedures = PROCEDURES | {"test.asking": {"function": "public.same", "disclose_caller": True}}
    async with scripted(refuses) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=procedures).started("running with faults")
        [entry] = sidecar.entries("procedure not registered")
        assert entry["procedure"] == "test.asking" and "disclose_me" in entry["reason"], entry
        _, answer = router.connections[0].invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]


async def test_deadline_that_the_router_keeps_too(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """Whichever clock rings first: 57014."""
    features = FEATURES | {"dealer": {"features": FEATURES["dealer"]["features"] | {"call_timeout": True}}}

    async def keeps_time(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == HELLO:
                connection.send(WELCOME, 4711, {"roles": features, "agent": "scripted", "realm": message[1]})
            elif message[0] == CALL and message[3] == "test.slow":
                # A clock that is fast by up to a millisecond's rounding.
                asyncio.get_running_loop().call_later(
                    message[2]["timeout"] / 1000 - 0.005, connection.send, ERROR, CALL, message[1], {},
                    "wamp.error.timeout")
            else:
                connection.answer(message)

    async with scripted(keeps_time) as router:
        sidecar = await make_sidecar(router.url, installed.url, caller={"listen": f"127.0.0.1:{free_port()}"}).started()
        await asyncio.to_thread(sidecar.wait_for, "call port announced to the database")
        for _ in range(5):
            with pytest.raises(psycopg.Error) as error:
                await asyncio.to_thread(installed.execute,
                    """select wamp.call('test.slow', options => '{"timeout": 200}')""")
            assert error.value.sqlstate == "57014", error.value
