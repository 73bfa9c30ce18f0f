"""The examples, with their own files: SQL, mapping, client, between a real router and a real database."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from actors.cluster import Database
from actors.deadline import free_port, wait_until
from actors.installation import ROLE_PASSWORD, Installation, install, role_url
from actors.router import Router
from actors.sidecar import ROOT, Sidecar, run

EXAMPLES = ROOT / "examples"
PASSWORDS = {"DATABASE_PASSWORD": ROLE_PASSWORD, "WAMP_CALLER_PASSWORD": "caller-password"}
NAMES = ["callee", "caller", "publisher", "subscriber"]
#: What the sidecar logs when SQL can be published, when it can call, and when a function runs for events.
LEADING = "leading: what must happen once happens here"
TOLD = "the database knows the way to the caller's port"


class Client:
    """An example's client.py, and what it prints."""

    def __init__(self, name: str, router: Router) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, EXAMPLES / name / "client.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={"WAMP_ROUTER_URL": router.url("websocket"), "PATH": "/usr/bin:/bin"},
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, count: int) -> list[str]:
        """The first lines, once they are there."""
        wait_until(lambda: len(self.lines) >= count, f"the client prints {count} lines; it printed {self.lines}", 20)
        return self.lines

    def ended(self) -> list[str]:
        """All lines of one that ends by itself."""
        assert self.process.wait(20) == 0, self.lines
        self.reader.join(10)
        return self.lines

    def remove(self) -> None:
        self.process.kill()
        self.process.wait()


class Example:
    """One example at work."""

    def __init__(self, name: str, database: Database, router: Router) -> None:
        self.folder = EXAMPLES / name
        self.database = database
        self.router = router
        self.clients: list[Client] = []
        self.installation: Installation = install(database, grant_to=["app"], register_to=["app"])
        database.execute((self.folder / "schema.sql").read_text())
        self.sidecar = Sidecar(yaml.safe_load((self.folder / "sidecar.yaml").read_text()), {
            "WAMP_ROUTER_URL": router.url("websocket"), "DATABASE_URL": re.sub(":[^:@]*@", "@", self.installation.url),
            "WAMP_CALLER_PORT": str(free_port()),
        } | PASSWORDS)

    def client(self) -> Client:
        self.clients.append(Client(self.folder.name, self.router))
        return self.clients[-1]

    def use(self) -> tuple[list[list[tuple[object, ...]]], list[str]]:
        """What the statements of use.sql return, of those that return rows, and the notices."""
        results: list[list[tuple[object, ...]]] = []
        notices: list[str] = []
        with psycopg.connect(role_url(self.database, "app"), autocommit=True, connect_timeout=5) as app, \
                self.database.connect() as admin:
            app.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            connection = app
            for statement in (self.folder / "use.sql").read_text().split(";\n"):
                if "reset role" in statement:
                    connection = admin
                cursor = connection.execute(statement)  # type: ignore[arg-type]
                if cursor.description:
                    results.append(cursor.fetchall())
        return results, notices

    def remove(self) -> None:
        for client in self.clients:
            client.remove()
        self.sidecar.remove()


@pytest.fixture
def example(database: Database, router: Router) -> Iterator[Callable[[str], Example]]:
    made: list[Example] = []

    def make(name: str) -> Example:
        made.append(Example(name, database, router))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.mark.parametrize("name", NAMES)
def test_mapping_is_fine(name: str) -> None:
    result = run("check", "--config", EXAMPLES / name / "sidecar.yaml", environment=PASSWORDS)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("page", sorted(EXAMPLES.rglob("README.md")), ids=lambda page: page.parent.name)
def test_links(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]*)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_callee(example: Callable[[str], Example]) -> None:
    callee = example("callee")
    callee.sidecar.start()
    callee.sidecar.wait_for("procedure registered", where=lambda entry: entry["procedure"] == "com.example.account.count")
    assert callee.client().ended() == [
        "{'id': 1, 'name': 'joe', 'email': None}",
        "{'id': 2, 'name': 'ann', 'email': 'ann@example.com'}",
        "[{'id': 1, 'name': 'joe', 'email': None}, {'id': 2, 'name': 'ann', 'email': 'ann@example.com'}]",
        'postgresql.error.unique_violation duplicate key value violates unique constraint "person_name_key"',
        "com.example.error.unknown eve",
        "2",
    ]


def test_caller(example: Callable[[str], Example]) -> None:
    caller = example("caller")
    caller.sidecar.start().wait_for(TOLD)
    client = caller.client()
    client.wait_for(1)
    results, notices = caller.use()
    assert [[tuple(map(str, row)) for row in rows] for rows in results] == [
        [("19.90",)], [("None",)], [("lamp", "19.90")]]
    assert notices == ["no price for unicorn: com.example.error.unknown"]
    assert client.lines == ["registered", "asked for lamp in euro", "asked for unicorn in euro"]


def test_publisher(example: Callable[[str], Example]) -> None:
    publisher = example("publisher")
    client = publisher.client()
    client.wait_for(1)
    publisher.sidecar.start(LEADING)
    publisher.use()
    item = "schema=orders table=item"
    assert client.wait_for(5) == [
        "listening",
        f"com.example.order.item: operation=INSERT row={{'id': 1, 'state': 'new'}} {item}",
        "com.example.order.item: old={'id': 1, 'state': 'new'} operation=UPDATE row={'id': 1, 'state': 'shipped'} " + item,
        "com.example.order.shipped: 1 at=the door",
        f"com.example.order.item: old={{'id': 1, 'state': 'shipped'}} operation=DELETE {item}",
    ]


def test_subscriber(example: Callable[[str], Example]) -> None:
    subscriber = example("subscriber")
    subscriber.sidecar.start()
    subscriber.sidecar.wait_for("subscribed", count=2)
    assert subscriber.client().ended() == ["published"]
    wait_until(lambda: subscriber.database.value("select count(*) from telemetry.alarm") == 1, "all have run")
    wait_until(lambda: subscriber.database.value("select count(*) from wamp.dead_letter") == 1, "one is a dead letter")
    readings, alarms, letters = subscriber.use()[0]
    assert readings == [("kitchen", 21.5), ("cellar", 12.0)]
    assert alarms == [("com.example.alarm.cellar", ["water", 3])]
    assert len(letters) == 1 and letters[0][:3] == ("com.example.sensor.reading", ["attic", -300], "23514")
