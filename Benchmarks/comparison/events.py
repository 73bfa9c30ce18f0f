"""Events that run a function of the database, one after another."""

import os
import statistics

from database import psql
from load_program import load

#: Where the numbers in the table are not 1, 2, 3 .. in the order of its ids.
DISORDER = "select count(*) from (select number, row_number() over (order by id) as place from bench.event) e " \
    "where number <> place"


def events(options, function, count, synchronous_commit):
    """Sends so many events to that function; returns the load program's last report."""
    psql(options, "truncate bench.event restart identity;")
    psql(options, f"alter role wamp set synchronous_commit = {synchronous_commit};")
    os.environ["BENCH_FUNCTION"] = function
    reports = load(options, ["events", f"--count={count}"], options.sidecar("events.yaml"))
    if letters := psql(options, "select count(*), min(message) from wamp.dead_letter having count(*) > 0"):
        raise SystemExit(f"benchmark: dead letters: {letters}")
    return next(report for report in reports if report["report"] == "events")


def appended(options, count, synchronous_commit):
    """The same with a function that inserts into a table; order and number of its rows must be right afterwards."""
    report = events(options, "bench.append", count, synchronous_commit)
    if (found := psql(options, f"select count(*), ({DISORDER}) from bench.event")) != f"{count}|0":
        raise SystemExit(f"benchmark: rows and rows out of order in bench.event: {found}")
    return report


def events_rounds(options):
    """The rounds; in each one each function runs once."""
    rounds = []
    for number in range(options.rounds):
        measured = {}
        for name, run in {
            "checked": lambda: events(options, "bench.in_order", options.events, "on"),
            "appended": lambda: appended(options, options.events, "off"),
            # Each of them waits for the disk.
            "durable": lambda: appended(options, max(1, options.events // 50_000) * 1000, "on"),
        }.items():
            options.progress(f"events, round {number + 1} of {options.rounds}: {name}")
            measured[name] = run()
            options.progress(f"  {measured[name]}")
        rounds.append(measured)
    return rounds


def add_events(table, rounds):
    """The rows on events."""

    def rate(name):
        return statistics.median(measured[name]["eventsPerSecond"] for measured in rounds)

    table.add("events into a function, a second", f"{rate('checked'):,.0f}", "", "", "at least 30,000",
              rate("checked") >= 30_000)
    table.add("events into a table, synchronous_commit off", f"{rate('appended'):,.0f}")
    table.add("events into a table, synchronous_commit on", f"{rate('durable'):,.0f}")
    table.add_memory(
        "events, resident at most",
        max(report["residentPeakKiB"] for measured in rounds for report in measured.values()))
