"""Tests wait for a condition, never for a time."""

import asyncio
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

#: How often a condition is checked.
INTERVAL = 0.02
#: How long a test waits if it does not say otherwise, in seconds: many times what a busy machine takes.
PATIENCE = 60


class DeadlineError(AssertionError):
    """The condition did not become true in time."""


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`; fails with `what` if it has none within `seconds`."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise DeadlineError(f"within {seconds:g} s: {what}")
        pause.wait(INTERVAL)


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """`wait_until` for tests on an event loop; `condition` may be a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise DeadlineError(f"within {seconds:g} s: {what}")
        await asyncio.sleep(INTERVAL)


async def moment(seconds: float) -> None:
    """Lets time pass in a test that is about the moment of an action. Nothing else may wait like this."""
    await asyncio.sleep(seconds)


#: Where tests run in several processes, which of these this is, and how many there are.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
#: Below the ports of outgoing connections: one of those could be taken before the server binds it. Each process has its
#: own share.
PORTS = list(range(10_000, 32_000)[WORKER::WORKERS])
random.SystemRandom().shuffle(PORTS)


def free_port() -> int:
    """A TCP port of the loopback address on which nothing listened a moment ago; each is given once."""
    while True:
        port = PORTS.pop()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def accepts(port: int) -> bool:
    """Whether anything listens on that port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(10)
        return probe.connect_ex(("127.0.0.1", port)) == 0
