"""The examples in the documents are files that the sidecar takes."""

import re
from pathlib import Path

import pytest
import yaml

from actors.sidecar import ROOT, run

BASE = {
    "router": {"url": "ws://127.0.0.1:8080/ws", "realm": "realm1"},
    "database": {"url": "postgresql://sidecar@127.0.0.1/shop"},
}
BLOCKS = [
    pytest.param(block, id=f"{name}:{number}")
    for name in ("README.md", "docs/operations.md")
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", (ROOT / name).read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_example(block: str, tmp_path: Path) -> None:
    missing = {name: section for name, section in BASE.items() if not re.search(f"^{name}:", block, re.MULTILINE)}
    file = tmp_path / "sidecar.yaml"
    file.write_text(block + (yaml.safe_dump(missing) if missing else ""))
    result = run("check", "--config", file, environment={"WAMP_TICKET": "x"})
    assert result.returncode == 0, result.stderr
