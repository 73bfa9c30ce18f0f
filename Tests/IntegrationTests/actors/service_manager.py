"""systemd's end of sd_notify: a datagram socket that takes what a service reports."""

import socket
from pathlib import Path
from types import TracebackType

from .deadline import PATIENCE


class ServiceManager:
    """Waits for reports at a path, or at `@name` in the abstract namespace."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def __enter__(self) -> "ServiceManager":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._socket.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink()

    def environment(self, watchdog: int | None = None) -> dict[str, str]:
        """The environment of a service that it starts; it wants a sign of life within so many microseconds."""
        variables = {"NOTIFY_SOCKET": self.address}
        return variables if watchdog is None else variables | {"WATCHDOG_USEC": str(watchdog)}

    def report(self, seconds: float = PATIENCE) -> list[str]:
        """The assignments of the next datagram."""
        self._socket.settimeout(seconds)
        return self._socket.recv(4096).decode().split("\n")

    def reports(self, until: str) -> list[str]:
        """All assignments up to and with that one, without signs of life."""
        found: list[str] = []
        while until not in found:
            found += [line for line in self.report() if line != "WATCHDOG=1"]
        return found
