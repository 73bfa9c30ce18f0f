"""Calls a second, their latency, the sidecar's memory through them, and where its processor time goes."""

import json
import shutil
import subprocess
from pathlib import Path

from database import pgbench
from load_program import load
from table import over

HERE = Path(__file__).resolve().parent
STAGES = (1, 16, 128, 512)
ARGUMENTS = {"args": "[1,7]", "kwargs": "{}", "details": '{"procedure":"com.example.bench.add2"}'}
MILLION = 1_000_000


def stages(reports):
    """The reports of the stages, by the number of outstanding calls."""
    return {report["outstanding"]: report for report in reports if report["report"] == "calls"}


def contest(options, clients):
    """The same function, called by so many clients of the database."""
    definitions = [word for pair in ARGUMENTS.items() for word in ("-D", "=".join(pair))]
    return pgbench(options, "call.pgbench", clients, *definitions, with_latency=clients == 1)


def calls_rounds(options):
    """The rounds; in each one every contestant runs, in the reverse order every other time."""
    arguments = ["calls", "--seconds", str(options.seconds), *(f"--outstanding={count}" for count in STAGES)]
    contestants = [
        ("pgbench -c 1", lambda: contest(options, 1)),
        ("pgbench -c 8", lambda: contest(options, 8)),
        ("wamp-sidecar", lambda: stages(load(options, arguments, options.sidecar("calls.yaml")))),
    ]
    if options.python:
        callee = [options.python, str(HERE / "callee.py")]
        contestants.append(("autobahn", lambda: stages(load(options, arguments, callee))))
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name, run in contestants if number % 2 == 0 else reversed(contestants):
            options.progress(f"round {number + 1} of {options.rounds}: {name}")
            measured[name] = run()
        rounds.append(measured)
    return rounds


def memory_run(options):
    """The sidecar's memory at rest, at its peak, and through a million calls."""
    options.progress("memory through a million calls")
    arguments = [
        "calls", "--rest=5", "--outstanding=128", "--warm-up=2", f"--calls={MILLION}",
        f"--sample-every={MILLION // 10}",
    ]
    return load(options, arguments, options.sidecar("calls.yaml"))


def profile_run(options):
    """Prints where the sidecar spends its processor time with 128 calls outstanding, by perf's samples."""
    record = ["perf", "record", "-q", "-F", "1999", "--call-graph", "fp", "-o", f"{options.folder}/perf.data", "--"]
    arguments = ["calls", "--outstanding=128", f"--seconds={options.seconds}"]
    reports = load(options, arguments, [*record, *options.sidecar("calls.yaml")])
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
    """The output of a command for the input `text`."""
    return subprocess.run(
        command, check=True, text=True, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout


def add_calls(table, rounds):
    """The rows that compare calls with pgbench and with autobahn."""

    def figure(contestant, count, key):
        return lambda measured: measured[contestant][count][key]

    def compare(what, unit, ours, name, theirs, goal="", reached=None):
        """Adds a row; `reached` judges the ratio."""
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
            "pgbench -c 8", lambda measured: measured["pgbench -c 8"]["perSecond"], *goal,
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
    """The rows on memory: at rest, at its peak over everything that ran, and growth."""
    idle = next(report for report in reports if report["report"] == "idle")
    samples = [report["residentKiB"] for report in reports if report["report"] == "sample"]
    peak = max(
        report["residentPeakKiB"]
        for report in [*reports, *(stage for measured in rounds for stage in measured["wamp-sidecar"].values())]
        if "residentPeakKiB" in report
    )
    table.add_memory("resident, idle", idle["residentKiB"], 30)
    table.add_memory("resident, at its most", peak)
    growth = (samples[-1] - samples[0]) / 1024
    table.add(
        "resident, growth from call 100,000 to 1,000,000", f"{growth:+.2f} MiB", goal="none (under 0.5 MiB)",
        reached=growth < 0.5,
    )
    table.add("processor time at rest", f"{idle['processorMillisecondsPerSecond']:.1f} ms a second")
