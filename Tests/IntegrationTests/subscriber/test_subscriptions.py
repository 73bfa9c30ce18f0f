"""Events run functions: in order, whatever fails or is killed in between, with their details, and none vanishes
silently."""

import asyncio
import json
from contextlib import ExitStack
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.deadline import until
from actors.installation import InstalledDatabase
from actors.peer import Peer, PublishOptions, joined
from actors.router import Router
from actors.scripted_router import EVENT, UNSUBSCRIBE, UNSUBSCRIBED, Connection, scripted
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

#: The table that the functions of these tests write to, and a function for each kind of behaviour.
SCHEMA = """
create schema e;
create table e.seen (id bigint generated always as identity, n integer, who text);
create table e.detail (id bigint generated always as identity, args jsonb, kwargs jsonb, details jsonb);
create sequence e.attempts;
create function e.record(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$
begin insert into e.seen (n) values ((args->>0)::integer); end $$;
create function e.details(args jsonb, kwargs jsonb, details jsonb) returns void language sql as
    'insert into e.detail (args, kwargs, details) values (args, kwargs, details)';
create function e.native(n integer, label text default 'none') returns void language sql as
    'insert into e.seen (n, who) values (n, label)';
-- Every tenth event fails twice like a serialization failure (a sequence is not rolled back), every hundredth for good.
create function e.shaky(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$
declare n integer := (args->>0)::integer;
begin
    if n % 100 = 0 then raise exception 'no %', n using errcode = 'P0001'; end if;
    if n % 10 = 0 and nextval('e.attempts') % 3 <> 0 then raise exception 'again' using errcode = '40001'; end if;
    insert into e.seen (n) values (n);
end $$;
create function e.never(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$
begin perform nextval('e.attempts'); raise exception 'again' using errcode = '40P01'; end $$;
create function e.slow(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$
begin
    perform pg_sleep(coalesce((kwargs->>'seconds')::float, 0.05));
    insert into e.seen (n) values ((args->>0)::integer);
end $$;
create function e.who(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$
begin
    insert into e.seen (n, who) values ((args->>0)::integer, concat_ws(' ', current_user,
        current_setting('search_path'),
        current_setting('statement_timeout'), current_setting('wamp.caller_authid', true)));
    perform set_config('search_path', 'pg_temp', false), set_config('statement_timeout', '1', false),
        set_config('wamp.caller_authid', 'forged', false), set_config('wamp.seq', '4711', false);
end $$;
create procedure e.called(args jsonb, kwargs jsonb, details jsonb) language plpgsql as $$
begin insert into e.seen (n) values ((args->>0)::integer); end $$;
"""


def prepared(database: Database) -> Database:
    """The functions, for the sidecar's role."""
    database.execute(SCHEMA)
    role = "wamp" if isinstance(database, InstalledDatabase) else "sidecar"
    database.execute(f"grant usage on schema e to {role}; grant all on all tables in schema e to {role};"
                     f"grant all on all sequences in schema e to {role}")
    return database


def seen(database: Database) -> list[int]:
    return [row[0] for row in database.rows("select n from e.seen order by id")]


async def publish(peer: Peer, topic: str, numbers: range, **kwargs: Any) -> None:
    """In order; the last one acknowledged, and with it all that were sent before."""
    for n in numbers:
        peer.session.publish(topic, n, **kwargs)
    await peer.session.publish(topic, numbers.stop, options=PublishOptions(acknowledge=True), **kwargs)


async def test_in_order(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    prepared(database)
    make_sidecar(router.url(transport), database.url, subscriptions={"test.n": "e.record"}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 5000))
        await until(lambda: len(seen(database)) == 5000, "all have run")
    assert seen(database) == list(range(1, 5001))


@pytest.mark.once
async def test_order_of_those_that_are_tried_again(make_sidecar: SidecarMaker, router: Router,
                                                   installed: InstalledDatabase) -> None:
    """Events behind one that fails wait for it; one that fails for good is skipped, and kept."""
    prepared(installed)
    make_sidecar(router.url("rawsocket"), installed.url, subscriptions={"test.n": "e.shaky"}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 1000))
        await until(lambda: len(seen(installed)) == 990, "all have run", 120)
        await until(lambda: installed.value("select count(*) from wamp.dead_letter") == 10, "the others are kept")
    assert seen(installed) == [n for n in range(1, 1001) if n % 100]
    letters = installed.rows("select subscription, topic, args, kwargs, proc, error, message, attempts, kind "
                             "from wamp.dead_letter order by id")
    assert [row[2] for row in letters] == [[n] for n in range(100, 1001, 100)]
    assert letters[0][0:2] == ("test.n", "test.n") and letters[0][4:6] == ("e.shaky", "P0001")
    assert letters[0][6:] == ("no 100", 1, "event")
    assert installed.value("select details->>'topic' from wamp.dead_letter limit 1") == "test.n"


async def test_backends_are_killed(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """One that was under way may run twice; the order of all others holds."""
    prepared(database)
    make_sidecar(router.url("rawsocket"), database.url,
                 subscriptions={"test.n": {"function": "e.record", "retries": 100}}).start()
    async with joined(router) as peer:
        for part in range(20):
            await publish(peer, "test.n", range(part * 500 + 1, part * 500 + 500))
            database.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sidecar' "
                             "and application_name like '%calls%' and random() < 0.7")
        await until(lambda: len(set(seen(database))) == 10_000, "all have run", 120)
    once = list(dict.fromkeys(seen(database)))
    assert once == list(range(1, 10_001))


async def test_database_restarts(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster) -> None:
    database = prepared(mortal_cluster.create_database("restarts"))
    sidecar = make_sidecar(router.url("rawsocket"), database.url,
                           subscriptions={"test.n": {"function": "e.record", "retries": 100}}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 500))
        await asyncio.to_thread(mortal_cluster.stop)
        await publish(peer, "test.n", range(501, 1000))
        await asyncio.to_thread(mortal_cluster.start)
        await publish(peer, "test.n", range(1001, 1500))
        await until(lambda: len(set(seen(database))) == 1500, "all have run", 120)
    assert list(dict.fromkeys(seen(database))) == list(range(1, 1501))
    assert sidecar.running


async def test_patterns_and_details(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    prepared(database)
    make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.exact": "e.details",
        "test.prefix": {"function": "e.details", "match": "prefix"},
        "test..wild": {"function": "e.details", "match": "wildcard"},
        "disclosed.topic": "e.details",
    }).start()
    topics = ["test.exact", "test.prefixed.more", "test.any.wild", "disclosed.topic", "test.other"]
    async with joined(router) as peer:
        for number, topic in enumerate(topics):
            await peer.session.publish(topic, number, {"a": [1.5, None, "ü"]}, key="value",
                                       options=PublishOptions(acknowledge=True))
        await peer.session.publish("test.exact", options=PublishOptions(acknowledge=True))
        await until(lambda: database.value("select count(*) from e.detail") == 5, "all have run")
        rows = {row[2]["topic"]: row for row in database.rows("select args, kwargs, details from e.detail order by id")}
        assert rows["test.prefixed.more"][0] == [1, {"a": [1.5, None, "ü"]}]
        assert rows["test.any.wild"][1] == {"key": "value"}
        assert rows["disclosed.topic"][2]["publisher"] == peer.session._session_id
        assert rows["disclosed.topic"][2]["publisher_authrole"] == "everybody"
        assert "publisher" not in rows["test.prefixed.more"][2]
        assert rows["test.exact"][0:2] == ([], {}), "absent arguments are empty ones"
        assert all(row[2]["publication"] > 0 and "procedure" not in row[2] for row in rows.values())


async def test_retained(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    prepared(database)
    async with joined(router) as peer:
        options = PublishOptions(acknowledge=True, retain=True)
        await peer.session.publish("test.kept", "old", options=options)
        await peer.session.publish("test.kept", "new", options=options)
        sidecar = make_sidecar(router.url("rawsocket"), database.url, subscriptions={
            "test.kept": {"function": "e.details", "retained": True}}).start()
        await until(lambda: database.value("select count(*) from e.detail") == 1, "the retained event has run")
        assert database.rows("select args, details->'retained' from e.detail") == [(["new"], True)]
        await asyncio.to_thread(sidecar.stop)


async def test_native_functions_and_calls(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    prepared(database)
    make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.native": "e.native", "test.called": "e.called"}).start()
    async with joined(router) as peer:
        await peer.session.publish("test.native", 1, options=PublishOptions(acknowledge=True))
        await until(lambda: len(seen(database)) == 1, "the first has run")
        peer.session.publish("test.native", 2, label="named")
        peer.session.publish("test.native", 3, 4, 5)
        peer.session.publish("test.native", n=6)
        await until(lambda: len(seen(database)) == 3, "those that fit have run")
        await publish(peer, "test.called", range(7, 50))
        await until(lambda: len(seen(database)) == 47, "the procedure has run")
    assert database.rows("select n, who from e.seen order by id limit 3") == [(1, "none"), (2, "named"), (6, "none")]
    assert seen(database)[3:] == list(range(7, 51))


async def test_nothing_stays(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """What a function leaves in its session reaches neither the next event nor the order."""
    prepared(database)
    make_sidecar(router.url("rawsocket"), database.url, subscriptions={"test.n": "e.who"}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 100))
        await until(lambda: len(seen(database)) == 100, "all have run")
    assert seen(database) == list(range(1, 101))
    assert database.rows("select distinct who from e.seen") == [('sidecar "$user", public 30s ',)]


async def test_role(make_sidecar: SidecarMaker, afterwards: ExitStack, router: Router, database: Database) -> None:
    prepared(database)
    database.execute("create role event_writer; grant event_writer to sidecar; grant usage on schema e to event_writer;"
                     "grant all on all tables in schema e to event_writer")
    afterwards.callback(database.drop_roles, "event_writer")
    make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.plain": "e.who", "test.role": {"function": "e.who", "role": "event_writer", "timeout": "7s"}}).start()
    async with joined(router) as peer:
        for n in range(10):
            await peer.session.publish(("test.plain", "test.role")[n % 2], n,
                options=PublishOptions(acknowledge=True))
        await until(lambda: len(seen(database)) == 10, "all have run")
    assert {(n % 2, *who.split()[::3]) for n, who in database.rows("select n, who from e.seen")} == {
        (0, "sidecar", "30s"), (1, "event_writer", "7s")}


async def test_several_at_once(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """`concurrency` gives the order up for speed: three at a time."""
    prepared(database)
    database.execute("create function e.held(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as "
                     "$$ begin perform pg_advisory_xact_lock_shared(1); perform e.slow(args, kwargs, details); end $$")
    make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.n": {"function": "e.held", "concurrency": 3, "timeout": "20m"}, "test.other": "e.record"}).start()
    most = 0

    def running() -> int:
        nonlocal most
        count: int = database.value("select count(*) from pg_stat_activity where usename = 'sidecar' and datname = "
                                    "current_database() and state = 'active' and query ~ 'held'")
        most = max(most, count)
        return count

    async with joined(router) as peer:
        with database.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            await publish(peer, "test.n", range(1, 60))
            # An event of another topic behind them: all of them have arrived.
            await publish(peer, "test.other", range(61, 61))
            await until(lambda: seen(database) == [61] and running() == 3, "three run")
        await until(lambda: running() <= 3 and len(seen(database)) == 61, "all have run")
    assert sorted(seen(database)) == list(range(1, 62))
    assert most == 3


async def test_given_up_after_its_retries(make_sidecar: SidecarMaker, router: Router,
                                          installed: InstalledDatabase) -> None:
    prepared(installed)
    make_sidecar(router.url("rawsocket"), installed.url, subscriptions={
        "test.never": {"function": "e.never", "retries": 2}}).start()
    async with joined(router) as peer:
        await peer.session.publish("test.never", 1, options=PublishOptions(acknowledge=True))
        await until(lambda: installed.value("select count(*) from wamp.dead_letter") == 1, "it is given up")
    assert installed.rows("select error, message, attempts from wamp.dead_letter") == [("40P01", "again", 3)]
    assert installed.value("select last_value from e.attempts") == 3


async def test_timeout(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """Only the event whose time is over is given up; a cancel by somebody else is no reason for that."""
    prepared(installed)
    make_sidecar(router.url("rawsocket"), installed.url, subscriptions={
        "test.n": {"function": "e.slow", "timeout": "8s"}}).start()
    async with joined(router) as peer:
        peer.session.publish("test.n", 1, seconds=0)
        peer.session.publish("test.n", 2, seconds=1000)
        await peer.session.publish("test.n", 3, seconds=4, options=PublishOptions(acknowledge=True))
        await until(lambda: seen(installed) == [1], "the first has run")
        await until(lambda: installed.value("select count(*) from wamp.dead_letter") == 1, "the second is given up")

        def canceled() -> bool:
            return bool(installed.value(
                "select count(*) filter (where pg_cancel_backend(pid)) from pg_stat_activity where usename = 'wamp' "
                "and state = 'active' and query like '%slow%'"))

        await until(canceled, "the third is canceled")
        await until(lambda: seen(installed) == [1, 3], "it has run nevertheless")
    assert installed.rows("select args, error from wamp.dead_letter") == [([2], "57014")]


async def test_what_jsonb_does_not_take(make_sidecar: SidecarMaker, router: Router,
                                        installed: InstalledDatabase) -> None:
    prepared(installed)
    make_sidecar(router.url("rawsocket"), installed.url, subscriptions={"test.raw": "e.details"}).start()
    async with joined(router) as peer:
        peer.session.publish("test.raw", b"\x00\xff")
        await peer.session.publish("test.raw", "a\x00b", options=PublishOptions(acknowledge=True))
        await peer.session.publish("test.raw", "after", options=PublishOptions(acknowledge=True))
        await until(lambda: installed.value("select count(*) from e.detail") == 2, "those that can have run")
        await until(lambda: installed.value("select count(*) from wamp.dead_letter") == 1, "the other one is kept")
    assert [row[0] for row in installed.rows("select args from e.detail order by id")] == [["\\x00ff"], ["after"]]
    kept, error = installed.rows("select args, error from wamp.dead_letter")[0]
    assert json.loads(kept) == ["a\x00b"] and error == "wamp.error.invalid_argument"


async def test_function_that_comes_goes_and_changes(make_sidecar: SidecarMaker, router: Router,
                                                    installed: InstalledDatabase) -> None:
    prepared(installed)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, subscriptions={"test.n": "e.late"}).start(
        until="running with faults")
    async with joined(router) as peer:
        await peer.session.publish("test.n", 1, options=PublishOptions(acknowledge=True))
        waits = await asyncio.to_thread(sidecar.wait_for, "events wait: they can't be run now")
        assert (waits["topic"], waits["error"]) == ("test.n", "42883")
        await peer.session.publish("test.n", 2, options=PublishOptions(acknowledge=True))
        installed.execute("create function e.late(n integer) returns void language sql as 'insert into e.seen (n) "
                          "values (n)'")
        await until(lambda: seen(installed) == [1, 2], "both run")
        sidecar.wait_for("ready")
        installed.execute("drop function e.late(integer); create function e.late(args jsonb) returns text language sql "
                          "as "
                          "'insert into e.seen (n) values ((args->>0)::integer + 100) returning who'")
        await publish(peer, "test.n", range(3, 50))
        await until(lambda: len(seen(installed)) == 50, "all have run")
    assert seen(installed) == [1, 2, *range(103, 151)]
    assert installed.value("select count(*) from wamp.dead_letter") == 0


async def test_without_dead_letters(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Without the SQL interface a failure is logged as an error with topic and reason, and the next event runs."""
    prepared(database)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, subscriptions={"test.n": "e.shaky"}).start()
    async with joined(router) as peer:
        await peer.session.publish("test.n", 100, options=PublishOptions(acknowledge=True))
        await peer.session.publish("test.n", 101, options=PublishOptions(acknowledge=True))
        await until(lambda: seen(database) == [101], "the next one has run")
    entry = sidecar.wait_for("event failed")
    assert (entry["level"], entry["topic"], entry["error"], entry["reason"]) == ("error", "test.n", "P0001", "no 100")
    assert sidecar.wait_for("event lost")["topic"] == "test.n"


async def test_bounds(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster) -> None:
    """While the database is down ten thousand events wait; the rest is dropped, counted, and readiness says so."""
    database = prepared(mortal_cluster.create_database("bounds"))
    sidecar = make_sidecar(router.url("rawsocket"), database.url,
                           subscriptions={"test.n": {"function": "e.record", "retries": 100}}).start()
    async with joined(router) as peer:
        await asyncio.to_thread(mortal_cluster.stop)
        sidecar.wait_for("database lost")
        await publish(peer, "test.n", range(1, 11_000))
        dropped = await asyncio.to_thread(sidecar.wait_for, "event dropped: too many wait for the database")
        assert dropped["topic"] == "test.n"
        await asyncio.to_thread(mortal_cluster.start)
        await until(lambda: len(seen(database)) == 10_000, "what waited has run", 120)
        assert seen(database) == list(range(1, 10_001))
        assert sidecar.resident() < 64 * 1024 * 1024
        await publish(peer, "test.n", range(20_001, 20_010))
        await until(lambda: len(seen(database)) == 10_010, "later events run")


async def test_refused_subscription(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    prepared(database)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.n": "e.record", "unheard.topic": "e.record"}).start(until="running with faults")
    assert sidecar.wait_for("not subscribed")["topic"] == "unheard.topic"
    async with joined(router) as peer:
        await peer.session.publish("test.n", 1, options=PublishOptions(acknowledge=True))
        await until(lambda: seen(database) == [1], "the others continue")


@pytest.mark.once
async def test_new_session(make_sidecar: SidecarMaker, mortal_router: Router, database: Database) -> None:
    """Everything is subscribed again when the router is back."""
    prepared(database)
    sidecar = make_sidecar(mortal_router.url("rawsocket"), database.url, subscriptions={"test.n": "e.record"}).start()
    await asyncio.to_thread(mortal_router.kill)
    await asyncio.to_thread(mortal_router.start)
    await asyncio.to_thread(sidecar.wait_for, "subscribed", 60, 2)
    async with joined(mortal_router) as peer:
        await publish(peer, "test.n", range(1, 10))
        await until(lambda: seen(database) == list(range(1, 11)), "all have run")


@pytest.mark.parametrize("interface", [False, True])
async def test_stopping(make_sidecar: SidecarMaker, router: Router, database: Database, installed: InstalledDatabase,
                        interface: bool) -> None:
    """Events that have arrived when the sidecar is told to stop run to their end."""
    base = prepared(installed if interface else database)
    sidecar = make_sidecar(router.url("rawsocket"), base.url, subscriptions={"test.n": "e.slow"},
                           shutdown_timeout="60s").start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 20), seconds=0.05)
        await until(lambda: len(seen(base)) >= 2, "some have run")
        assert await sidecar.stopped() == 0
    assert seen(base) == list(range(1, 21))


async def test_slow_topic_drops_only_its_own(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """While the events of one topic wait for a lock, those of another run, all of them; readiness and the log name the
    slow one."""
    prepared(database)
    database.execute("create table e.gate (n integer); insert into e.gate values (1); grant all on e.gate to sidecar;"
                     "create function e.stuck(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql "
                     "as "
                     "$$ begin perform from e.gate for update; end $$")
    sidecar = make_sidecar(router.url("rawsocket"), database.url, subscriptions={
        "test.slow": {"function": "e.stuck", "timeout": "10m"}, "test.n": "e.record"}).start()
    with database.connect() as session:
        session.execute("begin; lock table e.gate")
        async with joined(router) as peer:
            await publish(peer, "test.slow", range(1, 12_000))
            dropped = await asyncio.to_thread(sidecar.wait_for, "event dropped: too many wait for the database")
            assert dropped["topic"] == "test.slow"
            await publish(peer, "test.n", range(1, 1000))
            await until(lambda: len(seen(database)) == 1000, "all of the other topic have run")
            await asyncio.to_thread(sidecar.wait_for_fault, "subscription 'test.slow'")
            assert [entry["name"] for entry in sidecar.entries("fault")] == ["subscription 'test.slow'"]
        session.execute("rollback")
    assert seen(database) == list(range(1, 1001))
    assert ({entry["topic"] for entry in sidecar.entries("event dropped: too many wait for the database")}
            == {"test.slow"})
    await asyncio.to_thread(sidecar.wait_for, "ready", 60, 2)


#: Each makes the events of `test.n` impossible to run, whose function is e.who as the role event_holder; and repairs
#: it.
FAULTS = {
    "role": ("revoke event_holder from wamp", "grant event_holder to wamp"),
    "execute": ("revoke execute on function e.who from public", "grant execute on function e.who to public"),
    "schema": ("revoke usage on schema e from event_holder", "grant usage on schema e to event_holder"),
    "renamed": ("alter function e.who rename to whose", "alter function e.whose rename to who"),
    "disk": ("alter table e.seen add constraint full_check check (e.full_disk()) not valid",
             "alter table e.seen drop constraint full_check"),
}


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("fault", FAULTS)
async def test_held_until_it_can_be_run(make_sidecar: SidecarMaker, afterwards: ExitStack, router: Router,
                                        installed: InstalledDatabase, fault: str, concurrency: int) -> None:
    """A fault of the mapping or the server is no event's fault: all wait, readiness says why, and none becomes a dead
    letter."""
    prepared(installed)
    installed.execute("create role event_holder; grant event_holder to wamp; grant usage on schema e to event_holder;"
                      "grant all on all tables in schema e to event_holder;"
                      # No room for its temporary file: the server's own error, as of a full disk.
                      "create function e.full_disk() returns boolean language plpgsql security definer "
                      "set temp_file_limit = 0 set work_mem = '64kB' as "
                      "$$ begin return count(*) > 0 from (select from generate_series(1, 100000) n order by n desc) s; "
                      "end $$")
    spoil, mend = FAULTS[fault]
    afterwards.callback(installed.drop_roles, "event_holder")
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, subscriptions={
        "test.n": {"function": "e.who", "role": "event_holder", "concurrency": concurrency},
        "test.other": "e.record"}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 10))
        await until(lambda: len(seen(installed)) == 10, "the first have run")
        installed.execute(spoil)
        await publish(peer, "test.n", range(11, 100))
        waits = await asyncio.to_thread(sidecar.wait_for, "events wait: they can't be run now")
        assert waits["topic"] == "test.n" and waits["reason"]
        assert fault != "disk" or waits["error"] == "53400"
        await asyncio.to_thread(sidecar.wait_for_fault, "subscription 'test.n'", "its events wait")
        if fault != "disk":
            await publish(peer, "test.other", range(1001, 1010))
            await until(lambda: len(seen(installed)) >= 20, "those of another subscription run")
        installed.execute(mend)
        await until(lambda: len([n for n in seen(installed) if n <= 100]) == 100, "all have run")
        await asyncio.to_thread(sidecar.wait_for, "ready", 60, 2)
    ran = [n for n in seen(installed) if n <= 100]
    assert (ran if concurrency == 1 else sorted(ran)) == list(range(1, 101))
    assert installed.value("select count(*) from wamp.dead_letter") == 0


async def test_refused_within_the_function(make_sidecar: SidecarMaker, router: Router,
                                           installed: InstalledDatabase) -> None:
    """The same errors, raised by the function for one event, are that event's, whatever they say of the server: it
    becomes a dead letter, and the next one runs."""
    prepared(installed)
    installed.execute("create function e.picky(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql "
                      "as $$ begin "
                      "if args->>1 is not null then raise exception 'no' using errcode = args->>1; end if;"
                      "perform e.record(args, kwargs, details); end $$;"
                      "create table e.hidden ();"
                      "create function e.inlined(args jsonb, kwargs jsonb, details jsonb) returns setof int language "
                      "sql stable as "
                      "'select 1 from e.hidden'")
    sidecar = make_sidecar(router.url("rawsocket"), installed.url,
                           subscriptions={"test.n": "e.picky", "test.inlined": "e.inlined"}).start()
    codes = ["22023", "25006", "42501", "42883", "42P01", "53100", "53300", "57P03", "58030"]
    async with joined(router) as peer:
        for code in (*codes, None):
            await peer.session.publish("test.n", 1, code, options=PublishOptions(acknowledge=True))
        await peer.session.publish("test.inlined", options=PublishOptions(acknowledge=True))
        await until(lambda: seen(installed) == [1], "the last one runs")
        await until(lambda: installed.value("select count(*) from wamp.dead_letter") == 10, "the others are kept")
    assert sorted(row[0] for row in installed.rows("select error from wamp.dead_letter")) == sorted([*codes, "42501"])
    failures = [entry["reason"] for entry in sidecar.entries("event failed") if entry["error"] == "42501"]
    assert failures and all("it ran as the sidecar's role wamp (" in reason for reason in failures)
    assert not sidecar.entries("events wait: they can't be run now")


#: What every third event does to the session that others use after it, and how often an event is tried again.
SPOILERS = {"statements": ("deallocate all", 0), "session": ("set idle_session_timeout = '1ms'", 100)}


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("spoiled", SPOILERS)
async def test_behind_one_that_spoils_the_session(make_sidecar: SidecarMaker, router: Router,
                                                  installed: InstalledDatabase, spoiled: str,
                                                  concurrency: int) -> None:
    """An event that could not run because of what another one did to their session runs in another one."""
    prepared(installed)
    command, retries = SPOILERS[spoiled]
    installed.execute("create function e.spoil(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql "
                      f"as $$ begin if (args->>0)::integer % 3 = 0 then {command}; end if;"
                      "perform e.record(args, kwargs, details); end $$")
    make_sidecar(router.url("rawsocket"), installed.url, subscriptions={
        "test.n": {"function": "e.spoil", "concurrency": concurrency, "retries": retries}}).start()
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 60))
        await until(lambda: len(set(seen(installed)))
                    + installed.value("select count(*) from wamp.dead_letter") == 60, "all have run", 120)
    ran = seen(installed)
    assert (ran if concurrency == 1 else sorted(ran)) == list(range(1, 61))
    assert installed.value("select count(*) from wamp.dead_letter") == 0


async def test_held_at_the_end(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """Events that can't be run when the sidecar is told to stop are kept as dead letters: the router would not send
    them again."""
    prepared(installed)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, subscriptions={"test.n": "e.late"},
                           shutdown_timeout="60s").start(until="running with faults")
    async with joined(router) as peer:
        await publish(peer, "test.n", range(1, 600))
        await asyncio.to_thread(sidecar.wait_for, "events wait: they can't be run now")
        assert await sidecar.stopped() == 0
    assert ([row[0] for row in installed.rows("select args from wamp.dead_letter order by id")]
            == [[n] for n in range(1, 601)])


@pytest.mark.parametrize("taken_back_by", ["SIGTERM", "SQL"])
async def test_on_its_way_while_taken_back(make_sidecar: SidecarMaker, installed: InstalledDatabase,
                                           taken_back_by: str) -> None:
    """What the router had sent before it saw UNSUBSCRIBE runs."""
    prepared(installed)
    late = range(1, 51)

    async def crossing(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == UNSUBSCRIBE:
                for n in late:
                    connection.send(EVENT, 200, n, {}, [n])
                connection.send(UNSUBSCRIBED, message[1])
            connection.answer(message)

    async with scripted(crossing) as script:
        installed.execute("select wamp.subscribe('test.n', 'e.record')")
        sidecar = await make_sidecar(script.url, installed.url, shutdown_timeout="60s").started()
        await until(lambda: sidecar.entries("subscribed"), "it is subscribed")
        if taken_back_by == "SQL":
            installed.execute("select wamp.unsubscribe('test.n', 'e.record')")
            await until(lambda: len(seen(installed)) == len(late), "all have run")
        assert await sidecar.stopped() == 0
    assert seen(installed) == list(late)
