"""The manual page and the shells' completions, which are made from the commands themselves."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from actors.sidecar import ROOT, binary, run


def manual() -> str:
    return subprocess.run(
        [sys.executable, ROOT / "scripts/lib/manual.py", binary()], capture_output=True, text=True, check=True,
        timeout=100).stdout


def test_the_page(tmp_path: Path) -> None:
    """It names each command and option, is the same each time, and roff finds nothing odd in it."""
    page = manual()
    assert page == manual()
    plain = page.replace("\\-", "-")
    for words in ('.SS "run"', '.SS "dead-letter retry"', "--role-password-file <role-password-file>", "--retained",
                  "wamp-sidecar call com.example.add2 --timeout 2s -- -2 3", '.SS "completions"'):
        assert words in plain, words
    # Both ways to write it have a line each.
    assert ".B wamp-sidecar dead-letter retry [<options>] <ids> ...\n.br\n" in plain
    if shutil.which("man") is None:
        pytest.skip("there is no man here")
    file = tmp_path / "wamp-sidecar.1"
    file.write_text(page)
    shown = subprocess.run(
        ["man", "--warnings", "--local-file", file], capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"})
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\n   dead-letter retry\n" in shown.stdout
    # Lines are justified.
    assert "--json Print an error as a line" in " ".join(shown.stdout.split())


SCRIPT = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_wamp-sidecar wamp-sidecar "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("words, expected", [
    (["che"], ["check"]),
    (["dead-letter", "re"], ["retry"]),
    (["run", "--con"], ["--config"]),
    (["run", "--config", "side"], ["sidecar.yaml"]),
    (["dead-letter", "list", "--kind", ""], ["publish", "event"]),
    (["completions", ""], ["bash", "zsh", "fish"]),
])
def test_bash(words: list[str], expected: list[str], tmp_path: Path) -> None:
    script = tmp_path / "completions"
    script.write_text(run("completions", "bash").stdout)
    (tmp_path / "sidecar.yaml").touch()
    (tmp_path / "side.txt").touch()
    result = subprocess.run(
        ["bash", "-c", SCRIPT, "bash", script, "wamp-sidecar", *words], capture_output=True, text=True, cwd=tmp_path,
        timeout=60)
    assert result.stderr == ""
    assert result.stdout.split() == expected


@pytest.mark.parametrize("shell, words", [
    ("bash", "complete -o filenames -F _wamp-sidecar wamp-sidecar"), ("zsh", "#compdef wamp-sidecar"),
    ("fish", "complete -c 'wamp-sidecar'"),
])
def test_shells(shell: str, words: str, tmp_path: Path) -> None:
    result = run("completions", shell)
    assert (result.returncode, result.stderr) == (0, "")
    assert words in result.stdout
    script = tmp_path / "script"
    script.write_text(result.stdout)
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    checked = subprocess.run([shell, "-n", script], capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_another_shell() -> None:
    result = run("completions", "tcsh")
    assert result.returncode == 64 and "bash" in result.stderr
