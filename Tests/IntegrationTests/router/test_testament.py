"""`router.testament`: others learn that the sidecar has left, however it ended."""

import asyncio
from typing import Any

import pytest

from actors.cluster import Database
from actors.peer import PublishOptions, joined
from actors.router import TICKET, Router
from actors.scripted_router import CALL, ERROR, HELLO, WELCOME, Connection, scripted
from conftest import SidecarMaker

KEPT, NOT_KEPT = "the router keeps the testament", "the router keeps no testament"


def router_with_testament(url: str) -> dict[str, Any]:
    return {
        "url": url, "realm": "realm1", "auth": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET},
        "testament": {"topic": "test.gone", "args": ["${NAME}", 7, None, {"a": [True]}], "kwargs": {"why": "unknown"}},
    }


@pytest.mark.parametrize("how", ["kill -9", "SIGTERM", "cut off"])
async def test_gone(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database, how: str) -> None:
    url = router.url(transport)
    sidecar = make_sidecar(url, database.url, router=router_with_testament(url), environment={"NAME": "db-1"}).start()
    sidecar.wait_for(KEPT)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.gone")
        if how == "kill -9":
            sidecar.kill()
        elif how == "SIGTERM":
            assert await sidecar.stopped() == 0
        else:
            session = sidecar.wait_for("router joined")["session"]
            await peer.call("wamp.session.kill", int(session))
        event, = await inbox.first(1)
        assert (event.args, event.kwargs) == (["db-1", 7, None, {"a": [True]}], {"why": "unknown"})
        if how == "cut off":
            # Each session leaves its own.
            await asyncio.to_thread(sidecar.wait_for, KEPT, 60, 2)
            sidecar.kill()
            assert len(await inbox.first(2)) == 2
        # Nothing is published twice.
        async with joined(router) as other:
            await other.session.publish("test.gone", "end", options=PublishOptions(acknowledge=True))
        count = 3 if how == "cut off" else 2
        assert (await inbox.first(count))[-1].args == ["end"] and len(inbox.events) == count


@pytest.mark.parametrize("announced", [False, True])
async def test_router_without(make_sidecar: SidecarMaker, database: Database, announced: bool) -> None:
    """Logged once for each session, and all else works."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == HELLO:
                features = {"testament_meta_api": True} if announced else {}
                roles = {"broker": {}, "dealer": {"features": features}}
                connection.send(WELCOME, 4711, {"roles": roles, "realm": "realm1"})
            elif message[0] == CALL and "testament" in message[3]:
                assert announced and message[3] == "wamp.session.add_testament"
                assert message[4:] == [["test.gone", ["db-1", 7, None, {"a": [True]}], {"why": "unknown"}],
                                       {"scope": "destroyed"}]
                connection.send(ERROR, CALL, message[1], {}, "wamp.error.not_authorized")
            else:
                connection.answer(message)

    async with scripted(script) as router:
        sidecar = make_sidecar(
            router.url, database.url, router=router_with_testament(router.url), environment={"NAME": "db-1"})
        await sidecar.started("running with faults")
        await asyncio.to_thread(sidecar.wait_for_fault, "testament 'test.gone'")
        entry = await asyncio.to_thread(sidecar.wait_for, NOT_KEPT)
        assert (entry["level"], entry["topic"]) == ("warning", "test.gone")
        assert entry["place"].startswith(f"{sidecar.file}:")
        assert ("not_authorized" if announced else "testament_meta_api") in entry["reason"]
        router.connections[0].reset()
        await asyncio.to_thread(sidecar.wait_for, NOT_KEPT, 60, 2)
        assert len(sidecar.entries(NOT_KEPT)) == 2
