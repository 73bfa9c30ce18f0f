"""Calls that are ended early, and the calls beside them, which must not notice."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from actors.cluster import Database
from actors.deadline import moment, until
from actors.peer import ApplicationError, joined
from actors.router import Router
from actors.scripted_router import ERROR, INTERRUPT, YIELD, sane, scripted
from conftest import SidecarMaker

pytestmark = pytest.mark.libpq

SCHEMA = """
create function public.nap(seconds double precision) returns text
    language sql as $$ select pg_sleep(seconds); select 'rested' $$;
create function public.spin(n integer) returns integer language plpgsql as $$
declare total bigint := 0;
begin for i in 1..2000 loop total := total + i; end loop; return n; end $$;
create function public.stubborn() returns text language plpgsql as $$
begin
    perform pg_sleep(1000);
    return 'never';
exception when query_canceled then
    return 'caught';
end $$;
"""
PROCEDURES = {"test.nap": {"function": "public.nap", "timeout": "20m"}, "test.spin": "public.spin"}


def active(database: Database, text: str) -> int:
    return sum(text in query for _, state, query in database.sessions() if state == "active")


async def test_cancel(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    database.execute(SCHEMA)
    make_sidecar(router.url(transport), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        for mode in ("kill", "killnowait", "kill"):
            call = peer.begin("test.nap", 1000)
            await until(lambda: active(database, "nap") == 1, "the call runs")
            peer.cancel(call, mode)
            try:
                await call
                raise AssertionError("it was canceled")
            except ApplicationError as error:
                assert error.error == "wamp.error.canceled"
            await until(lambda: active(database, "nap") == 0, "the statement ends")
        assert (await peer.call("test.spin", 7)).value == 7


async def test_caller_that_vanishes(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA)
    make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        async with joined(router) as other:
            other.begin("test.nap", 1000).add_done_callback(lambda call: call.exception())
            await until(lambda: active(database, "nap") == 1, "the call runs")
            other.vanish()
        await until(lambda: active(database, "nap") == 0, "the statement of a caller that has left ends")
        assert (await peer.call("test.spin", 7)).value == 7


async def test_thousand_interrupts(make_sidecar: SidecarMaker, database: Database) -> None:
    """1,000 INTERRUPTs at random moments, most of them near the end of the call: no other call is canceled, and each
    invocation is answered once, with the right result or with wamp.error.canceled."""
    database.execute(SCHEMA)
    dice = random.Random(2)
    async with scripted(sane) as script:
        sidecar = await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        connection = script.connections[-1]
        interrupted = 0
        canceled = 0
        bystanders = 0
        for _ in range(250):
            victims = []
            others = []
            for _ in range(4):
                if dice.random() < 0.3:
                    victims.append(connection.invoke("test.nap", dice.random() * 0.004))
                else:
                    victims.append(connection.invoke("test.spin", 1))
                others.append(connection.invoke("test.spin", 2))
                others.append(connection.invoke("test.spin", 3))
            await connection.writer.drain()
            for request, _ in victims:
                await moment(dice.random() * 0.001)
                connection.send(INTERRUPT, request, {"mode": "kill"})
                interrupted += 1
            for _, answer in victims:
                message = await asyncio.wait_for(answer, 60)
                if message[0] == ERROR:
                    assert message[4] == "wamp.error.canceled", message
                    canceled += 1
            for _, answer in others:
                message = await asyncio.wait_for(answer, 60)
                assert message[0] == YIELD, f"a bystander got {message}"
                bystanders += 1
        assert (interrupted, bystanders) == (1000, 2000)
        assert canceled > 50, f"only {canceled} of the interrupts arrived before the end"
        requests = [m[1] if m[0] == YIELD else m[2] for m in connection.messages if m[0] in (YIELD, ERROR)]
        assert len(requests) == len(set(requests)), "an invocation was answered twice"
        assert sidecar.running


def has_pending(pid: int, number: signal.Signals) -> bool:
    """Whether a stopped process was sent that signal."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("ShdPnd:")]
    return bool(int(line.split()[1], 16) >> (number - 1) & 1)


async def test_signal_that_the_backend_ignores(make_sidecar: SidecarMaker, database: Database) -> None:
    """A backend that has not begun to read the call takes no notice of the cancel, which is sent again."""
    database.execute(SCHEMA)
    async with scripted(sane) as script:
        await make_sidecar(
            script.url, database.url, database={"connections": 1},
            procedures=PROCEDURES).started()
        connection = script.connections[-1]
        assert (await asyncio.wait_for(connection.invoke("test.nap", 0)[1], 60))[0] == YIELD
        pid = database.value("select pid from pg_stat_activity where datname = current_database() "
                             "and usename = 'sidecar' and application_name like '%calls%'")
        os.kill(pid, signal.SIGSTOP)
        try:
            request, answer = connection.invoke("test.nap", 1000)
            connection.send(INTERRUPT, request, {"mode": "kill"})
            await until(lambda: has_pending(pid, signal.SIGINT), "the cancel is sent", 60)
        finally:
            os.kill(pid, signal.SIGCONT)
        message = await asyncio.wait_for(answer, 60)
        assert (message[0], message[4]) == (ERROR, "wamp.error.canceled")
        await until(lambda: active(database, "nap") == 0, "the statement ends", 60)


async def test_statement_timeout(make_sidecar: SidecarMaker, router: Router, transport: str,
                                 database: Database) -> None:
    database.execute(SCHEMA)
    make_sidecar(
        router.url(transport), database.url,
        procedures=PROCEDURES | {"test.short": {"function": "public.nap", "timeout": "3s"}},
    ).start()
    async with joined(router) as peer:
        # Long before the time limit of the other procedure.
        error = await asyncio.wait_for(peer.error("test.short", 1000), 60)
        assert error.error == "wamp.error.timeout"
        await until(lambda: active(database, "nap") == 0, "the statement has ended")
        # Calls that take less time are not affected; the next call on that connection has its own limit.
        assert (await peer.call("test.short", 0.1)).value == "rested"
        assert (await peer.call("test.nap", 3.2)).value == "rested"


async def test_timeout_of_the_call(make_sidecar: SidecarMaker, database: Database) -> None:
    """An INVOCATION's own timeout counts if it is shorter than the mapping's."""
    database.execute(SCHEMA)
    async with scripted(sane) as script:
        await make_sidecar(script.url, database.url, procedures=PROCEDURES).started()
        connection = script.connections[-1]
        messages = []
        for request, seconds in ((9, 1000), (10, 0.1)):
            answer = asyncio.get_running_loop().create_future()
            connection.answers[request] = answer
            connection.send(68, request, connection.registrations["test.nap"], {"timeout": 3000}, [seconds])
            messages.append(await asyncio.wait_for(answer, 60))
        assert (messages[0][0], messages[0][4]) == (ERROR, "wamp.error.timeout")
        assert (messages[1][0], messages[1][3]) == (YIELD, ["rested"])


async def test_function_that_catches_the_cancel(make_sidecar: SidecarMaker, router: Router,
                                                database: Database) -> None:
    """The function returned after all: the caller is answered, once, and the connection is used again."""
    database.execute(SCHEMA)
    make_sidecar(router.url("rawsocket"), database.url, procedures={
        **PROCEDURES, "test.stubborn": {"function": "public.stubborn", "timeout": "20m"}}).start()
    async with joined(router) as peer:
        call = peer.begin("test.stubborn")
        await until(lambda: active(database, "stubborn") == 1, "the call runs")
        peer.cancel(call, "kill")
        try:
            assert list((await asyncio.wait_for(call, 60)).results) == ["caught"]
        except ApplicationError as error:
            assert error.error == "wamp.error.canceled"
        for n in range(20):
            assert (await peer.call("test.spin", n)).value == n
