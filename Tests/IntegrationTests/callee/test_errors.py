"""The error of a failing function: its SQLSTATE decides the WAMP error."""

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

SCHEMA = """
create schema f;
create table f.item (id integer primary key, name text not null check (name <> ''), parent integer references f.item);
create table f.later (id integer constraint once unique deferrable initially deferred);
create function f.fail(state text, said text default 'said so') returns void language plpgsql as $$
begin raise exception using errcode = state, message = said, detail = 'the detail', hint = 'the hint'; end $$;
create function f.named(said text, detail text) returns void language plpgsql as $$
begin raise exception using errcode = 'WA000', message = said, detail = named.detail; end $$;
create function f.put(id integer, name text, parent integer default null) returns void
    language sql as 'insert into f.item values (id, name, parent)';
create function f.put_later(id integer) returns integer language sql as 'insert into f.later values (id) returning id';
create function f.divide(a integer, b integer) returns integer language sql as 'select a / b';
create function f.secret() returns integer language sql as 'select 1';
revoke execute on function f.secret() from public;
create function f.forbidden() returns bigint language sql as 'select count(*) from pg_authid';
create function f.fine() returns text language sql as $$ select 'fine' $$;
create table f.tries (n integer);
insert into f.tries values (0);
create sequence f.attempts;
create function f.conflict(times bigint) returns bigint language plpgsql as $$
declare attempt bigint := nextval('f.attempts');
begin
    if attempt <= times then raise exception using errcode = '40001', message = 'conflict'; end if;
    return attempt;
end $$;
grant usage on schema f to sidecar;
grant all on all tables in schema f to sidecar;
grant all on all sequences in schema f to sidecar;
"""

NAMES = ["fail", "named", "put", "put_later", "divide", "forbidden", "fine", "conflict"]


@pytest.fixture(scope="module")
def functions(cluster: Cluster) -> Database:
    return cluster.create_database("errors", SCHEMA)


@pytest.fixture
def mapping(functions: Database) -> dict[str, Any]:
    functions.execute("truncate f.item, f.later; alter sequence f.attempts restart")
    return {f"test.{name}": f"f.{name}" for name in NAMES}


async def test_table(make_sidecar: SidecarMaker, router: Router, transport: str, functions: Database,
                     mapping: dict[str, Any]) -> None:
    make_sidecar(router.url(transport), functions.url, procedures=mapping).start()
    states = {
        "42501": "wamp.error.not_authorized",
        "22023": "wamp.error.invalid_argument",
        "22P02": "wamp.error.invalid_argument",
        "23502": "wamp.error.invalid_argument",
        "23514": "wamp.error.invalid_argument",
        "53100": "wamp.error.unavailable",
        "23505": "postgresql.error.unique_violation",
        "23503": "postgresql.error.foreign_key_violation",
        "P0001": "postgresql.error.raise_exception",
        "P0002": "postgresql.error.no_data_found",
        "XX000": "postgresql.error.internal_error",
        "42P01": "postgresql.error.undefined_table",
    }
    async with joined(router) as peer:
        for state, uri in states.items():
            error = await peer.error("test.fail", state, "what happened")
            assert error.error == uri, state
            assert error.args[0] == "what happened", state
            assert error.kwargs["sqlstate"] == state
            assert (error.kwargs["detail"], error.kwargs["hint"]) == ("the detail", "the hint")
        # A user's own SQLSTATE has no name; it is reported all the same.
        error = await peer.error("test.fail", "ZZ123")
        assert error.error.startswith("postgresql.error.")
        assert error.kwargs["sqlstate"] == "ZZ123"


async def test_real_ones(make_sidecar: SidecarMaker, router: Router, functions: Database,
                         mapping: dict[str, Any]) -> None:
    make_sidecar(router.url("rawsocket"), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        await peer.call("test.put", 1, "one")
        error = await peer.error("test.put", 1, "one")
        assert error.error == "postgresql.error.unique_violation"
        assert (error.kwargs["table"], error.kwargs["constraint"]) == ("item", "item_pkey")
        error = await peer.error("test.put", 2, None)
        assert (error.error, error.kwargs["column"]) == ("wamp.error.invalid_argument", "name")
        assert (await peer.error("test.put", 2, "")).error == "wamp.error.invalid_argument"
        assert (await peer.error("test.put", 2, "x", 99)).error == "postgresql.error.foreign_key_violation"
        assert (await peer.error("test.divide", 1, 0)).error == "wamp.error.invalid_argument"
        assert (await peer.error("test.forbidden")).error == "wamp.error.not_authorized"
        assert (await peer.call("test.fine")).value == "fine"


async def test_error_that_names_itself(make_sidecar: SidecarMaker, router: Router, functions: Database,
                                       mapping: dict[str, Any]) -> None:
    make_sidecar(router.url("rawsocket"), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        error = await peer.error("test.named", "com.example.no", '{"args": [1, "x"], "kwargs": {"k": [2]}}')
        assert (error.error, list(error.args), error.kwargs["k"]) == ("com.example.no", [1, "x"], [2])
        assert "sqlstate" not in error.kwargs
        # Whatever message and detail are, the call is answered and the session lives.
        for uri, detail in [
            ("com.example.no", None), ("com.example.no", "no json"), ("com.example.no", "[1]"),
            ("com.example.no", '{"args": 1}'), ("not a uri", None), ("com..bad", "{}"), ("", None),
            ("wamp.close", "{}"),
        ]:
            error = await peer.error("test.named", uri, detail)
            assert " " not in error.error and ".." not in error.error and error.error
        assert (await peer.call("test.fine")).value == "fine"


#: Objects whose names callers must not learn, and ways to run into each.
SECRETS = """
create schema hidden_schema;
create domain hidden_schema.hidden_domain as integer constraint hidden_domain_rule check (value > 0);
create type hidden_schema.hidden_enum as enum ('a');
create table hidden_schema.hidden_table (
    hidden_column integer constraint hidden_key primary key,
    hidden_needed integer not null default 1,
    hidden_checked integer constraint hidden_check check (hidden_checked > 0),
    hidden_other integer constraint hidden_reference references hidden_schema.hidden_table,
    hidden_range int4range,
    constraint hidden_exclusion exclude using gist (hidden_range with &&));
insert into hidden_schema.hidden_table values (1, 1, 1, 1, '[1,2)');
create table hidden_schema.hidden_locked (hidden_column integer);
create function hidden_schema.run(code text) returns void language plpgsql as $$ begin execute code; end $$;
create function hidden_schema.take(amount hidden_schema.hidden_domain) returns void language sql as '';
create function hidden_schema.closed() returns void language sql as '';
create function hidden_schema.elsewhere() returns void language sql as '';
create table hidden_schema.shape (hidden_shape integer);
create function hidden_schema.shaped() returns setof hidden_schema.shape language sql
    as 'select * from hidden_schema.shape';
create function hidden_schema.slow() returns void language sql as 'select pg_sleep(30)';
revoke execute on function hidden_schema.closed() from public;
grant usage on schema hidden_schema to sidecar;
grant all on hidden_schema.hidden_table to sidecar;
"""
INSERT = "insert into hidden_schema.hidden_table "
#: The statement, and the error that it fails with.
HIDDEN = {
    INSERT + "values (1)": "23505",
    INSERT + "(hidden_column, hidden_other) values (2, 7)": "23503",
    INSERT + "(hidden_column, hidden_checked) values (2, -1)": "23514",
    INSERT + "(hidden_column, hidden_needed) values (2, null)": "23502",
    INSERT + "(hidden_column, hidden_range) values (2, '[1,3)')": "23P01",
    "select 0::hidden_schema.hidden_domain": "23514",
    "select 'hidden'::hidden_schema.hidden_enum": "22P02",
    "select hidden_function(1)": "42883",
    "select hidden_column from hidden_schema.hidden_locked": "42501",
    "select 1 from hidden_nothing": "42P01",
    "select hidden_nothing from hidden_schema.hidden_table": "42703",
    "select 'hidden'::integer": "22P02",
    "select 'hidden'::timestamp": "22007",
    "select 99999999999::integer": "22003",
    "selekt hidden": "42601",
    "do $$ begin raise exception 'hidden' using errcode = '23505', hint = 'hidden', detail = 'hidden', "
    "constraint = 'hidden', table = 'hidden'; end $$": "23505",
    "do $$ begin raise exception 'hidden' using errcode = '53100', hint = 'hidden'; end $$": "53100",
    "do $$ begin raise exception 'hidden' using errcode = 'WA003', hint = 'hidden'; end $$": "WA003",
    "do $$ begin assert false, 'hidden'; end $$": "P0004",
    "do $$ begin raise no_data_found using message = 'hidden'; end $$": "P0002",
}
#: Of an error that a function raises itself, the caller gets the author's message, and nothing else.
RAISED = {
    "do $$ begin raise exception 'sold out' using hint = 'hidden', detail = 'hidden', table = 'hidden', schema = "
    "'hidden', "
    "column = 'hidden', datatype = 'hidden', constraint = 'hidden'; end $$": "P0001",
    "do $$ begin raise exception 'sold out' using errcode = 'ZZ001', hint = 'hidden', detail = 'hidden'; end $$":
        "ZZ001",
}


@pytest.fixture(scope="module")
def secrets(cluster: Cluster) -> Database:
    return cluster.create_database("terse", SECRETS)


FAULTY_CALL = "call failed for a reason that its caller can't fix"


def shown(error: Any) -> str:
    return f"{error.error} {error.args} {error.kwargs}"


async def test_terse(make_sidecar: SidecarMaker, router: Router, secrets: Database) -> None:
    """Nothing that comes from the database, except what a function raises itself; and no advice."""
    names = ["run", "take", "closed", "no_such", "slow"]
    procedures: dict[str, Any] = {f"test.{name}": {"function": f"hidden_schema.{name}", "errors": "terse"}
        for name in names}
    procedures["test.slow"]["timeout"] = "100ms"
    procedures["test.as"] = {"function": "hidden_schema.take", "errors": "terse", "role": "hidden_role"}
    sidecar = make_sidecar(router.url("rawsocket"), secrets.url, procedures=procedures).start(FAULTY)
    async with joined(router) as peer:
        for code, state in HIDDEN.items():
            error = await peer.error("test.run", code)
            assert error.kwargs == {"sqlstate": state}, code
            assert "hidden" not in shown(error) and error.args[0], code
        for code, state in RAISED.items():
            error = await peer.error("test.run", code)
            assert (list(error.args), error.kwargs) == (["sold out"], {"sqlstate": state}), code
        for procedure, arguments in {
            "test.take": [["x"], [0], [99999999999], [], [1, 2], [{"a": 1}]], "test.closed": [[]], "test.no_such": [[]],
            "test.as": [[1]], "test.slow": [[]], "test.run": [[1, 2], []],
        }.items():
            for given in arguments:
                error = await peer.error(procedure, *given)
                told = shown(error)
                assert not any(word in told for word in ("hidden", "grant", "create", "integer", "install")), told
    # The administrator finds it in the log.
    reasons = [entry["reason"] for entry in sidecar.entries("procedure can't be called")]
    assert any("grant execute on function hidden_schema.closed()" in reason for reason in reasons)
    # It names the role that a mapping has.
    roles = {entry["procedure"]: entry.get("role") for entry in sidecar.entries("procedure can't be called")}
    assert roles == {"test.as": "hidden_role", "test.closed": None, "test.no_such": None}


async def test_advice_is_not_for_callers(make_sidecar: SidecarMaker, router: Router, secrets: Database) -> None:
    """Nor with `errors: full`: it goes to the log."""
    sidecar = make_sidecar(
        router.url("rawsocket"), secrets.url,
        procedures={f"test.{name}": f"hidden_schema.{name}" for name in ("run", "closed", "no_such")}).start(FAULTY)
    async with joined(router) as peer:
        for procedure in ("test.closed", "test.no_such"):
            error = await peer.error(procedure)
            assert "hidden_schema" in shown(error)
            assert not any(word in shown(error) for word in ("grant", "create it", "did you mean")), shown(error)
        advised = "do $$ begin raise exception 'm' using errcode = '%s', hint = 'wamp-sidecar install --adopt'; end $$"
        for code, state, advice in (
            ("select hidden_function(1)", "42883", "explicit type casts"),
            (advised % "WA003", "WA003", "install --adopt"), (advised % "42501", "42501", "install --adopt"),
        ):
            error = await peer.error("test.run", code)
            assert error.kwargs["sqlstate"] == state and "hint" not in error.kwargs and advice not in shown(error)
            entry = await asyncio.to_thread(sidecar.wait_for, FAULTY_CALL, where=lambda entry: entry["error"] == state)
            assert entry["procedure"] == "test.run" and advice in entry["reason"]
        error = await peer.error("test.run", "do $$ begin raise exception 'm' using hint = 'buy another'; end $$")
        assert error.kwargs["hint"] == "buy another"


async def test_as_which_role(make_sidecar: SidecarMaker, afterwards: ExitStack, router: Router,
                             secrets: Database) -> None:
    """A missing right within a function: the log names the role, and the caller's error does too unless it is terse."""
    secrets.execute(
        "create role errors_mapped; grant errors_mapped to sidecar; grant usage on schema hidden_schema to "
        "errors_mapped")
    afterwards.callback(secrets.drop_roles, "errors_mapped")
    run = "hidden_schema.run"
    sidecar = make_sidecar(router.url("rawsocket"), secrets.url, procedures={
        "test.own": run, "test.mapped": {"function": run, "role": "errors_mapped"},
        "test.terse": {"function": run, "role": "errors_mapped", "errors": "terse"}}).start()
    async with joined(router) as peer:
        for procedure, role, told in (
            ("test.own", "sidecar", "the sidecar's role sidecar"),
            ("test.mapped", "errors_mapped", "the role errors_mapped of its mapping"),
            ("test.terse", "errors_mapped", "the role errors_mapped of its mapping"),
        ):
            error = await peer.error(procedure, "select hidden_column from hidden_schema.hidden_locked")
            assert error.error == "wamp.error.not_authorized"
            assert error.kwargs.get("role") == (None if procedure == "test.terse" else role)
            entry = await asyncio.to_thread(
                sidecar.wait_for, FAULTY_CALL, where=lambda entry: entry["procedure"] == procedure)
            assert entry["role"] == role and f"it ran as {told} (" in entry["reason"]


async def test_constraint_that_fails_at_commit(make_sidecar: SidecarMaker, router: Router, transport: str,
                                               functions: Database, mapping: dict[str, Any]) -> None:
    """The row arrives before the transaction ends: the error of COMMIT is the call's."""
    make_sidecar(router.url(transport), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        assert (await peer.call("test.put_later", 1)).value == 1
        for _ in range(20):
            error = await peer.error("test.put_later", 1)
            assert (error.error, error.kwargs["constraint"]) == ("postgresql.error.unique_violation", "once")
            assert (await peer.call("test.fine")).value == "fine"
        # Pipelined one after the other, each has its own result.
        calls = [peer.begin("test.put_later", n) for n in (1, 2, 1, 3, 1)]
        outcomes = []
        for call in calls:
            try:
                outcomes.append((await call).results[0])
            except Exception as failure:
                outcomes.append(getattr(failure, "error", failure))
        refused = "postgresql.error.unique_violation"
        assert outcomes == [refused, 2, refused, 3, refused]
    assert functions.rows("select id from f.later order by 1") == [(1,), (2,), (3,)]


async def test_conflicts_are_tried_again(make_sidecar: SidecarMaker, router: Router, functions: Database,
                                         mapping: dict[str, Any]) -> None:
    make_sidecar(router.url("rawsocket"), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        assert (await peer.call("test.conflict", 2)).value == 3
        functions.execute("alter sequence f.attempts restart")
        error = await peer.error("test.conflict", 1000)
        assert error.error == "postgresql.error.serialization_failure"
        assert functions.value("select last_value from f.attempts") == 4  # the first try and three more


async def test_function_that_is_not_ours(make_sidecar: SidecarMaker, router: Router, functions: Database,
                                         mapping: dict[str, Any]) -> None:
    """No EXECUTE right: reported at start, and to the caller; the others work."""
    mapping["test.secret"] = "f.secret"
    sidecar = make_sidecar(router.url("rawsocket"), functions.url, procedures=mapping).start(FAULTY)
    async with joined(router) as peer:
        error = await peer.error("test.secret")
        assert error.error in ("wamp.error.not_authorized", "wamp.error.unavailable")
        assert "f.secret" in str(error.args[0])
        assert (await peer.call("test.fine")).value == "fine"
        assert any("f.secret" in line for line in sidecar.lines)
        functions.execute("grant execute on function f.secret() to sidecar")
        try:
            assert (await peer.call_when_there("test.secret")).value == 1
        finally:
            functions.execute("revoke execute on function f.secret() from sidecar")


async def test_statements_taken_away(make_sidecar: SidecarMaker, router: Router, functions: Database) -> None:
    """Calls behind one that takes the session's prepared statements away have not run: each is sent again until it
    has, as the others end."""
    functions.execute("create function f.forget(n integer) returns integer language plpgsql as "
                      "$$ begin deallocate all; return n; end $$;"
                      "create procedure f.forget_too(inout n integer) language plpgsql as "
                      "$$ begin deallocate all; end $$")
    make_sidecar(router.url("rawsocket"), functions.url, database={"url": functions.url, "connections": 1},
                 procedures={"test.forget": "f.forget", "test.forget_too": "f.forget_too"}).start()
    async with joined(router) as peer:
        # The first one prepares the statement, and its function takes it away from the others.
        results = await asyncio.gather(*(peer.call("test.forget", n) for n in range(6)))
        assert [result.value for result in results] == list(range(6))
        results = await asyncio.gather(*(peer.call("test.forget_too", n) for n in range(6)))
        assert [result.value for result in results] == [{"n": n} for n in range(6)]
