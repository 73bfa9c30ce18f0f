"""A role that may register, but is neither owner nor superuser, keeps its identity: it can't become another role, and
can't block others."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.installation import Installation, connect_as, install, make_role
from actors.peer import ApplicationError, PublishOptions, joined
from actors.router import Router
from conftest import SidecarMaker

DENIED, INVALID = "42501", "22023"

#: What a function may leave for the commit, which runs it as the session's role.
LEFTOVERS = {
    "cursor with hold": """
        create function low.call() returns text language plpgsql security definer as $$
        declare held refcursor := 'held';
        begin
            execute 'declare held cursor with hold for select low.evil()';
            return 'done';
        end $$;
    """,
    "deferred trigger": """
        create table low.item (id int);
        create function low.fire() returns trigger language plpgsql as $$ begin perform low.evil(); return null; end $$;
        create constraint trigger fire after insert on low.item deferrable initially deferred
            for each row execute function low.fire();
        create function low.call() returns text language plpgsql security definer as $$
        begin insert into low.item values (1); return 'done'; end $$;
    """,
    "deferred constraint": """
        create table low.item (id int, constraint alone exclude using btree ((low.evil_number(id)) with =)
            deferrable initially deferred);
        create function low.call() returns text language plpgsql security definer as $$
        begin
            delete from low.item;
            insert into low.item values (1);
            insert into low.item values (1);
            delete from low.item where ctid = (select min(ctid) from low.item);
            return 'done';
        end $$;
    """,
}

EVIL = """
    create table low.who (name text);
    create function low.evil() returns int language plpgsql as $$
    begin
        insert into low.who values (current_user);
        return 1;
    end $$;
    create function low.evil_number(id int) returns int language plpgsql immutable as $$
    begin
        perform low.evil();
        return id;
    end $$;
    grant usage on schema low to public;
    grant insert on low.who to public;
"""


@pytest.fixture
def interface(database: Database) -> Installation:
    """Installed, with a schema for the registrar."""
    interface = install(database, register_to=["registrar"])
    database.execute("create schema low authorization registrar")
    return interface


@pytest.fixture
def session(interface: Installation) -> Iterator[psycopg.Connection[Any]]:
    """The registrar's session."""
    with connect_as(interface.database, "registrar") as session:
        yield session


def state(session: psycopg.Connection[Any], statement: str) -> tuple[str, str, str]:
    """SQLSTATE, message and hint of a statement that fails."""
    with pytest.raises(psycopg.Error) as failed:
        session.execute(statement)  # type: ignore[arg-type]
    return failed.value.sqlstate or "", failed.value.diag.message_primary or "", failed.value.diag.message_hint or ""


@pytest.mark.parametrize("leftover", LEFTOVERS)
async def test_what_is_left_for_the_commit_runs_as_nobody(make_sidecar: SidecarMaker, router: Router,
                                                          interface: Installation,
                                                          session: psycopg.Connection[Any], leftover: str) -> None:
    make_sidecar(router.url("rawsocket"), interface.url).start()
    session.execute(EVIL + LEFTOVERS[leftover])
    session.execute("select wamp.register('low.call', 'low.call'), wamp.subscribe('low.topic', 'low.call')")
    names = "select distinct name from low.who where name <> 'registrar'"
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.call")).value == "done"
        assert interface.database.rows(names) == [(interface.guest,)]
        interface.database.execute("truncate low.who")

        async def published() -> bool:
            await peer.session.publish("low.topic", options=PublishOptions(acknowledge=True))
            return bool(interface.database.rows(names))

        await until(published, "an event has run")
        assert interface.database.rows(names) == [(interface.guest,)]


async def test_what_the_guest_runs_can_be_canceled(make_sidecar: SidecarMaker, router: Router, interface: Installation,
                                                   session: psycopg.Connection[Any]) -> None:
    make_sidecar(router.url("rawsocket"), interface.url).start()
    session.execute("create function low.nap(seconds float8) returns text language plpgsql security definer as "
                    "$$ begin perform pg_sleep(seconds); return 'rested'; end $$; grant usage on schema low to public; "
                    "select wamp.register('low.nap', 'low.nap', options => '{\"timeout\": \"20m\"}')")
    naps = ("select count(*) from pg_stat_activity where datname = current_database() and usename = %s "
            "and state = 'active' and query ~ 'nap'")
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.nap", 0)).value == "rested"
        call = peer.begin("low.nap", 1000)
        await until(lambda: interface.database.value(naps, interface.guest) == 1, "it runs")
        peer.cancel(call, "kill")
        with pytest.raises(ApplicationError) as canceled:
            await call
        assert canceled.value.error == "wamp.error.canceled"
        await until(lambda: interface.database.value(naps, interface.guest) == 0, "the statement has ended")
        assert (await peer.call("low.nap", 0)).value == "rested"


def test_the_guest_is_nobody(interface: Installation) -> None:
    """A login role that owns nothing, is a member of nothing, and may only ask whether a function has changed."""
    database = interface.database
    name = interface.guest
    assert database.rows(
        "select rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, "
        "rolconnlimit "
        "from pg_roles where rolname = %s", name) == [(True, False, False, False, False, False, False, 64)]
    assert database.rows("select 1 from pg_auth_members where member = %s::regrole or roleid = %s::regrole",
        name, name) == []
    password = database.value("select password from wamp.guest")
    assert len(password) == 64
    with psycopg.connect(host="127.0.0.1", port=database.cluster.port, user=name, password=password,
        dbname=database.name,
                         autocommit=True) as guest:
        may = [row[0] for row in guest.execute(
            "select p.proname from pg_proc as p where p.pronamespace = 'wamp'::regnamespace "
            "and has_function_privilege(p.oid, 'execute')").fetchall()]
        assert may == ["mapping_guard"]
        assert guest.execute(
            "select c.relname from pg_class as c where c.relnamespace = 'wamp'::regnamespace and c.relkind in ('r', "
            "'v') "
            "and has_any_column_privilege(c.oid, 'select, insert, update, references')").fetchall() == []
    for role in ("registrar", "wamp"):
        with connect_as(database, role) as other:
            assert state(other, "select * from wamp.guest")[0] == DENIED
    with connect_as(database, "registrar") as other:
        assert state(other, "select * from wamp.guest_login()")[0] == DENIED
    with interface.connect() as sidecar:
        assert sidecar.execute("select * from wamp.guest_login()").fetchone() == (name, password)


def test_databases_of_one_cluster_have_guests_of_their_own(cluster: Cluster, interface: Installation) -> None:
    other = cluster.create_database(interface.database.name + "_other")
    second = install(other)
    first = interface.guest
    assert second.guest != first and second.guest.startswith("wamp_guest")
    interface.install()
    second.install()
    assert interface.guest == first
    for installation in (interface, second):
        password = installation.database.value("select password from wamp.guest")
        psycopg.connect(host="127.0.0.1", port=cluster.port, user=installation.guest, password=password,
                        dbname=installation.database.name).close()


def test_a_guest_that_was_changed_is_mended(interface: Installation) -> None:
    """Whatever runs as the guest may change its password and its settings."""
    database, name = interface.database, interface.guest
    password = database.value("select password from wamp.guest")
    with psycopg.connect(host="127.0.0.1", port=database.cluster.port, user=name, password=password,
        dbname=database.name,
                         autocommit=True) as guest:
        guest.execute("alter role current_user password 'mine'")
        guest.execute("alter role current_user set search_path = evil")
        guest.execute(  # type: ignore
            f'alter role current_user in database "{database.name}" set default_transaction_read_only = on')
    interface.install()
    assert interface.guest == name
    assert database.rows("select 1 from pg_db_role_setting where setrole = %s::regrole", name) == []
    psycopg.connect(host="127.0.0.1", port=database.cluster.port, user=name, dbname=database.name,
                    password=database.value("select password from wamp.guest")).close()


def test_the_guest_has_to_be_allowed(interface: Installation, session: psycopg.Connection[Any]) -> None:
    """The statement in the hint makes it work."""
    session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                    "revoke execute on function low.f() from public")
    code, message, hint = state(session, "select wamp.register('com.example.a', 'low.f')")
    assert code == DENIED and interface.guest in message and "low.f()" in message, message
    session.execute(hint)  # type: ignore[arg-type]
    session.execute("select wamp.register('com.example.a', 'low.f')")
    session.execute("revoke usage on schema low from public; "
                    f"revoke usage on schema low from {interface.guest}")  # type: ignore[arg-type]
    with interface.connect() as sidecar:
        fault, = sidecar.execute("select fault from wamp.mapping_rows()").fetchone() or ("",)
        assert "grant usage on schema low" in fault


async def test_a_grant_is_found_out(make_sidecar: SidecarMaker, router: Router, interface: Installation,
                                    session: psycopg.Connection[Any]) -> None:
    """What a missing right made unusable is used once the right is granted, although no notification says so."""
    session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                    "grant usage on schema low to public; select wamp.register('low.f', 'low.f'); "
                    "revoke usage on schema low from public")
    sidecar = make_sidecar(router.url("rawsocket"), interface.url).start(until=None)
    assert "grant usage on schema low" in sidecar.wait_for("registration from SQL can't be used")["reason"]
    session.execute("grant usage on schema low to public")
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.f", seconds=60)).value == 1


async def test_a_guest_that_can_not_log_in(make_sidecar: SidecarMaker, router: Router, interface: Installation,
                                           session: psycopg.Connection[Any]) -> None:
    """It is a fault of these mappings, and of no others; after the repair they work again."""
    database = interface.database
    database.execute("create function public.fine() returns int language sql as 'select 7'; "
                     "grant usage on schema low to public; "
                     f"alter role {interface.guest} nologin")
    session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                    "select wamp.register('low.f', 'low.f')")
    sidecar = make_sidecar(router.url("rawsocket"), interface.url, database={"queue_timeout": "1s"},
                           procedures={"test.fine": "public.fine"}).start(until=None)
    async with joined(router) as peer:
        assert (await peer.call_when_there("test.fine")).value == 7
        fault = sidecar.wait_for_fault("guest role", "pg_hba.conf")
        assert interface.guest in fault["reason"], fault
        sidecar.wait_for("procedure registered", where=lambda entry: entry["procedure"] == "low.f")
        with pytest.raises(ApplicationError) as refused:
            await peer.call("low.f")
        assert refused.value.error == "wamp.error.unavailable"
        assert interface.guest not in str(refused.value), "what only an administrator can repair is for the log"
        assert (await peer.call("test.fine")).value == 7
        interface.install()

        async def works() -> bool:
            try:
                return bool((await peer.call("low.f")).value == 1)
            except ApplicationError:
                return False

        await until(works, "the guest can log in again", 60)


async def test_without_a_guest(make_sidecar: SidecarMaker, router: Router, cluster: Cluster,
                               database: Database) -> None:
    """One role that owns the schema and may not make roles: what low roles register is refused, with advice."""
    owner = make_role(database, "lonely")
    make_role(database, "registrar")
    database.execute(f"create schema wamp authorization {owner}; create schema low authorization registrar; "
                     "grant usage on schema low to public")
    one = Installation(database, role=owner)
    sidecar = make_sidecar(router.url("rawsocket"), one.url, database={"register_to": ["registrar"]}).start()
    assert any("guest role" in str(entry) for entry in sidecar.entries()), "it says so when it installs"
    with connect_as(database, "registrar") as low:
        low.execute("create function low.f() returns int language sql security definer as 'select 1'")
        code, message, hint = state(low, "select wamp.register('low.f', 'low.f')")
        assert code == "WA003" and "guest role" in message and "wamp-sidecar install" in hint and "createrole" in hint
        database.execute(f"alter role {owner} createrole")
        result = one.command("install", "--role", owner, admin=one.url)
        assert result.returncode == 0, result.stderr
        database.execute(f"alter role {owner} nocreaterole")
        low.execute("select wamp.register('low.f', 'low.f')")
    async with joined(router) as peer:
        assert (await peer.call_when_there("low.f")).value == 1


async def test_a_role_that_is_limited_as_documented(make_sidecar: SidecarMaker, router: Router, interface: Installation,
                                                    session: psycopg.Connection[Any]) -> None:
    """`connections` and three more are enough to lead, to relay, and to run what was registered."""
    database = interface.database
    database.execute("create function public.fine() returns int language sql as 'select 7'; "
                     "grant usage on schema low to public; alter role wamp connection limit 5; grant create on schema "
                     "public to registrar")
    try:
        sidecar = make_sidecar(router.url("rawsocket"), interface.url, database={"connections": 2},
                               notifications={"channel": {"publish": "test.topic"}},
                               procedures={"test.fine": "public.fine"}).start()
        session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                        "select wamp.register('low.f', 'low.f')")
        async with joined(router) as peer:
            assert (await peer.call_when_there("low.f")).value == 1
            assert (await peer.call("test.fine")).value == 7
        await until(lambda: database.value("select count(*) from wamp.leader") == 1, "it leads")
        assert not [entry for entry in sidecar.entries() if "too many connections" in str(entry)]
    finally:
        database.execute("alter role wamp connection limit -1")


# -- no role blocks another

def test_a_thousand_for_a_role(interface: Installation, session: psycopg.Connection[Any]) -> None:
    session.execute("create function low.f() returns int language sql security definer as 'select 1'; grant usage on "
                    "schema low to public")
    session.execute("insert into wamp.registration (uri, proc) select 'com.example.n' || n, 'low.f' from "
                    "generate_series(1, 600) as n")
    session.execute("insert into wamp.subscription (topic, proc) select 'com.example.n' || n, 'low.f' from "
                    "generate_series(1, 399) as n")
    # Another session of the same role counts, even before it commits.
    with connect_as(interface.database, "registrar") as other:
        other.execute("begin")
        other.execute("select wamp.register('com.example.last', 'low.f')")
        session.execute("set lock_timeout = '200ms'")
        assert state(session, "select wamp.subscribe('com.example.more', 'low.f')")[0] == "55P03"
        other.execute("commit")
    session.execute("reset lock_timeout")
    for statement in ("select wamp.subscribe('com.example.more', 'low.f')",
        "select wamp.register('com.example.more', 'low.f')"):
        code, message, _ = state(session, statement)
        assert code == "54000" and "1000" in message and "registrar" in message, message
    session.execute("select wamp.unregister('com.example.n1')")
    session.execute("select wamp.subscribe('com.example.more', 'low.f')")
    interface.database.execute("create function public.g() returns int language sql as 'select 1'; "
                               "insert into wamp.registration (uri, proc) select 'com.other.n' || n, 'public.g' from "
                               "generate_series(1, 1100) as n")


def test_registrars_lock_nobody_out(interface: Installation, session: psycopg.Connection[Any]) -> None:
    """Nothing that they may do takes a lock that another registrar would have to wait for."""
    for table in ("registration", "subscription", "removal", "registrant", "guest"):
        for mode in ("row exclusive", "share row exclusive", "access exclusive"):
            session.execute("begin")
            assert state(session, f"lock table wamp.{table} in {mode} mode")[0] == DENIED, (table, mode)
            session.execute("rollback")


def test_prefixes(interface: Installation, session: psycopg.Connection[Any]) -> None:
    """What a role may register begins with a prefix, compared by components, whatever the match."""
    database = interface.database
    make_role(database, "member_of_registrar")
    database.execute("grant registrar to member_of_registrar")
    session.execute("create function low.f() returns int language sql security definer as 'select 1'; "
                    "grant usage, create on schema low to public")
    session.execute("select wamp.register('com.elsewhere', 'low.f')")
    result = interface.command("install", "--register-prefix", "registrar=com.example.x.")
    assert (result.returncode == 0
            and "registrar may register names that begin with com.example.x." in result.stdout), result.stderr
    for uri, match in (("com.example.x.a", "exact"), ("com.example.x.", "prefix"), ("com.example.x.a", "prefix"),
                       ("com.example.x..a", "wildcard"), ("com.example.x.", "wildcard")):
        options = f"""'{{"match": "{match}"}}'"""
        session.execute(  # type: ignore
            f"select wamp.register('{uri}', 'low.f', null, {options}), wamp.unregister('{uri}')")
        session.execute(  # type: ignore
            f"select wamp.subscribe('{uri}', 'low.f', {options}), wamp.unsubscribe('{uri}', 'low.f')")
    for uri, match in (("com.example.x", "exact"), ("com.example.xy", "exact"), ("com.example.x", "prefix"),
                       ("com.example", "prefix"), ("com.", "prefix"), ("com..x.a", "wildcard"), ("..", "wildcard"),
                       ("com.example..a", "wildcard"), ("com.example.", "wildcard")):
        options = f"""'{{"match": "{match}"}}'"""
        for statement in (f"select wamp.register('{uri}', 'low.f', null, {options})",
            f"select wamp.subscribe('{uri}', 'low.f', {options})"):
            code, message, _ = state(session, statement)
            assert code == DENIED and "com.example.x." in message, (statement, message)
    # Earlier registrations no longer run; a role that has the right through another one has that one's limits.
    assert database.rows("select uri from wamp.mapping_rows() where fault ~ 'com.example.x'") == [("com.elsewhere",)]
    with connect_as(database, "member_of_registrar") as member:
        member.execute("create function low.g() returns int language sql security definer as 'select 1'")
        assert state(member, "select wamp.register('com.y', 'low.g')")[0] == DENIED
        member.execute("select wamp.register('com.example.x.y', 'low.g')")
    # A renamed role keeps its limits.
    database.execute("alter role registrar rename to former")
    try:
        database.execute("alter role former password 'role-password'")
        with connect_as(database, "former") as former:
            assert state(former, "select wamp.register('com.y', 'low.f')")[0] == DENIED
    finally:
        database.execute("alter role former rename to registrar; alter role registrar password 'role-password'; "
                         "revoke registrar from member_of_registrar")
    result = interface.command("install", "--register-prefix", "registrar=")
    assert "registrar may register anything" in result.stdout, result.stderr
    session.execute("select wamp.register('com.y', 'low.f')")


@pytest.mark.parametrize("value, words", [
    ("registrar=com.example.x", "end in a dot"), ("registrar=com..x.", "empty component"), ("registrar=.", "is empty"),
    ("registrar=com. x.", "white space"), ("registrar", "for example shop=com.example.shop."),
    ("=com.", "for example shop="),
    ("nobody_else=com.", "may not register"),
])
def test_prefixes_that_are_refused(interface: Installation, value: str, words: str) -> None:
    result = interface.command("install", "--register-prefix", value)
    assert result.returncode == 1 and words in result.stderr, result.stderr


def test_a_renamed_role_keeps_what_it_registered(interface: Installation, session: psycopg.Connection[Any]) -> None:
    """And the role that takes the old name does not get it."""
    database = interface.database
    make_role(database, "renaming")
    interface.install(register_to=["registrar", "renaming"])
    database.execute("create schema ren authorization renaming; grant usage on schema ren to public")
    with connect_as(database, "renaming") as own:
        own.execute("create function ren.f() returns int language sql security definer as 'select 1'; "
                    "select wamp.register('com.example.a', 'ren.f'); select wamp.subscribe('com.example.a', 'ren.f'); "
                    "select wamp.register('com.example.b', 'ren.f')")
    database.execute("alter role renaming rename to renamed; alter role renamed password 'role-password'")
    try:
        make_role(database, "renaming")
        interface.install(register_to=["registrar", "renamed", "renaming"])
        rows = "select uri, registered_by, fault from wamp.mapping_rows() where kind = 'registration'"
        assert database.rows(rows) == [("com.example.a", "renamed", None), ("com.example.b", "renamed", None)]
        with connect_as(database, "renaming") as thief:
            assert state(thief, "select wamp.unregister('com.example.a')")[0] == DENIED
        with connect_as(database, "renamed") as own:
            given_back = own.execute(
                "select wamp.unregister('com.example.a'), wamp.unsubscribe('com.example.a', 'ren.f')")
            assert given_back.fetchone() == (True, True)
        # In another cluster, where the role has another oid, the name counts.
        database.execute("alter table wamp.registration disable trigger check_mapping; update wamp.registration set "
                         "registrant = 1; "
                         "alter table wamp.registration enable trigger check_mapping")
        with connect_as(database, "renaming") as other:
            assert other.execute("select wamp.unregister('com.example.b')").fetchone() == (True,)
    finally:
        interface.install(register_to=["registrar"])
        database.execute("drop owned by renaming, renamed cascade; drop role renaming, renamed")


async def test_many_notifications_are_one_reading(make_sidecar: SidecarMaker, router: Router, interface: Installation,
                                                  session: psycopg.Connection[Any]) -> None:
    """The channel is open to every role: the tables are read immediately, and then once a second, however many
    notifications arrive."""
    database = interface.database
    make_role(database, "noisy")
    database.execute("create sequence readings; grant usage on sequence readings to wamp_owner; grant usage on schema "
                     "low to public")
    database.execute("""
        do $count$ begin
            execute replace(pg_get_functiondef('wamp.mapping_list(text, bigint, int)'::regprocedure), E'\nbegin\n',
                $body$
            begin
                if mapping_list.kind = 'registration' then
                    perform nextval('public.readings');
                end if;
            $body$);
        end $count$
    """)
    session.execute("create function low.f() returns int language sql security definer as 'select 1'")
    make_sidecar(router.url("rawsocket"), interface.url).start()
    async with joined(router) as peer:
        session.execute("select wamp.register('low.f', 'low.f')")
        assert (await peer.call_when_there("low.f")).value == 1
    before = database.value("select last_value from readings")
    with connect_as(database, "noisy") as noisy:
        for n in range(600):
            noisy.execute("select pg_notify('wamp_mapping', %s)", [str(n)])
            noisy.execute("select pg_sleep(0.005)")
    readings = database.value("select last_value from readings") - before
    # In three seconds on a quick machine, and in many times that on a busy one.
    assert 1 <= readings <= 60
