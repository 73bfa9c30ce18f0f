"""`dead-letter list`, `retry` and `delete`: as the sidecar's role, with the database of the configuration file."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from actors.cluster import Database
from actors.installation import Installation, install
from actors.sidecar import run

FAILED = 1
USAGE = 64
FAULTY = 78


@pytest.fixture
def interface(database: Database) -> Installation:
    """With the letters 1 (a publication), 2 and 3 (events)."""
    interface = install(database)
    database.execute("select wamp.publish('com.example.price', '[1]', '{\"currency\": \"€\"}')")
    with interface.connect_as_leader() as sidecar:
        sidecar.execute("select wamp.relay_bury(1, 'wamp.error.not_authorized', %s, 5)", ["not\nallowed: " + "x" * 100])
        for topic in ("com.example.a", "com.example.b"):
            sidecar.execute("select wamp.event_bury(%s, %s, '[2]', null, '{}', 'shop.note', '22012', 'division by zero', 3)",
                            [topic, topic])
    return interface


def command(interface: Installation, folder: Path, *arguments: str,
            schema: str = "wamp") -> subprocess.CompletedProcess[str]:
    file = folder / "sidecar.yaml"
    file.write_text(yaml.safe_dump({
        "router": {"url": "ws://127.0.0.1:8080/ws", "realm": "realm1"},
        "database": {"url": interface.url, "schema": schema}}))
    return run("dead-letter", *arguments, "--config", file)


def left(interface: Installation) -> list[tuple[int, bool]]:
    return [(letter, retry) for letter, retry in
            interface.database.rows("select id, retry from wamp.dead_letter order by id")]


def test_list(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "list")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "created", "kind", "topic", "function", "attempts", "error", "message", "retry"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert "not allowed: xxx" in lines[1] and lines[1].endswith("…")
    assert "shop.note" in lines[2] and "division by zero" in lines[2]
    for arguments, ids in ((("--kind", "publish"), [1]), (("--topic", "com.example.b"), [3]), (("--most", "2"), [1, 2])):
        lines = command(interface, tmp_path, "list", *arguments, "--json").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids
    letter = json.loads(command(interface, tmp_path, "list", "--kind", "publish", "--json").stdout)
    assert (letter["args"], letter["kwargs"], letter["attempts"]) == ([1], {"currency": "€"}, 5)


def test_retry_and_delete(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "retry", "1", "2", "77")
    assert (result.returncode, result.stdout) == (0, "2 to be tried again\n")
    assert left(interface) == [(2, True), (3, False)]
    assert interface.database.rows("select id, topic from wamp.outbox") == [(2, "com.example.price")]
    result = command(interface, tmp_path, "retry", "--all", "--topic", "com.example.b")
    assert (result.returncode, result.stdout) == (0, "1 to be tried again\n")
    assert left(interface) == [(2, True), (3, True)]
    result = command(interface, tmp_path, "delete", "3")
    assert (result.returncode, result.stdout) == (0, "1 deleted\n")
    result = command(interface, tmp_path, "delete", "--all", "--kind", "event")
    assert (result.returncode, result.stdout) == (0, "1 deleted\n")
    assert left(interface) == []


@pytest.mark.parametrize("arguments", [("retry",), ("delete",), ("delete", "1", "--all"), ("delete", "x"),
                                       ("retry", "1", "--topic", "a"), ("list", "--kind", "other")])
def test_wrong_usage(interface: Installation, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert command(interface, tmp_path, *arguments).returncode == USAGE
    assert len(left(interface)) == 3


def test_what_is_not_there(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "list", schema="elsewhere")
    assert result.returncode == FAILED and "elsewhere" in result.stderr
    assert run("dead-letter", "list", "--config", tmp_path / "missing.yaml").returncode == FAULTY
