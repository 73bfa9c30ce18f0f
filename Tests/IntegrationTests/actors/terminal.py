"""The binary on a terminal: what people see there, and a pipe's reader does not."""

import os
import pty
import subprocess
import threading
from pathlib import Path

from .deadline import PATIENCE
from .sidecar import binary, clean_environment


class Terminal:
    """Some of the outputs of one run of the binary, which are terminals; the others are pipes."""

    def __init__(self, *arguments: str | Path, stdout: bool = True, stderr: bool = True,
                 environment: dict[str, str] | None = None) -> None:
        self.reading, writing = pty.openpty()
        try:
            self.process = subprocess.Popen(
                [binary(), *arguments], stdin=subprocess.DEVNULL, stdout=writing if stdout else subprocess.PIPE,
                stderr=writing if stderr else subprocess.PIPE, env=clean_environment() | (environment or {}))
        finally:
            os.close(writing)
        self.octets = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        # When nobody has the other end any more, Linux reports an error.
        try:
            while piece := os.read(self.reading, 1 << 16):
                self.octets += piece
        except OSError:
            pass

    @property
    def shown(self) -> str:
        """All that was sent to the terminal; its line breaks are those of a pipe."""
        return self.octets.decode().replace("\r\n", "\n")

    def end(self) -> tuple[int, str, str]:
        """Waits for the end: exit code, and what came out of the pipes."""
        try:
            stdout, stderr = self.process.communicate(timeout=2 * PATIENCE)
            self.reader.join(PATIENCE)
        finally:
            self.process.kill()
            os.close(self.reading)
        return self.process.returncode, (stdout or b"").decode(), (stderr or b"").decode()
