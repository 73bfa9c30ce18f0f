"""The log: one line for each change of state, none for each call, and no secret in it."""

import asyncio
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess

import pytest

from actors.cluster import Database
from actors.deadline import until, wait_until
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.sidecar import Sidecar, binary, clean_environment
from conftest import SidecarMaker

SCHEMA = """
create function public.same(n integer) returns integer language sql as 'select n';
create function public.fail(t text) returns integer language plpgsql as $$ begin raise exception '%', t; end $$;
"""
PROCEDURES = {"test.same": "public.same", "test.fail": "public.fail"}


@pytest.mark.parametrize("form", ["text", "json"])
async def test_calls_are_no_news(make_sidecar: SidecarMaker, router: Router, database: Database, form: str) -> None:
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures=PROCEDURES, notifications={"news": {"publish": "test.news"}},
        log={"level": "info", "format": form}).start(until=None)
    async with joined(router) as peer:
        await peer.call_when_there("test.same", 1)
        await until(lambda: any(re.search(r"\bready\b", line) for line in sidecar.lines), "it has begun")
        news = await peer.subscribe("test.news")
        database.execute("notify news, '1'")
        await news.first(1)
        before = len(sidecar.lines)
        assert 1 <= before < 30
        for n in range(200):
            await peer.call("test.same", n)
            await peer.error("test.fail", "payload-of-a-caller")
            database.execute("notify news, '2'")
        await news.first(201)
        assert len(sidecar.lines) <= before + 5, sidecar.text()
    assert await sidecar.stopped() == 0
    assert "payload-of-a-caller" not in sidecar.text()
    assert "sidecar-password" not in sidecar.text() and "sidecar-ticket" not in sidecar.text()
    for line in sidecar.lines:
        if form == "json":
            assert {"level", "message"} <= json.loads(line).keys()
        else:
            assert "ready" not in line or not line.startswith("{")
    assert any("ready" in line for line in sidecar.lines)


async def test_what_the_server_says(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    """A role's settings can make the server warn at the start of each session: that is no line of the log."""
    role = installed.installation.role
    installed.execute(
        f"alter role {role} in database {installed.name} set client_min_messages = debug5;"
        f"alter role {role} in database {installed.name} set default_table_access_method = "
        """E'no_such\\n{"level":"error","message":"forged"}'""")
    installed.execute(SCHEMA)
    sidecar = await make_sidecar(
        router.url("rawsocket"), installed.url, procedures=PROCEDURES, database={"url": installed.url}).started()
    async with joined(router) as peer:
        assert (await peer.call_when_there("test.same", 1)).value == 1
    assert await sidecar.stopped() == 0
    for line in sidecar.lines:
        assert {"level", "message"} <= json.loads(line).keys()
    assert not sidecar.entries("forged")


async def test_level(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """At level error a life without errors is silent."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures=PROCEDURES,
        log={"level": "error", "format": "text"}).start(until=None)
    async with joined(router) as peer:
        assert (await peer.call_when_there("test.same", 1)).value == 1
    assert await sidecar.stopped() == 0
    assert sidecar.lines == []


def run_with_log(sidecar: Sidecar, descriptor: int,
                 environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The sidecar with its log on a descriptor that only the test uses."""
    sidecar.write()
    return subprocess.Popen(
        [binary(), "run", "--config", sidecar.file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=descriptor, env=environment or clean_environment())


async def test_a_log_that_nobody_reads(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A full pipe stops neither calls nor the shutdown; lost lines are counted as soon as somebody reads."""
    database.execute(SCHEMA + """
        create function public.raise_long() returns void language plpgsql as $$
        begin raise exception using errcode = 'WA000', message = 'com.' || repeat('x', 900); end $$;
    """)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures=PROCEDURES | {"test.long": "public.raise_long"})
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)
    process = run_with_log(sidecar, writing)
    os.close(writing)
    try:
        async with joined(router) as peer:
            assert (await peer.call_when_there("test.same", 1)).value == 1
            # A debug line for each call that fails: far more than the queue holds, while nobody reads.
            for _ in range(40):
                await asyncio.gather(*(peer.error("test.long") for _ in range(100)))
            assert (await peer.call("test.same", 2)).value == 2
            collected = bytearray()

            def read() -> bool:
                if select.select([reading], [], [], 1)[0]:
                    collected.extend(os.read(reading, 1 << 16))
                return b"log lines dropped: nobody read them" in collected
            await asyncio.to_thread(wait_until, read, "the log says that lines were dropped", 60)
            process.send_signal(signal.SIGTERM)
            while os.read(reading, 1 << 16):
                pass
            assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reading)


async def test_the_end_waits_for_no_reader(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute(SCHEMA)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={f"stuck{n}.same": "public.same" for n in range(500)})
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)
    process = run_with_log(sidecar, writing)
    os.close(writing)
    try:
        async with joined(router) as peer:
            assert (await peer.call_when_there("stuck499.same", 1)).value == 1
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reading)


async def test_a_closed_log(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The reader of the log is gone: the sidecar continues, and ends in order."""
    database.execute(SCHEMA)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures=PROCEDURES)
    reading, writing = os.pipe()
    process = run_with_log(sidecar, writing)
    os.close(writing)
    os.close(reading)
    try:
        async with joined(router) as peer:
            assert (await peer.call_when_there("test.same", 1)).value == 1
            assert (await peer.error("test.fail", "x")).error
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()


async def test_hostile_values(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """A value is truncated, and what a terminal would obey is escaped."""
    database.execute("create function public.fail(t text) returns integer language plpgsql as "
                     "$$ begin raise exception '%', t using errcode = '42501'; end $$")
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, subscriptions={"hostile.event": "public.fail"}).start()
    async with joined(router) as peer:
        peer.session.publish("hostile.event", "\u202e\u001b[2J\u2028" + "x" * 10_000)
        await asyncio.to_thread(sidecar.wait_for, "event failed")
    [line] = [line for line in sidecar.lines if "event failed" in line or "event lost" in line][:1]
    assert not {"\u202e", "\u001b", "\u2028"} & set(line)
    assert "\\u202e\\u001b[2J\\u2028" in line
    assert len(line) < 2500


async def test_numbers_and_durations(make_sidecar: SidecarMaker, database: Database) -> None:
    """Programs get numbers as numbers; lengths of time are written as people say them."""
    sidecar = make_sidecar("rs://127.0.0.1:1/", database.url, procedures=PROCEDURES).start(until=None)
    entry = await asyncio.to_thread(sidecar.wait_for, "router not available")
    assert re.fullmatch(r"[0-9.]+ m?s", entry["retry_in"]), entry
    entry = await asyncio.to_thread(sidecar.wait_for, "database connected")
    assert isinstance(entry["backend"], int) and entry["server_version"] >= 140000
    assert await sidecar.stopped() == 0


@pytest.mark.parametrize(("variables", "is_coloured"), [
    ({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
async def test_a_terminal(make_sidecar: SidecarMaker, database: Database, variables: dict[str, str],
                          is_coloured: bool) -> None:
    sidecar = make_sidecar("rs://127.0.0.1:1/", database.url, log={"level": "info", "format": "text"})
    reading, writing = pty.openpty()
    environment = {name: value for name, value in clean_environment().items() if name not in ("TERM", "NO_COLOR")}
    process = run_with_log(sidecar, writing, environment | variables)
    os.close(writing)
    try:
        line = await asyncio.to_thread(first_line, reading)
        starting = "\x1b[32minfo\x1b[0m starting \x1b[2mconfiguration=\x1b[0m" if is_coloured else \
            "Z info starting configuration="
        assert starting in line and ("\x1b" in line) == is_coloured, line
    finally:
        process.kill()
        process.wait()
        os.close(reading)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("is_journal", [True, False])
async def test_the_journal(make_sidecar: SidecarMaker, database: Database, form: str, is_journal: bool) -> None:
    """Standard error is the journal's only if it is the very file that systemd names."""
    sidecar = make_sidecar("rs://127.0.0.1:1/", database.url, log={"level": "info", "format": form})
    reading, writing = os.pipe()
    file = os.fstat(writing)
    name = f"{file.st_dev}:{file.st_ino}" if is_journal else f"{file.st_dev}:{file.st_ino + 1}"
    process = run_with_log(sidecar, writing, clean_environment() | {"JOURNAL_STREAM": name})
    os.close(writing)
    try:
        line = await asyncio.to_thread(first_line, reading)
        assert line.startswith("<6>") == is_journal, line
        if form == "json":
            assert {"time", "level", "message"} <= json.loads(line.removeprefix("<6>")).keys()
        else:
            assert line.startswith("<6>info starting ") or (not is_journal and re.match(r"20\S+Z info starting ", line))
    finally:
        process.kill()
        process.wait()
        os.close(reading)


def first_line(descriptor: int) -> str:
    collected = b""
    while b"\n" not in collected:
        assert select.select([descriptor], [], [], 60)[0], collected
        collected += os.read(descriptor, 1 << 12)
    return collected.split(b"\n")[0].decode().rstrip("\r")
