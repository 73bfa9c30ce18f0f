"""The show of ./scripts/demo: each step says what is typed and what comes back, and checks it.

usage: show.py ROUTER-URL DATABASE MAPPING-FILE; the database's address and password come in as PGHOST, PGPORT, PGPASSWORD
"""

import asyncio
import json
import os
import subprocess
import sys
from urllib.parse import urlparse

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.serializer import JsonSerializer  # noqa: E402
from autobahn.wamp.types import CallOptions, ComponentConfig, EventDetails, SubscribeOptions  # noqa: E402

ON_TERMINAL = sys.stdout.isatty()
SECONDS = 15


def colored(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if ON_TERMINAL else text


def shown(args, kwargs):
    """Arguments or results, as a reader would type them."""
    parts = [json.dumps(item) for item in args] + [f"{name}={json.dumps(item)}" for name, item in kwargs.items()]
    return ", ".join(parts) or "(nothing)"


class Show:
    """Runs steps, and remembers whether each did what it says."""

    def __init__(self, session, database, mapping):
        self.session = session
        self.database = database
        self.mapping = mapping
        self.steps = 0
        self.failures = 0

    def title(self, text):
        self.steps += 1
        print(colored("1", f"{self.steps}. {text}"))

    def line(self, label, text):
        print(f"   {colored('2', f'{label:<10}')}{text}")

    def mapped(self, key):
        """The lines of the mapping file that do it."""
        label, depth = "mapping", None
        for line in self.mapping.splitlines():
            indent = len(line) - len(line.lstrip())
            if depth is not None and indent <= depth:
                return
            if depth is None and line.strip().startswith(f"{key}:"):
                depth = indent
            if depth is not None:
                self.line(label, line[depth:].split("   #")[0].rstrip())
                label = ""

    def verdict(self, label, text, right, expected):
        self.line(label, f"{text}   {colored('32', 'ok') if right else colored('31', 'WRONG')}")
        if not right:
            self.failures += 1
            self.line("expected", expected)
        print()

    async def call(self, title, procedure, args, kwargs, expected):
        """A call that succeeds; `expected` is its one result."""
        self.title(title)
        self.mapped(procedure)
        self.line("call", f"{procedure}({shown(args, kwargs)})")
        try:
            result = await self.request(procedure, args, kwargs)
            self.verdict("result", shown(result.results, result.kwresults),
                         list(result.results) == [expected] and not result.kwresults, shown([expected], {}))
        except ApplicationError as error:
            self.verdict("error", f"{error.error}: {shown(error.args, error.kwargs)}", False, shown([expected], {}))

    async def failing_call(self, title, procedure, args, kwargs, uri, error_args, error_kwargs):
        """A call that ends with that error."""
        expected = f"{uri}: {shown(error_args, error_kwargs)}"
        self.title(title)
        self.mapped(procedure)
        self.line("call", f"{procedure}({shown(args, kwargs)})")
        try:
            result = await self.request(procedure, args, kwargs)
            self.verdict("result", shown(result.results, result.kwresults), False, expected)
        except ApplicationError as error:
            # The call's details come as keyword arguments of their own only where the callee sends them.
            found = f"{error.error}: {shown(error.args, error.kwargs)}"
            self.verdict("error", found, found == expected, expected)

    async def request(self, procedure, args, kwargs):
        reply = self.session.call(procedure, *args, options=CallOptions(details=True), **kwargs)
        return await asyncio.wait_for(reply, SECONDS)

    async def event(self, title, channel, topic, sql, args, kwargs):
        """SQL that notifies a channel, and the event that arrives."""
        arrived = asyncio.get_running_loop().create_future()

        def received(*event_args, details: EventDetails, **event_kwargs):
            if not arrived.done():
                arrived.set_result((details.topic or topic, list(event_args), event_kwargs))

        await self.session.subscribe(received, topic, options=SubscribeOptions(details=True))
        self.title(title)
        self.mapped(channel)
        self.line("subscribe", topic)
        self.line("psql", sql)
        subprocess.run(
            ["psql", "-U", "postgres", "-d", self.database, "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
            check=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )
        try:
            event = await asyncio.wait_for(arrived, SECONDS)
            self.verdict("event", f"{event[0]}: {shown(event[1], event[2])}", event == (topic, args, kwargs),
                         f"{topic}: {shown(args, kwargs)}")
        except TimeoutError:
            self.verdict("event", f"none within {SECONDS} s", False, f"{topic}: {shown(args, kwargs)}")


async def perform(show):
    await show.call(
        "A raw function gets the payload as it is", "com.example.echo", [1, "two"], {"three": 3},
        {"args": [1, "two"], "kwargs": {"three": 3}})
    await show.call(
        "A native function, with positional arguments", "com.example.add2", [2, 3], {}, 5)
    await show.call(
        "The same with keyword arguments; a default fills the rest", "com.example.add2", [], {"a": 40}, 40)
    await show.call(
        "A composite is one object", "com.example.item.get", [1], {}, {"id": 1, "name": "apple", "stock": 3})
    await show.call(
        "A statement of its own is a procedure too; a set is a list of rows", "com.example.item.search", [],
        {"pattern": "ap%", "limit": 1}, [{"id": 1, "name": "apple", "stock": 3}])
    await show.failing_call(
        "An error names itself: errcode WA000 and a URI", "com.example.item.order", ["banana"], {},
        "com.example.error.sold_out", ["banana"], {"left": 0})
    await show.event(
        "A NOTIFY is an event", "order_placed", "com.example.order.placed",
        """notify order_placed, '{"args": ["apple", 1], "kwargs": {"left": 2}}'""", ["apple", 1], {"left": 2})
    await show.event(
        "A trigger's NOTIFY, on a topic made from its payload", "item_changed", "com.example.item.2.changed",
        "update shop.item set stock = 5 where id = 2", [{"id": 2, "name": "apricot", "stock": 5}], {})


class _Session(ApplicationSession):
    """Resolves `was_joined` with itself."""

    was_joined = None

    def onJoin(self, details):
        self.was_joined.set_result(self)

    def onLeave(self, details):
        if not self.was_joined.done():
            self.was_joined.set_exception(ConnectionError(f"{details.reason}: {details.message}"))
        self.disconnect()


async def main():
    url, database, mapping_file = sys.argv[1:]
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    _Session.was_joined = loop.create_future()
    factory = WampRawSocketClientFactory(
        lambda: _Session(ComponentConfig(realm="realm1")), serializer=JsonSerializer())
    await loop.create_connection(factory, urlparse(url).hostname, urlparse(url).port)
    session = await asyncio.wait_for(_Session.was_joined, SECONDS)
    with open(mapping_file, encoding="utf-8") as file:
        show = Show(session, database, file.read())
    await perform(show)
    session.leave()
    print(colored("1", f"{show.steps - show.failures} of {show.steps} steps did what they say."))
    print(flush=True)
    return 1 if show.failures else 0


if __name__ == "__main__":
    assert "PGPASSWORD" in os.environ, __doc__
    sys.exit(asyncio.run(main()))
