"""A foreign WAMP peer: autobahn-python on the test's event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.asyncio.websocket import WampWebSocketClientFactory  # noqa: E402
from autobahn.wamp import message  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions, CallResult, ComponentConfig, EventDetails, PublishOptions, RegisterOptions, SubscribeOptions,
)

from .deadline import PATIENCE, until  # noqa: E402
from .router import REALM  # noqa: E402
from .routers import RouterActor  # noqa: E402

__all__ = ["Answer", "ApplicationError", "Event", "Inbox", "Peer", "PublishOptions", "RegisterOptions",
    "Stream", "joined"]

SERIALIZERS = {"json": JsonSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}


@dataclass
class Answer:
    """A RESULT as received: positional and keyword results."""

    args: list[Any]
    kwargs: dict[str, Any]

    @property
    def value(self) -> Any:
        """The only result."""
        assert len(self.args) == 1 and not self.kwargs, f"not one result: {self}"
        return self.args[0]


@dataclass
class Stream:
    """A call whose results come in parts."""

    #: The arguments of each progressive result.
    parts: list[list[Any]] = field(default_factory=list)
    final: "asyncio.Future[Any]" = field(default_factory=asyncio.Future)

    @property
    def rows(self) -> list[Any]:
        """The rows of all parts together."""
        return [row for part in self.parts for row in part[0]]

    async def answer(self, seconds: float = PATIENCE) -> Answer:
        """The final result; raises `ApplicationError`."""
        result = await asyncio.wait_for(self.final, seconds)
        if isinstance(result, CallResult):
            return Answer(list(result.results), dict(result.kwresults))
        return Answer([] if result is None else [result], {})

    async def error(self, seconds: float = PATIENCE) -> ApplicationError:
        """How it failed; it must fail."""
        try:
            answer = await self.answer(seconds)
        except ApplicationError as error:
            return error
        raise AssertionError(f"it did not fail: {answer}")


@dataclass
class Event:
    """An EVENT as received."""

    args: list[Any]
    kwargs: dict[str, Any]
    topic: str


@dataclass
class Inbox:
    """The events of one subscription, in the order of their arrival."""

    events: list[Event] = field(default_factory=list)

    async def first(self, count: int, seconds: float = PATIENCE) -> list[Event]:
        """The first `count` events, once they have arrived."""
        await until(lambda: len(self.events) >= count, f"{count} events, of which {len(self.events)} came", seconds)
        return self.events[:count]


class _Session(ApplicationSession):  # type: ignore[misc]
    """Completes two futures, when it has joined and when it has ended."""

    def __init__(self, joined: "asyncio.Future[None]", gone: "asyncio.Future[None]") -> None:
        super().__init__(ComponentConfig(realm=REALM))
        self._uri_to_ecls.clear()  # each error as received, and no exception class of autobahn's in its place
        self.was_joined = joined
        self.is_gone = gone
        #: What WELCOME announces: the names of the features of each role.
        self.announced: dict[str, set[str]] = {}

    def onWelcome(self, welcome: message.Welcome) -> None:
        self.announced = {
            role: {name for name, value in vars(features).items() if value is True}
            for role, features in welcome.roles.items()
        }

    def onJoin(self, details: Any) -> None:
        if not self.was_joined.done():
            self.was_joined.set_result(None)

    def onLeave(self, details: Any) -> None:
        if not self.was_joined.done():
            self.was_joined.set_exception(ConnectionError(f"{details.reason}: {details.message}"))
        self.disconnect()

    def onDisconnect(self) -> None:
        if not self.was_joined.done():
            self.was_joined.set_exception(ConnectionError("lost before the session was joined"))
        if not self.is_gone.done():
            self.is_gone.set_result(None)


class Peer:
    """A joined session of the anonymous principal."""

    def __init__(self, session: _Session) -> None:
        self.session = session

    async def call(self, procedure: str, *args: Any, **kwargs: Any) -> Answer:
        """Calls and returns the whole result; raises `ApplicationError`."""
        result = await self.begin(procedure, *args, **kwargs)
        return Answer(list(result.results), dict(result.kwresults))

    def begin(self, procedure: str, *args: Any, **kwargs: Any) -> "asyncio.Future[Any]":
        """Sends a CALL immediately; canceling the future sends a CANCEL."""
        return self.session.call(procedure, *args, options=CallOptions(details=True), **kwargs)  # type: ignore

    def stream(self, procedure: str, *args: Any, **kwargs: Any) -> Stream:
        """Sends a CALL that accepts progressive results."""
        stream = Stream()

        # Without details: with them autobahn fails on a progressive result without keyword arguments.
        options = CallOptions(on_progress=lambda *parts: stream.parts.append(list(parts)))
        stream.final = self.session.call(procedure, *args, options=options, **kwargs)
        return stream

    async def error(self, procedure: str, *args: Any, **kwargs: Any) -> ApplicationError:
        """Makes a call that must fail, and returns how it failed."""
        try:
            answer = await self.call(procedure, *args, **kwargs)
        except ApplicationError as error:
            return error
        raise AssertionError(f"{procedure} did not fail: {answer}")

    async def call_when_there(self, procedure: str, *args: Any, seconds: float = PATIENCE, **kwargs: Any) -> Answer:
        """Calls again until some callee answers with a result."""
        last: list[ApplicationError] = []

        async def attempt() -> Answer | None:
            try:
                return await self.call(procedure, *args, **kwargs)
            except ApplicationError as error:
                last[:] = [error]
                return None

        try:
            return await until(attempt, f"{procedure} answers", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; last answer: {last}") from None

    def cancel(self, call: "asyncio.Future[Any]", mode: str) -> None:
        """Sends CANCEL for a call that `begin` started; the router's answer then completes the future."""
        for request in self.session._call_reqs.values():
            if request.on_reply is call:
                self.session._transport.send(message.Cancel(request.request_id, mode=mode))
                return

    async def subscribe(self, topic: str, match: str = "exact", get_retained: bool | None = None) -> Inbox:
        inbox = Inbox()

        def received(*args: Any, details: EventDetails, **kwargs: Any) -> None:
            inbox.events.append(Event(list(args), kwargs, details.topic))

        await self.session.subscribe(received, topic,
            options=SubscribeOptions(match=match, details=True, get_retained=get_retained))
        return inbox

    async def register(self, procedure: str, endpoint: Callable[..., Any], invoke: str = "single") -> None:
        await self.session.register(endpoint, procedure, options=RegisterOptions(invoke=invoke))

    async def leave(self) -> None:
        """Leaves with GOODBYE, as callers do when they end."""
        if self.session.is_attached():
            self.session.leave()
            await asyncio.wait_for(asyncio.shield(self.session.is_gone), 60)

    def vanish(self) -> None:
        """Cuts the connection."""
        self.session._transport.abort()


@asynccontextmanager
async def joined(router: RouterActor, transport: str = "rawsocket", serializer: str = "json") -> AsyncIterator[Peer]:
    """A peer that is joined to the router's realm for as long as the block lasts."""
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    was_joined: asyncio.Future[None] = loop.create_future()
    is_gone: asyncio.Future[None] = loop.create_future()
    session = _Session(was_joined, is_gone)
    if transport == "rawsocket":
        factory = WampRawSocketClientFactory(lambda: session, serializer=SERIALIZERS[serializer]())
    else:
        factory = WampWebSocketClientFactory(lambda: session, url=router.url(transport),
            serializers=[SERIALIZERS[serializer]()])
    await loop.create_connection(factory, "127.0.0.1", router.port)
    await asyncio.wait_for(was_joined, 60)
    peer = Peer(session)
    try:
        yield peer
    finally:
        if peer.session.is_attached():
            try:
                await peer.leave()
            except (TimeoutError, ConnectionError):
                peer.vanish()


async def call_on(peer: Peer, procedure: str, stop: asyncio.Event) -> int:
    """Calls a procedure until it is told to stop; each call must be answered. Returns how many there were."""
    count = 0
    while not stop.is_set():
        assert (await peer.call(procedure)).value == 1
        count += 1
    return count
