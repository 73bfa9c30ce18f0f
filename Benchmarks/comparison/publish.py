"""publish() in the transactions of 32 clients, beside alternatives to it."""

import contextlib
import statistics
import subprocess
import time

from database import pgbench, pgbench_command, psql
from load_program import Serving
from table import over

CLIENTS = 32
PROBE = "select wamp.publish('com.example.bench.probe')"
IS_ASLEEP = "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and granted " \
    "and (classid, objid) = (select (select value from wamp.meta where key = 'wake_lock_1')::bigint, " \
    "(select value from wamp.meta where key = 'wake_lock_2')::bigint & 4294967295)"

# Publishers read this: from then on they do not notify.
IS_GIVEN_UP = "select count(*) from wamp.leader where stamp < now() - interval '15 seconds'"


def wait_for(options, statement, wanted):
    """Asks until the answer is the wanted one, for at most 30 s."""
    deadline = time.monotonic() + 30
    while (answer := psql(options, statement)) != wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"benchmark: {answer} and not {wanted} after 30 s: {statement}")
        time.sleep(0.02)


def clean(options):
    psql(options, "truncate bench.work, bench.plain, wamp.outbox;\ncheckpoint;")


def alone(options, script):
    """Commits a second without a sidecar."""
    clean(options)
    return pgbench(options, script, CLIENTS)


def notifying(options):
    """The same with one session that listens."""
    listener = subprocess.Popen(
        pgbench_command(options, "listen.pgbench", 1, 86_400), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return alone(options, "notify.pgbench")
    finally:
        listener.kill()
        listener.wait()


@contextlib.contextmanager
def relayed(options):
    """The sidecar's relay at work, between the database and the load program."""
    clean(options)
    with Serving(options, options.sidecar("outbox.yaml")) as serving:
        psql(options, PROBE)
        serving.wait_for("publishing")
        yield serving


def while_draining(options):
    """Commits a second, and the rows left in the table afterwards."""
    with relayed(options) as serving:
        measured = pgbench(options, "publish.pgbench", CLIENTS)
        left = int(psql(options, "select count(*) from wamp.outbox"))
    return measured | {"left": left, "peak": serving.reports["served"]["residentPeakKiB"]}


def stopped_awake(options):
    """The sidecar stopped by SIGSTOP while it relays."""
    with relayed(options) as serving:
        writer = subprocess.Popen(
            pgbench_command(options, "publish.pgbench", CLIENTS, 86_400),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            serving.stop()
        finally:
            writer.kill()
            writer.wait()
        if psql(options, IS_ASLEEP) != "0":
            raise SystemExit("benchmark: the relay slept although there was work")
        return pgbench(options, "publish.pgbench", CLIENTS)


def stopped_asleep(options):
    """The sidecar stopped by SIGSTOP a moment ago, while it was idle."""
    with relayed(options) as serving:
        wait_for(options, IS_ASLEEP, "1")
        serving.stop()
        return pgbench(options, "publish.pgbench", CLIENTS)


def given_up(options):
    """The same after 15 s without a sign of life."""
    with relayed(options) as serving:
        wait_for(options, IS_ASLEEP, "1")
        serving.stop()
        wait_for(options, IS_GIVEN_UP, "1")
        return pgbench(options, "publish.pgbench", CLIENTS)


CONTESTANTS = {
    "plain INSERT": lambda options: alone(options, "plain_insert.pgbench"),
    "without the handshake": lambda options: alone(options, "publish_without_handshake.pgbench"),
    "no sidecar": lambda options: alone(options, "publish.pgbench"),
    "draining": while_draining,
    "stopped awake": stopped_awake,
    "stopped asleep": stopped_asleep,
    "given up": given_up,
    "pg_notify": notifying,
}


# Contestants that are compared run one after the other.
ROUND = (
    "plain INSERT", "without the handshake", "no sidecar", "without the handshake", "plain INSERT", "draining",
    "plain INSERT", "stopped awake", "plain INSERT", "stopped asleep", "plain INSERT",
    "given up", "plain INSERT", "pg_notify", "plain INSERT",
)


def publish_rounds(options):
    """The rounds, each a list of contestants and their results, in the order in which they ran."""
    rounds = []
    for number in range(options.rounds):
        measured = []
        for name in ROUND:
            options.progress(f"publish, round {number + 1} of {options.rounds}: {name}")
            measured.append((name, CONTESTANTS[name](options)))
            options.progress(f"  {measured[-1][1]}")
        rounds.append(measured)
    return rounds


def rate(measured, name):
    """Commits a second in one round."""
    return statistics.mean(result["perSecond"] for other, result in measured if other == name)


def ratio(measured, ours, theirs):
    """The ratio to the runs of the others just before and just after."""
    ratios = []
    for index, (name, result) in enumerate(measured):
        if name == ours:
            before = [other["perSecond"] for name, other in measured[:index] if name == theirs][-1:]
            after = [other["perSecond"] for name, other in measured[index:] if name == theirs][:1]
            ratios.append(result["perSecond"] / statistics.mean(before + after))
    return statistics.mean(ratios)


def add_publish(table, rounds):
    """The rows on commits a second."""

    def compare(what, ours, theirs, least=None):
        share = over(rounds, lambda measured: ratio(measured, ours, theirs))
        table.add(
            f"32 clients commit, {what}, a second", f"{over(rounds, lambda measured: rate(measured, ours)):,.0f}",
            f"{theirs}: {over(rounds, lambda measured: rate(measured, theirs)):,.0f}", f"{share:.2f}",
            f"at least {least}" if least else "", share >= least if least else None,
        )

    compare("publish(), no sidecar", "no sidecar", "without the handshake", 0.95)
    compare("publish(), no sidecar", "no sidecar", "plain INSERT", 0.8)
    compare("publish(), sidecar stopped while awake", "stopped awake", "plain INSERT", 0.8)
    compare("publish(), sidecar stopped while asleep, 15 s on", "given up", "plain INSERT", 0.8)
    compare("publish(), sidecar stopped while asleep, at once", "stopped asleep", "plain INSERT")
    compare("publish(), sidecar draining", "draining", "plain INSERT", 0.7)
    compare("pg_notify in its place", "pg_notify", "plain INSERT")
    draining = [result for measured in rounds for name, result in measured if name == "draining"]
    table.add(
        "rows left when the 32 clients end", f"{statistics.median(result['left'] for result in draining):,.0f}")
    table.add_memory("32 clients commit, resident at most", max(result["peak"] for result in draining))
