"""./scripts/demo suggests commands while it stays up: each of them works."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.deadline import wait_until
from actors.sidecar import ROOT, binary, clean_environment


class Demo:
    """The demo, after its show, and what was started from another terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = folder / "demo"
        self.started: list[subprocess.Popen[bytes]] = []
        environment = clean_environment() | {
            "WAMP_SIDECAR_BINARY": str(binary()), "WAMP_SIDECAR_VENV": str(Path(sys.executable).parent.parent)}
        with self.printed.open("wb") as output:
            self.process = subprocess.Popen(
                [ROOT / "scripts/demo"], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=environment)
        wait_until(lambda: "tail -f" in self.text() or self.process.poll() is not None, "the demo stays up", 400)
        assert self.process.poll() is None, self.text()
        suggested = self.text().split("It stays up.")[1]
        #: The commands of a shell, and of the application's psql.
        self.commands = re.findall(r"^ {4}(\S.*)$", suggested, re.MULTILINE)
        self.statements = [line.split(" -- ")[0].strip()
            for line in re.findall(r"^ {6}(\S.*)$", suggested, re.MULTILINE)]

    def text(self) -> str:
        return self.printed.read_text(errors="replace")

    def command(self, part: str) -> str:
        """The suggested command with these words, which is removed from the suggestions."""
        found, = [command for command in self.commands if part in command]
        self.commands.remove(found)
        return found

    def run(self, command: str) -> str:
        result = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            timeout=120, check=False, env=clean_environment())
        assert result.returncode == 0, result.stdout
        return result.stdout

    def start(self, command: str, name: str, says: str) -> Path:
        """Starts a command that keeps running; returns the file with its output, once that says so."""
        file = self.folder / name
        with file.open("wb") as output:
            self.started.append(subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT,
                env=clean_environment() | {"PYTHONUNBUFFERED": "1"}))
        wait_until(lambda: says in file.read_text(), f"it says '{says}', not '{file.read_text()}'")
        return file

    def remove(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    demo.remove()


@pytest.mark.timeout(900)
def test_suggestions(demo: Demo) -> None:
    subscriber = demo.start(demo.command(" subscribe "), "events", "subscribed")

    def event(topic: str, *words: str) -> None:
        def arrived() -> bool:
            lines = [line for line in subscriber.read_text().splitlines() if f'"topic":"{topic}"' in line]
            return any(all(word in line for word in words) for line in lines)

        wait_until(arrived, f"an event of {topic} with {words} comes")

    assert json.loads(demo.run(demo.command(" call "))) == {"args": [3], "kwargs": {}}
    event("com.example.order.placed", "apricot")
    psql = demo.command("-U shop shop")
    assert demo.run(f"{psql} -qAtc \"select stock from shop.item where name = 'banana'\"") == "12\n"
    publish = demo.command(" publish ")
    assert "publication" in demo.run(publish)
    event("com.example.item.stock", '"stock":112')
    answering = demo.start(demo.command(" register "), "callee", "answering calls")

    results = [demo.run(f"{psql} -v ON_ERROR_STOP=1 -qAt <<'END'\n{statement}\nEND") for statement in demo.statements]
    assert len(results) == 5
    event("com.example.news", "by hand")
    assert json.loads(results[1]) == {"euro": "9.99"} and "durian" in answering.read_text()
    assert results[2] == "5\n"
    event("com.example.alarm.cellar", '"room"')
    called = publish.split(" publish ")[0] + " call com.example.mine apricot " + publish[publish.index("--url"):]
    wait_until(lambda: subprocess.run(["bash", "-c", called], cwd=ROOT, capture_output=True, check=False,
                                      env=clean_environment()).stdout == b'{"args":[3],"kwargs":{}}\n',
                                      "shop.stock is registered")

    status = demo.run(demo.command('"status"'))
    assert "joined" in status and "leader" in status
    log = demo.command("tail -f").split()[-1]
    assert "starting" in Path(log).read_text()
    assert demo.commands == [], "all have been tried"
    assert demo.process.poll() is None
