"""A backlog in the outbox, and events on an idle system."""

import contextlib
import queue
import random
import statistics
import threading
import time

from database import psql, session
from load_program import load

# The default of `outbox.batch`.
BATCH = 1000
# Rows count from 0: the load program takes the first one as the signal to begin.
SMALL = "select count(wamp.publish('com.example.bench.small', jsonb_build_array(n))) from generate_series(0, {}) n;"
# Sixteen texts of a MiB each that no compression makes smaller, in turn.
LARGE = """
create temporary table text as
    select i, replace(encode(string_agg(uuid_send(gen_random_uuid()), ''), 'base64'), chr(10), '') as text
    from generate_series(0, 15) i, generate_series(1, 49152) group by i;
select count(wamp.publish('com.example.bench.large', jsonb_build_array(n, (select text from text where i = n % 16))))
    from generate_series(0, {}) n;
"""
# The statements of another session, which then stays idle in its transaction.
SNAPSHOT = "begin isolation level repeatable read;\nselect count(*) from wamp.outbox;"
WRITING = "begin;\ninsert into bench.work (item, note) values (1, 'not yet committed');"


def backlog(options, statements, last, beside=None):
    """Puts the rows 0 to `last` into the table, then starts the sidecar; returns the load program's last report."""
    psql(options, "truncate wamp.outbox;\n" + statements.format(last) + "\ncheckpoint;")
    with session(options, beside) if beside else contextlib.nullcontext():
        reports = load(options, ["publications", f"--count={last}"], options.sidecar("outbox.yaml"))
    left = psql(options, "select count(*) from wamp.outbox")
    # The last publications may not have been deleted when the sidecar was stopped: they are then published again.
    if int(left) > BATCH:
        raise SystemExit(f"benchmark: {left} rows are left in the outbox")
    return next(report for report in reports if report["report"] == "publications")


def latencies(options):
    """Milliseconds from the moment at which a psql session gets `select wamp.publish(..)` to the PUBLISH.

    There is nothing else to do, and the relay is asleep whenever the next one arrives. The commit does not wait for the
    disk, which would be most of the time.
    """
    sent, arrived, is_listening = {}, {}, threading.Event()
    finished = queue.Queue()

    def take(report):
        if report["report"] == "publishing":
            is_listening.set()
        elif report["report"] == "arrival":
            arrived[report["number"]] = report["nanoseconds"]

    def write(psql_session):
        def publish(number):
            sent[number] = time.monotonic_ns()
            psql_session.stdin.write(f"select wamp.publish('com.example.bench.idle', '[{number}]');\n")
            psql_session.stdin.flush()

        publish(0)
        if is_listening.wait(30):
            for number in range(1, options.singles + 1):
                time.sleep(random.uniform(0.05, 0.15))
                publish(number)
        finished.put(True)

    psql(options, "truncate wamp.outbox;")
    with session(options, "set synchronous_commit = off;") as writer:
        threading.Thread(target=write, args=[writer], daemon=True).start()
        arguments = ["publications", f"--count={options.singles}", "--arrivals"]
        load(options, arguments, options.sidecar("outbox.yaml"), take)
        finished.get()
    return sorted((arrived[number] - sent[number]) / 1e6 for number in arrived)


def drain_run(options):
    """Everything once; the backlogs of small rows once in each round."""
    small, pinned = [], []
    for number in range(options.rounds):
        options.progress(f"drain, round {number + 1} of {options.rounds}: {options.backlog} small rows")
        small.append(backlog(options, SMALL, options.backlog))
        options.progress(f"  {small[-1]}")
        options.progress(f"drain, round {number + 1} of {options.rounds}: the same beside a snapshot")
        pinned.append(backlog(options, SMALL, options.backlog, beside=SNAPSHOT))
        options.progress(f"  {pinned[-1]}")
    options.progress("drain: the same beside a transaction that has written")
    writing = backlog(options, SMALL, options.backlog, beside=WRITING)
    options.progress(f"  {writing}")
    options.progress(f"drain: {options.large} rows of 1 MiB")
    large = backlog(options, LARGE, options.large)
    options.progress(f"  {large}")
    options.progress(f"drain: {options.singles} single events")
    return {
        "small": small, "pinned": pinned, "writing": [writing], "large": large, "latencies": latencies(options),
    }


def add_drain(table, measured, options):
    """The rows on the outbox."""

    def rate(name):
        return statistics.median(report["publicationsPerSecond"] for report in measured[name])

    def peak(reports):
        return max(report["residentPeakKiB"] for report in reports)

    small, pinned = rate("small"), rate("pinned")
    table.add(
        f"{options.backlog:,} rows drained, a second", f"{small:,.0f}", "", "", "at least 50,000", small >= 50_000)
    table.add(
        "the same while a session holds a snapshot", f"{pinned:,.0f}", "", f"{pinned / small:.2f}", "at least 20,000",
        pinned >= 20_000,
    )
    writing = rate("writing")
    table.add("the same while a session has written and stays open", f"{writing:,.0f}", "", f"{writing / small:.2f}")
    table.add_memory(
        "drain, resident at most", peak(measured["small"] + measured["pinned"] + measured["writing"]))
    table.add(
        f"{options.large:,} rows of 1 MiB drained", f"{measured['large']['publicationsPerSecond']:,.0f} MiB a second")
    table.add_memory("rows of 1 MiB, resident at most", peak([measured["large"]]))
    times = measured["latencies"]
    median, worst = statistics.median(times), times[len(times) * 99 // 100]
    table.add(
        "publish() sent to PUBLISH, idle, median", f"{median:.1f} ms", "", "", "under 5 ms", median < 5)
    table.add("publish() sent to PUBLISH, idle, 99th percentile", f"{worst:.1f} ms")
