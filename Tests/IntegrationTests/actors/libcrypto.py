"""A libcrypto other than the system's."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

from .sidecar import binary


def with_argon2id(folder: Path) -> dict[str, str]:
    """The environment in which the sidecar finds a libcrypto with Argon2id: the one in psycopg's wheel. The test is
    skipped if the wheel has none, or an old one."""
    module = importlib.util.find_spec("psycopg_binary")
    places = module.submodule_search_locations if module else None
    candidates = [
        library for place in places or [] for library in Path(place).parent.glob("psycopg_binary.libs/libcrypto-*.so.3")
        if b"ARGON2ID" in library.read_bytes()
    ]
    if not candidates:
        pytest.skip("there is no libcrypto with Argon2id")
    (folder / "libcrypto.so.3").symlink_to(candidates[0])
    environment = {"LD_LIBRARY_PATH": str(folder)}
    started = subprocess.run([binary(), "--version"], env=environment, capture_output=True, text=True)
    if started.returncode != 0:
        pytest.skip(f"that libcrypto does not run here: {started.stderr}")
    return environment
