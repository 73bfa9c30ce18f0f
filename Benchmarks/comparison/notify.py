"""Numbered notifications, relayed as publications."""

import statistics
import subprocess
import threading
import time

from load_program import load


def notify_run(options):
    """Relays numbered notifications from one psql session; returns the load program's last report, and the writer's
    time."""
    options.progress(f"{options.notifications} notifications")
    command = [options.psql, "-qX", "-o", "/dev/null", options.database]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    listening = threading.Event()
    took = []

    def write():
        # The sidecar listens at some moment soon; earlier probes reach nobody.
        while not listening.wait(0.05):
            writer.stdin.write("select pg_notify('bench', '0');\n")
            writer.stdin.flush()
        began = time.monotonic()
        for first in range(1, options.notifications + 1, options.batch):
            last = min(first + options.batch - 1, options.notifications)
            writer.stdin.write(f"select pg_notify('bench', n::text) from generate_series({first}, {last}) n;\n")
        writer.stdin.close()
        writer.wait()
        took.append(time.monotonic() - began)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        reports = load(
            options, ["publications", f"--count={options.notifications}"], options.sidecar("calls.yaml"),
            each=lambda report: report["report"] == "publishing" and listening.set(),
        )
        thread.join()
    finally:
        if writer.poll() is None:
            writer.kill()
    report = next(report for report in reports if report["report"] == "publications")
    return {**report, "writerPerSecond": options.notifications / took[0]}


def add_notify(table, runs):
    """The row on relayed notifications."""
    rate = statistics.median(run["publicationsPerSecond"] for run in runs)
    writer = statistics.median(run["writerPerSecond"] for run in runs)
    table.add(
        "NOTIFY relayed, a second", f"{rate:,.0f}", f"written: {writer:,.0f}", "", "at least 50,000", rate >= 50_000
    )
    table.add_memory("NOTIFY, resident at its most", max(run["residentPeakKiB"] for run in runs))
