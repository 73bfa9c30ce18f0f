"""The database, through psql and pgbench."""

import contextlib
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SQL = HERE / "sql"
SCRIPTS = HERE / "pgbench"


def psql(options, statements):
    """Runs statements and returns their values, nothing else. Each line is a separate transaction."""
    result = subprocess.run(
        [options.psql, "-qXAt", "-v", "ON_ERROR_STOP=1", options.database],
        input=statements, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    if result.returncode != 0:
        raise SystemExit(f"benchmark: psql: {result.stderr.strip()}\n{statements[:1000]}")
    return result.stdout.strip()


def answer(options, statement):
    """The value of a statement that may fail; None if it does."""
    result = subprocess.run(
        [options.psql, "-qXAt", "-c", statement, options.database],
        stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    return result.stdout.strip() if result.returncode == 0 else None


@contextlib.contextmanager
def session(options, statements):
    """A psql session in which the statements have been run, open until the end; write more to its `stdin`."""
    process = subprocess.Popen(
        [options.psql, "-qXAt", "-v", "ON_ERROR_STOP=1", options.database],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        process.stdin.write(f"{statements}\n\\echo ready\n")
        process.stdin.flush()
        while (line := process.stdout.readline().strip()) != "ready":
            if not line and process.poll() is not None:
                raise SystemExit(f"benchmark: psql ended: {statements}")
        yield process
    finally:
        process.kill()
        process.communicate()


def pgbench_command(options, script, clients, seconds, *more):
    return [
        options.pgbench, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, os.cpu_count())),
        "-T", str(max(1, round(seconds))), *more, "-f", str(SCRIPTS / script), options.database,
    ]


def pgbench(options, script, clients, *more, seconds=None, with_latency=False):
    """Transactions a second, and with `with_latency` their median in microseconds, of prepared-statement sessions."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        # The log of each transaction gives the median; contests for the greatest throughput run without it.
        log = ["-l", "--log-prefix", f"{folder}/log"] if with_latency else []
        command = pgbench_command(options, script, clients, seconds or options.seconds, *log, *more)
        result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 0:
            raise SystemExit(f"benchmark: pgbench: {result.stderr[-2000:]}")
        latencies = [
            int(line.split()[2]) for path in Path(folder).iterdir() for line in path.read_text().splitlines()
        ]
    rate = next(float(line.split()[2]) for line in result.stdout.splitlines() if line.startswith("tps"))
    return {"perSecond": rate, "p50Microseconds": statistics.median(latencies) if latencies else None}


def install(options):
    """Installs the SQL interface as an administrator, and the benchmarks' objects that need it."""
    environment = os.environ | {"WAMP_ROLE_PASSWORD": "benchmark"}
    result = subprocess.run(
        [options.binary, "install", "--admin-url", options.database],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if result.returncode != 0:
        raise SystemExit(f"benchmark: install: {result.stdout}")
    for file in ("publish.sql", "events.sql", "calls.sql", "start.sql"):
        psql(options, (SQL / file).read_text())
