"""A network for one test, in which packets can vanish: three network namespaces in a row, and nothing outside them.

near  10.123.0.1 ── 10.123.0.2  middle  10.123.1.1 ── 10.123.1.2  far

The sidecar runs in `near`. The peer that it may lose is at `FAR`: a server that runs there, or a listening socket of
the test's process that was made there. The peers that it keeps are at its own loopback address. The middle forwards
packets, until it is told to drop them: then they vanish, without an error at either end.
"""

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NEAR = "10.123.0.1"
FAR = "10.123.1.2"

CLONE_NEWNET = 0x40000000


class NotPermittedError(Exception):
    """This machine, or this user, can't make network namespaces."""


class Network:
    """The three namespaces; at most one network for each test process at a time."""

    def __init__(self) -> None:
        self.near, self.middle, self.far = (f"wamp-sidecar-{os.getpid()}-{name}" for name in ("near", "middle", "far"))

    # -- life

    def make(self) -> None:
        try:
            for name in (self.near, self.middle, self.far):
                self._ip("netns", "add", name)
                self._ip("-n", name, "link", "set", "lo", "up")
            self._connect(self.near, NEAR, self.middle, "10.123.0.2")
            self._connect(self.middle, "10.123.1.1", self.far, FAR)
            self._ip("-n", self.near, "route", "add", "default", "via", "10.123.0.2")
            self._ip("-n", self.far, "route", "add", "default", "via", "10.123.1.1")
            self._run("ip", "netns", "exec", self.middle, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        for name in (self.near, self.middle, self.far):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def _connect(self, one: str, one_address: str, other: str, other_address: str) -> None:
        ends = [f"to-{name.rpartition('-')[2]}" for name in (other, one)]
        self._ip("link", "add", "name", ends[0], "netns", one, "type", "veth", "peer", "name", ends[1], "netns", other)
        for name, end, address in ((one, ends[0], one_address), (other, ends[1], other_address)):
            self._ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            self._ip("-n", name, "link", "set", end, "up")

    @classmethod
    def _ip(cls, *arguments: str) -> None:
        cls._run("ip", *arguments)

    @staticmethod
    def _run(*command: str) -> None:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise NotPermittedError(f"{command[0]} is not there (Debian: iproute2)") from error
        except subprocess.CalledProcessError as error:
            raise NotPermittedError(f"{' '.join(command)}: {error.stderr.strip()}") from error

    # -- use

    @property
    def sidecars(self) -> list[str]:
        """The prefix of a command to run in the sidecar's namespace, as the same process."""
        return ["ip", "netns", "exec", self.near]

    def listen_near(self) -> socket.socket:
        """A socket that listens at the sidecar's own loopback address: never cut off."""
        return self._listen(self.near, "127.0.0.1")

    def listen_far(self) -> socket.socket:
        """A socket that listens at `FAR`."""
        return self._listen(self.far, FAR)

    def _listen(self, namespace: str, address: str) -> socket.socket:
        # In a separate thread, which stays in the other namespace for the rest of its life. The socket stays there,
        # whichever thread uses it.
        made: list[socket.socket] = []
        failed: list[OSError] = []

        def make() -> None:
            library = ctypes.CDLL(None, use_errno=True)
            with open(f"/run/netns/{namespace}") as file:
                if library.setns(file.fileno(), CLONE_NEWNET) != 0:
                    failed.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                made.append(socket.create_server((address, 0)))
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return made[0]

    @contextmanager
    def swallowing(self) -> Iterator[None]:
        """While the block lasts, packets in both directions vanish in the middle."""
        for address in (NEAR, FAR):
            self._ip("-n", self.middle, "route", "add", "blackhole", f"{address}/32")
        try:
            yield
        finally:
            for address in (NEAR, FAR):
                self._ip("-n", self.middle, "route", "del", "blackhole", f"{address}/32")
