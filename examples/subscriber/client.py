#!/usr/bin/env python3
"""Publishes what the database is to handle."""

import asyncio
import os

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.types import PublishOptions

ACKNOWLEDGED = PublishOptions(acknowledge=True)


class Publisher(ApplicationSession):
    async def onJoin(self, details):
        await self.publish("com.example.sensor.reading", "kitchen", 21.5, options=ACKNOWLEDGED)
        await self.publish("com.example.sensor.reading", sensor="cellar", value=12, options=ACKNOWLEDGED)
        # Colder than physics allows: the function fails, and the event becomes a dead letter.
        await self.publish("com.example.sensor.reading", "attic", -300, options=ACKNOWLEDGED)
        await self.publish("com.example.alarm.cellar", "water", 3, options=ACKNOWLEDGED)
        print("published", flush=True)
        self.leave()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    url = os.environ.get("WAMP_ROUTER_URL", "ws://127.0.0.1:8080/ws")
    ApplicationRunner(url, "realm1").run(Publisher, log_level="error")
