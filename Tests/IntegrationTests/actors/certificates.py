"""Certificates made on demand, by scripts/lib/certificates.sh."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .sidecar import ROOT


class Certificates:
    """A folder of certificates. `NAME.pem` is a certificate, followed by those up to the authority, `NAME.key` its
    key."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-tls-"))
        # The servers run as other users.
        self.folder.chmod(0o755)
        subprocess.run(["bash", ROOT / "scripts/lib/certificates.sh", self.folder], check=True, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def authority(self) -> str:
        """The authority of all valid ones."""
        return self.path("ca.pem")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
