"""wamp.call() from SQL: one session, and as many at once as the call port accepts."""

import os
import socket
import time

from database import answer, pgbench, psql
from load_program import Serving
from table import over

SESSIONS = 500
CALL = "select wamp.call('com.example.bench.echo', '[1]')"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(options):
    deadline = time.monotonic() + 30
    while answer(options, CALL) != "1":
        if time.monotonic() > deadline:
            psql(options, CALL)
            raise SystemExit("benchmark: wamp.call() answers nothing")
        time.sleep(0.05)


def sql_calls_rounds(options):
    """The rounds; in each one every way to call runs, and dblink() beside it."""
    rounds = []
    for number in range(options.rounds):
        options.progress(f"sql-calls, round {number + 1} of {options.rounds}")
        os.environ["BENCH_CALLER_PORT"] = str(free_port())
        seconds = options.seconds
        dblink = f"select bench.dblinks_for({seconds}, '{options.database}')"
        with Serving(options, options.sidecar("caller.yaml")) as serving:
            wait_for_port(options)
            measured = {
                "loop": float(psql(options, f"select bench.calls_for({seconds})")),
                "dblink": float(psql(options, dblink)),
                "clients 1": pgbench(options, "sql_call.pgbench", 1)["perSecond"],
                # Connections, to the database and from there to the port, take the first seconds.
                f"clients {SESSIONS}": pgbench(
                    options, "sql_call.pgbench", SESSIONS, seconds=4 * seconds)["perSecond"],
            }
        measured["peak"] = serving.reports["served"]["residentPeakKiB"]
        options.progress(f"  {measured}")
        rounds.append(measured)
    return rounds


def add_sql_calls(table, rounds):
    """The rows on calls from SQL."""

    def rate(name):
        return over(rounds, lambda measured: measured[name])

    ratio = over(rounds, lambda measured: measured["loop"] / measured["dblink"])
    table.add(
        "wamp.call() in a PL/pgSQL loop, a second", f"{rate('loop'):,.0f}",
        f"dblink() into itself: {rate('dblink'):,.0f}", f"{ratio:.2f}", "at least 4,000", rate("loop") >= 4_000,
    )
    table.add("wamp.call(), pgbench -c 1, a second", f"{rate('clients 1'):,.0f}")
    table.add(f"wamp.call(), pgbench -c {SESSIONS}, a second", f"{rate(f'clients {SESSIONS}'):,.0f}")
    table.add_memory(f"{SESSIONS} sessions call, resident at most", max(measured["peak"] for measured in rounds))
