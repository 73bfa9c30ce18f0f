"""Runs the benchmarks of `scripts/benchmark` against a PostgreSQL cluster that is there already, and prints one table.

Each contestant runs the same function, in alternation, several rounds; a figure is the median of its rounds, a ratio
the median of the rounds' ratios. Nothing is written but the table, on standard output; progress goes to standard error.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAGES = (1, 16, 128, 512)
ARGUMENTS = {"args": "[1,7]", "kwargs": "{}", "details": '{"procedure":"com.example.bench.add2"}'}
MILLION = 1_000_000


def progress(text):
    print(text, file=sys.stderr, flush=True)


def load(options, arguments, peer, each=None):
    """Runs the load program with `peer` behind it, hands each report to `each`, and returns them all."""
    reports = []
    # What the load program and its peer say is shown only if something is wrong.
    with open(f"{options.folder}/peer.log", "w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [options.load, *arguments, "--", *peer],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )
        try:
            for line in process.stdout:
                reports.append(json.loads(line))
                if each:
                    each(reports[-1])
            process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            log.seek(0)
            sys.exit("".join(log.readlines()[-40:]) + f"benchmark: the load program ended with {process.returncode}")
    return reports


def stages(reports):
    """The reports of the stages, by the number of outstanding calls."""
    return {report["outstanding"]: report for report in reports if report["report"] == "calls"}


def pgbench(options, clients):
    """Calls a second, and the median latency in microseconds, of `clients` prepared-statement sessions."""
    definitions = [word for pair in ARGUMENTS.items() for word in ("-D", "=".join(pair))]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        # The log of each transaction gives the median; it is kept away from the contest for the greatest throughput.
        log = ["-l", "--log-prefix", f"{folder}/log"] if clients == 1 else []
        output = subprocess.run(
            [
                options.pgbench, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, os.cpu_count())),
                "-T", str(round(options.seconds)), *definitions, *log, "-f", HERE / "call.pgbench", options.database,
            ],
            check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ).stdout
        latencies = [
            int(line.split()[2]) for path in Path(folder).iterdir() for line in path.read_text().splitlines()
        ]
    rate = next(float(line.split()[2]) for line in output.splitlines() if line.startswith("tps"))
    return {"callsPerSecond": rate, "p50Microseconds": statistics.median(latencies) if latencies else None}


def calls_rounds(options):
    """The rounds; in each one every contestant has run, in the reverse order every other time."""
    arguments = ["calls", "--seconds", str(options.seconds), *(f"--outstanding={count}" for count in STAGES)]
    contestants = [
        ("pgbench -c 1", lambda: pgbench(options, 1)),
        ("pgbench -c 8", lambda: pgbench(options, 8)),
        ("wamp-sidecar", lambda: stages(load(options, arguments, options.sidecar))),
    ]
    if options.python:
        callee = [options.python, str(HERE / "callee.py")]
        contestants.append(("autobahn", lambda: stages(load(options, arguments, callee))))
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name, run in contestants if number % 2 == 0 else reversed(contestants):
            progress(f"round {number + 1} of {options.rounds}: {name}")
            measured[name] = run()
        rounds.append(measured)
    return rounds


def memory_run(options):
    """Memory of the sidecar at rest, at its most, and through a million calls."""
    progress("memory through a million calls")
    arguments = [
        "calls", "--rest=5", "--outstanding=128", "--warm-up=2", f"--calls={MILLION}",
        f"--sample-every={MILLION // 10}",
    ]
    return load(options, arguments, options.sidecar)


def notify_run(options):
    """Relays numbered notifications from one psql session; the load program's last report, and the writer's time."""
    progress(f"{options.notifications} notifications")
    command = [options.psql, "-qX", "-o", "/dev/null", options.database]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    listening = threading.Event()
    took = []

    def write():
        # The sidecar listens at some moment soon; probes that come earlier are nobody's.
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
            options, ["publications", f"--count={options.notifications}"], options.sidecar,
            each=lambda report: report["report"] == "publishing" and listening.set(),
        )
        thread.join()
    finally:
        if writer.poll() is None:
            writer.kill()
    report = next(report for report in reports if report["report"] == "publications")
    return {**report, "writerPerSecond": options.notifications / took[0]}


def profile_run(options):
    """Prints where the sidecar's processor time goes with 128 calls outstanding, by perf's samples."""
    record = ["perf", "record", "-q", "-F", "1999", "--call-graph", "fp", "-o", f"{options.folder}/perf.data", "--"]
    arguments = ["calls", "--outstanding=128", f"--seconds={options.seconds}"]
    reports = load(options, arguments, [*record, *options.sidecar])
    print(json.dumps(stages(reports)[128]))
    data = f"{options.folder}/perf.data"
    for kind in (["--no-children", "--sort", "comm,dso"], ["--no-children"], ["--children"]):
        print(f"\nperf report {' '.join(kind)}\n", flush=True)
        command = ["perf", "report", "-i", data, "--stdio", "-g", "none", "--percent-limit", "0.7", *kind]
        report = run(command)
        if shutil.which("swift"):
            report = run(["swift", "demangle", "--compact", "--simplified"], report)
        print("\n".join(line.rstrip() for line in report.splitlines() if line.strip() and not line.startswith("#")))


def run(command, text=""):
    """What a command says to `text`."""
    return subprocess.run(
        command, check=True, text=True, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout


class Table:
    """Rows of the one table, in Markdown, so that it can be put into docs/ as it is printed."""

    def __init__(self):
        self.rows = [("what", "wamp-sidecar", "beside it", "ratio", "goal", ""), ("---",) * 6]

    def add(self, what, ours, others="", ratio="", goal="", reached=None):
        verdict = "" if reached is None else "reached" if reached else "**missed**"
        self.rows.append((what, ours, others, ratio, goal, verdict))

    def print(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(6)]
        for row in self.rows:
            fill = "-" if row[0] == "---" else " "
            print("| " + " | ".join(cell.ljust(width, fill) for cell, width in zip(row, widths)) + " |")


def over(rounds, function):
    """The median over the rounds."""
    return statistics.median(function(measured) for measured in rounds)


def add_calls(table, rounds):
    """The rows that compare calls with pgbench and with autobahn."""

    def figure(contestant, count, key):
        return lambda measured: measured[contestant][count][key]

    def compare(what, unit, ours, name, theirs, goal="", reached=None):
        """Adds a row; `reached` says of the ratio whether it is good enough."""
        ratio = over(rounds, lambda measured: ours(measured) / theirs(measured))
        table.add(
            what, f"{over(rounds, ours):,.0f}{unit}", f"{name}: {over(rounds, theirs):,.0f}{unit}", f"{ratio:.2f}",
            goal, reached and reached(ratio),
        )

    def mine(count, key):
        return figure("wamp-sidecar", count, key)

    compare(
        "1 outstanding, median", " µs", mine(1, "p50Microseconds"),
        "pgbench -c 1", lambda measured: measured["pgbench -c 1"]["p50Microseconds"],
        "at most 1.5", lambda ratio: ratio <= 1.5,
    )
    for count in STAGES[1:]:
        goal = ("at least 1", lambda ratio: ratio >= 1) if count == 128 else ()
        compare(
            f"{count} outstanding, calls a second", "", mine(count, "callsPerSecond"),
            "pgbench -c 8", lambda measured: measured["pgbench -c 8"]["callsPerSecond"], *goal,
        )
    if "autobahn" in rounds[0]:
        name = "autobahn + asyncpg"
        for count in STAGES:
            key = "p50Microseconds" if count == 1 else "callsPerSecond"
            what = "1 outstanding, median" if count == 1 else f"{count} outstanding, calls a second"
            goal = ("at least 12", lambda ratio: ratio >= 12) if count == 128 else ()
            compare(what, " µs" if count == 1 else "", mine(count, key), name, figure("autobahn", count, key), *goal)
        key = "processorMicrosecondsPerCall"
        compare("128 outstanding, processor time a call", " µs", mine(128, key), name, figure("autobahn", 128, key))
    for count in STAGES:
        median, worst = (over(rounds, mine(count, key)) for key in ("p50Microseconds", "p99Microseconds"))
        table.add(f"{count} outstanding, median and 99th percentile", f"{median:,.0f} and {worst:,.0f} µs")


def add_memory(table, rounds, reports):
    """The rows on memory: at rest, at its most over everything that ran, and growth."""
    idle = next(report for report in reports if report["report"] == "idle")
    samples = [report["residentKiB"] for report in reports if report["report"] == "sample"]
    peak = max(
        report["residentPeakKiB"]
        for report in [*reports, *(stage for measured in rounds for stage in measured["wamp-sidecar"].values())]
        if "residentPeakKiB" in report
    )
    mebibytes = idle["residentKiB"] / 1024
    table.add("resident, idle", f"{mebibytes:.1f} MiB", goal="at most 30 MiB", reached=mebibytes <= 30)
    table.add("resident, at its most", f"{peak / 1024:.1f} MiB", goal="at most 48 MiB", reached=peak <= 48 * 1024)
    growth = (samples[-1] - samples[0]) / 1024
    table.add(
        "resident, growth from call 100,000 to 1,000,000", f"{growth:+.2f} MiB", goal="none (under 0.5 MiB)",
        reached=growth < 0.5,
    )
    table.add("processor time at rest", f"{idle['processorMillisecondsPerSecond']:.1f} ms a second")


def add_notify(table, runs):
    """The row on relayed notifications."""
    rate = statistics.median(run["publicationsPerSecond"] for run in runs)
    writer = statistics.median(run["writerPerSecond"] for run in runs)
    table.add(
        "NOTIFY relayed, a second", f"{rate:,.0f}", f"written: {writer:,.0f}", "", "at least 50,000", rate >= 50_000
    )
    peak = max(run["residentPeakKiB"] for run in runs) / 1024
    table.add("NOTIFY, resident at its most", f"{peak:.1f} MiB", goal="at most 48 MiB", reached=peak <= 48)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("calls", "notify", "all", "profile"))
    parser.add_argument("--load", required=True, help="the load program")
    parser.add_argument("--sidecar", required=True, help="the sidecar's binary")
    parser.add_argument("--database", required=True, help="the cluster's URL")
    parser.add_argument("--folder", required=True, help="a temporary folder that somebody else removes")
    parser.add_argument("--pgbench", default="pgbench")
    parser.add_argument("--psql", default="psql")
    parser.add_argument("--python", help="one that has autobahn and asyncpg; without it they are left out")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--notifications", type=int, default=500_000)
    parser.add_argument("--batch", type=int, default=1000, help="notifications in one transaction")
    options = parser.parse_args()
    options.sidecar = [options.sidecar, "run", "--config", str(HERE / "sidecar.yaml")]
    os.environ["BENCH_DATABASE"] = options.database
    os.environ["BENCH_CONNECTIONS"] = str(options.connections)
    if options.what == "profile":
        return profile_run(options)
    table = Table()
    if options.what != "notify":
        rounds = calls_rounds(options)
        add_calls(table, rounds)
        add_memory(table, rounds, memory_run(options))
    if options.what != "calls":
        add_notify(table, [notify_run(options) for _ in range(options.rounds)])
    table.print()


if __name__ == "__main__":
    main()
