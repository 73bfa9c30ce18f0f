"""A client of the admin port."""

import http.client
import json
import socket
import ssl
from base64 import b64encode
from typing import Any

from .deadline import wait_until


class Answer:
    """What it got."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def json(self) -> Any:
        return json.loads(self.text)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Admin:
    """Looks at a sidecar by HTTP."""

    def __init__(self, address: int | str, *, password: str | None = None,
                 tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.password = password
        self.tls = tls

    def connection(self) -> http.client.HTTPConnection:
        if isinstance(self.address, str):
            return UnixConnection(self.address)
        if self.tls is not None:
            return http.client.HTTPSConnection("localhost", self.address, timeout=20, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.address, timeout=20)

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request on a connection of its own; `accept_language="en"` is a header."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.password is not None:
            sent["Authorization"] = "Basic " + b64encode(f"wamp:{self.password}".encode()).decode()
        connection = self.connection()
        try:
            connection.request(method, path, headers=sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def ready(self, query: str = "") -> Answer:
        return self.get(f"/ready{query}")

    def wait_for(self, *lines: str, seconds: float = 30) -> Answer:
        """The answer of `/ready` once it has exactly these lines."""
        seen: list[str] = []

        def found() -> Answer | None:
            answer = self.ready()
            seen[:] = answer.lines
            return answer if answer.lines == list(lines) else None

        return wait_until(found, f"/ready says {lines}; last: {seen}", seconds)
