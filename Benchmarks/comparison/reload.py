"""From SIGHUP until a changed configuration with a thousand procedures is in force."""

import os
import signal
import statistics
import sys
import time
from pathlib import Path

from load_program import Serving

HERE = Path(__file__).resolve().parent
COUNT = 1000
RELOADED = "configuration reloaded"
PATIENCE = 30


def reload_runs(options):
    """Milliseconds, one for each reload that changes one procedure."""
    file, log = Path(options.folder) / "reload.yaml", Path(options.folder) / "peer.log"
    head = (HERE / "configurations" / "start.yaml").read_text().replace("level: notice", "level: info")

    def write(changed):
        lines = [f"  com.example.bench.n{number}: bench.raw_{number % 50 + 1}\n" for number in range(COUNT)]
        lines[COUNT // 2] = f"  com.example.bench.changed{changed}: bench.raw_1\n"
        file.write_text(head + "".join(lines))

    write(0)
    times = []
    with Serving(options, options.sidecar(file), f"--registrations={COUNT}") as serving:
        serving.wait_for("registered", 60)
        for number in range(1, 3 * options.rounds + 1):
            options.progress(f"reload, {number} of {3 * options.rounds}")
            write(number)
            start = time.perf_counter()
            os.kill(serving.peer_id, signal.SIGHUP)
            while log.read_text(errors="replace").count(RELOADED) < number:
                if time.perf_counter() - start > PATIENCE:
                    sys.exit(f"benchmark: the sidecar has not reloaded its file within {PATIENCE} s")
                time.sleep(0.001)
            times.append((time.perf_counter() - start) * 1000)
    return times


def add_reload(table, times):
    """The row on reloads."""
    median = statistics.median(times)
    table.add(
        f"one of {COUNT:,} procedures changed by SIGHUP, median", f"{median:.0f} ms", "", "", "at most 200 ms",
        median <= 200,
    )
