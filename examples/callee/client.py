#!/usr/bin/env python3
"""Calls the database's procedures."""

import asyncio
import os

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError


class Caller(ApplicationSession):
    async def onJoin(self, details):
        print(await self.call("com.example.account.create", "joe"))
        print(await self.call("com.example.account.create", name="ann", email="ann@example.com"))
        print(await self.call("com.example.account.list"))
        for procedure, name in (("com.example.account.create", "joe"), ("com.example.account.remove", "eve")):
            try:
                await self.call(procedure, name)
            except ApplicationError as error:
                print(error.error, *error.args)
        print(await self.call("com.example.account.count"), flush=True)
        self.leave()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    url = os.environ.get("WAMP_ROUTER_URL", "ws://127.0.0.1:8080/ws")
    ApplicationRunner(url, "realm1").run(Caller, log_level="error")
