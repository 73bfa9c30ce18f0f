"""A router that garbles, falls silent, or answers what nobody asked: the sidecar drops it and tries again."""

import asyncio
import os

import pytest

from actors.cluster import Database
from actors.deadline import DeadlineError, until
from actors.scripted_router import (
    ERROR, GOODBYE, INTERRUPT, INVOCATION, REGISTERED, UNREGISTERED, WELCOME, YIELD, Connection, Script, sane, scripted,
)
from conftest import SidecarMaker

SCHEMA = "create function public.same(n integer) returns integer language sql as 'select n'"
PROCEDURES = {"test.same": "public.same"}
NOTIFICATIONS = {"news": {"publish": "test.news"}}


async def close_at_once(connection: Connection) -> None:
    pass


async def wrong_magic(connection: Connection) -> None:
    await connection.reader.readexactly(4)
    connection.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def refused_serializer(connection: Connection) -> None:
    await connection.reader.readexactly(4)
    connection.writer.write(bytes([0x7F, 0x10, 0, 0]))


async def other_serializer(connection: Connection) -> None:
    await connection.reader.readexactly(4)
    connection.writer.write(bytes([0x7F, 0xF2, 0, 0]))


async def half_a_handshake(connection: Connection) -> None:
    await connection.reader.readexactly(4)
    connection.writer.write(bytes([0x7F]))


async def close_after_hello(connection: Connection) -> None:
    await connection.handshake()
    await connection.receive()


async def reset_after_hello(connection: Connection) -> None:
    await connection.handshake()
    await connection.receive()
    connection.reset()


async def abort(connection: Connection) -> None:
    await connection.handshake()
    await connection.receive()
    connection.send(3, {"message": "go away"}, "wamp.error.no_such_realm")


def instead_of_welcome(*message: object) -> Script:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.send(*message)
        await connection.receive()

    return script


def raw_instead_of_welcome(frame: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.writer.write(frame)
        await connection.writer.drain()

    return script


def after_registration(*frames: bytes) -> Script:
    """Joins and registers as it should, and then sends these messages."""

    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: bool(connection.registrations))
        for frame in frames:
            connection.send_frame(frame)
        await connection.serve()

    return script


async def garbage(connection: Connection) -> None:
    await connection.handshake()
    await connection.receive()
    connection.writer.write(os.urandom(4096))


async def half_a_frame(connection: Connection) -> None:
    await connection.handshake()
    await connection.serve_until(lambda: bool(connection.registrations))
    connection.writer.write(b"\x00\x00\x10\x00[68,1")


async def reserved_frame(connection: Connection) -> None:
    await connection.handshake()
    await connection.serve_until(lambda: bool(connection.registrations))
    connection.send_frame(b"", kind=5)


def refuses_all_but(serializer: int, frame: bytes) -> Script:
    """Agrees to one serializer only, joins and registers as it should, and then sends what is no message."""

    async def script(connection: Connection) -> None:
        opening = await connection.reader.readexactly(4)
        connection.serializer = opening[1] & 0xF
        if connection.serializer != serializer:
            connection.writer.write(bytes([0x7F, 0x10, 0, 0]))
            return
        connection.writer.write(bytes([0x7F, 0xF0 | serializer, 0, 0]))
        await connection.serve_until(lambda: bool(connection.registrations))
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


UNSOUND: list[Script] = [
    close_at_once, wrong_magic, refused_serializer, other_serializer, half_a_handshake, close_after_hello,
    reset_after_hello, abort, garbage, half_a_frame, reserved_frame,
    raw_instead_of_welcome(b"\x00\x00\x00\x00"),
    raw_instead_of_welcome(b"\x00\x00\x00\x05[[[[["),
    raw_instead_of_welcome(b"\x00\x00\x00\x02[]"),
    raw_instead_of_welcome(b"\x00\x00\x00\x04\xff\xfe[]"),
    raw_instead_of_welcome(b"\x00\xff\xff\xff" + b"[" * 0xFFFFFF),
    instead_of_welcome(WELCOME),
    instead_of_welcome(WELCOME, 0, {}),
    instead_of_welcome(WELCOME, 2**60, {"roles": {}}),
    instead_of_welcome(WELCOME, -1, []),
    instead_of_welcome("2", 1, {}),
    instead_of_welcome(INVOCATION, 1, 1, {}),
    instead_of_welcome(999, 1),
    after_registration(b"[1"),
    after_registration(b"[]"),
    after_registration(b'[2,1,{"roles":{}}]'),
    after_registration(b"[68,1]"),
    after_registration(b'[68,"1",100,{}]'),
    after_registration(b"[68,1,100,{},[1]] "[:-1] + b"x"),
    after_registration(b'[68,1,100,{},{"not":"a list"}]'),
    after_registration(b'[8,68,1,{},"wamp.error.no"]'),
    after_registration(b'[68,1,100,{},["\xff"]]'),
    refuses_all_but(2, b"\x94\x44\x01\x64\x80\xc1"), refuses_all_but(2, b"\xdd\xff\xff\xff\xff\x44"),
    refuses_all_but(3, b"\x84\x18\x44\x01\x64"), refuses_all_but(3, b"\x9f\x18\x44\x01\x18\x64\xa0\x81\xff"),
]

HARMLESS: list[Script] = [
    after_registration(b"[68,999,100,{}," + b"[" * 100_000 + b"]" * 100_000 + b"]"),
    after_registration(b"[50,77,{},[1]]"),
    after_registration(b"[65,77,5]", b"[66]"[:0] + b"[67,78]", b"[17,79,80]", b"[33,80,81]"),
    after_registration(b"[69,12345,{}]", b'[69,12345,{"mode":"killnowait"}]'),
    after_registration(b'[36,999,1,{},["for nobody"]]'),
    after_registration(b'[8,48,77,{},"wamp.error.canceled"]'),
    after_registration(b'[67,0,{"registration":999}]'),
    after_registration(b'[35,0,{"subscription":999}]'),
]


async def works(make_sidecar: SidecarMaker, database: Database, *scripts: Script) -> None:
    """With those routers first, and one in its senses after them: a call is answered in the end, and nothing leaks."""
    database.execute(SCHEMA)
    async with scripted(*scripts, sane) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES, notifications=NOTIFICATIONS).started(until=None)
        try:
            await until(
                lambda: len(router.connections) > len(scripts) and "test.same" in router.connections[-1].registrations,
                "the router in its senses is joined", 60)
        except DeadlineError as error:
            raise DeadlineError(f"{error}; the sidecar's log:\n{sidecar.text(40)}") from None
        connection = router.connections[-1]
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 10))[3] == [5]
        assert await sidecar.stopped() == 0


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(8))
async def test_unsound(make_sidecar: SidecarMaker, database: Database, part: int) -> None:
    """Four such routers in a row."""
    await works(make_sidecar, database, *UNSOUND[part::8])


@pytest.mark.parametrize("script", HARMLESS, ids=range(len(HARMLESS)))
async def test_harmless(make_sidecar: SidecarMaker, database: Database, script: Script) -> None:
    """What races or one bad call can bring about: the session lives on."""
    database.execute(SCHEMA)
    async with scripted(script) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        connection = router.connections[0]
        for n in range(3):
            _, answer = connection.invoke("test.same", n)
            said = await asyncio.wait_for(answer, 10)
            assert said[3] == [n], said
        assert len(router.connections) == 1 and sidecar.running


@pytest.mark.parametrize("challenge", [
    (4, "wampcra", {"challenge": 12}), (4, "unheard-of", {}), (4, "wampcra", {"challenge": "x"})])
async def test_challenge_that_cannot_be_met(make_sidecar: SidecarMaker, database: Database,
                                            challenge: tuple[object, ...]) -> None:
    """Not the method that was offered, or no challenge at all: said, and tried again slowly."""
    async with scripted(instead_of_welcome(*challenge)) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures={}).started("router refuses the credentials")
        assert sidecar.running
        assert await sidecar.stopped() == 0


@pytest.mark.timeout(180)
async def test_never_answers(make_sidecar: SidecarMaker, database: Database) -> None:
    """A port that accepts and says nothing, a router that never welcomes: given up in time."""

    async def mute(connection: Connection) -> None:
        await connection.reader.read()

    async def never_welcomes(connection: Connection) -> None:
        await connection.handshake()
        await connection.reader.read()

    await works(make_sidecar, database, mute, never_welcomes)


async def test_never_answers_registrations(make_sidecar: SidecarMaker, database: Database) -> None:
    """No REGISTERED comes: not ready, alive, and SIGTERM ends it."""

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
    """Said, with the procedure's name, and no reason to leave."""
    database.execute(SCHEMA)
    async with scripted(refuses_registrations) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started(until=None)
        await until(lambda: any("test.same" in line and "not_authorized" in line for line in sidecar.lines), "it says so")
        assert sidecar.running and len(router.connections) == 1


async def test_procedure_that_another_session_holds(make_sidecar: SidecarMaker, database: Database) -> None:
    """procedure_already_exists is tried until it is ours."""
    refusals = 0

    async def holds(connection: Connection) -> None:
        nonlocal refusals
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == 64 and refusals < 3:
                refusals += 1
                connection.send(ERROR, 64, message[1], {}, "wamp.error.procedure_already_exists")
            else:
                connection.answer(message)

    database.execute(SCHEMA)
    async with scripted(holds) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        assert (refusals, len(router.connections)) == (3, 1)


async def test_revoked_registration(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        connection = router.connections[0]
        registered = [m for m in connection.messages if m[0] == 64]
        connection.send(UNREGISTERED, 0, {"registration": connection.registrations["test.same"], "reason": "x.y"})
        await until(lambda: len([m for m in connection.messages if m[0] == 64]) > len(registered), "registers again")
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 10))[3] == [5]


async def test_answers_twice(make_sidecar: SidecarMaker, database: Database) -> None:
    """WELCOME once, everything else twice."""

    async def twice(connection: Connection) -> None:
        await connection.handshake()
        connection.answer(await connection.receive())
        while True:
            message = await connection.receive()
            connection.answer(message)
            if message[0] == 64:
                connection.send(REGISTERED, message[1], connection.registrations[message[3]])
            elif message[0] != GOODBYE:
                connection.answer(message)

    database.execute(SCHEMA)
    async with scripted(twice) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES, notifications=NOTIFICATIONS).started()
        _, answer = router.connections[0].invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 10))[3] == [5]
        assert len(router.connections) == 1
        assert await sidecar.stopped() == 0


async def test_goodbye(make_sidecar: SidecarMaker, database: Database) -> None:
    """The router says GOODBYE: answered, left, and joined again."""
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        router.connections[0].send(GOODBYE, {}, "wamp.close.system_shutdown")
        await until(lambda: any(m[0] == GOODBYE for m in router.connections[0].messages), "GOODBYE is answered")
        await until(lambda: len(router.connections) > 1 and router.connections[-1].registrations, "it joins again")


async def test_interrupts_of_every_kind(make_sidecar: SidecarMaker, database: Database) -> None:
    """Before, during, after and twice; of calls that are not there: one answer for each invocation."""
    database.execute(SCHEMA)
    async with scripted(sane) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        connection = router.connections[0]
        for n in range(200):
            connection.send(INTERRUPT, connection.next_invocation, {"mode": "kill"})
            request, answer = connection.invoke("test.same", n)
            connection.send(INTERRUPT, request, {})
            connection.send(INTERRUPT, request, {"mode": "kill", "reason": "x.y"})
            message = await asyncio.wait_for(answer, 10)
            assert message[0] == YIELD or message[4] == "wamp.error.canceled"
        answered = [m[1] if m[0] == YIELD else m[2] for m in connection.messages if m[0] in (YIELD, ERROR)]
        assert len(answered) == len(set(answered))


async def test_router_that_does_not_read(make_sidecar: SidecarMaker, database: Database) -> None:
    """Invocations in, and nobody takes the results: what waits is bounded, the session is dropped and begun anew."""
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

        await until(joined_again, "a new session", 60)
        assert highest < 250 * 1024 * 1024, f"{highest >> 20} MiB"
