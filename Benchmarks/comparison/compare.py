"""Runs the benchmarks of `scripts/benchmark` against an existing PostgreSQL cluster, and prints one table.

Contestants run in alternation, several rounds; a figure is the median of its rounds, a ratio the median of the rounds'
ratios. Only the table is written, to standard output; progress goes to standard error.
"""

import argparse
import os
import sys
from pathlib import Path

from allocations import add_allocations, allocations_run
from callers import add_callers, callers_rounds
from calls import add_calls, add_memory, calls_rounds, memory_run, profile_run
from database import install
from drain import add_drain, drain_run
from events import add_events, events_rounds
from notify import add_notify, notify_run
from publish import add_publish, publish_rounds
from reload import add_reload, reload_runs
from rows import add_rows, rows_rounds
from scrapes import add_scrapes, scrapes_rounds
from serializers import add_serializers, serializers_rounds
from sql_calls import add_sql_calls, sql_calls_rounds
from start import add_start, start_runs
from table import Table

HERE = Path(__file__).resolve().parent


def calls(options, table):
    rounds = calls_rounds(options)
    add_calls(table, rounds)
    add_memory(table, rounds, memory_run(options))


def callers(options, table):
    add_callers(table, callers_rounds(options))


def allocations(options, table):
    add_allocations(table, allocations_run(options))


def notify(options, table):
    add_notify(table, [notify_run(options) for _ in range(options.rounds)])


def rows(options, table):
    add_rows(table, rows_rounds(options), options)


def publish(options, table):
    add_publish(table, publish_rounds(options))


def drain(options, table):
    add_drain(table, drain_run(options), options)


def events(options, table):
    add_events(table, events_rounds(options))


def sql_calls(options, table):
    add_sql_calls(table, sql_calls_rounds(options))


def serializers(options, table):
    add_serializers(table, serializers_rounds(options))


def start(options, table):
    add_start(table, start_runs(options))


def scrapes(options, table):
    add_scrapes(table, *scrapes_rounds(options))


def reload(options, table):
    add_reload(table, reload_runs(options))


#: The benchmarks, in the table's order. Calls, callers, allocations, notifications, rows, serializers need no SQL
#: interface.
PARTS = {
    "calls": calls, "callers": callers, "allocations": allocations, "notify": notify, "rows": rows, "publish": publish,
    "drain": drain, "events": events, "sql-calls": sql_calls, "serializers": serializers, "start": start,
    "scrapes": scrapes, "reload": reload,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=(*PARTS, "all", "profile"))
    parser.add_argument("--load", required=True, help="the load program")
    parser.add_argument("--sidecar", dest="binary", required=True, help="the sidecar's binary")
    parser.add_argument("--database", required=True, help="the cluster's URL, for user postgres")
    parser.add_argument("--folder", required=True, help="a temporary folder that somebody else removes")
    parser.add_argument("--pgbench", default="pgbench")
    parser.add_argument("--psql", default="psql")
    parser.add_argument("--python", help="one that has autobahn and asyncpg; without it they are left out")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--notifications", type=int, default=500_000)
    parser.add_argument("--batch", type=int, default=1000, help="notifications in one transaction")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a set")
    parser.add_argument("--backlog", type=int, default=1_000_000, help="small rows in the outbox")
    parser.add_argument("--large", type=int, default=2_000, help="rows of 1 MiB in the outbox")
    parser.add_argument("--singles", type=int, default=100, help="single events whose latency is taken")
    parser.add_argument("--events", type=int, default=300_000, help="events to a subscription; whole thousands")
    options = parser.parse_args()
    options.sidecar = lambda file: [options.binary, "run", "--config", str(HERE / "configurations" / file)]
    options.progress = lambda text: print(text, file=sys.stderr, flush=True)
    os.environ["BENCH_DATABASE"] = options.database
    os.environ["BENCH_WAMP_DATABASE"] = options.database.replace("//postgres@", "//wamp@", 1)
    os.environ["BENCH_CONNECTIONS"] = str(options.connections)
    if options.what == "profile":
        return profile_run(options)
    parts = list(PARTS) if options.what == "all" else [options.what]
    if set(parts) - {"calls", "callers", "allocations", "notify", "rows", "serializers"}:
        install(options)
    table = Table()
    for part in parts:
        PARTS[part](options, table)
    table.print()


if __name__ == "__main__":
    main()
