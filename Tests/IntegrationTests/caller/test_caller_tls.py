"""TLS on the call port: dblink, psql and psycopg connect with it, and no client without."""

import asyncio
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actors.certificates import Certificates
from actors.deadline import free_port
from actors.installation import InstalledDatabase
from actors.peer import joined
from actors.router import Router
from actors.sidecar import Sidecar, clean_environment
from conftest import SidecarMaker

TOLD = "call port announced to the database"
PASSWORD = "a password that is long enough to be random"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.remove()


class Port:
    """A sidecar whose port has TLS."""

    def __init__(self, sidecar: Sidecar, number: int) -> None:
        self.sidecar = sidecar
        self.number = number

    def ask(self, **options: Any) -> Any:
        """The port's answer to a caller with these options of libpq."""
        options = {"host": "localhost", "user": "wamp", "password": PASSWORD, "dbname": "wamp"} | options
        # Sends the document like psql: psycopg has a cursor for simple queries.
        with psycopg.connect(port=self.number, autocommit=True, cursor_factory=psycopg.ClientCursor,
                             connect_timeout=60, **options) as connection:
            return connection.execute('{"status": true}').fetchone()


@pytest.fixture
def open_port(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
              certificates: Certificates) -> Any:
    """Starts a sidecar with these settings in its section `caller`."""
    def start(listen: str = "127.0.0.1", name: str = "server", wait: bool = True, **caller: Any) -> Port:
        number = free_port()
        tls = {"certificate_file": certificates.path(f"{name}.pem"), "key_file": certificates.path(f"{name}.key")}
        if "connect" in caller:
            caller["connect"] += f" port={number}"
        sidecar = make_sidecar(
            router.url("rawsocket"), installed.url,
            caller={"listen": f"{listen}:{number}", "tls": tls, "password": PASSWORD, **caller})
        sidecar.start()
        if wait:
            sidecar.wait_for(TOLD)
        return Port(sidecar, number)

    return start


@pytest.mark.parametrize("listen, connect", [
    ("127.0.0.1", None),
    ("0.0.0.0", "host=localhost sslmode=verify-full sslrootcert={authority}"),
    ("0.0.0.0", "host=127.0.0.1 sslmode=verify-ca sslrootcert={authority}"),
])
async def test_calls_from_sql(open_port: Any, router: Router, installed: InstalledDatabase, certificates: Certificates,
                              listen: str, connect: str | None) -> None:
    caller = {"connect": connect.format(authority=certificates.authority)} if connect else {}
    port = await asyncio.to_thread(open_port, listen, **caller)
    async with joined(router) as peer:
        await peer.register("test.echo", lambda value: value)
        for value in ("1", '"' + "x" * 3_000_000 + '"'):
            query = "select wamp.call('test.echo', jsonb_build_array(%s::jsonb))::text"
            assert await asyncio.to_thread(installed.value, query, value) == value
    server = dict(installed.rows("select o.option_name, o.option_value from pg_foreign_server as s, "
                                 "pg_options_to_table(s.srvoptions) as o where s.srvname = 'wamp_sidecar'"))
    assert server["channel_binding"] == "require"
    assert not port.sidecar.entries("client of the call port refused")
    assert await port.sidecar.stopped() == 0


@pytest.mark.parametrize("kind, is_bound", [
    (("rsa:2048", "-sha256"), True), (("rsa:3072", "-sha512"), True), (("ed25519",), False),
    (("rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-sha256"), False),
], ids=["rsa", "sha512", "ed25519", "pss"])
def test_bound_to_the_certificate(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase, tmp_path: Path, kind: tuple[str, ...],
    is_bound: bool,
) -> None:
    """The database demands channel binding, unless the certificate has no hash that all versions of libpq know."""
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", *kind, "-keyout", tmp_path / "key", "-out", tmp_path / "pem",
            "-subj",
         "/CN=localhost", "-days", "30"], check=True, capture_output=True, timeout=60)
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, procedures={"test.one": {"sql": "select 1 as n"}},
        caller={"listen": f"127.0.0.1:{free_port()}", "password": PASSWORD,
                "tls": {"certificate_file": str(tmp_path / "pem"), "key_file": str(tmp_path / "key")}}).start()
    sidecar.wait_for(TOLD)
    assert installed.value("select wamp.call('test.one')") == [{"n": 1}]
    options = installed.value("select srvoptions from pg_foreign_server where srvname = 'wamp_sidecar'")
    assert ("channel_binding=require" in options) == is_bound


def test_database_that_does_not_believe(open_port: Any, installed: InstalledDatabase,
                                        certificates: Certificates) -> None:
    """A certificate for another host: the call fails in SQL, and libpq says why."""
    port = open_port("127.0.0.1", "elsewhere",
                     connect=f"host=localhost sslmode=verify-full sslrootcert={certificates.authority}")
    with pytest.raises(psycopg.Error) as caught:
        installed.value("select wamp.call('test.echo')")
    assert caught.value.sqlstate == "WA002"
    told = f"{caught.value} {caught.value.diag.message_detail} {caught.value.diag.context}"
    assert "does not match host name" in told, told
    assert port.sidecar.running


def test_clients(open_port: Any, certificates: Certificates) -> None:
    port = open_port()
    authority = certificates.authority
    # A client that does not trust the port says so.
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        port.ask(sslmode="verify-full", sslrootcert=certificates.path("strangers.pem"))
    port.sidecar.wait_for("client of the call port refused", where=lambda entry: "unknown CA" in entry["reason"])
    for options in ({"sslmode": "require"}, {"sslmode": "prefer"}, {"sslmode": "allow"},
                    {"sslmode": "verify-full", "sslrootcert": authority}, {"channel_binding": "prefer"},
                    {"channel_binding": "require"}, {"channel_binding": "disable"},
                    {"host": "127.0.0.1", "sslmode": "verify-full", "sslrootcert": authority},
                    {"sslmode": "require", "ssl_min_protocol_version": "TLSv1.3"},
                    {"sslmode": "require", "ssl_max_protocol_version": "TLSv1.2"}):
        assert port.ask(**options), options
    for options, words in (
        ({"sslmode": "disable"}, "the connection is not encrypted, and others are not taken"),
        ({"sslmode": "verify-full", "sslrootcert": authority, "host": "ip6-localhost", "hostaddr": "127.0.0.1"},
         "does not match host name"),
        ({"password": "wrong"}, "password authentication failed"),
    ):
        with pytest.raises(psycopg.OperationalError, match=words):
            port.ask(**options)
    assert port.sidecar.stop() == 0


def test_psql(open_port: Any, certificates: Certificates) -> None:
    port = open_port()
    environment = clean_environment() | {"PGPASSWORD": PASSWORD, "PGSSLROOTCERT": certificates.authority}
    for mode, code, words in (("verify-full", 0, "router"), ("disable", 2, "HINT:  Connect with sslmode=verify-full")):
        result = subprocess.run(
            ["psql", "-X", "-h", "localhost", "-p", str(port.number), "-U", "wamp", "-d", "wamp", "-c",
                '{"status": true}'],
            env=environment | {"PGSSLMODE": mode}, capture_output=True, text=True, timeout=60)
        assert result.returncode == code and words in result.stdout + result.stderr, result.stderr


def test_both(open_port: Any) -> None:
    """insecure: true admits callers with TLS and without."""
    port = open_port("0.0.0.0", insecure=True)
    assert port.ask(sslmode="disable") and port.ask(sslmode="require")


def answer(port: Port, *pieces: bytes) -> bytes:
    """Everything that the port sends for these octets, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port.number), timeout=60) as client:
        received = b""
        for piece in pieces:
            client.sendall(piece)
            if piece is not pieces[-1]:
                received += client.recv(1)
        while data := client.recv(4096):
            received += data
        return received


def test_hostile_callers(open_port: Any) -> None:
    """Plain text behind the request, and in place of the handshake; the port keeps working."""
    port = open_port()
    startup = struct.pack("!ii", 23, 196608) + b"user\0wamp\0\0\0\0\0\0"
    said = answer(port, SSL_REQUEST + startup)
    assert said.startswith(b"E") and b"received unencrypted data after SSL request" in said
    for rest in (startup, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x80" * 100):
        said = answer(port, SSL_REQUEST, rest)
        assert said.startswith(b"S") and b"R\0\0\0" not in said
    # A silent client is dropped after ten seconds, before and after the request.
    with socket.create_connection(("127.0.0.1", port.number), timeout=60) as client:
        client.sendall(SSL_REQUEST)
        assert client.recv(1) == b"S"
        assert client.recv(1) == b""
    assert port.ask(sslmode="require")
    port.sidecar.wait_for("client of the call port refused", where=lambda entry: "unencrypted data" in entry["reason"])


def test_renegotiation(open_port: Any) -> None:
    """TLS 1.2's is refused, and the session continues or ends; the port keeps working."""
    port = open_port()
    result = subprocess.run(
        ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{port.number}", "-tls1_2"],
        input=b"R\n", capture_output=True, timeout=60)
    told = (result.stdout + result.stderr).lower()
    assert b"renegotiating" in told and b"no renegotiation" in told, told[-500:]
    assert port.ask(sslmode="require")


def test_wrong_connect(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
                       certificates: Certificates) -> None:
    tls = {"certificate_file": certificates.path("server.pem"), "key_file": certificates.path("server.key")}
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url,
        caller={"listen": f"127.0.0.1:{free_port()}", "tls": tls, "connect": "host=localhost sslmode=disable"})
    sidecar.start(until=None)
    assert sidecar.wait() == 78
    assert "sslmode=disable, which can't be combined with caller.tls" in sidecar.text()
