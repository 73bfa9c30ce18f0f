"""The comparison: the same procedure as autobahn-python and asyncpg make it, over RawSocket and JSON.

LOAD_PORT is the router's port on the loopback interface, BENCH_DATABASE the database's URL, BENCH_CONNECTIONS the size
of the pool.
"""

import json
import os

import asyncpg
from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.serializer import JsonSerializer
from autobahn.wamp.types import RegisterOptions

DETAILS = json.dumps({"procedure": "com.example.bench.add2"})


async def keep(connection):
    """In place of asyncpg's RESET ALL after each use, which is another round trip that the other contestants don't
    make."""


class Callee(ApplicationSession):
    async def onJoin(self, details):
        connections = int(os.environ["BENCH_CONNECTIONS"])
        pool = await asyncpg.create_pool(
            os.environ["BENCH_DATABASE"], min_size=connections, max_size=connections, reset=keep
        )

        async def add2(*args, **kwargs):
            result = await pool.fetchval(
                "select bench.add2($1::jsonb, $2::jsonb, $3::jsonb)",
                json.dumps(args),
                json.dumps(kwargs),
                DETAILS,
            )
            return json.loads(result)

        await self.register(add2, "com.example.bench.add2", RegisterOptions())


if __name__ == "__main__":
    url = f"rs://127.0.0.1:{os.environ['LOAD_PORT']}"
    ApplicationRunner(url, "realm1", serializers=[JsonSerializer()]).run(Callee, log_level="warn")
