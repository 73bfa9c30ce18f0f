#!/usr/bin/env python3
"""A small WAMP client, to play with the demo.

    client.py URL call PROCEDURE [VALUE..] [NAME=VALUE..]
    client.py URL subscribe TOPIC

URL is rs://host:port or ws://host:port/path. A VALUE that is JSON is taken as JSON, anything else as a string.
"""

import json
import sys
from urllib.parse import urlparse

import txaio
from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, EventDetails, SubscribeOptions


def value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def transport(url):
    parts = urlparse(url)
    kind = {"rs": "rawsocket", "ws": "websocket"}[parts.scheme]
    endpoint = {"type": "tcp", "host": parts.hostname, "port": parts.port}
    return {"type": kind, "url": url, "endpoint": endpoint, "serializer" if kind == "rawsocket" else "serializers":
            "json" if kind == "rawsocket" else ["json"]}


def show(args, kwargs):
    parts = [json.dumps(item) for item in args] + [f"{name}={json.dumps(item)}" for name, item in kwargs.items()]
    print(", ".join(parts) or "(nothing)", flush=True)


async def call(session, procedure, words):
    named = [word.partition("=") for word in words if "=" in word and word.partition("=")[0].isidentifier()]
    plain = [word for word in words if not ("=" in word and word.partition("=")[0].isidentifier())]
    try:
        result = await session.call(
            procedure, *map(value, plain), options=CallOptions(details=True),
            **{name: value(text) for name, _, text in named},
        )
        show(result.results, result.kwresults)
    except ApplicationError as error:
        print(error.error, end=": ", file=sys.stderr, flush=True)
        show(error.args, error.kwargs)
        return 1
    return 0


async def subscribe(session, topic):
    def received(*args, details: EventDetails, **kwargs):
        print(details.topic, end=": ", flush=True)
        show(args, kwargs)

    await session.subscribe(received, topic, options=SubscribeOptions(details=True))
    print(f"listening to {topic}; Ctrl-C ends it", file=sys.stderr)


def main():
    if len(sys.argv) < 4 or sys.argv[2] not in ("call", "subscribe"):
        sys.exit(__doc__)
    _, url, verb, name, *words = sys.argv
    txaio.start_logging(level="critical")
    component = Component(transports=[transport(url)], realm="realm1")
    status = [1]

    @component.on_join
    async def joined(session, _details):
        if verb == "call":
            status[0] = await call(session, name, words)
            session.leave()
        else:
            await subscribe(session, name)

    try:
        run([component], log_level="critical")
    except SystemExit:
        pass
    sys.exit(status[0] if verb == "call" else 0)


if __name__ == "__main__":
    main()
