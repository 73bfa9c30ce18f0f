"""`dead-letter list`, `show`, `retry` and `delete`: as the sidecar's role, with the database of the configuration
file."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from actors.cluster import Database
from actors.installation import Installation, install
from actors.sidecar import binary, clean_environment, run
from actors.terminal import Terminal

FAILED = 1
USAGE = 64
FAULTY = 78


@pytest.fixture
def interface(database: Database) -> Installation:
    """With the dead letters 1 (a publication), 2 and 3 (events)."""
    interface = install(database)
    database.execute("select wamp.publish('com.example.price', '[1]', '{\"currency\": \"€\"}')")
    with interface.connect_as_leader() as sidecar:
        sidecar.execute("select wamp.relay_bury(1, 'wamp.error.not_authorized', %s, 5)",
            ["not\nallowed: \x1b" + "x" * 100])
        for topic in ("com.example.a", "com.example.b"):
            sidecar.execute("select wamp.event_bury(%s, %s, '[2]', null, '{}', 'shop.note', '22012', 'division by "
                            "zero', 3)",
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
    assert lines[1].endswith("not allowed: \x1b" + "x" * 100), "whole in a pipe"
    assert result.stderr == "note: payloads are left out; wamp-sidecar dead-letter show ID shows all of one\n"
    assert "shop.note" in lines[2] and "division by zero" in lines[2]
    for arguments, ids in ((("--kind", "publish"), [1]), (("--topic", "com.example.b"), [3]),
        (("--most", "2"), [1, 2])):
        lines = command(interface, tmp_path, "list", *arguments, "--json").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids
    for output in ((), ("--json",)):
        result = command(interface, tmp_path, "list", "--most", "2", *output)
        assert result.stderr.splitlines()[0] == "note: the oldest 2 of 3 dead letters; --most 3 lists all"
    for most in ("3", "4"):
        assert command(interface, tmp_path, "list", "--most", most, "--json").stderr == ""
    result = command(interface, tmp_path, "list", "--topic", "com.example.c")
    assert (result.returncode, result.stderr, len(result.stdout.splitlines())) == (0, "note: no dead letters\n", 1)
    letter = json.loads(command(interface, tmp_path, "list", "--kind", "publish", "--json").stdout)
    assert (letter["args"], letter["kwargs"], letter["attempts"]) == ([1], {"currency": "€"}, 5)


def test_list_on_a_terminal(interface: Installation, tmp_path: Path) -> None:
    """Long values are cut there, so that a dead letter takes one line."""
    command(interface, tmp_path, "list")
    controller, terminal = pty.openpty()
    try:
        result = subprocess.run(
            [binary(), "dead-letter", "list", "-c", tmp_path / "sidecar.yaml"], stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.PIPE, text=True, timeout=120, env=clean_environment())
        os.close(terminal)
        lines = os.read(controller, 1 << 16).decode().splitlines()
    finally:
        os.close(controller)
    assert result.returncode == 0, result.stderr
    assert len(lines) == 4 and "not allowed: \\u001bxxx" in lines[1] and lines[1].endswith("…")


def test_show(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "show", "2", "1")
    assert (result.returncode, result.stderr) == (0, "")
    first, second = result.stdout.split("\n\n")
    fields = dict(line.split(maxsplit=1) for line in first.splitlines() if not line.startswith(" "))
    assert (fields["id"], fields["args"], json.loads(fields["kwargs"])) == ("1", "[1]", {"currency": "€"})
    assert (fields["message"] == "not"
            and "allowed: \x1b" + "x" * 100 in first), "a message is whole, its lines one below the other"
    assert "shop.note" in second and "unreadable" not in second
    result = command(interface, tmp_path, "show", "2", "3", "--json")
    letters = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(letter["id"], letter["args"]) for letter in letters] == [(2, [2]), (3, [2])]
    result = command(interface, tmp_path, "show", "2", "77", "-5")
    assert result.returncode == USAGE
    result = command(interface, tmp_path, "show", "78", "2", "77")
    assert result.returncode == FAILED and "division by zero" in result.stdout
    assert result.stderr == "no dead letter has the id 77\nno dead letter has the id 78\n"


def test_unreadable_event(interface: Installation, tmp_path: Path) -> None:
    """It is there, and can't be tried again: the command says so."""
    with interface.connect_as_leader("other") as sidecar:
        sidecar.execute("select wamp.event_bury('t', 't', '[broken', null, '{}', 'shop.note', '22P02', 'no JSON', 1)")
    result = command(interface, tmp_path, "retry", "4", "3")
    assert (result.returncode, result.stdout) == (FAILED, "1 to be tried again\n")
    assert result.stderr.startswith("dead letter 4 can't be tried again")
    assert "[broken" in command(interface, tmp_path, "show", "4").stdout


def test_retry_and_delete(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "retry", "1", "2", "77", "2")
    assert (result.returncode, result.stdout) == (FAILED, "2 to be tried again\n")
    assert result.stderr == "no dead letter has the id 77\n"
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
    result = command(interface, tmp_path, "delete", "3")
    assert (result.returncode, result.stdout, result.stderr) == (FAILED, "0 deleted\n", "no dead letter has the id 3\n")
    result = command(interface, tmp_path, "delete", "--all")
    assert (result.returncode, result.stdout) == (0, "0 deleted\n")


MANY = """
    insert into wamp.dead_letter (kind, topic, args, attempts)
        select 'publish', 'com.example.many', to_jsonb(array[n]), 1 from generate_series(1, 24999) as n
"""


@pytest.mark.parametrize("verb, final", [("retry", "25000 to be tried again\n"), ("delete", "25000 deleted\n")])
def test_progress_on_a_terminal(interface: Installation, tmp_path: Path, verb: str, final: str) -> None:
    """One line on standard error says how far it is, and is gone in the end."""
    interface.database.execute(MANY)
    command(interface, tmp_path, "list")
    terminal = Terminal(
        "dead-letter", verb, "--all", "--kind", "publish", "-c", tmp_path / "sidecar.yaml", stdout=False)
    assert terminal.end() == (0, final, "")
    lines = terminal.shown.split("\r")
    done = "retried" if verb == "retry" else "deleted"
    assert lines[0] == "" and lines[1] == f"10,000 of 25,000 dead letters {done}", lines
    assert all(re.fullmatch(rf"\d+,000 of 25,000 dead letters {done}", line) for line in lines[1:-2]), lines
    assert (lines[-2].strip(), lines[-1]) == ("", "") and len(lines[-2]) == len(lines[1])
    assert interface.database.value("select count(*)::int from wamp.outbox") == (25_000 if verb == "retry" else 0)
    assert left(interface) == [(2, False), (3, False)]


def test_progress_in_a_pipe(interface: Installation, tmp_path: Path) -> None:
    """There is none, and all are in the order of before, whatever the batches."""
    interface.database.execute(MANY)
    result = command(interface, tmp_path, "retry", "--all")
    assert (result.returncode, result.stdout, result.stderr) == (0, "25002 to be tried again\n", "")
    assert interface.database.rows("""
        select topic, count(*)::int, bool_and(ordered) from (
            select topic, (args ->> 0)::int > coalesce(lag((args ->> 0)::int) over (partition by topic order by id), 0)
                as ordered from wamp.outbox) as event
            group by topic order by topic
    """) == [("com.example.many", 24_999, True), ("com.example.price", 1, True)]


def test_all_or_nothing(interface: Installation, tmp_path: Path) -> None:
    """What fails in the last batch takes back those before it, and the line is gone before the error."""
    interface.database.execute(MANY + ";" + """
        create function public.refuse() returns trigger language plpgsql as
            $$ begin if new.args = '[24999]' then raise 'not today'; end if; return new; end $$;
        create trigger refuse before insert on wamp.outbox for each row execute function public.refuse();
    """)
    command(interface, tmp_path, "list")
    terminal = Terminal("dead-letter", "retry", "--all", "-c", tmp_path / "sidecar.yaml")
    assert terminal.end()[0] == FAILED
    *progress, blanks, error = terminal.shown.split("\r")
    assert progress[1].startswith("10,000 of 25,002 ") and blanks.isspace() and "not today" in error, terminal.shown
    assert "to be tried again" not in terminal.shown
    assert interface.database.rows("select count(*)::int, bool_or(retry) from wamp.dead_letter") == [(25_002, False)]
    assert interface.database.value("select count(*)::int from wamp.outbox") == 0


@pytest.mark.parametrize("arguments", [("retry",), ("delete",), ("delete", "1", "--all"), ("delete", "x"),
                                       ("retry", "1", "--topic", "a"), ("list", "--kind", "other"),
                                       ("list", "--most", "0"), ("show",)])
def test_wrong_usage(interface: Installation, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert command(interface, tmp_path, *arguments).returncode == USAGE
    assert len(left(interface)) == 3


def peak(folder: Path, *arguments: str) -> tuple[int, int, int]:
    """The most memory that a command takes, in octets, how much it prints, and in how many lines."""
    process = subprocess.Popen([binary(), "dead-letter", *arguments, "--config", folder / "sidecar.yaml"],
        stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment())
    most = octets = lines = 0
    assert process.stdout is not None
    while part := os.read(process.stdout.fileno(), 1 << 16):
        octets += len(part)
        lines += part.count(b"\n")
        status = Path(f"/proc/{process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                most = max(most, int(line.split()[1]) * 1024)
    assert process.wait(60) == 0
    return most, octets, lines


@pytest.mark.timeout(900)
def test_many_long_letters(interface: Installation, tmp_path: Path) -> None:
    """Two hundred dead letters of 1 MiB take the memory of a few."""
    with interface.connect_as_leader("other") as sidecar:
        sidecar.execute("""
            select wamp.event_bury('t', 't', to_jsonb(array[repeat('x', 1048576)])::text, null, '{}', 'shop.note',
                '22012',
                repeat('y', 1048576), 3) from generate_series(1, 200)""")
    command(interface, tmp_path, "list", "--most", "1")
    mebibyte = 1 << 20
    ids = [str(number) for number in range(1, 204)]
    for arguments, output in ((("list", "--most", "1000"), 150), (("list", "--most", "1000", "--json"), 200),
                              (("show", *ids), 200), (("show", *ids, "--json"), 200)):
        most, octets, lines = peak(tmp_path, *arguments)
        assert octets > output * mebibyte and lines >= 203, (arguments[:2], octets, lines)
        assert most < 64 * mebibyte, (arguments[:2], most / mebibyte)


def test_what_is_not_there(interface: Installation, tmp_path: Path) -> None:
    result = command(interface, tmp_path, "list", schema="elsewhere")
    assert result.returncode == FAILED and "elsewhere" in result.stderr
    assert run("dead-letter", "list", "--config", tmp_path / "missing.yaml").returncode == FAULTY
