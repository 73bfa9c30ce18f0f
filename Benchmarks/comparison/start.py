"""From the sidecar's start until all of its procedures can be called."""

import statistics
from pathlib import Path

from load_program import Serving

HERE = Path(__file__).resolve().parent
NAMES = [f"{kind}_{number}" for kind in ("raw", "native") for number in range(1, 51)]


def start_runs(options):
    """Milliseconds from the start of the process to the last registration, which the load program answers
    immediately."""
    file = Path(options.folder) / "start.yaml"
    procedures = "".join(f"  com.example.bench.{name}: bench.{name}\n" for name in NAMES)
    file.write_text((HERE / "configurations" / "start.yaml").read_text() + procedures)
    times = []
    for number in range(3 * options.rounds):
        options.progress(f"start, {number + 1} of {3 * options.rounds}")
        with Serving(options, options.sidecar(file), f"--registrations={len(NAMES)}") as serving:
            times.append(serving.wait_for("registered")["milliseconds"])
    return times


def add_start(table, times):
    """The row on the start."""
    median = statistics.median(times)
    table.add(
        f"start until {len(NAMES)} procedures are registered, median", f"{median:.0f} ms", "", "", "at most 300 ms",
        median <= 300,
    )
