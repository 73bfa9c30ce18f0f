"""wamp.call(): procedures called from SQL, through the call port."""

import asyncio
import contextlib
import getpass
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase, connect_as, make_role
from actors.peer import ApplicationError, joined
from actors.router import Router
from actors.scripted_port import ScriptedPort
from actors.sidecar import Sidecar
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

TOLD = "call port announced to the database"


@pytest.fixture
def calling(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> Sidecar:
    """A sidecar with an open port; one mapped function adds numbers."""
    installed.execute(
        "create function public.add2(a int, b int) returns int language sql as 'select a + b'; "
        "create function public.nested(n int) returns jsonb language plpgsql security definer as "
        "$$ begin return wamp.call('test.add2', jsonb_build_array(n, 1)); end $$;")
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}", "timeout": "60s"},
        procedures={"test.add2": "public.add2", "test.nested": "public.nested"})
    sidecar.start()
    sidecar.wait_for(TOLD)
    return sidecar


async def ask(database: Database, query: str, *values: Any) -> Any:
    """The one value of a query, while the test's loop continues."""
    return await asyncio.to_thread(database.value, query, *values)


async def failure(database: Database, query: str) -> psycopg.Error:
    try:
        value = await ask(database, query)
    except psycopg.Error as error:
        return error
    raise AssertionError(f"{query} did not fail: {value}")


async def test_results(calling: Sidecar, router: Router, installed: Database) -> None:
    async with joined(router) as peer:
        seen: list[tuple[Any, Any]] = []

        def echo(*args: Any, **kwargs: Any) -> Any:
            seen.append((list(args), kwargs))
            return args[0] if args else None

        await peer.register("test.echo", echo)
        assert await ask(installed, "select wamp.call('test.add2', '[2, 3]')") == 5
        for value in (None, 1, "Ünïcödé 😀 ' \" \\ $1", [1, [2]], {"a": {"b": None}}, 1.5, True, "x" * 3_000_000):
            assert await ask(installed, "select wamp.call('test.echo', %s::jsonb, %s::jsonb)", json.dumps([value]),
                             json.dumps({"k": value})) == value
            assert seen[-1] == ([value], {"k": value})
        assert await ask(installed, "select wamp.call('test.echo')") is None
        assert await ask(installed, "select (wamp.call_full('test.add2', '[2, 3]')).args") == [5]
        assert await ask(installed,
            r"select wamp.call('test.echo', jsonb_build_array(wamp.binary('\x00ff')))") == "\\x00ff"
        assert seen[-1] == ([b"\x00\xff"], {})


async def test_errors(calling: Sidecar, router: Router, installed: Database) -> None:
    """A WAMP error is caught by its SQLSTATE, with URI, args and kwargs; the connection stays."""
    async with joined(router) as peer:
        def fail() -> None:
            raise ApplicationError("test.error.sold_out", 1, "two", item={"id": 3})

        await peer.register("test.fail", fail)
        error = await failure(installed, "select wamp.call('test.fail')")
        assert error.sqlstate == "WA000" and error.diag.message_primary == "test.error.sold_out"
        assert json.loads(error.diag.message_detail or "") == {"args": [1, "two"], "kwargs": {"item": {"id": 3}}}
        error = await failure(installed, "select wamp.call('test.nobody')")
        assert (error.sqlstate, error.diag.message_primary) == ("WA000", "wamp.error.no_such_procedure")
        assert "is its callee running" in (error.diag.message_hint or "")
        for query, state in (
            ("select wamp.call('test..x')", "22023"), ("select wamp.call('wamp.session.count')", "42501"),
            ("select wamp.call('test.add2', '{}')", "22023"),
            ("select wamp.call('test.add2', '[1]', null, '{\"x\": 1}')", "22023"),
        ):
            assert (await failure(installed, query)).sqlstate == state, query
        await asyncio.to_thread(installed.execute,
            """
            do $$ begin
                for i in 1..20 loop
                    begin
                        perform wamp.call('test.fail');
                        raise exception 'not reached';
                    exception when sqlstate 'WA000' then
                        if sqlerrm <> 'test.error.sold_out' then raise; end if;
                    end;
                    if wamp.call('test.add2', jsonb_build_array(i, 1)) <> to_jsonb(i + 1) then raise 'wrong'; end if;
                end loop;
            end $$
            """)


async def test_where_it_works(calling: Sidecar, router: Router, installed: InstalledDatabase) -> None:
    """In triggers, even deferred ones, subtransactions, DO blocks, for roles without any other right; nested calls."""
    make_role(installed, "app")
    installed.installation.install(grant_to=["app"])
    installed.execute(
        """
        create table t (a int, b jsonb); grant all on t to app;
        create function t() returns trigger language plpgsql as
            $$ begin new.b := wamp.call('test.add2', jsonb_build_array(new.a, 1)); return new; end $$;
        create function d() returns trigger language plpgsql as
            $$ begin if wamp.call('test.add2', jsonb_build_array(new.a, 1)) <> new.b then raise 'wrong'; end if;
                return null; end $$;
        create trigger t before insert on t for each row execute function t();
        create constraint trigger d after insert on t deferrable initially deferred for each row execute function d();
        """)

    dblink = installed.value("select value from wamp.meta where key = 'dblink_schema'")

    def use() -> list[Any]:
        with connect_as(installed, "app") as app:
            app.execute("begin; insert into t select generate_series(1, 5); savepoint s; insert into t values (6); "
                        "rollback to s; insert into t values (7); commit")
            app.execute("do $$ begin perform wamp.call('test.add2', '[1, 2]'); end $$")
            nested = app.execute("select wamp.call('test.nested', '[41]')").fetchone()
            assert nested is not None and nested[0] == 42
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"select {dblink}.dblink_send_query('wamp', 'x')")
            return app.execute("select a, b from t order by a").fetchall()

    assert await asyncio.to_thread(use) == [(n, n + 1) for n in (1, 2, 3, 4, 5, 7)]


async def slow(peer: Any) -> tuple["asyncio.Event", "asyncio.Event"]:
    """Registers `test.slow`, which never answers; returns events for its call and its cancellation."""
    called, canceled = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        called.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            canceled.set()
            raise

    await peer.register("test.slow", wait)
    return called, canceled


@pytest.mark.parametrize("how", ["statement_timeout", "pg_cancel_backend", "pg_terminate_backend", "deadline"])
async def test_a_waiting_call_is_ended(calling: Sidecar, router: Router, installed: Database, how: str) -> None:
    """And canceled on the router; the session's next call works."""
    async with joined(router) as peer:
        called, canceled = await slow(peer)
        with installed.connect() as session:
            if how == "statement_timeout":
                session.execute("set statement_timeout = '5s'")
            options = '{"timeout": 5000}' if how == "deadline" else "{}"
            pid = session.info.backend_pid
            call = asyncio.create_task(
                asyncio.to_thread(session.execute, f"select wamp.call('test.slow', null, null, '{options}')"))
            await asyncio.wait_for(called.wait(), 60)
            if how.startswith("pg_"):
                installed.execute(f"select {how}({pid})")
            with pytest.raises(psycopg.Error) as caught:
                await asyncio.wait_for(call, 60)
            assert caught.value.sqlstate == ("57P01" if how == "pg_terminate_backend" else "57014")
            await asyncio.wait_for(canceled.wait(), 60)
            if how != "pg_terminate_backend":
                session.execute("set statement_timeout = 0")
                row = (await asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')")).fetchone()
                assert row is not None and row[0] == 5


async def test_sidecar_restarted(calling: Sidecar, installed: Database) -> None:
    """An open session's calls fail while there is no sidecar, and work again when there is one: nothing is sent
    twice."""
    with installed.connect() as session:
        assert session.execute("select wamp.call('test.add2', '[2, 3]')").fetchone() == (5,)
        for _ in range(3):
            calling.kill()
            with pytest.raises(psycopg.Error) as caught:
                session.execute("select wamp.call('test.add2', '[2, 3]')")
            assert caught.value.sqlstate == "WA002"
            calling.start()
            calling.wait_for(TOLD)
            assert session.execute("select wamp.call('test.add2', '[2, 3]')").fetchone() == (5,)


async def test_died_in_the_middle(calling: Sidecar, router: Router, installed: Database) -> None:
    async with joined(router) as peer:
        called, _ = await slow(peer)
        call = asyncio.create_task(failure(installed, "select wamp.call('test.slow')"))
        await asyncio.wait_for(called.wait(), 60)
        calling.kill()
        assert (await asyncio.wait_for(call, 60)).sqlstate == "08007"


async def test_mute(calling: Sidecar, router: Router, installed: Database) -> None:
    """The sidecar is there and does not respond: statement_timeout and pg_terminate_backend work, on an open and on a
    new connection."""
    with installed.connect() as session:
        session.execute("select wamp.call('test.add2', '[2, 3]')")
        calling.send(signal.SIGSTOP)
        try:
            session.execute("set statement_timeout = '500ms'")
            with pytest.raises(psycopg.errors.QueryCanceled):
                await asyncio.wait_for(asyncio.to_thread(session.execute,
                    "select wamp.call('test.add2', '[2, 3]')"), 60)
            session.execute("set statement_timeout = 0")
            pid = session.info.backend_pid
            call = asyncio.create_task(asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')"))
            # Or has given up connecting, on a slow machine.
            await until(lambda: call.done() or installed.value(
                "select count(*) from pg_stat_activity where pid = %s and state = 'active'", pid) == 1, "it calls")
            installed.execute(f"select pg_terminate_backend({pid})")
            with pytest.raises(psycopg.Error):
                await asyncio.wait_for(call, 60)
        finally:
            calling.send(signal.SIGCONT)


async def test_no_router(make_sidecar: SidecarMaker, mortal_router: Router, installed: Database) -> None:
    sidecar = make_sidecar(
        mortal_router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}"}).start()
    sidecar.wait_for(TOLD)
    mortal_router.kill()
    sidecar.wait_for("router lost")
    assert (await failure(installed, "select wamp.call('test.add2')")).sqlstate == "WA001"


async def test_published_at_once(calling: Sidecar, router: Router, installed: Database) -> None:
    """autonomous and acknowledge: published whether or not the transaction commits; the call returns the router's
    id."""
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")

        def publish() -> list[int]:
            with installed.connect() as session:
                session.execute("begin")
                rows = [
                    session.execute("select wamp.publish('test.news', '[1]', autonomous => true)").fetchone(),
                    session.execute(
                        "select wamp.publish('test.news', '[2]', null, '{\"acknowledge\": true}')").fetchone()]
                session.execute("rollback")
            return [row[0] for row in rows if row is not None]

        ids = await asyncio.to_thread(publish)
        assert [event.args for event in await inbox.first(2)] == [[1], [2]] and all(number > 1000 for number in ids)
        error = await failure(installed, "select wamp.publish('forbidden.news', autonomous => true)")
        assert (error.sqlstate, error.diag.message_primary) == ("WA000", "wamp.error.not_authorized")


async def test_many_sessions(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Two hundred sessions that wait at the same time, each for its own answer; then one too many."""
    count = 200
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url,
        caller={"listen": f"127.0.0.1:{free_port()}", "sessions": count},
        procedures={"test.one": {"sql": "select 1 as n"}}).start()
    sidecar.wait_for(TOLD)
    async with joined(router) as peer:
        waiting: list[int] = []
        everybody = asyncio.Event()

        async def meet(number: int) -> int:
            waiting.append(number)
            if len(waiting) == count:
                everybody.set()
            await everybody.wait()
            return number * 2

        await peer.register("test.meet", meet)
        sessions: list[psycopg.Connection[Any]] = []
        try:
            for _ in range(count + 1):
                sessions.append(await asyncio.to_thread(installed.connect))
            # One after the other: connecting to the port takes a processor's time, and has a time limit.
            for session in sessions[:count]:
                await asyncio.to_thread(session.execute, "select wamp.call('test.one')")
            results: dict[int, Any] = {}

            def call(number: int) -> None:
                row = sessions[number].execute(
                    "select wamp.call('test.meet', jsonb_build_array(%s::int), null, '{\"timeout\": 300000}')", [number]
                ).fetchone()
                results[number] = row and row[0]

            threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(count)]
            for thread in threads:
                thread.start()
            await until(lambda: len(results) == count, "all are answered", 200)
            assert results == {number: number * 2 for number in range(count)}
            with pytest.raises(psycopg.Error) as caught:
                await asyncio.to_thread(sessions[count].execute, "select wamp.call('test.meet', '[1]')")
            assert caught.value.sqlstate == "WA002"
        finally:
            for session in sessions:
                session.close()


async def test_long_documents_at_once(calling: Sidecar, router: Router, installed: Database) -> None:
    """Forty sessions call with 12 MiB each: the excess waits unread, or is refused, and the others are answered."""
    octets, sessions = 12 << 20, 40
    # A slow machine takes its time for all of them.
    query = f"select wamp.call('test.size', jsonb_build_array(repeat('x', {octets})), null, '{{\"timeout\": 300000}}')"
    short = "select wamp.call('test.add2', '[2, 3]')"
    begin = threading.Barrier(sessions + 1)

    def value(session: psycopg.Connection[Any], query: str) -> Any:
        row = session.execute(query).fetchone()  # type: ignore[arg-type]
        return row and row[0]

    def one(_: int) -> int | str | None:
        with installed.connect() as session:
            # Connects to the port, which has a time limit.
            assert value(session, short) == 5
            begin.wait(100)
            try:
                return value(session, query)  # type: ignore[no-any-return]
            except psycopg.Error as error:
                assert "nothing was sent" in str(error), error
                return error.sqlstate

    async with joined(router) as peer:
        await peer.register("test.size", lambda text: len(text))
        assert await ask(installed, query) == octets
        with ThreadPoolExecutor(sessions) as pool, installed.connect() as other:
            assert await asyncio.to_thread(value, other, short) == 5
            calls = [asyncio.get_running_loop().run_in_executor(pool, one, number) for number in range(sessions)]
            await asyncio.to_thread(begin.wait, 100)
            small = [await asyncio.wait_for(asyncio.to_thread(value, other, short), 100) for _ in range(5)]
            answers = await asyncio.wait_for(asyncio.gather(*calls), 300)
        assert small == [5] * 5
        assert set(answers) <= {octets, "53200", "WA002"} and answers.count(octets) >= 2, answers
        assert await ask(installed, query) == octets
    mebibytes = calling.peak() / (1 << 20)
    assert mebibytes < 256, mebibytes


async def test_loop(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """SQL -> WAMP -> the same database, deeper than there are connections; none hangs. With the outermost call all
    others end."""
    installed.execute(
        """
        create function public.deep(n int) returns jsonb language plpgsql security definer as
        $$ begin
            if n = 0 then return '0'; end if;
            return to_jsonb(wamp.call('test.deep', jsonb_build_array(n - 1))::int + 1);
        end $$
        """)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, database={"connections": 3, "queue_timeout": "20m"},
        caller={"listen": f"127.0.0.1:{free_port()}", "timeout": "20m"},
        procedures={"test.deep": {"function": "public.deep", "concurrency": 3, "timeout": "20m"}}).start()
    sidecar.wait_for(TOLD)
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[3]')"), 60) == 3
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[5]')"), 60) == 5
    error = await asyncio.wait_for(failure(installed,
        "select wamp.call('test.deep', '[50]', null, '{\"timeout\": 3000}')"), 60)
    assert error.sqlstate == "57014"
    deep = ("select count(*) from pg_stat_activity where datname = current_database() and state = 'active' "
            "and query ~ 'deep' and pid <> pg_backend_pid()")
    await until(lambda: installed.value(deep) == 0, "those that nobody waits for end", 100)
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[2]')"), 60) == 2


def told(database: Database) -> bool:
    """Whether the database has a password for the port."""
    return bool(database.value("select count(*) from pg_user_mappings where srvname like 'wamp%' and umuser <> 0") == 1)


async def test_announced_is_what_listens(make_sidecar: SidecarMaker, router: Router,
                                         installed: InstalledDatabase) -> None:
    """A port that is taken by another process is not announced, and an announced one is withdrawn: no process gets the
    password and the calls."""
    squatter = socket.create_server(("127.0.0.1", 0))
    number = squatter.getsockname()[1]
    with installed.installation.connect_as_leader() as session:
        # The state that a killed sidecar has left.
        session.execute("select wamp.port_configure(%s, 'wamp', 'secret')",
            [["host", "127.0.0.1", "port", str(number)]])
    assert told(installed)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{number}"},
                           procedures={"test.one": {"sql": "select 1 as n"}})
    sidecar.start(until="not ready")
    assert "not listening for calls from SQL" in sidecar.entries("not ready")[0]["reason"]
    sidecar.wait_for("call port withdrawn from the database: nothing listens there")
    assert not told(installed) and not sidecar.entries(TOLD) and not sidecar.entries("ready")
    assert (await failure(installed, "select wamp.call('test.one')")).sqlstate == "WA003"
    squatter.setblocking(False)
    with pytest.raises(BlockingIOError):
        squatter.accept()
    squatter.close()
    sidecar.wait_for(TOLD, 60)
    sidecar.wait_for("ready")
    assert told(installed) and await ask(installed, "select wamp.call('test.one')") == [{"n": 1}]
    assert await sidecar.stopped() == 0
    assert not told(installed), "a process that binds the port of a stopped sidecar gets nothing"


def options(database: Database) -> dict[str, str]:
    """Those of the foreign server."""
    return dict(database.rows("select o.option_name, o.option_value from pg_foreign_server as s, "
                              "pg_options_to_table(s.srvoptions) as o where s.srvname = 'wamp_sidecar'"))


def test_a_folder_that_others_may_write(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase, folder: Path,
) -> None:
    folder.chmod(0o1777)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": f"{folder}:7432"},
                           procedures={"test.one": {"sql": "select 1 as n"}})
    sidecar.start(until="can't listen for calls from SQL")
    assert "others may write in" in sidecar.entries("can't listen for calls from SQL")[0]["reason"]
    assert not list(folder.iterdir())
    folder.chmod(0o755)
    sidecar.wait_for(TOLD, 60)
    assert installed.value("select wamp.call('test.one')") == [{"n": 1}]
    assert options(installed)["requirepeer"] == getpass.getuser()
    # What the server's libpq does not know is left out, and not asked for at each check.
    version = installed.value("select current_setting('server_version_num')::int")
    if version >= 160000:
        assert options(installed)["require_auth"] == "scram-sha-256"
    state = "select array_agg(xmin::text) from pg_foreign_server"
    first = installed.value(state)
    sidecar.kill()
    sidecar.start(until=TOLD)
    assert installed.value(state) == first


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_socket_of_another_user(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase, folder: Path,
) -> None:
    """A process that replaces our socket with its own is not sent the password."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": f"{folder}:7432"}).start()
    sidecar.wait_for(TOLD)
    sidecar.kill()
    path = folder / ".s.PGSQL.7432"
    path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o777)
    os.seteuid(65534)
    try:
        listener.listen()
    finally:
        os.seteuid(0)
    received: list[bytes] = []

    def serve() -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"R\0\0\0\x08\0\0\0\x03")
            received.append(client.recv(1000))
            received.append(client.recv(1000))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with pytest.raises(psycopg.Error) as caught:
        installed.value("select wamp.call('test.one')")
    assert caught.value.sqlstate == "WA002" and "requirepeer" in (caught.value.diag.message_detail or "")
    listener.close()
    assert received in ([], [b""], [b"", b""])


def test_an_impostor_gets_nothing(calling: Sidecar, installed: InstalledDatabase) -> None:
    """A process that has taken a killed sidecar's port and can't prove that it knows the key gets neither key nor
    call."""
    assert installed.value("select wamp.call('test.add2', '[2, 3]')") == 5
    calling.kill()
    for reply in (("result", "[666]", None, None, None), ("stale", None, None, None, None), ("28000", "no"), "close"):
        impostor = ScriptedPort(lambda document, reply=reply: reply)  # type: ignore[misc]
        with installed.installation.connect_as_leader() as session:
            session.execute("select wamp.port_configure(%s, 'wamp', 'secret')", [impostor.options])
        with pytest.raises(psycopg.Error) as caught:
            installed.value("select wamp.call('test.add2', '[123454321]')")
        assert caught.value.sqlstate == "WA002", caught.value
        impostor.stop()
        assert impostor.documents == [] and len(impostor.received) == 1
        assert set(impostor.received[0]) == {"prove", "nonce", "mac", "pid", "rows"}


async def test_a_planted_connection_is_not_used(calling: Sidecar, router: Router, installed: InstalledDatabase) -> None:
    """A role to which an administrator granted dblink can neither read the calls of other roles' functions in its
    session, nor answer for the sidecar."""
    for grantee in ("planter", "planters", "public"):
        make_role(installed, "planter")
        installed.execute("do $$ begin if to_regrole('planters') is null then create role planters; end if; end $$; "
                          "grant planters to planter")
        installed.installation.install(grant_to=["planter"])
        dblink = installed.value("select value from wamp.meta where key = 'dblink_schema'")
        installed.execute(f"grant usage on schema {dblink} to {grantee}; "
                          f"grant execute on all functions in schema {dblink} to {grantee}")
        evil = ScriptedPort(lambda document: ("result", "[666]", None, None, None))
        with connect_as(installed, "planter") as session:
            def call() -> Any:
                row = session.execute("select wamp.call('test.add2', '[2, 3]')").fetchone()
                return row and row[0]

            def plant() -> None:
                session.execute(
                    f"select {dblink}.dblink_connect('wamp', 'host=127.0.0.1 port={evil.port} user=x password=x')")

            await asyncio.to_thread(plant)
            assert await asyncio.to_thread(call) == 5
            # Even in place of one that was proved.
            session.execute(f"select {dblink}.dblink_disconnect('wamp')")
            await asyncio.to_thread(plant)
            assert await asyncio.to_thread(call) == 5
            # The remaining one is useless alone.
            session.execute(f"select {dblink}.dblink_is_busy('wamp'), "
                            f"{dblink}.dblink_send_query('wamp', '{{\"call\": \"test.add2\", \"rows\": true}}')")
            reply = session.execute(
                f"select * from {dblink}.dblink_get_result('wamp') as t(s text, a jsonb, k jsonb, c text, e text, p "
                f"text, h text)"
            ).fetchone()
            assert reply == ("stale", None, None, None, None, None, None)
        evil.stop()
        assert evil.received == []
        installed.execute(f"revoke execute on all functions in schema {dblink} from {grantee}")


async def test_a_planted_connection_that_outlives_the_right(
    calling: Sidecar, router: Router, installed: InstalledDatabase,
) -> None:
    """It gets no key and can't answer for the sidecar: each answer must be proved."""
    make_role(installed, "planter")
    installed.installation.install(grant_to=["planter"])
    dblink = installed.value("select value from wamp.meta where key = 'dblink_schema'")
    installed.execute(f"grant usage on schema {dblink} to planter; "
                      f"grant execute on all functions in schema {dblink} to planter")
    evil = ScriptedPort(lambda document: ("result", "[666]", None, None, None))
    with connect_as(installed, "planter") as session:
        await asyncio.to_thread(session.execute,
            f"select {dblink}.dblink_connect('wamp', 'host=127.0.0.1 port={evil.port} user=x password=x')")
        installed.execute(f"revoke execute on all functions in schema {dblink} from planter")
        with pytest.raises(psycopg.Error) as caught:
            await asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')")
        assert caught.value.sqlstate == "08007"
        assert "key" not in evil.received[0]
        row = (await asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')")).fetchone()
        assert row == (5,)
    evil.stop()


def test_the_password_is_no_key(calling: Sidecar, installed: InstalledDatabase) -> None:
    """A role that may read the state can neither call nor publish with it; the key is random, and only the leader
    learns it."""
    password = installed.value(
        "select o.option_value from pg_user_mappings as m, pg_options_to_table(m.umoptions) as o "
                               "where m.srvname = 'wamp_sidecar' and o.option_name = 'password'")
    number = installed.value(
        "select o.option_value from pg_foreign_server as s, pg_options_to_table(s.srvoptions) as o "
                             "where s.srvname = 'wamp_sidecar' and o.option_name = 'port'")
    key = hmac.new(password.encode(), b"wamp-sidecar: key of the caller's port", hashlib.sha256).hexdigest()
    with psycopg.connect(host="127.0.0.1", port=number, user="wamp", password=password, dbname="x", autocommit=True,
                         cursor_factory=psycopg.ClientCursor) as session:
        assert session.execute('{"status": true}').fetchone()
        for document in ({"call": "test.add2", "args": [2, 3]}, {"publish": "test.news"}):
            with pytest.raises(psycopg.Error) as caught:
                session.execute(json.dumps(document | {"key": key}))  # type: ignore[arg-type]
            assert caught.value.sqlstate == "28000"
    with installed.installation.connect() as session:
        for query in ("select * from wamp.port_key", "select wamp.port_key_of_this()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(query)
        # No session but the leader's may change where the port is, or the key.
        for query in ("select wamp.port_configure('{host,h}', 'wamp', 'x')", "select wamp.port_withdraw()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(query)


async def test_dblink_dropped_and_made_again(calling: Sidecar, installed: InstalledDatabase) -> None:
    installed.execute("drop extension dblink cascade")
    assert (await failure(installed, "select wamp.call('test.add2', '[2, 3]')")).sqlstate == "WA003"
    calling.wait_for("call port can't be announced to the database", 60)
    installed.installation.install()
    await until(lambda: told(installed), "the port is announced again", 60)
    assert await ask(installed, "select wamp.call('test.add2', '[2, 3]')") == 5
    # By an administrator who follows the hint.
    dblink = installed.value("select value from wamp.meta where key = 'dblink_schema'")
    installed.execute("drop extension dblink cascade")
    assert (await failure(installed, "select wamp.call('test.add2', '[2, 3]')")).sqlstate == "WA003"
    installed.execute(f"create extension dblink schema {dblink}; grant usage on foreign data wrapper dblink_fdw to "
                      f"wamp_owner")
    await until(lambda: told(installed), "the port is announced again", 60)
    assert await ask(installed, "select wamp.call('test.add2', '[2, 3]')") == 5


async def test_a_transaction_that_sees_an_old_state(
    make_sidecar: SidecarMaker, calling: Sidecar, router: Router, installed: InstalledDatabase,
) -> None:
    """REPEATABLE READ: calls work in it, before and after another sidecar has begun to lead."""
    other = make_sidecar(
        router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}"},
        procedures={"test.other": {"sql": "select 7 as n"}})
    with installed.connect() as session:
        def call(procedure: str, args: str) -> Any:
            row = session.execute(f"select wamp.call('{procedure}', '{args}')").fetchone()  # type: ignore[arg-type]
            return row and row[0]

        session.execute("begin isolation level repeatable read; select count(*) from wamp.outbox")
        assert await asyncio.to_thread(call, "test.add2", "[2, 3]") == 5
        other.start()
        other.wait_for("standby: another sidecar leads")
        assert await calling.stopped() == 0
        other.wait_for(TOLD, 60)
        async with joined(router) as peer:
            await peer.call_when_there("test.other")
        assert await asyncio.to_thread(call, "test.other", "[]") == [{"n": 7}]
        session.execute("commit")
        assert await asyncio.to_thread(call, "test.other", "[]") == [{"n": 7}]


def crowd(number: int, count: int) -> list[socket.socket]:
    """So many clients that connect and send nothing."""
    return [socket.create_connection(("127.0.0.1", number), timeout=60) for _ in range(count)]


def test_silent_connections_keep_nobody_out(calling: Sidecar, installed: InstalledDatabase) -> None:
    """Clients that have called continue, and new ones are admitted within libpq's two seconds, while others connect and
    send nothing."""
    number = int(options(installed)["port"])
    with installed.connect() as session:
        assert session.execute("select wamp.call('test.add2', '[2, 3]')").fetchone() == (5,)
        for _ in range(3):
            silent = crowd(number, 300)
            try:
                assert session.execute("select wamp.call('test.add2', '[2, 3]')").fetchone() == (5,)
                for _ in range(3):
                    assert installed.value("select wamp.call('test.add2', '[2, 3]')") == 5
            finally:
                for connection in silent:
                    connection.close()


@pytest.mark.once
def test_descriptors_are_left_for_the_others(
    make_sidecar: SidecarMaker, mortal_router: Router, installed: InstalledDatabase,
) -> None:
    """With the fewest descriptors that the process may have, and the most connections, it joins the router again, and
    calls work."""
    number = free_port()
    sidecar = make_sidecar(
        mortal_router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{number}"},
        procedures={"test.one": {"sql": "select 1 as n"}}, behind=["prlimit", "--nofile=160:192"]).start()
    sidecar.wait_for(TOLD)
    limit = sidecar.entries("the limit of open files allows fewer connections than caller.sessions")[0]["limit"]
    assert 0 < int(limit) < 192
    assert sidecar.process is not None
    limits = Path(f"/proc/{sidecar.process.pid}/limits").read_text()
    assert re.search(r"Max open files +192 +192 ", limits), limits
    silent = crowd(number, 400)
    try:
        mortal_router.kill()
        sidecar.wait_for("router lost")
        mortal_router.start()
        sidecar.wait_for("router joined", 100, count=2)
        assert installed.value("select wamp.call('test.one')") == [{"n": 1}]
        assert not sidecar.entries("clients of the call port wait: no descriptor is left")
    finally:
        for connection in silent:
            connection.close()


async def test_who_cannot_listen_gives_way(make_sidecar: SidecarMaker, router: Router,
                                           installed: InstalledDatabase) -> None:
    """A leader whose port is taken hands over to a waiting sidecar; alone, or with others that can't lead either, it
    continues."""
    squatter = socket.create_server(("127.0.0.1", 0))
    taken = f"127.0.0.1:{squatter.getsockname()[1]}"
    left = "leadership left to another sidecar"
    first, second, third = (
        make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": listen},
                     procedures={"test.one": {"sql": "select 1 as n", "invoke": "roundrobin"}})
        for listen in (taken, taken, f"127.0.0.1:{free_port()}"))
    first.start(until="not ready")
    first.wait_for("leading: this sidecar does the work that must happen once")
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        installed.execute("select wamp.publish('test.news', '[1]')")
        await inbox.first(1)
        second.start(until="not ready")
        first.wait_for(left, 60)
        second.wait_for("leading: this sidecar does the work that must happen once", 60)
        installed.execute("select wamp.publish('test.news', '[2]')")
        await inbox.first(2)
        await third.started(until="listening for calls from SQL")
        third.wait_for(TOLD, 60)
        assert await ask(installed, "select wamp.call('test.one')") == [{"n": 1}]
        installed.execute("select wamp.publish('test.news', '[3]')")
        assert [event.args for event in await inbox.first(3)] == [[1], [2], [3]]
    squatter.close()
