"""The log: one line for each change of state, none for each call, and no secret in it."""

import json

import pytest

from actors.cluster import Database
from actors.peer import joined
from actors.router import Router
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
