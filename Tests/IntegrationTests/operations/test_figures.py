"""What waits in the database, as it tells the leader: metrics, `/status`, and a fault for dead letters that are new."""

import asyncio
from typing import Any

from actors.admin import Admin
from actors.cluster import Cluster, Database
from actors.deadline import free_port, until
from actors.installation import Installation, InstalledDatabase
from actors.router import Router
from actors.scrape import Scrape, Scraper
from actors.scripted_router import ERROR, PUBLISH, Connection, scripted
from actors.sidecar import FAULTY, Sidecar, run
from conftest import SidecarMaker

LISTENS = "the admin port listens"
UNKNOWN = "how much waits in the outbox is not known"
#: Those that the database is asked for.
GAUGES = ("outbox_waiting", "outbox_oldest_seconds", "dead_letters", "notification_queue_ratio")


async def refuses_held(connection: Connection) -> None:
    """A router that refuses the topic `test.held` for the moment."""
    await connection.handshake()
    while True:
        message = await connection.receive()
        if message[0] == PUBLISH and message[3] == "test.held":
            connection.send(ERROR, PUBLISH, message[1], {}, "wamp.error.unavailable")
        else:
            connection.answer(message)


def watched(make_sidecar: SidecarMaker, router: str, database: Database, **sections: Any) -> tuple[Sidecar, int]:
    """A sidecar with an admin port, not yet started."""
    port = free_port()
    return make_sidecar(router, database.url, admin={"listen": f"127.0.0.1:{port}"}, **sections), port


async def known(port: int, waiting: int | None = None) -> Scrape:
    """The first scrape with what the database said."""
    async def attempt() -> Scrape | None:
        scrape = await Scraper(port).scraped()
        values = scrape.samples("outbox_waiting")
        return scrape if values and (waiting is None or values == [waiting]) else None

    scrape: Scrape = await until(attempt, f"{waiting} events wait")
    return scrape


async def test_what_waits(make_sidecar: SidecarMaker, installed: Database) -> None:
    """Events that the router refuses for the moment, the oldest of them an hour old, and dead letters of both kinds."""
    installed.execute("""
        insert into wamp.outbox (topic, created) select 'test.held', now() - n * interval '15 minutes'
            from generate_series(1, 4) as n;
        insert into wamp.dead_letter (kind, topic) values ('publish', 'a'), ('publish', 'b'), ('event', 'c')""")
    async with scripted(refuses_held) as router:
        sidecar, port = watched(make_sidecar, router.url, installed)
        sidecar.start(LISTENS)
        scrape = await known(port)
        assert scrape.samples("outbox_waiting") == [4]
        assert 3600 <= scrape.sum("outbox_oldest_seconds") < 7200
        assert scrape.samples("dead_letters", kind="publish") == [2]
        assert scrape.samples("dead_letters", kind="event") == [1]
        assert 0 <= scrape.sum("notification_queue_ratio") < 1
        assert scrape.sum("outbox_delay_seconds_count") == 0, "the router has none of them"

        async def held() -> Any:
            document = (await asyncio.to_thread(Admin(port).get, "/status")).json()
            return document if document["outbox"]["held_topics"] == 1 else None

        document = await until(held, "a topic is held")
        assert document["outbox"]["waiting"] == 4 and document["outbox"]["oldest_seconds"] >= 3600
        assert document["dead_letters"].pop("oldest_seconds") >= 0
        assert document["dead_letters"] == {"publish": 2, "event": 1}
        assert document["faults"] == [], "no dead letter is new"
        shown = await asyncio.to_thread(run, "status", "--config", sidecar.file)
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        assert any(line.startswith("outbox: 4 events wait, the oldest for ") for line in lines), lines
        assert "dead letters: 2 of publications, 1 of events" in lines


async def test_delay(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """It begins with the transaction that published, whatever stands in the row."""
    installed.execute("""
        insert into wamp.outbox (topic, created) values ('test.a', now() - interval '100 seconds'),
            ('test.b', '-infinity'), ('test.c', 'infinity'), ('test.d', now())""")
    sidecar, port = watched(make_sidecar, router.url("rawsocket"), installed)
    await sidecar.started()

    async def published() -> Scrape | None:
        scrape = await Scraper(port).scraped()
        return scrape if scrape.sum("outbox_acknowledged_total") == 4 else None

    scrape: Scrape = await until(published, "all are published")
    assert scrape.sum("outbox_delay_seconds_count") == 4
    assert scrape.sum("outbox_delay_seconds_bucket", le="10.0") <= 2, "neither the first nor the second"
    assert scrape.sum("outbox_delay_seconds_sum") >= 100
    assert (await known(port, 0)).sum("outbox_oldest_seconds") == 0


async def test_who_stands_by_knows_nothing(
    make_sidecar: SidecarMaker, router: Router, installed: Database
) -> None:
    first, port = watched(make_sidecar, router.url("rawsocket"), installed)
    await first.started()
    await known(port, 0)
    second, other = watched(make_sidecar, router.url("rawsocket"), installed)
    await second.started(until="standby: another sidecar leads")
    scrape = await Scraper(other).scraped()
    assert [name for name in (*GAUGES, "outbox_held_topics") if scrape.samples(name)] == []
    document = (await asyncio.to_thread(Admin(other).get, "/status")).json()
    assert document["outbox"] == {
        "waiting": None, "oldest_seconds": None, "held_topics": None, "waiting_seconds": None}
    assert document["dead_letters"] == {"publish": None, "event": None, "oldest_seconds": None}
    assert await first.stopped() == 0
    await known(other, 0)


async def test_a_question_that_fails_costs_only_the_metrics(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase
) -> None:
    sidecar, port = watched(make_sidecar, router.url("rawsocket"), installed)
    with installed.connect() as blocker:
        blocker.autocommit = False
        blocker.execute("lock table wamp.dead_letter in access exclusive mode")
        await sidecar.started()
        entry = await asyncio.to_thread(sidecar.wait_for, UNKNOWN)
        assert "55P03" in entry["reason"] or "lock timeout" in entry["reason"], entry
        installed.execute("select wamp.publish('test.a')")

        async def published() -> Scrape | None:
            scrape = await Scraper(port).scraped()
            return scrape if scrape.sum("outbox_acknowledged_total") == 1 else None

        scrape: Scrape = await until(published, "the event is published")
        assert [name for name in GAUGES if scrape.samples(name)] == []
        blocker.commit()
    await known(port, 0)
    assert len(sidecar.entries(UNKNOWN)) == 1 and sidecar.entries("database connection lost") == []


async def test_new_dead_letters_are_a_fault(
    make_sidecar: SidecarMaker, router: Router, installed: Database
) -> None:
    """With their numbers; the log has it once, however many follow."""
    installed.execute("""create function public.fails(jsonb, jsonb, jsonb) returns void language plpgsql as
        $$ begin raise exception 'no'; end $$""")
    sidecar, port = watched(
        make_sidecar, router.url("rawsocket"), installed,
        subscriptions={"test.event": {"function": "public.fails", "retries": 0}})
    await sidecar.started()
    admin = Admin(port)

    async def says(figures: str) -> None:
        line = ("dead letters: some were added in the last 5 minutes; wamp-sidecar dead-letter list shows them: "
                f"{figures}")
        await until(lambda: admin.ready().lines == ["ready with faults", line], line)

    # Not what publish() makes: no router takes it.
    installed.execute("insert into wamp.outbox (topic) values ('a..b')")
    await says("1 of publications, 0 of events")
    installed.execute("""insert into wamp.outbox (topic) values ('a..b');
        select wamp.publish('test.event', options => '{"exclude_me": false}')""")
    await says("2 of publications, 1 of events")
    assert admin.ready("?faults=red").status == 503
    document = admin.get("/status").json()
    assert [fault["name"] for fault in document["faults"]] == ["dead letters"]
    assert (await Scraper(port).scraped()).sum("faults") == 1
    shown = await asyncio.to_thread(run, "status", "--config", sidecar.file)
    assert shown.returncode == 0 and "fault: dead letters: some were added" in shown.stdout, shown.stderr
    assert [entry["name"] for entry in sidecar.entries("fault")] == ["dead letters"]
    assert len(sidecar.entries(FAULTY)) == 1


def test_it_reads_few_rows(installed: InstalledDatabase) -> None:
    """Up to 10,000 are counted; beyond that ids count for events, and nothing for dead letters."""
    figures = "select waiting, oldest, letters_publish, letters_event from wamp.outbox_figures()"
    assert installed.rows(figures) == [(0, 0, 0, 0)]
    installed.execute("""
        insert into wamp.outbox (topic) select 'a' from generate_series(1, 30000);
        delete from wamp.outbox where id > 25000 and id <= 29000;
        insert into wamp.dead_letter (kind, topic) select 'publish', 'a' from generate_series(1, 12000);
        insert into wamp.dead_letter (kind, topic) select 'event', 'a' from generate_series(1, 3)""")
    assert installed.rows(figures.replace("oldest", "oldest > 0")) == [(30000, True, 10000, 3)]
    installed.execute("delete from wamp.outbox where id > 9999; update wamp.outbox set created = '-infinity'")
    assert installed.rows(figures) == [(9999, 1e9, 10000, 3)]
    installed.execute("insert into wamp.outbox (id, topic) values (-9223372036854775808, 'a')")
    assert installed.rows(figures) == [(30001, 1e9, 10000, 3)]
    installed.execute("delete from wamp.outbox; select wamp.publish('a')")
    assert installed.rows(figures.replace("oldest", "oldest < 60")) == [(1, True, 10000, 3)]
    letters = "select letters_oldest > {0}, letters_oldest < {0} + 60 from wamp.outbox_figures()"
    assert installed.rows(letters.format(-1)) == [(True, True)]
    installed.execute("update wamp.dead_letter set created = now() - interval '1 hour' where kind = 'event'")
    assert installed.rows(letters.format(3599)) == [(True, True)]
    installed.execute("delete from wamp.dead_letter")
    assert installed.rows("select letters_oldest from wamp.outbox_figures()") == [(0,)]


def test_it_walks_indexes(installed: InstalledDatabase) -> None:
    """Whatever size the planner assumes: no table is read whole, nor sorted."""
    with installed.connect() as session:
        for statement in (
            "load 'auto_explain'", "set auto_explain.log_min_duration = 0",
            "set auto_explain.log_nested_statements = on",
            "set client_min_messages = log", "analyze wamp.outbox, wamp.dead_letter",
        ):
            session.execute(statement)  # type: ignore[arg-type]
        plans: list[str] = []
        session.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
        session.execute("select * from wamp.outbox_figures()")
    plan = "\n".join(plans)
    assert "outbox_pkey" in plan and plan.count("dead_letter_kind") == 2, plan
    assert "dead_letter_created" in plan, plan
    assert "Seq Scan" not in plan and "Sort" not in plan and "Bitmap" not in plan, plan


def without_version_3(installation: Installation) -> None:
    """The interface as the second version installed it: without the rights, and without dblink."""
    printed = installation.command("install", "--print").stdout
    begin, end = printed.index("-- tables and functions, version 3"), printed.index("-- identity of this database")
    installation.database.execute(printed[:begin] + printed[end:printed.index("-- role wamp_guest")] + "commit;")


def test_upgrade_from_the_second_version(fresh_cluster: Cluster) -> None:
    """What waits there still waits, with the time at which it was published."""
    database = fresh_cluster.create_database("old")
    installation = Installation(database)
    without_version_3(installation)
    assert database.value("select value from wamp.meta where key = 'version'") == "2"
    assert database.value("select to_regproc('wamp.outbox_figures')") is None
    database.execute("""
        insert into wamp.outbox (topic, args, created) values ('com.example.a', '[1]', now() - interval '1 hour');
        insert into wamp.dead_letter (kind, topic) values ('event', 'com.example.b')""")
    installation.install()
    assert database.value("select version from wamp.sidecar_hello()") == 3
    with installation.connect_as_leader() as leader:
        rows = leader.execute("select topic, args, age / 1000000 >= 3600, age / 1000000 < 7200 "
                              "from wamp.relay_read(null, 100, 1000000)").fetchall()
        assert rows == [("com.example.a", "[1]", True, True)]
        figures = leader.execute("select waiting, oldest >= 3600, letters_publish, letters_event "
                                 "from wamp.outbox_figures()").fetchone()
        assert figures == (1, True, 0, 1)
