"""The load program, the router's end for the peer that it starts."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading


def load(options, arguments, peer, each=None):
    """Runs the load program with `peer` to its end, passes each report to `each`, and returns all of them."""
    reports = []
    with running(options, arguments, peer, subprocess.DEVNULL) as process:
        for line in process.stdout:
            reports.append(json.loads(line))
            if each:
                each(reports[-1])
    return reports


@contextlib.contextmanager
def running(options, arguments, peer, stdin):
    """The load program's process; it must end with status 0. Its and its peer's output is shown only if it does not."""
    with open(f"{options.folder}/peer.log", "w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [options.load, *arguments, "--", *peer],
            stdin=stdin, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )
        try:
            yield process
            process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            log.seek(0)
            sys.exit("".join(log.readlines()[-40:]) + f"benchmark: the load program ended with {process.returncode}")


class Serving:
    """`load serve` with `peer`, for measurements by other programs; a context manager that ends both."""

    def __init__(self, options, peer, *arguments):
        self.reports = {}
        self.peer_id = None
        self._arrived = queue.Queue()
        self._context = running(options, ["serve", *arguments], peer, subprocess.PIPE)
        self._process = None
        self._reader = None

    def __enter__(self):
        self._process = self._context.__enter__()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.peer_id = self.wait_for("started")["process"]
        return self

    def __exit__(self, *exception):
        self.resume()
        self._process.stdin.close()
        if exception[0] is None:
            self._reader.join()
        return self._context.__exit__(*exception)

    def _read(self):
        for line in self._process.stdout:
            report = json.loads(line)
            self.reports[report["report"]] = report
            self._arrived.put(report)
        self._arrived.put(None)

    def wait_for(self, kind, seconds=30):
        """The next report of that kind; ends the program if `seconds` pass without any report."""
        while True:
            try:
                report = self._arrived.get(timeout=seconds)
            except queue.Empty:
                sys.exit(f"benchmark: the load program reports no '{kind}'")
            if report is None:
                sys.exit(f"benchmark: the load program ended without a report '{kind}'")
            if report["report"] == kind:
                return report

    def stop(self):
        """Stops the peer with SIGSTOP."""
        os.kill(self.peer_id, signal.SIGSTOP)

    def resume(self):
        if self.peer_id is not None:
            os.kill(self.peer_id, signal.SIGCONT)
