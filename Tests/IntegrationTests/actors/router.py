"""A real router: one Crossbar.io node in a temporary folder, on a free port of the loopback address."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .certificates import Certificates
from .credentials import KeyPair, argon2id_verifier, fingerprint, pbkdf2_verifier
from .deadline import accepts, free_port, wait_until

REALM = "realm1"
TICKET = "sidecar-ticket"
SECRET = "sidecar-secret"
SALT = "salt-of-the-earth"
ITERATIONS = 1000
#: The router discloses the caller of procedures whose URI begins with this.
DISCLOSED = "disclosed."
#: No session may publish, call or register URIs that begin with this.
FORBIDDEN = "forbidden."
#: No session may subscribe to URIs that begin with this.
UNHEARD = "unheard."
#: The greatest message, in octets, that the narrow port accepts.
NARROW = 64 * 1024


def configuration(port: int, narrow_port: int, cbor_port: int, socket: Path, tls_port: int, strict_port: int,
                  certificates: Certificates, keys: dict[str, KeyPair],
                  scram: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One port for RawSocket and WebSocket, one that accepts only small messages, one that speaks only CBOR, one Unix
    socket, one with TLS, one with TLS that requires a certificate; each with anonymous, ticket, WAMP-CRA with and
    without salt, cryptosign with the keys, SCRAM with both key derivation functions, and the client's certificate."""
    auth = {
        "anonymous": {"type": "static", "role": "everybody"},
        "ticket": {"type": "static", "principals": {"ticket-user": {"ticket": TICKET, "role": "everybody"}}},
        "wampcra": {
            "type": "static",
            "users": {
                "plain-user": {"secret": SECRET, "role": "everybody"},
                "salted-user": {
                    "secret": SECRET, "role": "everybody",
                    "salt": SALT, "iterations": ITERATIONS, "keylen": 32,
                },
            },
        },
        "cryptosign": {
            "type": "static",
            "principals": {
                f"{name}-user": {"authorized_keys": [pair.public], "role": "everybody"} for name, pair in keys.items()
            },
        },
        "tls": {
            "type": "static",
            "principals": {
                "certificate-user": {
                    "certificate-sha1": fingerprint(Path(certificates.path("client.pem"))), "role": "everybody",
                },
            },
        },
        "scram": {
            "type": "static",
            "principals": {name: verifier | {"role": "everybody"} for name, verifier in scram.items()},
        },
    }
    common = {"serializers": ["json", "msgpack", "cbor"], "auth": auth}

    def tcp(number: int) -> dict[str, Any]:
        return {"type": "tcp", "port": number, "interface": "127.0.0.1", "backlog": 1024}

    tls = {
        "certificate": certificates.path("server.crt"), "key": certificates.path("server.key"),
        "chain_certificates": [certificates.path("intermediate.crt")],
    }
    strict_tls = tls | {"ca_certificates": [certificates.path("ca.crt"), certificates.path("intermediate.crt")]}

    def universal(endpoint: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "universal",
            "endpoint": endpoint,
            "rawsocket": {**common, "options": {"max_message_size": 16 * 1024 * 1024}},
            "websocket": {"ws": {"type": "websocket", **common}},
        }

    everything = {"match": "prefix", "allow": {"call": True, "register": True, "publish": True, "subscribe": True}}
    permissions = [
        {"uri": "", **everything},
        {"uri": FORBIDDEN, "match": "prefix",
            "allow": {"call": False, "register": False, "publish": False, "subscribe": True}},
        {"uri": UNHEARD, "match": "prefix",
            "allow": {"call": True, "register": True, "publish": True, "subscribe": False}},
        {"uri": DISCLOSED, "disclose": {"caller": True, "publisher": True}, **everything},
    ]
    return {
        "version": 2,
        "controller": {},
        "workers": [
            {
                "type": "router",
                "realms": [
                    {
                        "name": REALM,
                        "roles": [
                            {"name": "everybody", "permissions": permissions},
                        ],
                    }
                ],
                "transports": [
                    universal(tcp(port)),
                    universal(tcp(tls_port) | {"tls": tls}),
                    universal(tcp(strict_port) | {"tls": strict_tls}),
                    {
                        "type": "rawsocket",
                        "endpoint": tcp(narrow_port),
                        "options": {"max_message_size": NARROW},
                        **common,
                    },
                    {"type": "rawsocket", "endpoint": tcp(cbor_port), "serializers": ["cbor"], "auth": auth},
                    {"type": "rawsocket", "endpoint": {"type": "unix", "path": str(socket)}, **common},
                ],
            }
        ],
    }


class Router:
    """One Crossbar.io node; it takes ten seconds and more to start, so tests share it if they can."""

    def __init__(self, program: Path | None = None) -> None:
        #: `crossbar` of this environment, or of another one with another version.
        self.program = program or Path(sys.executable).parent / "crossbar"
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-xb-"))
        self.port = free_port()
        self.narrow_port = free_port()
        self.cbor_port = free_port()
        self.tls_port = free_port()
        self.strict_port = free_port()
        self.certificates = Certificates()
        self.socket = self.folder / "router.sock"
        #: Made by each tool; the authid is the tool's name and `-user`.
        self.keys = {tool: KeyPair.made(self.folder / tool, tool) for tool in ["openssl", "ssh-keygen"]}
        #: What it stores for the users that log in with SCRAM.
        self.scram = {"pbkdf2-user": pbkdf2_verifier(SECRET), "argon2id-user": argon2id_verifier(SECRET)}
        self.process: subprocess.Popen[bytes] | None = None
        node = self.folder / ".crossbar"
        node.mkdir()
        (node / "config.json").write_text(json.dumps(configuration(
            self.port, self.narrow_port, self.cbor_port, self.socket, self.tls_port, self.strict_port,
            self.certificates, self.keys,
            self.scram)))

    def start(self) -> None:
        """Starts the node and waits until it listens."""
        assert self.process is None
        (self.folder / ".crossbar" / "node.pid").unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        environment = dict(os.environ, PYTHONUNBUFFERED="1")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.program, "start", "--cbdir", self.folder / ".crossbar",
                    "--loglevel", "info", "--color", "false",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment,
            )

        def listening() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"Crossbar.io ended:\n{self.log()[-3000:]}"
            ports = (self.port, self.narrow_port, self.cbor_port, self.tls_port, self.strict_port)
            return self.socket.exists() and all(accepts(port) for port in ports)

        wait_until(listening, "Crossbar.io listens", 120)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9 of the node and its workers."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """The node is there and does not respond."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        try:
            self._signal(number)
            self.process.wait(20)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            pass
        try:
            self._signal(signal.SIGKILL)  # workers may outlive their node
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def remove(self) -> None:
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.certificates.remove()

    def url(self, transport: str) -> str:
        """The sidecar's `router.url` for `rawsocket`, `websocket`, `unix`, `narrow` or `cbor`; with `+tls` for the port
        with TLS, with `+strict` for the one that requires a certificate."""
        return {
            "rawsocket": f"rs://127.0.0.1:{self.port}",
            "websocket": f"ws://127.0.0.1:{self.port}/ws",
            "unix": f"rs+unix://{self.socket}",
            "narrow": f"rs://127.0.0.1:{self.narrow_port}",
            "cbor": f"rs://127.0.0.1:{self.cbor_port}",
            "rawsocket+tls": f"rss://localhost:{self.tls_port}",
            "websocket+tls": f"wss://localhost:{self.tls_port}/ws",
            "rawsocket+strict": f"rss://127.0.0.1:{self.strict_port}",
            "websocket+strict": f"wss://127.0.0.1:{self.strict_port}/ws",
        }[transport]
