"""README's quick start is true: its SQL and its mapping, in this order, between a real router and a real database."""

import asyncio
import re
from typing import Any

import psycopg
import yaml

from actors.cluster import Database
from actors.command import command
from actors.deadline import free_port, until
from actors.installation import install, role_url
from actors.peer import PublishOptions, joined
from actors.router import Router
from actors.sidecar import ROOT
from conftest import SidecarMaker

START = (ROOT / "README.md").read_text().split("## Quick start")[1].split("\n## ")[0]
PAGE = (ROOT / "docs/operations.md").read_text()


def blocks(kind: str, title: str) -> list[str]:
    """The blocks of that language below a heading of the quick start."""
    section = START.split(f"### {title}")[1].split("### ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


async def test_quick_start(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    installation = install(database, grant_to=["shop"], register_to=["shop"])
    # In a cluster of several databases the guest has another name.
    database.execute(re.findall(r"```sql\n(.*?)```", START.split("###")[0], re.DOTALL)[0].replace("wamp_guest", installation.guest))
    mapping: dict[str, Any] = {}
    for block in re.findall(r"```yaml\n(.*?)```", START, re.DOTALL):
        mapping |= yaml.safe_load(block)
    assert {"router", "database", "procedures", "subscriptions", "caller"} == mapping.keys()
    mapping["caller"]["listen"] = f"127.0.0.1:{free_port()}"
    sections = {name: mapping[name] for name in ("procedures", "subscriptions", "caller")}

    notices: list[str] = []

    def execute(script: str) -> None:
        """As the application does it."""
        with psycopg.connect(role_url(database, "shop"), autocommit=True, connect_timeout=5) as shop:
            shop.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            shop.execute(script)  # type: ignore[arg-type]

    for title in ("Callee", "Subscriber"):
        execute(blocks("sql", title)[0])
    sidecar = make_sidecar(router.url("rawsocket"), installation.url, **sections).start()
    sidecar.wait_for("the database knows the way to the caller's port")
    async with joined(router) as peer:
        assert (await peer.call("com.example.add2", 2, 3)).value == (await peer.call("com.example.add2", a=2, b=3)).value == 5

        # The lines for a terminal, of which the second publishes the reading.
        for line in re.findall(r"^wamp-sidecar (call|publish) (.*)$", START, re.MULTILINE):
            result = await command(line[0], *line[1].split(), "--url", router.url("rawsocket"), "--realm", "realm1")
            assert result.returncode == 0, result.stderr
            assert line[0] == "publish" or result.stdout == '{"args":[5],"kwargs":{}}\n'
        await until(lambda: database.rows("select * from shop.reading") == [("attic", 30.0)], "the event has run")

        inbox = await peer.subscribe("com.example.", match="prefix")
        await asyncio.to_thread(execute, blocks("sql", "Publisher")[0])
        event = (await inbox.first(1))[0]
        assert (event.topic, event.args, event.kwargs) == ("com.example.cellar", [12], {"unit": "C"})
        await asyncio.to_thread(execute, "insert into shop.reading values ('roof', 1)")
        assert (await inbox.first(2))[1].kwargs["row"] == {"sensor": "roof", "value": 1}

        await asyncio.to_thread(execute, blocks("sql", "Caller")[0])
        assert notices == ["wamp.error.no_such_procedure"]

        await asyncio.to_thread(execute, blocks("sql", "From SQL")[0])
        assert (await peer.call_when_there("com.example.readings")).value == 3
        sidecar.wait_for("subscribed", where=lambda entry: entry["topic"] == "com.example.sensor.replaced")
        await peer.session.publish("com.example.sensor.replaced", "attic", 0, options=PublishOptions(acknowledge=True))
        await until(lambda: database.value("select count(*) from shop.reading") == 4, "the event has run")


def test_operations_sql(database: Database) -> None:
    """The SQL of docs/operations.md."""
    install(database)
    scripts = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert scripts
    for script in scripts:
        database.execute(script)
