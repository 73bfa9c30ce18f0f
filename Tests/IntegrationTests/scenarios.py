"""What a sidecar does on any router, as one table: data, and the few kinds of steps that a scenario has.

A scenario is run on each router that has what it needs (`actors/routers.py`), over each of its transports. All
scenarios of a router share one sidecar, so each uses separate URIs, below its name.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.cluster import Database
from actors.deadline import until
from actors.peer import ApplicationError, Inbox, Peer, PublishOptions, RegisterOptions
from actors.sidecar import Sidecar

SCHEMA = """
create schema s;
create table s.seen (id bigint generated always as identity, scenario text, args jsonb, kwargs jsonb, details jsonb);
create table s.task (id bigint generated always as identity, scenario text, done boolean default false);
create function s.add2(a integer, b integer default 10) returns integer language sql as 'select a + b';
create function s.echo(args jsonb, kwargs jsonb, details jsonb) returns jsonb language sql as
    'select jsonb_build_array(args, kwargs)';
create function s.procedure(args jsonb, kwargs jsonb, details jsonb) returns text language sql
    as 'select details->>''procedure''';
create function s.caller(args jsonb, kwargs jsonb, details jsonb) returns text language sql as
    'select current_setting(''wamp.caller_authrole'', true)';
create function s.reversed(data bytea) returns bytea language sql as
    $$ select coalesce(string_agg(substr(data, n, 1), '' order by n desc), '') from generate_series(1,
        length(data)) n $$;
create function s.same(t text) returns text language sql as 'select t';
create function s.nothing() returns void language sql as '';
create function s.wide(n integer) returns text language sql as $$ select repeat('x', n) $$;
create function s.fails() returns void language plpgsql as $$ begin
    raise exception using errcode = 'WA000', message = 'com.example.error.sold_out',
        detail = '{"args": [1], "kwargs": {"left": 0}}'; end $$;
create function s.nap(seconds double precision) returns text language sql as $$ select pg_sleep(seconds);
    select 'rested' $$;
create function s.record(args jsonb, kwargs jsonb, details jsonb) returns void language sql as
    $$ insert into s.seen (scenario, args, kwargs, details) values (split_part(args->>0, ' ', 1), args, kwargs,
        details) $$;
grant usage on schema s to wamp; grant all on all tables in schema s to wamp;
grant all on all sequences in schema s to wamp;
"""


@dataclass
class Stage:
    """The parties of a scenario while it runs."""

    peer: Peer
    sidecar: Sidecar
    database: Database
    inboxes: dict[str, Inbox] = field(default_factory=dict)


# -- steps

@dataclass(frozen=True)
class Call:
    """A foreign peer calls."""

    procedure: str
    args: Sequence[Any] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    #: The positional results, or the error's URI with its arguments.
    gives: Sequence[Any] = ()
    fails: str | None = None

    async def run(self, stage: Stage) -> None:
        if self.fails is not None:
            error = await stage.peer.error(self.procedure, *self.args, **self.kwargs)
            assert error.error == self.fails, error
            assert not self.gives or error.args == tuple(self.gives), error
        else:
            answer = await stage.peer.call(self.procedure, *self.args, **self.kwargs)
            assert answer.args == list(self.gives), str(answer)[:1000]


@dataclass(frozen=True)
class Cancel:
    """A foreign peer calls, and cancels once the call runs; the function is stopped before its end."""

    procedure: str
    mode: str

    async def run(self, stage: Stage) -> None:
        call = stage.peer.begin(self.procedure, 60)

        def running() -> bool:
            return any(state == "active" and "nap" in query for _, state, query in sessions(stage.database))

        await until(running, "it runs")
        stage.peer.cancel(call, self.mode)
        try:
            await asyncio.wait_for(call, 60)
            raise AssertionError("a canceled call gave a result")
        except ApplicationError as error:
            assert error.error == "wamp.error.canceled", error
        await until(lambda: not running(), "it has stopped")


@dataclass(frozen=True)
class Subscribe:
    """A foreign peer subscribes."""

    topic: str
    match: str = "exact"
    get_retained: bool = False

    async def run(self, stage: Stage) -> None:
        stage.inboxes[self.topic] = await stage.peer.subscribe(self.topic, self.match, self.get_retained)


@dataclass(frozen=True)
class Hears:
    """The peer has received exactly these events so far."""

    topic: str
    events: Sequence[Any]

    async def run(self, stage: Stage) -> None:
        events = await stage.inboxes[self.topic].first(len(self.events))
        assert [event.args for event in events] == [list(args) for args in self.events], events


@dataclass(frozen=True)
class Publish:
    """A foreign peer publishes, acknowledged."""

    topic: str
    args: Sequence[Any] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    async def run(self, stage: Stage) -> None:
        await stage.peer.session.publish(self.topic, *self.args, options=PublishOptions(acknowledge=True),
            **self.kwargs)


@dataclass(frozen=True)
class Subscribed:
    """The sidecar has subscribed."""

    topic: str

    async def run(self, stage: Stage) -> None:
        def is_subscribed() -> bool:
            return any(entry["topic"] == self.topic for entry in stage.sidecar.entries("subscribed"))

        await until(is_subscribed, f"{self.topic} is subscribed to")


@dataclass(frozen=True)
class Sql:
    """A statement of the administrator, or of an application."""

    statement: str
    gives: Any = None

    async def run(self, stage: Stage) -> None:
        if self.gives is None:
            await asyncio.to_thread(stage.database.execute, self.statement)
        else:
            assert await asyncio.to_thread(stage.database.value, self.statement) == self.gives


@dataclass(frozen=True)
class Becomes:
    """A query returns this value in the end."""

    query: str
    value: Any

    async def run(self, stage: Stage) -> None:
        last: list[Any] = []

        async def become() -> bool:
            last[:] = [await asyncio.to_thread(stage.database.value, self.query)]
            return last == [self.value]

        try:
            await until(become, "the query returns it")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.query} is {last}, not {self.value}") from None


@dataclass(frozen=True)
class Register:
    """A foreign peer registers a procedure, which answers with its arguments."""

    procedure: str
    invoke: str = "single"
    answer: Any = None

    async def run(self, stage: Stage) -> None:
        await stage.peer.register(
            self.procedure, lambda *args, **kwargs: self.answer if self.answer is not None else [list(args), kwargs],
            self.invoke)


@dataclass(frozen=True)
class Shares:
    """Of that many calls, exactly these callees answer some."""

    procedure: str
    calls: int
    answers: set[Any]

    async def run(self, stage: Stage) -> None:
        answers = [(await stage.peer.call(self.procedure, "the sidecar")).value for _ in range(self.calls)]
        assert set(answers) == self.answers, answers


@dataclass(frozen=True)
class Publishes:
    """SQL publishes to this one peer, or to all others."""

    topic: str
    args: Sequence[Any]
    option: str

    async def run(self, stage: Stage) -> None:
        options = json.dumps({self.option: [stage.peer.session._session_id]})
        await asyncio.to_thread(
            stage.database.rows, "select wamp.publish(%s, %s::jsonb, null, %s::jsonb)", self.topic,
            json.dumps(self.args), options)


@dataclass(frozen=True)
class Called:
    """A foreign peer calls until a callee answers."""

    procedure: str
    args: Sequence[Any]
    gives: Any

    async def run(self, stage: Stage) -> None:
        assert (await stage.peer.call_when_there(self.procedure, *self.args)).value == self.gives


@dataclass(frozen=True)
class Gone:
    """No callee answers any more."""

    procedure: str

    async def run(self, stage: Stage) -> None:
        async def gone() -> bool:
            try:
                await stage.peer.call(self.procedure, 1, 2)
            except ApplicationError as error:
                return error.error == "wamp.error.no_such_procedure"
            return False

        await until(gone, f"{self.procedure} is gone")


@dataclass(frozen=True)
class TakeAway:
    """A foreign peer makes the router transfer the procedure to it, and gives it back after a while."""

    procedure: str

    async def run(self, stage: Stage) -> None:
        registration = await stage.peer.session.register(
            lambda *args: "taken", self.procedure, options=RegisterOptions(force_reregister=True))
        assert (await stage.peer.call(self.procedure, 1, 2)).value == "taken"
        await registration.unregister()


Step = (Call | Called | Gone | Cancel | Subscribe | Hears | Publish | Publishes | Subscribed | Sql | Becomes
        | Register | Shares | TakeAway)


def sessions(database: Database) -> list[tuple[str, str, str]]:
    return database.rows(
        "select application_name, coalesce(state, ''), coalesce(query, '') from pg_stat_activity "
        "where datname = %s and usename = 'wamp'", database.name)


# -- scenarios

@dataclass(frozen=True)
class Scenario:
    """One behaviour that works on every router that has what it needs."""

    name: str
    steps: Sequence[Step]
    #: Features by their names in WELCOME, or the names that `RouterKind.lacks` uses.
    needs: Sequence[str] = ()
    #: Sections of sidecar.yaml, merged with those of the others.
    mapping: dict[str, dict[str, Any]] = field(default_factory=dict)


def procedures(mapping: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"procedures": mapping}


def publish(topic: str, *args: Any, kwargs: dict[str, Any] | None = None, **options: Any) -> Sql:
    """SQL publishes."""
    values = [json.dumps(list(args)), json.dumps(kwargs or {}), json.dumps(options)]
    return Sql(f"select wamp.publish('{topic}', "
        + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + ")")


def seen(scenario: str, column: str = "args") -> str:
    return f"select coalesce(jsonb_agg({column} order by id), '[]') from s.seen where scenario = '{scenario}'"


UNPRINTABLE = "Ünïcödé 😀 ' \" \\ \t \u0001 $1 %s \u2028"
DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]

SCENARIOS = [
    Scenario("call", [
        Call("call.add2", [1, 2], gives=[3]),
        Call("call.add2", [1], gives=[11]),
        Call("call.add2", kwargs={"b": 1, "a": 5}, gives=[6]),
        Call("call.nothing", gives=[]),
        Call("call.echo", [1, None, True, 1.5, UNPRINTABLE, [], {}], {"k": {"n": [None]}},
             gives=[[[1, None, True, 1.5, UNPRINTABLE, [], {}], {"k": {"n": [None]}}]]),
        Call("call.same", [UNPRINTABLE], gives=[UNPRINTABLE]),
    ], mapping=procedures({"call.add2": "s.add2", "call.nothing": "s.nothing", "call.echo": "s.echo",
        "call.same": "s.same"})),
    Scenario("errors", [
        Call("errors.fails", fails="com.example.error.sold_out", gives=[1]),
        Call("errors.add2", ["x", 1], fails="wamp.error.invalid_argument"),
        Call("errors.add2", [1, 2, 3], fails="wamp.error.invalid_argument"),
        Call("errors.nobody", fails="wamp.error.no_such_procedure"),
        Call("errors.add2", [1, 2], gives=[3]),
    ], mapping=procedures({"errors.fails": "s.fails", "errors.add2": "s.add2"})),
    Scenario("binary", [
        Call("binary.reversed", [b"\x00\x01\xfe\xff"], gives=[b"\xff\xfe\x01\x00"]),
        Call("binary.reversed", [b""], gives=[b""]),
    ], mapping=procedures({"binary.reversed": "s.reversed"})),
    Scenario("large", [
        Call("large.wide", [3_000_000], gives=["x" * 3_000_000]),
        Call("large.same", ["y" * 3_000_000], gives=["y" * 3_000_000]),
    ], mapping=procedures({"large.wide": "s.wide", "large.same": "s.same"})),
    Scenario("very large", [
        Call("very.wide", [8_000_000], gives=["x" * 8_000_000]),
        Call("very.wide", [20_000_000], fails="wamp.error.payload_size_exceeded"),
        Call("very.wide", [8_000_000], gives=["x" * 8_000_000]),
    ], ["messages over 4 MiB"], procedures({"very.wide": {"function": "s.wide", "max_result_bytes": "64MiB"}})),
    Scenario("time is up", [
        Call("time.nap", [30], fails="wamp.error.timeout"),
        Call("time.nap", [0], gives=["rested"]),
    ], mapping=procedures({"time.nap": {"function": "s.nap", "timeout": "2s"}})),
    Scenario("hostile payloads", [
        Call("hostile.same", ["a\u0000b"], fails="wamp.error.invalid_argument"),
        Call("hostile.echo", [DEEP], gives=[[[DEEP], {}]]),
        Call("hostile.same", ["x"], gives=["x"]),
        Publish("hostile.topic", ["hostile a\u0000b"]),
        Publish("hostile.topic", ["hostile", "after"]),
        Becomes(seen("hostile"), [["hostile", "after"]]),
    ], mapping=procedures({"hostile.same": "s.same", "hostile.echo": "s.echo"})
    | {"subscriptions": {"hostile.topic": "s.record"}}),
    Scenario("prefix procedure", [
        Call("prefix.of.many", gives=["prefix.of.many"]),
        Call("prefix.of", gives=["prefix.of"]),
        Call("prefiy", fails="wamp.error.no_such_procedure"),
    ], ["pattern_based_registration"], procedures({"prefix": {"function": "s.procedure", "match": "prefix"}})),
    Scenario("wildcard procedure", [
        Call("wild.card.procedure", gives=["wild.card.procedure"]),
        Call("wild.card.other", fails="wamp.error.no_such_procedure"),
    ], ["pattern_based_registration"],
    procedures({"wild..procedure": {"function": "s.procedure", "match": "wildcard"}})),
    Scenario("who calls", [
        Call("disclosed.caller", gives=["everybody"]),
    ], ["caller_identification"],
    procedures({"disclosed.caller": {"function": "s.caller", "roles": {"everybody": "wamp"}}})),
    *(Scenario(f"shared: {invoke}", [
        Register(f"shared.{invoke}", invoke, answer="the peer"),
        Shares(f"shared.{invoke}", 8 if answers != {"both"} else 60,
               {"the sidecar", "the peer"} if answers == {"both"} else answers),
    ], ["shared_registration"], procedures({f"shared.{invoke}": {"function": "s.same", "invoke": invoke}}))
      for invoke, answers in (("roundrobin", {"both"}), ("random", {"both"}), ("first", {"the sidecar"}),
          ("last", {"the peer"}))),
    *(Scenario(f"cancel: {mode}", [
        Cancel(f"cancel.{mode}", mode),
        Call(f"cancel.{mode}", [0], gives=["rested"]),
    ], ["call_canceling"], procedures({f"cancel.{mode}": "s.nap"})) for mode in ("kill", "killnowait")),
    Scenario("events", [
        Publish("event.topic", ["exact", 1], {"k": [2]}),
        Publish("event.topic", ["exact", 2]),
        Becomes(seen("exact"), [["exact", 1], ["exact", 2]]),
        Becomes(seen("exact", "kwargs"), [{"k": [2]}, {}]),
        Becomes(seen("exact", "details->'topic'"), ["event.topic", "event.topic"]),
    ], mapping={"subscriptions": {"event.topic": "s.record"}}),
    Scenario("events by prefix and wildcard", [
        Publish("event.prefix.of.many", ["prefix"]), Publish("event.wild.card", ["wildcard"]),
        Publish("event.wild.other", ["neither"]),
        Becomes(seen("prefix", "details->'topic'"), ["event.prefix.of.many"]),
        Becomes(seen("wildcard", "details->'topic'"), ["event.wild.card"]),
        Becomes(seen("neither"), []),
    ], ["pattern_based_subscription"], {"subscriptions": {
        "event.prefix": {"function": "s.record", "match": "prefix"},
        "event..card": {"function": "s.record", "match": "wildcard"}}}),
    Scenario("retained events", [
        publish("retained.topic", "kept", retain=True),
        Becomes("select count(*) from wamp.outbox", 0),
        Subscribe("retained.topic", get_retained=True),
        Hears("retained.topic", [["kept"]]),
    ], ["event_retention"]),
    Scenario("notifications", [
        Subscribe("notified.topic"),
        Sql("notify scenario, '{\"a\": [1]}'"),
        Sql("notify scenario, '2'"),
        Hears("notified.topic", [[{"a": [1]}], [2]]),
    ], mapping={"notifications": {"scenario": {"publish": "notified.topic"}}}),
    Scenario("SQL publishes", [
        Subscribe("outbox.topic"),
        Sql("select wamp.publish('outbox.topic', jsonb_build_array(n)) from generate_series(1, 100) n"),
        Sql("begin; select wamp.publish('outbox.topic', '[\"never\"]'); rollback"),
        publish("outbox.topic", UNPRINTABLE, kwargs={"k": None}),
        Hears("outbox.topic", [[n] for n in range(1, 101)] + [[UNPRINTABLE]]),
        Becomes("select count(*) from wamp.outbox", 0),
        Becomes("select count(*) from wamp.dead_letter where topic like 'outbox.%'", 0),
    ]),
    Scenario("SQL publishes to itself", [
        publish("itself.topic", "itself", "for all", exclude_me=False),
        Becomes(seen("itself"), [["itself", "for all"]]),
    ], mapping={"subscriptions": {"itself.topic": "s.record"}}),
    Scenario("SQL publishes to others", [
        publish("others.topic", "others", "for others", exclude_me=True),
        publish("others.topic", "others", "for all", exclude_me=False),
        Becomes(seen("others"), [["others", "for all"]]),
    ], ["publisher_exclusion"], {"subscriptions": {"others.topic": "s.record"}}),
    Scenario("SQL publishes to some", [
        Subscribe("some.topic"),
        Publishes("some.topic", ["not the peer"], "exclude"),
        Publishes("some.topic", ["the peer"], "eligible"),
        publish("some.topic", "nobody's role", eligible_authrole=["nobody"]),
        publish("some.topic", "not everybody", exclude_authrole=["everybody"]),
        publish("some.topic", "everybody", eligible_authrole=["everybody"]),
        Hears("some.topic", [["the peer"], ["everybody"]]),
    ], ["subscriber_blackwhite_listing"]),
    Scenario("SQL calls", [
        Register("called.echo"),
        Sql("select wamp.call('called.echo', '[1, \"two\"]', '{\"k\": [null]}')", [[1, "two"], {"k": [None]}]),
        Sql("select wamp.call('called.back', '[2, 3]')", 5),
        Sql("do $$ begin perform wamp.call('called.nobody'); raise exception 'no error'; exception when sqlstate "
            "'WA000' then null; end $$"),
    ], mapping=procedures({"called.back": "s.add2"})),
    Scenario("SQL registers", [
        Sql("select wamp.register('registered.add2', 's.add2'); select wamp.subscribe('registered.topic', 's.record')"),
        Becomes("select count(*) from wamp.registration", 1),
        Called("registered.add2", [1, 2], 3),
        Subscribed("registered.topic"),
        Publish("registered.topic", ["registered"]),
        Becomes(seen("registered"), [["registered"]]),
        Sql("select wamp.unregister('registered.add2'); select wamp.unsubscribe('registered.topic', 's.record')"),
        Gone("registered.add2"),
    ]),
    Scenario("revocation", [
        Call("revoked.add2", [1, 2], gives=[3]),
        TakeAway("revoked.add2"),
        Called("revoked.add2", [1, 2], 3),
    ], ["registration_revocation"], procedures({"revoked.add2": "s.add2"})),
]
