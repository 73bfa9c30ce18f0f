"""Who calls: what the router discloses reaches the function, roles are put on, and nothing stays for the next caller."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.peer import joined
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
create procedure c.commits() language plpgsql as $$ begin commit; end $$;
grant usage on schema c to sidecar, nobody_special, reader;
"""


@pytest.fixture(scope="module")
def callers(cluster: Cluster) -> Iterator[Database]:
    database = cluster.create_database("callers")
    database.execute("create role nobody_special; create role reader; create role stranger;"
                     "grant nobody_special, reader to sidecar")
    database.execute(SCHEMA)
    yield database
    database.execute("drop schema c cascade; drop role nobody_special, reader, stranger")


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
        # Whom the router does not name, nobody is.
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


async def test_role(make_sidecar: SidecarMaker, router: Router, callers: Database) -> None:
    make_sidecar(router.url("rawsocket"), callers.url, database={"url": callers.url, "connections": 1}, procedures={
        "test.reader": {"function": "c.who", "role": "reader"}, "test.who": "c.who",
        "disclosed.everybody": {"function": "c.who", "roles": {"everybody": "reader"}},
        "disclosed.others": {"function": "c.who", "roles": {"others": "reader"}},
        "test.undisclosed": {"function": "c.who", "roles": {"everybody": "reader"}},
        "test.stranger": {"function": "c.who", "role": "stranger"},
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
    """Alone it may; where the caller is set for its transaction it can't."""
    mapping: dict[str, Any] = {"test.commits": "c.commits", "disclosed.commits": "c.commits"}
    make_sidecar(router.url("rawsocket"), callers.url, procedures=mapping).start()
    async with joined(router) as peer:
        assert (await peer.call("test.commits")).args == []
        error = await peer.error("disclosed.commits")
        assert error.error == "postgresql.error.invalid_transaction_termination"
