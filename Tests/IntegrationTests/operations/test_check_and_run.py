"""`check` and `run` judge a file alike: both get every configuration that the tests know."""

import os
import re
import signal
import subprocess
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actors.deadline import wait_until
from actors.sidecar import ROOT, binary, clean_environment, run
from conftest import HERE

CONFIGURATION = 78
UNIT_TESTS = ROOT / "Tests/SidecarConfigurationTests"
SECTIONS = ("router", "database", "procedures", "subscriptions", "notifications", "caller", "outbox", "dead_letter",
            "shutdown_timeout", "log", "expose", "admin", "describe")
#: What every file must have. Nothing listens there.
WANTED = {"router": "router: { url: rs://127.0.0.1:1, realm: realm1 }",
    "database": "database: { url: 'host=/nonexistent' }"}
URL = "rs://127.0.0.1:1"
#: A string literal of Swift: on several lines, or on one.
LITERAL = re.compile(r'"""\n(?P<block>.*?)\n[ ]*"""|"(?P<line>(?:[^"\\\n]|\\.)*)"', re.DOTALL)
ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}


#: The placeholder for another text in a literal.
PLACE = re.compile(r"\\\([^()]*\)")
BEGINS = re.compile(rf"^({'|'.join(SECTIONS)}):", re.MULTILINE)


def literals(source: str) -> Iterator[str]:
    """The texts in a unit test."""
    for match in LITERAL.finditer(source):
        text = textwrap.dedent(match["block"]) if match["block"] is not None else match["line"]
        yield re.sub(r'\\[nt"\\]', lambda escape: ESCAPES[escape[0]], text)


def texts(source: str) -> Iterator[str]:
    """Those that begin a section. One with a placeholder is combined with each of the texts that may be meant."""
    found = list(literals(source))
    yield from (text for text in found if BEGINS.match(text) and "\\(" not in text)
    frame = next((text for text in found if BEGINS.match(text) and PLACE.search(text)), None)
    if frame is None:
        return
    head, _, tail = PLACE.sub(URL, frame, PLACE.subn("", frame)[1] - 1).rpartition(PLACE.findall(frame)[-1])
    for text in found:
        # Expected messages are not texts of files.
        if not any(part in text for part in ("\\(", "\n", "sidecar.yaml:", "; ", " is ", "' in ")):
            yield head + text + tail


def configurations() -> dict[str, str]:
    """Every text in the unit tests and the files here that begins a section, completed to a whole file; by name."""
    found: dict[str, str] = {file.name: file.read_text() for file in sorted((HERE / "golden").glob("*.yaml"))}
    for file in sorted(UNIT_TESTS.rglob("*.swift")):
        for number, text in enumerate(dict.fromkeys(texts(file.read_text()))):
            has = set(BEGINS.findall(text))
            found[f"{file.stem}-{number}"] = "\n".join([text,
                *(line for key, line in WANTED.items() if key not in has)]) + "\n"
    return found


def verdict_of_run(file: Path, environment: dict[str, str]) -> int:
    """The exit code of a `run` that is told to stop as soon as it handles signals."""
    process = subprocess.Popen(
        [binary(), "run", "--config", file.name], cwd=file.parent, env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def obeys() -> bool:
            if process.poll() is not None:
                return True
            status = Path(f"/proc/{process.pid}/status").read_text()
            caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
            return bool(caught >> (signal.SIGTERM - 1) & 1)

        wait_until(obeys, f"{file.name}: run begins, or refuses the file", 60)
        if process.poll() is None:
            process.terminate()
        return process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def differs(file: Path, environment: dict[str, str]) -> str | None:
    """The difference between the two; None if there is none."""
    checked = run("check", file.name, cwd=file.parent, environment=environment, timeout=60)
    ran = verdict_of_run(file, environment)
    if checked.returncode in (0, CONFIGURATION) and ran == checked.returncode:
        return None
    return f"{file.name}: check ends with {checked.returncode}, run with {ran}: {checked.stderr}\n{file.read_text()}"


@pytest.mark.timeout(900)
def test_every_configuration(tmp_path: Path) -> None:
    found = configurations()
    assert len(found) > 200, "the unit tests' texts are found"
    files = []
    for name, text in found.items():
        file = tmp_path / (name.removesuffix(".yaml") + ".yaml")
        file.write_text(text)
        files.append(file)
    environment = {"SET": "value", "EMPTY": "", "WAMP_TICKET": "ticket"}
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        verdicts = list(pool.map(lambda file: differs(file, environment), files))
    assert [verdict for verdict in verdicts if verdict] == []


def test_what_only_the_machine_is_wrong_with(tmp_path: Path) -> None:
    """The file is right, and the machine can't do what it asks for: OpenSSL is configured to use what it does not
    have."""
    file = tmp_path / "sidecar.yaml"
    file.write_text("router: { url: wss://localhost:1, realm: realm1 }\n" + WANTED["database"])
    (tmp_path / "openssl.cnf").write_text(
        "openssl_conf = all\n[all]\nalg_section = algorithms\n[algorithms]\ndefault_properties = fips=yes\n")
    for environment, is_fine in ((dict[str, str](), True), ({"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}, False)):
        result = run("check", file, environment=environment)
        assert (result.returncode == 0) == is_fine and bool(result.stderr) != is_fine, result.stdout + result.stderr
        assert verdict_of_run(file, environment) == result.returncode
