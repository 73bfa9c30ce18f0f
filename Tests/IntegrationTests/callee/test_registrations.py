"""Procedures and subscriptions that SQL registers come and go while the sidecar runs."""

import json
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.installation import InstalledDatabase, connect_as, install
from actors.peer import ApplicationError, Peer, PublishOptions, joined
from actors.router import Router
from actors.sidecar import binary
from conftest import SidecarMaker

SCHEMA = """
create schema r;
create table r.seen (id bigint generated always as identity, n integer);
create function r.add2(a integer, b integer) returns integer language sql as 'select a + b';
create function r.over(a integer) returns text language sql as $$ select 'integer' $$;
create function r.over(a text) returns text language sql as $$ select 'text' $$;
create function r.three(x jsonb, y jsonb, z jsonb) returns jsonb language sql as
    'select jsonb_build_array(x, y, z->''procedure'')';
create function r.record(x jsonb, y jsonb, z jsonb) returns void language sql as
    'insert into r.seen (n) values ((x->>0)::integer)';
create function r.fails(x jsonb, y jsonb, z jsonb) returns void language plpgsql as
    $$ begin if to_regclass('r.open') is null then raise exception 'closed'; end if; perform r.record(x, y, z); end $$;
grant usage on schema r to public; grant all on all tables in schema r to wamp;
grant all on all sequences in schema r to wamp;
"""


@pytest.fixture
def base(installed: InstalledDatabase) -> InstalledDatabase:
    installed.execute(SCHEMA)
    return installed


def ceiling(octets: int) -> int:
    """The memory limit: a debug build takes more for itself."""
    return octets + (32 << 20 if "debug" in str(binary()) else 0)


async def gone(peer: Peer, procedure: str) -> bool:
    try:
        await peer.call(procedure)
    except ApplicationError as error:
        return error.error == "wamp.error.no_such_procedure"
    return False


def seen(database: Database) -> list[int]:
    return [row[0] for row in database.rows("select n from r.seen order by id")]


async def test_procedures_come_and_go(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    """At commit, not at rollback, and again after a restart."""
    sidecar = make_sidecar(router.url("rawsocket"), base.url).start()
    async with joined(router) as peer:
        base.execute("begin; select wamp.register('sql.never', 'r.add2'); rollback")
        base.execute("select wamp.register('sql.add2', 'r.add2')")
        assert (await peer.call_when_there("sql.add2", 2, 3)).value == 5
        assert await gone(peer, "sql.never")
        base.execute("select wamp.register('sql.over', 'r.over', 'text')")
        assert (await peer.call_when_there("sql.over", "1")).value == "text"
        base.execute("select wamp.register('sql.late', 'r.add2', options => "
                     """'{"timeout": "2s", "invoke": "roundrobin"}')""")
        assert (await peer.call_when_there("sql.late", 1, 1)).value == 2
        base.execute("select wamp.unregister('sql.add2')")
        await until(lambda: gone(peer, "sql.add2"), "it is no longer registered")
        assert (await peer.call("sql.over", "1")).value == "text", "the others stay"
        assert not sidecar.entries("not ready"), "later procedures do not make it unready"
        assert await sidecar.stopped() == 0
        assert await gone(peer, "sql.over")
        await make_sidecar(router.url("rawsocket"), base.url).started()
        assert (await peer.call_when_there("sql.over", "1")).value == "text"
        assert await gone(peer, "sql.add2")


async def test_three_documents_are_raw_whatever_their_names(make_sidecar: SidecarMaker, router: Router,
                                                            base: InstalledDatabase) -> None:
    make_sidecar(router.url("rawsocket"), base.url, procedures={"test.three": "r.three"}).start()
    base.execute("""select wamp.register('sql.three', 'r.three'),
        wamp.register('sql.native', 'r.three', options => '{"convention": "native"}')""")
    async with joined(router) as peer:
        assert (await peer.call_when_there("sql.three", 1, "a", k=2)).value == [[1, "a"], {"k": 2}, "sql.three"]
        for native in ("sql.native", "test.three"):
            assert (await peer.call_when_there(native, 1, 2, {"procedure": 3})).value == [1, 2, 3]


async def test_subscriptions_come_and_go(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), base.url).start()
    async with joined(router) as peer:
        options = PublishOptions(acknowledge=True)
        base.execute("select wamp.subscribe('sql.topic', 'r.record')")
        await until(lambda: sidecar.entries("subscribed"), "it is subscribed")
        for n in range(100):
            await peer.session.publish("sql.topic", n, options=options)
        await until(lambda: seen(base) == list(range(100)), "all have run")
        base.execute("select wamp.unsubscribe('sql.topic', 'r.record')")
        await until(lambda: sidecar.entries("no longer registered from SQL"), "it is removed")
        base.execute("""select wamp.subscribe('sql.', 'r.record', '{"match": "prefix"}')""")
        await until(lambda: len(sidecar.entries("subscribed")) == 2, "the pattern is subscribed")
        await peer.session.publish("sql.other", 500, options=options)
        await until(lambda: seen(base)[100:] == [500], "it has run once")


async def test_two_functions_of_one_topic(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    base.execute("create function r.twice(x jsonb, y jsonb, z jsonb) returns void language sql as "
                 "'insert into r.seen (n) values ((x->>0)::integer + 1000)'")
    sidecar = make_sidecar(router.url("rawsocket"), base.url, subscriptions={
        "sql.topic": {"function": "r.record", "convention": "raw"}}).start()
    base.execute("select wamp.subscribe('sql.topic', 'r.twice')")
    await until(lambda: len(sidecar.entries("subscribed")) == 2, "both are subscribed")
    async with joined(router) as peer:
        await peer.session.publish("sql.topic", 1, options=PublishOptions(acknowledge=True))
        await until(lambda: sorted(seen(base)) == [1, 1001], "both have run")
        base.execute("select wamp.unsubscribe('sql.topic', 'r.twice')")
        await until(lambda: sidecar.entries("no longer registered from SQL"), "one is removed")
        await peer.session.publish("sql.topic", 2, options=PublishOptions(acknowledge=True))
        await until(lambda: sorted(seen(base)) == [1, 2, 1001], "the other one continues")


async def test_clashes(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    """With the file: both are named, the file counts, and nothing else stops."""
    sidecar = make_sidecar(router.url("rawsocket"), base.url, procedures={"sql.add2": "r.add2"},
                           subscriptions={"sql.topic": "r.record"}).start()
    base.execute("""select wamp.register('sql.over', 'r.over', 'integer'), wamp.register('sql.add2', 'r.three'),
        wamp.subscribe('sql.topic', 'r.record')""")
    async with joined(router) as peer:
        assert (await peer.call_when_there("sql.over", 1)).value == "integer"
        assert (await peer.call("sql.add2", 1, 2)).value == 3
        entry = sidecar.wait_for("registration from SQL can't be used", count=2)
        reasons = [entry["reason"] for entry in sidecar.entries("registration from SQL can't be used")]
        number = base.value("select id from wamp.registration where uri = 'sql.add2'")
        assert any(f"registration {number} of" in reason and "sidecar.yaml:" in reason for reason in reasons), reasons
        assert any("subscription 'sql.topic' of r.record" in reason for reason in reasons), reasons
        assert entry["level"] == "error"
        sidecar.wait_for_fault("procedure 'sql.add2'", f"registration {number} of")
        sidecar.wait_for_fault("subscription 'sql.topic'", "is mapped at")
        base.execute("select wamp.unregister('sql.add2'), wamp.unsubscribe('sql.topic', 'r.record')")
        sidecar.wait_for("ready", count=2)


async def test_faulty_rows_stop_nothing_else(make_sidecar: SidecarMaker, router: Router,
                                             base: InstalledDatabase) -> None:
    """What only the sidecar can see, and what has become wrong since."""
    sidecar = make_sidecar(router.url("rawsocket"), base.url).start()
    base.execute("""select wamp.register('sql.three', 'r.three', options => '{"timeout": "9999d"}'),
        wamp.register('sql.over', 'r.over', 'integer'), wamp.register('sql.add2', 'r.add2')""")
    async with joined(router) as peer:
        assert (await peer.call_when_there("sql.over", 1)).value == "integer"
        assert "timeout" in sidecar.wait_for("registration from SQL can't be used")["reason"]
        base.execute("drop function r.add2; select wamp.register('sql.other', 'r.three')")
        assert (await peer.call_when_there("sql.other")).args
        sidecar.wait_for("registration from SQL can't be used", where=lambda entry: "r.add2" in entry["reason"])


async def test_by_a_role_that_may(make_sidecar: SidecarMaker, router: Router, cluster: Cluster,
                                  database: Database) -> None:
    """The function must be the registrar's, and runs with the registrar's rights; the row says who registered it."""
    interface = install(database, register_to=["registrar"])
    database.execute("create schema own authorization registrar; grant usage on schema own to public")
    sidecar = make_sidecar(router.url("rawsocket"), interface.url).start()
    with connect_as(database, "registrar") as session:
        session.execute("create function own.me() returns text language sql security definer set search_path = "
                        "pg_catalog "
                        "as 'select current_user::text'")
        session.execute("select wamp.register('sql.me', 'own.me')")
    async with joined(router) as peer:
        assert (await peer.call_when_there("sql.me")).value == "registrar"
    assert sidecar.entries("registered from SQL")[0]["place"].endswith("of registrar")


@pytest.mark.parametrize("form", ["returns text", "returns setof text", "returns wamp.result"])
async def test_changed_behind_the_sidecar(make_sidecar: SidecarMaker, router: Router, database: Database,
                                          form: str) -> None:
    """A role that registers a harmless function and then removes SECURITY DEFINER from it: none of its code runs as the
    sidecar."""
    interface = install(database, register_to=["registrar"])
    database.execute(
        "create schema own authorization registrar; grant usage on schema own to public; grant usage on schema wamp to "
        "registrar; "
        "create table public.who (name text); grant insert on public.who to public")
    make_sidecar(router.url("rawsocket"), interface.url).start()
    value = "row(jsonb_build_array(current_user), null)::wamp.result" if "result" in form else "current_user::text"
    step = "return next" if "setof" in form else "return"

    def make(security: str) -> str:
        return (f"create or replace function own.me() {form} language plpgsql security {security} as "
                f"$$ begin insert into public.who values (current_user); {step} {value}; end $$")

    with connect_as(database, "registrar") as session:
        session.execute(make("definer"))
        session.execute("select wamp.register('sql.me', 'own.me')")
        async with joined(router) as peer:
            await peer.call_when_there("sql.me")
            for statement in (make("invoker"), make("definer"), "alter function own.me() security invoker",
                              "alter function own.me() security definer", make("definer"), make("invoker")):
                session.execute(statement)
                try:
                    await peer.call("sql.me")
                    assert "definer" in statement, "it runs again once it is theirs again"
                except ApplicationError as error:
                    assert "invoker" in statement, error
    assert database.rows("select distinct name from public.who") == [("registrar",)]


async def test_subscribed_by_a_low_role(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Each of its events runs in a separate session, one after the other, as the role that owns the function."""
    interface = install(database, register_to=["registrar"])
    database.execute("create schema own authorization registrar; grant usage on schema own to public")
    sidecar = make_sidecar(router.url("rawsocket"), interface.url).start()
    with connect_as(database, "registrar") as session:
        session.execute(
            "create table own.seen (id bigint generated always as identity, n int, who text, backend int); "
            "create function own.record(n int) returns void language sql security definer set search_path = pg_catalog "
            "as "
            "'insert into own.seen (n, who, backend) values (n, current_user, pg_backend_pid())'")
        session.execute("select wamp.subscribe('sql.topic', 'own.record')")
    await until(lambda: sidecar.entries("subscribed"), "it is subscribed")
    async with joined(router) as peer:
        for n in range(20):
            await peer.session.publish("sql.topic", n, options=PublishOptions(acknowledge=True))
        await until(lambda: database.value("select count(*) from own.seen") == 20, "all have run")
    assert database.rows("select n, who from own.seen order by id") == [(n, "registrar") for n in range(20)]
    assert database.value("select count(distinct backend) from own.seen") == 20


async def test_what_a_low_role_leaves_in_its_session(make_sidecar: SidecarMaker, router: Router,
                                                     database: Database) -> None:
    """Prepared statements under the sidecar's names, temporary views in front, settings: no other role's call meets
    them."""
    interface = install(database, register_to=["registrar"])
    database.execute(
        """
        create schema own authorization registrar; grant usage on schema own to public;
        grant usage on schema wamp to registrar;
        create table public.log (line text); insert into public.log values ('true'); grant select on public.log to wamp;
        create function public.read_log() returns text language plpgsql as $$ begin return (select max(line) from log);
            end $$;
        """)
    make_sidecar(router.url("rawsocket"), interface.url, database={"connections": 1},
                 procedures={"test.log": "public.read_log"},
                 subscriptions={}).start()
    with connect_as(database, "registrar") as session:
        session.execute(
            """
            create table own.loot (who text);
            create function own.grab() returns text language plpgsql as
                $$ begin insert into own.loot values (current_user); return 'forged'; end $$;
            grant usage on schema own to public; grant insert on own.loot to public;
            create function own.poison() returns text language plpgsql security definer as $$
            declare s record;
            begin
                perform set_config('search_path', 'own, public', false);
                execute 'create temp view log as select own.grab() as line';
                execute 'grant select on log to public';
                for s in select name from pg_prepared_statements where name like 'w%' loop
                    execute format('deallocate %I', s.name);
                    execute format('prepare %I as select own.grab()', s.name);
                end loop;
                return 'done';
            end $$;
            """)
        session.execute("select wamp.register('sql.poison', 'own.poison')")
    async with joined(router) as peer:
        assert (await peer.call("test.log")).value == "true"
        await peer.call_when_there("sql.poison")
        for _ in range(3):
            assert (await peer.call("sql.poison")).value == "done"
            assert (await peer.call("test.log")).value == "true"
    assert database.rows("select distinct who from own.loot where who <> 'registrar'") == []


async def test_dead_letters_are_tried_again(make_sidecar: SidecarMaker, router: Router,
                                            base: InstalledDatabase) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), base.url).start()
    base.execute("select wamp.subscribe('sql.topic', 'r.fails')")
    await until(lambda: sidecar.entries("subscribed"), "it is subscribed")
    async with joined(router) as peer:
        for n in range(3):
            await peer.session.publish("sql.topic", n, options=PublishOptions(acknowledge=True))
        await until(lambda: base.value("select count(*) from wamp.dead_letter") == 3, "all are dead letters")
        base.execute("select wamp.dead_letter_retry(array_agg(id)) from wamp.dead_letter where args->>0 = '0'")
        await until(lambda: base.value("select count(*) from wamp.dead_letter where attempts = 2 and not retry") == 1,
                    "it has failed again")
        base.execute("create table r.open (); "
                     "select wamp.dead_letter_retry(array_agg(id order by id)) from wamp.dead_letter")
        await until(lambda: base.value("select count(*) from wamp.dead_letter") == 0, "all have run")
    assert seen(base) == [0, 1, 2]


async def test_storm(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    """Many at once, and removed again: what is left is what the table says."""
    sidecar = make_sidecar(router.url("rawsocket"), base.url).start()
    with base.connect() as session:
        for n in range(200):
            session.execute("select wamp.register(%s, 'r.add2')", (f"sql.n{n}",))
        for n in range(190):
            session.execute("select wamp.unregister(%s)", (f"sql.n{n}",))
    async with joined(router) as peer:
        assert (await peer.call_when_there("sql.n199", 1, 2)).value == 3
        await until(lambda: gone(peer, "sql.n0"), "the first is gone")
        await until(lambda: gone(peer, "sql.n189"), "the last is gone")
    assert sidecar.running


def test_documents(base: InstalledDatabase) -> None:
    """What a row holds is what the sidecar reads."""
    base.execute("""select wamp.register('sql.a', 'r.over', 'integer', '{"role": "wamp"}')""")
    row: tuple[Any, ...] = base.rows("select kind, uri, proc, signature, options, fault from wamp.mapping_rows()")[0]
    assert row[:4] == ("registration", "sql.a", "r.over", "integer") and json.loads(row[4]) == {"role": "wamp"}


async def test_ten_thousand(make_sidecar: SidecarMaker, router: Router, base: InstalledDatabase) -> None:
    """Calls continue while so many are registered in one transaction, after a restart, and while they are removed;
    SIGTERM is obeyed."""
    async with joined(router) as peer:

        async def calls_until_there(is_there: bool) -> int:
            """How many calls of another procedure are answered until the last of them is registered, or removed."""
            answered = 0

            async def look() -> bool:
                nonlocal answered
                for _ in range(10):
                    assert (await peer.call("test.add2", 2, 3)).value == 5
                    answered += 1
                return await gone(peer, "sql.p10000") != is_there

            await until(look, f"the last one is {'there' if is_there else 'gone'}", 120)
            return answered

        for round in range(2):
            sidecar = make_sidecar(router.url("rawsocket"), base.url,
                procedures={"test.add2": "r.add2"}).start(until=None)
            await peer.call_when_there("test.add2", 1, 1, seconds=60)
            if round == 0:
                base.execute("insert into wamp.registration (uri, proc) "
                             "select 'sql.p' || n, 'r.add2' from generate_series(1, 10000) as n")
            assert await calls_until_there(True) >= 100
            assert (await peer.call("sql.p10000", 1, 1)).value == 2
            if round == 1:
                base.execute("delete from wamp.registration")
                assert await calls_until_there(False) >= 50
            peak = sidecar.peak()
            assert await sidecar.stopped() == 0
            assert peak < ceiling(64 << 20), peak
