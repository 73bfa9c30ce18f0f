"""Routers that drop answers if a client is slow to read them: few requests are under way at once, and unanswered
requests are sent again."""

import asyncio
from typing import Any

from actors.cluster import Database
from actors.deadline import until
from actors.installation import InstalledDatabase
from actors.scripted_router import (
    ERROR, EVENT, PONG, PUBLISH, REGISTER, REGISTERED, SUBSCRIBE, UNREGISTER, UNSUBSCRIBE, Connection, Script, scripted,
)
from conftest import SidecarMaker

SCHEMA = ("create function public.same(n integer) returns integer language sql as 'select n';"
          "create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")


#: How many requests of a kind may be under way, and how many there are in `test_few_at_once`.
MOST = {REGISTER: 16, SUBSCRIBE: 16, PUBLISH: 64}
ALL = {REGISTER: 100, SUBSCRIBE: 100, PUBLISH: 500}


def that_answers_late(most: dict[int, int]) -> Script:
    """Answers requests of a kind once `MOST` of them wait, or the last has arrived, and a PONG: excess requests would
    arrive before it.

    No REGISTER or SUBSCRIBE is answered before all has been published. `most`: the most unanswered requests, by their
    codes.
    """

    async def script(connection: Connection) -> None:
        await connection.handshake()
        asked: dict[int, set[Any]] = {code: set() for code in MOST}
        unanswered: dict[int, dict[Any, list[Any]]] = {code: {} for code in MOST}
        tried: set[int] = set()
        while True:
            message = await connection.receive()
            if message[0] == PONG:
                code = message[1][0]
                most[code] = max(most.get(code, 0), len(unanswered[code]))
                for late in unanswered[code].values():
                    connection.answer(late)
                unanswered[code].clear()
                tried.remove(code)
            elif message[0] in MOST:
                # A request that is sent again still counts as one.
                key = message[4][0] if message[0] == PUBLISH else message[3]
                asked[message[0]].add(key)
                unanswered[message[0]][key] = message
            else:
                connection.answer(message)
            for code, waiting in unanswered.items():
                isFull = len(waiting) >= MOST[code] or (waiting and len(asked[code]) == ALL[code])
                if isFull and code not in tried and (code == PUBLISH or len(asked[PUBLISH]) == ALL[PUBLISH]):
                    tried.add(code)
                    connection.ping(bytes([code]))

    return script


def that_loses(code: int, which: str | int | None, times: int = 1, then: str | None = None) -> Script:
    """Does what it is asked for, but loses the answer, so many times. `then`: its answer when it is asked again."""
    lost = 0

    async def script(connection: Connection) -> None:
        nonlocal lost
        await connection.handshake()
        held: set[Any] = set()
        while True:
            message = await connection.receive()
            if message[0] == code and which in (None, message[3 if code != UNREGISTER else 2]):
                if message[3] in held and then is not None:
                    connection.send(ERROR, code, message[1], {}, then)
                    continue
                if lost < times:
                    lost += 1
                    held.add(message[3])
                    continue
            connection.answer(message)

    return script


async def test_few_at_once(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """Routers queue a few answers for each client, and drop the rest: at most 16 REGISTER, 16 SUBSCRIBE and 64 PUBLISH
    are under way."""
    installed.execute(SCHEMA)
    installed.execute("select wamp.publish('test.out', jsonb_build_array(n)) from generate_series(1, 500) n")
    most: dict[int, int] = {}
    async with scripted(that_answers_late(most)) as router:
        await make_sidecar(
            router.url, installed.url, procedures={f"test.p{n}": "public.same" for n in range(100)},
            subscriptions={f"test.s{n}": "public.take" for n in range(100)}).started()
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty", 120)
        [connection] = router.connections
        published = [message[4][0]
            for message in connection.messages if message[0] == PUBLISH and message[3] == "test.out"]
        assert published == list(range(1, 501))
        assert most == MOST


async def test_lost_published(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """Acknowledgements that are lost: those events are published again, and no others; the session continues."""
    installed.execute("select wamp.publish('test.out', jsonb_build_array(n)) from generate_series(1, 500) n")
    times: dict[int, int] = {}

    async def loses(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH and message[3] == "test.out":
                number = message[4][0]
                times[number] = times.get(number, 0) + 1
                if times[number] == 1 and (number % 100 == 7 or number > 497):
                    continue
            connection.answer(message)

    async with scripted(loses) as router:
        sidecar = await make_sidecar(router.url, installed.url).started()
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty", 120)
        assert len(router.connections) == 1
        assert sorted(times) == list(range(1, 501))
        assert {number for number, count in times.items() if count > 1} == {7, 107, 207, 307, 407, 498, 499, 500}
        assert [entry["request"]
            for entry in sidecar.entries("the router has not answered: asked again")][:1] == ["PUBLISH"]
        await asyncio.to_thread(installed.execute, "select wamp.publish('test.out', '[1000]')")
        await until(lambda: times.get(1000) == 1, "it continues")


async def test_router_that_stands_still(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """Nothing at all arrives for a while: hardly anything is published twice, and the session continues."""
    installed.execute("select wamp.publish('test.out', jsonb_build_array(n)) from generate_series(1, 50) n")
    published: list[list[Any]] = []

    async def stands_still(connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: any(message[0] == PUBLISH for message in connection.messages))
        while len(published) < 51:
            message = await connection.receive()
            if message[0] == PUBLISH:
                published.append(message)
            else:
                connection.answer(message)
        for message in published:
            connection.answer(message)
        await connection.serve()

    async with scripted(stands_still) as router:
        await make_sidecar(router.url, installed.url, outbox={"acknowledge_timeout": "12s"}).started()
        await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty", 120)
        assert len(router.connections) == 1
        numbers = [message[4][0] for message in published]
        assert sorted(set(numbers)) == list(range(2, 51)) and numbers.count(2) == len(numbers) - 48, numbers


async def test_lost_registered(make_sidecar: SidecarMaker, database: Database) -> None:
    """The router holds a registration of ours whose id we don't know: that costs one new session, in which all is
    well."""
    database.execute(SCHEMA)
    lossy = that_loses(REGISTER, "test.p3", then="wamp.error.procedure_already_exists")
    async with scripted(lossy) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures={f"test.p{n}": "public.same" for n in range(5)}).started()
        assert len(router.connections) == 2
        [lost] = sidecar.entries("router lost")
        assert "test.p3" in lost["reason"], lost
        _, answer = router.connections[1].invoke("test.p3", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]


async def test_registered_that_is_lost_always(make_sidecar: SidecarMaker, database: Database) -> None:
    """It costs only one new session; after that it is a fault of the procedure, and the others work."""
    database.execute(SCHEMA)
    lossy = that_loses(REGISTER, "test.p3", times=1_000_000, then="wamp.error.procedure_already_exists")
    async with scripted(lossy) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures={f"test.p{n}": "public.same" for n in range(5)},
        ).started("running with faults")
        assert len(router.connections) == 2
        [entry] = sidecar.entries("procedure not registered")
        assert entry["procedure"] == "test.p3" and "lost" in entry["reason"], entry
        _, answer = router.connections[1].invoke("test.p2", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]


async def test_late_registered(make_sidecar: SidecarMaker, database: Database) -> None:
    """An answer that is late, not lost, counts; the refusal of the repetition does not."""
    database.execute(SCHEMA)

    async def late(connection: Connection) -> None:
        await connection.handshake()
        asked: list[list[Any]] = []
        while len(asked) < 2:
            message = await connection.receive()
            if message[0] == REGISTER:
                asked.append(message)
            else:
                connection.answer(message)
        connection.registrations[asked[0][3]] = 500
        connection.send(REGISTERED, asked[0][1], 500)
        connection.send(ERROR, REGISTER, asked[1][1], {}, "wamp.error.procedure_already_exists")
        await connection.serve()

    async with scripted(late) as router:
        await make_sidecar(router.url, database.url, procedures={"test.same": "public.same"}).started()
        [connection] = router.connections
        _, answer = connection.invoke("test.same", 5)
        assert (await asyncio.wait_for(answer, 60))[3] == [5]
        assert [message[0] for message in connection.messages].count(UNREGISTER) == 0


async def test_lost_subscribed(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """SUBSCRIBE, sent again, is answered with the same id: events run once, and one UNSUBSCRIBE ends it."""
    installed.execute(
        "create table public.seen (n integer); grant insert on public.seen to public;"
        "create function public.note(args jsonb, kwargs jsonb, details jsonb) returns void language sql as "
        "'insert into public.seen values ((args ->> 0)::integer)'")
    await asyncio.to_thread(installed.execute, "select wamp.subscribe('test.topic', 'public.note')")
    async with scripted(that_loses(SUBSCRIBE, "test.topic")) as router:
        sidecar = make_sidecar(router.url, installed.url)
        await sidecar.started(until=None)
        await until(lambda: sidecar.entries("subscribed"), "it is subscribed", 60)
        [connection] = router.connections
        connection.send(EVENT, 200, 1, {}, [7])
        await until(lambda: installed.rows("select n from public.seen") == [(7,)], "the event has run")
        await asyncio.to_thread(installed.execute, "select wamp.unsubscribe('test.topic', 'public.note')")
        await until(lambda: any(message[0] == UNSUBSCRIBE for message in connection.messages), "it is given back")
        assert [message[0] for message in connection.messages if message[0] in (SUBSCRIBE, UNSUBSCRIBE)] == [
            SUBSCRIBE, SUBSCRIBE, UNSUBSCRIBE]
        assert len(router.connections) == 1


async def test_lost_unregistered(make_sidecar: SidecarMaker, installed: InstalledDatabase) -> None:
    """UNREGISTER is sent again; that the router no longer knows the registration is as good as an answer."""
    installed.execute(SCHEMA)
    asked: list[list[Any]] = []

    async def loses(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] != UNREGISTER:
                connection.answer(message)
                continue
            asked.append(message)
            if len(asked) > 1:
                connection.send(ERROR, UNREGISTER, message[1], {}, "wamp.error.no_such_registration")

    async with scripted(loses) as router:
        sidecar = await make_sidecar(router.url, installed.url).started()
        await asyncio.to_thread(installed.execute, "select wamp.register('test.same', 'public.same')")
        await until(lambda: router.connections[0].registrations, "it is registered")
        await asyncio.to_thread(installed.execute, "select wamp.unregister('test.same')")
        await until(lambda: len(asked) == 2, "it is asked again", 60)
        assert [message[2] for message in asked] == [router.connections[0].registrations["test.same"]] * 2
        assert len(router.connections) == 1 and sidecar.running
