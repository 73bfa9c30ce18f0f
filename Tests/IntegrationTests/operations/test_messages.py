"""All messages in one place: golden/messages has a file for each module, with every text of its sources that people
read (lines of the log, faults, errors, hints). `GOLDEN_UPDATE=1` writes them again."""

import os

import pytest

from actors.message_texts import messages
from actors.sidecar import ROOT
from conftest import HERE

SOURCES, GOLDEN = ROOT / "Sources", HERE / "golden/messages"
MODULES = sorted(folder.name for folder in SOURCES.iterdir() if any(folder.rglob("*.swift")))


@pytest.mark.parametrize("module", MODULES)
def test_messages(module: str) -> None:
    found = ""
    for file in sorted((SOURCES / module).rglob("*.swift")):
        if texts := list(messages(file)):
            found += "\n".join([file.name, *("  " + text for text in texts), ""])
    golden = GOLDEN / f"{module}.txt"
    if os.environ.get("GOLDEN_UPDATE"):
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text(), "a message has changed: read it, then run this test with GOLDEN_UPDATE=1"


def test_modules() -> None:
    assert MODULES == sorted(file.stem for file in GOLDEN.glob("*.txt"))
