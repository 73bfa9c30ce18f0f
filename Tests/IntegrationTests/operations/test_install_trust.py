"""`install`, `install --print` and `uninstall` run nothing that a less trusted role made, and trust no row of a
table."""

from collections.abc import Iterator

import pytest

from actors.cluster import Cluster, Database, running_cluster
from actors.deadline import wait_until
from actors.installation import ROLE_PASSWORD, Installation, connect_as, install, make_role, role_url

FAILED = 1

#: A function of `mallory`'s that makes itself a superuser if it runs as one. Each call leaves a trace, rolled back or
#: not.
EVIL = """
    create schema if not exists low;
    create sequence if not exists low.calls;
    create or replace function low.evil(x text default '') returns text language plpgsql immutable as $$ begin
        perform nextval('low.calls');
        begin
            perform set_config('role', 'none', true);
            execute 'alter role mallory superuser';
        exception when others then
            null;
        end;
        return x;
    end $$;
    create or replace function low.evil_trigger() returns trigger language plpgsql as $$ begin
        perform low.evil('');
        return new;
    end $$;
    grant usage on schema low to public;
    grant all on all sequences in schema low to public;
"""


@pytest.fixture
def low(fresh_cluster: Cluster) -> Database:
    """A database in which `mallory` may make schemas, and has made functions that misuse the rights of any role that
    runs them."""
    return prepared(fresh_cluster.create_database("app"))


@pytest.fixture(scope="module")
def shared_cluster() -> Iterator[Cluster]:
    """For the tests that do not depend on which roles exist."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def planted(shared_cluster: Cluster) -> Database:
    """The same as `low`, sooner."""
    return prepared(shared_cluster.create_database("app"))


def prepared(database: Database) -> Database:
    make_role(database, "mallory")
    database.execute('grant create on database "app" to mallory')
    with connect_as(database, "mallory") as mallory:
        mallory.execute(EVIL)
    return database


def assert_nothing_ran(database: Database) -> None:
    assert database.value("select is_called from low.calls") is False, "what mallory made has run"
    assert database.value("select rolsuper from pg_roles where rolname = 'mallory'") is False


def refusals(installation: Installation) -> str:
    """The errors of commands that must all fail."""
    said = ""
    for command in (["install"], ["install", "--print"], ["uninstall"], ["uninstall", "--print"],
        ["uninstall", "--yes"]):
        result = installation.command(*command)
        assert result.returncode == FAILED, f"{command}: {result.stdout}"
        said += result.stderr
    return said


def test_a_planted_schema(low: Database) -> None:
    """A view over a function stands in the place of the interface's table."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("""
            create schema wamp;
            create view wamp.meta as select 'version'::text as key, low.evil('1') as value;
            create view wamp.outbox as select low.evil('1');
            create view wamp.dead_letter as select low.evil('1');
            create view wamp.registration as select low.evil('1');
            create view wamp.subscription as select low.evil('1');
        """)
    said = refusals(Installation(low))
    assert "mallory" in said and "view meta" in said
    assert_nothing_ran(low)


@pytest.mark.parametrize("options", [[], ["--print"], ["--adopt"]])
def test_somebody_elses_schema(low: Database, options: list[str]) -> None:
    """Even an empty one: its owner could take the interface over."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create schema wamp")
    result = Installation(low).command("install", *options)
    assert result.returncode == FAILED and "schema wamp belongs to mallory" in result.stderr
    low.execute("drop schema wamp; create schema wamp")
    result = Installation(low).command("install", *options)
    assert result.returncode == FAILED and "schema wamp belongs to postgres" in result.stderr


PLANTED = {
    "trigger": ("create trigger t after insert or update on wamp.meta for each row execute function low.evil_trigger()",
                "trigger t on table meta"),
    "rule": ("create rule r as on update to wamp.meta do also select low.evil('')", "rule r on table meta"),
    "policy": ("alter table wamp.meta enable row level security, force row level security;"
               "create policy p on wamp.meta using (low.evil(key) is not null)", "policy p on table meta"),
    "index": ("create index i on wamp.meta ((low.evil(value)))", "index i"),
    "condition": ("create index i on wamp.meta (key) where low.evil(value) <> ''", "index i"),
    "builtin": ("alter table wamp.meta add x text default query_to_xml('select 1', true, true, '')::text",
                "default of column x of table meta"),
    "default": ("alter table wamp.meta add x text default low.evil('x')", "default of column x of table meta"),
    "generated": ("alter table wamp.meta add x text generated always as (low.evil(key)) stored",
                  "default of column x of table meta"),
    "constraint": ("alter table wamp.meta add constraint c check (low.evil(value) is not null) not valid",
                   "constraint c on table meta"),
    "domain": ("create domain low.d as text check (low.evil(value) is distinct from 'x'); alter table wamp.meta add x "
               "low.d",
               "type low.d, of which table meta is made"),
    "child": ("create table low.child () inherits (wamp.meta)", "low.child, which inherits from wamp.meta"),
    "view": ("create view wamp.more as select low.evil('')", "view more"),
    "definition": ("create or replace view wamp.removal as select low.evil('') as kind, null::text as uri, null::text "
                   "as proc, "
                   "null::text as requested_by", "view removal"),
    "base": ("create view low.base as select ''::text as x; create or replace view wamp.removal as "
             "select x as kind, null::text as uri, null::text as proc, null::text as requested_by from low.base",
             "low.base, of which view removal is made"),
    "view's rule": ("create rule r as on insert to wamp.removal do also select low.evil('')", "rule r on view removal"),
    "function": ("create function wamp.more() returns text language sql as 'select low.evil()'",
        "function wamp.more()"),
    "operator": ("create function low.eq(text, text) returns boolean language sql as 'select low.evil($1) = $2';"
                 "create operator wamp.= (leftarg = text, rightarg = text, function = low.eq)",
                 "operator wamp.=(text,text)"),
    "type": ("create domain wamp.d as text check (low.evil(value) is not null)", "type d"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_in_the_one_role_set_up(planted: Database, kind: str) -> None:
    """The owner of everything puts something into the interface, and waits for an administrator."""
    with connect_as(planted, "mallory") as mallory:
        mallory.execute("create schema wamp")
    own = Installation(planted, role="mallory")
    result = own.command("install", "--role", "mallory", admin=own.url)
    assert result.returncode == 0, result.stderr
    statements, name = PLANTED[kind]
    with connect_as(planted, "mallory") as mallory:
        mallory.execute(statements)
        mallory.execute("update wamp.meta set value = '1' where key = 'version'")
        mallory.execute("select setval('low.calls', 1, false)")
    said = refusals(own)
    assert name in said
    for options in (["--role", "mallory"], ["--role", "mallory", "--print"], ["--role", "mallory", "--adopt"]):
        result = own.command("install", *options)
        assert result.returncode == FAILED and "install with a URL of mallory" in result.stderr, result.stderr
    assert_nothing_ran(planted)


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_in_the_two_role_set_up(planted: Database, kind: str) -> None:
    """A role that was the owner's for a moment has left something behind."""
    installation = install(planted)
    planted.execute("grant wamp_owner to mallory; grant all on schema low to wamp_owner")
    statements, name = PLANTED[kind]
    with connect_as(planted, "mallory") as mallory:
        mallory.execute("set role wamp_owner")
        mallory.execute(statements)
    refused = installation.command("install")
    assert refused.returncode == FAILED and "wamp_owner" in refused.stderr and "mallory" in refused.stderr
    planted.execute("revoke wamp_owner from mallory; select setval('low.calls', 1, false)")
    assert name in refusals(installation)
    assert_nothing_ran(planted)


@pytest.mark.parametrize("statement, words", [
    ("create role wamp_owner login", "can log in"),
    ("create role wamp_owner createrole", "attributes that it must not have"),
    ("create role wamp_owner; grant wamp_owner to mallory", "is granted to mallory"),
    ("create role wamp_owner", "was not made by install"),
])
def test_an_owner_that_install_did_not_make(low: Database, statement: str, words: str) -> None:
    low.execute(statement)
    for options in ([], ["--print"]):
        result = Installation(low).command("install", *options)
        assert result.returncode == FAILED and words in result.stderr
    assert low.value("select to_regnamespace('wamp')") is None


def test_an_owner_that_is_said_to_be_installs(low: Database) -> None:
    """The message has the statement that makes it the owner."""
    low.execute("create role wamp_owner")
    result = Installation(low).command("install")
    statement = result.stderr[result.stderr.index("comment on role"):result.stderr.index("; otherwise rename it")]
    low.execute(statement)
    install(low)


def test_a_schema_for_dblink_that_was_there(low: Database) -> None:
    """The extension's script would run there what precedes the catalog."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create schema wamp_dblink")
    result = Installation(low).command("install")
    assert result.returncode == FAILED and "schema wamp_dblink" in result.stderr and "mallory" in result.stderr
    assert low.value("select to_regnamespace('wamp')") is None


def test_a_server_that_was_there(low: Database) -> None:
    """The port's password would go to where another role's foreign server leads."""
    low.execute("create extension postgres_fdw; grant usage on foreign data wrapper postgres_fdw to mallory")
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create server wamp_sidecar foreign data wrapper postgres_fdw")
    result = Installation(low).command("install")
    assert result.returncode == FAILED and "foreign server" in result.stderr and "mallory" in result.stderr


def test_the_extension_goes_and_comes_back(low: Database) -> None:
    installation = install(low)
    low.execute("drop extension dblink cascade")
    installation.install()
    assert low.value("select count(*) from pg_foreign_server where srvname = 'wamp_sidecar'") == 1
    assert installation.command("uninstall", "--yes").returncode == 0
    assert low.rows("select extname from pg_extension where extname = 'dblink'") == []
    assert low.value("select to_regnamespace('wamp_dblink')") is None


def test_roles_in_a_table_are_no_proof(low: Database) -> None:
    """`uninstall` drops what install made according to the catalog."""
    make_role(low, "victim")
    installation = install(low)
    low.execute("insert into wamp.meta values ('roles_made', '{victim}'), ('dblink_installed', 'true') "
                "on conflict (key) do update set value = excluded.value")
    # Nor is it the guest because the table says so.
    low.execute("update wamp.guest set role = 'victim'")
    password = "select rolpassword, rolcanlogin from pg_authid where rolname = 'victim'"
    before = low.rows(password)
    installation.install()
    assert low.rows(password) == before and low.value("select wamp.guest_role()") == "wamp_guest"
    assert "victim" not in installation.command("uninstall", "--print").stdout
    result = installation.command("uninstall", "--yes")
    assert result.returncode == 0, result.stderr
    roles = [name for name, in low.rows("select rolname from pg_roles where rolname ~ '^(victim|wamp)'")]
    assert roles == ["victim"]


def test_roles_that_another_database_needs_stay(low: Database, fresh_cluster: Cluster) -> None:
    other = install(fresh_cluster.create_database("other"))
    first = install(low)
    # The roles were made for the other one.
    result = first.command("uninstall", "--yes")
    assert result.returncode == 0 and "the role wamp is left" in result.stderr
    assert other.command("install").returncode == 0
    result = other.command("uninstall", "--yes")
    assert result.returncode == 0
    assert low.rows("select rolname from pg_roles where rolname ~ '^wamp'") == []


def version_1(installation: Installation) -> None:
    """The interface as the first version installed it: without comments, with its notes in a table, without dblink."""
    printed = installation.command("install", "--print").stdout
    begin, end = printed.index("-- tables and functions, version 2"), printed.index("-- identity of this database")
    guest = printed.index("-- role wamp_guest")
    script = printed[:begin] + printed[end:guest] + "commit;"
    lines = [line for line in script.splitlines() if not line.startswith("comment on")]
    installation.database.execute("\n".join(lines))
    installation.database.execute("insert into wamp.meta values ('roles_made', '{wamp_owner,wamp}')")


def test_upgrade_from_the_first_version(low: Database) -> None:
    """Its owner's role can be recognized, the sidecar's can't; what can't be recognized is kept."""
    installation = Installation(low)
    version_1(installation)
    assert low.value("select value from wamp.meta where key = 'version'") == "1"
    said = installation.command("install", "--print").stdout
    assert 'comment on role "wamp_owner" is' in said and 'comment on role "wamp" is' not in said
    installation.install(grant_to=["PUBLIC"])
    assert low.value("select version from wamp.sidecar_hello()") == 3
    low.execute("select wamp.publish('com.example.a')")
    result = installation.command("uninstall", "--yes")
    assert result.returncode == 0 and "the role wamp is left" in result.stderr, result.stderr
    assert low.rows("select rolname from pg_roles where rolname ~ '^wamp'") == [("wamp",)]


def test_a_planted_first_version(low: Database) -> None:
    """A schema that looks like version 1, but whose owner can log in."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create schema wamp; create table wamp.meta (key text primary key, value text not null);"
                        "insert into wamp.meta values ('version', '1');"
                        "create trigger t before insert or update on wamp.meta for each row "
                        "execute function low.evil_trigger()")
    refusals(Installation(low))
    refusals(Installation(low, role="mallory"))
    assert_nothing_ran(low)


def test_print_changes_nothing(low: Database) -> None:
    """Nor does `uninstall` when it only reports: the transactions are read-only, and none is committed."""
    installation = install(low)
    low.execute("alter system set log_statement = 'all'")
    low.execute("select pg_reload_conf()")
    log = low.cluster.folder / "log"
    wait_until(lambda: "log_statement" in log.read_text(errors="replace"), "the server logs statements")
    wait_until(lambda: low.value("show log_statement") == "all", "the server logs statements")
    begin = len(log.read_text(errors="replace"))
    for command in (["install", "--print"], ["install", "--grant-to", "PUBLIC", "--print"], ["uninstall", "--print"]):
        result = installation.command(*command)
        assert result.returncode == 0, result.stderr
    assert installation.command("uninstall").returncode == FAILED
    text = log.read_text(errors="replace")[begin:].lower()
    assert text.count("set default_transaction_read_only = on") == 4
    assert text.count("read committed read only") == 4 and "commit;" not in text and "read write" not in text


def test_settings_of_the_database(low: Database) -> None:
    """The database's owner makes operators that precede the catalog's."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("""
            create function low.same(name, text) returns boolean language sql as 'select low.evil($2) is not null';
            create operator low.= (leftarg = name, rightarg = text, function = low.same);
        """)
    low.execute('alter database "app" set search_path = low, pg_catalog')
    installation = install(low)
    assert installation.command("install", "--print").returncode == 0
    assert installation.command("uninstall", "--yes").returncode == 0
    assert_nothing_ran(low)


def test_a_squatter_on_the_advisory_lock(low: Database) -> None:
    """Any role can hold it. The holder is named, and nothing waits for it."""
    installation = install(low)
    with connect_as(low, "mallory") as mallory:
        mallory.execute("select pg_advisory_lock(1463897417, 1542262275)")
        pid = mallory.info.backend_pid
        result = installation.command("install")
        assert result.returncode == 0, result.stderr
        assert f"session {pid} of role mallory" in result.stderr
        assert installation.command("uninstall", "--yes").returncode == 0
        result = installation.command("install")
        assert result.returncode == 0 and f"session {pid} of role mallory" in result.stderr


def test_one_role_as_its_owner(low: Database) -> None:
    """The owner does all of it himself, whatever he put there."""
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create schema wamp")
    own = Installation(low, role="mallory")
    for _ in range(2):
        result = own.command("install", "--role", "mallory", admin=own.url)
        assert result.returncode == 0, result.stderr
    with connect_as(low, "mallory") as mallory:
        mallory.execute("create view wamp.more as select 1")
    assert own.command("uninstall", "--yes").returncode == FAILED
    result = own.command("uninstall", "--yes", admin=role_url(low, "mallory"))
    assert result.returncode == 0, result.stderr
    assert low.value("select to_regnamespace('wamp')") is None
    assert ROLE_PASSWORD not in result.stdout + result.stderr
