#!/usr/bin/env python3
"""A small WAMP client, to play with the demo.

    client.py URL call PROCEDURE [VALUE..] [NAME=VALUE..]
    client.py URL publish TOPIC [VALUE..] [NAME=VALUE..]
    client.py URL subscribe TOPIC
    client.py URL register PROCEDURE VALUE          answers each call with that value

URL is rs://host:port or ws://host:port/path. A VALUE that is JSON is taken as JSON, anything else as a string.
"""

import json
import sys
from urllib.parse import urlparse

import txaio
from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, CallOptions, EventDetails, PublishOptions, RegisterOptions, SubscribeOptions


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


def payload(words):
    """The positional and the keyword arguments that the words are."""
    named = {}
    plain = []
    for word in words:
        name, equals, text = word.partition("=")
        if equals and name.isidentifier():
            named[name] = value(text)
        else:
            plain.append(value(word))
    return plain, named


async def call(session, procedure, words):
    args, kwargs = payload(words)
    result = await session.call(procedure, *args, options=CallOptions(details=True), **kwargs)
    show(result.results, result.kwresults)


async def publish(session, topic, words):
    args, kwargs = payload(words)
    await session.publish(topic, *args, options=PublishOptions(acknowledge=True), **kwargs)


async def register(session, procedure, words):
    answer = value(words[0]) if words else None

    def called(*args, details: CallDetails, **kwargs):
        print(details.procedure or procedure, end=": ", flush=True)
        show(args, kwargs)
        return answer

    await session.register(called, procedure, options=RegisterOptions(details=True))
    print(f"answering calls of {procedure}; Ctrl-C ends it", file=sys.stderr)


async def subscribe(session, topic, _words):
    def received(*args, details: EventDetails, **kwargs):
        print(details.topic, end=": ", flush=True)
        show(args, kwargs)

    await session.subscribe(received, topic, options=SubscribeOptions(details=True))
    print(f"listening to {topic}; Ctrl-C ends it", file=sys.stderr)


#: What each word does, and whether the client stays after it.
VERBS = {"call": (call, False), "publish": (publish, False), "subscribe": (subscribe, True), "register": (register, True)}


def main():
    if len(sys.argv) < 4 or sys.argv[2] not in VERBS:
        sys.exit(__doc__)
    _, url, verb, name, *words = sys.argv
    act, stays = VERBS[verb]
    txaio.start_logging(level="critical")
    component = Component(transports=[transport(url)], realm="realm1")
    status = [1]

    @component.on_join
    async def joined(session, _details):
        try:
            await act(session, name, words)
            status[0] = 0
        except ApplicationError as error:
            print(error.error, end=": ", file=sys.stderr, flush=True)
            show(error.args, error.kwargs)
        if status[0] or not stays:
            session.leave()

    try:
        run([component], log_level="critical")
    except SystemExit:
        pass
    sys.exit(status[0])


if __name__ == "__main__":
    main()
