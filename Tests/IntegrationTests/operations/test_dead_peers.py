"""A router or a database that vanishes silently, as in a power failure: packets disappear.

The black hole is real: the sidecar's own TCP connections lead through it, in network namespaces that the test makes.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.admin import Admin
from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.network import FAR, Network
from actors.peer import ApplicationError, Peer, joined
from actors.proxy import proxied
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

#: The limit that docs/operations.md promises, in seconds.
PROMISED = 15
#: What a busy machine may take beyond that.
GRACE = 30
#: From the end of the hole until everything works again: one wait of the backoff, the retries for what the router still
#: holds for the dead session, and the machine's own time.
RECOVERY = 120

SCHEMA = """
create function public.same(n integer) returns integer language sql as 'select n';
create function public.wide(seconds double precision, size integer) returns text
    language sql as $$ select pg_advisory_xact_lock_shared(1); select pg_sleep(seconds); select repeat('x', size) $$;
"""

Work = Callable[[Peer, str], "list[asyncio.Future[Any]]"]


def idle(peer: Peer, name: str) -> "list[asyncio.Future[Any]]":
    """Nothing is under way."""
    return []


def calls(peer: Peer, name: str) -> "list[asyncio.Future[Any]]":
    """Calls run; their answers are lost in the hole, some immediately and some late."""
    return [peer.begin(f"{name}.wide", seconds, 10) for seconds in (1, 2, 6, 30)]


def output(peer: Peer, name: str) -> "list[asyncio.Future[Any]]":
    """There is much more output than the kernel accepts."""
    return [peer.begin(f"{name}.wide", 1, 8_000_000) for _ in range(4)]


def trickle(peer: Peer, name: str) -> "list[asyncio.Future[Any]]":
    """Something is sent into the hole every second."""
    return [peer.begin(f"{name}.wide", seconds, 10) for seconds in range(1, 15)]


#: Each in a separate session. TLS adds a buffer, and nothing that depends on time.
SITUATIONS: dict[str, list[Work]] = {
    "rawsocket": [idle, calls, output, trickle], "websocket": [idle, calls, output, trickle],
    "rawsocket+tls": [idle, output], "websocket+tls": [idle, output],
}


def admin_of(sidecar: Sidecar) -> Admin:
    """Its admin port, which can be reached from outside its network."""
    return Admin(sidecar.configuration["admin"]["listen"].removeprefix("unix:"))


async def lost(name: str, sidecar: Sidecar, message: str) -> dict[str, Any]:
    """It reports that within the promised time, and is no longer ready."""
    await until(lambda: f'"{message}"' in sidecar.text(), f"{name}: {message}", PROMISED + GRACE)
    await asyncio.to_thread(sidecar.wait_for, "not ready")
    answer = await asyncio.to_thread(admin_of(sidecar).ready)
    side = message.removesuffix(" lost")
    assert answer.status == 503 and any(line.startswith(f"{side}: no ") for line in answer.lines), (name, answer.text)
    return sidecar.entries(message)[0]


def name_of(transport: str, work: Work) -> str:
    """The prefix of a session's procedures."""
    return f"test.{transport.replace('+', '_')}.{work.__name__}"


@pytest.mark.timeout(900)
async def test_router_vanishes(make_sidecar: SidecarMaker, network: Network, router: Router, cluster: Cluster,
                               tmp_path: Path) -> None:
    """Found within the promised time in each situation, reported in one line; afterwards everything is registered
    again."""
    cases = [(transport, work) for transport, situations in SITUATIONS.items() for work in situations]
    async with (
        proxied(router.port, False, network.listen_far()) as to_router,
        proxied(router.tls_port, False, network.listen_far()) as to_tls,
        proxied(cluster.port, True, network.listen_near()) as to_database, joined(router) as peer,
    ):
        sidecars: dict[str, Sidecar] = {}
        databases: list[Database] = []
        for transport, work in cases:
            name = name_of(transport, work)
            # One each: on one database only the leader would register.
            databases.append(cluster.create_database(name.replace(".", "_"), SCHEMA))
            tls = {"tls": {"ca_file": router.certificates.authority,
                "server_name": "localhost"}} if "tls" in transport else {}
            database_url = cluster.url(databases[-1].name, to_database.port)
            sidecars[name] = make_sidecar(
                router.url(transport)
                .replace(f"127.0.0.1:{router.port}", f"{FAR}:{to_router.port}")
                .replace(f"localhost:{router.tls_port}", f"{FAR}:{to_tls.port}"),
                database_url, behind=network.sidecars,
                router={"insecure": True} | tls,
                admin={"listen": f"unix:{tmp_path}/{len(sidecars)}"},
                database={"url": database_url, "connections": 6, "queue_timeout": "5m"},
                procedures={f"{name}.same": "public.same",
                    f"{name}.wide": {"function": "public.wide", "concurrency": 5}})
        await asyncio.gather(*(sidecar.started() for sidecar in sidecars.values()))
        for name in sidecars:
            assert (await peer.call(f"{name}.same", 1)).value == 1
        # None of the answers is on its way before the hole is there.
        holders = [database.connect() for database in databases]
        for holder in holders:
            holder.execute("select pg_advisory_lock(1)")
        under_way = [call for transport, work in cases for call in work(peer, name_of(transport, work))]
        for call in under_way:
            call.add_done_callback(lambda call: call.cancelled() or call.exception())

        async def runs() -> bool:
            return all(
                any(state == "active" and "wide" in query for _, state, query in database.sessions())
                for database, (_, work) in zip(databases, cases) if work is not idle)

        await until(runs, "the calls run")
        dead = to_router.links + to_tls.links
        with network.swallowing():
            for link in dead:
                link.hold()
            for holder in holders:
                holder.close()
            found = await asyncio.gather(*(lost(name, sidecar, "router lost") for name, sidecar in sidecars.items()))
        for name, entry in zip(sidecars, found):
            assert "said nothing" in entry["reason"] or "did not answer any more" in entry["reason"], (name, entry)
        # The router has not noticed yet: it holds the dead sessions, and with them the procedures.
        for name, sidecar in sidecars.items():
            entry = await asyncio.to_thread(sidecar.wait_for, "procedure not registered", RECOVERY, 2)
            assert "procedure_already_exists" in entry["reason"], (name, entry)
        for link in dead:
            link.cut()
        await asyncio.gather(*(works_again(peer, name, sidecar) for name, sidecar in sidecars.items()))
        for name, sidecar in sidecars.items():
            told = [entry["message"] for entry in sidecar.entries() if entry["level"] in ("warning", "error")]
            assert told.count("router lost") == 1, (name, told)
            # Each of the two procedures once, however often it was tried.
            assert told.count("procedure not registered") == 2, (name, told)
        codes = await asyncio.gather(*(sidecar.stopped() for sidecar in sidecars.values()))
        assert set(codes) == {0}


async def works_again(peer: Peer, name: str, sidecar: Sidecar) -> None:
    """Ready again, and each procedure answers."""
    try:
        for procedure, argument in (("same", (2,)), ("wide", (0, 2))):
            await peer.call_when_there(f"{name}.{procedure}", *argument, seconds=RECOVERY)
        await asyncio.to_thread(sidecar.wait_for, "ready", RECOVERY, 2)
        await asyncio.to_thread(admin_of(sidecar).wait_for, "ready", seconds=RECOVERY)
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}; its log:\n{sidecar.text(30)}") from None


@pytest.fixture
def far_cluster(network: Network) -> Iterator[Cluster]:
    """A server behind the middle of the network."""
    cluster = Cluster(network.far, FAR)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.mark.timeout(900)
async def test_database_vanishes(make_sidecar: SidecarMaker, network: Network, router: Router,
                                 far_cluster: Cluster, tmp_path: Path) -> None:
    """Found within the promised time whether or not there is work; calls are answered meanwhile, and run afterwards.

    The server ends the dead sessions as well, and with them the leader's lock.
    """
    async with proxied(router.port, False, network.listen_near()) as to_router, joined(router) as peer:
        sidecars: dict[str, Sidecar] = {}
        databases: list[Database] = []
        for name, notifications in (("idle", {}), ("listening", {"news": {"publish": "test.listening.news"}}),
                                    ("busy", {"news": {"publish": "test.busy.news"}})):
            databases.append(far_cluster.create_database(f"vanished_{name}", SCHEMA))
            sidecars[f"test.{name}"] = make_sidecar(
                f"rs://127.0.0.1:{to_router.port}", "", behind=network.sidecars, notifications=notifications,
                admin={"listen": f"unix:{tmp_path}/{name}"},
                database={"url": databases[-1].url, "connections": 4, "queue_timeout": "1s"},
                procedures={f"test.{name}.same": "public.same",
                            f"test.{name}.wide": {"function": "public.wide", "concurrency": 2, "timeout": "20m"}})
        await asyncio.gather(*(sidecar.started() for sidecar in sidecars.values()))
        news = await peer.subscribe("test.busy.news")
        running = peer.begin("test.busy.wide", 1000, 10)
        await until(lambda: any(state == "active" and "wide" in query for _, state, query in databases[-1].sessions()),
                    "the call runs")
        with network.swallowing():
            answers = [asyncio.create_task(unavailable(peer, "test.busy.same", n)) for n in range(8)]
            await asyncio.gather(*(lost(name, sidecar, "database lost") for name, sidecar in sidecars.items()))
            await asyncio.gather(*answers, unavailable(peer, "test.idle.same", 1))
            with pytest.raises(ApplicationError) as caught:
                await asyncio.wait_for(running, PROMISED + GRACE)
            assert caught.value.error == "wamp.error.unavailable"
            assert "unknown" in str(caught.value.args[0])
        await asyncio.gather(*(works_again(peer, name, sidecar) for name, sidecar in sidecars.items()))

        async def listens_again() -> bool:
            databases[-1].execute("notify news, '1'")
            return bool(news.events)

        await until(listens_again, "notifications arrive again")
        for name, sidecar in sidecars.items():
            assert len(sidecar.entries("database lost")) == 1, name
            assert sidecar.running


async def unavailable(peer: Peer, procedure: str, argument: int) -> None:
    """A call gets that error within the promised time."""
    error = await asyncio.wait_for(peer.error(procedure, argument), PROMISED + GRACE)
    assert error.error == "wamp.error.unavailable", error
