"""One outage is one line in the log, one more each time its reason changes, and one when it is over. The attempts in
between have lines at level debug."""

import asyncio
import itertools
import socket
from typing import Any

from actors.cluster import Cluster
from actors.installation import InstalledDatabase
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

UNAVAILABLE, LOST = "database not available", "database connection lost"
LEADING = "leading: this sidecar does the work that must happen once"
PARTS = ("calls", "control", "listener", "leader")
WORKS = ("database available", "listening for notifications", LEADING)
STUCK, EMPTIED = "the outbox can't be emptied", "the outbox is emptied again"


def check_lines(entries: list[dict[str, Any]], level: str) -> None:
    """Of the attempts of one outage: those with another reason than the one before, and no others, are news."""
    assert entries[0]["level"] == level
    for one, other in itertools.pairwise(entries):
        assert other["level"] == ("debug" if other["reason"] == one["reason"] else level), (one, other)


async def test_router(make_sidecar: SidecarMaker, mortal_router: Router, cluster: Cluster) -> None:
    database = cluster.create_database("outage_lines")
    sidecar = make_sidecar(mortal_router.url("rawsocket"), database.url).start()
    mortal_router.kill()
    await asyncio.to_thread(sidecar.wait_for, "router not available", count=5)
    mortal_router.start()
    await asyncio.to_thread(sidecar.wait_for, "router joined", count=2)
    attempts = sidecar.entries("router not available")
    check_lines(attempts, "warning")
    assert len([entry for entry in attempts if entry["level"] == "debug"]) >= 2
    assert [entry["level"] for entry in sidecar.entries("router lost")] == ["warning"]


async def test_database(make_sidecar: SidecarMaker, router: Router, mortal_database: InstalledDatabase,
                        mortal_cluster: Cluster) -> None:
    """Of each part; and four connections that are lost at once are one outage."""
    sidecar = make_sidecar(
        router.url("rawsocket"), mortal_database.url,
        database={"url": mortal_database.url, "connections": 4}).start()
    sidecar.wait_for("database connected", where=lambda entry: entry["part"] == "control")
    again = {message: 1 + len(sidecar.entries(message)) for message in WORKS if sidecar.wait_for(message)}
    before = len(sidecar.entries())
    mortal_cluster.kill()
    for part in PARTS:
        await asyncio.to_thread(sidecar.wait_for, UNAVAILABLE, count=3, where=lambda entry: entry["part"] == part)
    mortal_cluster.start()
    for message, count in again.items():
        await asyncio.to_thread(sidecar.wait_for, message, count=count, where=is_over)
    await asyncio.to_thread(
        sidecar.wait_for, "database connected", where=lambda entry: entry["part"] == "control" and is_over(entry))
    during = sidecar.entries()[before:]
    for part in PARTS:
        check_lines(
            [entry for entry in during if entry["message"] in (UNAVAILABLE, LOST) and entry["part"] == part], "warning")
    # The others have lines of what they do again.
    assert {entry["part"] for entry in during if entry["message"] == "database connected" and is_over(entry)} <= {
        "control", "guests"}


def is_over(entry: dict[str, Any]) -> bool:
    return bool(entry["level"] == "info")


def test_port(make_sidecar: SidecarMaker, router: Router, cluster: Cluster) -> None:
    database = cluster.create_database("outage_lines_port")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        sidecar = make_sidecar(
            router.url("rawsocket"), database.url, admin={"listen": address}).start(until="the admin port can't listen")
        sidecar.wait_for("the admin port can't listen", count=3)
    sidecar.wait_for("the admin port listens")
    check_lines(sidecar.entries("the admin port can't listen"), "error")


def test_relay(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """Each attempt needs a new session, and leads again: these lines are no news either."""
    sidecar: Sidecar = make_sidecar(router.url("rawsocket"), installed.url).start()
    sidecar.wait_for(LEADING)
    rename = "alter function %s rename to %s"
    signature, = installed.rows("""
        select p.oid::regprocedure::text from pg_proc as p
        where p.proname = 'relay_read' and p.pronamespace = 'wamp'::regnamespace""")[0]
    installed.execute(rename % (signature, "relay_read_gone"))
    sidecar.wait_for(STUCK, count=3)
    installed.execute(rename % (signature.replace("relay_read", "relay_read_gone"), "relay_read"))
    sidecar.wait_for(EMPTIED)
    check_lines(sidecar.entries(STUCK), "warning")
    assert [entry["level"] for entry in sidecar.entries(EMPTIED)] == ["notice"]
    assert [entry["level"] for entry in sidecar.entries(LEADING)].count("info") == 1
