"""A new Debian machine: a separate network, PostgreSQL in Debian's setup, a user with sudo.

The commands of the documents are typed there unchanged, with the ports that they name. In the namespaces of the process
it is a separate machine; the programs are this machine's. Only the package index is simulated: there is no network, so
`pip install crossbar` finds a package that starts the Crossbar.io of this environment.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from .cluster import server_programs
from .sidecar import ROOT, binary

SUDO = """#!/bin/sh
# sudo -u USER COMMAND..: of the environment nothing is left, as with sudo.
[ "$1" = -u ] || exit 64
user=$2
shift 2
exec env -i PATH="$PATH" LANG=C.UTF-8 setpriv --reuid="$user" --regid="$user" --init-groups "$@"
"""

#: Runs in the namespaces, as root. Debian's package sets a cluster up with peer for Unix sockets and scram for TCP.
MACHINE = """
set -euo pipefail
ip link set lo up
mount -t tmpfs tmpfs /run
install -d -o postgres -g postgres -m 2775 /run/postgresql
cd /
sudo -u postgres {programs}/initdb --pgdata {data} --encoding UTF8 --locale C --no-sync \\
    --auth-local peer --auth-host scram-sha-256
sudo -u postgres {programs}/pg_ctl --pgdata {data} --log {data}/log --wait --silent \\
    --options "-c listen_addresses=localhost -c unix_socket_directories=/run/postgresql -c fsync=off" start
"""


class Debian:
    """The machine. The project's folder is `project`, in a home folder that only its user can enter."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-debian-"))
        self.folder.chmod(0o711)
        self.home = self.folder / "home"
        self.home.mkdir(mode=0o700)
        self.project = self.home / "wamp-sidecar"
        self.project.mkdir()
        shutil.copytree(ROOT / "examples", self.project / "examples")
        shutil.copy(ROOT / "sidecar.yaml.example", self.project)
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        (self.programs / "sudo").write_text(SUDO)
        (self.programs / "sudo").chmod(0o755)
        shutil.copy(binary(), self.programs / "wamp-sidecar")
        self.cluster = self.folder / "cluster"
        self.cluster.mkdir()
        shutil.chown(self.cluster, "postgres", "postgres")
        self.packages = self.folder / "packages"
        self.packages.mkdir()
        self._package("crossbar")

    @staticmethod
    def permitted() -> bool:
        """Whether this user may make such a machine."""
        if os.geteuid() != 0:
            return False
        return subprocess.run(["unshare", "--net", "--pid", "--fork", "--mount", "true"], capture_output=True,
            check=False).returncode == 0

    def _package(self, name: str) -> None:
        """A wheel whose program of that name is the one of this environment."""
        release = version(name)
        information = f"{name}-{release}.dist-info"
        with zipfile.ZipFile(self.packages / f"{name}-{release}-py3-none-any.whl", "w") as wheel:
            program = str(Path(sys.executable).parent / name)
            wheel.writestr(f"{name}_package.py",
                f"import os, sys\ndef main():\n    os.execv({program!r}, [{program!r}, *sys.argv[1:]])\n")
            # Its dependencies, above all autobahn, are there as well.
            wheel.writestr(f"{name}_package.pth", sysconfig.get_path("purelib") + "\n")
            wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n")
            wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{information}/entry_points.txt", f"[console_scripts]\n{name} = {name}_package:main\n")
            wheel.writestr(f"{information}/RECORD", "")

    def type(self, script: str, seconds: float = 240) -> str:
        """Types the script, in the project's folder, with bash; returns the output. Each line of it has to succeed."""
        machine = MACHINE.format(programs=server_programs(), data=self.cluster / "data")
        (self.folder / "machine.sh").write_text(machine)
        (self.folder / "script.sh").write_text(script)
        environment = {
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.home),
            "USER": "root", "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.packages), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        output = self.folder / "output"
        command = (f". {self.folder}/machine.sh >{self.folder}/machine.log 2>&1 "
                   f"&& cd {self.project} && . {self.folder}/script.sh")
        with output.open("wb") as file:
            try:
                status = subprocess.run(
                    ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "bash",
                        "-c", command],
                    env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=seconds,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                status = -1
        text = output.read_text(errors="replace")
        assert status == 0, f"status {status}; it printed:\n{text[-4000:]}\n{self.logs()}"
        return text

    def logs(self) -> str:
        """What router, sidecar and the machine itself have logged."""
        files = [self.folder / "machine.log", *sorted(self.project.glob("*.log"))]
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-3000:]}"
            for file in files if file.exists())

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
