"""The call port as far as dblink sees it, with the answers that a test wants: for what the sidecar never does."""

import hashlib
import hmac
import json
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from .deadline import wait_until

TEXT, JSONB = 25, 3802
#: The row's columns in the form that the SQL functions read.
COLUMNS = (("state", TEXT), ("args", JSONB), ("kwargs", JSONB), ("code", TEXT), ("error", TEXT), ("proof", TEXT),
           ("hint", TEXT))

#: The answer to a document: a row, an error as (SQLSTATE, message), "close", or "mute".
Reply = tuple[str | None, ...] | str
Answer = Callable[[dict[str, Any]], Reply]


class ScriptedPort:
    """One listener on the loopback address; a thread for each connection. It asks for a password, as dblink requires.

    Once a database knows it, it has the key, and proves that: documents reach `answer` without their proof.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.key: bytes | None = None
        #: Everything that was received, including proofs.
        self.received: list[dict[str, Any]] = []
        self.passwords: list[str] = []
        self.documents: list[dict[str, Any]] = []
        self.connections = 0
        self.closed = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        if self.listener.fileno() >= 0:
            # Closing alone does not end a pending accept.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    @property
    def options(self) -> list[str]:
        """The arguments of `port_configure`."""
        return ["host", "127.0.0.1", "port", str(self.port), "connect_timeout", "60"]

    def configure(self, session: Any, schema: str = "wamp", password: str = "secret") -> None:
        """Announces this port to the database as the sidecar's, in a session of the sidecar's role."""
        row = session.execute(
            f"select key from {schema}.port_configure(%s, 'wamp', %s)", [self.options, password]).fetchone()
        self.key = bytes.fromhex(row[0])

    def wait_for_close(self, count: int = 1) -> None:
        """Waits until so many of its connections have ended."""
        wait_until(lambda: self.closed >= count, "the connection to the port is closed", 60)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as stream:
            try:
                while self._startup(client, stream):
                    pass
                self._queries(client, stream)
            except (OSError, struct.error):
                pass
        self.closed += 1

    def _startup(self, client: socket.socket, stream: Any) -> bool:
        """True if it was a request for encryption, which is answered with no."""
        (length,) = struct.unpack("!i", stream.read(4))
        (code,) = struct.unpack("!i", stream.read(length - 4)[:4])
        if code != 196608:
            client.sendall(b"N")
            return True
        client.sendall(message(b"R", struct.pack("!i", 3)))
        self.passwords.append(self._message(stream)[1][:-1].decode())
        self.connections += 1
        client.sendall(
            message(b"R", struct.pack("!i", 0)) + message(b"S", b"client_encoding\0UTF8\0") + message(b"Z", b"I")
        )
        return False

    @staticmethod
    def _message(stream: Any) -> tuple[bytes, bytes]:
        kind, length = struct.unpack("!ci", stream.read(5))
        return kind, stream.read(length - 4)

    def _queries(self, client: socket.socket, stream: Any) -> None:
        while True:
            kind, body = self._message(stream)
            if kind == b"X":
                return
            text = body[:-1].decode()
            if not text.startswith("{"):
                # dblink asks this of any server.
                client.sendall(message(b"C", b"SET\0") + message(b"Z", b"I"))
                continue
            document = json.loads(text)
            self.received.append(document.copy())
            proof = self._proof(document)
            if document.get("prove"):
                reply: Reply = ("proved", None, None, None, None)
            else:
                self.documents.append(document)
                reply = self.answer(document)
            if reply == "close":
                return
            if reply == "mute":
                continue
            if len(reply) == 2:
                fields = b"SERROR\0VERROR\0C" + str(reply[0]).encode() + b"\0M" + str(reply[1]).encode() + b"\0\0"
                client.sendall(message(b"E", fields) + message(b"Z", b"I"))
                continue
            client.sendall(row((*reply, proof, None)) + message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))

    def _proof(self, document: dict[str, Any]) -> str:
        """Removes a document's proof, and returns the answer's proof; a wrong one without the right key."""
        operation = next(name for name in ("prove", "call", "publish") if name in document)
        nonce, code = document.pop("nonce"), document.pop("mac")
        digits = hmac.new(self.key or b"guessed", f"{operation} {document['pid']} {nonce}".encode(),
            hashlib.sha256).hexdigest()
        assert self.key is None or digits[:32] == code, "the document is not proved"
        return digits[32:]


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def row(values: Any) -> bytes:
    """RowDescription and DataRow."""
    description = struct.pack("!h", len(COLUMNS)) + b"".join(
        name.encode() + b"\0" + struct.pack("!ihihih", 0, 0, type_id, -1, -1, 0) for name, type_id in COLUMNS
    )
    data = struct.pack("!h", len(values)) + b"".join(
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value.encode())) + value.encode()
        for value in values
    )
    return message(b"T", description) + message(b"D", data)
