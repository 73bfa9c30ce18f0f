"""What a failing function becomes: its SQLSTATE decides the WAMP error."""

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
        # A SQLSTATE of the user's own has no name; it is told all the same.
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
            ("com.example.no", '{"args": 1}'), ("not a uri", None), ("com..bad", "{}"), ("", None), ("wamp.close", "{}"),
        ]:
            error = await peer.error("test.named", uri, detail)
            assert " " not in error.error and ".." not in error.error and error.error
        assert (await peer.call("test.fine")).value == "fine"


async def test_terse(make_sidecar: SidecarMaker, router: Router, functions: Database,
                     mapping: dict[str, Any]) -> None:
    mapping["test.put"] = {"function": "f.put", "errors": "terse"}
    make_sidecar(router.url("rawsocket"), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        await peer.call("test.put", 1, "one")
        error = await peer.error("test.put", 1, "one")
        assert error.kwargs["sqlstate"] == "23505"
        assert not {"detail", "hint", "constraint", "table", "column"} & set(error.kwargs)


async def test_constraint_that_fails_at_commit(make_sidecar: SidecarMaker, router: Router, transport: str,
                                               functions: Database, mapping: dict[str, Any]) -> None:
    """The row is back before the transaction is: the error of the COMMIT is the call's."""
    make_sidecar(router.url(transport), functions.url, procedures=mapping).start()
    async with joined(router) as peer:
        assert (await peer.call("test.put_later", 1)).value == 1
        for _ in range(20):
            error = await peer.error("test.put_later", 1)
            assert (error.error, error.kwargs["constraint"]) == ("postgresql.error.unique_violation", "once")
            assert (await peer.call("test.fine")).value == "fine"
        # Pipelined behind one another, each has its own outcome.
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
    """No EXECUTE right: said at start, and to the caller; the others work."""
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
