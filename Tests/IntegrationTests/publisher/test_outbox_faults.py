"""A fault of one event of the outbox, or of one topic, affects nothing else."""

import asyncio
from typing import Any

import pytest
from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import Router
from actors.scripted_router import ERROR, PUBLISH, Connection, scripted
from conftest import SidecarMaker
from test_outbox import LEADING, outbox, publish

MEGABYTE = 1 << 20


def letters(database: Database) -> list[Any]:
    return database.rows("select topic, error from wamp.dead_letter order by id")


def refusing(heard: list[tuple[str, Any]], refuses: Any, error: str = "wamp.error.unavailable") -> Any:
    """A router that refuses the topics that `refuses` selects."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH:
                heard.append((message[3], message[4][0] if len(message) > 4 else None))
                if refuses(message[3]):
                    connection.send(ERROR, PUBLISH, message[1], {}, error)
                    continue
            connection.answer(message)
    return script


@pytest.mark.timeout(900)
async def test_text_that_cannot_be_made(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """2 kB whose text exceeds the gigabyte that the server can make; and texts that are small in storage, and large
    when sent."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        installed.execute(
            "select wamp.publish('test.huge', ('[' || string_agg('1e131071', ',') || ']')::jsonb) from "
            "generate_series(1, 9000)")
        publish(installed, ("test.news", [1]))
        installed.execute(
            "select wamp.publish('test.long', ('[' || string_agg('1e131071', ',') || ']')::jsonb) from "
            "generate_series(1, 1000)")
        installed.execute("select wamp.publish('test.marks', jsonb_build_array(repeat(E'\\u0001', 200000000)))")
        publish(installed, ("test.news", [2]))
        events = await inbox.first(2, 240)
        assert [event.args for event in events] == [[1], [2]]
    await until(lambda: outbox(installed) == 0, "the outbox is empty")
    assert letters(installed) == [
        ("test.huge", "wamp.error.payload_size_exceeded"), ("test.long", "wamp.error.payload_size_exceeded"),
        ("test.marks", "wamp.error.payload_size_exceeded")]
    assert installed.value("select jsonb_array_length(args) from wamp.dead_letter where topic = 'test.huge'") == 9000
    assert sidecar.peak() < 64 * MEGABYTE, "none of the texts was sent"


async def test_rows_that_publish_would_not_make(make_sidecar: SidecarMaker, router: Router,
                                                installed: Database) -> None:
    """COPY and pg_restore bypass publish(), and the id's default."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.", match="prefix")
        publish(installed, ("test.first", [1]))
        await inbox.first(1)
        installed.execute(
            """
            insert into wamp.outbox (id, topic, args, kwargs, options) values
                (-9223372036854775808, 'test.lowest', '[]', null, null), (0, 'test.nought', '[]', null, null),
                (9223372036854775807, 'test.highest', '[]', null, null), (-1, 'a b', '[]', null, null),
                (-2, '', '[]', null, null), (-3, '..', '[]', null, null), (-4, 'test.object', '{"a": 1}', null, null),
                (-5, 'test.number', '[]', '5', null), (-6, 'test.options', '[]', null, '[]'),
                (-7, 'test.option', '[]', null, '{"exclude": "everybody"}'), (-8, 'test.text', '"text"', null, null);
            select wamp.publish('test.last', '[2]');
            """)
        # Rows before all that were read are found by the scan that begins at the first row.
        events = await inbox.first(5, 120)
        assert {event.topic for event in events} == {
            "test.first", "test.last", "test.lowest", "test.nought", "test.highest"}
    await until(lambda: outbox(installed) == 0, "the outbox is empty")
    assert {topic for topic, _ in letters(installed)} == {
        "a b", "", "..", "test.object", "test.number", "test.options", "test.option", "test.text"}
    assert not sidecar.entries("the outbox can't be emptied")


async def test_event_that_ends_the_session(make_sidecar: SidecarMaker, installed: Database) -> None:
    """Whatever the router dislikes about it: it is found, and all others arrive."""
    heard: list[tuple[str, Any]] = []

    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH and message[3] == "test.poison":
                return connection.close()
            if message[0] == PUBLISH:
                heard.append((message[3], message[4][0]))
            connection.answer(message)

    async with scripted(*[script] * 100) as router:
        sidecar = make_sidecar(router.url, installed.url, outbox={"attempts": 2})
        await sidecar.started(LEADING)
        publish(installed, *[("test.news", [n]) for n in range(10)], ("test.poison", ["x"]),
                *[("test.other", [n]) for n in range(10)])
        await until(lambda: outbox(installed) == 0, "the outbox is empty", 200)
        assert letters(installed) == [("test.poison", "wamp.error.invalid_payload")]
        assert [n for topic, n in heard if topic == "test.other"] == list(range(10))
        assert {n for topic, n in heard if topic == "test.news"} == set(range(10))
        assert sidecar.wait_for("event moved to the dead letters")["topic"] == "test.poison"


async def test_topics_that_differ_in_octets_only(make_sidecar: SidecarMaker, installed: Database) -> None:
    """Unicode has two ways to write an é, and a quote before a combining mark is still a quote."""
    heard: list[tuple[str, Any]] = []
    moody = {"test.cafe\u0301", 'test."\u0301'}
    async with scripted(refusing(heard, lambda topic: topic in moody)) as router:
        sidecar = make_sidecar(router.url, installed.url, outbox={"attempts": 100})
        await sidecar.started(LEADING)
        publish(installed, *[(topic, [1]) for topic in moody])
        # From now on they wait for 8 s.
        await until(lambda: all(heard.count((topic, 1)) == 4 for topic in moody), "they are refused")
        publish(installed, ("test.caf\u00e9", [2]), ('test."', [3]))
        await until(lambda: {("test.caf\u00e9", 2), ('test."', 3)} <= set(heard), "the others continue")
        assert [topic for topic, _ in heard[:10] if topic in moody] == [topic for topic, _ in heard[:8]]
        await until(lambda: outbox(installed) == 2, "they leave the outbox")
        assert not sidecar.entries("the outbox can't be emptied")


@pytest.mark.timeout(900)
async def test_many_topics_that_are_refused(make_sidecar: SidecarMaker, installed: Database) -> None:
    """They wait together, and block no others; when the reason is gone all of them are published, in order."""
    heard: list[tuple[str, Any]] = []
    isRefused = [True]
    async with scripted(refusing(heard, lambda topic: isRefused[0] and topic.startswith("test.moody."))) as router:
        sidecar = make_sidecar(router.url, installed.url)
        await sidecar.started(LEADING)
        installed.execute(
            "select wamp.publish('test.moody.' || n % 20000, jsonb_build_array(n)) from generate_series(0, 39999) n")
        await until(lambda: len(heard) >= 20000, "they are tried", 200)

        def publish_others() -> None:
            for n in range(200):
                publish(installed, ("test.calm", [n]))

        def calm() -> list[int]:
            return list(dict.fromkeys(n for topic, n in heard if topic == "test.calm"))

        # Not on the loop, where the router must answer meanwhile: it would have to send unanswered events again.
        await asyncio.to_thread(publish_others)
        await until(lambda: len(calm()) == 200, "another topic continues", 200)
        assert calm() == list(range(200))
        held = len(sidecar.entries("event refused for the moment; its topic waits"))
        assert held <= 17 and sidecar.entries("events of many topics refused for the moment; they wait")
        isRefused[0] = False
        await until(lambda: outbox(installed) == 0, "all of them are published", 300)
        arrived = heard[-40000 - 200:]
        for topic in ("test.moody.0", "test.moody.19999"):
            numbers = [n for name, n in arrived if name == topic]
            assert numbers[-2:] == [int(topic[11:]), int(topic[11:]) + 20000]
        assert letters(installed) == []


async def test_authorizer_that_comes_late(make_sidecar: SidecarMaker, installed: Database) -> None:
    """The router is up, and its authorizer only 20 s later: no event is given up."""
    heard: list[tuple[str, Any]] = []
    isThere = asyncio.Event()
    asyncio.get_running_loop().call_later(20, isThere.set)
    refuses = refusing(heard, lambda topic: not isThere.is_set(), "wamp.error.authorization_failed")
    async with scripted(refuses) as router:
        await make_sidecar(router.url, installed.url).started(LEADING)
        publish(installed, *[(f"test.{n}", [n]) for n in range(50)], ("test.0", [50]))
        await until(lambda: outbox(installed) == 0, "all arrive", 120)
        assert letters(installed) == []


async def test_sequence_that_is_set_back(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Truncated with `restart identity`, or restored: later events have ids that lie behind the relay."""
    sidecar = make_sidecar(router.url("rawsocket"), installed.url)
    sidecar.start(LEADING)
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.news")
        count = 0
        for setBack in ("truncate wamp.outbox restart identity", "select setval('wamp.outbox_id_seq', 3)"):
            for _ in range(20):
                count += 1
                publish(installed, ("test.news", [count]))
                await inbox.first(count)
            await until(lambda: outbox(installed) == 0, "the outbox is empty")
            installed.execute(setBack)
            count += 1
            publish(installed, ("test.news", [count]))
            assert (await inbox.first(count, 12))[-1].args == [count]
        assert [event.args[0] for event in await inbox.first(count)] == list(range(1, count + 1))
