"""A throw-away PostgreSQL server: real, in a temporary folder, on a free port of the loopback address."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from .deadline import free_port, wait_until
from .servers import Choice, owner, server_programs

ADMIN_PASSWORD = "admin-password"
SIDECAR_PASSWORD = "sidecar-password"

SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
max_prepared_transactions = 4
shared_buffers = 64MB
log_statement = none
logging_collector = off
"""


class Cluster:
    """One PostgreSQL server, of the major version that this run of the tests uses. If root runs the tests, user
    `postgres` runs the server.

    In a network namespace sidecars reach it at its address there, and the test through its Unix socket.
    """

    def __init__(self, namespace: str | None = None, address: str = "127.0.0.1", version: int | None = None) -> None:
        self.namespace = namespace
        self.address = address
        self.programs = server_programs(version or Choice.server)
        self.owner = owner()
        self.folder = Path(tempfile.mkdtemp(prefix="wamp-sidecar-pg-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        if self.owner:
            account = pwd.getpwnam(self.owner)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        password_file = self.folder / "password"
        password_file.write_text(ADMIN_PASSWORD)
        password_file.chmod(0o644)
        subprocess.run(
            [
                self.programs / "initdb", "--pgdata", self.data, "--username", "postgres", "--pwfile", password_file,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            check=True, capture_output=True, **self._identity(),
        )
        self._configure()
        if namespace:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all all scram-sha-256\n")

    def copied(self) -> "Cluster":
        """A standby made from this server's files, on another port. Only while this server is stopped."""
        copy = Cluster()
        shutil.rmtree(copy.data)
        subprocess.run(["cp", "-a", self.data, copy.data], check=True)
        copy._configure()
        signal_file = copy.data / "standby.signal"
        signal_file.touch()
        signal_file.chmod(0o644)
        return copy

    def _configure(self) -> None:
        socket_folder = self.folder if self.namespace else ""
        (self.data / "postgresql.auto.conf").write_text(
            f"listen_addresses = '{self.address}'\nunix_socket_directories = '{socket_folder}'\n"
            f"port = {self.port}\n{SETTINGS}")

    def _identity(self) -> dict[str, Any]:
        if not self.owner:
            return {}
        # dblink's libpq looks for certificates in the home folder.
        environment = dict(os.environ, HOME=pwd.getpwnam(self.owner).pw_dir)
        return {"user": self.owner, "group": self.owner, "extra_groups": [], "cwd": "/", "env": environment}

    def _behind(self) -> list[str]:
        """The prefix of the server's command in a namespace, which only root can enter."""
        if self.namespace is None:
            return []
        identity = ["setpriv", f"--reuid={self.owner}", f"--regid={self.owner}", "--clear-groups"] if self.owner else []
        return ["ip", "netns", "exec", self.namespace, *identity]

    # -- life

    def start(self) -> None:
        """Starts the server and waits until it accepts connections."""
        assert self.process is None

        def alive() -> bool:
            if self.process is None or self.process.poll() is not None:
                # After kill -9 the old backends can hold the shared memory for a moment: then it is tried again.
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                with (self.folder / "log").open("ab") as log:
                    self.process = subprocess.Popen(
                        [*self._behind(), self.programs / "postgres", "-D", self.data],
                        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                        **({"cwd": "/"} if self.namespace else self._identity()),
                    )
            try:
                self.connect("postgres").close()
                return True
            except psycopg.OperationalError:
                return False

        wait_until(alive, "PostgreSQL is up", 60)

    def processes(self) -> list[int]:
        """The postmaster and its children."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid] + [int(child) for child in children]

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """kill -9 of all its processes, as in a power failure."""
        assert self.process is not None
        self._signal_all(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """Fast shutdown: sessions get 57P01."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def pause(self) -> None:
        """Stops every process: the server is there and does not respond."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def remove(self) -> None:
        if self.process is not None:
            self.resume()
        self.stop()
        # Hundreds of databases are a hundred thousand files; no test has to wait for their removal.
        subprocess.run(["sh", "-c", 'rm -rf -- "$0" &', self.folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, start_new_session=True, check=True)

    # -- use

    def url(self, database: str, port: int | None = None, password: str | None = SIDECAR_PASSWORD) -> str:
        """The URL that the sidecar uses."""
        secret = f":{password}" if password else ""
        return f"postgresql://sidecar{secret}@{self.address}:{port or self.port}/{database}"

    def connect(self, database: str, **options: Any) -> psycopg.Connection[Any]:
        """A superuser's connection in autocommit mode."""
        return psycopg.connect(
            host=str(self.folder) if self.namespace else "127.0.0.1", port=self.port, user="postgres",
            password=ADMIN_PASSWORD, dbname=database,
            autocommit=True, connect_timeout=60, **options,
        )

    def create_database(self, name: str, *scripts: str) -> "Database":
        """An empty database owned by the role `sidecar`, with these SQL scripts run in it by a superuser."""
        with self.connect("postgres") as admin:
            admin.execute(
                "do $$ begin if to_regrole('sidecar') is null then "
                f"create role sidecar login password '{SIDECAR_PASSWORD}'; end if; end $$"
            )
            admin.execute(f'drop database if exists "{name}" with (force)')
            admin.execute(f'create database "{name}" owner sidecar')
        database = Database(self, name)
        for script in scripts:
            database.execute(script)
        return database


class Database:
    """One database of a cluster, seen by its administrator."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name

    @property
    def url(self) -> str:
        return self.cluster.url(self.name)

    def connect(self) -> psycopg.Connection[Any]:
        return self.cluster.connect(self.name)

    def execute(self, script: str) -> None:
        """Runs a script of any number of statements."""
        with self.connect() as connection:
            connection.execute(script)  # type: ignore[arg-type]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def drop_roles(self, *roles: str) -> None:
        """Drops them with all that they own here. Waits until nobody else is in the database: a backend whose sidecar
        was killed finishes its statement first, and may hold what is dropped."""
        others = ("select count(*) from pg_stat_activity "
                  "where datname = %s and backend_type = 'client backend' and pid <> pg_backend_pid()")
        wait_until(lambda: self.value(others, self.name) == 0, "nobody else is in the database")
        names = ", ".join(roles)
        self.execute(f"drop owned by {names} cascade; drop role {names}")

    def sessions(self) -> list[tuple[str, str, str]]:
        """(application_name, state, query) of the sidecar's sessions."""
        return self.rows(
            "select application_name, coalesce(state, ''), coalesce(query, '') from pg_stat_activity "
            "where datname = %s and usename = 'sidecar' order by 1",
            self.name,
        )


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster that runs as long as it is used."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
