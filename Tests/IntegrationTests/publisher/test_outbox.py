"""publish(): what is committed is published, in order and at least once; what is rolled back never is."""

import json
import random
import threading
from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import Router
from actors.hammer import Hammer
from actors.scripted_router import ERROR, PUBLISH, Connection, scripted
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

LEADING = "leading: this sidecar does the work that must happen once"


def publish(database: Database, *rows: tuple[Any, ...]) -> list[int]:
    """Publishes each row's topic, args, kwargs and options in one transaction."""
    with database.connect() as connection, connection.transaction():
        return [
            connection.execute(
                "select wamp.publish(%s, %s::jsonb, %s::jsonb, %s::jsonb)",
                [row[0]] + [None if value is None else json.dumps(value) for value in (*row[1:], None, None, None)[:3]],
            ).fetchone()[0]  # type: ignore[index]
            for row in rows
        ]


def outbox(database: Database) -> int:
    count: int = database.value("select count(*) from wamp.outbox")
    return count


async def test_published(make_sidecar: SidecarMaker, router: Router, transport: str, installed: Database) -> None:
    make_sidecar(router.url(transport), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.", match="prefix")
        publish(
            installed, ("test.a", [1, "two", None], {"three": {"four": [5]}}), ("test.b",), ("test.c", None, {"k": 1}),
            ("test.d", [], {}), ("test.e", ["Ünïcödé 😀 \u0001 \\u0000 \""], None, {"exclude_me": False}))
        events = await inbox.first(5)
        assert [(event.topic, event.args, event.kwargs) for event in events] == [
            ("test.a", [1, "two", None], {"three": {"four": [5]}}), ("test.b", [], {}), ("test.c", [], {"k": 1}),
            ("test.d", [], {}), ("test.e", ["Ünïcödé 😀 \u0001 \\u0000 \""], {})]
        await until(lambda: outbox(installed) == 0, "what is published leaves the outbox")


async def test_rolled_back(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """In transactions and in savepoints; asleep, awake, and before there is a sidecar."""
    def write() -> None:
        with installed.connect() as connection:
            connection.execute(
                """
                begin; select wamp.publish('test.news', '[1]');
                savepoint a; select wamp.publish('test.news', '["not this"]'); rollback to a;
                savepoint b; select wamp.publish('test.news', '[2]'); release b;
                savepoint c; select wamp.publish('test.news', '["nor this"]'); rollback to c; commit;
                begin; select wamp.publish('test.news', '["never"]'); rollback;
                select wamp.publish('test.news', '[3]');
                """)

    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        write()
        make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
        assert [event.args for event in await inbox.first(3)] == [[1], [2], [3]]
        for round in range(1, 20):
            write()
            if round % 2:
                await inbox.first(3 * round + 3)
        events = await inbox.first(60)
        assert [event.args for event in events] == [[1], [2], [3]] * 20
        publish(installed, ("test.news", ["last"]))
        assert (await inbox.first(61))[60].args == ["last"], "and nothing else arrived"


async def test_large(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Up to the router's limit; beyond it a dead letter, and the next event is published."""
    make_sidecar(router.url("narrow"), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        publish(installed, ("test.news", ["x" * 60_000]), ("test.news", ["y" * 70_000]), ("test.news", ["z"]))
        events = await inbox.first(2)
        assert [event.args[0][0] for event in events] == ["x", "z"]
    await until(lambda: outbox(installed) == 0, "the outbox is empty")
    letters = installed.rows("select kind, topic, args ->> 0, error, attempts from wamp.dead_letter")
    assert [(row[0], row[1], row[2][:1], row[3]) for row in letters] == [
        ("publish", "test.news", "y", "wamp.error.payload_size_exceeded")]


async def test_megabytes(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Events of many megabytes, too large for NOTIFY."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        installed.execute("select wamp.publish('test.news', jsonb_build_array(n, repeat(chr(64 + n), 6000000))) from "
                          "generate_series(1, 6) n")
        events = await inbox.first(6, 120)
        assert [(event.args[0], len(event.args[1])) for event in events] == [(n, 6_000_000) for n in range(1, 7)]


async def test_forbidden(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """What the router does not allow goes to the dead letters immediately, and blocks nothing."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        publish(installed, ("forbidden.news", [1], {"a": 2}, {"exclude_me": False}), ("test.news", [2]))
        assert (await inbox.first(1))[0].args == [2]
    await until(lambda: outbox(installed) == 0, "the outbox is empty")
    assert installed.rows("select topic, args, kwargs, options, error from wamp.dead_letter") == [
        ("forbidden.news", [1], {"a": 2}, {"exclude_me": False}, "wamp.error.not_authorized")]
    sidecar.wait_for("event moved to the dead letters", where=lambda entry: entry["topic"] == "forbidden.news")


async def test_refused_for_the_moment(make_sidecar: SidecarMaker, installed: Database) -> None:
    """One topic waits, the others continue; after its last attempt the event becomes a dead letter, and the next one of
    its topic is published."""
    heard: list[tuple[str, int]] = []

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH:
                heard.append((message[3], message[4][0]))
                if heard[-1] == ("test.moody", 1):
                    connection.send(ERROR, PUBLISH, message[1], {}, "wamp.error.unavailable")
                    continue
            connection.answer(message)

    async with scripted(script) as router:
        # After three attempts, and not before ten seconds.
        await make_sidecar(router.url, installed.url, outbox={"attempts": 3}).started(LEADING)
        publish(installed, ("test.moody", [1]))
        # From now on it waits for 8 s.
        await until(lambda: heard.count(("test.moody", 1)) == 4, "it is tried")
        publish(installed, ("test.moody", [2]), ("test.calm", [3]))
        await until(lambda: ("test.calm", 3) in heard, "another topic continues")
        assert ("test.moody", 2) not in heard[:heard.index(("test.calm", 3))]
        await until(lambda: ("test.moody", 2) in heard, "the next of its topic is published")
        assert heard.count(("test.moody", 1)) == 5
        await until(lambda: outbox(installed) == 0, "the outbox is empty")
        assert installed.rows("select topic, args, error, attempts from wamp.dead_letter") == [
            ("test.moody", [1], "wamp.error.unavailable", 5)]


async def test_held_topic_and_old_transaction(make_sidecar: SidecarMaker, installed: Database) -> None:
    """More events of a held topic than a scan takes, and a transaction that keeps the bound where it is: the others
    continue."""
    heard: list[str] = []

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH:
                heard.append(message[3])
                if message[3] == "test.moody":
                    connection.send(ERROR, PUBLISH, message[1], {}, "wamp.error.unavailable")
                    continue
            connection.answer(message)

    with installed.connect() as old:
        old.execute("create table t (); begin; insert into t default values")
        async with scripted(script) as router:
            await make_sidecar(router.url, installed.url, outbox={"batch": 10, "attempts": 100}).started(LEADING)
            publish(installed, *[("test.moody", [n]) for n in range(10)])
            await until(lambda: "test.moody" in heard, "it is tried")
            publish(installed, *[("test.calm", [n]) for n in range(30)])
            await until(lambda: heard.count("test.calm") == 30, "another topic continues")
            assert old.info.transaction_status == 2, "the old transaction is still there"


async def test_never_acknowledged(make_sidecar: SidecarMaker, installed: Database) -> None:
    """A router that does not acknowledge: one event is sent again, then there is a new session, in which all are
    published again."""
    heard: list[list[int]] = []

    def script(answers: bool) -> Any:
        async def run(connection: Connection) -> None:
            events: list[int] = []
            heard.append(events)
            await connection.handshake()
            while True:
                message = await connection.receive()
                if message[0] == PUBLISH:
                    events.append(message[4][0])
                    if not answers:
                        continue
                connection.answer(message)
        return run

    async with scripted(script(False), script(True)) as router:
        await make_sidecar(router.url, installed.url, outbox={"acknowledge_timeout": "3s"}).started(LEADING)
        publish(installed, ("test.news", [1]), ("test.news", [2]))
        await until(lambda: len(heard) == 2 and heard[1] == [1, 2], "published again in a new session")
        await until(lambda: outbox(installed) == 0, "the outbox is empty")
        assert heard[0][:2] == [1, 2] and set(heard[0][2:]) == {1}


async def test_event_id(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """outbox.event_id: a uuid that publish() made, for subscribers that drop duplicates."""
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        publish(installed, ("test.news", [1]), ("test.news", [2], {}), ("test.news", [3], {"a": {"b": "}"}}))
        ids = [str(row[0]) for row in installed.rows("select event_id from wamp.outbox order by id")]
        make_sidecar(router.url("rawsocket"), installed.url, outbox={"event_id": "event"}).start(LEADING)
        events = await inbox.first(3)
        assert [event.kwargs["event"] for event in events] == ids and len(set(ids)) == 3
        assert events[2].kwargs["a"] == {"b": "}"}


async def test_binary(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        installed.execute(
            r"select wamp.publish('test.news', jsonb_build_array(wamp.binary('\x00ff10'::bytea), 'text'), "
            r"jsonb_build_object('b', jsonb_build_array(wamp.binary(''))))")
        event = (await inbox.first(1))[0]
        assert event.args == [b"\x00\xff\x10", "text"] and event.kwargs == {"b": [b""]}


async def test_prepared_transactions(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """With wamp.two_phase there is no NOTIFY, which prepared transactions can't use; the event is found all the
    same."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        publish(installed, ("test.news", [0]))
        await inbox.first(1)
        await until(lambda: installed.value("select count(*) from pg_locks where locktype = 'advisory'") == 2,
            "the relay sleeps")
        installed.execute(
            "set wamp.two_phase = on; begin; select wamp.publish('test.news', '[1]'); prepare transaction 'one'")
        publish(installed, ("test.news", [2]))
        assert (await inbox.first(2))[1].args == [2], "a transaction in preparation delays nobody"
        installed.execute("commit prepared 'one'")
        assert (await inbox.first(3))[2].args == [1]


async def test_long_transactions_delay_nobody(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """A publisher that stays in its transaction, and one whose id is lower than those already published."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        with installed.connect() as slow:
            slow.execute("begin; select wamp.publish('test.news', '[0]')")
            for n in range(1, 50):
                publish(installed, ("test.news", [n]))
                await inbox.first(n)
            await until(lambda: outbox(installed) == 0, "all others are gone")
            slow.execute("commit")
        events = await inbox.first(50)
        assert [event.args[0] for event in events] == [*range(1, 50), 0]


async def test_started_beside_open_transaction(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Events that commit late, before the first row and in a hole, are found, in order; deleted rows are not scanned
    again."""
    many = "select wamp.publish('test.many', jsonb_build_array(n)) from generate_series({}, {}) as n"

    def read() -> tuple[int, int]:
        rows = installed.rows(
            "select idx_scan, idx_tup_read from pg_stat_user_indexes where indexrelname = 'outbox_pkey'")
        return rows[0][0], rows[0][1]

    with (installed.connect() as old, installed.connect() as early, installed.connect() as late,
          installed.connect() as undone):
        old.execute("create table t (); begin; insert into t default values")
        early.execute("begin; select wamp.publish('test.early', '[1]')")
        installed.execute(many.format(1, 1500))
        undone.execute(f"begin; {many.format(0, 999)}")
        late.execute("begin; select wamp.publish('test.late', '[1]')")
        undone.execute(f"{many.format(0, 999)}; rollback")
        installed.execute(many.format(1501, 3000))

        async with joined(router) as peer:
            inbox = await peer.subscribe("test.", match="prefix")
            # On a slow machine an event would be sent again.
            patient = {"acknowledge_timeout": "60s"}
            make_sidecar(router.url("rawsocket"), installed.url, outbox=patient).start(LEADING)
            assert [event.args for event in await inbox.first(3000)] == [[n] for n in range(1, 3001)]
            await until(lambda: outbox(installed) == 0, "they are out of the table")
            for connection, topic in ((late, "test.late"), (early, "test.early")):
                connection.execute(f"commit; select wamp.publish('{topic}', '[2]')")  # type: ignore[arg-type]
                connection.execute(f"select wamp.publish('{topic}', jsonb_build_array(n)) from generate_series(3, 100) "
                                   f"as n")
            events = (await inbox.first(3200))[3000:]
            for topic in ("test.late", "test.early"):
                assert [event.args for event in events if event.topic == topic] == [[n] for n in range(1, 101)]
            await until(lambda: outbox(installed) == 0, "they are out of the table")

            (scans, rows), count = read(), 50
            for n in range(1, count + 1):
                publish(installed, ("test.last", [n]))
                await inbox.first(3200 + n)
            assert ([event.args for event in (await inbox.first(3200 + count))[3200:]]
                    == [[n] for n in range(1, count + 1)])
            await until(lambda: read()[0] >= scans + 2 * count, "the server has counted what was read for them")
            # One scan from the first row reads 3,000 rows and more: the relay makes one in half a minute.
            assert read()[1] - rows < 20 * 3000
            assert old.info.transaction_status == 2, "the old transaction is still there"


async def test_dead_letters_expire(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    installed.execute(
        "insert into wamp.dead_letter (kind, topic, created) values ('publish', 'test.old', now() - interval '3 "
        "days'), "
        "('publish', 'test.new', now() - interval '1 day')")
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, dead_letter={"keep": "2d"})
    sidecar.start(LEADING)
    sidecar.wait_for("old dead letters deleted")
    assert installed.rows("select topic from wamp.dead_letter") == [("test.new",)]


@pytest.mark.once
async def test_falling_asleep(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Writers that hit the moments around falling asleep: no event has to wait for the scan that comes once a
    second."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, log={"level": "debug", "format": "json"})
    sidecar.start(LEADING)
    per_writer, writers = 300, 3
    waits = threading.Event()

    def write(writer: int) -> None:
        dice = random.Random(writer)
        with installed.connect() as connection:
            for n in range(per_writer):
                # Around the 20 ms after which the relay falls asleep: the pause is the test's subject, not a wait for a
                # condition.
                waits.wait(dice.uniform(0.015, 0.03))
                connection.execute("select wamp.publish('test.news', jsonb_build_array(%s::int, %s::int))", (writer, n))

    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
        for thread in threads:
            thread.start()
        events = await inbox.first(per_writer * writers, 200)
        for thread in threads:
            thread.join()
    for writer in range(writers):
        assert [event.args[1] for event in events if event.args[0] == writer] == list(range(per_writer))
    scans = sidecar.entries("events found without a notification")
    assert len(scans) <= 4, "notifications may be on their way when that scan comes, but hardly ever"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("victim", ["sidecar", "cluster", "router"])
async def test_killed(make_sidecar: SidecarMaker, mortal_database: Database, victim: str) -> None:
    """Each of the three is killed again and again while writers publish: all that was committed arrives, nothing else,
    in order."""
    hammer = Hammer(mortal_database, make_sidecar, victim)
    report = await hammer.run(kills=hammer.kills())
    print(report)
    assert report.lost == [] and report.invented == [] and report.disordered == []
