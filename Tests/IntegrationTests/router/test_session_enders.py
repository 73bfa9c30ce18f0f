"""A result, an error or a notification that makes the router end the session costs two sessions, not all of them."""

import asyncio
from collections.abc import Callable
from typing import Any

from actors.cluster import Database
from actors.deadline import until
from actors.scripted_router import CALL, ERROR, PUBLISH, YIELD, Connection, ScriptedRouter, scripted
from conftest import SidecarMaker

SCHEMA = """
    create function public.same(what text) returns text language sql as 'select what';
    create function public.quiet(what text) returns text language sql as 'select what';
    create function public.fail(what text) returns text language plpgsql as $$ begin raise exception '%', what; end $$;
"""
#: Not `single`: no other sidecar is there to lead.
PROCEDURES = {
    f"test.{name}": {"function": f"public.{name}", "invoke": "roundrobin"} for name in ("same", "quiet", "fail")}
POISON = "poison"
NOT_CALLED = "procedure not called for a while: its answers end the session with the router"
NOT_RELAYED = "notifications not relayed for a while: they end the session with the router"
UNAVAILABLE = "wamp.error.unavailable"


def is_poison(message: list[Any]) -> bool:
    """Whether the word stands in the payload of what the sidecar sent."""
    return message[0] in (YIELD, ERROR, PUBLISH) and POISON in str(message[3:])


async def ends(connection: Connection) -> None:
    """A router that can't read one word, and gives no reason."""
    await connection.handshake()
    while True:
        message = await connection.receive()
        if is_poison(message):
            return connection.reset()
        connection.answer(message)


def sessions(router: ScriptedRouter, procedures: int = 3) -> int:
    """How many sessions have begun, if the last one is ready for calls; else none."""
    if router.connections and len(router.connections[-1].registrations) == procedures:
        return len(router.connections)
    return 0


async def poison(router: ScriptedRouter, procedure: str) -> None:
    """A call whose answer ends the session; waits for the next one."""
    before = await until(lambda: sessions(router), "a session")
    router.connections[-1].invoke(procedure, POISON)
    await until(lambda: sessions(router) > before, "the next session")


async def answer(router: ScriptedRouter, procedure: str, argument: str) -> list[Any]:
    return await asyncio.wait_for(router.connections[-1].invoke(procedure, argument)[1], 60)


async def test_result(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute(SCHEMA)
    async with scripted(ends) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        await poison(router, "test.same")
        assert (await answer(router, "test.same", "good"))[3] == ["good"], "once can be an accident"
        assert not sidecar.entries(NOT_CALLED)
        await poison(router, "test.same")
        entry = sidecar.wait_for(NOT_CALLED)
        assert (entry["procedure"], entry["count"], entry["level"]) == ("test.same", 2, "error"), entry
        refused = await answer(router, "test.same", POISON)
        assert refused[0] == ERROR and refused[4] == UNAVAILABLE and "test.same" in refused[5][0], refused
        assert (await answer(router, "test.quiet", "good"))[3] == ["good"], "the others continue"
        assert len(router.connections) == 3
        await asyncio.to_thread(sidecar.wait_for_fault, "procedure 'test.same'", "is not called for 60 s")


async def test_error(make_sidecar: SidecarMaker, database: Database) -> None:
    """What a function raises is counted like what it returns."""
    database.execute(SCHEMA)
    async with scripted(ends) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        await poison(router, "test.fail")
        await poison(router, "test.fail")
        assert sidecar.wait_for(NOT_CALLED)["procedure"] == "test.fail"
        assert (await answer(router, "test.fail", "x"))[4] == UNAVAILABLE


async def test_among_others(make_sidecar: SidecarMaker, database: Database) -> None:
    """Two busy procedures, one of which has a bad result: that one is found, and the other one is not blamed."""
    database.execute(SCHEMA)
    async with scripted(ends) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()

        async def busy() -> None:
            while True:
                before = await until(lambda: sessions(router), "a session")
                connection = router.connections[before - 1]
                answers = [connection.invoke("test.quiet", f"{n}")[1] for n in range(20)]
                answers.append(connection.invoke("test.same", POISON)[1])
                await asyncio.wait([*answers, asyncio.ensure_future(lost(connection))], return_when="FIRST_COMPLETED")
                if answers[-1].done():
                    return

        async def lost(connection: Connection) -> None:
            await until(lambda: router.connections[-1] is not connection, "another session", 120)

        await asyncio.wait_for(busy(), 120)
        assert [entry["procedure"] for entry in sidecar.entries(NOT_CALLED)] == ["test.same"]
        results = await asyncio.gather(*[answer(router, "test.quiet", f"{n}") for n in range(50)])
        assert [result[3] for result in results] == [[f"{n}"] for n in range(50)]


async def test_router_that_goes_away(make_sidecar: SidecarMaker, database: Database) -> None:
    """A router that crashes under load, again and again, is not the procedure's fault: it is down for a while then."""
    database.execute(SCHEMA)
    refusals: list[int] = []

    async def crashes(connection: Connection) -> None:
        if len(router.connections) % 2 == 0:
            refusals.append(1)
            return connection.reset()
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == YIELD and len(router.connections) < 8:
                return connection.reset()
            connection.answer(message)

    async with scripted(crashes) as router:
        sidecar = await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        for _ in range(4):
            before = await until(lambda: sessions(router), "a session")
            router.connections[-1].invoke("test.same", "good")
            await until(lambda: sessions(router) > before, "the next session", 60)
        assert len(refusals) == 4
        assert (await answer(router, "test.same", "good"))[3] == ["good"]
        assert not sidecar.entries(NOT_CALLED)


async def test_one_at_a_time(make_sidecar: SidecarMaker, database: Database) -> None:
    """After the first time the next result waits until the router has read the last one."""
    database.execute(SCHEMA)
    calls: list[Callable[[], None]] = []

    async def slow(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if is_poison(message):
                return connection.reset()
            if message[0] == CALL and message[3] == "wamp.session.count":
                calls.append(lambda message=message: connection.send(ERROR, CALL, message[1], {},
                    "wamp.error.not_authorized"))
                continue
            connection.answer(message)

    async with scripted(slow) as router:
        await make_sidecar(router.url, database.url, procedures=PROCEDURES).started()
        await poison(router, "test.same")
        answers = [router.connections[-1].invoke("test.same", f"{n}")[1] for n in range(3)]
        for count in (1, 2, 3):
            await until(lambda count=count: len(calls) == count, "a result, and a call behind it")
            assert sum(future.done() for future in answers) == count
            assert (await answer(router, "test.quiet", "good"))[3] == ["good"]
            calls[-1]()


async def test_notification(make_sidecar: SidecarMaker, database: Database) -> None:
    database.execute(SCHEMA)
    heard: list[Any] = []

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if is_poison(message):
                return connection.reset()
            if message[0] == PUBLISH:
                heard.append(message[4])
            connection.answer(message)

    async with scripted(script) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures=PROCEDURES,
            notifications={"news": {"publish": "test.news"}, "other": {"publish": "test.other"}}).started()
        for _ in range(2):
            before = await until(lambda: sessions(router), "a session")
            database.execute(f"notify news, '{POISON}'")
            await until(lambda: sessions(router) > before, "the next session")
        assert sidecar.wait_for(NOT_RELAYED)["channel"] == "news"
        await asyncio.to_thread(sidecar.wait_for_fault, "channel 'news'", "is not relayed for 60 s")
        database.execute("notify news, 'good'; notify other, 'good'")
        await until(lambda: heard, "the other channel continues")
        dropped = sidecar.wait_for("notification dropped")
        assert dropped["channel"] == "news" and "more than once" in dropped["reason"], dropped
        assert len(heard) == 1 and len(router.connections) == 3
