"""Each way to prove our identity to the router, over each transport, and the messages when that fails."""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from actors import sidecar as command
from actors.cluster import Database
from actors.deadline import until
from actors.libcrypto import with_argon2id
from actors.peer import joined
from actors.router import SECRET, TICKET, Router
from actors.scripted_router import WELCOME, Connection, scripted
from actors.sidecar import Sidecar
from actors.tls_front import tls_between
from conftest import SidecarMaker

METHODS: dict[str, dict[str, Any]] = {
    "anonymous": {"method": "anonymous"},
    "ticket": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET},
    "wampcra": {"method": "wampcra", "authid": "plain-user", "secret": SECRET},
    "wampcra-salted": {"method": "wampcra", "authid": "salted-user", "secret": SECRET},
    "cryptosign-openssl": {"method": "cryptosign", "authid": "openssl-user", "private_key_file": "openssl"},
    "cryptosign-ssh-keygen": {"method": "cryptosign", "authid": "ssh-keygen-user", "private_key_file": "ssh-keygen"},
    "cryptosign-without-authid": {"method": "cryptosign", "private_key_file": "openssl"},
    "scram": {"method": "scram", "authid": "pbkdf2-user", "secret": SECRET},
}
ONE = "create function public.one() returns integer language sql as 'select 1'"


def auth(method: str, router: Router) -> dict[str, Any]:
    """The section `router.auth` of a method."""
    section = dict(METHODS[method])
    if "private_key_file" in section:
        section["private_key_file"] = str(router.keys[section["private_key_file"]].file)
    return section


def secrets(router: Router) -> list[str]:
    """Everything that no log may hold, including the keys' base64 and digits."""
    found = [TICKET, SECRET]
    for pair in router.keys.values():
        found += [line for line in pair.file.read_text().splitlines() if line and not line.startswith("-----")]
    found.append(seed(router).hex())
    return found


def seed(router: Router) -> bytes:
    """The octets of the private key that `openssl` made: the last 32 of its PEM."""
    lines = router.keys["openssl"].file.read_text().splitlines()
    return base64.b64decode(lines[1])[-32:]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["rawsocket", "websocket", "unix"])
async def test_method(make_sidecar: SidecarMaker, router: Router, database: Database, kind: str, method: str) -> None:
    database.execute(ONE)
    sidecar = make_sidecar(
        router.url(kind), database.url, procedures={"test.one": "public.one"}, log={"level": "trace", "format": "json"},
        router={"url": router.url(kind), "realm": "realm1", "auth": auth(method, router)}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1
    joins = sidecar.entries("router joined")
    if "authid" in METHODS[method]:
        assert joins[0]["authid"] == METHODS[method]["authid"], joins
    assert await sidecar.stopped() == 0
    for secret in secrets(router):
        assert secret not in sidecar.text()


async def test_secrets_from_files_and_variables(make_sidecar: SidecarMaker, router: Router, database: Database,
                                                tmp_path: object) -> None:
    database.execute(ONE)
    sidecar: Sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={"test.one": "public.one"},
        environment={"THE_KEY": seed(router).hex()},
        router={"url": router.url("rawsocket"), "realm": "realm1",
                "auth": {"method": "cryptosign", "authid": "openssl-user", "private_key": "${THE_KEY}"}})
    password = sidecar.folder / "password"
    password.write_text("sidecar-password\n")
    sidecar.configuration["database"] = {
        "url": database.url.replace(":sidecar-password", ""), "password_file": str(password)}
    sidecar.start()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1


async def test_no_such_realm(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """May be a router that is still starting: reported, and tried again."""
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={},
        router={"url": router.url("rawsocket"), "realm": "realm2", "auth": {"method": "anonymous"}}).start(until=None)
    await until(lambda: sum("no_such_realm" in line for line in sidecar.lines) >= 2, "it says so, twice")
    assert sidecar.running


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "ticket": (METHODS["ticket"] | {"ticket": "wrong-ticket"}, "are authid and ticket right?"),
    "authid": (METHODS["ticket"] | {"authid": "nobody"}, "are authid and ticket right?"),
    "wampcra": (METHODS["wampcra"] | {"secret": "wrong-secret"}, "are authid and secret right?"),
    "salted": (METHODS["wampcra-salted"] | {"secret": "wrong-secret"}, "are authid and secret right?"),
    "scram": (METHODS["scram"] | {"secret": "wrong-secret"}, "are authid and secret right?"),
    "scram-authid": (METHODS["scram"] | {"authid": "nobody"}, "are authid and secret right?"),
    "method": (METHODS["scram"] | {"method": "wamp-scram"}, "does it offer 'wamp-scram' here"),
    "key": ({"method": "cryptosign", "authid": "openssl-user", "private_key": "5e" * 32}, "with this public key: "),
    "key-authid": ({"method": "cryptosign", "authid": "nobody", "private_key": "5e" * 32}, "with this public key: "),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_refused(make_sidecar: SidecarMaker, router: Router, database: Database, wrong: str) -> None:
    """Wrong credentials: reported with advice, tried again slowly, and no secret is shown."""
    section, advice = WRONG[wrong]
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={}, log={"level": "trace", "format": "json"},
        router={"url": router.url("rawsocket"), "realm": "realm1", "auth": section},
    ).start("router refuses the credentials")
    entry = sidecar.entries("router refuses the credentials")[0]
    assert advice in entry["reason"], entry
    assert sidecar.running
    check = command.run("check", "--connect", "--config", sidecar.file)
    assert check.returncode == 1 and advice in check.stderr + check.stdout, check
    assert await sidecar.stopped() == 0
    for key in ["ticket", "secret", "private_key"]:
        if key in section:
            assert section[key] not in sidecar.text() + check.stdout + check.stderr


@pytest.mark.parametrize("method", METHODS)
def test_check(make_sidecar: SidecarMaker, router: Router, database: Database, method: str) -> None:
    """`check --connect` logs in, too."""
    sidecar = make_sidecar(
        router.url("websocket"), database.url, procedures={},
        router={"url": router.url("websocket"), "realm": "realm1", "auth": auth(method, router)})
    sidecar.write()
    check = command.run("check", "--connect", "--config", sidecar.file)
    assert check.returncode == 0, check.stderr + check.stdout


# -- With TLS


@pytest.mark.parametrize("kind", ["rawsocket+strict", "websocket+strict"])
async def test_client_certificate(make_sidecar: SidecarMaker, router: Router, database: Database, kind: str) -> None:
    """Method `tls`: the certificate proves our identity."""
    tls = {"ca_file": router.certificates.authority, "certificate_file": router.certificates.path("client.pem"),
           "key_file": router.certificates.path("client.key")}
    sidecar = make_sidecar(
        router.url(kind), database.url, procedures={},
        router={"url": router.url(kind), "realm": "realm1", "auth": {"method": "tls"}, "tls": tls}).start()
    assert sidecar.entries("router joined")[0]["authid"] == "certificate-user"
    assert await sidecar.stopped() == 0


@pytest.mark.parametrize("kind", ["rawsocket+tls", "websocket+tls"])
@pytest.mark.parametrize("bound", [True, False])
async def test_cryptosign_with_tls(make_sidecar: SidecarMaker, router: Router, database: Database, kind: str,
                                   bound: bool) -> None:
    """The router computes the same for its end of the connection as we do for ours."""
    section = auth("cryptosign-openssl", router) | ({"channel_binding": "tls-unique"} if bound else {})
    sidecar = make_sidecar(
        router.url(kind), database.url, procedures={},
        router={"url": router.url(kind), "realm": "realm1", "auth": section,
                "tls": {"ca_file": router.certificates.authority}}).start()
    assert sidecar.entries("router joined")[0]["authid"] == "openssl-user"
    assert await sidecar.stopped() == 0


@pytest.mark.parametrize("bound", [True, False])
async def test_cryptosign_through_somebody(make_sidecar: SidecarMaker, router: Router, database: Database,
                                           bound: bool) -> None:
    """A man in the middle with a trusted certificate can pass on a proof, but not one that is bound."""
    async with tls_between(router.tls_port, router.certificates) as port:
        url = f"rss://localhost:{port}"
        section = auth("cryptosign-openssl", router) | ({"channel_binding": "tls-unique"} if bound else {})
        sidecar = await make_sidecar(
            url, database.url, procedures={},
            router={"url": url, "realm": "realm1", "auth": section, "tls": {"ca_file": router.certificates.authority}},
        ).started("router refuses the credentials" if bound else "ready")
        assert bool(sidecar.entries("router joined")) != bound
        assert await sidecar.stopped() == 0


async def test_ticket_with_tls(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(
        router.url("rawsocket+tls"), database.url, procedures={},
        router={"url": router.url("rawsocket+tls"), "realm": "realm1", "auth": METHODS["ticket"],
                "tls": {"ca_file": router.certificates.authority}}).start()
    assert await sidecar.stopped() == 0


# -- Argon2id, which the system's OpenSSL may have or not


ARGON2ID = {"method": "scram", "authid": "argon2id-user", "secret": SECRET}


async def test_argon2id(make_sidecar: SidecarMaker, router: Router, database: Database, tmp_path: Path) -> None:
    """With a libcrypto that has it, the same binary logs in."""
    environment = with_argon2id(tmp_path)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, environment=environment, procedures={},
        router={"url": router.url("rawsocket"), "realm": "realm1", "auth": ARGON2ID}).start()
    assert sidecar.entries("router joined")[0]["authid"] == "argon2id-user"
    assert await sidecar.stopped() == 0
    assert SECRET not in sidecar.text()


async def test_argon2id_is_missing(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Without it, the message says what to do."""
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={},
        router={"url": router.url("rawsocket"), "realm": "realm1", "auth": ARGON2ID}).start(until=None)
    await until(lambda: sidecar.entries("router joined") or sidecar.entries("router refuses the credentials"), "an end")
    if sidecar.entries("router joined"):
        pytest.skip("this system's OpenSSL has Argon2id")
    reason = sidecar.entries("router refuses the credentials")[0]["reason"]
    assert "only OpenSSL 3.2 and later have" in reason and "pbkdf2" in reason
    assert await sidecar.stopped() == 0


# -- Routers that are not what they claim to be


async def test_router_that_lets_everybody_in(make_sidecar: SidecarMaker, database: Database) -> None:
    """SCRAM: a router that does not know the password can't prove it, and is left."""

    async def impostor(connection: Connection) -> None:
        await connection.handshake()
        hello = await connection.receive()
        nonce = hello[2]["authextra"]["nonce"]
        connection.send(4, "scram", {
            "nonce": nonce + "AAAA", "salt": "AAECAwQFBgcICQoLDA0ODw==", "kdf": "pbkdf2", "iterations": 4096,
            "memory": 0})
        await connection.receive()
        connection.send(WELCOME, 1, {"roles": {"broker": {}, "dealer": {}}})
        await connection.reader.read()

    async with scripted(impostor) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures={},
            router={"url": router.url, "realm": "realm1", "auth": METHODS["scram"]}).started("router is not trusted")
        assert "without a proof that it knows the password" in sidecar.entries("router is not trusted")[0]["reason"]
        assert not sidecar.entries("router joined")
        assert await sidecar.stopped() == 0


@pytest.mark.parametrize("extra", [{"iterations": 1}, {"salt": "AAAA"}, {"kdf": "argon2id-13", "memory": 8}])
async def test_router_that_asks_for_a_cheap_proof(make_sidecar: SidecarMaker, database: Database,
                                                  extra: dict[str, Any]) -> None:
    """SCRAM: nothing is sent from which the password could be guessed."""
    answers: list[Any] = []

    async def thief(connection: Connection) -> None:
        await connection.handshake()
        hello = await connection.receive()
        nonce = hello[2]["authextra"]["nonce"]
        connection.send(4, "scram", {
            "nonce": nonce + "AAAA", "salt": "AAECAwQFBgcICQoLDA0ODw==", "kdf": "pbkdf2", "iterations": 4096,
            "memory": 0} | extra)
        answers.append(await connection.receive())
        await connection.reader.read()

    async with scripted(thief) as router:
        sidecar = await make_sidecar(
            router.url, database.url, procedures={},
            router={"url": router.url, "realm": "realm1", "auth": METHODS["scram"]}).started("router is not trusted")
        await until(lambda: answers, "an answer")
        assert answers[0][0] == 3 and answers[0][2] == "wamp.error.authentication_failed"
        assert await sidecar.stopped() == 0


# -- Secrets in memory


def held(pid: int, needle: bytes) -> int:
    """How often a process holds some octets in memory."""
    count = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, permissions, *_ = line.split()
            if not permissions.startswith("rw"):
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            memory.seek(start)
            try:
                count += memory.read(end - start).count(needle)
            except OSError:
                pass
    return count


async def test_key_files_leave_memory(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Of a key's file nothing is left in memory once it was read, except the signing key."""
    if os.geteuid() != 0:
        pytest.skip("only root reads another process's memory")
    file = router.folder / "digits"
    file.write_text(seed(router).hex() + "\n")
    for path in [file, router.keys["openssl"].file, router.keys["ssh-keygen"].file]:
        authid = None if path == file else f"{path.parent.name}-user"
        section = {"method": "cryptosign", "private_key_file": str(path)} | ({"authid": authid} if authid else {})
        sidecar = make_sidecar(
            router.url("rawsocket"), database.url, procedures={},
            router={"url": router.url("rawsocket"), "realm": "realm1", "auth": section}).start()
        text = [line for line in path.read_text().splitlines() if line and not line.startswith("-----")]
        # What libpq keeps shows that the search works.
        assert held(sidecar.pid, b"sidecar-password") > 0
        for line in text:
            assert held(sidecar.pid, line.encode()) == 0, f"{path.name}: {line[:4]}.."
        assert await sidecar.stopped() == 0


async def test_passwords_leave_memory(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """What SCRAM derives from a password is wiped after the login; the password is there once, for the next time."""
    if os.geteuid() != 0:
        pytest.skip("only root reads another process's memory")
    file = router.folder / "secret"
    file.write_text(SECRET + "\n")
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={},
        router={"url": router.url("rawsocket"), "realm": "realm1",
                "auth": {"method": "scram", "authid": "pbkdf2-user", "secret_file": str(file)}}).start()
    assert held(sidecar.pid, SECRET.encode()) == 1
    verifier = router.scram["pbkdf2-user"]
    salted = hashlib.pbkdf2_hmac("sha256", SECRET.encode(), bytes.fromhex(verifier["salt"]), verifier["iterations"], 32)
    assert held(sidecar.pid, salted) == 0
    assert held(sidecar.pid, bytes.fromhex(verifier["server-key"])) == 0
    assert await sidecar.stopped() == 0
