"""Each way in which a router can refuse, end or spoil a session, over both transports, as one table.

In every case one line of the log says what happened; the next connection is served, everything is registered again, and
a call works. If nothing has to end, the session lives on and there is no line at all.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.scripted_router import (
    ABORT, CHALLENGE, ERROR, EVENT, GOODBYE, HELLO, INTERRUPT, INVOCATION, PUBLISHED, REGISTER, REGISTERED, RESULT,
    SUBSCRIBED, UNREGISTERED, UNSUBSCRIBED, WELCOME, YIELD, Connection, Script, sane, scripted,
)
from actors.sidecar import Sidecar
from conftest import SidecarMaker

SCHEMA = "create function public.same(n integer) returns integer language sql as 'select n'"
#: Not `single`: the sidecars of this page share a database, and each of them must register.
PROCEDURES = {"test.same": {"function": "public.same", "invoke": "roundrobin"}}

LOST = "router lost"
UNAVAILABLE = "router not available"
REFUSED = "router refuses the credentials"
DISTRUSTED = "router is not trusted"
#: Tried again slowly: the fault there will not go away soon.
SLOW = (REFUSED, DISTRUSTED)
#: What a sidecar logs about the router.
TOLD = {LOST, UNAVAILABLE, REFUSED, DISTRUSTED}

Move = Callable[[Connection], Awaitable[None]]


@dataclass
class Case:
    """One thing that a router does, once."""

    name: str
    script: Script
    #: The message of the one line; none if the session has to live on.
    told: str | None
    #: What its reason has to name.
    words: str = ""
    #: The only transport on which it makes sense.
    only: str | None = None


# -- when it happens

def at_once(move: Move) -> Script:
    """Instead of the transport's handshake."""
    return move


def after_hello(move: Move) -> Script:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        assert (await connection.receive())[0] == HELLO
        await move(connection)

    return script


def after_welcome(move: Move) -> Script:
    """Before anything is registered."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        connection.answer(await connection.receive())
        await move(connection)

    return script


def while_working(move: Move) -> Script:
    """Once a call was answered."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: bool(connection.registrations))
        _, answer = connection.invoke("test.same", 1)
        await connection.serve_until(answer.done)
        await move(connection)

    return script


# -- what happens

def messages(*sent: list[Any]) -> Move:
    """Sends these, and behaves like a sane router."""
    async def move(connection: Connection) -> None:
        for message in sent:
            connection.send(*message)
        await connection.serve()

    return move


def frames(*sent: bytes) -> Move:
    """The same with messages that JSON can't express."""
    async def move(connection: Connection) -> None:
        for frame in sent:
            connection.send_frame(frame)
        await connection.serve()

    return move


def octets(sent: bytes) -> Move:
    """Sends octets that are not a frame, and reads whatever arrives."""
    async def move(connection: Connection) -> None:
        connection.writer.write(sent)
        await connection.reader.read()

    return move


def handshake(answer: bytes) -> Move:
    """Answers RawSocket's handshake like this, and reads whatever arrives; an answer that is too short ends there."""
    async def move(connection: Connection) -> None:
        await connection.reader.readexactly(4)
        connection.writer.write(answer)
        if len(answer) == 4:
            await connection.reader.read()

    return move


async def close(connection: Connection) -> None:
    await connection.writer.drain()


async def reset(connection: Connection) -> None:
    connection.reset()


async def half_a_frame(connection: Connection) -> None:
    connection.send_half_a_frame()
    await connection.writer.drain()


async def silence(connection: Connection) -> None:
    await connection.reader.read()


async def endless_challenges(connection: Connection) -> None:
    while True:
        connection.send(CHALLENGE, "ticket", {})
        await connection.receive()


async def many_challenges_at_once(connection: Connection) -> None:
    for _ in range(1000):
        connection.send(CHALLENGE, "ticket", {})
    await connection.serve()


async def mute_frames(connection: Connection) -> None:
    """A frame of an unknown kind."""
    connection.send_frame(b"", 5)
    await connection.serve()


GARBAGE = bytes(range(255, 127, -1)) * 32
WORDS_OF_CREDENTIALS = [
    "wamp.error.not_authorized", "wamp.error.no_auth_method", "wamp.error.no_matching_auth_method",
    "wamp.error.no_such_principal",
    "wamp.error.no_such_role", "wamp.error.authentication_failed", "wamp.error.authentication_denied",
    "wamp.error.authentication_required", "wamp.error.authorization_failed", "wamp.error.authorization_denied",
    "wamp.error.authorization_required",
]
OTHER_REFUSALS = [
    "wamp.error.no_such_realm", "wamp.error.protocol_violation", "wamp.error.invalid_uri", "wamp.error.unavailable",
    "wamp.error.network_failure", "wamp.error.timeout", "wamp.error.canceled", "wamp.error.payload_size_exceeded",
    "wamp.error.feature_not_supported", "wamp.close.system_shutdown", "wamp.close.close_realm",
    "com.example.nobody.knows", "no uri at all",
    "",
]
GOODBYES = [
    "wamp.close.normal", "wamp.close.close_realm", "wamp.close.system_shutdown", "wamp.close.goodbye_and_out",
    "wamp.close.killed",
    "wamp.close.logout", "wamp.error.system_shutdown", "com.example.nobody.knows", "no uri at all", "",
]


def table() -> list[Case]:
    cases = [
        Case("closes at once", at_once(close), UNAVAILABLE, "closed the connection"),
        Case("resets at once", at_once(reset), UNAVAILABLE, "closed the connection"),
        Case("garbage at once", at_once(octets(GARBAGE)), UNAVAILABLE),
        Case("HTTP at once", at_once(octets(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
            UNAVAILABLE, "HTTP"),
        Case("handshake: serializer refused", handshake(b"\x7f\x10\0\0"), UNAVAILABLE, "refused the serializer",
            only="rawsocket"),
        Case("handshake: length refused", handshake(b"\x7f\x20\0\0"), UNAVAILABLE, "refused the greatest message",
            only="rawsocket"),
        Case("handshake: full", handshake(b"\x7f\x40\0\0"), UNAVAILABLE, "it has as many as it takes",
            only="rawsocket"),
        Case("handshake: unknown error", handshake(b"\x7f\x90\0\0"), UNAVAILABLE, "unknown error 9", only="rawsocket"),
        Case("handshake: other serializer", handshake(b"\x7f\xf2\0\0"), UNAVAILABLE, "was not asked for",
            only="rawsocket"),
        Case("handshake: half", handshake(b"\x7f"), UNAVAILABLE, "instead of answering", only="rawsocket"),
        Case("silence at once", at_once(silence), UNAVAILABLE, "did not answer the"),
        Case("silence after HELLO", after_hello(silence), UNAVAILABLE, "did not answer HELLO within"),
        Case("closes after HELLO", after_hello(close), UNAVAILABLE, "right after HELLO"),
        Case("resets after HELLO", after_hello(reset), UNAVAILABLE, "right after HELLO"),
        Case("garbage after HELLO", after_hello(octets(GARBAGE)), UNAVAILABLE),
        Case("half a frame after HELLO", after_hello(half_a_frame), UNAVAILABLE, "closed the connection"),
        Case("endless challenges", after_hello(endless_challenges), DISTRUSTED, "a second challenge"),
        Case("many challenges at once", after_hello(many_challenges_at_once), DISTRUSTED, "a second challenge"),
        Case("EVENT before WELCOME", after_hello(messages([EVENT, 1, 1, {}])), UNAVAILABLE, "before WELCOME"),
        Case("GOODBYE before WELCOME", after_hello(messages([GOODBYE, {}, "wamp.close.normal"])), UNAVAILABLE,
            "before WELCOME"),
        Case("4 MiB of brackets", after_hello(octets(b"\0\x3f\xff\xff" + b"[" * 0x3FFFFF)), UNAVAILABLE,
            only="rawsocket"),
        Case("ERROR of no request", while_working(messages([ERROR, 48, 0, {}, "wamp.error.no"])), LOST, "ERROR"),
        Case("arguments that are not UTF-8", while_working(frames(b'[68,1,100,{},["\xff"]]')), LOST),
        Case("WELCOME twice", after_hello(messages([WELCOME, 1, {"roles": {}}], [WELCOME, 1, {"roles": {}}])), LOST,
            "a second WELCOME"),
        Case("nothing registered yet, closes", after_welcome(close), LOST, "the connection"),
        Case("closes", while_working(close), LOST, "the connection"),
        Case("resets", while_working(reset), LOST, "the connection"),
        Case("garbage", while_working(octets(GARBAGE)), LOST),
        Case("half a frame", while_working(half_a_frame), LOST, "closed the connection"),
        Case("a frame of no kind", while_working(mute_frames), LOST),
        Case("a text frame of 2^63 octets", while_working(octets(b"\x81\x7f" + b"\xff" * 8)), LOST, only="websocket"),
        Case("a frame of 4 GiB and more", while_working(octets(b"\x81\x7f" + (1 << 33).to_bytes(8, "big"))), LOST,
            "16777216",
             only="websocket"),
        Case("a fragment out of nowhere", while_working(octets(b"\x80\x01x")), LOST, only="websocket"),
        Case("a close frame", while_working(octets(b"\x88\x05\x03\xe9bye")), LOST, "1001 (bye)", only="websocket"),
        Case("CHALLENGE in a session", while_working(messages([CHALLENGE, "ticket", {}])), LOST,
            "CHALLENGE after WELCOME"),
        Case("HELLO in a session", while_working(messages([HELLO, "realm1", {}])), LOST,
            "HELLO is sent by clients only"),
        Case("an answer of the wrong kind", after_welcome(answered_by_another_kind), LOST, "broke the protocol"),
    ]
    for name, welcome in {
        "without details": [WELCOME, 1], "with id 0": [WELCOME, 0, {}], "with a negative id": [WELCOME, -1, {}],
        "with an id beyond 2^53": [WELCOME, 2**53 + 1, {}], "with an id beyond 2^64": [WELCOME, 2**70, {}],
        "with a text as id": [WELCOME, "1", {}], "with half an id": [WELCOME, 1.5, {}],
        "with a list of details": [WELCOME, 1, []],
        "with null": [WELCOME, None, None],
    }.items():
        cases.append(Case(f"WELCOME {name}", after_hello(messages(welcome)), UNAVAILABLE, "WELCOME"))
    for name, text in {
        "nothing": b"", "an empty list": b"[]", "no list": b'{"a":1}', "half a list": b"[2", "two lists": b"[2,1,{}][]",
        "what is not UTF-8": b'[2,1,{"\xff\xfe":1}]', "deep": b"[" * 100_000, "a code that there is not": b"[99,1]",
        "a text as code": b'["2",1,{}]', "a huge code": b"[18446744073709551616]",
    }.items():
        cases += [
            Case(f"{name} after HELLO", after_hello(frames(text)), UNAVAILABLE),
            Case(f"{name}", while_working(frames(text)), LOST),
        ]
    for name, message in {
        "id 0": [INVOCATION, 0, 100, {}], "id -1": [INVOCATION, -1, 100, {}],
        "id 2^53+1": [INVOCATION, 2**53 + 1, 100, {}],
        "id 2^64": [INVOCATION, 2**64, 100, {}], "id 10^400": [INVOCATION, 10**400, 100, {}],
        "id null": [INVOCATION, None, 100, {}],
        "no details": [INVOCATION, 7, 100], "a list of details": [INVOCATION, 7, 100, []],
    }.items():
        cases.append(Case(f"INVOCATION with {name}", while_working(messages(message)), LOST, "INVOCATION"))
    for name, message in {
        "a revocation of no registration": [UNREGISTERED, 0, {}], "a revocation without details": [UNREGISTERED, 0],
        "a revocation of a text": [UNSUBSCRIBED, 0, {"subscription": "x"}], "EVENT with id 0": [EVENT, 0, 1, {}],
    }.items():
        cases.append(Case(name, while_working(messages(message)), LOST, "sent something that is not WAMP"))
    for reason in WORDS_OF_CREDENTIALS:
        cases.append(Case(f"ABORT {reason}", after_hello(messages([ABORT, {"message": "so it is"}, reason])), REFUSED,
            f"{reason} (so it is)"))
    for reason in OTHER_REFUSALS:
        cases.append(Case(f"ABORT {reason}", after_hello(messages([ABORT, {}, reason])), UNAVAILABLE, reason))
    for reason in WORDS_OF_CREDENTIALS + OTHER_REFUSALS:
        cases.append(Case(f"ABORT {reason} in a session",
            while_working(messages([ABORT, {"message": "so it is"}, reason])), LOST, reason))
    for reason in GOODBYES:
        cases.append(Case(f"GOODBYE {reason}", while_working(messages([GOODBYE, {"message": "so it is"}, reason])),
            LOST, f"{reason} (so it is)"))
    cases += [Case(name, while_working(move), None) for name, move in LIVED_THROUGH.items()]
    return cases


async def answered_by_another_kind(connection: Connection) -> None:
    """REGISTER is answered with SUBSCRIBED."""
    while True:
        message = await connection.receive()
        if message[0] == REGISTER:
            connection.send(SUBSCRIBED, message[1], 1)
        else:
            connection.answer(message)


async def invocation_of_nothing(connection: Connection) -> None:
    """An unknown registration: the caller gets an error."""
    connection.send(INVOCATION, 5000, 31337, {}, [1])
    await connection.serve_until(lambda: connection.messages[-1][:3] == [ERROR, INVOCATION, 5000])
    assert connection.messages[-1][4] == "wamp.error.no_such_registration", connection.messages[-1]
    await connection.serve()


async def the_same_invocation_twice(connection: Connection) -> None:
    connection.send(INVOCATION, 5000, 100, {}, [1])
    connection.send(INVOCATION, 5000, 100, {}, [2])
    await connection.serve_until(lambda: any(message[0] in (YIELD, ERROR) and 5000 in message[:3]
        for message in connection.messages))
    await connection.serve()


async def event_flood(connection: Connection) -> None:
    """For a subscription that was never made; 40,000 of them."""
    event = json.dumps([EVENT, 31337, 1, {}, ["x" * 40]]).encode()
    for _ in range(400):
        for _ in range(100):
            connection.send_frame(event)
        await connection.writer.drain()
    await connection.serve()


#: What races, or a router that knows only half of it, can cause.
LIVED_THROUGH: dict[str, Move] = {
    "REGISTERED again": messages([REGISTERED, 1, 100], [REGISTERED, 1, 101], [REGISTERED, 77, 102]),
    "RESULT of no call": messages([RESULT, 77, {}, [1]], [RESULT, 78, {"progress": True}], [RESULT, 1, {}]),
    "PUBLISHED of nothing": messages([PUBLISHED, 77, 1], [PUBLISHED, 2**53, 2**53]),
    "SUBSCRIBED of nothing": messages([SUBSCRIBED, 77, 1], [UNSUBSCRIBED, 78], [UNREGISTERED, 79]),
    "errors of nothing": messages(*([ERROR, kind, 77, {}, "x.y"] for kind in (16, 32, 34, 48, 64, 66))),
    "revocations of nothing": messages([UNREGISTERED, 0, {"registration": 999}],
        [UNSUBSCRIBED, 0, {"subscription": 999}],
                                       [UNREGISTERED, 0, {"registration": 998, "reason": 7}]),
    "INTERRUPT of nothing": messages([INTERRUPT, 12345, {}], [INTERRUPT, 12345, {"mode": 7}]),
    "EVENT of nothing": messages([EVENT, 999, 1, {}, ["for nobody"]]),
    "an extension of WAMP": messages([300, "whatever"], [1023]),
    "arguments of great depth": frames(b"[68,801,100,{}," + b"[" * 100_000 + b"]" * 100_000 + b"]"),
    "arguments that are no list": messages([INVOCATION, 800, 100, {}, "x"]),
    "more elements than there are": messages([INVOCATION, 900, 100, {}, [1], {}, "more", None],
        [EVENT, 999, 1, {}, None, None]),
    "INVOCATION with id 2^53": messages([INVOCATION, 2**53, 100, {}, [1]]),
    "INVOCATION with an id of floating point": frames(b"[68,9007199254740990.0,100,{},[1]]", b"[68,9e5,100,{},[1]]"),
    "INVOCATION of an unknown registration": invocation_of_nothing,
    "the same INVOCATION twice": the_same_invocation_twice,
    "a flood of events": event_flood,
}

CASES = table()


def group(case: Case) -> str:
    """Cases of a group run at the same time."""
    if case.told in SLOW:
        return "credentials"
    if case.told is None:
        return "lives on"
    return case.name.partition(" ")[0].rstrip(":") if case.name.startswith(("silence", "handshake", "ABORT", "GOODBYE",
        "WELCOME", "INVOCATION")) else "others"


GROUPS = sorted({group(case) for case in CASES})


@pytest.fixture(scope="session")
def shared_database(cluster: Cluster) -> Database:
    return cluster.create_database("router_endings", SCHEMA)


async def outlives(case: Case, transport: str, make_sidecar: SidecarMaker, database: Database) -> None:
    async with scripted(case.script, sane, transport=transport) as router:
        # Only JSON: a connection that is closed immediately would be a reason to ask for the next serializer.
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES, router={"serializers": ["json"]},
            database={"url": database.url, "connections": 2, "queue_timeout": "5m"}).started(until=None)
        try:
            if case.told is None:
                await lives_on(router.connections, sidecar)
            else:
                await comes_back(case, router.connections, sidecar)
            assert sidecar.running
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(f"{case.name} over {transport}: {error!r}\nits log:\n{sidecar.text(30)}") from None
        finally:
            await asyncio.to_thread(sidecar.kill)


async def comes_back(case: Case, connections: list[Connection], sidecar: Sidecar) -> None:
    entry = await asyncio.to_thread(sidecar.wait_for, case.told or "", 120)
    assert case.words in entry["reason"], entry
    if case.told in SLOW:
        assert "router.auth" in entry["reason"] or case.told == DISTRUSTED, entry
        assert re.match(r"[3-9]\d s|\d+ min", entry["retry_in"]), entry
    else:
        await until(lambda: connections[1:] and connections[1].registrations, "everything is registered again", 120)
        _, answer = connections[1].invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
    told = [entry for entry in sidecar.entries() if entry["message"] in TOLD]
    assert len(told) == 1, told


async def lives_on(connections: list[Connection], sidecar: Sidecar) -> None:
    await asyncio.to_thread(sidecar.wait_for, "ready")
    # While the router acts, and after it: the sidecar reads in order.
    for n in range(3):
        _, answer = connections[0].invoke("test.same", n)
        assert (await asyncio.wait_for(answer, 60))[3] == [n]
    assert len(connections) == 1
    # At level debug each event of a flood is a line, and this test may not read them as fast.
    told = [entry for entry in sidecar.entries() if entry["level"] in ("warning", "error")
            and entry["message"] != "log lines dropped: nobody read them"]
    assert not told, told


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", GROUPS)
async def test_router_endings(name: str, make_sidecar: SidecarMaker, shared_database: Database) -> None:
    runs = [(case, transport) for case in CASES if group(case) == name
            for transport in ("rawsocket", "websocket") if case.only in (None, transport)]
    gate = asyncio.Semaphore(8)

    async def one(case: Case, transport: str) -> None:
        async with gate:
            await outlives(case, transport, make_sidecar, shared_database)

    failures = [failure for failure in await asyncio.gather(*(one(*run) for run in runs), return_exceptions=True)
        if failure]
    assert not failures, f"{len(failures)} of {len(runs)}:\n" + "\n\n".join(str(failure) for failure in failures)
