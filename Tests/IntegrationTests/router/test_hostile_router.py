"""A router that refuses, revokes, interrupts, answers twice, or does not read. test_router_endings.py has the ends of
sessions."""

import asyncio
import json

import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase
from actors.scripted_router import (
    ERROR, GOODBYE, INTERRUPT, INVOCATION, PUBLISH, REGISTER, REGISTERED, SUBSCRIBE, SUBSCRIBED, UNREGISTERED,
    UNSUBSCRIBE,
    UNSUBSCRIBED, YIELD, Connection, Script, sane, scripted,
)
from conftest import SidecarMaker

SCHEMA = "create function public.same(n integer) returns integer language sql as 'select n'"
PROCEDURES = {"test.same": "public.same"}
NOTIFICATIONS = {"news": {"publish": "test.news"}}
#: What a sidecar sends when it begins, in any order.
BEGINNING = {
    "starting", "router joined", "database available", "no SQL interface", "listening for notifications",
    "leading: this sidecar does the work that must happen once",
}


def instead_of_welcome(*message: object) -> Script:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.send(*message)
        await connection.receive()

    return script


def after_registration(*frames: bytes) -> Script:
    """Joins and registers correctly, and then sends these messages."""

    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: bool(connection.registrations))
        for frame in frames:
            connection.send_frame(frame)
        await connection.serve()

    return script


async def refuses_registrations(connection: Connection) -> None:
    await connection.handshake()
    while True:
        message = await connection.receive()
        if message[0] == 64:
            connection.send(ERROR, 64, message[1], {}, "wamp.error.not_authorized")
        else:
            connection.answer(message)


@pytest.mark.parametrize(("serializer", "frame"), [
    ("msgpack", b"\x94\x44\x01\x64\x80\xc1"), ("msgpack", b"\xdd\xff\xff\xff\xff\x44"),
    ("cbor", b"\x84\x18\x44\x01\x64"), ("cbor", b"\x9f\x18\x44\x01\x18\x64\xa0\x81\xff"),
])
async def test_what_is_no_message(make_sidecar: SidecarMaker, database: Database, serializer: str,
                                  frame: bytes) -> None:
    """Octets that are not a message of the serializer end the session, and the next one works."""
    database.execute(SCHEMA)
    async with scripted(after_registration(frame), sane) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES, router={"serializers": [serializer]}).started(until=None)
        await until(
            lambda: len(router.connections) > 1 and "test.same" in router.connections[-1].registrations,
            "the router in its senses is joined", 100)
        _, answer = router.connections[-1].invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
        assert await sidecar.stopped() == 0


@pytest.mark.parametrize("challenge", [
    (4, "wampcra", {"challenge": 12}), (4, "unheard-of", {}), (4, "wampcra", {"challenge": "x"})])
async def test_challenge_that_cannot_be_met(make_sidecar: SidecarMaker, database: Database,
                                            challenge: tuple[object, ...]) -> None:
    """Not the method that was offered, or no challenge at all: reported, and tried again slowly."""
    async with scripted(instead_of_welcome(*challenge)) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures={}).started("router refuses the credentials")
        assert sidecar.running
        assert await sidecar.stopped() == 0


async def test_never_answers_registrations(make_sidecar: SidecarMaker, database: Database) -> None:
    """No REGISTERED arrives: not ready, alive, and SIGTERM ends it."""

    async def silent(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] not in (64, 32):
                connection.answer(message)

    database.execute(SCHEMA)
    async with scripted(silent) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started(until=None)
        await until(lambda: any(m[0] == 64 for c in router.connections for m in c.messages), "it registers")
        assert not sidecar.entries("ready")
        assert await sidecar.stopped() == 0


async def test_refused_registration(make_sidecar: SidecarMaker, database: Database) -> None:
    """Reported, with the procedure's name, and no reason to leave."""
    database.execute(SCHEMA)
    async with scripted(refuses_registrations) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started(until=None)
        await until(lambda: any("test.same" in line and "not_authorized" in line for line in sidecar.lines),
            "it says so")
        assert sidecar.running and len(router.connections) == 1


async def test_procedure_that_another_session_holds(make_sidecar: SidecarMaker, database: Database) -> None:
    """procedure_already_exists is tried until it is ours; it is logged once, and readiness does not flutter
    meanwhile."""
    procedures = PROCEDURES | {"test.other": "public.same"}
    refusals = {procedure: 0 for procedure in procedures}

    async def holds(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == 64 and refusals[message[3]] < 3:
                refusals[message[3]] += 1
                connection.send(ERROR, 64, message[1], {}, "wamp.error.procedure_already_exists")
            else:
                connection.answer(message)

    database.execute(SCHEMA)
    async with scripted(holds) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=procedures).started()
        assert (set(refusals.values()), len(router.connections)) == ({3}, 1)
        told = [entry["message"] for entry in sidecar.entries() if entry["level"] != "debug"]
        # The faults once for both; once more if one of them is repaired before the other.
        assert [message for message in told if message not in BEGINNING] in (
            ["procedure not registered"] * 2 + ["running with faults"] + ["fault"] * 2 + again + ["ready"]
            for again in ([], ["running with faults"]))


async def test_patterns_that_the_router_does_not_know(make_sidecar: SidecarMaker, database: Database) -> None:
    """It would take them for plain URIs: reported as faults, and not sent. The rest works."""
    database.execute(SCHEMA + "; create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
    async with scripted(sane) as router:
        sidecar = await make_sidecar(
            router.url, database.url,
            procedures=PROCEDURES | {"test.many": {"function": "public.same", "match": "prefix"}},
            subscriptions={"test.topic": "public.take",
                "test..topic": {"function": "public.take", "match": "wildcard"}},
        ).started("running with faults")
        for message, key, uri, feature in (("procedure not registered", "procedure", "test.many",
            "pattern_based_registration"),
                                           ("not subscribed", "topic", "test..topic", "pattern_based_subscription")):
            [entry] = sidecar.entries(message)
            assert entry[key] == uri and feature in entry["reason"], entry
        connection = router.connections[0]
        assert ([message[3] for message in connection.messages if message[0] in (REGISTER, SUBSCRIBE)]
                == ["test.same", "test.topic"])
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]


async def test_revoked_registration(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        connection = router.connections[0]
        registered = [m for m in connection.messages if m[0] == 64]
        connection.send(UNREGISTERED, 0, {"registration": connection.registrations["test.same"], "reason": "x.y"})
        await until(lambda: len([m for m in connection.messages if m[0] == 64]) > len(registered), "registers again")
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]


async def test_answers_twice(make_sidecar: SidecarMaker, installed: InstalledDatabase, transport: str) -> None:
    """WELCOME once, everything else twice: each answer counts once, for what SQL publishes and calls as well."""

    async def twice(connection: Connection) -> None:
        await connection.handshake()
        connection.answer(await connection.receive())
        while True:
            message = await connection.receive()
            connection.answer(message)
            if message[0] == REGISTER:
                connection.send(REGISTERED, message[1], connection.registrations[message[3]])
            elif message[0] != GOODBYE:
                connection.answer(message)

    installed.execute(SCHEMA + "; create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
    async with scripted(twice, transport=transport) as router:
        sidecar = await make_sidecar(
            router.url, installed.url, procedures=PROCEDURES, notifications=NOTIFICATIONS,
            subscriptions={"test.news": "public.take"}, caller={"listen": f"127.0.0.1:{free_port()}"}).started()
        connection = router.connections[0]
        await asyncio.to_thread(sidecar.wait_for, "call port announced to the database")
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
        for n in range(3):
            await asyncio.to_thread(installed.execute,
                f"select wamp.publish('test.out', '[{n}]') from generate_series(1, 10)")
            assert await asyncio.to_thread(installed.value, f"select wamp.call('test.there', '[{n}]')") == 1
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty")
        published = [message[4][0]
            for message in connection.messages if message[0] == PUBLISH and message[3] == "test.out"]
        assert published == [0] * 10 + [1] * 10 + [2] * 10
        assert len(router.connections) == 1
        assert await sidecar.stopped() == 0


async def test_goodbye(make_sidecar: SidecarMaker, database: Database, transport: str) -> None:
    """The router says GOODBYE: answered, as the specification requires, before the connection is closed."""
    database.execute(SCHEMA)
    async with scripted(sane, transport=transport) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        router.connections[0].send(GOODBYE, {}, "wamp.close.system_shutdown")
        await until(lambda: router.connections[0].messages[-1] == [GOODBYE, {}, "wamp.close.goodbye_and_out"],
            "it is answered")
        await until(lambda: len(router.connections) > 1 and router.connections[-1].registrations, "it joins again")


async def test_takes_less_than_it_says(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """WebSocket does not announce the router's limit: it closes with 1009. That costs one session and not all of them:
    from then on what is as long becomes a dead letter, or is answered with an error."""
    limit = 10_000

    async def narrow(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if len(json.dumps(message, separators=(",", ":"))) > limit:
                connection.send_frame(b"\x03\xf1", 8)
                return
            connection.answer(message)

    installed.execute("create function public.wide(n integer) returns text language sql as $$ select repeat('x', n) $$")
    async with scripted(narrow, transport="websocket") as router:
        sidecar = await make_sidecar(router.url, installed.url, procedures={"test.wide": "public.wide"}).started()
        await asyncio.to_thread(
            installed.execute, "select wamp.publish('test.out', jsonb_build_array(repeat('x', 20000))); select "
                               "wamp.publish('test.out', '[1]')")
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty")
        assert installed.rows("select kind, topic, error from wamp.dead_letter") == [
            ("publish", "test.out", "wamp.error.payload_size_exceeded")]
        [lost] = sidecar.entries("router lost")
        assert "code 1009" in lost["reason"] and "at most 10" in lost["reason"], lost
        await until(lambda: router.connections[1].registrations, "it is registered again")
        _, answer = router.connections[1].invoke("test.wide", 30_000)
        assert (await asyncio.wait_for(answer, 60))[4] == "wamp.error.payload_size_exceeded"
        _, answer = router.connections[1].invoke("test.wide", 5_000)
        assert (await asyncio.wait_for(answer, 60))[3] == ["x" * 5_000]
        assert len(router.connections) == 2
        assert any(message[0] == PUBLISH and message[4] == [1] for message in router.connections[1].messages)


async def test_given_back_while_asked_for_again(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """UNSUBSCRIBE ends a subscription that another mapping asked for just before: it is asked for once more."""
    for name in ("first", "second"):
        installed.execute(f"create function public.{name}(jsonb, jsonb, jsonb) returns void language sql as ''")
    held: list[int] = []

    async def slow(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == SUBSCRIBE and held == [0]:
                held[0] = message[1]
            elif message[0] == UNSUBSCRIBE and held:
                connection.send(SUBSCRIBED, held.pop(), 200)
                connection.send(UNSUBSCRIBED, message[1])
            else:
                connection.answer(message)

    async with scripted(slow) as router:
        sidecar = await make_sidecar(router.url, installed.url).started()
        await asyncio.to_thread(installed.execute, "select wamp.subscribe('test.topic', 'public.first')")
        await until(lambda: sidecar.entries("subscribed"), "the first is subscribed")
        held.append(0)
        await asyncio.to_thread(installed.execute, "select wamp.subscribe('test.topic', 'public.second')")
        await until(lambda: held[0] > 0, "the second asks")
        await asyncio.to_thread(installed.execute, "select wamp.unsubscribe('test.topic', 'public.first')")
        await until(lambda: len(sidecar.entries("subscribed")) == 3, "the second is subscribed again")
        asked = [message[0] for message in router.connections[0].messages if message[0] in (SUBSCRIBE, UNSUBSCRIBE)]
        assert asked == [SUBSCRIBE, SUBSCRIBE, UNSUBSCRIBE, SUBSCRIBE]


async def test_not_run_again_for_nobody(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """A call whose caller's session has ended fails so that it would be tried again: once is enough."""
    installed.execute(
        "create sequence public.runs; grant usage on sequence public.runs to public;"
        "create function public.contend() returns void language plpgsql as $$ begin"
        " perform nextval('public.runs'); perform pg_advisory_xact_lock(4711);"
        " raise exception 'x' using errcode = '40001'; end $$;"
        "create function public.count() returns bigint language sql security definer as 'select last_value from "
        "public.runs'")
    async with scripted(sane) as router:
        sidecar = await make_sidecar(
            router.url, installed.url, procedures={"test.contend": "public.contend", "test.count": "public.count"},
            database={"url": installed.url, "connections": 2}).started()
        with installed.connect() as holder:
            holder.execute("select pg_advisory_lock(4711)")
            router.connections[0].invoke("test.contend")
            await until(lambda: installed.value("select is_called from public.runs"), "it runs")
            router.connections[0].send(GOODBYE, {}, "wamp.close.system_shutdown")
            await until(lambda: len(router.connections) > 1 and len(router.connections[1].registrations) == 2,
                "it is back")
        await until(lambda: installed.value(
            "select count(*) from pg_stat_activity where query like '%contend%' and state <> 'idle' and usename = "
            "'wamp'") == 0,
            "it has ended")
        # The connections are used in the order of the work: what was submitted again would have run.
        for _ in range(4):
            _, answer = router.connections[1].invoke("test.count")
            assert (await asyncio.wait_for(answer, 60))[3] == [1]
        assert sidecar.running


async def test_interrupts_of_every_kind(make_sidecar: SidecarMaker, database: Database) -> None:
    """Before, during, after and twice; of unknown calls: one answer for each invocation."""
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        connection = router.connections[0]
        for n in range(200):
            connection.send(INTERRUPT, connection.next_invocation, {"mode": "kill"})
            request, answer = connection.invoke("test.same", n)
            connection.send(INTERRUPT, request, {})
            connection.send(INTERRUPT, request, {"mode": "kill", "reason": "x.y"})
            message = await asyncio.wait_for(answer, 60)
            assert message[0] == YIELD or message[4] == "wamp.error.canceled"
        answered = [m[1] if m[0] == YIELD else m[2] for m in connection.messages if m[0] in (YIELD, ERROR)]
        assert len(answered) == len(set(answered))


async def test_router_that_does_not_read(make_sidecar: SidecarMaker, database: Database) -> None:
    """Invocations arrive, and nobody reads the results: the output is bounded, the session is dropped and another one
    begun."""
    database.execute("create function public.same(n integer) returns text language sql as "
                     "$$ select repeat('x', n) $$")

    async def deaf(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: bool(connection.registrations))
        for n in range(1, 401):
            connection.send(INVOCATION, n, 100, {}, [1_000_000])
        await asyncio.get_running_loop().create_future()

    async with scripted(deaf, sane) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started(until=None)
        highest = 0

        def joined_again() -> bool:
            nonlocal highest
            highest = max(highest, sidecar.resident())
            return len(router.connections) > 1 and bool(router.connections[-1].registrations)

        await until(joined_again, "a new session", 120)
        assert highest < 250 * 1024 * 1024, f"{highest >> 20} MiB"
