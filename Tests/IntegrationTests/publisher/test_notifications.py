"""NOTIFY payloads become events or calls."""

import json

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import ApplicationError, joined
from actors.router import Router
from conftest import SidecarMaker

pytestmark = pytest.mark.servers


def notify(database: Database, channel: str, payload: object) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    with database.connect() as connection:
        connection.execute("select pg_notify(%s, %s)", (channel, text))


async def test_payloads(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    make_sidecar(router.url(transport), database.url, notifications={"news": {"publish": "test.news"}}).start()
    cases: list[tuple[object, list[object], dict[str, object]]] = [
        ({"args": [1, "two"], "kwargs": {"three": 3}}, [1, "two"], {"three": 3}),
        ({"args": [1]}, [1], {}),
        ({"kwargs": {"k": 1}}, [], {"k": 1}),
        ({"args": []}, [], {}),
        ({"id": 1}, [{"id": 1}], {}),
        ({}, [{}], {}),
        ([1, 2], [[1, 2]], {}),
        ("12", [12], {}),
        ("null", [None], {}),
        ('"a string"', ["a string"], {}),
        ("plain words", ["plain words"], {}),
        ("{no json", ["{no json"], {}),
        ("Ünïcödé 😀", ["Ünïcödé 😀"], {}),
        ("", [], {}),
        ("x" * 7999, ["x" * 7999], {}),
    ]
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        for payload, _, _ in cases:
            notify(database, "news", payload)
        events = await inbox.first(len(cases))
    for (payload, args, kwargs), event in zip(cases, events):
        assert (event.args, event.kwargs) == (args, kwargs), f"for {payload!r}"


async def test_order(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    """Ten thousand of one transaction, then of many: all of them, in order."""
    make_sidecar(router.url(transport), database.url, notifications={"news": {"publish": "test.news"}}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        database.execute("select pg_notify('news', n::text) from generate_series(1, 10000) n")
        with database.connect() as connection:
            for n in range(10_001, 10_501):
                connection.execute("select pg_notify('news', %s)", (str(n),))
        events = await inbox.first(10_500, 40)
        assert [event.args for event in events] == [[n] for n in range(1, 10_501)]


async def test_topics_made_from_payloads(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url, notifications={
        "moved": {"publish": "test.order.{id}.moved"}, "two": {"publish": "test.{a}.to.{b}"}}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.", match="prefix")
        notify(database, "moved", {"id": 12, "by": "x"})
        notify(database, "moved", {"id": "abc"})
        notify(database, "two", {"a": "here", "b": "there"})
        # A payload that can't be a component of a URI is counted, logged and not sent; the next one is.
        for payload in ({"id": "a.b"}, {"id": ""}, {"id": "a b"}, {"id": "a#b"}, {"id": None}, {"id": [1]}, {"no": 1},
                        [1], "plain", "12", {"id": {"x": 1}}, {"id": "tab\t"}):
            notify(database, "moved", payload)
        notify(database, "moved", {"id": "last"})
        events = await inbox.first(4)
        assert [event.topic for event in events] == [
            "test.order.12.moved", "test.order.abc.moved", "test.here.to.there", "test.order.last.moved"]
        assert events[0].args == [{"id": 12, "by": "x"}]
        assert any("moved" in line and "warning" in line.lower() for line in sidecar.lines)


async def test_channels_that_need_quoting(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    channels = ["Upper", "with space", 'with "quotes"', "select", "ümlaut", "semi;colon'", "dotted.name", "x" * 63]
    make_sidecar(router.url("rawsocket"), database.url, notifications={
        channel: {"publish": f"test.channel{number}"} for number, channel in enumerate(channels)}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.", match="prefix")
        for number, channel in enumerate(channels):
            notify(database, channel, str(number))
        events = await inbox.first(len(channels))
        assert [(event.topic, event.args) for event in events] == [
            (f"test.channel{number}", [number]) for number in range(len(channels))]


async def test_rolled_back(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    make_sidecar(router.url("rawsocket"), database.url, notifications={"news": {"publish": "test.news"}}).start()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        database.execute("begin; notify news, '1'; rollback")
        database.execute("notify news, '2'")
        assert (await inbox.first(1))[0].args == [2]


async def test_call_with_result(make_sidecar: SidecarMaker, router: Router, transport: str,
                                database: Database) -> None:
    """`call`: the payload goes to a procedure, and its result to a function."""
    database.execute("""
        create table public.done (result jsonb);
        create function public.work_done(args jsonb, kwargs jsonb) returns void
            language sql as 'insert into public.done values (jsonb_build_object(''args'', args, ''kwargs'', kwargs))';
        grant all on public.done to sidecar;
    """)
    sidecar = make_sidecar(router.url(transport), database.url, notifications={
        "work": {"call": "test.worker", "result": "public.work_done"},
        "fire": {"call": "test.worker"},
    }).start()
    calls = []

    def worker(*args: object, **kwargs: object) -> object:
        calls.append((list(args), kwargs))
        if args == ("fail",):
            raise ApplicationError("test.no")
        return {"seen": len(calls)}

    async with joined(router) as peer:
        await peer.register("test.worker", worker)
        notify(database, "work", {"args": [1], "kwargs": {"k": 2}})
        await until(lambda: database.value("select count(*) from public.done") == 1, "the result is in the table")
        assert calls == [([1], {"k": 2})]
        assert database.value("select result from public.done") == {"args": [{"seen": 1}], "kwargs": {}}
        notify(database, "work", "fail")
        notify(database, "fire", "plain")
        notify(database, "work", "12")
        await until(lambda: len(calls) == 4, "all are called")
        assert calls[2:] == [(["plain"], {}), ([12], {})]
        await until(lambda: any("test.no" in line for line in sidecar.lines), "the failure is logged")
    assert sidecar.running


@pytest.mark.parametrize("options, received", [({}, True), ({"exclude_authrole": ["everybody"]}, False),
                                               ({"eligible_authrole": ["everybody"]}, True)])
async def test_publish_options(make_sidecar: SidecarMaker, router: Router, database: Database,
                               options: dict[str, object], received: bool) -> None:
    make_sidecar(router.url("rawsocket"), database.url, notifications={
        "news": {"publish": "test.news", "options": options}, "end": {"publish": "test.end"}}).start()
    async with joined(router) as peer:
        news = await peer.subscribe("test.news")
        end = await peer.subscribe("test.end")
        notify(database, "news", "1")
        notify(database, "end", "1")
        await end.first(1)
        assert bool(news.events) == received


async def test_acknowledged(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    make_sidecar(router.url("rawsocket"), database.url, notifications={
        "news": {"publish": "test.news", "options": {"acknowledge": True}}}).start()
    async with joined(router) as peer:
        news = await peer.subscribe("test.news")
        for n in range(100):
            notify(database, "news", str(n))
        assert [event.args for event in await news.first(100)] == [[n] for n in range(100)]
