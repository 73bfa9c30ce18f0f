"""Fixtures: one PostgreSQL server and one router for the whole run, a database and a sidecar for each test."""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from actors.cluster import Cluster, Database, running_cluster
from actors.debian import Debian
from actors.installation import InstalledDatabase, install
from actors.network import Network, NotPermittedError
from actors.router import REALM, TICKET, Router
from actors.servers import WHEELS, Choice
from actors.sidecar import Sidecar

HERE = Path(__file__).parent
numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", type=int, help="the server's major version; this machine's own without it")
    parser.addoption("--libpq", type=int, choices=sorted(WHEELS),
        help="the same for the libpq in the sidecar's process")


def pytest_configure(config: pytest.Config) -> None:
    Choice.server = config.getoption("--postgres")
    Choice.libpq = config.getoption("--libpq")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Shared by the tests that do it no harm."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def fresh_cluster() -> Iterator[Cluster]:
    """For the tests that look at roles, which belong to a whole cluster."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def mortal_cluster() -> Iterator[Cluster]:
    """For the tests that kill it."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def router() -> Iterator[Router]:
    """Shared by the tests that do it no harm."""
    router = Router()
    try:
        router.start()
        yield router
    finally:
        router.remove()


@pytest.fixture
def mortal_router() -> Iterator[Router]:
    """For the tests that kill it."""
    router = Router()
    try:
        router.start()
        yield router
    finally:
        router.remove()


@pytest.fixture
def debian() -> Iterator[Debian]:
    """A fresh machine, on which the commands of the documents are typed."""
    if not Debian.permitted():
        pytest.skip("no namespaces here, or not root")
    machine = Debian()
    yield machine
    machine.remove()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that every user may enter, and only the sidecar's may write in."""
    path = Path(tempfile.mkdtemp(prefix="wamp-sidecar-folder-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["rawsocket", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    """A test that uses it runs over both."""
    name: str = request.param
    return name


@pytest.fixture
def database(cluster: Cluster) -> Database:
    """An empty database."""
    return cluster.create_database(f"test{next(numbers)}")


@pytest.fixture
def installed(database: Database) -> InstalledDatabase:
    """A database with the SQL interface, installed by an administrator; its `url` is the sidecar's role."""
    return InstalledDatabase(install(database))


@pytest.fixture
def mortal_database(mortal_cluster: Cluster) -> InstalledDatabase:
    """The same in a cluster that may be killed."""
    return InstalledDatabase(install(mortal_cluster.create_database("mortal")))


def settings(router_url: str | list[str], database_url: str, **sections: Any) -> dict[str, Any]:
    """A configuration with complete sections `router` and `database`; the given sections are added or merged."""
    configuration: dict[str, Any] = {
        "router": {
            "url": router_url, "realm": REALM, "auth": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET},
        },
        "database": {"url": database_url},
    }
    for name, section in sections.items():
        if isinstance(section, dict):
            configuration[name] = configuration.get(name, {}) | section
        else:
            configuration[name] = section
    return configuration


SidecarMaker = Callable[..., Sidecar]


@pytest.fixture
def afterwards() -> Iterator[ExitStack]:
    """What is undone when the test's sidecars have ended: `afterwards.callback(database.drop_roles, "reader")`."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_sidecar(afterwards: ExitStack) -> Iterator[SidecarMaker]:
    """Makes sidecars that end with the test: `make_sidecar(router_url, database_url, procedures={...})`."""
    made: list[Sidecar] = []

    def make(router_url: str | list[str], database_url: str, environment: dict[str, str] | None = None,
             behind: Sequence[str] = (), **sections: Any) -> Sidecar:
        sidecar = Sidecar(settings(router_url, database_url, **sections), environment, behind)
        made.append(sidecar)
        return sidecar

    yield make
    for sidecar in made:
        sidecar.remove()


@pytest.fixture
def network() -> Iterator[Network]:
    """A network in which packets can vanish; skips the test if this user may not make one."""
    network = Network()
    try:
        network.make()
    except NotPermittedError as error:
        pytest.skip(f"no network namespaces here: {error}")
    yield network
    network.remove()


@pytest.fixture(scope="session")
def resolver_shim(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process whose resolver never answers for `never.invalid`."""
    library = tmp_path_factory.mktemp("shim") / "resolver.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "actors" / "shim.c", "-ldl"], check=True
    )
    return {"LD_PRELOAD": str(library)}
