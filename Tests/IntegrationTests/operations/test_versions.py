"""A run of the tests with `--postgres` or `--libpq` uses the versions that these name."""

from pathlib import Path

import pytest

from actors.cluster import Cluster
from actors.router import Router
from actors.servers import Choice, library_environment
from conftest import SidecarMaker

pytestmark = [pytest.mark.servers, pytest.mark.libpq]


def test_server(cluster: Cluster) -> None:
    with cluster.connect("postgres") as session:
        number = session.execute("select current_setting('server_version_num')::int").fetchone()
    assert number is not None
    assert number[0] // 10_000 >= 14
    assert Choice.server is None or number[0] // 10_000 == Choice.server


def test_library(make_sidecar: SidecarMaker, router: Router, cluster: Cluster) -> None:
    """The process of the sidecar has only that libpq."""
    database = cluster.create_database("library")
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures={"test.one": {"sql": "select 1"}}).start()
    lines = Path(f"/proc/{sidecar.pid}/maps").read_text().splitlines()
    libraries = {Path(line.split()[-1]).resolve() for line in lines if "/libpq" in line}
    assert len(libraries) == 1
    folder = library_environment().get("LD_LIBRARY_PATH")
    if folder is not None:
        library = (Path(folder) / "libpq.so.5").resolve()
        assert libraries == {library}
        # It has the functions that the sidecar looks for.
        assert b"PQsendPipelineSync" in library.read_bytes()
