"""The scenarios on every router of the table, and what its page says of them."""

import asyncio
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase, install
from actors.peer import joined
from actors.router import SECRET, TICKET
from actors.routers import ROUTERS, RouterActor, RouterKind
from actors.sidecar import ROOT, Sidecar
from conftest import settings
from scenarios import SCENARIOS, SCHEMA, Scenario, Stage

PLACES = [(kind, transport) for kind in ROUTERS for transport in kind.transports]


def place_id(place: tuple[RouterKind, str]) -> str:
    return f"{place[0].title} {place[1]}"


@dataclass
class Theatre:
    """A router, a sidecar with the mappings of all scenarios, a database."""

    kind: RouterKind
    router: RouterActor
    sidecar: Sidecar
    database: Database


def missing(kind: RouterKind, scenario: Scenario) -> str | None:
    """Why the scenario can't be run there."""
    return next((f"{kind.title} lacks {need}: {kind.lacks[need]}" for need in scenario.needs if need in kind.lacks), None)


def mapping(kind: RouterKind) -> dict[str, dict[str, Any]]:
    """The sections of all scenarios that can be run there."""
    sections: dict[str, dict[str, Any]] = {}
    for scenario in SCENARIOS:
        if missing(kind, scenario) is None:
            for section, entries in scenario.mapping.items():
                sections.setdefault(section, {}).update(entries)
    return sections


@pytest.fixture(scope="module", params=ROUTERS, ids=lambda kind: kind.title)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[RouterKind, RouterActor]]:
    """Each router in turn."""
    router = request.param.make()
    try:
        router.start()
        yield request.param, router
    finally:
        router.remove()


@pytest.fixture(scope="module", params=["rawsocket", "websocket"])
def theatre(request: pytest.FixtureRequest, running: tuple[RouterKind, RouterActor], cluster: Cluster) -> Iterator[Theatre]:
    kind, router = running
    transport = request.param
    if transport not in kind.transports:
        pytest.skip(f"{kind.title} has no {transport}")
    name = re.sub("[^a-z0-9]", "_", f"{kind.title} {transport}".lower())
    database = InstalledDatabase(install(cluster.create_database(name)))
    database.execute(SCHEMA)
    sidecar = Sidecar(settings(router.url(transport), database.url, caller={"listen": f"127.0.0.1:{free_port()}"}, **mapping(kind)))
    try:
        sidecar.start()
        sidecar.wait_for("the database knows the way to the caller's port")
        yield Theatre(kind, router, sidecar, database)
        assert len(sidecar.entries("router joined")) == 1, f"one session for all of it:\n{sidecar.text(40)}"
    finally:
        sidecar.remove()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_scenario(theatre: Theatre, scenario: Scenario) -> None:
    reason = missing(theatre.kind, scenario)
    if reason is not None:
        pytest.skip(reason)
    async with joined(theatre.router, theatre.kind.transports[0]) as peer:
        stage = Stage(peer, theatre.database)
        for number, step in enumerate(scenario.steps, 1):
            try:
                await asyncio.wait_for(step.run(stage), 60)
            except Exception as error:
                raise AssertionError(f"step {number}, {str(step)[:300]}: {error!r:.3000}\n{theatre.sidecar.text(10)[:5000]}") from error


async def test_announced(running: tuple[RouterKind, RouterActor]) -> None:
    """What the table says is lacking is not announced; what it does not say, and a scenario needs, is."""
    kind, router = running
    async with joined(router, kind.transports[0]) as peer:
        announced = set[str]().union(*peer.session.announced.values())
    needed = {need for scenario in SCENARIOS for need in scenario.needs if "_" in need}
    assert not announced & set(kind.lacks), "it has learned that: take it out of the table and the page"
    assert needed <= announced | set(kind.lacks), "it does not announce that: put it into the table and the page"
