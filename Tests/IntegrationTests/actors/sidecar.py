"""The real binary, started as users start it, and what it writes to stderr."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from .deadline import PATIENCE, DeadlineError, wait_until
from .servers import library_environment

#: Logged once both sides are connected and every procedure is registered.
READY = "ready"
#: Logged instead if something does not work; a line for each fault follows.
FAULTY, FAULT = "running with faults", "fault"

ROOT = Path(__file__).resolve().parents[3]


def binary() -> Path:
    """The program under test: the one that WAMP_SIDECAR_BINARY names, or the release build of this tree."""
    path = Path(os.environ.get("WAMP_SIDECAR_BINARY", ROOT / ".build/release/wamp-sidecar"))
    if not path.exists():
        raise FileNotFoundError(f"{path}: build it (./scripts/test integration does), or set WAMP_SIDECAR_BINARY")
    return path


def run(*arguments: str | Path, environment: dict[str, str] | None = None, cwd: Path | None = None,
        timeout: float = 2 * PATIENCE) -> subprocess.CompletedProcess[str]:
    """Runs the binary to its end."""
    return subprocess.run(
        [binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, cwd=cwd,
        env=clean_environment() | (environment or {}),
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without libpq's variables, and with the libpq that this run of the tests uses."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | library_environment()


class Sidecar:
    """One running sidecar with its configuration. Its log is JSON, one object a line."""

    def __init__(self, configuration: dict[str, Any], environment: dict[str, str] | None = None,
                 behind: Sequence[str] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-run-"))
        self.file = self.folder / "sidecar.yaml"
        self.environment = environment or {}
        #: The prefix of its command, such as `ip netns exec NAME`; it has to stay the same process.
        self.behind = behind
        self.configuration = {"log": {"level": "debug", "format": "json"}} | configuration
        self.process: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self._reader: threading.Thread | None = None

    def write(self) -> None:
        """Writes its configuration file. A sidecar that looks at it meanwhile sees the former one, or all of it."""
        new = self.file.with_suffix(".new")
        new.write_text(yaml.safe_dump(self.configuration, sort_keys=False))
        new.replace(self.file)

    # -- life

    def start(self, until: str | None = READY, seconds: float = PATIENCE) -> "Sidecar":
        """Starts it and waits until it logs that message: by default, that it is ready."""
        assert self.process is None
        self.write()
        self.lines = []
        self.process = subprocess.Popen(
            [*self.behind, binary(), "run", "--config", self.file],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
            env=clean_environment() | self.environment,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True)
        self._reader.start()
        if until is not None:
            self.wait_for(until, seconds=seconds)
        return self

    async def started(self, until: str | None = READY, seconds: float = PATIENCE) -> "Sidecar":
        """`start` for tests on whose event loop one of the sidecar's peers runs."""
        return await asyncio.to_thread(self.start, until, seconds)

    async def stopped(self, seconds: float = PATIENCE) -> int:
        """`stop`, likewise."""
        return await asyncio.to_thread(self.stop, seconds)

    async def stopped_by_itself(self, seconds: float = PATIENCE) -> int:
        """`wait`, likewise."""
        return await asyncio.to_thread(self.wait, seconds)

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line.rstrip("\n"))

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code; all of its log has been read by then."""
        assert self.process is not None and self._reader is not None
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DeadlineError(f"within {seconds:g} s: the sidecar ends; its log:\n{self.text(40)}") from None
        self._reader.join(PATIENCE)
        return code

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM, and its exit code."""
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """kill -9; it can be started again."""
        assert self.process is not None and self._reader is not None
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        self.process = None

    def remove(self) -> None:
        """Ends it, whatever it is doing. An unexpected crash fails the test."""
        code = None
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            else:
                code = self.process.returncode
        shutil.rmtree(self.folder, ignore_errors=True)
        crashes = {-signal.SIGILL, -signal.SIGTRAP, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS}
        assert code not in crashes, f"the sidecar crashed ({code}); its log:\n{self.text(60)}"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    # -- what it logs

    def text(self, last: int = 0) -> str:
        return "\n".join(self.lines[-last:])

    def entries(self, message: str | None = None) -> list[dict[str, Any]]:
        """The log so far, as objects; with `message` only the entries with that message."""
        found = []
        for line in list(self.lines):
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                entry = {"message": line}
            if message is None or entry.get("message") == message:
                found.append(entry)
        return found

    def wait_for(self, message: str, seconds: float = PATIENCE, count: int = 1,
                 where: Callable[[dict[str, Any]], bool] = lambda entry: True) -> dict[str, Any]:
        """The `count`-th log entry with that message (and for which `where` holds), once it is there."""
        def found() -> dict[str, Any] | None:
            matches = [entry for entry in self.entries(message) if where(entry)]
            if len(matches) >= count:
                return matches[count - 1]
            if not self.running and self._reader is not None and not self._reader.is_alive():
                matches = [entry for entry in self.entries(message) if where(entry)]
                assert len(matches) >= count, f"the sidecar ended before '{message}'; its log:\n{self.text(40)}"
            return None

        try:
            return wait_until(found, f"the sidecar logs '{message}'", seconds)
        except DeadlineError as error:
            raise DeadlineError(f"{error}; its log:\n{self.text(40)}") from None

    def wait_for_fault(self, name: str, words: str = "", seconds: float = PATIENCE) -> dict[str, Any]:
        """The line of a fault: its name, and words of the reason."""
        return self.wait_for(FAULT, seconds, where=lambda entry: entry["name"] == name and words in entry["reason"])

    def wait_for_any(self) -> None:
        """Waits until it has logged something."""
        wait_until(lambda: self.lines, "the sidecar logs something")

    # -- what it uses

    def resident(self) -> int:
        """Its resident memory in octets."""
        return self._memory("VmRSS:")

    def peak(self) -> int:
        """The most resident memory that it has ever had, in octets."""
        return self._memory("VmHWM:")

    def _memory(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        return 0

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
