"""`wamp-sidecar call`, `publish` and `subscribe`, as they run in a terminal or a pipe."""

import asyncio
import json
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from .deadline import PATIENCE, until
from .sidecar import binary, clean_environment


async def command(*arguments: str, environment: dict[str, str] | None = None, cwd: Path | None = None,
                  stdin: bytes | None = None, stdout: int | IO[bytes] = subprocess.PIPE,
                  seconds: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Runs it to its end, while the test's event loop continues."""
    process = await asyncio.create_subprocess_exec(
        binary(), *arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, stdout=stdout,
        stderr=subprocess.PIPE, cwd=cwd, env=clean_environment() | (environment or {}))
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), seconds)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return subprocess.CompletedProcess(list(arguments), process.returncode, (out or b"").decode(), err.decode())


class Running:
    """A command that runs until it is told to end."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None, stdin: bytes | None = None) -> None:
        self.arguments = arguments
        self.stdin = stdin
        self.environment = environment or {}
        self.errors: list[str] = []

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            binary(), *self.arguments, stdin=subprocess.DEVNULL if self.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment() | self.environment)
        if self.stdin is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.errors.append(line.decode().rstrip("\n"))

    async def says(self, text: str) -> None:
        """Waits until it has printed the text on standard error."""
        await until(lambda: any(text in line for line in self.errors), f"it says '{text}', not {self.errors}")

    async def line(self, seconds: float = PATIENCE) -> Any:
        """The next line of standard output."""
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), seconds))

    async def rest(self) -> str:
        """Everything that it still prints on standard output."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.read(), 60)).decode()

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code."""
        await asyncio.wait_for(self.process.wait(), seconds)
        await self._reader
        assert self.process.returncode is not None
        return self.process.returncode
