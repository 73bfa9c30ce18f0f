"""What the binary is made of: no Foundation and no ICU, whose data alone takes 34 MB, and no larger than necessary."""

import re
import subprocess
from pathlib import Path

import pytest

from actors.deadline import until
from actors.installation import InstalledDatabase
from actors.router import Router
from actors.sidecar import binary
from conftest import SidecarMaker

#: MiB of the release binary, including Swift's standard library, without its symbols.
LARGEST = 26

#: MiB of resident memory when there is nothing to do.
AT_REST = 24

#: FoundationEssentials is not among them: swift-argument-parser needs it, and it does not bring ICU.
UNWANTED = re.compile(r"lib(Foundation|FoundationInternationalization|_FoundationICU|CoreFoundation|icu\w+)\.so")

#: What each of them leaves in a binary that links it: mangled names of types, and the name of ICU's data.
TRACES = [b"$s10Foundation", b"FoundationInternationalization", b"CFRuntime", b"icudt"]


@pytest.fixture(scope="module")
def program() -> Path:
    path = binary()
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            pytest.skip(f"{path} only starts the binary")
    return path


def libraries(program: Path) -> list[str]:
    """The shared libraries that it asks for directly."""
    listed = subprocess.run(
        ["readelf", "--dynamic", "--wide", program], capture_output=True, text=True, check=True, timeout=60).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", listed)


def test_libraries(program: Path) -> None:
    """Those of the system that README names, and neither Foundation nor ICU."""
    needed = libraries(program)
    for expected in ("libpq.so", "libssl.so", "libcrypto.so", "libyaml-0.so"):
        assert any(name.startswith(expected) for name in needed), needed
    assert not [name for name in needed if UNWANTED.match(name)]


def test_no_traces(program: Path) -> None:
    """Nor does it link them statically."""
    content = program.read_bytes()
    assert not [trace for trace in TRACES if trace in content]


@pytest.fixture(scope="module")
def whole(program: Path) -> Path:
    """A binary that includes Swift's standard library."""
    if any(name.startswith("libswift") for name in libraries(program)):
        pytest.skip("Swift's standard library is not in this binary")
    return program


def test_size(whole: Path, tmp_path: Path) -> None:
    """In its installed form: without its symbols."""
    stripped = tmp_path / "stripped"
    subprocess.run(["strip", "-o", stripped, whole], check=True, timeout=60)
    assert stripped.stat().st_size <= LARGEST << 20


@pytest.mark.parametrize("transport", ["rawsocket", "websocket"])
async def test_memory_at_rest(whole: Path, make_sidecar: SidecarMaker, router: Router, transport: str,
                              installed: InstalledDatabase) -> None:
    sidecar = make_sidecar(router.url(transport), installed.url, procedures={"test.one": {"sql": "select 1"}})
    await sidecar.started()
    await until(lambda: sidecar.resident() <= AT_REST << 20, f"at most {AT_REST} MiB are resident")
