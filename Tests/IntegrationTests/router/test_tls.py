"""TLS to the router: Crossbar.io with it, `openssl s_server` with each kind of wrong certificate, handshakes that never
end."""

import asyncio
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.certificates import Certificates
from actors.cluster import Database
from actors.deadline import free_port, until
from actors.openssl_server import openssl_server
from actors.peer import joined
from actors.router import REALM, Router
from actors.sidecar import Sidecar, run
from actors.tls_front import tls_front
from conftest import SidecarMaker

SCHEMA = "create function public.echo(value jsonb) returns jsonb language sql as 'select value'"
PROCEDURES = {"test.echo": "public.echo"}
AWAY = "router not available"


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.remove()


def section(url: str | list[str], **tls: Any) -> dict[str, Any]:
    """`router` with `tls`, without a password."""
    return {"url": url, "realm": REALM, "auth": {"method": "anonymous"}, "tls": tls}


def reason(make_sidecar: SidecarMaker, database: Database, router: dict[str, Any]) -> str:
    """The log's reason why the sidecar can't join the router."""
    sidecar = make_sidecar("unused", database.url, router=router).start(until=None)
    entry = sidecar.wait_for(AWAY)
    # It keeps trying, and stops when it is told to.
    sidecar.wait_for(AWAY, count=2)
    assert sidecar.stop() == 0
    return str(entry["reason"])


# -- Crossbar.io


async def test_calls(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> None:
    """Small and large payloads both ways, many at a time; SIGTERM sends GOODBYE."""
    database.execute(SCHEMA)
    url = router.url(f"{transport}+tls")
    sidecar = make_sidecar(
        url, database.url, procedures=PROCEDURES, router=section(url, ca_file=router.certificates.authority)).start()
    async with joined(router) as peer:
        for value in ("x", "ü" * 20_000, "x" * 1_000_000, "y" * 7_000_000):
            assert (await peer.call("test.echo", value)).value == value
        values = await asyncio.gather(*(peer.call("test.echo", "z" * n) for n in range(0, 60_000, 300)))
        assert [len(answer.value) for answer in values] == list(range(0, 60_000, 300))
    assert await sidecar.stopped() == 0
    assert sidecar.entries("stopped") and not sidecar.entries("stopped without the router's goodbye")
    assert not sidecar.entries(
        "the router's certificate is not verified: whoever is on the way can read and change everything")


@pytest.mark.parametrize("key", ["client.key", "client-encrypted.key"])
async def test_client_certificate(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database,
                                  key: str) -> None:
    """The router's name is an address here."""
    database.execute(SCHEMA)
    url = router.url(f"{transport}+strict")
    tls = {"ca_file": router.certificates.authority, "certificate_file": router.certificates.path("client.pem"),
           "key_file": router.certificates.path(key)}
    if "encrypted" in key:
        tls["key_password"] = "${KEY_PASSWORD}"
    sidecar = make_sidecar(url, database.url, procedures=PROCEDURES, router=section(url, **tls),
                           environment={"KEY_PASSWORD": "key-password"}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.echo", 1)).value == 1
    assert await sidecar.stopped() == 0
    assert "key-password" not in sidecar.text()


def test_client_certificate_wanted(make_sidecar: SidecarMaker, router: Router, transport: str,
                                   database: Database) -> None:
    url = router.url(f"{transport}+strict")
    authority = router.certificates.authority
    assert "router.tls.certificate_file" in reason(make_sidecar, database, section(url, ca_file=authority))
    expired = {name: router.certificates.path(f"client-expired.{end}")
               for name, end in (("certificate_file", "pem"), ("key_file", "key"))}
    text = reason(make_sidecar, database, section(url, ca_file=authority, **expired))
    assert "refused our certificate (certificate expired)" in text


async def test_router_restarted(make_sidecar: SidecarMaker, mortal_router: Router, transport: str,
                                database: Database) -> None:
    database.execute(SCHEMA)
    url = mortal_router.url(f"{transport}+tls")
    sidecar = make_sidecar(
        url, database.url, procedures=PROCEDURES,
        router=section(url, ca_file=mortal_router.certificates.authority)).start()
    await asyncio.to_thread(mortal_router.kill)
    await asyncio.to_thread(sidecar.wait_for, "router lost")
    await asyncio.to_thread(mortal_router.start)
    await asyncio.to_thread(sidecar.wait_for, "ready", 60, 2)
    async with joined(mortal_router) as peer:
        assert (await peer.call("test.echo", 1)).value == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_versions_and_small_records(make_sidecar: SidecarMaker, router: Router, transport: str,
                                          database: Database, version: ssl.TLSVersion) -> None:
    """Records of one octet of text each; an end below TLS is reported as such."""
    database.execute(SCHEMA)
    async with tls_front(router.port, router.certificates, version, piece=1) as front, joined(router) as peer:
        scheme, path = ("rss", "") if transport == "rawsocket" else ("wss", "ws")
        url = f"{scheme}://localhost:{front.port}/{path}"
        sidecar = await make_sidecar(
            url, database.url, procedures=PROCEDURES,
            router=section(url, ca_file=router.certificates.authority)).started()
        assert (await peer.call("test.echo", "x" * 5000)).value == "x" * 5000
        assert front.versions == [version.name.replace("TLSv1_", "TLSv1.")]
        front.cut()
        entry = await asyncio.to_thread(sidecar.wait_for, "router lost")
        assert "without ending TLS" in entry["reason"]
        await asyncio.to_thread(sidecar.wait_for, "router joined", 60, 2)
        assert await sidecar.stopped() == 0


def test_check_connects(router: Router, transport: str, database: Database, tmp_path: Path) -> None:
    url = router.url(f"{transport}+tls")
    file = tmp_path / "sidecar.yaml"
    (tmp_path / "authority.pem").write_bytes(Path(router.certificates.authority).read_bytes())
    # Relative to the file's folder.
    for authority, code, words in (("authority.pem", 0, "database and router answered"),
                                   (None, 1, "from an authority that is not trusted here")):
        tls = {"ca_file": authority} if authority else {}
        file.write_text(json.dumps({"router": section(url, **tls), "database": {"url": database.url}}))
        result = run("check", "--config", file, "--connect")
        assert result.returncode == code and words in result.stdout + result.stderr, result.stderr


# -- servers that are wrong


@pytest.mark.parametrize("name, words", [
    ("expired", ["a certificate that expired on 2020-02-01 12:30 UTC", "renew it at the router"]),
    ("future", ["not valid before 2090-01-01 00:00 UTC"]),
    ("elsewhere", ["for 'other.test', 192.0.2.1,", "and 2 more, not for 'localhost'", "router.tls.server_name"]),
    ("nameless", ["without any name in subjectAltName ('CN = localhost')"]),
    ("self-signed", ["a self-signed certificate ('CN = localhost')", "router.tls.ca_file"]),
    ("strange", ["not trusted here ('CN = Strangers' Root')", "router.tls.ca_file"]),
    ("incomplete", ["not trusted here ('CN = Test Intermediate, O = Tests')"]),
    ("under-stale", ["in its chain ('CN = Stale Intermediate, O = Tests') that expired on 2020-03-01 12:00 UTC"]),
    ("for-clients", ["that is not valid: un", "certificate purpose"]),
])
def test_certificate(make_sidecar: SidecarMaker, certificates: Certificates, database: Database, name: str,
                     words: list[str]) -> None:
    with openssl_server(certificates, name) as port:
        text = reason(make_sidecar, database, section(f"rss://localhost:{port}", ca_file=certificates.authority))
        for word in words:
            assert word in text, text


def test_system_authorities(make_sidecar: SidecarMaker, certificates: Certificates, database: Database,
                            tmp_path: Path) -> None:
    """Without ca_file the distribution's authorities count; a system without any is reported as such."""
    with openssl_server(certificates) as port:
        router = section(f"rss://localhost:{port}")
        assert "name the authority's certificate in router.tls.ca_file" in reason(make_sidecar, database, router)

        def bare(url: str, database_url: str, **sections: Any) -> Sidecar:
            empty = {"SSL_CERT_FILE": str(tmp_path / "none"), "SSL_CERT_DIR": str(tmp_path)}
            return make_sidecar(url, database_url, environment=empty, **sections)

        assert "knows no authorities at all: install ca-certificates" in reason(bare, database, router)

        def trusting(url: str, database_url: str, **sections: Any) -> Sidecar:
            return make_sidecar(url, database_url, environment={"SSL_CERT_FILE": certificates.authority}, **sections)

        # It is trusted then; but it is not a router.
        sidecar = trusting("unused", database.url,
            router=router | {"url": f"wss://localhost:{port}/"}).start(until=None)
        assert sidecar.entries(AWAY) == []


def test_names(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """The name to prove is the URL's, unless server_name is another."""
    database.execute(SCHEMA)
    url = f"rss://127.0.0.1:{router.tls_port}"
    authority = router.certificates.authority
    for tls in ({}, {"server_name": "a.wild.test"}, {"server_name": "::1"}):
        sidecar = make_sidecar(
            url, database.url, procedures=PROCEDURES, router=section(url, ca_file=authority, **tls)).start()
        assert sidecar.stop() == 0
    text = reason(make_sidecar, database, section(url, ca_file=authority, server_name="other.test"))
    assert "not for 'other.test'" in text


@pytest.mark.parametrize("options, words", [
    (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "no version of TLS in common"),
    (["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], "no version of TLS in common"),
    (["-tls1_2", "-cipher", "AES128-SHA"], "no cipher in common"),
    (["-Verify", "1"], "router.tls.certificate_file"),
    (["-Verify", "1", "-tls1_2"], "router.tls.certificate_file"),
])
def test_handshake(make_sidecar: SidecarMaker, certificates: Certificates, database: Database, options: list[str],
                   words: str) -> None:
    with openssl_server(certificates, "server", *options) as port:
        text = reason(make_sidecar, database, section(f"rss://localhost:{port}", ca_file=certificates.authority))
        assert words in text, text


def test_minimum(make_sidecar: SidecarMaker, certificates: Certificates, database: Database) -> None:
    with openssl_server(certificates, "server", "-tls1_2") as port:
        router = section(f"rss://localhost:{port}", ca_file=certificates.authority, minimum="1.3")
        text = reason(make_sidecar, database, router)
        assert "no version of TLS in common" in text and "router.tls.minimum" in text


async def test_verification_off(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """It works, and is logged at each start."""
    database.execute(SCHEMA)
    url = f"rss://127.0.0.1:{router.tls_port}"
    for _ in range(2):
        sidecar = await make_sidecar(
            url, database.url, procedures=PROCEDURES,
            router=section(url, verify="none", server_name="other.test")).started()
        entry = sidecar.wait_for(
            "the router's certificate is not verified: whoever is on the way can read and change everything")
        assert entry["level"] == "warning" and re.search(r"sidecar\.yaml:\d+:1$", entry["place"])
        assert await sidecar.stopped() == 0


# -- the wrong protocol


@pytest.mark.parametrize("kind, words", [
    ("rawsocket", "is this a port with TLS? (without TLS write rs://)"),
    ("websocket", "is this a port with TLS? (without TLS write ws://)"),
])
def test_plain_port(make_sidecar: SidecarMaker, router: Router, database: Database, kind: str, words: str) -> None:
    url = router.url(kind).replace("rs:", "rss:").replace("ws:", "wss:")
    text = reason(make_sidecar, database, section(url, ca_file=router.certificates.authority))
    assert words in text, text


@contextmanager
def answering(answer: bytes, hold: bool = False) -> Iterator[int]:
    """A port that sends the same to every client, and then leaves it alone or waits for it."""
    server = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            clients.append(client)
            client.sendall(answer)
            if not hold:
                client.recv(1000)
                client.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for client in clients:
            client.close()


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answered the TLS handshake with HTTP"),
    (b"\x7f\x01\0\0", "answered the TLS handshake with plain RawSocket"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "with something that is not TLS"),
    (b"", "closed the connection during the TLS handshake"),
])
def test_no_tls(make_sidecar: SidecarMaker, certificates: Certificates, database: Database, answer: bytes,
                words: str) -> None:
    with answering(answer) as port:
        text = reason(make_sidecar, database, section(f"rss://localhost:{port}", ca_file=certificates.authority))
        assert words in text, text


def test_tls_port_without_tls(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    plain = {"realm": REALM, "auth": {"method": "anonymous"}}
    for url, word in ((f"rs://127.0.0.1:{router.tls_port}", "rss://"),
        (f"ws://127.0.0.1:{router.tls_port}/ws", "wss://")):
        assert word in reason(make_sidecar, database, plain | {"url": url})


def test_handshakes_that_never_end(make_sidecar: SidecarMaker, certificates: Certificates, database: Database) -> None:
    """Silence, the head of a record, and the answer to a handshake octet by octet: each is given up."""
    header = bytes([22, 3, 3, 0x40, 0])
    with answering(b"", hold=True) as silent, answering(header, hold=True) as half:
        drip = socket.create_server(("127.0.0.1", 0))
        ended = threading.Event()

        def serve() -> None:
            client, _ = drip.accept()
            client.sendall(header)
            while not ended.wait(0.2):
                try:
                    client.sendall(b"\x02")
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        sidecars = [
            make_sidecar("unused", database.url,
                router=section(f"{kind}://localhost:{port}", ca_file=certificates.authority))
            for kind, port in (("rss", silent), ("wss", half), ("rss", drip.getsockname()[1]))
        ]
        for sidecar in sidecars:
            sidecar.start(until=None)
        for sidecar in sidecars:
            entry = sidecar.wait_for(AWAY)
            assert "did not finish the TLS handshake within 10 s" in entry["reason"], entry
        for sidecar in sidecars:
            # Even in the middle of the next handshake.
            assert sidecar.stop(9) == 0
        ended.set()
        drip.close()


# -- the file


@pytest.mark.parametrize("tls, line", [
    ({"ca_file": "none.pem"},
        "the file 'none.pem' that 'ca_file' in router.tls names can't be read (No such file or directory)"),
    ({"ca_file": "."}, "the file '.' that 'ca_file' in router.tls names is a folder"),
    ({"ca_file": "empty"}, "that 'ca_file' in router.tls names is empty"),
    ({"ca_file": "client.key"}, "holds a private key, but no certificate"),
    ({"ca_file": "client.der"}, "is not in PEM format"),
    ({"certificate_file": "client.pem", "key_file": "server.key"},
        "'key_file' in router.tls names holds a key that does not belong"),
    ({"certificate_file": "client.pem", "key_file": "client-encrypted.key"},
        "is encrypted, and there is no password for it"),
    ({"certificate_file": "client.pem", "key_file": "client-encrypted.key", "key_password": "top-secret"},
     "'key_password' in router.tls does not decrypt the key"),
    ({"certificate_file": "client.pem"},
        "the file 'client.pem' that 'certificate_file' in router.tls names holds a certificate, but no private key"),
    ({"certificate_file": "secret", "key_file": "client.key"}, "holds no certificate in PEM format"),
])
def test_files(certificates: Certificates, tls: dict[str, str], line: str) -> None:
    """`check` and `run` say what is wrong, and where; nothing asks on the terminal."""
    (certificates.folder / "empty").write_bytes(b"")
    (certificates.folder / "secret").write_bytes(b"top-secret")
    file = certificates.folder / "sidecar.yaml"
    file.write_text(json.dumps({"router": section("rss://localhost:1", **tls),
        "database": {"url": "host=/nonexistent"}}))
    for command in ("check", "run"):
        result = run(command, "--config", file)
        assert result.returncode == 78
        assert line in result.stderr and result.stderr.count("\n") == 1, result.stderr
        assert ":1:" in result.stderr and "top-secret" not in result.stderr
