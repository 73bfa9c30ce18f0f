"""A second real router: xconn, a process on a free port of the loopback address."""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .deadline import accepts, free_port, wait_until
from .router import REALM, SECRET, TICKET

#: The public key of the only principal that may use cryptosign: of the seed 00 01 02 .. 1f.
PUBLIC_KEY = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"


class XconnRouter:
    """One xconn router. It keeps everything in memory, so each start begins with nothing."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-xconn-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        assert self.process is None
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).parent / "xconn_node.py", str(self.port), REALM, TICKET, SECRET,
                    PUBLIC_KEY],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )

        def listening() -> bool:
            assert self.process is not None and self.process.poll() is None, f"xconn ended:\n{self.log()[-3000:]}"
            return accepts(self.port)

        wait_until(listening, "xconn listens", 60)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def remove(self) -> None:
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, transport: str) -> str:
        """The sidecar's `router.url`; it has only `websocket`."""
        return {"websocket": f"ws://127.0.0.1:{self.port}/ws"}[transport]
