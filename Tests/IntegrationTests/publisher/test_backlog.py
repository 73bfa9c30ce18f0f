"""A large backlog in the outbox: the log says that it is there, and how much was sent when it is over."""

import asyncio

from actors.deadline import until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from conftest import SidecarMaker

FOUND, OVER = "many events wait in the outbox, and are sent now", "the outbox's backlog is sent"
PUBLISH = "select wamp.publish('test.event', args => to_jsonb(array[n])) from generate_series(1, %d) as n"


async def test_backlog(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    installed.execute(PUBLISH % 500)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, outbox={"batch": 20})
    async with joined(router) as peer:
        events = await peer.subscribe("test.event")
        await sidecar.started()
        await events.first(500)
        entry = await asyncio.to_thread(sidecar.wait_for, OVER)
    assert [entry["level"] for entry in sidecar.entries(FOUND)] == ["info"]
    assert entry["level"] == "info" and 450 <= entry["sent"] <= 500 and entry["rate"] > 0 and entry["duration"]


async def test_few_events_are_no_backlog(make_sidecar: SidecarMaker, router: Router,
                                         installed: InstalledDatabase) -> None:
    installed.execute(PUBLISH % 5)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, outbox={"batch": 20}).start()
    await until(lambda: installed.value("select count(*) from wamp.outbox") == 0, "the outbox is empty")
    assert not sidecar.entries(FOUND) and not sidecar.entries(OVER)
