"""What the admin port costs: calls while Prometheus asks, beside calls without the port; and how soon `/ready` answers
meanwhile."""

import contextlib
import http.client
import os
import socket
import statistics
import threading
import time
from pathlib import Path

from calls import stages
from load_program import Serving, load
from start import NAMES
from table import over

HERE = Path(__file__).resolve().parent
OUTSTANDING = 128


def scrapes_rounds(options):
    """The rounds, and what one scrape with a hundred procedures takes. In each round both run, in the reverse order
    every other time."""
    arguments = ["calls", "--seconds", str(options.seconds), f"--outstanding={OUTSTANDING}"]
    plain = HERE / "configurations" / "calls.yaml"
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name in ("without", "with") if number % 2 == 0 else ("with", "without"):
            options.progress(f"round {number + 1} of {options.rounds}: {name} the admin port")
            if name == "without":
                measured[name] = stages(load(options, arguments, options.sidecar(plain)))[OUTSTANDING]
                continue
            file, port = watched(options, plain.read_text())
            with asking(port, "/metrics", 1, keeps=True):
                measured[name] = stages(load(options, arguments, options.sidecar(file)))[OUTSTANDING]
            options.progress(f"round {number + 1} of {options.rounds}: /ready")
            with asking(port, "/ready", 0.02) as measured["ready"]:
                load(options, arguments, options.sidecar(file))
        rounds.append(measured)
    return rounds, scrape_run(options)


def watched(options, text):
    """A configuration with an admin port, and the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    file = Path(options.folder) / "watched.yaml"
    file.write_text(f'admin: {{ listen: "127.0.0.1:{port}" }}\n{text}')
    return file, port


def asked(connection, path):
    """Milliseconds to the end of the answer, and its size in octets."""
    start = time.perf_counter()
    connection.request("GET", path)
    size = len(connection.getresponse().read())
    return (time.perf_counter() - start) * 1000, size


@contextlib.contextmanager
def asking(port, path, interval, keeps=False):
    """While the block lasts: a question each `interval` seconds. Yields the list of the times that they take.

    Each has its own connection, as Kubernetes asks, or all have one, as Prometheus does. Who asks stands for another
    machine: it does not wait for a processor.
    """
    over, times = threading.Event(), []

    def ask():
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not over.wait(interval):
            try:
                times.append(asked(connection, path)[0])
            except (OSError, http.client.HTTPException):
                # The sidecar has not started, or is stopping.
                connection.close()
            if not keeps:
                connection.close()
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


def scrape_run(options):
    """Scrapes of a sidecar with a hundred procedures and nothing to do: times and sizes."""
    procedures = "".join(f"  com.example.bench.{name}: bench.{name}\n" for name in NAMES)
    file, port = watched(options, (HERE / "configurations" / "start.yaml").read_text() + procedures)
    with Serving(options, options.sidecar(file), f"--registrations={len(NAMES)}") as serving:
        serving.wait_for("registered")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            return [asked(connection, "/metrics") for _ in range(100)]


def add_scrapes(table, rounds, scrapes):
    """The rows."""
    ours, theirs = (
        over(rounds, lambda measured, of=name: measured[of]["callsPerSecond"]) for name in ("with", "without"))
    ratios = [measured["with"]["callsPerSecond"] / measured["without"]["callsPerSecond"] for measured in rounds]
    median = statistics.median(ratios)
    table.add(
        f"{OUTSTANDING} outstanding, calls a second, a scrape each second", f"{ours:,.0f}",
        f"without the port: {theirs:,.0f}", f"{median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})", "at least 0.98",
        median >= 0.98,
    )
    more = over(
        rounds, lambda measured: measured["with"]["residentPeakKiB"] - measured["without"]["residentPeakKiB"]) / 1024
    table.add("resident at most, beside that without the port", f"{more:+.1f} MiB", "", "", "at most 1 MiB", more <= 1)
    ready = sorted(time for measured in rounds for time in measured["ready"])
    worst = ready[len(ready) * 99 // 100]
    table.add(
        "/ready meanwhile, median and 99th percentile", f"{statistics.median(ready):.1f} and {worst:.1f} ms", "", "",
        "at most 10 ms", worst <= 10,
    )
    took = statistics.median(time for time, _ in scrapes)
    table.add("a scrape with 100 procedures, median", f"{took:.1f} ms", "", "", "at most 5 ms", took <= 5)
    size = scrapes[-1][1] / 1024
    table.add("its size", f"{size:.0f} KiB", "", "", "at most 128 KiB", size <= 128)
