"""The scenarios on every router of the table, and the router's section in the documents."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import free_port
from actors.installation import InstalledDatabase, install
from actors.peer import joined
from actors.router import REALM, SECRET, TICKET
from actors.routers import ROUTERS, RouterActor, RouterKind
from actors.sidecar import ROOT, Sidecar
from conftest import settings
from scenarios import SCENARIOS, SCHEMA, Scenario, Stage

@dataclass
class Theatre:
    """A router, a sidecar with the mappings of all scenarios, a database."""

    kind: RouterKind
    router: RouterActor
    sidecar: Sidecar
    database: Database


def missing(kind: RouterKind, scenario: Scenario) -> str | None:
    """Why the scenario can't be run there."""
    return next((f"{kind.title} lacks {need}: {kind.lacks[need]}"
        for need in scenario.needs if need in kind.lacks), None)


def mapping(kind: RouterKind) -> dict[str, dict[str, Any]]:
    """The sections of all scenarios that can be run there."""
    sections: dict[str, dict[str, Any]] = {}
    for scenario in SCENARIOS:
        if missing(kind, scenario) is None:
            for section, entries in scenario.mapping.items():
                sections.setdefault(section, {}).update(entries)
    return sections


@pytest.fixture(scope="module")
def started() -> Iterator[Callable[[RouterKind], RouterActor]]:
    """Starts a router of a kind, once, and ends all of them with the module."""
    routers: dict[str, RouterActor] = {}

    def start(kind: RouterKind) -> RouterActor:
        if kind.title not in routers:
            router = kind.make()
            try:
                router.start()
            except BaseException:
                router.remove()
                raise
            routers[kind.title] = router
        return routers[kind.title]

    yield start
    for router in routers.values():
        router.remove()


PLACES = [(kind, transport) for kind in ROUTERS for transport in kind.transports]
#: One of them is enough to try another version of PostgreSQL.
AGAIN = [pytest.mark.servers, pytest.mark.libpq]


@pytest.fixture(scope="module",
    params=[pytest.param(place, marks=AGAIN if place == PLACES[0] else []) for place in PLACES],
                ids=lambda place: f"{place[0].title} {place[1]}")
def theatre(request: pytest.FixtureRequest, started: Callable[[RouterKind], RouterActor],
            cluster: Cluster) -> Iterator[Theatre]:
    kind, transport = request.param
    router = started(kind)
    name = re.sub("[^a-z0-9]", "_", f"{kind.title} {transport}".lower())
    database = InstalledDatabase(install(cluster.create_database(name)))
    database.execute(SCHEMA)
    sidecar = Sidecar(settings(router.url(transport), database.url, caller={"listen": f"127.0.0.1:{free_port()}"},
        **mapping(kind)))
    try:
        sidecar.start()
        sidecar.wait_for("call port announced to the database")
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
        stage = Stage(peer, theatre.sidecar, theatre.database)
        for number, step in enumerate(scenario.steps, 1):
            try:
                await asyncio.wait_for(step.run(stage), 120)
            except Exception as error:
                raise AssertionError(
                    f"step {number}, {str(step)[:300]}: {error!r:.3000}\n{theatre.sidecar.text(10)[:5000]}") from error


@pytest.mark.parametrize("kind", ROUTERS, ids=lambda kind: kind.title)
async def test_announced(kind: RouterKind, started: Callable[[RouterKind], RouterActor]) -> None:
    """What the table says is lacking is not announced; what it does not mention, and a scenario needs, is."""
    router = started(kind)
    async with joined(router, kind.transports[0]) as peer:
        announced = set[str]().union(*peer.session.announced.values())
    needed = {need for scenario in SCENARIOS for need in scenario.needs if "_" in need}
    assert not announced & set(kind.lacks), "it has learned that: take it out of the table and the page"
    assert needed <= announced | set(kind.lacks), "it does not announce that: put it into the table and the page"


#: `router.auth` for each method; the router's end is in the actors.
WAYS_IN: dict[str, dict[str, str] | None] = {
    "anonymous": None,
    "ticket": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET},
    "wampcra": {"method": "wampcra", "authid": "plain-user", "secret": SECRET},
    "wampcra salted": {"method": "wampcra", "authid": "salted-user", "secret": SECRET},
    "cryptosign": {"method": "cryptosign", "authid": "key-user", "private_key": bytes(range(32)).hex()},
}


def entering(router: RouterActor, transport: str, database: Database, auth: dict[str, str] | None) -> Sidecar:
    section: dict[str, Any] = {"url": router.url(transport), "realm": REALM} | ({"auth": auth} if auth else {})
    return Sidecar({"router": section, "database": {"url": database.url},
        "procedures": {"entered.same": "public.same"}})


@pytest.mark.parametrize("kind", ROUTERS, ids=lambda kind: kind.title)
async def test_authentication(kind: RouterKind, started: Callable[[RouterKind], RouterActor],
                              database: Database) -> None:
    """Each method that the router has admits the sidecar; a wrong secret does not."""
    router = started(kind)
    database.execute("create function public.same(n integer) returns integer language sql as 'select n'")
    for transport in kind.transports:
        async with joined(router, kind.transports[0]) as peer:
            for method in kind.authentication:
                auth = WAYS_IN[method]
                sidecar = entering(router, transport, database, auth)
                try:
                    await sidecar.started()
                    assert (await peer.call("entered.same", 1)).value == 1, method
                    assert await sidecar.stopped() == 0
                finally:
                    sidecar.remove()
                if auth is None:
                    continue
                secret = next(key for key in ("ticket", "secret", "private_key") if key in auth)
                sidecar = entering(router, transport, database, auth | {secret: "5e" * 32})
                try:
                    await sidecar.started("router refuses the credentials")
                finally:
                    sidecar.remove()


@pytest.mark.parametrize("kind", ROUTERS, ids=lambda kind: kind.title)
async def test_serializers(kind: RouterKind, started: Callable[[RouterKind], RouterActor], database: Database) -> None:
    """Each serializer, from and to a peer with JSON: text, numbers, binary, and an error."""
    router = started(kind)
    database.execute(SCHEMA.split("grant usage")[0] + "; grant usage on schema s to sidecar")
    for transport in kind.transports:
        async with joined(router, kind.transports[0]) as peer:
            for serializer in kind.serializers:
                sidecar = Sidecar(settings(
                    router.url(transport), database.url, router={"serializers": [serializer]},
                    procedures={"serialized.echo": "s.echo", "serialized.reversed": "s.reversed",
                        "serialized.fails": "s.fails"}))
                try:
                    await sidecar.started()
                    assert sidecar.entries("router joined")[0]["serializer"] == serializer
                    values = [1, -1, 2**53, 1.5, None, True, "Ünïcödé 😀", [], {"k": [{}]}]
                    async with asyncio.timeout(60):
                        assert ((await peer.call("serialized.echo", *values, k=values)).value
                                == [values, {"k": values}]), serializer
                        if serializer == "json" or "binary between serializers" not in kind.lacks:
                            reversed_one = await peer.call("serialized.reversed", b"\x00\x01\xff")
                            assert reversed_one.value == b"\xff\x01\x00", serializer
                        assert (await peer.error("serialized.fails")).kwargs == {"left": 0}, serializer
                    assert await sidecar.stopped() == 0
                finally:
                    sidecar.remove()


def page() -> str:
    return (ROOT / "docs/routers.md").read_text()


@pytest.mark.parametrize("kind", ROUTERS, ids=lambda kind: kind.title)
def test_page(kind: RouterKind) -> None:
    """docs/routers.md says about each router exactly what the table says, in the same words."""
    section = re.search(rf"^## {re.escape(kind.name)}\n(.*?)(?=^## |\Z)", page(), re.M | re.S)
    assert section is not None and kind.version in section[1], f"a section on {kind.title}"
    rows = re.findall(r"^\| `?([^|`]+?)`? \| (.*) \|$", section[1], re.M)
    told = {need: reason
        for need, reason in rows if need not in ("missing", "---", "key") and not set(need) <= set("- ")}
    assert {need: told.get(need) for need in kind.lacks} == kind.lacks
    assert set(told) == set(kind.lacks)
