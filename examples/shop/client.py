#!/usr/bin/env python3
"""A small WAMP client, to play with the demo.

    client.py URL call PROCEDURE [VALUE..] [NAME=VALUE..]
    client.py URL publish TOPIC [VALUE..] [NAME=VALUE..]
    client.py URL subscribe TOPIC
    client.py URL register PROCEDURE VALUE          answers each call with that value

URL is rs://host:port or ws://host:port/path. A VALUE that is JSON is taken as JSON, anything else as a string.
"""

import asyncio
import json
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import JsonSerializer
from autobahn.wamp.types import (
    CallDetails, CallOptions, EventDetails, PublishOptions, RegisterOptions, SubscribeOptions)


def value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


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
VERBS = {
    "call": (call, False), "publish": (publish, False), "subscribe": (subscribe, True), "register": (register, True)}


class Client(ApplicationSession):
    """Does what the command line says; `status` is the exit status."""

    status = 1

    async def onJoin(self, details):
        _, _, verb, name, *words = sys.argv
        act, stays = VERBS[verb]
        try:
            await act(self, name, words)
            Client.status = 0
        except ApplicationError as error:
            print(error.error, end=": ", file=sys.stderr, flush=True)
            show(error.args, error.kwargs)
        if Client.status or not stays:
            self.leave()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[2] not in VERBS:
        sys.exit(__doc__)
    ApplicationRunner(sys.argv[1], "realm1", serializers=[JsonSerializer()]).run(Client, log_level="critical")
    sys.exit(Client.status)
