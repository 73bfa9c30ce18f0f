#!/usr/bin/env python3
"""Prints the events that the database publishes."""

import asyncio
import os

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.types import EventDetails, SubscribeOptions


class Subscriber(ApplicationSession):
    def __init__(self, config=None):
        super().__init__(config)
        self.seen = set()

    async def onJoin(self, details):
        options = SubscribeOptions(match="prefix", details=True)
        await self.subscribe(self.received, "com.example.order.", options=options)
        print("listening", flush=True)

    def received(self, *args, event_id, details: EventDetails, **kwargs):
        if event_id in self.seen:  # published again, because sidecar or router ended before it was known to be there
            return
        self.seen.add(event_id)
        words = [str(arg) for arg in args] + [f"{name}={kwargs[name]}" for name in sorted(kwargs)]
        print(f"{details.topic}:", *words, flush=True)

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    url = os.environ.get("WAMP_ROUTER_URL", "ws://127.0.0.1:8080/ws")
    ApplicationRunner(url, "realm1").run(Subscriber, log_level="error")
