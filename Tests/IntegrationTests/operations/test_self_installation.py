"""A sidecar whose role owns the schema installs the interface itself, as in the setup of Crossbar.io's users."""

from contextlib import ExitStack

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import wait_until
from actors.installation import Installation, connect_as, make_role
from actors.router import Router
from actors.sidecar import run
from conftest import SidecarMaker

FOUND = "SQL interface found"


@pytest.fixture
def alone(database: Database, afterwards: ExitStack) -> Installation:
    """A schema `crossbar`, empty, and the role of that name that owns it."""
    make_role(database, "crossbar")
    database.execute("create schema crossbar authorization crossbar")
    afterwards.callback(database.drop_roles, "crossbar")
    return Installation(database, schema="crossbar", role="crossbar")


def test_it_is_installed_at_the_start(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    database = alone.database
    make_role(database, "publisher")
    section = {"url": alone.url, "schema": "crossbar", "grant_to": ["publisher", "nobody_there"]}
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database=section)
    sidecar.start(until=FOUND)
    said = sidecar.text()
    assert "there is no role nobody_there" in said
    assert "functions that run as it can read the outbox" in said
    assert "create extension if not exists dblink;" in said
    with connect_as(database, "publisher") as session:
        session.execute("select crossbar.publish('com.example.a')")
        with pytest.raises(psycopg.Error) as refused:
            session.execute("select crossbar.call('com.example.a')")
        assert refused.value.sqlstate == "WA003"
    wait_until(lambda: database.value("select count(*) from crossbar.outbox") == 0, "the event is published")
    assert sidecar.stop() == 0

    # With the extension that the hint asks for it makes the rest itself; roles that the file no longer names may no
    # longer publish.
    hint = refused.value.diag.message_hint or ""
    database.execute("\n".join(line for line in hint.splitlines() if line.endswith(";")))
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database=section | {"grant_to": []})
    sidecar.start(until=FOUND)
    assert database.value("select dblink_schema from crossbar.sidecar_hello()") == "public"
    with connect_as(database, "publisher") as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("select crossbar.publish('com.example.a')")
    assert sidecar.stop() == 0

    # Nothing is left to do.
    before = database.rows("select key, value, xmin::text from crossbar.meta order by key")
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database=section | {"grant_to": []})
    sidecar.start(until=FOUND)
    assert database.rows("select key, value, xmin::text from crossbar.meta order by key") == before


def test_check_says_that_it_will_be_installed(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    """Nothing is missing if the first start makes it; and checking makes nothing."""
    sidecar = make_sidecar(router.url("rawsocket"), alone.url,
                           database={"url": alone.url, "schema": "crossbar", "grant_to": ["crossbar"]})
    sidecar.write()
    file = sidecar.file
    result = run("check", file, "--connect")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "schema crossbar: not installed yet; wamp-sidecar run will install it" in result.stderr
    assert alone.database.rows("select from pg_class where relnamespace = 'crossbar'::regnamespace") == []
    sidecar.start(until=FOUND)
    result = run("check", file, "--connect")
    assert result.returncode == 0 and "not installed" not in result.stderr, result.stdout + result.stderr


def test_a_key_that_is_absent_changes_nothing(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    make_role(alone.database, "publisher")
    section = {"url": alone.url, "schema": "crossbar"}
    who = "select publishers from crossbar.sidecar_hello()"
    for keys, publishers in (({"grant_to": ["publisher"]}, ["publisher"]), ({}, ["publisher"]), ({"grant_to": []}, [])):
        sidecar = make_sidecar(router.url("rawsocket"), alone.url, database=section | keys)
        sidecar.start(until=FOUND)
        assert sidecar.stop() == 0
        assert alone.database.value(who) == publishers
    assert "revoked: publish, call from publisher" in sidecar.text()


def test_it_upgrades_at_the_start(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    """What waited in the older version is published."""
    alone.install()
    alone.database.execute("""
        drop function crossbar.outbox_figures(); drop index crossbar.dead_letter_kind;
        update crossbar.meta set value = '2' where key = 'version'; select crossbar.publish('com.example.a')""")
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database={"url": alone.url, "schema": "crossbar"})
    sidecar.start(until=FOUND)
    assert sidecar.entries("SQL interface")[0]["done"] == "tables and functions, version 3"
    assert alone.database.value("select version from crossbar.sidecar_hello()") == 3
    wait_until(lambda: alone.database.value("select count(*) from crossbar.outbox") == 0, "the event is published")


def test_two_of_them_at_once(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    section = {"url": alone.url, "schema": "crossbar"}
    sidecars = [make_sidecar(router.url("rawsocket"), alone.url, database=section) for _ in range(3)]
    for sidecar in sidecars:
        sidecar.start(until=None)
    for sidecar in sidecars:
        sidecar.wait_for(FOUND)
    assert alone.database.value("select version from crossbar.sidecar_hello()") == 3


def test_without_a_schema_it_says_what_to_do(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url)
    sidecar.start(until="no SQL interface")
    assert "wamp-sidecar install" in sidecar.text()


def test_somebody_elses_schema_is_not_asked(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A role that makes a schema of that name before the installation must not gain the sidecar's trust by it."""
    make_role(database, "mallory")
    database.execute(f'grant create on database "{database.name}" to mallory')
    with connect_as(database, "mallory") as mallory:
        mallory.execute("""
            create schema wamp;
            grant usage on schema wamp to public;
            create table wamp.seen (who text);
            grant insert on wamp.seen to public;
            create function wamp.sidecar_hello() returns table (version int, least_binary text, is_original boolean,
                dblink_schema text, publishers text[], registrars text[]) language plpgsql as $$ begin
                insert into wamp.seen values (current_user);
                return query select 2, '0.1', true, null, '{}'::text[], '{}'::text[];
            end $$;
        """)
    sidecar = make_sidecar(router.url("rawsocket"), database.url)
    sidecar.start(until="SQL interface not used")
    assert "schema wamp belongs to mallory" in sidecar.text()
    assert database.rows("select who from wamp.seen") == []


def test_a_newer_schema_is_left_alone(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    alone.install()
    alone.database.execute("update crossbar.meta set value = '99' where key = 'least_binary'")
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database={"url": alone.url, "schema": "crossbar"})
    sidecar.start(until="SQL interface not used")
    assert "requires wamp-sidecar 99" in sidecar.text()


def test_a_copy_publishes_nothing(make_sidecar: SidecarMaker, router: Router, alone: Installation) -> None:
    database = alone.database
    alone.install()
    database.execute("select crossbar.publish('com.example.a')")
    database.execute("update crossbar.meta set value = 'production' where key = 'database'")
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database={"url": alone.url, "schema": "crossbar"})
    sidecar.start(until=FOUND)
    assert "copy" in sidecar.text() and "--adopt" in sidecar.text()
    fault = sidecar.wait_for_fault("SQL interface", "this database is a copy")
    assert "--adopt" in fault["reason"] and not sidecar.entries("ready")
    assert database.value("select count(*) from crossbar.outbox") == 1
    assert sidecar.stop() == 0
    assert database.value("select count(*) from crossbar.outbox") == 1
    # An administrator must not run what the owner made: the owner runs it.
    refused = alone.command("install", "--role", "crossbar", "--adopt")
    assert refused.returncode == 1 and "install with a URL of crossbar" in refused.stderr
    adopted = alone.command("install", "--role", "crossbar", "--adopt", admin=alone.url)
    assert adopted.returncode == 0, adopted.stdout + adopted.stderr
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database={"url": alone.url, "schema": "crossbar"})
    sidecar.start()
    wait_until(lambda: database.value("select count(*) from crossbar.outbox") == 0, "the event is published")


def test_rights_that_an_administrator_gave_stay(make_sidecar: SidecarMaker, router: Router,
                                                alone: Installation) -> None:
    make_role(alone.database, "publisher")
    alone.install(grant_to=["publisher"])
    sidecar = make_sidecar(router.url("rawsocket"), alone.url, database={"url": alone.url, "schema": "crossbar"})
    sidecar.start(until=FOUND)
    with connect_as(alone.database, "publisher") as session:
        session.execute("select crossbar.publish('com.example.a')")
