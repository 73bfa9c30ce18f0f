"""The router is reached through an HTTP proxy."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from actors.cluster import Database
from actors.deadline import accepts, free_port, until, wait_until
from actors.http_server import http_server, saying
from actors.peer import joined
from actors.router import TICKET, Router
from actors.sidecar import run
from actors.tinyproxy import PASSWORD, USER, TinyProxy
from conftest import SidecarMaker

SCHEMA = "create function public.one() returns integer language sql as 'select 1'"
PROCEDURES = {"test.one": "public.one"}


@pytest.fixture
def proxy(router: Router) -> Iterator[TinyProxy]:
    proxy = TinyProxy(router.port, router.tls_port, 1)
    try:
        yield proxy.start()
    finally:
        proxy.remove()


def router_section(url: str, proxy: str) -> dict[str, object]:
    return {
        "url": url, "realm": "realm1", "proxy": proxy,
        "auth": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET}, "insecure": True,
    }


async def told(tmp_path: Path, url: str, proxy: str) -> str:
    """What `check --connect` says about the router; the given database is always down."""
    file = tmp_path / "sidecar.yaml"
    file.write_text(yaml.safe_dump({
        "router": router_section(url, proxy), "database": {"url": "postgresql://nobody@127.0.0.1:1/none"}}))
    result = await asyncio.to_thread(run, "check", "--connect", "--config", file)
    output = result.stdout + result.stderr
    assert result.returncode == 1
    assert PASSWORD not in output and "Basic" not in output
    [line] = [line for line in output.splitlines() if ": router " in line]
    return line


async def test_tunnel(make_sidecar: SidecarMaker, router: Router, database: Database, proxy: TinyProxy,
                      transport: str) -> None:
    database.execute(SCHEMA)
    url = router.url(transport)
    sidecar = await make_sidecar(
        url, database.url, procedures=PROCEDURES, environment={"PASSWORD": PASSWORD},
        router=router_section(url, f"http://{USER}:${{PASSWORD}}@127.0.0.1:{proxy.port}")).started()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1
        assert proxy.tunnels(f"127.0.0.1:{router.port}") == 1
        # The connection ends with the proxy; both come back.
        proxy.kill()
        sidecar.wait_for("router lost")
        await until(
            lambda: any("the proxy http://127.0.0.1:" in str(entry)
                for entry in sidecar.entries("router not available")),
            "it says that it is the proxy that can't be reached")
        proxy.start()
        sidecar.wait_for("router joined", count=2)
        await until(lambda: proxy.tunnels(f"127.0.0.1:{router.port}") >= 2, "a second tunnel")
    assert await sidecar.stopped() == 0
    assert PASSWORD not in sidecar.text()


async def test_tls_in_the_tunnel(make_sidecar: SidecarMaker, router: Router, database: Database, proxy: TinyProxy,
                                 transport: str) -> None:
    """The router's certificate counts, for the name in the URL."""
    database.execute(SCHEMA)
    url = router.url(f"{transport}+tls")
    section = router_section(url, proxy.url) | {"tls": {"ca_file": str(router.certificates.authority)}}
    del section["insecure"]
    sidecar = await make_sidecar(url, database.url, procedures=PROCEDURES, router=section).started()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1
    assert proxy.tunnels(f"localhost:{router.tls_port}") == 1
    assert await sidecar.stopped() == 0
    assert PASSWORD not in sidecar.text()


async def test_unix_sockets_are_reached_without(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Of two URLs the first uses a proxy that is down, the second none."""
    database.execute(SCHEMA)
    section = router_section("", f"http://127.0.0.1:{free_port()}")
    urls = [router.url("rawsocket"), router.url("unix")]
    sidecar = await make_sidecar(urls, database.url, procedures=PROCEDURES, router=section | {"url": urls}).started()
    assert sidecar.wait_for("router joined")["router"] == router.url("unix")
    assert "the proxy" in sidecar.wait_for("router not available")["reason"]
    assert await sidecar.stopped() == 0


async def test_logins(tmp_path: Path, router: Router, proxy: TinyProxy) -> None:
    url = router.url("websocket")
    wrong = await told(tmp_path, url, proxy.url.replace(PASSWORD, "another"))
    assert f"the proxy http://127.0.0.1:{proxy.port} refuses the user name or the password of router.proxy" in wrong
    without = await told(tmp_path, url, f"http://127.0.0.1:{proxy.port}")
    assert "wants a user name and a password (HTTP 407)" in without


async def test_what_the_proxy_cant_do(tmp_path: Path, router: Router, proxy: TinyProxy) -> None:
    forbidden = await told(tmp_path, f"rs://127.0.0.1:{router.narrow_port}", proxy.url)
    assert f"forbids a tunnel to 127.0.0.1:{router.narrow_port} (HTTP 403)" in forbidden
    away = await told(tmp_path, "rs://127.0.0.1:1", proxy.url)
    assert "cannot reach 127.0.0.1:1, or is in trouble itself (HTTP 5" in away
    # The proxy looks names up.
    unknown = await told(tmp_path, f"ws://router.invalid:{router.port}/ws", proxy.url)
    assert f"cannot reach router.invalid:{router.port}" in unknown


async def test_no_proxy(tmp_path: Path) -> None:
    """Nothing there, an unknown name, a web server, another kind of server, one that disconnects, one that sends too
    much."""
    url = "ws://127.0.0.1:1/ws"
    nothing = await told(tmp_path, url, f"http://{USER}:{PASSWORD}@127.0.0.1:1")
    assert ("the proxy http://127.0.0.1:1 cannot be reached: connection refused: nothing listens there; is the proxy"
            in nothing)
    nobody = await told(tmp_path, url, "http://proxy.invalid:3128")
    assert "the proxy http://proxy.invalid:3128 cannot be reached: the host name proxy.invalid is unknown" in nobody

    port = free_port()
    web = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", tmp_path],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port), "the web server listens")
        assert "does not know CONNECT (HTTP 501)" in await told(tmp_path, url, f"http://127.0.0.1:{port}")
    finally:
        web.kill()
        web.wait()

    async with http_server(saying(b"220 mail ESMTP\r\n")) as mail:
        assert "not HTTP" in await told(tmp_path, url, f"http://127.0.0.1:{mail.port}")

    async def close(request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with http_server(close) as gone:
        line = await told(tmp_path, url, f"http://127.0.0.1:{gone.port}")
        assert "closed the connection instead of making a tunnel to 127.0.0.1:1" in line
    async with http_server(saying(b"HTTP/1.1 200 OK\r\n\r\n\x7f\xf1\x00\x00")) as eager:
        assert "the connection is not safe" in await told(tmp_path, url, f"http://127.0.0.1:{eager.port}")
        assert eager.requests[0].startswith("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n")
