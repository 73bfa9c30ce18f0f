"""Signals and exit codes of the running process."""

import asyncio
import signal

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.peer import ApplicationError, Peer, joined
from actors.router import Router
from conftest import SidecarMaker

SCHEMA = """
create function public.nap(seconds double precision) returns text
    language sql as $$ select pg_sleep(seconds); select 'rested' $$;
create function public.held() returns text language sql as $$ select pg_advisory_xact_lock(1); select 'released' $$;
"""
PROCEDURES = {"test.nap": "public.nap", "test.held": "public.held"}


def runs(database: Database, name: str = "nap") -> bool:
    return any(name in query for _, state, query in database.sessions() if state == "active")


async def unregistered(peer: Peer) -> None:
    """Waits until no callee answers `test.nap` any more; all registrations are given back together."""

    async def gone() -> bool:
        try:
            await peer.call("test.nap", 0)
            return False
        except ApplicationError as error:
            return error.error == "wamp.error.no_such_procedure"

    await until(gone, "the procedure is unregistered", 60)


async def test_drains(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    """SIGTERM: nothing new is accepted, running calls are answered, exit code 0."""
    database.execute(SCHEMA)
    for number in (signal.SIGTERM, signal.SIGINT):
        sidecar = make_sidecar(
            router.url(transport), database.url, procedures=PROCEDURES, shutdown_timeout="60s").start()
        async with joined(router) as peer:
            with database.connect() as holder:
                holder.execute("select pg_advisory_lock(1)")
                running = peer.begin("test.held")
                await until(lambda: runs(database, "held"), "the call runs")
                sidecar.send(number)

                await unregistered(peer)
                assert not running.done() and sidecar.running
            assert list((await running).results) == ["released"]
            assert await sidecar.stopped_by_itself() == 0
        await until(lambda: not database.sessions(), "its sessions have ended")


async def test_gives_up_after_shutdown_timeout(make_sidecar: SidecarMaker, router: Router,
                                               database: Database) -> None:
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures=PROCEDURES, shutdown_timeout="15s").start()
    with database.connect() as holder:
        holder.execute("select pg_advisory_lock(1)")
        async with joined(router) as peer:
            call = peer.begin("test.nap", 60)
            call.add_done_callback(lambda done: done.exception())
            held = peer.begin("test.held")
            await until(lambda: runs(database) and runs(database, "held"), "the calls run")
            sidecar.send(signal.SIGTERM)

            await unregistered(peer)
            # Not yet: calls that end in time are answered.
            holder.execute("select pg_advisory_unlock(1)")
            assert list((await held).results) == ["released"]
            assert await sidecar.stopped_by_itself() == 0
    assert sidecar.entries("stopped with calls unfinished")


async def test_second_signal(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A second one does not wait for running calls."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures=PROCEDURES, shutdown_timeout="60s").start()
    async with joined(router) as peer:
        call = peer.begin("test.nap", 60)
        call.add_done_callback(lambda done: done.exception())
        await until(lambda: runs(database), "the call runs")
        sidecar.send(signal.SIGTERM)

        await unregistered(peer)
        sidecar.send(signal.SIGTERM)
        assert await sidecar.stopped_by_itself() != 0


async def test_with_nobody_there(make_sidecar: SidecarMaker) -> None:
    """Neither side was ever reached: SIGTERM ends it all the same."""
    sidecar = make_sidecar(
        f"rs://127.0.0.1:{free_port()}", f"postgresql://sidecar@127.0.0.1:{free_port()}/app", procedures=PROCEDURES,
        shutdown_timeout="60s",
    ).start(until=None)
    await asyncio.to_thread(sidecar.wait_for_any)
    assert await sidecar.stopped() == 0


async def test_other_signals(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A closed log and SIGPIPE do not end it."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()
    sidecar.send(signal.SIGPIPE)
    async with joined(router) as peer:
        assert (await peer.call("test.nap", 0)).value == "rested"
    assert await sidecar.stopped() == 0
