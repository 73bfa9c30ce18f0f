"""The metrics: what is counted is what happened, nothing is counted twice or not at all, and all of it is documented.

Scrapes are read by `prometheus_client`, which is Prometheus' own.
"""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.cluster import Cluster, Database
from actors.deadline import PATIENCE, free_port, until
from actors.installation import InstalledDatabase
from actors.peer import Peer, PublishOptions, joined
from actors.router import Router
from actors.scrape import OPENMETRICS, Scrape, Scraper
from actors.sidecar import ROOT, Sidecar
from conftest import SidecarMaker

SCHEMA = """
create schema m;
create table m.seen (n integer);
create sequence m.tries;
create function m.add(a integer, b integer) returns integer language sql as 'select a + b';
create function m.fails() returns void language plpgsql as $$ begin raise exception 'no'; end $$;
create function m.numbers(n integer) returns setof integer language sql as 'select generate_series(1, n)';
create function m.nap(seconds double precision) returns text language sql as $$ select pg_sleep(seconds)::text $$;
create function m.wide(n integer) returns text language sql as $$ select repeat('x', n) $$;
create function m.again() returns integer language plpgsql as $$ begin
    if nextval('m.tries') % 2 = 1 then raise exception 'again' using errcode = '40001'; end if;
    return 1; end $$;
create function m.record(args jsonb, kwargs jsonb, details jsonb) returns void language plpgsql as $$ begin
    if (args->>0)::integer % 10 = 0 then raise exception 'no'; end if;
    insert into m.seen (n) values ((args->>0)::integer); end $$;
grant usage on schema m to wamp; grant all on all tables in schema m to wamp;
grant all on all sequences in schema m to wamp;
"""

PROCEDURES = {
    f"test.{name}": {"function": f"m.{name}"} for name in ("add", "fails", "numbers", "nap", "again")
} | {
    "test.sleep": {"function": "m.nap", "timeout": "10m"},
    "test.wide": {"function": "m.wide", "max_result_bytes": "4KiB"},
    "test.short": {"function": "m.nap", "timeout": "50ms"},
    "test.nobody": {"function": "m.add", "roles": {"someone": "wamp"}},
}
SUBSCRIPTIONS = {
    "test.in_order": {"function": "m.record", "retries": 0},
    "test.at_once": {"function": "m.record", "retries": 0, "concurrency": 4},
}
NOTIFICATIONS = {"published": {"publish": "test.published"}, "called": {"call": "test.add"}}


def prepared(database: Database) -> Database:
    database.execute(SCHEMA)
    return database


def sections(port: int, **more: Any) -> dict[str, Any]:
    return {
        "admin": {"listen": f"127.0.0.1:{port}"}, "procedures": PROCEDURES, "subscriptions": SUBSCRIPTIONS,
        "notifications": NOTIFICATIONS,
    } | more


@asynccontextmanager
async def running(
    make_sidecar: SidecarMaker, router: Router, database: Database, **more: Any
) -> AsyncIterator[tuple[Sidecar, Scraper, Peer]]:
    """A sidecar with an admin port, and a peer."""
    port = free_port()
    sidecar = make_sidecar(router.url("rawsocket"), database.url, **sections(port, **more))
    await sidecar.started()
    async with joined(router) as peer:
        yield sidecar, Scraper(port), peer


async def publish(peer: Peer, topic: str, numbers: range) -> None:
    for n in numbers:
        peer.session.publish(topic, n)
    await peer.session.publish(topic, numbers.stop, options=PublishOptions(acknowledge=True))


async def scraped_until(scraper: Scraper, name: str, value: float, **labels: str) -> Scrape:
    """The first scrape in which a metric is there and has that value."""
    last: list[Scrape] = []

    async def reached() -> bool:
        last[:] = [await scraper.scraped()]
        values = last[0].samples(name, **labels)
        return bool(values) and sum(values) == value

    await until(reached, f"{name}{labels} is {value}", 30)
    return last[0]


async def test_two_formats(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (_, scraper, _):
        text, opened = await scraper.scraped(), await scraper.scraped(OPENMETRICS)
        assert text.content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert opened.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        assert {family.name: family.type for family in text.families.values()} == {
            family.name: family.type for family in opened.families.values()
        }
        assert text.names() == opened.names()
        assert text.sum("leader") == text.sum("router_connected") == 1
        assert text.samples("database_connected", part="calls") == [1]
        assert text.sum("router_sessions_total") == 1
        assert text.sum("process_open_fds") > 5 and text.sum("process_resident_memory_bytes") > 1 << 20


async def test_the_configuration(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (sidecar, scraper, _):
        first = await scraper.scraped()
        begun = first.sum("config_last_reload_success_timestamp_seconds")
        assert first.sum("config_last_reload_successful") == 1 and begun == first.sum("process_start_time_seconds")
        assert first.samples("config_reloads_total") == [0, 0]
        assert first.sum("faults", kind="configuration") == 0

        sidecar.configuration["procedures"] = {"test.add": {"function": "m.add", "timeout": "soon"}}
        sidecar.write()
        sidecar.send(signal.SIGHUP)
        refused = await scraped_until(scraper, "config_reloads_total", 1, result="refused")
        assert refused.sum("config_last_reload_successful") == 0
        assert refused.sum("config_last_reload_success_timestamp_seconds") == begun
        await scraped_until(scraper, "faults", 1, kind="configuration")

        sidecar.configuration["procedures"] = {"test.add": {"function": "m.add", "timeout": "5s"}}
        sidecar.write()
        sidecar.send(signal.SIGHUP)
        taken = await scraped_until(scraper, "config_reloads_total", 1, result="ok")
        assert taken.sum("config_last_reload_successful") == 1
        assert taken.sum("config_last_reload_success_timestamp_seconds") > begun
        await scraped_until(scraper, "faults", 0, kind="configuration")


async def heard(scraper: Scraper) -> Scrape:
    """A scrape after the first heartbeat, which comes when nothing else has come for a while."""
    last: list[Scrape] = []

    async def is_answered() -> bool:
        last[:] = [await scraper.scraped()]
        return bool(last[0].samples("router_round_trip_seconds"))

    await until(is_answered, "the router has answered a heartbeat", PATIENCE)
    return last[0]


async def test_the_two_sides_answer(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (_, scraper, _):
        scrape = await heard(scraper)
        assert 0 < scrape.sum("router_round_trip_seconds") < PATIENCE
        assert 0 <= scrape.sum("leader_stamp_age_seconds") < PATIENCE
        assert 0 <= scrape.sum("event_loop_delay_seconds") < PATIENCE


async def test_calls(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (_, scraper, peer):
        first = await scraper.scraped()
        assert first.samples("calls_total", procedure="test.add", result="denied") == [0]
        for n in range(7):
            assert (await peer.call("test.add", n, 1)).value == n + 1
        await peer.call("test.numbers", 50)
        await peer.error("test.fails")
        await peer.error("test.add", "many", "words", "here")
        await peer.error("test.short", 30)
        await peer.error("test.wide", 5000)
        await peer.error("test.nobody", 1, 2)
        await peer.call("test.again")
        nap = peer.begin("test.nap", 60)
        await scraped_until(scraper, "calls_in_progress", 1)
        peer.cancel(nap, "killnowait")
        scrape = await scraped_until(scraper, "calls_total", 1, result="canceled")
        expected = {
            ("test.add", "ok"): 7, ("test.add", "invalid"): 1, ("test.numbers", "ok"): 1, ("test.fails", "error"): 1,
            ("test.short", "timeout"): 1, ("test.wide", "too_large"): 1, ("test.nobody", "denied"): 1,
            ("test.again", "ok"): 1, ("test.nap", "canceled"): 1,
        }
        counted = {
            (sample.labels["procedure"], sample.labels["result"]): sample.value
            for sample in scrape.families["wamp_sidecar_calls"].samples
            if sample.value and sample.name.endswith("_total")
        }
        assert counted == expected
        assert scrape.sum("call_duration_seconds_count") == scrape.sum("calls_received_total") == 15
        assert scrape.sum("call_duration_seconds_bucket", procedure="test.short", le="0.005") == 0
        assert scrape.sum("call_retries_total") == 1
        assert scrape.sum("call_rows_total") >= 50 + 7 + 1
        assert scrape.sum("router_messages_total", direction="received", type="invocation") == 15


async def test_events(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (_, scraper, peer):
        for topic in ("test.in_order", "test.at_once"):
            await publish(peer, topic, range(1, 40))
        for topic in ("test.in_order", "test.at_once"):
            await scraped_until(scraper, "events_dead_total", 4, subscription=topic)
            scrape = await scraped_until(scraper, "events_done_total", 36, subscription=topic)
            assert scrape.sum("event_duration_seconds_count", subscription=topic) == 36
        assert scrape.sum("dead_letters_added_total", kind="event") == 8
        # They are tried again, and fail again: events that came once more, and no new letters.
        installed.rows("select wamp.dead_letter_retry(array(select id from wamp.dead_letter))")
        scrape = await scraped_until(scraper, "events_dead_total", 16)
        assert scrape.sum("events_received_total") == 88
        assert scrape.sum("dead_letters_added_total", kind="event") == 8


async def test_lost_events(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA.replace(" to wamp;", " to sidecar;"))
    async with running(make_sidecar, router, database, procedures={}, notifications={}) as (_, scraper, peer):
        await publish(peer, "test.in_order", range(1, 10))
        scrape = await scraped_until(scraper, "events_lost_total", 1, reason="no_dead_letters")
        assert scrape.sum("events_dead_total") == 0


async def test_notifications(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    async with running(make_sidecar, router, prepared(installed)) as (_, scraper, _):
        installed.execute("""select pg_notify('published', '{"args": [' || n || ']}') from generate_series(1, 20) as n;
            select pg_notify('published', '{"args": 1}');
            select pg_notify('called', '{"args": [1, 2]}'); select pg_notify('called', '{"args": []}')""")
        await scraped_until(scraper, "notifications_relayed_total", 20, channel="published")
        await scraped_until(scraper, "notifications_dropped_total", 1, channel="published", reason="invalid")
        await scraped_until(scraper, "notifications_relayed_total", 1, channel="called")
        scrape = await scraped_until(scraper, "notifications_dropped_total", 1, channel="called", reason="call_failed")
        assert scrape.sum("notifications_received_total") == 23


async def test_outbox_and_calls_from_sql(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase
) -> None:
    caller = {"listen": f"127.0.0.1:{free_port()}", "password": "a password of the call port"}
    async with running(make_sidecar, router, prepared(installed), caller=caller) as (_, scraper, _):
        installed.execute("""select wamp.publish('test.published', jsonb_build_array(n))
            from generate_series(1, 30) as n""")
        await scraped_until(scraper, "outbox_acknowledged_total", 30)
        assert installed.value("select wamp.call('test.add', '[1, 2]')") is not None
        with pytest.raises(Exception, match="no_such_procedure"):
            installed.value("select wamp.call('test.nothing')")
        scrape = await scraped_until(scraper, "caller_calls_total", 2)
        assert scrape.sum("caller_calls_total", result="ok") == scrape.sum("caller_calls_total", result="error") == 1
        assert scrape.sum("caller_call_duration_seconds_count") == 2


async def test_many_procedures(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """A scrape of a hundred procedures is below 128 KiB: their histograms have few bounds. Labels are bounded."""
    prepared(installed)
    for count, bounds in ((20, 17), (21, 3), (100, 2)):
        procedures = {f"com.example.accounts.p{n:03d}": {"function": "m.add"} for n in range(count)}
        async with running(make_sidecar, router, installed, procedures=procedures, subscriptions={}) as parties:
            sidecar, scraper, _ = parties
            scrape = await scraper.scraped()
            assert len(scrape.text) <= 128 << 10
            assert len(scrape.samples("call_duration_seconds_bucket")) == count * bounds
            await sidecar.stopped()
    procedures = {f"com.example.p{n}": {"function": "m.add"} for n in range(1010)}
    async with running(make_sidecar, router, installed, procedures=procedures, subscriptions={}) as (_, scraper, peer):
        assert (await peer.call("com.example.p1009", 1, 2)).value == 3
        scrape = await scraped_until(scraper, "calls_total", 1, procedure="other", result="ok")
        assert len(scrape.labels("calls_total", "procedure")) == 1001


# -- the law

async def load(peer: Peer, stop: asyncio.Event) -> None:
    """Calls and events of all kinds, whatever becomes of them."""
    n, gone = 0, peer.session.is_gone
    while not stop.is_set() and not gone.done():
        n += 1
        calls = [peer.begin("test.add", n, 1), peer.begin("test.fails"), peer.begin("test.nap", 0.01)]
        peer.session.publish("test.in_order", n)
        peer.session.publish("test.at_once", n)
        answers = asyncio.gather(*calls, return_exceptions=True)
        # Calls of a session that has ended are answered by nobody.
        await asyncio.wait([answers, gone], return_when=asyncio.FIRST_COMPLETED)


async def sleeping(router: Router) -> None:
    """One call, which is answered when its session is long gone."""
    async with joined(router) as peer:
        peer.begin("test.sleep", 600)
        await peer.session.is_gone


async def loading(router: Router, stop: asyncio.Event) -> None:
    """The same, in one session after the other."""
    while not stop.is_set():
        # The router is being killed.
        with suppress(Exception):
            async with joined(router) as peer:
                await load(peer, stop)


async def publishing(database: Database, stop: asyncio.Event) -> None:
    """Publications and notifications, in one session after the other."""
    script = """select wamp.publish('test.published', '[1]');
        select pg_notify('published', '{"args": [1]}'); select pg_notify('called', '{"args": [1, 2]}')"""
    while not stop.is_set():
        # The server is being killed.
        with suppress(Exception):
            await asyncio.to_thread(database.execute, script)


@pytest.mark.timeout(400)
async def test_nothing_is_counted_twice_or_not_at_all(
    make_sidecar: SidecarMaker, mortal_router: Router, mortal_cluster: Cluster, mortal_database: InstalledDatabase
) -> None:
    """What came has one end, or is under way: in each scrape, through kills of both sides, and when all is over."""
    prepared(mortal_database)
    port, stop = free_port(), asyncio.Event()
    sidecar = make_sidecar(mortal_router.url("rawsocket"), mortal_database.url, **sections(port))
    await sidecar.started()
    scraper = Scraper(port)
    workers: list[asyncio.Task[None]] = [asyncio.create_task(sleeping(mortal_router))]
    await scraped_until(scraper, "calls_in_progress", 1)
    workers += [
        asyncio.create_task(loading(mortal_router, stop)), asyncio.create_task(loading(mortal_router, stop)),
        asyncio.create_task(publishing(mortal_database, stop)),
    ]

    async def grows(name: str) -> None:
        """Scrapes until more has come."""
        former = (await scraper.scraped()).sum(name)

        async def grown() -> bool:
            return (await scraper.scraped()).sum(name) > former + 20

        await until(grown, f"{name} grows", 60)

    try:
        for _ in range(2):
            await grows("calls_received_total")
            await grows("outbox_acknowledged_total")
            await asyncio.to_thread(mortal_router.kill)
            await scraper.scraped()
            await asyncio.to_thread(mortal_router.start)
            await grows("events_done_total")
            await asyncio.to_thread(mortal_cluster.kill)
            for _ in range(5):
                await scraper.scraped()
            await asyncio.to_thread(mortal_cluster.start)
            await grows("notifications_relayed_total")
    finally:
        stop.set()
        await asyncio.gather(*workers, return_exceptions=True)

    async def is_over() -> bool:
        scrape = await scraper.scraped()
        gauges = ("calls_in_progress", "events_waiting", "events_in_progress", "outbox_in_progress",
                  "notifications_waiting", "notifications_in_progress")
        return all(scrape.sum(name) == 0 for name in gauges)

    await until(is_over, "nothing is under way any more", 90)
    scrape = await scraper.scraped()
    assert scrape.sum("router_sessions_total") == 3
    assert scrape.sum("router_losses_total") == 2
    assert scrape.sum("calls_total", result="canceled") > 0


# -- documents

async def complete(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> Scrape:
    """A scrape with all metrics that there are."""
    caller = {"listen": f"127.0.0.1:{free_port()}", "password": "a password of the call port"}
    async with running(make_sidecar, router, prepared(installed), caller=caller) as (_, scraper, _):
        await heard(scraper)
        return await scraped_until(scraper, "outbox_waiting", 0)


async def test_documented(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """The tables of docs/metrics.md have exactly the metrics of a scrape, with their kinds and labels."""
    scrape = await complete(make_sidecar, router, installed)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    written = {
        name if name.startswith("process_") else f"wamp_sidecar_{name}":
            (kind, set(re.findall("`([a-z_]+)`", labels))) for name, kind, labels in rows
    }
    scraped = {}
    for family in scrape.families.values():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert family.samples, f"{name} has no sample"
        scraped[name] = (family.type, labels)
    assert written == scraped


def names(text: str) -> set[str]:
    return set(re.findall(r"\b(?:wamp_sidecar|process)_\w+", text))


async def test_alerts_and_dashboard(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """Each metric, and each value of a label, that alerts and dashboard name is in a scrape."""
    scrape = await complete(make_sidecar, router, installed)
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
    board = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 20
    for expression in expressions:
        assert names(expression), expression
        assert names(expression) <= scrape.names(), expression
    for name, selectors in re.findall(r"(wamp_sidecar_\w+)\{([^}]*)\}", " ".join(expressions)):
        for label, value in re.findall(r'(\w+)="([^"$]*)"', selectors):
            assert value in scrape.labels(name.removeprefix("wamp_sidecar_"), label), (name, label, value)
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert rule["annotations"]["summary"] and rule["labels"]["severity"], rule["alert"]


def test_panels_do_not_overlap() -> None:
    """A dashboard that was edited by hand is one that Grafana can show."""
    board = json.loads(Path(ROOT / "deploy/grafana/dashboard.json").read_text())
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & places and place["x"] + place["w"] <= 24, panel["title"]
        places |= cells
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
