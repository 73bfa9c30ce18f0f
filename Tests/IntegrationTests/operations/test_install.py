"""`install` and `uninstall`: what they make, that they can be repeated, what they refuse, and that no password
leaks."""

import threading
from pathlib import Path

import psycopg
import pytest

from actors.cluster import Cluster, Database
from actors.deadline import wait_until
from actors.installation import ROLE_PASSWORD, Installation, admin_url, connect_as, install, make_role, role_url
from actors.sidecar import run
from actors.terminal import Terminal

pytestmark = pytest.mark.servers

FAILED = 1
USAGE = 64


def roles(database: Database) -> set[str]:
    return {name for name, in database.rows("select rolname from pg_roles where rolname !~ '^pg_'")}


def objects(database: Database) -> list[tuple[str, ...]]:
    """Everything in the interface, with its rights."""
    return database.rows("""
        select 'function', p.oid::regprocedure::text, p.proacl::text, md5(p.prosrc) from pg_proc as p
            where p.pronamespace = 'wamp'::regnamespace
        union all
        select 'relation', c.relname, c.relacl::text, c.relkind::text from pg_class as c
            where c.relnamespace = 'wamp'::regnamespace
        union all select 'server', srvname, srvacl::text, array_to_string(srvoptions, ',') from pg_foreign_server
        union all select 'schema', nspname, nspacl::text, '' from pg_namespace where nspname ~ 'wamp'
        order by 1, 2
    """)


def test_install_and_uninstall(fresh_cluster: Cluster) -> None:
    """Two roles, everything that belongs to them, and nothing left of it afterwards."""
    database = fresh_cluster.create_database("app")
    before = roles(database)
    make_role(database, "shop")
    installation = install(database, grant_to=["shop"])
    assert roles(database) == before | {"shop", "wamp", "wamp_owner", "wamp_guest"}
    assert database.value("select rolcanlogin or rolsuper from pg_roles where rolname = 'wamp_owner'") is False
    assert database.rows("select rolcanlogin, rolinherit, rolsuper, rolcreaterole from pg_roles where rolname = 'wamp'"
                         ) == [(True, False, False, False)]
    # All of it belongs to the owner.
    assert database.rows("""
        select distinct r.rolname from pg_roles as r where r.oid in (
            select proowner from pg_proc where pronamespace = 'wamp'::regnamespace
            union all select relowner from pg_class where relnamespace = 'wamp'::regnamespace
            union all select nspowner from pg_namespace where nspname = 'wamp'
            union all select srvowner from pg_foreign_server)
    """) == [("wamp_owner",)]
    with installation.connect() as sidecar:
        hello = sidecar.execute("select version, is_original, dblink_schema, publishers, registrars "
                                "from wamp.sidecar_hello()").fetchone()
    assert hello == (3, True, "wamp_dblink", ["shop"], [])

    result = installation.command("uninstall")
    assert result.returncode == FAILED and "--yes" in result.stderr
    with connect_as(database, "shop") as shop:
        shop.execute("select wamp.publish('com.example.a')")
    result = installation.command("uninstall", "--yes")
    assert result.returncode == 0 and "1 events that are not published" in result.stdout, result.stdout + result.stderr
    assert roles(database) == before | {"shop"}
    assert database.rows("select nspname from pg_namespace where nspname ~ 'wamp'") == []
    assert database.rows("select extname from pg_extension where extname <> 'plpgsql'") == []
    assert installation.command("uninstall", "--yes").returncode == FAILED


def test_install_again_changes_nothing(database: Database) -> None:
    installation = install(database, grant_to=["publisher"], register_to=["registrar"])
    before = objects(database)
    installation.install()
    assert objects(database) == before
    result = installation.command("install", "--grant-to", "publisher")
    assert result.returncode == 0 and "nothing to do" in result.stdout and "done: " not in result.stdout, result.stdout
    assert objects(database) == before
    # A revoked right is restored, and reported.
    database.execute("revoke execute on function wamp.relay_mark() from wamp")
    result = installation.command("install")
    assert "done: rights" in result.stdout and "nothing to do" not in result.stdout
    assert sorted(objects(database)) == sorted(before)


WHO = "select publishers, registrars from {}.sidecar_hello()"


def test_rights_are_added_and_taken_by_name(database: Database) -> None:
    for role in ("shop", "ops", "other"):
        make_role(database, role)
    result = Installation(database).command("install", "--grant-to", "shop", "--register-to", "shop")
    assert "granted: publish, call, register, subscribe to shop\n" in result.stdout, result.stdout
    result = Installation(database).command("install", "--grant-to", "ops")
    assert "granted: publish, call to ops\n" in result.stdout and "shop" not in result.stdout
    assert database.rows(WHO.format("wamp")) == [(["ops", "shop"], ["shop"])]
    with connect_as(database, "shop") as session:
        session.execute("select wamp.publish('com.example.a')")

    result = Installation(database).command("install", "--revoke-from", "shop", "--grant-to", "shop")
    assert "revoked: register, subscribe from shop\n" in result.stdout and "granted" not in result.stdout, result.stdout
    result = Installation(database).command("install", "--revoke-from", "ops", "--revoke-from", "other")
    assert "revoked: publish, call from ops\n" in result.stdout
    assert "gave other no rights" in result.stderr
    assert database.rows(WHO.format("wamp")) == [(["shop"], [])]
    with connect_as(database, "ops") as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("select wamp.publish('com.example.a')")

    # Rights that an administrator granted by hand are removed as well.
    database.execute("grant usage on schema wamp to other; grant execute on all functions in schema wamp to other")
    result = Installation(database).command("install", "--revoke-from", "other")
    assert "revoked: rights that others granted from other" in result.stdout
    with connect_as(database, "other") as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("select wamp.publish('com.example.a')")

    result = Installation(database).command("install", "--grant-to", "PUBLIC")
    assert "granted: publish, call to PUBLIC" in result.stdout
    result = Installation(database).command("install", "--revoke-from", "shop")
    assert "shop may still publish, call, as PUBLIC may" in result.stderr
    result = Installation(database).command("install", "--revoke-from", "public")
    assert "revoked: publish, call from PUBLIC" in result.stdout
    assert database.rows(WHO.format("wamp")) == [([], [])]
    # Neither the sidecar nor the owner loses what it needs.
    result = Installation(database).command("install", "--revoke-from", "wamp", "--revoke-from", "wamp_owner")
    assert result.returncode == 0, result.stderr
    with Installation(database).connect() as sidecar:
        sidecar.execute("select wamp.sidecar_hello()")
    result = Installation(database).command("install", "--revoke-from", "nobody_there")
    assert result.returncode == FAILED and "no role nobody_there" in result.stderr


def test_a_file_without_the_keys_takes_nothing(database: Database, tmp_path: Path) -> None:
    install(database, grant_to=["publisher"], register_to=["registrar"])
    file = tmp_path / "sidecar.yaml"
    for keys in ("", ", grant_to: []", ", grant_to: [registrar]"):
        file.write_text(f'''
            router: {{ url: "ws://127.0.0.1:8080/ws", realm: realm1 }}
            database: {{ url: "postgresql://wamp@127.0.0.1/app"{keys} }}
        ''')
        result = run("install", "--admin-url", admin_url(database), "--config", file)
        assert result.returncode == 0 and "revoked" not in result.stdout, result.stdout + result.stderr
        assert database.value("select publishers[1] from wamp.sidecar_hello()") == "publisher"
    assert "granted: publish, call to registrar" in result.stdout
    assert database.rows(WHO.format("wamp")) == [(["publisher", "registrar"], ["registrar"])]
    # An option that revokes overrides a file that grants.
    result = run("install", "--admin-url", admin_url(database), "--config", file, "--revoke-from", "registrar")
    assert database.rows(WHO.format("wamp")) == [(["publisher"], [])]


def test_another_role_has_to_be_meant(fresh_cluster: Cluster) -> None:
    database = fresh_cluster.create_database("app")
    installation = install(database, role="first", grant_to=["app"])
    # Without --role it is the current one.
    result = installation.command("install")
    assert result.returncode == 0 and "nothing to do" in result.stdout, result.stdout + result.stderr
    assert roles(database).isdisjoint({"wamp", "second"})
    refused = installation.command("install", "--role", "second")
    assert refused.returncode == FAILED and "--replace-role" in refused.stderr and "role first" in refused.stderr
    assert "second" not in roles(database)
    with installation.connect() as sidecar:
        sidecar.execute("select wamp.sidecar_hello()")
    result = installation.command("install", "--role", "second", "--replace-role")
    assert result.returncode == 0, result.stderr
    assert "revoked: the sidecar's functions from first" in result.stdout
    assert "granted: the sidecar's functions to second" in result.stdout
    with Installation(database, role="second").connect() as sidecar:
        sidecar.execute("select wamp.sidecar_hello()")
    with installation.connect() as sidecar, pytest.raises(psycopg.errors.InsufficientPrivilege):
        sidecar.execute("select wamp.sidecar_hello()")
    # A dropped one is no obstacle.
    database.execute("drop owned by second; drop role second")
    result = installation.command("install", "--role", "third", "--replace-role")
    assert result.returncode == 0, result.stderr


def test_a_password_is_set_where_there_is_none(fresh_cluster: Cluster) -> None:
    database = fresh_cluster.create_database("app")
    stored = "select rolpassword from pg_authid where rolname = 'wamp'"
    # The output holds no password, and psql runs it unchanged.
    printed = Installation(database).command("install", "--print").stdout
    assert "login noinherit;" in printed and '\n-- \\password "wamp"\n' in printed
    database.execute(printed)
    assert database.value(stored) is None
    result = run("install", "--admin-url", admin_url(database))
    assert result.returncode == 0 and "nothing to do" in result.stdout, result.stdout + result.stderr
    assert database.value(stored) is None
    assert "has no password" in result.stderr and '\n\\password "wamp"\n' in result.stderr
    result = Installation(database).command("install")
    assert "done: password of role wamp" in result.stdout, result.stdout
    psycopg.connect(role_url(database, "wamp")).close()
    # An existing one must not be overwritten.
    before = database.value(stored)
    result = Installation(database).command("install")
    assert "nothing to do" in result.stdout and "already has a password" in result.stderr
    assert database.value(stored) == before
    database.execute("alter role wamp nologin")
    result = Installation(database).command("install")
    assert 'alter role "wamp" login;' in result.stderr


def test_what_comes_next_is_said(fresh_cluster: Cluster) -> None:
    database = fresh_cluster.create_database("app one")
    installation = Installation(database, schema="other")
    result = run("install", "--admin-url", admin_url(database).replace("app one", "app%20one"), "--schema", "other")
    assert result.returncode == 0, result.stderr
    next_steps = [line for line in result.stdout.splitlines() if line.startswith("next: ")]
    assert next_steps[0].endswith('\\password "wamp"') and "--grant-to ROLE" in next_steps[1]
    url = f"postgresql://wamp@127.0.0.1:{fresh_cluster.port}/app%20one and database.schema: other"
    assert url in next_steps[2] and "check sidecar.yaml --connect" in next_steps[2]
    make_role(database, "app")
    database.execute(f"alter role wamp password '{ROLE_PASSWORD}'")
    result = run("install", "--admin-url", admin_url(database).replace("app one", "app%20one"), "--schema", "other",
                 "--grant-to", "app")
    assert [line for line in result.stdout.splitlines() if line.startswith("next: ")] == next_steps[2:]
    assert installation.schema == "other"


def test_uninstall_takes_back_what_was_granted(fresh_cluster: Cluster) -> None:
    """Roles and an extension that existed before have the same rights afterwards as before."""
    database = fresh_cluster.create_database("app")
    database.execute('create extension dblink; revoke connect on database "app" from public')
    make_role(database, "wamp")
    # The owner is left too: another database needs it.
    other = install(fresh_cluster.create_database("other"), role="second")
    rights = """
        select 'database', datacl::text from pg_database where datname = 'app'
        union all select 'wrapper', coalesce(fdwacl::text, '{postgres=U/postgres}') from pg_foreign_data_wrapper
        union all select 'function ' || p.oid::regprocedure, a.grantee::regrole::text
            from pg_proc as p, aclexplode(p.proacl) as a where p.proname like 'dblink%' and a.grantee not in (0,
                p.proowner)
        union all select 'schema', a.grantee::regrole::text from pg_namespace, aclexplode(nspacl) as a
            where nspname = 'public' and a.grantee not in (0, nspowner)
        order by 1, 2
    """
    before = database.rows(rights)
    installation = install(database, grant_to=["app"])
    with installation.connect() as sidecar:
        sidecar.execute("select wamp.sidecar_hello()")
    assert database.rows(rights) != before

    told = installation.command("uninstall")
    assert told.returncode == FAILED
    assert "with it go the rights in it of: app, wamp, wamp_guest_" in told.stdout, told.stdout
    for line in ("would be revoked: the right of wamp to connect",
        "would be revoked: the rights of wamp_owner on dblink",
                 "would stay: the extension dblink is left: install did not make it",
                 "would stay: the role wamp is left: its comment does not say"):
        assert line in told.stdout, told.stdout
    result = installation.command("uninstall", "--yes")
    assert result.returncode == 0, result.stderr
    assert "revoked: the right of wamp to connect" in result.stdout
    assert "revoked: the rights of wamp_owner on dblink" in result.stdout
    assert database.rows(rights) == before
    assert other.command("install").returncode == 0


def test_uninstall_tells_beforehand_what_goes_and_what_stays(fresh_cluster: Cluster) -> None:
    """And then exactly that happens."""
    database = fresh_cluster.create_database("app")
    installation = install(database)
    told = installation.command("uninstall").stdout
    gone = ["schema wamp and all that is in it", "extension dblink", "schema wamp_dblink", "role wamp",
        "role wamp_guest",
            "role wamp_owner"]
    assert ([line for line in told.splitlines() if line.startswith("would")]
            == [f"would be gone: {what}" for what in gone])
    database.execute("create schema mine; create table mine.own (a int); alter table mine.own owner to wamp; "
                     "create server needs foreign data wrapper dblink_fdw")
    told = installation.command("uninstall").stdout
    assert "would stay: the role wamp is left: it owns table mine.own" in told, told
    assert "would stay: extension dblink is left: server needs needs it" in told, told
    assert "would stay: schema wamp_dblink is left: the extension dblink is in it" in told, told
    printed = installation.command("uninstall", "--print").stdout
    assert "-- note: the role wamp is left: it owns table mine.own" in printed
    result = installation.command("uninstall", "--yes")
    assert result.returncode == 0, result.stderr
    assert [line.removeprefix("gone: ") for line in result.stdout.splitlines() if line.startswith("gone: ")] == [
        "schema wamp and all that was in it", "role wamp_guest", "role wamp_owner"]
    assert "the role wamp is left: it owns table mine.own" in result.stderr
    assert {name for name in roles(database) if name.startswith("wamp")} == {"wamp"}
    assert database.value("select count(*) from pg_extension where extname = 'dblink'") == 1


def test_names_from_the_configuration(database: Database, tmp_path: Path) -> None:
    for role in ("publisher", "registrar", "other"):
        make_role(database, role)
    file = tmp_path / "sidecar.yaml"
    file.write_text('''
        router: { url: "ws://127.0.0.1:8080/ws", realm: realm1 }
        database: { url: "postgresql://wamp@127.0.0.1/app", schema: events,
            grant_to: [publisher], register_to: [registrar] }
    ''')
    who = "select publishers, registrars from events.sidecar_hello()"
    result = run("install", "--admin-url", admin_url(database), "--config", file)
    assert result.returncode == 0, result.stderr
    assert database.rows(who) == [(["publisher"], ["registrar"])]
    result = run("install", "--admin-url", admin_url(database), "--config", file, "--grant-to", "other")
    assert result.returncode == 0, result.stderr
    assert database.rows(who) == [(["other", "publisher"], ["registrar"])]
    assert run("install", "--admin-url", admin_url(database), "--config", tmp_path / "none.yaml").returncode == 78


def test_print_runs_nothing_and_is_a_script(database: Database) -> None:
    installation = Installation(database)
    make_role(database, "publisher")
    result = installation.command("install", "--grant-to", "publisher", "--print")
    assert result.returncode == 0, result.stderr
    assert database.value("select to_regnamespace('wamp')") is None
    assert ROLE_PASSWORD not in result.stdout and "SCRAM-SHA-256$" not in result.stdout
    assert "password '" not in result.stdout.split("-- schema wamp")[0]
    database.execute(result.stdout)
    installed = objects(database)
    installation.install(grant_to=["publisher"])
    assert objects(database) == installed


def test_two_schemas_in_one_database(database: Database) -> None:
    first = install(database, schema="wamp", role="wamp")
    second = install(database, schema="Café \"x\"", role="second")
    assert database.value("select count(distinct value) from (select value from wamp.meta where key = 'wake_lock_2' "
                          "union all select value from \"Café \"\"x\"\"\".meta where key = 'wake_lock_2') as v") == 2
    with second.connect() as sidecar:
        assert sidecar.execute('select version from "Café ""x""".sidecar_hello()').fetchone() == (3,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sidecar.execute("select wamp.sidecar_hello()")
    database.execute('select "Café ""x""".publish(\'com.example.a\')')
    # The second needs dblink too, so it stays when the first is removed.
    assert first.command("uninstall", "--yes").returncode == 0
    assert database.value("select count(*) from pg_extension where extname = 'dblink'") == 1
    assert second.command("uninstall", "--yes").returncode == 0


@pytest.mark.parametrize("schema", ["public", "pg_wamp", "", "x" * 64, "a$b"])
def test_schemas_that_are_refused(database: Database, schema: str) -> None:
    result = run("install", "--admin-url", admin_url(database), "--schema", schema)
    assert result.returncode == FAILED and "schema" in result.stderr, result.stderr


def test_a_schema_with_other_things_is_refused(database: Database) -> None:
    database.execute("create schema wamp; create table wamp.treasure (a int)")
    result = Installation(database).command("install")
    assert result.returncode == FAILED and "other objects" in result.stderr
    assert database.rows("select relname from pg_class where relnamespace = 'wamp'::regnamespace") == [("treasure",)]


def test_a_role_that_is_not_there_is_refused(database: Database) -> None:
    result = Installation(database).command("install", "--grant-to", "nobody_there")
    assert result.returncode == FAILED and "nobody_there" in result.stderr
    assert database.value("select to_regnamespace('wamp')") is None


def test_a_newer_schema_is_refused(database: Database) -> None:
    installation = install(database)
    database.execute("update wamp.meta set value = '99.1' where key = 'least_binary'")
    result = installation.command("install")
    assert result.returncode == FAILED and "99.1" in result.stderr


def test_what_fails_in_the_middle_leaves_nothing(database: Database) -> None:
    """It is one transaction: it leaves neither half a schema nor new roles."""
    database.execute("""
        create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'not today'; end $$;
        create event trigger refuse on ddl_command_end when tag in ('CREATE TRIGGER') execute function refuse();
    """)
    result = Installation(database, role="half").command("install")
    assert result.returncode == FAILED and "not today" in result.stderr
    assert database.value("select to_regnamespace('wamp')") is None
    assert "half" not in roles(database)


def on_terminal(database: Database, *options: str) -> Terminal:
    return Terminal("install", "--admin-url", admin_url(database), *options,
                    environment={"WAMP_ROLE_PASSWORD": ROLE_PASSWORD})


def test_steps_on_a_terminal(cluster: Cluster, database: Database) -> None:
    """The lines are those of a pipe, each when its step is done."""
    other = cluster.create_database(database.name + "other")
    piped = Installation(other).command("install")
    terminal = on_terminal(database)
    assert terminal.end() == (0, "", "")
    done = [line for line in terminal.shown.splitlines() if line.startswith("done: ")]
    # The roles belong to both databases.
    assert "done: tables and functions, version 3" in done
    assert [line for line in done if " role " not in line] == [
        line for line in piped.stdout.splitlines() if line.startswith("done: ") and " role " not in line]
    assert "\r" not in terminal.shown and "\x1b" not in terminal.shown
    again = on_terminal(database)
    assert again.end()[0] == 0 and "nothing to do" in again.shown and "done: " not in again.shown


def test_steps_that_are_taken_back(database: Database) -> None:
    """On a terminal the steps before the one that fails have been shown; a pipe gets the error alone."""
    database.execute("""
        create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'not today'; end $$;
        create event trigger refuse on ddl_command_end when tag in ('CREATE TRIGGER') execute function refuse();
    """)
    terminal = on_terminal(database)
    assert terminal.end()[0] == FAILED
    lines = terminal.shown.splitlines()
    assert "done: schema wamp" in lines, lines
    assert lines[-2] == "note: what is done above was taken back: it is one transaction"
    assert "not today" in lines[-1]
    piped = Installation(database).command("install")
    assert piped.stdout == "" and piped.stderr.count("\n") == 1 and "not today" in piped.stderr


def test_a_copy_has_to_be_adopted(cluster: Cluster, database: Database) -> None:
    installation = install(database)
    database.execute("create function public.f() returns int language sql as 'select 1'; select "
                     "wamp.register('com.example.f', 'public.f')")
    copy = Database(cluster, database.name + "copy")
    with cluster.connect("postgres") as admin:
        admin.execute(f'create database "{copy.name}" template "{database.name}"')
    there = Installation(copy)
    with there.connect() as sidecar:
        assert sidecar.execute("select is_original from wamp.sidecar_hello()").fetchone() == (False,)
    # The port belongs to the original: nothing may be sent there.
    with there.connect_as_leader() as leader:
        leader.execute("select wamp.port_configure(array['host', '127.0.0.1', 'port', '1'], 'wamp', 'x')")
    with pytest.raises(psycopg.Error) as refused:
        copy.execute("select wamp.call('com.example.a')")
    assert refused.value.sqlstate == "WA003" and "copy" in str(refused.value)
    result = there.command("install")
    assert result.returncode == FAILED and "--adopt" in result.stderr
    # In another cluster the roles have other oids.
    copy.execute("alter table wamp.registration disable trigger all; update wamp.registration set registrant = 1; "
                 "alter table wamp.registration enable trigger all")
    there.install("--adopt")
    assert (copy.rows("select registrant::regrole::text, registered_by from wamp.registration")
            == [("postgres", "postgres")])
    with there.connect() as sidecar:
        assert sidecar.execute("select is_original from wamp.sidecar_hello()").fetchone() == (True,)
    with installation.connect() as sidecar:
        assert sidecar.execute("select is_original from wamp.sidecar_hello()").fetchone() == (True,)


def test_a_lock_is_waited_for(database: Database) -> None:
    """Another session holds a table that installing needs: it is tried again until the table is free."""
    installation = install(database)
    database.execute("delete from wamp.meta where key = 'sidecar_role'")
    with database.connect() as other:
        other.execute("begin; lock table wamp.meta in access exclusive mode")
        results = []
        thread = threading.Thread(target=lambda: results.append(installation.command("install")))
        thread.start()
        waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' " \
                  "and datname = current_database())"
        wait_until(lambda: database.value(waiting), "install waits for the lock", 60)
        other.execute("rollback")
        thread.join(120)
    assert results[0].returncode == 0, results[0].stderr
    assert "another session" not in results[0].stderr


def test_a_terminal_shows_that_a_lock_is_waited_for(database: Database) -> None:
    install(database)
    database.execute("delete from wamp.meta where key = 'sidecar_role'")
    with database.connect() as other:
        other.execute("begin; lock table wamp.meta in access exclusive mode")
        terminal = on_terminal(database)
        wait_until(lambda: "note: another session is in the way: it begins again\n" in terminal.shown,
                   "it says so", 60)
        other.execute("rollback")
    assert terminal.end()[0] == 0, terminal.shown


def test_two_installers_at_once(database: Database) -> None:
    installation = Installation(database)
    results = []
    threads = [threading.Thread(target=lambda: results.append(installation.command("install"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in results] == [0] * 4, [result.stderr for result in results]


def test_dblink_that_was_there_stays(database: Database) -> None:
    database.execute("create extension dblink")
    installation = Installation(database)
    result = installation.command("install")
    assert result.returncode == 0 and "dblink existed before" in result.stderr
    assert installation.command("uninstall", "--yes").returncode == 0
    assert database.value("select count(*) from pg_extension where extname = 'dblink'") == 1


def test_uninstall_tells_what_goes_with_it(database: Database) -> None:
    installation = install(database)
    database.execute("""
        create table item (id int);
        create trigger publishes after insert on item for each row execute function wamp.publish_row('com.example.a');
        create function answer() returns wamp.result language sql as 'select null::jsonb, null::jsonb';
    """)
    result = installation.command("uninstall")
    assert result.returncode == FAILED
    assert "with it goes: trigger publishes on table public.item" in result.stdout
    assert "with it goes: function public.answer()" in result.stdout
    assert database.value("select to_regnamespace('wamp') is not null")
    printed = installation.command("uninstall", "--print")
    assert printed.returncode == 0 and 'drop schema "wamp" cascade' in printed.stdout


def test_an_administrator_without_superpowers(fresh_cluster: Cluster) -> None:
    """CREATEROLE and the right to make schemas are enough for all but dblink, which an administrator must then make."""
    database = fresh_cluster.create_database("app")
    make_role(database, "manager", "createrole")
    database.execute('grant create on database "app" to manager')
    installation = Installation(database)
    result = installation.command("install", admin=role_url(database, "manager"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "create extension if not exists dblink;" in result.stderr
    with pytest.raises(psycopg.Error) as refused:
        database.execute("select wamp.call('com.example.a')")
    assert refused.value.sqlstate == "WA003"
    hint = refused.value.diag.message_hint or ""
    statements = [line for line in hint.splitlines() if line.endswith(";")]
    assert len(statements) == 2
    database.execute("\n".join(statements))
    result = installation.command("install", admin=role_url(database, "manager"))
    assert result.returncode == 0, result.stdout + result.stderr
    assert database.value("select dblink_schema from wamp.sidecar_hello()") == "public"


def test_crossbar_names(fresh_cluster: Cluster) -> None:
    """One role that owns the schema, as in Crossbar.io's documentation, and the documented way to remove all of it."""
    database = fresh_cluster.create_database("app")
    make_role(database, "crossbar")
    database.execute("create schema crossbar authorization crossbar")
    installation = Installation(database, schema="crossbar", role="crossbar").install()
    assert "crossbar_owner" not in roles(database)
    database.execute("""
        create schema account;
        create function account.create_user(name text) returns int language sql as 'select 1';
    """)
    assert database.value("""
        select crossbar.publish('com.example.topic1', json_build_array(1, 'two')::jsonb,
            json_build_object('a', 1)::jsonb, options := json_build_object('exclude_me', false)::jsonb)
    """) == 1
    assert database.value("select crossbar.register('com.example.create_user', 'account.create_user')") == 1
    with installation.connect_as_leader() as leader:
        leader.execute("select crossbar.port_configure(array['host', '127.0.0.1', 'port', '1'], 'wamp', 'x')")
    with pytest.raises(psycopg.Error) as refused:
        database.execute("select crossbar.call('com.example.a', '[1]')")
    assert refused.value.sqlstate == "WA002"
    database.execute("drop owned by crossbar cascade")
    database.execute("drop schema if exists crossbar cascade")
    database.execute("drop role if exists crossbar")
    assert "crossbar" not in roles(database)
    assert database.rows("select srvname from pg_foreign_server") == []


def test_no_password_is_seen(fresh_cluster: Cluster, tmp_path: Path) -> None:
    """Neither in the server's log, nor in pg_stat_activity, nor in the command's output."""
    database = fresh_cluster.create_database("app")
    database.execute("alter system set log_statement = 'all'")
    database.execute("alter system set log_min_duration_statement = 0")
    database.execute("select pg_reload_conf()")
    secret = "a-secret-that-nobody-sees"
    file = tmp_path / "password"
    file.write_text(secret + "\n")
    log = fresh_cluster.folder / "log"
    wait_until(lambda: "log_min_duration_statement" in log.read_text(errors="replace"), "the server logs statements")

    result = Installation(database).command("install", "--role-password-file", str(file))
    assert result.returncode == 0, result.stderr
    psycopg.connect(f"postgresql://wamp:{secret}@127.0.0.1:{fresh_cluster.port}/app").close()
    # One that fails late, and one whose file does not exist.
    failed = Installation(database, schema="other", role="other").command(
        "install", "--role-password-file", str(file), "--grant-to", "missing_role")
    assert failed.returncode == FAILED
    absent = Installation(database, role="third").command("install", "--role-password-file", str(tmp_path / "absent"))
    assert absent.returncode == FAILED and "absent" in absent.stderr
    # The port's password, in a function with bound values; the server logs those of all roles except the sidecar's.
    with psycopg.connect(f"postgresql://wamp:{secret}@127.0.0.1:{fresh_cluster.port}/app", autocommit=True) as session:
        session.execute("select * from wamp.leader_take(gen_random_uuid(), 'test')")
        session.execute("select wamp.port_configure(%s, 'wamp', %s)",
                        (["host", "127.0.0.1", "port", "1"], secret))
        with pytest.raises(psycopg.Error) as refused:
            session.execute("select wamp.port_configure(%s, 'wamp', %s)", (["nonsense", "x"], secret))
        shown = str(refused.value) + (refused.value.diag.context or "") + (refused.value.diag.message_detail or "") \
            + (refused.value.diag.internal_query or "")
        assert secret not in shown and "nonsense" in shown
    seen = database.rows("select query from pg_stat_activity")
    assert not any(secret in (query or "") for query, in seen)
    text = log.read_text(errors="replace")
    assert "port_configure" in text
    guest = database.value("select password from wamp.guest")
    assert secret not in text and "SCRAM-SHA-256$" not in text and guest not in text
    assert guest not in result.stdout + result.stderr
    for outcome in (result, failed, absent):
        assert secret not in outcome.stdout + outcome.stderr


def test_wrong_usage(database: Database) -> None:
    assert run("install").returncode == USAGE
    assert run("uninstall", "--admin-url").returncode == USAGE
    unreachable = run("install", "--admin-url", "postgresql://postgres:hidden-word@127.0.0.1:1/x")
    assert unreachable.returncode == FAILED and "hidden-word" not in unreachable.stderr
    malformed = run("install", "--admin-url", "postgresql://postgres:hidden-word@[::1/x")
    assert malformed.returncode == FAILED and "hidden-word" not in malformed.stderr
