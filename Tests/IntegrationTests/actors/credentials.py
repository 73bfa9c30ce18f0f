"""What routers know about users that log in, made as docs/mapping.md says."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2.low_level import Type, hash_secret_raw

from .sidecar import ROOT

MAPPING = ROOT / "docs" / "mapping.md"


def documented_commands(*beginnings: str) -> list[str]:
    """The commands of docs/mapping.md that begin with each of these."""
    lines = MAPPING.read_text().splitlines()
    found = [next((line for line in lines if line.startswith(beginning)), None) for beginning in beginnings]
    assert None not in found, f"docs/mapping.md has no command that begins with one of {beginnings}"
    return [line for line in found if line is not None]


@dataclass
class KeyPair:
    """An Ed25519 key in a file, and its public key in digits."""

    file: Path
    public: str

    @staticmethod
    def made(folder: Path, tool: str) -> "KeyPair":
        """With `openssl` (PEM) or `ssh-keygen` (OpenSSH's format)."""
        folder.mkdir()
        make, show = documented_commands(*{
            "openssl": ("openssl genpkey", "openssl pkey -in wamp_key -pubout"),
            "ssh-keygen": ("ssh-keygen -t ed25519", "awk"),
        }[tool])
        subprocess.run(make, shell=True, cwd=folder, check=True, capture_output=True)
        shown = subprocess.run(show, shell=True, cwd=folder, check=True, capture_output=True, text=True)
        assert len(shown.stdout) == 64, shown
        return KeyPair(folder / "wamp_key", shown.stdout)


def fingerprint(certificate: Path) -> str:
    """The fingerprint by which Crossbar.io knows a client certificate."""
    (command,) = documented_commands("openssl x509 -in sidecar.pem")
    shown = subprocess.run(command.replace("sidecar.pem", str(certificate)), shell=True, check=True,
                           capture_output=True, text=True)
    return shown.stdout.strip()


def pbkdf2_verifier(secret: str) -> dict[str, Any]:
    """What Crossbar.io stores for a SCRAM user, made by the script in docs/mapping.md."""
    script = next(block for block in MAPPING.read_text().split("```python\n")[1:] if "getpass" in block).split("```")[0]
    made = subprocess.run([sys.executable, "-W", "ignore", "-c", script], input=secret + "\n", text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    verifier: dict[str, Any] = json.loads(made.stdout[made.stdout.index("{"):])
    return verifier


def argon2id_verifier(secret: str) -> dict[str, Any]:
    """The same with Argon2id, in Crossbar.io's dialect."""

    salt, iterations, memory = os.urandom(16), 16, 512
    raw = hash_secret_raw(secret.encode(), salt, iterations, memory, 1, 32, Type.ID, 0x13)
    salted = base64.b64encode(raw).rstrip(b"=")
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return {
        "kdf": "argon2id-13", "iterations": iterations, "memory": memory, "salt": salt.hex(),
        "stored-key": hashlib.sha256(client_key).hexdigest(),
        "server-key": hmac.digest(salted, b"Server Key", "sha256").hex(),
    }
