"""Callers: what the router discloses reaches the function, roles are set, and nothing stays for the next caller."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.peer import PublishOptions, joined
from actors.router import Router
from conftest import SidecarMaker

SCHEMA = """
create schema c;
create function c.who() returns jsonb language sql as $$
    select jsonb_build_object(
        'role', current_user, 'path', current_setting('search_path'),
        'caller', current_setting('wamp.caller', true), 'authid', current_setting('wamp.caller_authid', true),
        'authrole', current_setting('wamp.caller_authrole', true), 'procedure', current_setting('wamp.procedure', true))
$$;
create function c.leave_behind() returns void language plpgsql as $$
begin
    perform set_config('search_path', 'pg_temp', false), set_config('wamp.caller_authid', 'forged', false);
    perform set_config('statement_timeout', '1', false);
    set role nobody_special;
end $$;
create function c.details(args jsonb, kwargs jsonb, details jsonb) returns jsonb language sql as 'select details';
create function c.state() returns jsonb language sql as $$
    select jsonb_build_object(
        'role', current_user, 'path', current_setting('search_path'), 'timeout', current_setting('statement_timeout'),
        'caller', coalesce(current_setting('wamp.caller', true), ''),
        'authid', coalesce(current_setting('wamp.caller_authid', true), ''),
        'authrole', coalesce(current_setting('wamp.caller_authrole', true), ''),
        'procedure', coalesce(current_setting('wamp.procedure', true), ''), 'zone', current_setting('TimeZone'),
            'date', current_setting('DateStyle'))
$$;
create function c.leave(name text, value text) returns void language plpgsql as $$
begin perform set_config(name, value, false); end $$;
create procedure c.leave_by_call(name text, value text) language plpgsql as $$
begin perform set_config(name, value, false); end $$;
create table c.seen (state jsonb);
create table c.one (id int); insert into c.one values (1);
create function c.scalar_of() returns jsonb language plpgsql as $$ begin return c.state(); end $$;
create function c.void_of() returns void language plpgsql as $$ begin insert into c.seen values (c.state()); end $$;
create function c.set_of() returns setof jsonb language plpgsql as $$ begin return next c.state(); end $$;
create function c.set_in_sql() returns setof jsonb language sql stable as 'select c.state() from c.one';
create function c.empty_set() returns setof int language plpgsql as $$ begin perform c.void_of(); return; end $$;
create type c.pair as (a int, state jsonb);
create function c.composite_of() returns c.pair language plpgsql as $$ begin return (1, c.state()); end $$;
create function c.binary_of() returns table (a bytea, state jsonb) language plpgsql as $$
begin return query select 'x'::bytea, c.state(); end $$;
create procedure c.call_of(inout state jsonb default null) language plpgsql as $$ begin state := c.state(); end $$;
create function c.event_of(args jsonb) returns void language plpgsql as $$ begin insert into c.seen values (c.state());
    end $$;
create procedure c.commits() language plpgsql as $$ begin commit; end $$;
grant usage on schema c to sidecar, nobody_special, reader;
grant all on all tables in schema c to sidecar;
revoke execute on all functions in schema c from public;
grant execute on all functions in schema c to sidecar, reader;
grant execute on all procedures in schema c to sidecar, reader;
"""


@pytest.fixture(scope="module")
def callers(cluster: Cluster) -> Iterator[Database]:
    database = cluster.create_database("callers")
    database.execute("create role nobody_special; create role reader; create role uninvited;"
                     "grant nobody_special, reader to sidecar")
    database.execute(SCHEMA)
    yield database
    database.drop_roles("nobody_special", "reader", "uninvited")


async def test_disclosed(make_sidecar: SidecarMaker, router: Router, transport: str, callers: Database) -> None:
    make_sidecar(router.url(transport), callers.url, procedures={
        "disclosed.who": "c.who", "disclosed.details": "c.details", "test.who": "c.who"}).start()
    async with joined(router) as peer:
        details = (await peer.call("disclosed.details")).value
        assert details["procedure"] == "disclosed.details"
        assert details["caller"] == peer.session._session_id
        assert details["caller_authrole"] == "everybody"
        who = (await peer.call("disclosed.who")).value
        assert who["caller"] == str(peer.session._session_id)
        assert (who["authrole"], who["procedure"], who["role"]) == ("everybody", "disclosed.who", "sidecar")
        # A caller that the router does not disclose has no identity.
        who = (await peer.call("test.who")).value
        assert not who["caller"] and not who["authrole"]


async def test_nothing_stays(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1}, procedures={
        "disclosed.who": "c.who", "disclosed.leave": "c.leave_behind", "test.leave": "c.leave_behind",
        "test.who": "c.who"}).start()
    async with joined(router) as peer:
        first = (await peer.call("disclosed.who")).value
        for leave in ("disclosed.leave", "test.leave"):
            await peer.call(leave)
            assert (await peer.call("disclosed.who")).value == first
            who = (await peer.call("test.who")).value
            assert (who["role"], who["path"]) == (first["role"], first["path"])
            assert not who["authid"]


#: What a function can leave behind, one thing after another.
LEFT_BEHIND = {
    "authid": [("wamp.caller_authid", "admin")], "authrole": [("wamp.caller_authrole", "admin")],
    "caller": [("wamp.caller", "17")], "procedure": [("wamp.procedure", "forged")],
    "role": [("role", "nobody_special")], "path": [("search_path", "pg_temp")], "timeout": [("statement_timeout", "1")],
    "zone": [("TimeZone", "Asia/Tokyo")], "date": [("DateStyle", "German")],
    "all": [("wamp.caller_authid", "admin"), ("search_path", "pg_temp"), ("TimeZone", "Asia/Tokyo"),
        ("role", "nobody_special")],
}
#: Each form of a call's statement, without a role.
FORMS: dict[str, Any] = {
    "scalar": "c.scalar_of", "void": "c.void_of", "set": "c.set_of", "set_in_sql": "c.set_in_sql",
    "composite": "c.composite_of",
    "empty": "c.empty_set",
    "binary": "c.binary_of", "call": "c.call_of", "select": {"sql": "select c.state() as state"},
    "insert": {"sql": "insert into c.seen values (c.state())"},
    "update": {"sql": "with x as (select 1 as id) update c.one as t set id = x.id from x returning c.state() as r, "
                      "t.id as o"},
    "args": {"function": "c.set_of", "results": "args"}, "timed": {"function": "c.scalar_of", "timeout": "7s"},
    "role": {"function": "c.scalar_of", "role": "reader"},
}


async def seen_state(peer: Any, callers: Database, uri: str, form: str) -> dict[str, Any]:
    """Calls the procedure, and returns what its function saw."""
    callers.execute("truncate c.seen")
    result = await peer.call(uri)
    if form in ("void", "insert", "empty"):
        assert result.args == {"void": [], "insert": [1], "empty": [[]]}[form]
        [(state,)] = callers.rows("select state from c.seen")
        return dict(state)
    value: Any = result.args[0]
    if isinstance(value, list):
        [value] = value
    return dict(value.get("state") or value.get("r") or value)


@pytest.mark.parametrize("left", LEFT_BEHIND)
@pytest.mark.parametrize("disclosure", ["test", "disclosed"])
async def test_nothing_reaches_the_next(
        make_sidecar: SidecarMaker, router: Router, callers: Database, left: str, disclosure: str) -> None:
    # The safety of others must not depend on a role somewhere, or on a disclosed caller.
    forms = [form for form in FORMS if disclosure == "disclosed" or form != "role"]
    procedures = {f"{disclosure}.{form}": FORMS[form] for form in forms}
    procedures |= {"test.leave": "c.leave", "test.leave_by_call": "c.leave_by_call"}
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1},
                 procedures=procedures).start()
    async with joined(router) as peer:
        for form in forms:
            expected = await seen_state(peer, callers, f"{disclosure}.{form}", form)
            assert (expected["authrole"] == "everybody") is (disclosure == "disclosed")
            for leave in ("test.leave", "test.leave_by_call"):
                for name, value in LEFT_BEHIND[left]:
                    await peer.call(leave, name, value)
                assert await seen_state(peer, callers, f"{disclosure}.{form}", form) == expected, (form, leave)


async def test_nothing_reaches_those_behind(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    """Many calls at once, behind and ahead of those that leave something behind, on two connections."""
    procedures = {f"test.{form}": FORMS[form] for form in ("scalar", "set", "select", "composite", "call")}
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 2},
                 procedures=procedures | {"test.leave": "c.leave", "disclosed.scalar": "c.scalar_of"}).start()
    async with joined(router) as peer:
        expected = {form: (await peer.call(f"test.{form}")).args
            for form in ("scalar", "set", "select", "composite", "call")}
        own = (await peer.call("disclosed.scalar")).args
        kinds = [left for name, left in LEFT_BEHIND.items() if name not in ("zone", "date", "all")]

        async def leave(number: int) -> None:
            [(name, value)] = kinds[number % len(kinds)]
            await peer.call("test.leave", name, value)

        async def check(number: int) -> None:
            form = list(expected)[number % len(expected)]
            assert (await peer.call(f"test.{form}")).args == expected[form]
            assert (await peer.call("disclosed.scalar")).args == own

        await asyncio.gather(*(leave(n // 5) if n % 5 == 0 else check(n) for n in range(300)))


async def test_progressive_result(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1},
                 procedures={"test.set": "c.set_of", "test.leave": "c.leave"}).start()
    async with joined(router) as peer:
        async def states() -> list[Any]:
            stream = peer.stream("test.set")
            await stream.answer()
            return stream.rows

        expected = await states()
        assert len(expected) == 1
        for left in LEFT_BEHIND.values():
            for name, value in left:
                await peer.call("test.leave", name, value)
            assert await states() == expected


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_events(make_sidecar: SidecarMaker, router: Router, callers: Database, concurrency: int) -> None:
    make_sidecar(
        router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1},
        procedures={"test.leave": "c.leave"},
        subscriptions={"test.event": {"function": "c.event_of", "concurrency": concurrency, "retries": 0}}).start()
    async with joined(router) as peer:
        async def state() -> Any:
            callers.execute("truncate c.seen")
            await peer.session.publish("test.event", options=PublishOptions(acknowledge=True))
            return await until(lambda: callers.rows("select state from c.seen"), "the event's function has run")

        expected = await state()
        for left in LEFT_BEHIND.values():
            for name, value in left:
                await peer.call("test.leave", name, value)
            assert await state() == expected


async def test_names_of_columns(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    """The names in the sidecar's own statements do not clash with columns."""
    callers.execute("""
        create or replace function c.columns() returns table (r int, o int, b bytea, v int, c int) language sql
        as $$ select 1, 2, 'x'::bytea, 3, 4 $$;
        create or replace function c.plain_columns() returns table (r int, o int) language sql as 'select 1, 2';
        grant execute on function c.columns(), c.plain_columns() to sidecar""")
    make_sidecar(router.url("rawsocket"), callers.url, procedures={
        "test.columns": "c.columns", "test.plain": "c.plain_columns",
        "test.sql": {"sql": "select 1 as r, 2 as o, 3 as wamp_sidecar_rows"},
        "test.special": {"sql": "select 1 as r, 2 as o, 'x'::bytea as b"}}).start()
    async with joined(router) as peer:
        [row] = (await peer.call("test.columns")).args[0]
        assert (row["r"], row["o"], row["v"], row["c"]) == (1, 2, 3, 4)
        assert (await peer.call("test.plain")).args == [[{"r": 1, "o": 2}]]
        assert (await peer.call("test.sql")).args == [[{"r": 1, "o": 2, "wamp_sidecar_rows": 3}]]
        [row] = (await peer.call("test.special")).args[0]
        assert (row["r"], row["o"]) == (1, 2)


async def test_role(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1}, procedures={
        "test.reader": {"function": "c.who", "role": "reader"}, "test.who": "c.who",
        "disclosed.everybody": {"function": "c.who", "roles": {"everybody": "reader"}},
        "disclosed.others": {"function": "c.who", "roles": {"others": "reader"}},
        "test.undisclosed": {"function": "c.who", "roles": {"everybody": "reader"}},
        "test.stranger": {"function": "c.who", "role": "uninvited"},
    }).start(until=None)
    async with joined(router) as peer:
        for _ in range(3):
            assert (await peer.call_when_there("test.reader")).value["role"] == "reader"
            assert (await peer.call("test.who")).value["role"] == "sidecar"
            assert (await peer.call("disclosed.everybody")).value["role"] == "reader"
            assert (await peer.error("disclosed.others")).error == "wamp.error.not_authorized"
            assert (await peer.error("test.stranger")).error == "wamp.error.not_authorized"
            assert (await peer.error("test.undisclosed")).error in (
                "wamp.error.not_authorized", "wamp.error.option_disallowed.disclose_me")


async def test_procedure_that_commits(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    """It may, whether a caller is disclosed, a role set, a deadline given or not. Nothing of one call reaches the
    next."""
    callers.execute("""
        create procedure c.commits_twice(inout before jsonb default null, inout after jsonb default null)
            language plpgsql as
            $$ begin before := c.state(); commit; after := c.state(); rollback; commit; end $$;
        grant execute on all procedures in schema c to sidecar, reader;
    """)
    mapping: dict[str, Any] = {
        "test.commits": "c.commits", "disclosed.commits": "c.commits", "disclosed.twice": "c.commits_twice",
        "test.timed": {"function": "c.commits", "timeout": "7s"},
        "disclosed.role": {"function": "c.commits_twice", "role": "reader", "timeout": "9s"},
        "test.stranger": {"function": "c.commits", "role": "uninvited"}, "test.state": "c.state",
    }
    make_sidecar(router.url("rawsocket"), callers.url, database={"connections": 1},
        procedures=mapping).start(until=None)
    async with joined(router) as peer:
        clean = (await peer.call_when_there("test.state")).value
        for _ in range(2):
            for name in ("test.commits", "disclosed.commits", "test.timed"):
                assert (await peer.call(name)).args == [], name
                assert (await peer.call("test.state")).value == clean
            for name, role in [("disclosed.twice", "sidecar"), ("disclosed.role", "reader")]:
                states = (await peer.call(name)).value
                assert states["before"] == states["after"]
                assert (states["after"]["role"], states["after"]["procedure"]) == (role, name)
                assert (states["after"]["authid"]
                        and states["after"]["timeout"] == ("30s" if role == "sidecar" else "9s"))
                assert (await peer.call("test.state")).value == clean
            assert (await peer.error("test.stranger")).error == "wamp.error.not_authorized"
            assert (await peer.call("test.state")).value == clean
