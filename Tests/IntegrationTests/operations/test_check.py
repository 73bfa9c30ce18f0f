"""`check` of what is right in the file, and wrong on the machine: copied databases, and the environment."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from actors.cluster import Cluster, Database
from actors.deadline import free_port
from actors.installation import Installation, InstalledDatabase, make_role, role_url
from actors.router import Router
from actors.servers import owner
from actors.sidecar import binary, clean_environment, run
from conftest import SidecarMaker, settings

FAILED = 1


# -- copies


def checked(make_sidecar: SidecarMaker, router: Router, url: str,
            schema: str = "wamp") -> subprocess.CompletedProcess[str]:
    sidecar = make_sidecar(router.url("rawsocket"), url, database={"url": url, "schema": schema})
    sidecar.write()
    return run("check", "--config", sidecar.file, "--connect")


def restored(source: Database, cluster: Cluster, name: str, *options: str) -> Database:
    """The database, copied with pg_dump and psql into another one, or into another cluster."""
    with cluster.connect("postgres") as admin:
        admin.execute(f'create database "{name}"')

    def program(command: str, server: Cluster, *arguments: str, text: bytes = b"") -> bytes:
        result = subprocess.run(
            [server.programs / command, "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", *arguments],
            input=text, capture_output=True, check=True, timeout=60,
            env=clean_environment() | {"PGPASSWORD": "admin-password"})
        return result.stdout

    dump = program("pg_dump", source.cluster, *options, source.name)
    program("psql", cluster, "-X", "-q", "-d", name, text=dump)
    return Database(cluster, name)


def is_told(result: subprocess.CompletedProcess[str], schema: str = "wamp") -> None:
    fault, = [line for line in result.stderr.splitlines() if not line.startswith(("note: ", "warning: "))]
    assert result.returncode == FAILED and ": SQL interface: this database is a copy of the one" in fault, result.stderr
    assert f"wamp-sidecar install --admin-url .. --schema {schema} --adopt makes it an original" in fault


def test_copy_in_the_same_cluster(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase) -> None:
    assert checked(make_sidecar, router, installed.url).returncode == 0
    with installed.cluster.connect("postgres") as admin:
        admin.execute(f'create database "{installed.name}_template" template "{installed.name}"')
    template = Installation(Database(installed.cluster, f"{installed.name}_template"))
    dumped = Installation(restored(installed, installed.cluster, f"{installed.name}_dumped"))
    for copy in (template, dumped):
        is_told(checked(make_sidecar, router, copy.url))
    # The command that it advises works; the original stays unchanged.
    template.install("--adopt")
    assert checked(make_sidecar, router, template.url).returncode == 0
    assert checked(make_sidecar, router, installed.url).returncode == 0


def test_copy_of_the_same_name_in_another_cluster(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase, mortal_cluster: Cluster,
) -> None:
    """Like a restore of production into a test system: the same roles, the same name, another server."""
    for role in ("wamp", "sidecar"):
        make_role(Database(mortal_cluster, "postgres"), role)
    guest = installed.installation.guest
    Database(mortal_cluster, "postgres").execute(f"create role wamp_owner; create role {guest}")
    copy = Installation(restored(installed, mortal_cluster, installed.name))
    is_told(checked(make_sidecar, router, copy.url))
    copy.install("--adopt")
    assert checked(make_sidecar, router, copy.url).returncode == 0


def test_copy_without_owners_and_rights(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase, mortal_cluster: Cluster,
) -> None:
    """`pg_dump --no-owner --no-acl`: the schema belongs to the restoring role, and no question is asked."""
    make_role(Database(mortal_cluster, "postgres"), "wamp")
    copy = Installation(restored(installed, mortal_cluster, installed.name, "--no-owner", "--no-acl"))
    result = checked(make_sidecar, router, copy.url)
    assert "the role wamp has no rights in schema wamp; wamp-sidecar install" in result.stderr, result.stderr


def test_copy_with_one_role(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """If the sidecar's own role owns the schema, and would install the interface itself."""
    role = make_role(database, "crossbar")
    database.execute(f"create schema crossbar authorization {role}")
    sidecar = make_sidecar(router.url("rawsocket"), role_url(database, role),
                           database={"url": role_url(database, role), "schema": "crossbar"}).start()
    assert sidecar.stop() == 0
    assert checked(make_sidecar, router, role_url(database, role), "crossbar").returncode == 0
    copy = restored(database, database.cluster, f"{database.name}_copy")
    is_told(checked(make_sidecar, router, role_url(copy, role), "crossbar"), "crossbar")


# -- the environment


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can read."""
    with tempfile.TemporaryDirectory(prefix="wamp-sidecar-check-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_nobody_special(*arguments: str | Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As a user who may not read everything: root may."""
    user = owner()
    behind = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return subprocess.run(
        [*behind, binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        env=clean_environment() | environment)


@pytest.mark.parametrize("url, warned", [
    ("postgresql://wamp@db.example.com/app", "root.crt and postgresql.crt"),
    ("postgresql://wamp@db.example.com/app?sslmode=verify-full&sslcert=/etc/wamp/db.crt", "root.crt,"),
    ("postgresql://wamp@db.example.com/app?sslmode=disable", None),
    ("postgresql:///app?host=/run/postgresql", None),
])
def test_home_of_another_user(folder: Path, url: str, warned: str | None) -> None:
    """libpq does not find its files there, and reports nothing: `check` warns."""
    home = folder / "other"
    (home / ".postgresql").mkdir(parents=True)
    home.chmod(0o000)
    file = folder / "sidecar.yaml"
    file.write_text(yaml.safe_dump(settings(f"rs://127.0.0.1:{free_port()}", url)))
    own = pwd.getpwnam(owner() or pwd.getpwuid(os.geteuid()).pw_name).pw_dir
    try:
        result = as_nobody_special("check", file, environment={"HOME": str(home)})
        assert result.returncode == 0 and "no faults" in result.stdout, result.stderr
        if warned is None:
            assert result.stderr == ""
        else:
            warning, = result.stderr.splitlines()
            assert warning.startswith(f"warning: {file}:") and f"HOME is {home}" in warning and warned in warning
            assert f"set HOME to {own}" in warning
        assert as_nobody_special("check", file, environment={"HOME": own}).stderr == ""
    finally:
        home.chmod(0o755)
