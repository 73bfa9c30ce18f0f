"""The SQL interface in a database, installed with the real binary in an administrator's way: with two roles."""

import subprocess
from collections.abc import Sequence
from typing import Any

import psycopg

from .cluster import ADMIN_PASSWORD, Database
from .deadline import wait_until
from .sidecar import run

#: The password of every role that is made here.
ROLE_PASSWORD = "role-password"


def admin_url(database: Database) -> str:
    """`--admin-url` for the cluster's superuser."""
    return f"postgresql://postgres:{ADMIN_PASSWORD}@127.0.0.1:{database.cluster.port}/{database.name}"


def role_url(database: Database, role: str) -> str:
    """The URL for a role that was made here."""
    return f"postgresql://{role}:{ROLE_PASSWORD}@127.0.0.1:{database.cluster.port}/{database.name}"


def make_role(database: Database, role: str, options: str = "") -> str:
    """A login role, unless it exists already: roles belong to the whole cluster."""
    database.execute(
        f"do $$ begin if to_regrole('{role}') is null then "
        f"create role {role} login password '{ROLE_PASSWORD}' {options}; end if; end $$"
    )
    return role


def connect_as(database: Database, role: str, **options: Any) -> psycopg.Connection[Any]:
    """A session of that role, in autocommit mode."""
    return psycopg.connect(role_url(database, role), autocommit=True, connect_timeout=60, **options)


class Installation:
    """The interface of one schema of one database."""

    def __init__(self, database: Database, schema: str = "wamp", role: str = "wamp") -> None:
        self.database = database
        self.schema = schema
        self.role = role

    @property
    def url(self) -> str:
        """The URL that the sidecar uses."""
        return role_url(self.database, self.role)

    @property
    def guest(self) -> str:
        """The role that runs what low roles registered."""
        name: str = self.database.value(f"select {self.schema}.guest_role()")
        return name

    def connect(self) -> psycopg.Connection[Any]:
        """A session of the sidecar's role."""
        return connect_as(self.database, self.role)

    def connect_as_leader(self, application: str = "test") -> psycopg.Connection[Any]:
        """The same, with the lease, which the relay's functions require."""
        session = self.connect()
        take = f"select taken from {self.schema}.leader_take(gen_random_uuid(), %s)"
        # The server may still be ending the session that had the lease before.
        wait_until(lambda: session.execute(take, [application]).fetchone() == (True,),
            "the lease is free", 60)  # type: ignore
        return session

    def command(self, name: str, *arguments: str, admin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `wamp-sidecar install` or `uninstall` to its end, whatever the result."""
        return run(
            name, "--admin-url", admin or admin_url(self.database), "--schema", self.schema, *arguments,
            environment={"WAMP_ROLE_PASSWORD": ROLE_PASSWORD} if name == "install" else None, timeout=120,
        )

    def install(self, *arguments: str, grant_to: Sequence[str] = (), register_to: Sequence[str] = ()) -> "Installation":
        """Installs, upgrades or changes rights. It has to succeed."""
        grants = [word for role in grant_to for word in ("--grant-to", role)]
        grants += [word for role in register_to for word in ("--register-to", role)]
        result = self.command("install", "--role", self.role, *grants, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return self


def install(database: Database, *arguments: str, schema: str = "wamp", role: str = "wamp",
            grant_to: Sequence[str] = (), register_to: Sequence[str] = ()) -> Installation:
    """The interface in a database. Missing roles of `grant_to` and `register_to` are made as login roles."""
    for name in (*grant_to, *register_to):
        if name.upper() != "PUBLIC":
            make_role(database, name)
    return Installation(database, schema, role).install(*arguments, grant_to=grant_to, register_to=register_to)


class InstalledDatabase(Database):
    """A database with the interface, seen by its administrator; the sidecar connects to `url`."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation.database.cluster, installation.database.name)
        self.installation = installation

    @property
    def url(self) -> str:
        return self.installation.url
