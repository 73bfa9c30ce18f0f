"""Writers that publish while a process is killed again and again, and a checker of the events that arrived.

`WAMP_SIDECAR_KILLS=100` kills a hundred times instead of a few.
"""

import asyncio
import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from .cluster import Database
from .deadline import until
from .scripted_router import PUBLISH, Connection, ScriptedRouter, scripted
from .sidecar import Sidecar

WRITERS = 8
TOPIC = "test.hammer"


@dataclass
class Report:
    """What the checker found. An event is (writer, number)."""

    committed: int = 0
    received: int = 0
    twice: int = 0
    kills: int = 0
    lost: list[tuple[int, int]] = field(default_factory=list)
    invented: list[tuple[int, int]] = field(default_factory=list)
    disordered: list[tuple[int, int]] = field(default_factory=list)

    def __str__(self) -> str:
        return (f"{self.kills} kills: {self.committed} events committed, {self.received} received, {self.twice} of "
                f"them "
                f"again, {len(self.lost)} lost, {len(self.invented)} invented, {len(self.disordered)} out of order")


class Writer(threading.Thread):
    """One session after another, one transaction after another: plain ones, some with savepoints, some rolled back."""

    def __init__(self, number: int, database: Database, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.database = database
        self.stop = stop
        self.dice = random.Random(number)
        self.next = 0
        self.committed: list[int] = []
        #: Those of transactions whose COMMIT was not answered.
        self.doubtful: list[int] = []

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                with self.database.connect() as connection:
                    connection.execute("set synchronous_commit = on")
                    while not self.stop.is_set():
                        self.transact(connection)
            except psycopg.Error:
                self.stop.wait(0.05)

    def publish(self, connection: "psycopg.Connection[Any]", into: list[int]) -> None:
        number = self.next
        self.next += 1
        connection.execute(
            "select wamp.publish(%s, jsonb_build_array(%s::int, %s::int))", (TOPIC, self.number, number))
        into.append(number)

    def transact(self, connection: "psycopg.Connection[Any]") -> None:
        events: list[int] = []
        connection.execute("begin")
        for step in range(self.dice.randint(1, 4)):
            if self.dice.random() < 0.3:
                connection.execute("savepoint s")
                self.publish(connection, events)
                if self.dice.random() < 0.5:
                    connection.execute("rollback to s")
                    events.pop()
            else:
                self.publish(connection, events)
        if self.dice.random() < 0.2:
            connection.execute("rollback")
            return
        try:
            connection.execute("commit")
        except psycopg.Error:
            self.doubtful += events
            raise
        self.committed += events
        # Sometimes so long that the relay falls asleep.
        self.stop.wait(self.dice.choice([0, 0, 0, 0.001, 0.01, 0.025]))


class Hammer:
    """Eight writers, a recorder at the router's end, and a victim."""

    def __init__(self, database: Database, make_sidecar: Callable[..., Sidecar], victim: str) -> None:
        self.database = database
        self.make_sidecar = make_sidecar
        self.victim = victim
        self.dice = random.Random(victim)
        self.arrived: list[tuple[int, int]] = []

    @staticmethod
    def kills() -> int:
        return int(os.environ.get("WAMP_SIDECAR_KILLS", "6"))

    async def record(self, connection: Connection) -> None:
        """A router's end that records each event before it acknowledges it."""
        await connection.handshake()
        while True:
            message = await connection.receive()
            if message[0] == PUBLISH and message[3] == TOPIC:
                self.arrived.append((message[4][0], message[4][1]))
            connection.answer(message)

    async def kill(self, sidecar: Sidecar, router: ScriptedRouter) -> None:
        if self.victim == "sidecar":
            await asyncio.to_thread(sidecar.kill)
            await sidecar.started(None)
        elif self.victim == "cluster":
            await asyncio.to_thread(self.database.cluster.kill)
            await asyncio.to_thread(self.database.cluster.start)
        else:
            router.connections[-1].reset()

    async def run(self, kills: int) -> Report:
        async with scripted(self.record) as router:
            sidecar = await self.make_sidecar(router.url, self.database.url).started()
            stop = threading.Event()
            writers = [Writer(number, self.database, stop) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            for _ in range(kills):
                # The moment depends on the work, not on the clock: after a random number of events.
                aim = len(self.arrived) + self.dice.randint(1, 400)
                await until(lambda: len(self.arrived) >= aim, f"{aim} events arrive", 120)
                await self.kill(sidecar, router)
            stop.set()
            for writer in writers:
                await asyncio.to_thread(writer.join, 120)
            await until(self.is_empty, "the outbox is empty", 120)
            return self.check(writers, kills)

    def is_empty(self) -> bool:
        try:
            return bool(self.database.value("select count(*) = 0 from wamp.outbox"))
        except psycopg.Error:
            return False

    def check(self, writers: list[Writer], kills: int) -> Report:
        report = Report(kills=kills, received=len(self.arrived), committed=sum(len(w.committed) for w in writers))
        seen: set[tuple[int, int]] = set()
        highest = {writer.number: -1 for writer in writers}
        for event in self.arrived:
            if event in seen:
                report.twice += 1
                continue
            seen.add(event)
            if event[1] < highest[event[0]]:
                report.disordered.append(event)
            highest[event[0]] = max(highest[event[0]], event[1])
        committed = {(writer.number, number) for writer in writers for number in writer.committed}
        possible = committed | {(writer.number, number) for writer in writers for number in writer.doubtful}
        report.lost = sorted(committed - seen)
        report.invented = sorted(seen - possible)
        return report
