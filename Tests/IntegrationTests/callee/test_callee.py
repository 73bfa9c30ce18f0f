"""How procedures are registered and shared, and what ends a call, with real sidecars and a real router."""

import asyncio
from typing import Any

import pytest
from autobahn.wamp.types import CallOptions, RegisterOptions

from actors.cluster import Cluster, Database
from actors.deadline import moment, until
from actors.peer import ApplicationError, Peer, joined
from actors.router import Router
from actors.scripted_router import ERROR, HELLO, INTERRUPT, YIELD, sane, scripted
from actors.sidecar import FAULTY, Sidecar
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

SCHEMA = """
create function public.a() returns text language sql as $$ select 'a' $$;
create function public.b() returns text language sql as $$ select 'b' $$;
create function public.called(args jsonb, kwargs jsonb, details jsonb) returns jsonb language sql as
    $$ select jsonb_build_array(details->'procedure', args) $$;
create function public.nap(seconds double precision) returns text
    language sql as $$ select pg_sleep(seconds); select 'rested' $$;
create function public.held() returns text language sql as $$ select pg_advisory_xact_lock_shared(1);
    select 'released' $$;
"""


@pytest.fixture
def base(database: Database) -> Database:
    database.execute(SCHEMA)
    return database


def active(database: Database, text: str) -> int:
    return sum(text in query for _, state, query in database.sessions() if state == "active")


async def callees(peer: Peer, procedure: str) -> int:
    """How many sessions have registered it."""
    registration = (await peer.call("wamp.registration.lookup", procedure)).value
    return 0 if registration is None else (await peer.call("wamp.registration.count_callees", registration)).value


async def test_announced(make_sidecar: SidecarMaker, base: Database) -> None:
    """HELLO announces what the tests of this folder show."""
    async with scripted(sane) as script:
        await make_sidecar(script.url, base.url, procedures={"test.a": "public.a"}).started()
        hello = script.connections[0].messages[0]
        assert hello[0] == HELLO
        assert hello[2]["roles"]["callee"]["features"] == {feature: True for feature in (
            "caller_identification", "call_timeout", "call_canceling", "progressive_call_results",
            "pattern_based_registration", "shared_registration", "registration_revocation")}


async def test_patterns(make_sidecar: SidecarMaker, router: Router, transport: str, base: Database) -> None:
    """The function learns which procedure was called; the best match answers."""
    make_sidecar(router.url(transport), base.url, procedures={
        "test.p.": {"function": "public.called", "match": "prefix"},
        "test.w..x": {"function": "public.called", "match": "wildcard"},
        "test.p.exact": "public.a",
    }).start()
    async with joined(router) as peer:
        for procedure in ("test.p.one", "test.p.one.two", "test.w.one.x", "test.w.two.x"):
            assert (await peer.call(procedure, 7)).value == [procedure, [7]]
        assert (await peer.call("test.p.exact")).value == "a"
        assert (await peer.error("test.w.one.y")).error == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("policy", ["roundrobin", "random", "first", "last"])
async def test_shared(make_sidecar: SidecarMaker, router: Router, cluster: Cluster, base: Database,
                      policy: str) -> None:
    """The policy decides which of two sidecars answers; when one is stopped, no call is lost."""
    def start(function: str) -> Sidecar:
        return make_sidecar(router.url("rawsocket"), base.url, procedures={
            "test.shared": {"function": f"public.{function}", "invoke": policy}}).start()

    async with joined(router) as peer:
        one = start("a")
        assert (await peer.call("test.shared")).value == "a"
        start("b")
        assert await callees(peer, "test.shared") == 2
        answers = "".join([(await peer.call("test.shared")).value for _ in range(64)])
        if policy == "roundrobin":
            assert answers in ("ab" * 32, "ba" * 32)
        elif policy == "random":
            assert answers.count("a") > 8 and answers.count("b") > 8 and answers not in ("ab" * 32, "ba" * 32)
        else:
            assert answers == {"first": "a", "last": "b"}[policy] * 64
        pending = [peer.begin("test.shared") for _ in range(50)]
        stopping = asyncio.create_task(one.stopped())
        assert {list((await call).results)[0] for call in pending} <= {"a", "b"}
        assert await stopping == 0
        assert {(await peer.call("test.shared")).value for _ in range(20)} == {"b"}


@pytest.mark.once
async def test_policies_that_differ(make_sidecar: SidecarMaker, router: Router, base: Database) -> None:
    """The second is refused, reports that, and gets the procedure when the first has stopped."""
    def make(policy: str) -> Sidecar:
        return make_sidecar(router.url("rawsocket"), base.url, procedures={
            "test.shared": {"function": "public.a", "invoke": policy}, "test.own." + policy: "public.b"})

    first = make("roundrobin").start()
    second = make("random").start(until=FAULTY)
    assert "different_invocation_policy" in second.wait_for("procedure not registered")["reason"]
    async with joined(router) as peer:
        assert await first.stopped() == 0
        assert (await peer.call_when_there("test.shared", seconds=60)).value == "a"
    await asyncio.to_thread(second.wait_for, "ready")


async def test_taken_by_force(make_sidecar: SidecarMaker, router: Router, base: Database) -> None:
    """With `force_reregister` the procedure is ours immediately. If it is taken from us in the same way, the sidecar
    does not fight for it, but waits."""
    async with joined(router) as peer:
        async with joined(router) as other:
            await other.register("test.forced", lambda: "theirs")
            sidecar = make_sidecar(router.url("rawsocket"), base.url, procedures={
                "test.forced": {"function": "public.a", "force_reregister": True}, "test.b": "public.b"}).start()
            assert (await peer.call("test.forced")).value == "a"

            await other.session.register(lambda: "theirs again", "test.forced",
                options=RegisterOptions(force_reregister=True))
            await until(lambda: sidecar.entries("registration revoked by the router"), "it notices")
            await until(lambda: sidecar.entries("procedure not registered"), "it tries to get it back")
            for _ in range(20):
                assert (await peer.call("test.forced")).value == "theirs again"
            assert (await peer.call("test.b")).value == "b"
            sidecar.wait_for_fault("procedure 'test.forced'")
        await until(lambda: sidecar.entries("ready")[1:], "it has it again when the other has left", 60)
        assert (await peer.call("test.forced")).value == "a"
        assert len(sidecar.entries("registration revoked by the router")) == 1


async def test_shared_by_force(make_sidecar: SidecarMaker, router: Router, base: Database) -> None:
    """Two sidecars with the same file and both options: the second takes it from the first, which joins in again; then
    both are content."""
    sidecars = [make_sidecar(router.url("rawsocket"), base.url, procedures={
        "test.shared": {"function": f"public.{name}", "invoke": "roundrobin", "force_reregister": True}}).start()
        for name in ("a", "b")]
    async with joined(router) as peer:
        async def both() -> bool:
            return await callees(peer, "test.shared") == 2

        await until(both, "both have it")
        answers = "".join([(await peer.call("test.shared")).value for _ in range(20)])
        assert answers in ("ab" * 10, "ba" * 10)
        assert await both()
        assert sum(len(sidecar.entries("registration revoked by the router")) for sidecar in sidecars) == 1


async def test_revoked_in_the_middle_of_a_call(make_sidecar: SidecarMaker, router: Router, transport: str,
                                               base: Database) -> None:
    """The call is answered, and the procedure comes back when it is free."""
    sidecar = make_sidecar(router.url(transport), base.url, procedures={
        "test.revoked": {"function": "public.held", "timeout": "20m"}, "test.b": "public.b"}).start()
    async with joined(router) as peer:
        with base.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            call = peer.begin("test.revoked")
            await until(lambda: active(base, "held") == 1, "it runs")
            async with joined(router) as other:
                await other.session.register(lambda: "theirs", "test.revoked",
                    options=RegisterOptions(force_reregister=True))
                entry = await asyncio.to_thread(sidecar.wait_for, "registration revoked by the router")
                assert entry["procedure"] == "test.revoked"
                assert (await peer.call("test.revoked")).value == "theirs"
                holder.execute("select pg_advisory_unlock(1)")
                assert list((await call).results) == ["released"]
                assert (await peer.call("test.b")).value == "b"
        await asyncio.to_thread(sidecar.wait_for, "ready", 60, 2)
        assert (await peer.call("test.revoked")).value == "released"
    assert not sidecar.entries("router lost")


# -- time

#: Its own time limit is none of what is tried.
NAP = {"test.nap": {"function": "public.nap", "timeout": "20m"}}


async def timed_out(peer: Peer, seconds: int, *args: Any) -> str:
    try:
        await asyncio.wait_for(peer.session.call("test.nap", *args,
            options=CallOptions(timeout=seconds)), 60)  # type: ignore
    except ApplicationError as error:
        return str(error.error)
    raise AssertionError("it was to be too late")


async def test_seconds_of_crossbar(make_sidecar: SidecarMaker, router: Router, base: Database) -> None:
    """The router's and the sidecar's clocks run out together. Whichever is first, the caller gets one error, the
    statement ends, and nothing of it reaches the next call."""
    sidecar = make_sidecar(router.url("rawsocket"), base.url, database={"connections": 2}, procedures=NAP).start()
    async with joined(router) as peer:
        for _ in range(3):
            assert await timed_out(peer, 1, 1000) in ("wamp.error.timeout", "wamp.error.canceled")
            await until(lambda: active(base, "nap") == 0, "the statement ends", 60)
            assert (await peer.call("test.nap", 0)).value == "rested"
        # In milliseconds it would have ended long ago.
        assert await peer.session.call("test.nap", 0.3, options=CallOptions(timeout=60)) == "rested"  # type: ignore
    assert not sidecar.entries("router lost") and not sidecar.entries("database connection lost")


@pytest.mark.parametrize("unit, value, ends", [
    ("milliseconds", 400, True), ("auto", 400, True), ("seconds", 1, True), ("ignore", 1, False),
    ("milliseconds", 0, False),
])
async def test_units(make_sidecar: SidecarMaker, base: Database, unit: str, value: int, ends: bool) -> None:
    async with scripted(sane) as script:
        await make_sidecar(script.url, base.url, router={"call_timeout_unit": unit},
                           procedures=NAP).started()
        connection = script.connections[-1]
        # A nap that is not ended takes longer than its number says, in either unit.
        _, answer = connection.stream("test.nap", lambda args: None, 1000 if ends else 1.5, timeout=value)
        message = await asyncio.wait_for(answer, 60)
        if ends:
            assert (message[0], message[4]) == (ERROR, "wamp.error.timeout")
        else:
            assert (message[0], message[3]) == (YIELD, ["rested"])


async def test_both_clocks(make_sidecar: SidecarMaker, base: Database) -> None:
    """A router whose INTERRUPT arrives at about the moment of the deadline: one answer, and no other call is hit."""
    async with scripted(sane) as script:
        await make_sidecar(script.url, base.url, database={"connections": 2},
                           procedures=NAP | {"test.b": "public.b"}).started()
        connection = script.connections[-1]
        requests = []
        told = set()
        for n in range(40):
            request, answer = connection.stream("test.nap", lambda args: None, 1000, timeout=50)
            requests.append(request)
            others = [connection.invoke("test.b") for _ in range(4)]
            await moment(0.04 + n * 0.0005)
            connection.send(INTERRUPT, request, {"mode": "killnowait", "reason": "wamp.error.timeout"})
            message = await asyncio.wait_for(answer, 60)
            told.add(message[4])
            for _, other in others:
                assert (await asyncio.wait_for(other, 60))[3] == ["b"]
        assert told <= {"wamp.error.timeout", "wamp.error.canceled"}
        answered = [message[2] for message in connection.messages if message[0] == ERROR]
        assert answered == requests
