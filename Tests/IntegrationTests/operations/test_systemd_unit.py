"""deploy/systemd: systemd takes the unit, and would keep the service in narrow bounds."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from actors.sidecar import ROOT, binary

UNIT = ROOT / "deploy/systemd/wamp-sidecar.service"

#: "OK" in the words of systemd-analyze, which go up to 10 (unsafe).
MOST_EXPOSED = 1.6


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unit, with a program that is here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    file = tmp_path_factory.mktemp("unit") / UNIT.name
    file.write_text(UNIT.read_text().replace("/usr/bin/wamp-sidecar", str(binary())))
    return file


def analyze(*arguments: str | Path) -> str:
    result = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"})
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_systemd_takes_it(unit: Path) -> None:
    assert analyze("verify", "--man=no", unit) == ""


def test_exposure(unit: Path) -> None:
    level = re.search(r"Overall exposure level.*: (\S+)", analyze("security", "--offline=true", unit))
    assert level and float(level[1]) <= MOST_EXPOSED


def test_what_it_says() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(UNIT.read_text())
    service = parser["Service"]
    assert service["Type"] == "notify" and service["DynamicUser"] == "yes"
    # The codes that docs/operations.md gives a faulty command line and a faulty file.
    assert service["RestartPreventExitStatus"].split() == ["64", "78"]
    # A program that every Debian has.
    assert service["ExecReload"].startswith("/bin/sh -c ")
    assert service["ExecStart"] == "/usr/bin/wamp-sidecar run --config /etc/wamp-sidecar/sidecar.yaml"
    # The credentials of the folder have the names that the variable begins.
    identifier, folder = service["LoadCredential"].split(":")
    assert service["Environment"] == f"SECRETS=%d/{identifier}_"
    assert f'"${{SECRETS:-{folder}/}}' in (ROOT / "deploy/debian/sidecar.yaml").read_text()
    # The user that the package makes is the unit's.
    assert (ROOT / "deploy/debian/sysusers.conf").read_text().split()[1] == service["User"]
