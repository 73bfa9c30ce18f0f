"""The WebSocket transport against the cases of the Autobahn test suite, which kosoku serves."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.sidecar import ROOT

#: Framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing, limits, automatic fragmentation.
GROUPS = (1, 2, 3, 4, 5, 6, 7, 9, 10)
#: How many cases they have: fewer would mean that the suite lost some.
CASES = 301
AGENT = "websocket-echo"
#: What the suite accepts as right.
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}


def echo_client() -> Path:
    """The program under test: the one that WEBSOCKET_ECHO_BINARY names, or the release build of this tree."""
    path = Path(os.environ.get("WEBSOCKET_ECHO_BINARY", ROOT / ".build/release/websocket-echo"))
    if not path.exists():
        raise FileNotFoundError(f"{path}: build it (./scripts/test integration does), or set WEBSOCKET_ECHO_BINARY")
    return path


@contextmanager
def fuzzing_server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The suite's server on a free port; it ends when its client asks for the reports.

    A separate process: it puts a stand-in for autobahn into the interpreter that it runs in.
    """
    command = [Path(sys.executable).parent / "kosoku", "--mode", "fuzzingserver", "127.0.0.1:0", "--outdir", folder]
    for group in GROUPS:
        command += ["--include", f"{group}.*"]
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert server.stderr is not None
        address = re.search(r"listening on ws://([\d.]+):(\d+)", server.stderr.readline())
        assert address
        yield server, *address.groups()
    finally:
        if server.poll() is None:
            server.kill()
        server.communicate()


def test_no_case_fails(tmp_path: Path) -> None:
    with fuzzing_server(tmp_path) as (server, host, port):
        subprocess.run([echo_client(), host, port, AGENT], stdin=subprocess.DEVNULL, check=True, timeout=300)
        server.communicate(timeout=60)
    results = json.loads((tmp_path / "index.json").read_text())[AGENT]
    failed = {
        case: (result["behavior"], result["behaviorClose"]) for case, result in results.items()
        if not {result["behavior"], result["behaviorClose"]} <= PASSED
    }
    assert not failed
    assert len(results) == CASES
