"""`wamp-sidecar call`, `publish` and `subscribe` from outside: their output, how they end, which router they find."""

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from autobahn.wamp.types import RegisterOptions

from actors.cluster import Database
from actors.command import Running, command
from actors.deadline import free_port, until
from actors.peer import ApplicationError, Peer, PublishOptions, joined
from actors.router import REALM, SECRET, TICKET, Router
from actors.scripted_router import ERROR, HELLO, PUBLISH, PUBLISHED, WELCOME, Connection, scripted
from actors.sidecar import ROOT
from conftest import SidecarMaker

FAILED, USAGE, CONFIGURATION = 1, 64, 78


def at(router: Router, transport: str = "rawsocket") -> list[str]:
    return ["--url", router.url(transport), "--realm", REALM]


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def echo(*args: Any, **kwargs: Any) -> Any:
    return [list(args), kwargs]


# -- call

@pytest.mark.parametrize("words, args", [
    ([], []), (["2", "3"], [2, 3]), (["apple", "a b", ""], ["apple", "a b", ""]), (['"5"', "5"], ["5", 5]),
    (["true", "null", "1.5", "1e3"], [True, None, 1.5, 1000]),
    (["True", "NaN", "01", "1,2"], ["True", "NaN", "01", "1,2"]),
    (['[1, {"a": [null]}]', ' {"b" :2} '], [[1, {"a": [None]}], {"b": 2}]), (["--", "-5", "--x"], [-5, "--x"]),
    (["ünï😀", "tab\there", 'say "hi"', "back\\slash"], ["ünï😀", "tab\there", 'say "hi"', "back\\slash"]),
    (["9007199254740993"], [9007199254740993]), ([chr(92) * 3], ["\\\\\\"]),
])
async def test_arguments(router: Router, words: list[str], args: list[Any]) -> None:
    async with joined(router) as peer:
        await peer.register("test.echo", echo)
        result = await command("call", *at(router), "test.echo", *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert lines(result.stdout) == [{"args": [[args, {}]], "kwargs": {}}]


@pytest.mark.parametrize("words, args, kwargs", [
    (["a=2", "b=3"], [], {"a": 2, "b": 3}), (["1", "a=2", "3"], [1, 3], {"a": 2}),
    (["a=", "b=x=y"], [], {"a": "", "b": "x=y"}),
    (["a=apple", "b=[1]", 'c="5"', "_d1=null", "é=-2"], [], {"a": "apple", "b": [1], "c": "5", "_d1": None, "é": -2}),
    (["a=2", "--kwargs", '{"b": 3, "c": {}}'], [], {"a": 2, "b": 3, "c": {}}),
    (["https://h/?a=b", "=", "=1", "1=2", "a b=c", "a-b=c", '"a=b"', " a=1"],
        ["https://h/?a=b", "=", "=1", "1=2", "a b=c", "a-b=c", "a=b", " a=1"], {}),
])
async def test_keyword_arguments(router: Router, words: list[str], args: list[Any], kwargs: dict[str, Any]) -> None:
    async with joined(router) as peer:
        await peer.register("test.echo", echo)
        result = await command("call", *at(router), "test.echo", *words)
        assert (result.returncode, result.stderr) == (0, "")
        assert lines(result.stdout) == [{"args": [[args, kwargs]], "kwargs": {}}]
        inbox = await peer.subscribe("test.topic")
        result = await command("publish", *at(router), "test.topic", *words)
        assert (result.returncode, result.stderr) == (0, "")
        event, = await inbox.first(1)
        assert (event.args, event.kwargs) == (args, kwargs)


async def test_call(router: Router, transport: str) -> None:
    async with joined(router) as peer:
        await peer.register("test.echo", echo)
        result = await command(
            "call", "test.echo", "1", "--kwargs", '{"two": [2],\n "three": "3"}', *at(router, transport))
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == '{"args":[[[1],{"two":[2],"three":"3"}]],"kwargs":{}}\n'
        await peer.register("test.nothing", lambda: None)
        result = await command("call", "test.nothing", *at(router, transport))
        assert lines(result.stdout) == [{"args": [None], "kwargs": {}}]
        big = "x" * 100_000
        result = await command("call", "test.echo", big, *at(router, transport))
        assert lines(result.stdout)[0]["args"] == [[[big], {}]]
    result = await command("call", "wamp.session.count", *at(router, transport))
    assert result.returncode == 0 and lines(result.stdout)[0]["args"][0] >= 1


@pytest.mark.parametrize("words, says", [
    (["a=[1"], "argument 'a' begins like JSON"), (["a=1", "a=2"], "'a' is given twice"),
    (["a=1", "--kwargs", '{"a": 1}'], "'a' is given twice"),
    (["a=1", "--kwargs", "1"], "--kwargs is not a JSON object"),
    (["[1"], "argument 1 begins like JSON"), (["1", '{"a":}'], "argument 2 begins like JSON"),
    (['"x'], "argument 1 begins"),
    (["--kwargs", "[]"], "--kwargs is not a JSON object"), (["--kwargs", "x"], "--kwargs is not a JSON object"),
    (["--timeout", "5"], "--timeout '5' is not a duration"), (["--timeout", "0s"], "--timeout '0s' is not a duration"),
    (["--timeout", "99999d"], "not a duration"), (["-5"], "Write -- before"), (["1", "-.5e3"], "Write -- before"),
    (["--unknown"], "--unknown"),
])
async def test_wrong_words(router: Router, words: list[str], says: str) -> None:
    result = await command("call", *at(router), "test.echo", *words)
    assert result.returncode == USAGE
    assert result.stdout == "" and says in result.stderr
    assert "Usage: wamp-sidecar call [" in result.stderr and "See 'wamp-sidecar call --help'" in result.stderr


@pytest.mark.parametrize("uri", ["", "a..b", "a b", "a.#", "a.\nb", "a."])
@pytest.mark.parametrize("name", ["call", "publish", "subscribe"])
async def test_wrong_uris(name: str, uri: str) -> None:
    """Never sent: they make Crossbar.io drop the connection."""
    result = await command(name, "--url", f"rs://127.0.0.1:{free_port()}", "--realm", REALM, uri)
    assert result.returncode == USAGE and "is not a URI" in result.stderr
    assert f"Usage: wamp-sidecar {name} [" in result.stderr and f"See 'wamp-sidecar {name} --help'" in result.stderr


async def test_call_error(router: Router) -> None:
    def fail(**kwargs: Any) -> None:
        raise ApplicationError("com.example.error.sold_out", "banana", 2, **kwargs)

    async with joined(router) as peer:
        await peer.register("test.fail", fail)
        result = await command("call", "test.fail", "--kwargs", '{"left": 0}', *at(router))
        assert (result.returncode, result.stdout) == (FAILED, "")
        uri, payload = result.stderr.split(" ", 1)
        assert (uri, json.loads(payload)) == (
            "com.example.error.sold_out", {"args": ["banana", 2], "kwargs": {"left": 0}})
        result = await command("call", "test.fail", "--json", *at(router))
        assert (result.returncode, result.stderr) == (FAILED, "")
        assert lines(result.stdout) == [{"error": "com.example.error.sold_out", "args": ["banana", 2], "kwargs": {}}]
    result = await command("call", "test.nobody", *at(router))
    assert result.returncode == FAILED and result.stderr.startswith("wamp.error.no_such_procedure")
    result = await command("call", "forbidden.thing", *at(router))
    assert result.returncode == FAILED and result.stderr.startswith("wamp.error.not_authorized")


async def test_what_is_too_large(router: Router) -> None:
    result = await command("call", "test.echo", "x" * 70_000, *at(router, "narrow"))
    assert result.returncode == FAILED and result.stderr.startswith("wamp.error.payload_size_exceeded")
    result = await command("publish", "test.topic", "-", *at(router, "narrow"), stdin=b'"%s"\n' % (b"x" * 70_000))
    assert result.returncode == FAILED and result.stderr.startswith("wamp.error.payload_size_exceeded")


class Stepwise:
    """A procedure that yields its parts when the test says so, and records how it ended."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.details: Any = None
        self.canceled = False
        self.end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def run(self, *args: Any, details: Any) -> Any:
        self.details = details
        try:
            return await self.end
        except asyncio.CancelledError:
            self.canceled = True
            raise ApplicationError("wamp.error.canceled", "as you wish") from None

    async def registered(self) -> "Stepwise":
        await self.peer.session.register(self.run, "test.steps", options=RegisterOptions(details_arg="details"))
        return self

    async def called(self) -> None:
        await until(lambda: self.details is not None, "the procedure is called")


async def test_progress(router: Router, transport: str) -> None:
    """Each part is printed immediately, as a line."""
    async with joined(router) as peer:
        steps = await Stepwise(peer).registered()
        async with Running("call", "test.steps", "--progress", *at(router, transport)) as call:
            await steps.called()
            for n in range(3):
                steps.details.progress(n, more=True)
                assert await call.line() == {"progress": True, "args": [n], "kwargs": {"more": True}}
            steps.end.set_result("all")
            assert await call.line() == {"args": ["all"], "kwargs": {}}
            assert (await call.rest(), await call.ended(), call.errors) == ("", 0, [])
        steps.details, steps.end = None, asyncio.get_running_loop().create_future()
        async with Running("call", "test.steps", *at(router, transport)) as call:
            await steps.called()
            assert steps.details.progress is None
            steps.end.set_result(1)
            assert (await call.rest(), await call.ended()) == ('{"args":[1],"kwargs":{}}\n', 0)


async def test_progress_of_the_database(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A set of the database arrives in parts, and whole if nobody asks for parts."""
    make_sidecar(router.url("rawsocket"), database.url, procedures={
        "test.set": {"sql": "select n from generate_series(1, 20000) n"}}).start()
    parts = await command("call", "test.set", "--progress", *at(router))
    whole = await command("call", "test.set", *at(router))
    assert (parts.returncode, whole.returncode) == (0, 0), parts.stderr + whole.stderr
    *progress, last = lines(parts.stdout)
    assert len(progress) > 1 and all(line["progress"] for line in progress) and "progress" not in last
    rows = [row for line in [*progress, last] for row in (line["args"][0] if line["args"] else [])]
    assert rows == lines(whole.stdout)[0]["args"][0] == [{"n": n} for n in range(1, 20001)]


async def test_timeout(router: Router) -> None:
    """For the whole call, with parts or without; the callee is interrupted."""
    async with joined(router) as peer:
        steps = await Stepwise(peer).registered()
        async with Running("call", "test.steps", "--progress", "--timeout", "5s", *at(router)) as call:
            await steps.called()
            steps.details.progress(1)
            assert (await call.line())["args"] == [1]
            assert await call.ended() == FAILED
            assert call.errors == ["wamp.error.timeout: no answer in time; the outcome is unknown"]
        await until(lambda: steps.canceled, "the callee is interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_call(router: Router, number: signal.Signals) -> None:
    """The callee is interrupted, and its answer is printed."""
    async with joined(router) as peer:
        steps = await Stepwise(peer).registered()
        async with Running("call", "test.steps", *at(router)) as call:
            await steps.called()
            call.interrupt(number)
            assert await call.ended() == FAILED
            assert steps.canceled
            assert call.errors[0].startswith("wamp.error.canceled") and await call.rest() == ""


async def test_interrupted_twice(mortal_router: Router) -> None:
    """A router that does not answer can't block the command."""
    async with joined(mortal_router) as peer:
        steps = await Stepwise(peer).registered()
        async with Running("call", "test.steps", *at(mortal_router)) as call:
            await steps.called()
            mortal_router.pause()
            try:
                call.interrupt()
                call.interrupt()
                assert await call.ended() == FAILED
            finally:
                mortal_router.resume()


async def test_broken_pipe(router: Router) -> None:
    """`call --progress | head -1` and `subscribe | head -1` end quietly."""
    async with joined(router) as peer:
        steps = await Stepwise(peer).registered()
        for words in (["call", "test.steps", "--progress"], ["subscribe", "test.topic"]):
            steps.details = None
            async with Running(*words, *at(router)) as running:
                if words[0] == "call":
                    await steps.called()
                    steps.details.progress(1)
                else:
                    await running.says("subscribed")
                    await peer.session.publish("test.topic", options=PublishOptions(acknowledge=True))
                await running.line()
                running.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
                assert await running.ended() == 0
                assert [line for line in running.errors if "subscribed" not in line] == []


async def test_output_that_is_full(router: Router) -> None:
    with Path("/dev/full").open("wb") as full:
        result = await command("call", "wamp.session.count", *at(router), stdout=full)
    assert result.returncode == FAILED and result.stderr == "can't write: No space left on device\n"


# -- publish

async def test_publish(router: Router, transport: str) -> None:
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.", match="prefix")
        result = await command("publish", "test.news", "1", "two", "--kwargs", '{"a": null}', *at(router, transport))
        assert (result.returncode, result.stderr) == (0, "")
        assert lines(result.stdout)[0]["publication"] > 0
        event, = await inbox.first(1)
        assert (event.topic, event.args, event.kwargs) == ("test.news", [1, "two"], {"a": None})
        result = await command("publish", "test.quiet", "--no-acknowledge", *at(router, transport))
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert (await inbox.first(2))[1].topic == "test.quiet"


async def test_refused_publication(router: Router) -> None:
    result = await command("publish", "forbidden.news", *at(router))
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr.startswith("wamp.error.not_authorized")
    result = await command("publish", "forbidden.news", "--no-acknowledge", *at(router))
    assert (result.returncode, result.stderr) == (0, "")


async def test_lists(router: Router) -> None:
    async with joined(router) as one, joined(router) as two:
        ids = [str(peer.session._session_id) for peer in (one, two)]
        inboxes = [await peer.subscribe("test.list") for peer in (one, two)]
        for words in (
            ["--eligible", ids[0]], ["--exclude", ids[1]], ["--exclude", ids[0], "--exclude", ids[1]],
            ["--eligible-authrole", "everybody"], ["--exclude-authrole", "everybody"], ["--eligible-authid", "nobody"],
            ["--exclude-authid", "nobody"],
        ):
            result = await command("publish", "test.list", words[0][2:], *words, *at(router))
            assert result.returncode == 0, result.stderr
        for inbox, got in zip(inboxes, (["eligible", "exclude", "eligible-authrole", "exclude-authid"],
                                        ["eligible-authrole", "exclude-authid"])):
            assert [event.args[0] for event in await inbox.first(len(got))] == got
    result = await command("publish", "test.list", "--eligible", "0", *at(router))
    assert result.returncode == USAGE and "eligible" in result.stderr


async def test_lines_of_standard_input(router: Router) -> None:
    text = b"".join(b"%d\n" % n
        for n in range(1000)) + b'\n"last"\n{"args":[1],"kwargs":{"k":2},"topic":"t"}\r\n{"kwargs":{"k":3}}'
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.lines")
        result = await command("publish", "test.lines", "-", *at(router), stdin=text)
        assert (result.returncode, result.stderr) == (0, "")
        assert len(lines(result.stdout)) == 1003
        events = await inbox.first(1003)
        assert [event.args for event in events[:1001]] == [[n] for n in range(1000)] + [["last"]]
        assert [(event.args, event.kwargs) for event in events[1001:]] == [([1], {"k": 2}), ([], {"k": 3})]
        result = await command("publish", "test.lines", "-", *at(router), stdin=b'"good"\nbad\n"never"\n')
        assert result.returncode == FAILED and "line 2 of standard input is not JSON" in result.stderr
        assert len(lines(result.stdout)) == 1 and result.stderr.endswith("\nevents published before it ended: 1\n")
        assert (await inbox.first(1004))[1003].args == ["good"]
        result = await command("publish", "test.lines", "-", *at(router), stdin=b"")
        assert (result.returncode, result.stdout) == (0, "")
        assert len(inbox.events) == 1004
    result = await command("publish", "test.lines", "-", "--kwargs", "{}", *at(router), stdin=b"")
    assert result.returncode == USAGE


class LateBroker:
    """Acknowledges only when as many events have arrived as the test says; refuses those with the argument `no`."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def __call__(self, connection: Connection) -> None:
        await connection.handshake()
        await connection.serve_until(lambda: any(message[0] == HELLO for message in connection.messages))
        waiting = [await connection.receive() for _ in range(self.count)]
        for message in waiting:
            assert message[0] == PUBLISH, message
            if message[4] == ["no"]:
                connection.send(ERROR, PUBLISH, message[1], {}, "com.example.error.no")
            else:
                connection.send(PUBLISHED, message[1], message[1] + 1000)
        await connection.serve()


@pytest.mark.parametrize("text, count, published, says", [
    (b"1\n2\nbad\n4\n", 2, [1001, 1002],
        ["line 3 of standard input is not JSON: ", "events published before it ended: 2"]),
    (b'1\n{"kwargs":[]}\n4\n', 1, [1001],
     ["line 2 of standard input is not an event: its 'kwargs' is not an object",
      "events published before it ended: 1"]),
    (b'1\n"no"\n3\n4', 4, [1001, 1003, 1004],
     ["com.example.error.no (line 2 of standard input)", "events published before it ended: 3"]),
    (b'"no"\nbad\n', 1, [],
     ["line 2 of standard input is not JSON: ", "com.example.error.no (line 1 of standard input)",
      "events published before it ended: 0"]),
])
async def test_what_was_published_is_told(text: bytes, count: int, published: list[int], says: list[str]) -> None:
    """Whoever repeats the input after a failure must know what the router has: the command waits for pending
    acknowledgements."""
    async with scripted(LateBroker(count)) as router:
        result = await command("publish", "test.lines", "-", "--url", router.url, "--realm", REALM, stdin=text)
    assert result.returncode == FAILED
    assert [line["publication"] for line in lines(result.stdout)] == published
    told = result.stderr.splitlines()
    assert len(told) == len(says), told
    assert all(line.startswith(begin) for line, begin in zip(told, says)), told


async def test_a_broker_that_never_acknowledges() -> None:
    """Ctrl-C ends the wait."""
    async def script(connection: Connection) -> None:
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] != PUBLISH:
                connection.answer(message)

    async with scripted(script) as router:
        async with Running("publish", "test.lines", "-", "--url", router.url, "--realm", REALM,
            stdin=b"1\nbad\n") as running:
            await until(lambda: any(message[0] == PUBLISH for connection in router.connections
                for message in connection.messages),
                        "the event is published")
            running.interrupt()
            assert await running.ended() == FAILED
            assert running.errors[-2:] == ["interrupted", "events published before it ended: 0"]


@pytest.mark.parametrize("features, says", [
    ({}, "it announces no features; this one is requested all the same"), ({"x": True}, "no event is kept"),
    ({"event_retention": True}, None),
])
async def test_retention_that_is_not_announced(features: dict[str, bool], says: str | None) -> None:
    async def script(connection: Connection) -> None:
        await connection.handshake()
        await connection.receive()
        connection.send(WELCOME, 4711, {"roles": {"broker": {"features": features}, "dealer": {}}})
        await connection.serve()

    async with scripted(script) as router:
        result = await command("publish", "test.kept", "1", "--retain", "--url", router.url, "--realm", REALM)
    assert (result.returncode, lines(result.stdout)) == (0, [{"publication": 300}])
    if says is None:
        assert result.stderr == ""
    else:
        assert result.stderr.startswith("note: the router does not announce event_retention: " + says)


async def test_from_subscribe_to_publish(router: Router) -> None:
    """The output of one is input for the other."""
    async with joined(router) as peer:
        copies = await peer.subscribe("test.copy")
        async with Running("subscribe", "test.original", "--count", "2", *at(router)) as subscription:
            await subscription.says("subscribed to test.original")
            for n in range(2):
                await peer.session.publish("test.original", n, a=[n], options=PublishOptions(acknowledge=True))
            printed = await subscription.rest()
        result = await command("publish", "test.copy", "-", *at(router), stdin=printed.encode())
        assert result.returncode == 0, result.stderr
        assert [(event.args, event.kwargs) for event in await copies.first(2)] == [([0], {"a": [0]}), ([1], {"a": [1]})]


# -- subscribe

async def test_subscribe(router: Router, transport: str) -> None:
    async with joined(router) as peer:
        async with Running("subscribe", "test.", "--match", "prefix", "--count", "3",
            *at(router, transport)) as running:
            await running.says("subscribed to test.")
            for n in range(4):
                await peer.session.publish(f"test.n{n}", n, k=n, options=PublishOptions(acknowledge=True))
            for n in range(3):
                line = await running.line()
                assert line.pop("publication") > 0
                assert line == {"topic": f"test.n{n}", "args": [n], "kwargs": {"k": n}}
            assert (await running.rest(), await running.ended()) == ("", 0)
        async with Running("subscribe", "test..x", "--match", "wildcard", *at(router, transport)) as running:
            await running.says("subscribed")
            await peer.session.publish("test.any.y", options=PublishOptions(acknowledge=True))
            await peer.session.publish("test.any.x", b"\x00\xff", options=PublishOptions(acknowledge=True))
            line = await running.line()
            assert (line["topic"], line["args"]) == ("test.any.x", ["\0AP8="])
            running.interrupt(signal.SIGTERM if transport == "websocket" else signal.SIGINT)
            assert (await running.rest(), await running.ended()) == ("", 0)


async def test_who_publishes(router: Router) -> None:
    async with joined(router) as peer:
        async with Running("subscribe", "disclosed.topic", "--count", "1", *at(router)) as running:
            await running.says("subscribed")
            await peer.session.publish("disclosed.topic", options=PublishOptions(acknowledge=True))
            line = await running.line()
            assert (line["publisher"], line["publisher_authrole"]) == (peer.session._session_id, "everybody")
            assert await running.ended() == 0


async def test_retained(router: Router) -> None:
    result = await command("publish", "test.retained", "kept", "--retain", *at(router))
    assert result.returncode == 0
    result = await command("subscribe", "test.retained", "--retained", "--count", "1", *at(router))
    line, = lines(result.stdout)
    assert (result.returncode, line["args"], line["retained"]) == (0, ["kept"], True)


async def test_refused_subscription(router: Router) -> None:
    result = await command("subscribe", "unheard.topic", *at(router))
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr.startswith("wamp.error.not_authorized")
    result = await command("subscribe", "test..topic", *at(router))
    assert result.returncode == USAGE and "; for a pattern add --match wildcard or prefix" in result.stderr
    for words in (["--match", "regex"], ["--count", "0"], ["--count", "x"]):
        assert (await command("subscribe", "test.topic", *words, *at(router))).returncode == USAGE


async def test_lost_router(mortal_router: Router) -> None:
    async with Running("subscribe", "test.topic", *at(mortal_router)) as running:
        await running.says("subscribed")
        await asyncio.to_thread(mortal_router.kill)
        assert await running.ended() == FAILED
        assert f"router {mortal_router.url('rawsocket')}" in running.errors[-1]


# -- which router

async def test_nobody_there(tmp_path: Path) -> None:
    port = free_port()
    result = await command("call", "test.x", "--url", f"rs://127.0.0.1:{port}", "--realm", REALM)
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert f"router rs://127.0.0.1:{port}" in result.stderr and "refused" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    (tmp_path / "sidecar.yaml").write_text(
        yaml.safe_dump({"router": {"url": [f"rs://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/ws"], "realm": REALM}}))
    result = await command("subscribe", "test.x", cwd=tmp_path)
    assert result.returncode == FAILED and len(result.stderr.splitlines()) == 2


async def test_the_files_router(router: Router, tmp_path: Path) -> None:
    """Only the section `router` counts: the rest of the file may be missing, wrong, or use variables that are not
    set."""
    (tmp_path / "sidecar.yaml").write_text(f"""
router:
  url: [ "rs://127.0.0.1:{free_port()}", "{router.url("rawsocket")}" ]
  realm: {REALM}
  auth: {{ method: ticket, authid: ticket-user, ticket: "${{THE_TICKET}}" }}
database: {{ url: "${{NOT_SET}}", unknown: 1 }}
nonsense: true
""")
    result = await command("call", "wamp.session.count", cwd=tmp_path, environment={"THE_TICKET": TICKET})
    assert result.returncode == 0, result.stderr
    result = await command("call", "wamp.session.count", "--config", str(tmp_path / "sidecar.yaml"),
                           environment={"THE_TICKET": TICKET})
    assert result.returncode == 0, result.stderr
    result = await command("call", "wamp.session.count", cwd=tmp_path)
    assert result.returncode == CONFIGURATION and "THE_TICKET" in result.stderr and "NOT_SET" not in result.stderr
    result = await command("call", "wamp.session.count", cwd=tmp_path, environment={"THE_TICKET": "wrong-ticket"})
    assert result.returncode == FAILED and "wrong-ticket" not in result.stderr
    # Each of the two has given its reason.
    assert "refused the credentials" in result.stderr and "--config" not in result.stderr
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("text, says", [
    ("", "the file is empty"), ("database: {}", "'router' is missing"), ("[1]", "a list"),
    ("router: [", "sidecar.yaml:"),
    ("router: { url: ws://127.0.0.1:1/ws }", "'realm' is missing"),
    ("router: { url: x, realm: realm1 }", "sidecar.yaml:1:16"),
    ("router: { url: ws://127.0.0.1:1/ws, realm: realm1, tls2: 1 }", "unknown key 'tls2'"),
])
async def test_faulty_files(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "sidecar.yaml").write_text(text)
    result = await command("publish", "test.topic", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (CONFIGURATION, "")
    assert says in result.stderr


async def test_no_file(tmp_path: Path) -> None:
    result = await command("publish", "test.topic", cwd=tmp_path)
    assert result.returncode == CONFIGURATION and "sidecar.yaml" in result.stderr and "--url" in result.stderr
    for words in (["-c", "none.yaml"], ["--config", "none.yaml"]):
        result = await command("publish", "test.topic", *words, cwd=tmp_path)
        assert result.returncode == CONFIGURATION and "none.yaml" in result.stderr and "--url" not in result.stderr


@pytest.mark.parametrize("words, environment, says", [
    (["--url", "rs://h:1"], {}, "--url needs --realm"), (["--realm", "realm1"], {}, "go with --url"),
    (["--authid", "joe"], {}, "go with --url"),
    (["--url", "rs://h:1", "--realm", "realm1", "--config", "x"], {}, "--config can't be combined with --url"),
    (["--url", "x", "--realm", "realm1"], {}, "'url' on the command line"),
    (["--url", "", "--realm", "realm1"], {}, "'url' on the command line"),
    (["--url", "rs://h:1", "--realm", "r m"], {}, "'realm' on the command line"),
    (["--url", "rs://h:1", "--realm", "realm1"], {"WAMP_TICKET": "top-secret"}, "add --authid NAME"),
    (["--url", "rs://h:1", "--realm", "realm1", "--authid", "x"],
        {"WAMP_TICKET": "top-secret", "WAMP_SECRET": "top-secret"},
     "unset one of the two"),
    (["--url", "rs://router.example.com:1", "--realm", "realm1", "--authid", "x"], {"WAMP_TICKET": "top-secret"},
     "name it with --config"),
    (["--url", "${WAMP_TICKET}", "--realm", "realm1"], {}, "'url' on the command line"),
])
async def test_wrong_targets(tmp_path: Path, words: list[str], environment: dict[str, str], says: str) -> None:
    result = await command("call", "test.x", *words, environment=environment, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert says in result.stderr and "top-secret" not in result.stderr


@pytest.mark.parametrize("authid, environment, fine", [
    ("ticket-user", {"WAMP_TICKET": TICKET}, True), ("plain-user", {"WAMP_SECRET": SECRET}, True),
    ("salted-user", {"WAMP_SECRET": SECRET}, True), ("ticket-user", {"WAMP_TICKET": "wrong"}, False),
    ("plain-user", {"WAMP_SECRET": "wrong"}, False), ("nobody", {"WAMP_TICKET": TICKET}, False),
])
async def test_authentication(router: Router, transport: str, authid: str, environment: dict[str, str],
                              fine: bool) -> None:
    result = await command("call", "wamp.session.count", *at(router, transport), "--authid", authid,
        environment=environment)
    assert result.returncode == (0 if fine else FAILED), result.stderr
    assert ("refused the credentials" in result.stderr) != fine
    # Its advice is about a file, and there is no file.
    assert ("name it with --config" in result.stderr) != fine


async def test_no_such_realm(router: Router) -> None:
    result = await command("call", "test.x", "--url", router.url("rawsocket"), "--realm", "realm2")
    assert result.returncode == FAILED and "wamp.error.no_such_realm" in result.stderr


PAGE = (ROOT / "docs/client.md").read_text()


@pytest.mark.parametrize("name", ["call", "publish", "subscribe"])
async def test_page(name: str) -> None:
    """docs/client.md lists exactly the options of the command."""
    common = {"--config", "--url", "--realm", "--authid"}
    section = PAGE.split(f"## {name.capitalize()}\n")[1].split("\n## ")[0]
    told = {option for row in re.findall(r"^\| (`--.*?) \|", section, re.MULTILINE)
        for option in re.findall(r"--[a-z-]+", row)}
    helped = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", (await command(name, "--help")).stdout, re.MULTILINE))
    if "--acknowledge" in helped:
        helped = helped - {"--acknowledge"} | {"--no-acknowledge"}
    assert told == helped - common - {"--help", "--version"}
    assert all(f"`{option}`" in PAGE for option in common)


@pytest.mark.parametrize("name, words", [
    ("call", ["--progress", "--timeout", "--kwargs", "--url", "WAMP_TICKET"]), ("publish", ["--retain", "--eligible"]),
    ("subscribe", ["--match", "--retained", "--count"]),
])
async def test_help(name: str, words: list[str]) -> None:
    result = await command(name, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for word in words:
        assert word in result.stdout
