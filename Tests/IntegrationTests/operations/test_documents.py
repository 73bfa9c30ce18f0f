"""The examples in the documents are files that the sidecar accepts; the log and the links match the documents."""

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
    for name in ("README.md", "docs/operations.md", "docs/from-crossbar.md")
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", (ROOT / name).read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_example(block: str, tmp_path: Path) -> None:
    missing = {name: section for name, section in BASE.items() if not re.search(f"^{name}:", block, re.MULTILINE)}
    file = tmp_path / "sidecar.yaml"
    file.write_text(block + (yaml.safe_dump(missing) if missing else ""))
    result = run("check", "--config", file, environment={"WAMP_TICKET": "x", "DATABASE_PASSWORD": "x"})
    assert result.returncode == 0, result.stderr


def test_the_log_is_told_whole() -> None:
    """The table has exactly the messages and keys of the log."""
    sources = [file.read_text() for file in sorted((ROOT / "Sources/Sidecar/Observations").glob("Journal*.swift"))]
    messages = set()
    for source in sources:
        for call in re.findall(r"(?:self\.log|LineLogHandler\.line)\((.*?)(?:metadata:|\)\n)", source, re.DOTALL):
            messages.update(re.findall(r'"([^"]*)"', call))
        messages.update(re.findall(r'self\.count\(\s*"[^"]*(?:\\\([^)]*\))?",\s*"([^"]*)"', source))
    keys = set(re.findall(r'static let \w+ = "(\w+)"', "".join(sources)))
    assert len(messages) > 60 and len(keys) > 30
    section = (ROOT / "docs/operations.md").read_text().split("## The log")[1].split("\n## ")[0]
    rows = re.findall(r"^\| [a-z, ]+ \| (.*?) \| (.*?) \|", section, re.MULTILINE)
    told = {message for row, _ in rows for message in re.findall("`([^`]*)`", row)}
    assert told == messages
    assert keys - {key for _, row in rows for key in re.findall("`([^`]*)`", row)} == set()


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda page: page.name)
def test_links(page: Path) -> None:
    for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        target = page.parent / link if link else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, anchor
