#!/usr/bin/env python3
"""Has the procedure that the database calls."""

import asyncio
import os

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError

PRICES = {"lamp": "19.90"}


class Callee(ApplicationSession):
    async def onJoin(self, details):
        await self.register(self.price, "com.example.price")
        print("registered", flush=True)

    def price(self, name, currency):
        print(f"asked for {name} in {currency}", flush=True)
        if name not in PRICES:
            raise ApplicationError("com.example.error.unknown", name)
        return {"amount": PRICES[name], "currency": currency}

    def onUserError(self, fail, msg):
        """The caller hears of it."""

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    url = os.environ.get("WAMP_ROUTER_URL", "ws://127.0.0.1:8080/ws")
    ApplicationRunner(url, "realm1").run(Callee, log_level="error")
