"""A large set as progressive results, beside psql with the same rows."""

import statistics
import subprocess
import time

from database import SQL, psql
from load_program import load


def copied(options):
    """Rows a second of the same JSON through psql's \\copy, to nowhere."""
    command = f"\\copy (select to_json(r) from bench.rows({options.rows}) as r) to '/dev/null'"
    began = time.monotonic()
    subprocess.run([options.psql, "-qX", "-v", "ON_ERROR_STOP=1", "-c", command, options.database], check=True)
    return options.rows / (time.monotonic() - began)


def rows_rounds(options):
    """The rounds; in each one both run once."""
    psql(options, (SQL / "rows.sql").read_text())
    rounds = []
    for number in range(options.rounds):
        options.progress(f"rows, round {number + 1} of {options.rounds}")
        reports = load(options, ["rows", f"--count={options.rows}"], options.sidecar("rows.yaml"))
        report = next(report for report in reports if report["report"] == "rows")
        rounds.append({**report, "copiedPerSecond": copied(options)})
        options.progress(f"  {rounds[-1]}")
    return rounds


def add_rows(table, rounds, options):
    """The rows on rows."""
    rate = statistics.median(measured["rowsPerSecond"] for measured in rounds)
    copy = statistics.median(measured["copiedPerSecond"] for measured in rounds)
    ratio = statistics.median(measured["rowsPerSecond"] / measured["copiedPerSecond"] for measured in rounds)
    table.add(f"{options.rows:,} rows as progressive results, a second", f"{rate:,.0f}", f"psql \\copy: {copy:,.0f}",
              f"{ratio:.2f}")
    table.add_memory("progressive results, resident at most", max(measured["residentPeakKiB"] for measured in rounds))
