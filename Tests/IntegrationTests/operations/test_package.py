"""The Debian package, as it is built: what is in it, and what dpkg will do with it. ./scripts/check-package installs
it."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from actors.sidecar import ROOT, binary, run

DEBIAN = ROOT / "deploy/debian"

# Where much else runs dpkg-shlibdeps takes minutes.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("dpkg-deb") is None or shutil.which("dpkg-shlibdeps") is None:
        pytest.skip("there are no tools for Debian packages here")
    dynamic = subprocess.run(["readelf", "--dynamic", binary()], capture_output=True, text=True).stdout
    if "NEEDED" not in dynamic or "libswift" in dynamic:
        pytest.skip("Swift's standard library is not in this binary")
    folder = tmp_path_factory.mktemp("package")
    result = subprocess.run(
        [ROOT / "scripts/package", "--fast", "--version", "1.2.3", folder], capture_output=True, text=True,
        timeout=1400, env=os.environ | {"WAMP_SIDECAR_BINARY": str(binary())})
    assert result.returncode == 0, result.stdout + result.stderr
    built, = folder.glob("*.deb")
    return built


@pytest.fixture(scope="module")
def tree(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files, with what is dpkg's in DEBIAN."""
    folder = tmp_path_factory.mktemp("tree")
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True, timeout=200)
    return folder


def test_control(package: Path) -> None:
    assert re.fullmatch(r"wamp-sidecar_1\.2\.3_[a-z0-9]+\.deb", package.name)
    fields = dict(line.split(": ", 1) for line in subprocess.run(
        ["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout.splitlines()
        if not line.startswith(" "))
    assert (fields["Package"], fields["Version"]) == ("wamp-sidecar", "1.2.3")
    assert int(fields["Installed-Size"]) > 10_000
    for library in ("libc6", "libpq5", "libyaml-0-2", "ca-certificates"):
        assert re.search(rf"(^|, ){library}( |,|$)", fields["Depends"]), fields["Depends"]
    assert "libssl3" in fields["Depends"] and "swift" not in fields["Depends"]


def test_files(package: Path, tree: Path) -> None:
    """All belong to root, and the secrets' folder is closed."""
    listed = subprocess.run(
        ["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout.splitlines()
    entries = {line.split()[5]: line.split()[:2] for line in listed}
    assert {owner for _, owner in entries.values()} == {"root/root"}
    assert entries["./etc/wamp-sidecar/secrets/"][0] == "drwx------"
    assert entries["./usr/bin/wamp-sidecar"][0] == "-rwxr-xr-x"
    assert entries["./etc/wamp-sidecar/sidecar.yaml"][0] == "-rw-r--r--"
    unit = tree / "usr/lib/systemd/system/wamp-sidecar.service"
    assert unit.read_text() == (ROOT / "deploy/systemd/wamp-sidecar.service").read_text()
    for file, words in {
        "usr/share/man/man1/wamp-sidecar.1.gz": b".TH WAMP",
        "usr/share/doc/wamp-sidecar/changelog.gz": b"# Changelog",
    }.items():
        assert gzip.decompress((tree / file).read_bytes()).startswith(words), file
    for shell, file in {
        "bash": "usr/share/bash-completion/completions/wamp-sidecar",
        "zsh": "usr/share/zsh/vendor-completions/_wamp-sidecar",
        "fish": "usr/share/fish/vendor_completions.d/wamp-sidecar.fish",
    }.items():
        assert (tree / file).read_text() == run("completions", shell).stdout
    for document in ("mapping.md", "sidecar.schema.json", "images/page-light.png"):
        assert (tree / "usr/share/doc/wamp-sidecar" / document).exists()


def test_the_program_is_stripped_and_runs(tree: Path) -> None:
    program = tree / "usr/bin/wamp-sidecar"
    sections = subprocess.run(["readelf", "--sections", "--wide", program], capture_output=True, text=True).stdout
    assert ".symtab" not in sections and ".dynsym" in sections
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert told == run("--version").stdout


def test_what_dpkg_knows(tree: Path) -> None:
    """The file is kept when a person has changed it, and each file's sum is right."""
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/wamp-sidecar/sidecar.yaml\n"
    for script in ("postinst", "prerm", "postrm"):
        assert (tree / "DEBIAN" / script).stat().st_mode & 0o777 == 0o755
        subprocess.run(["sh", "-n", tree / "DEBIAN" / script], check=True)
    checked = subprocess.run(["md5sum", "--check", "--strict", "--quiet", "DEBIAN/md5sums"], cwd=tree)
    assert checked.returncode == 0
    assert len((tree / "DEBIAN/md5sums").read_text().splitlines()) == sum(
        path.is_file() for path in tree.rglob("*") if "DEBIAN" not in path.parts)


def test_the_file_as_it_comes() -> None:
    """Nothing is set: a service that is started too early ends with the code after which systemd leaves it."""
    result = run("check", DEBIAN / "sidecar.yaml")
    assert result.returncode == 78


def test_the_file_with_all_that_it_offers(tmp_path: Path) -> None:
    text = (DEBIAN / "sidecar.yaml").read_text()
    offered = re.sub(r"^#(?=(?:  )*[a-z])", "", text, flags=re.MULTILINE)
    assert offered.count("\n#") < text.count("\n#")
    for name in ("ticket", "database"):
        (tmp_path / name).write_text("secret")
    (tmp_path / "sidecar.yaml").write_text(offered)
    result = run("check", tmp_path / "sidecar.yaml", environment={"SECRETS": f"{tmp_path}/"})
    assert (result.returncode, result.stderr) == (0, "")
