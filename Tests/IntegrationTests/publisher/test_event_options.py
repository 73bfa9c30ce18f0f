"""Receivers of an event, and disclosure of its publisher: from SQL to real peers; and routers that lack the
features."""

import asyncio
from typing import Any

import pytest
from autobahn.wamp.types import EventDetails, SubscribeOptions

from actors.cluster import Database
from actors.deadline import until
from actors.peer import Peer, joined
from actors.router import Router
from actors.scripted_router import HELLO, PUBLISH, REGISTER, SUBSCRIBE, WELCOME, Connection, scripted
from actors.sidecar import Sidecar
from conftest import SidecarMaker
from test_outbox import LEADING, outbox, publish

MISSING = "the router does not announce a feature that is used"


async def details_of(peer: Peer, topic: str, **options: Any) -> list[EventDetails]:
    """The details of the events of a topic, as they arrive."""
    seen: list[EventDetails] = []
    await peer.session.subscribe(
        lambda *args, details, **kwargs: seen.append(details), topic, options=SubscribeOptions(details=True, **options))
    return seen


def session_of(sidecar: Sidecar) -> int:
    return int(sidecar.wait_for("router joined")["session"])


async def test_lists(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """By session, authid and authrole; a session on both kinds of lists gets nothing."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as one, joined(router) as two:
        ids = [peer.session._session_id for peer in (one, two)]
        names = [peer.session._authid for peer in (one, two)]
        assert len(set(ids)) == len(set(names)) == 2
        both, first, second, nobody = [True, True], [True, False], [False, True], [False, False]
        cases: list[tuple[dict[str, Any], list[bool]]] = [
            ({}, both), ({"eligible": ids[:1]}, first), ({"exclude": ids[:1]}, second), ({"eligible": []}, nobody),
            ({"eligible": ids, "exclude": ids[1:]}, first), ({"eligible_authid": names[1:]}, second),
            ({"exclude_authid": names[1:]}, first), ({"eligible_authrole": ["everybody"]}, both),
            ({"eligible_authrole": ["others"]}, nobody), ({"exclude_authrole": ["everybody"]}, nobody),
            ({"exclude_authrole": ["others"]}, both), ({"eligible": ids, "exclude_authid": names}, nobody),
        ]
        inboxes = [await peer.subscribe("test.list") for peer in (one, two)]
        publish(installed, *[("test.list", [n], None, options) for n, (options, _) in enumerate(cases)],
                ("test.list", ["end"]))
        for which, inbox in enumerate(inboxes):
            expected: list[Any] = [[n] for n, (_, gets) in enumerate(cases) if gets[which]] + [["end"]]
            await until(lambda: inbox.events and inbox.events[-1].args == ["end"], "all have come")
            assert [event.args for event in inbox.events] == expected


@pytest.mark.parametrize("way", ["sql", "notify"])
async def test_back_to_the_sidecar(make_sidecar: SidecarMaker, router: Router, installed: Database, way: str) -> None:
    """Its own subscription gets its own event with `exclude_me: false`, and only then."""
    installed.execute("""
        create table public.seen (n integer);
        create function public.see(n integer) returns void language sql as 'insert into public.seen values (n)';
        grant all on public.seen to public;
    """)
    await make_sidecar(
        router.url("rawsocket"), installed.url, subscriptions={"test.n": "public.see"},
        notifications={"mine": {"publish": "test.n", "options": {"exclude_me": False}},
            "theirs": {"publish": "test.n"}},
    ).started()
    async with joined(router) as peer:
        await until(lambda: lookup(peer, "test.n"), "it has subscribed")
        inbox = await peer.subscribe("test.n")
        if way == "sql":
            publish(installed, ("test.n", [1]), ("test.n", [2], None, {"exclude_me": False}), ("test.n", [3], None, {}))
        else:
            for channel, n in (("theirs", 1), ("mine", 2), ("theirs", 3)):
                installed.execute(f"notify {channel}, '{n}'")
        assert [event.args for event in await inbox.first(3)] == [[1], [2], [3]]
        await until(lambda: installed.rows("select n from public.seen") == [(2,)], "just that one has run")


async def lookup(peer: Peer, topic: str) -> bool:
    return (await peer.call("wamp.subscription.lookup", topic)).value is not None


async def test_who_published(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    async with joined(router) as peer:
        seen = await details_of(peer, "disclosed.news")
        unseen = await details_of(peer, "test.news")
        publish(installed, ("disclosed.news", [1], None, {"disclose_me": True}), ("test.news", [2]))
        await until(lambda: seen and unseen, "both have come")
        assert seen[0].publisher == session_of(sidecar)
        assert (seen[0].publisher_authid, seen[0].publisher_authrole) == ("ticket-user", "everybody")
        assert unseen[0].publisher is None


async def test_retained(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Events that SQL published as retained reach later subscribers that ask for them."""
    make_sidecar(router.url("rawsocket"), installed.url).start(LEADING)
    publish(installed, ("test.retained", ["old"], None, {"retain": True}),
        ("test.retained", ["new"], None, {"retain": True}),
            ("test.retained", ["passing"]))
    await until(lambda: outbox(installed) == 0, "all are published")
    async with joined(router) as peer:
        seen = await details_of(peer, "test.retained", get_retained=True)
        await until(lambda: seen, "the event comes")
        assert len(seen) == 1 and seen[0].retained


# -- a router that lacks the features

async def denying(connection: Connection) -> None:
    """It announces features, but none of these."""
    await connection.handshake()
    while True:
        message = await connection.receive()
        if message[0] == HELLO:
            roles = {"broker": {"features": {"other": True}}, "dealer": {"features": {"other": True}}}
            connection.send(WELCOME, 4711, {"roles": roles, "realm": "realm1"})
        else:
            connection.answer(message)


async def test_router_that_lacks_them(make_sidecar: SidecarMaker, installed: Database) -> None:
    """What would mean something else is not sent; the rest is sent without its option; each feature is logged once."""
    installed.execute("create function public.f(args jsonb) returns void language sql as ''")
    async with scripted(denying) as router:
        sidecar = make_sidecar(
            router.url, installed.url, procedures={
                "test.shared": {"function": "public.f", "invoke": "roundrobin"},
                "test.shared2": {"function": "public.f", "invoke": "last"},
                "test.pattern.": {"function": "public.f", "match": "prefix"}},
            subscriptions={"test.kept": {"function": "public.f", "retained": True},
                           "test..wild": {"function": "public.f", "match": "wildcard"}},
            notifications={"few": {"publish": "test.few", "options": {"eligible_authrole": ["clerk"]}}})
        await sidecar.started("running with faults")
        await asyncio.to_thread(sidecar.wait_for, LEADING)
        refused = await asyncio.to_thread(sidecar.wait_for, "procedure not registered")
        assert refused["procedure"] == "test.pattern." and "pattern_based_registration" in refused["reason"]
        refused = await asyncio.to_thread(sidecar.wait_for, "not subscribed")
        assert refused["topic"] == "test..wild" and "pattern_based_subscription" in refused["reason"]
        await asyncio.to_thread(
            publish, installed, ("test.list", ["secret"], None, {"exclude_authrole": ["guest"]}),
            ("test.retained", ["kept"], None, {"retain": True}), ("test.plain", [1]))
        await until(lambda: outbox(installed) == 0, "the outbox is empty")
        letters = installed.rows("select topic, error from wamp.dead_letter")
        assert letters == [("test.list", "wamp.error.feature_not_supported")]
        await asyncio.to_thread(installed.execute, "notify few, '1'")
        dropped = await asyncio.to_thread(sidecar.wait_for, "notification dropped")
        assert "subscriber_blackwhite_listing" in dropped["reason"]
        sent = [message for message in router.connections[0].messages if message[0] in (PUBLISH, REGISTER, SUBSCRIBE)]
        assert sorted((message[0], message[3], message[2]) for message in sent) == [
            (PUBLISH, "test.plain", {"acknowledge": True}), (PUBLISH, "test.retained", {"acknowledge": True}),
            (SUBSCRIBE, "test.kept", {}), (REGISTER, "test.shared", {}), (REGISTER, "test.shared2", {})]
        told = [entry["feature"] for entry in sidecar.entries(MISSING)]
        assert sorted(told) == ["event_retention", "pattern_based_registration", "pattern_based_subscription",
                                "shared_registration", "subscriber_blackwhite_listing"]
        assert all(entry["level"] == "warning" and entry["reason"] for entry in sidecar.entries(MISSING))


async def test_router_that_says_nothing(make_sidecar: SidecarMaker, installed: Database) -> None:
    """It may have some features: requests are sent, except those that would mean something else without them."""
    async def silent(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == HELLO:
                connection.send(WELCOME, 4711, {"roles": {"broker": {"features": {}}, "dealer": {}}, "realm": "realm1"})
            else:
                connection.answer(message)

    installed.execute("create function public.f(args jsonb) returns void language sql as ''")
    async with scripted(silent) as router:
        sidecar = make_sidecar(
            router.url, installed.url,
            procedures={"test.shared": {"function": "public.f", "invoke": "first"},
                        "test.pattern.": {"function": "public.f", "match": "prefix"}},
            subscriptions={"test.kept": {"function": "public.f", "retained": True}})
        await sidecar.started("running with faults")
        await asyncio.to_thread(sidecar.wait_for, LEADING)
        await asyncio.to_thread(publish, installed, ("test.list", [1], None, {"eligible": [7]}), ("test.plain", [1]))
        await until(lambda: outbox(installed) == 0, "the outbox is empty")
        assert installed.rows("select topic from wamp.dead_letter") == [("test.list",)]
        sent = [message for message in router.connections[0].messages if message[0] in (REGISTER, SUBSCRIBE)]
        assert sorted((message[0], message[2]) for message in sent) == [
            (SUBSCRIBE, {"get_retained": True}), (REGISTER, {"invoke": "first"})]
