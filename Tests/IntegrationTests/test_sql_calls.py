"""wamp.call(): procedures called from SQL, through the caller's port."""

import asyncio
import json
import signal
import threading
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase, connect_as, make_role
from actors.peer import ApplicationError, joined
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

TOLD = "the database knows the way to the caller's port"


@pytest.fixture
def calling(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> Sidecar:
    """A sidecar whose port is open; mapped is a function that adds."""
    installed.execute(
        "create function public.add2(a int, b int) returns int language sql as 'select a + b'; "
        "create function public.nested(n int) returns jsonb language plpgsql security definer as "
        "$$ begin return wamp.call('test.add2', jsonb_build_array(n, 1)); end $$;")
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}"},
        procedures={"test.add2": "public.add2", "test.nested": "public.nested"})
    sidecar.start()
    sidecar.wait_for(TOLD)
    return sidecar


async def ask(database: Database, query: str, *values: Any) -> Any:
    """The one value that a query gives, while the test's loop goes on."""
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
        assert await ask(installed, r"select wamp.call('test.echo', jsonb_build_array(wamp.binary('\x00ff')))") == "\\x00ff"
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
        for query, state in (
            ("select wamp.call('test..x')", "22023"), ("select wamp.call('wamp.session.count')", "42501"),
            ("select wamp.call('test.add2', '{}')", "22023"), ("select wamp.call('test.add2', '[1]', null, '{\"x\": 1}')", "22023"),
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
    """In triggers, deferred ones too, subtransactions, DO blocks, for roles without any other right; nested calls."""
    make_role(installed, "app")
    installed.installation.install(grant_to=["app"])
    installed.execute(
        """
        create table t (a int, b jsonb); grant all on t to app;
        create function t() returns trigger language plpgsql as
            $$ begin new.b := wamp.call('test.add2', jsonb_build_array(new.a, 1)); return new; end $$;
        create function d() returns trigger language plpgsql as
            $$ begin if wamp.call('test.add2', jsonb_build_array(new.a, 1)) <> new.b then raise 'wrong'; end if; return null; end $$;
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
    """Registers `test.slow`, which never answers; events: it was called, it was canceled."""
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
                session.execute("set statement_timeout = '300ms'")
            options = '{"timeout": 300}' if how == "deadline" else "{}"
            pid = session.info.backend_pid
            call = asyncio.create_task(
                asyncio.to_thread(session.execute, f"select wamp.call('test.slow', null, null, '{options}')"))
            await asyncio.wait_for(called.wait(), 10)
            if how.startswith("pg_"):
                installed.execute(f"select {how}({pid})")
            with pytest.raises(psycopg.Error) as caught:
                await asyncio.wait_for(call, 10)
            assert caught.value.sqlstate == ("57P01" if how == "pg_terminate_backend" else "57014")
            await asyncio.wait_for(canceled.wait(), 10)
            if how != "pg_terminate_backend":
                session.execute("set statement_timeout = 0")
                row = (await asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')")).fetchone()
                assert row is not None and row[0] == 5


async def test_sidecar_restarted(calling: Sidecar, installed: Database) -> None:
    """An open session's calls fail while there is no sidecar, and work again when there is: nothing is sent twice."""
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
        await asyncio.wait_for(called.wait(), 10)
        calling.kill()
        assert (await asyncio.wait_for(call, 10)).sqlstate == "08007"


async def test_mute(calling: Sidecar, router: Router, installed: Database) -> None:
    """The sidecar is there and says nothing: statement_timeout and pg_terminate_backend work, on an open and on a new connection."""
    with installed.connect() as session:
        session.execute("select wamp.call('test.add2', '[2, 3]')")
        calling.send(signal.SIGSTOP)
        try:
            session.execute("set statement_timeout = '500ms'")
            with pytest.raises(psycopg.errors.QueryCanceled):
                await asyncio.wait_for(asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')"), 10)
            session.execute("set statement_timeout = 0")
            pid = session.info.backend_pid
            call = asyncio.create_task(asyncio.to_thread(session.execute, "select wamp.call('test.add2', '[2, 3]')"))
            await until(lambda: installed.value(
                "select count(*) from pg_stat_activity where pid = %s and state = 'active'", pid) == 1, "it calls")
            installed.execute(f"select pg_terminate_backend({pid})")
            with pytest.raises(psycopg.Error):
                await asyncio.wait_for(call, 10)
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
    """autonomous and acknowledge: published whether or not the transaction commits; the router's id comes back."""
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")

        def publish() -> list[int]:
            with installed.connect() as session:
                session.execute("begin")
                rows = [
                    session.execute("select wamp.publish('test.news', '[1]', autonomous => true)").fetchone(),
                    session.execute("select wamp.publish('test.news', '[2]', null, '{\"acknowledge\": true}')").fetchone()]
                session.execute("rollback")
            return [row[0] for row in rows if row is not None]

        ids = await asyncio.to_thread(publish)
        assert [event.args for event in await inbox.first(2)] == [[1], [2]] and all(number > 1000 for number in ids)
        error = await failure(installed, "select wamp.publish('forbidden.news', autonomous => true)")
        assert (error.sqlstate, error.diag.message_primary) == ("WA000", "wamp.error.not_authorized")


@pytest.mark.timeout(240)
async def test_many_sessions(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Two hundred sessions that wait at the same time, each for its own answer; then one too many."""
    count = 200
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}", "sessions": count}).start()
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
            results: dict[int, Any] = {}

            def call(number: int) -> None:
                row = sessions[number].execute(
                    "select wamp.call('test.meet', jsonb_build_array(%s::int), null, '{\"timeout\": 60000}')", [number]
                ).fetchone()
                results[number] = row and row[0]

            threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(count)]
            for thread in threads:
                thread.start()
            await until(lambda: len(results) == count, "all are answered", 90)
            assert results == {number: number * 2 for number in range(count)}
            with pytest.raises(psycopg.Error) as caught:
                await asyncio.to_thread(sessions[count].execute, "select wamp.call('test.meet', '[1]')")
            assert caught.value.sqlstate == "WA002"
        finally:
            for session in sessions:
                session.close()


async def test_loop(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """SQL -> WAMP -> the same database, many at a time and three deep: more than there are connections; none waits for ever."""
    installed.execute(
        """
        create function public.deep(n int) returns jsonb language plpgsql security definer as
        $$ begin
            if n = 0 then return '0'; end if;
            return to_jsonb(wamp.call('test.deep', jsonb_build_array(n - 1))::int + 1);
        end $$
        """)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, database={"connections": 3}, caller={"listen": f"127.0.0.1:{free_port()}"},
        procedures={"test.deep": {"function": "public.deep", "concurrency": 3}}).start()
    sidecar.wait_for(TOLD)
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[3]')"), 30) == 3
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[5]')"), 30) == 5
    error = await asyncio.wait_for(failure(installed, "select wamp.call('test.deep', '[50]', null, '{\"timeout\": 3000}')"), 40)
    assert error.sqlstate in ("57014", "WA000")
    assert await asyncio.wait_for(ask(installed, "select wamp.call('test.deep', '[2]')"), 30) == 2
