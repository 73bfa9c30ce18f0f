"""A real HTTP proxy."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .deadline import accepts, free_port, wait_until

USER = "sidecar"
PASSWORD = "proxy-s3cret"


class TinyProxy:
    """One tinyproxy that requires a login and makes tunnels to some ports."""

    def __init__(self, *ports: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-proxy-"))
        self.port = free_port()
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        lines = [
            f"Port {self.port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 600", "MaxClients 20",
            f'LogFile "{self.log}"', "LogLevel Connect", f"BasicAuth {USER} {PASSWORD}",
            *(f"ConnectPort {port}" for port in ports),
        ]
        (self.folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> "TinyProxy":
        assert self.process is None
        self.process = subprocess.Popen(
            ["tinyproxy", "-d", "-c", self.folder / "tinyproxy.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: accepts(self.port), "tinyproxy listens")
        return self

    def kill(self) -> None:
        """kill -9, which ends all its connections."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tunnels(self, target: str) -> int:
        """How many tunnels to `host:port` were requested."""
        return self.log.read_text().count(f"CONNECT {target} HTTP/1.1")

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
