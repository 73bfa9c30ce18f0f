"""A router that is shut down, killed and started again while everything is under way."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase
from actors.peer import ApplicationError, joined
from actors.routers import ROUTERS, RouterActor, RouterKind
from conftest import SidecarMaker

SCHEMA = """
create table public.heard (id bigint generated always as identity, n integer);
create function public.same(n integer) returns integer language sql as 'select n';
create function public.hear(args jsonb, kwargs jsonb, details jsonb) returns void language sql as
    $$ insert into public.heard (n) values ((args->>0)::integer) $$;
grant all on public.heard to wamp; grant all on all sequences in schema public to wamp;
"""
HOW = ["stop", "kill"]


class Application(threading.Thread):
    """A client of the database that publishes numbers one after the other, and calls a procedure after each."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.ended = threading.Event()
        self.published = 0
        self.answered = 0
        self.errors: set[str] = set()
        self.wrong: list[Any] = []

    def run(self) -> None:
        with self.database.connect() as connection:
            while not self.ended.is_set():
                connection.execute("select wamp.publish('test.numbers', jsonb_build_array(%s::int))", (self.published,))
                self.published += 1
                try:
                    value = connection.execute(
                        "select wamp.call('test.same', jsonb_build_array(%s::int), options => '{\"timeout\": 2000}')",
                        (self.published,)
                    ).fetchone()[0]  # type: ignore[index]
                    self.answered += 1
                    if value != self.published:
                        self.wrong.append((self.published, value))
                except psycopg.Error as error:
                    self.errors.add(error.sqlstate or str(error))


class Caller:
    """A foreign peer's calls without end, and their results."""

    def __init__(self) -> None:
        self.right = 0
        self.errors: set[str] = set()
        self.wrong: list[Any] = []
        self.is_ending = False

    async def call(self, peer: Any) -> None:
        for n in range(10**9):
            if self.is_ending:
                return
            try:
                value = (await peer.call("test.same", n)).value
            except ApplicationError as error:
                self.errors.add(error.error)
            except Exception:
                return
            else:
                self.right += 1
                if value != n:
                    self.wrong.append((n, value))


@pytest.fixture(params=ROUTERS, ids=lambda kind: kind.title)
def mortal(request: pytest.FixtureRequest) -> Iterator[tuple[RouterKind, RouterActor]]:
    """Each router in turn, to be killed."""
    router = request.param.make()
    try:
        router.start()
        yield request.param, router
    finally:
        router.remove()


@pytest.mark.timeout(900)
async def test_restarts_under_load(mortal: tuple[RouterKind, RouterActor], make_sidecar: SidecarMaker,
                                   installed: InstalledDatabase) -> None:
    """Nothing that was committed is lost, each answer is the right one, everything is registered again, and each loss
    is one line."""
    kind, router = mortal
    transport = kind.transports[0]
    installed.execute(SCHEMA)
    sidecar = await make_sidecar(
        router.url(transport), installed.url, procedures={"test.same": "public.same"},
        subscriptions={"test.events": "public.hear"},
        notifications={"news": {"publish": "test.news"}}, caller={"listen": f"127.0.0.1:{free_port()}"}).started()
    await asyncio.to_thread(sidecar.wait_for, "call port announced to the database")
    application = Application(installed)
    application.start()
    caller = Caller()
    sent = 0
    for how in [*HOW, None]:
        async with joined(router, transport) as peer:
            assert (await peer.call_when_there("test.same", 5, seconds=60)).value == 5
            numbers = await peer.subscribe("test.numbers")
            news = await peer.subscribe("test.news")
            calls = asyncio.create_task(caller.call(peer))
            right, answered = caller.right, application.answered
            await until(lambda: caller.right > right + 50, "calls are answered")
            await until(lambda: application.answered > answered + 20, "SQL's calls are answered")
            # At most once, and not lost unless something is killed.
            for _ in range(20):
                sent += 1
                peer.session.publish("test.events", sent)
            await until(lambda: installed.value("select max(n) from heard") == sent, "events are heard")
            installed.execute("notify news, '1'")
            await news.first(1)
            await numbers.first(20)
            if how is None:
                application.ended.set()
                await asyncio.to_thread(application.join, 60)
                await until(lambda: numbers.events[-1].args == [application.published - 1], "the last number arrives")
                caller.is_ending = True
                await asyncio.wait_for(calls, 60)
            else:
                await asyncio.to_thread(getattr(router, how))
                # autobahn leaves a call that was under way without an answer.
                calls.cancel()
                installed.execute("notify news, '\"nobody to tell\"'")
            heard = [event.args[0] for event in numbers.events]
            # What was under way may arrive again; within one session nothing is missing.
            assert set(heard) == set(range(min(heard), max(heard) + 1)), "no gap"
        if how is not None:
            await asyncio.to_thread(router.start)
    assert not application.wrong and not caller.wrong
    assert application.errors <= {"WA001", "08007", "57014", "WA000"}, application.errors
    assert installed.value("select count(*) from wamp.outbox") == 0
    assert installed.value("select count(*) from wamp.dead_letter") == 0
    told = [entry["message"] for entry in sidecar.entries() if entry["level"] in ("warning", "error")]
    assert told.count("router lost") == len(HOW), sidecar.entries("router lost")
    assert set(told) <= {"router lost", "router not available", "not ready", "notification dropped",
        "procedure not registered",
                         "running with faults", "fault"}, told
    assert await sidecar.stopped() == 0
