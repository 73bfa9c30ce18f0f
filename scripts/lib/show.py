"""The show of ./scripts/demo: each step says what is typed and what comes back, and checks it.

usage: show.py ROUTER-URL MAPPING-FILE; the database comes in as PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD, the
program as WAMP_SIDECAR_BINARY
"""

import asyncio
import json
import os
import shlex
import subprocess
import sys
from urllib.parse import urlparse

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.serializer import JsonSerializer  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions, ComponentConfig, EventDetails, PublishOptions, SubscribeOptions,
)

ON_TERMINAL = sys.stdout.isatty()
SECONDS = 15


def colored(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if ON_TERMINAL else text


def shown(args, kwargs):
    """Arguments or results, as a reader would type them."""
    parts = [json.dumps(item, ensure_ascii=False) for item in args]
    parts += [f"{name}={json.dumps(item, ensure_ascii=False)}" for name, item in kwargs.items()]
    return ", ".join(parts) or "(nothing)"


def psql(sql):
    """What psql prints for it: results, notices and errors."""
    return subprocess.run(
        ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"], input=sql, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
    ).stdout.strip()


def wamp_sidecar(words):
    """What the command prints; the mapping file's router is the one of the show."""
    return subprocess.run(
        [os.environ["WAMP_SIDECAR_BINARY"], *shlex.split(words), "--config", sys.argv[2]], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
    ).stdout.strip()


class Show:
    """Runs steps, and remembers whether each did what it says."""

    def __init__(self, session, mapping):
        self.session = session
        self.mapping = mapping
        self.steps = 0
        self.failures = 0

    # -- what is printed

    def role(self, name, text):
        print(colored("1", f"--- {name}: {text}"))
        print()

    def title(self, text):
        self.steps += 1
        print(colored("1", f"{self.steps}. {text}"))

    def line(self, label, text):
        for line in text.splitlines() or [""]:
            print(f"   {colored('2', f'{label:<10}')}{line}")
            label = ""

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

    # -- steps

    async def call(self, title, procedure, args, kwargs, expected, mapping=True):
        """A peer's call that succeeds; `expected` is its one result."""
        self.title(title)
        if mapping:
            self.mapped(procedure)
        self.line("peer", f"call {procedure}({shown(args, kwargs)})")
        answer = await self.answer(procedure, args, kwargs)
        self.verdict("result", answer, answer == shown([expected], {}), shown([expected], {}))

    async def failing_call(self, title, procedure, args, kwargs, expected, mapping=True):
        """A peer's call that ends with the error `expected`."""
        self.title(title)
        if mapping:
            self.mapped(procedure)
        self.line("peer", f"call {procedure}({shown(args, kwargs)})")
        answer = await self.answer(procedure, args, kwargs)
        self.verdict("error", answer, answer.startswith(expected), expected)

    async def event(self, title, topic, sql, expected, mapping=None):
        """SQL that publishes, and the event that a peer gets; `expected` is (args, kwargs)."""
        arrived = asyncio.get_running_loop().create_future()

        def received(*args, details: EventDetails, **kwargs):
            if not arrived.done():
                arrived.set_result(f"{details.topic or topic}: {shown(args, kwargs)}")

        subscription = await self.session.subscribe(received, topic, options=SubscribeOptions(details=True))
        self.title(title)
        if mapping:
            self.mapped(mapping)
        self.line("peer", f"subscribe {topic}")
        self.line("psql", sql)
        fault = await asyncio.to_thread(psql, sql)
        right = f"{topic}: {shown(*expected)}"
        try:
            event = await asyncio.wait_for(arrived, SECONDS)
        except TimeoutError:
            event = f"none within {SECONDS} s; psql says: {fault}"
        self.verdict("event", event, event == right, right)
        await subscription.unsubscribe()

    async def handled(self, title, topic, args, kwargs, sql, expected, mapping=True):
        """A peer's event that a function of the database handles, and what SQL finds soon after it."""
        self.title(title)
        if mapping:
            self.mapped(topic)
        self.line("peer", f"publish {topic}({shown(args, kwargs)})")
        await self.publish(topic, args, kwargs)
        self.line("psql", sql)
        end = asyncio.get_running_loop().time() + SECONDS
        while (found := await asyncio.to_thread(psql, sql)) != expected and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
        self.verdict("prints", found, found == expected, expected)

    async def typed(self, title, sql, expected, wait=None):
        """SQL, and what psql prints."""
        self.title(title)
        self.line("psql", sql)
        printed = await asyncio.to_thread(psql, sql)
        self.verdict("prints", printed, printed == expected, expected)
        if wait is not None:
            await wait()

    async def command(self, title, words, expected):
        """wamp-sidecar's own client, and what it prints."""
        self.title(title)
        self.line("terminal", f"wamp-sidecar {words}")
        printed = await asyncio.to_thread(wamp_sidecar, words)
        self.verdict("prints", printed, printed == expected, expected)

    # -- the peer

    async def answer(self, procedure, args, kwargs):
        """A call's result or error, as it is shown."""
        reply = self.session.call(procedure, *args, options=CallOptions(details=True), **kwargs)
        try:
            result = await asyncio.wait_for(reply, SECONDS)
        except ApplicationError as error:
            return f"{error.error}: {shown(error.args, error.kwargs)}"
        return shown(result.results, result.kwresults)

    async def publish(self, topic, args, kwargs):
        await self.session.publish(topic, *args, options=PublishOptions(acknowledge=True), **kwargs)

    async def until_known(self, procedure):
        """Until the router knows a procedure."""
        async def known():
            return await self.session.call("wamp.registration.match", procedure) is not None

        await self.until(known)

    async def until(self, condition):
        end = asyncio.get_running_loop().time() + SECONDS
        while not await condition() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)


async def perform(show):
    show.role("CALLEE", "functions of the database are WAMP procedures")
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
        "A statement without a function is a procedure too; a set is a list of rows", "com.example.item.search", [],
        {"pattern": "ap%", "limit": 1}, [{"id": 1, "name": "apple", "stock": 3}])
    await show.failing_call(
        "A function raises a WAMP error: wamp.raise_error(uri, args, kwargs)", "com.example.item.order", ["banana"], {},
        'com.example.error.sold_out: "banana", left=0')

    await show.command(
        "From a terminal: wamp-sidecar call, publish and subscribe are a WAMP client for people",
        "call com.example.add2 2 3", '{"args":[5],"kwargs":{}}')

    show.role("SUBSCRIBER", "functions of the database run for events")
    await show.handled(
        "A peer's event runs a function, in a separate transaction", "com.example.delivery", ["banana", 12], {},
        "select stock from shop.item where name = 'banana'", "12")

    show.role("PUBLISHER", "what SQL publishes becomes an event when the transaction commits")
    await show.event(
        "An event in a transaction", "com.example.news",
        "begin;\n"
        "insert into shop.item (name, stock) values ('cherry', 20);\n"
        "select wamp.publish('com.example.news', '[\"cherries!\"]', '{\"until\": \"Friday\"}');\n"
        "commit;", (["cherries!"], {"until": "Friday"}))
    await show.event(
        "What is rolled back is never published; the next event is", "com.example.news",
        "begin;\n"
        "select wamp.publish('com.example.news', '[\"all for nothing!\"]');\n"
        "rollback;\n"
        "select wamp.publish('com.example.news', '[\"as you were\"]');", (["as you were"], {}))
    await show.event(
        "A trigger publishes rows: wamp.publish_row('com.example.item.stock', 'id', 'stock')", "com.example.item.stock",
        "update shop.item set stock = 5 where id = 2",
        ([], {"old": {"id": 2, "stock": 7}, "row": {"id": 2, "stock": 5}, "table": "item", "schema": "shop",
              "operation": "UPDATE"}))

    show.role("CALLER", "SQL calls WAMP procedures, and waits for the result")
    prices = {"apple": "0.40", "cherry": "0.10"}

    def price(name):
        if name not in prices:
            raise ApplicationError("com.example.error.unknown", name)
        return {"euro": prices[name]}

    registration = await show.session.register(price, "com.example.price")
    show.line("peer", "register com.example.price, which knows apple and cherry")
    print()
    await show.typed(
        "A call, and its result as jsonb", "select wamp.call('com.example.price', '[\"apple\"]')", '{"euro": "0.40"}')
    await show.typed(
        "A WAMP error is a SQL error with SQLSTATE WA000: the error's URI is its message",
        "select wamp.call('com.example.price', '[\"durian\"]')", "ERROR:  com.example.error.unknown")
    await show.typed(
        "shop.item_price calls and catches it: exception when sqlstate 'WA000'",
        "select name, shop.item_price(name) from shop.item where id in (1, 3) order by id",
        "apple|0.40\nbanana|no price: com.example.error.unknown")
    await registration.unregister()

    show.role("FROM SQL", "an application registers and subscribes its own functions, without a line in the file")
    await show.typed(
        "shop.stock becomes a procedure when this commits",
        "select wamp.register('com.example.stock', 'shop.stock') is not null", "t",
        lambda: show.until_known("com.example.stock"))
    await show.call("Now everybody can call it", "com.example.stock", ["apricot"], {}, 5, mapping=False)
    await show.typed(
        "shop.renamed runs for events from now on",
        "select wamp.subscribe('com.example.item.renamed', 'shop.renamed') is not null", "t", subscribed(show))
    await show.handled(
        "A peer's event runs it", "com.example.item.renamed", [], {"id": 1, "name": "apple pie"},
        "select name from shop.item where id = 1", "apple pie", mapping=False)

    show.role("NOTIFY", "what the database already notifies becomes events too")
    await show.event(
        "A NOTIFY is an event (at most once: lost while nobody listens)", "com.example.shop.opened",
        """notify shop_opened, '{"args": ["Monday", 8], "kwargs": {"door": "front"}}'""",
        (["Monday", 8], {"door": "front"}), mapping="shop_opened")
    await show.event(
        "A topic made from the payload", "com.example.alarm.cellar",
        """notify shop_alarm, '{"room": "cellar", "level": 2}'""", ([{"room": "cellar", "level": 2}], {}),
        mapping="shop_alarm")


def subscribed(show):
    """Until the router knows a subscriber of the topic."""
    async def known():
        return await show.session.call("wamp.subscription.lookup", "com.example.item.renamed") is not None

    return lambda: show.until(known)


class _Session(ApplicationSession):
    """Resolves `was_joined` with itself."""

    was_joined = None

    def onJoin(self, details):
        self.was_joined.set_result(self)

    def onLeave(self, details):
        if not self.was_joined.done():
            self.was_joined.set_exception(ConnectionError(f"{details.reason}: {details.message}"))
        self.disconnect()

    def onUserError(self, fail, msg):
        """An error that the peer's own procedure raised: the caller shows it."""


async def main():
    url, mapping_file = sys.argv[1:]
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    _Session.was_joined = loop.create_future()
    factory = WampRawSocketClientFactory(
        lambda: _Session(ComponentConfig(realm="realm1")), serializer=JsonSerializer())
    await loop.create_connection(factory, urlparse(url).hostname, urlparse(url).port)
    session = await asyncio.wait_for(_Session.was_joined, SECONDS)
    with open(mapping_file, encoding="utf-8") as file:
        show = Show(session, file.read())
    await perform(show)
    session.leave()
    print(colored("1", f"{show.steps - show.failures} of {show.steps} steps did what they say."))
    print(flush=True)
    return 1 if show.failures else 0


if __name__ == "__main__":
    assert "PGPASSWORD" in os.environ, __doc__
    sys.exit(asyncio.run(main()))
