"""What the sidecar reports to systemd, or to whatever started it in systemd's place."""

import asyncio
import signal
import uuid
from pathlib import Path

import pytest

from actors.cluster import Database
from actors.deadline import free_port
from actors.router import Router
from actors.service_manager import ServiceManager
from conftest import SidecarMaker


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@wamp-sidecar-{uuid.uuid4()}"


async def test_from_start_to_end(make_sidecar: SidecarMaker, router: Router, database: Database, address: str) -> None:
    with ServiceManager(address) as manager:
        sidecar = make_sidecar(router.url("rawsocket"), database.url, environment=manager.environment(watchdog=200_000))
        await sidecar.started()
        assert await asyncio.to_thread(manager.report) == ["READY=1", "STATUS=starting"]
        told = await asyncio.to_thread(manager.reports, "STATUS=ready")
        assert "READY=1" not in told
        # Signs of life come on and on, whether or not there is anything else to report.
        signs = 0
        while signs < 5:
            signs += (await asyncio.to_thread(manager.report)).count("WATCHDOG=1")
        assert await sidecar.stopped() == 0
        told = await asyncio.to_thread(manager.reports, "STATUS=stopping")
        assert told == ["STOPPING=1", "STATUS=stopping"]


def test_a_side_that_is_down_does_not_fail_the_service(make_sidecar: SidecarMaker, database: Database,
                                                      tmp_path: Path) -> None:
    with ServiceManager(str(tmp_path / "notify")) as manager:
        sidecar = make_sidecar(f"rs://127.0.0.1:{free_port()}", database.url, environment=manager.environment())
        sidecar.start(until="router not available")
        assert manager.report() == ["READY=1", "STATUS=starting"]
        assert "STATUS=no session with the router" in manager.reports("STATUS=no session with the router")


async def test_outages_are_the_status(make_sidecar: SidecarMaker, mortal_router: Router, database: Database,
                                      tmp_path: Path) -> None:
    with ServiceManager(str(tmp_path / "notify")) as manager:
        sidecar = make_sidecar(
            mortal_router.url("rawsocket"), database.url, environment=manager.environment())
        await sidecar.started()
        await asyncio.to_thread(manager.reports, "STATUS=ready")
        mortal_router.stop()
        await asyncio.to_thread(manager.reports, "STATUS=no session with the router")


async def test_new_sessions_after_a_reload(make_sidecar: SidecarMaker, router: Router, database: Database,
                                           tmp_path: Path) -> None:
    """The sessions end as at a stop, and the service does not stop."""
    with ServiceManager(str(tmp_path / "notify")) as manager:
        sidecar = make_sidecar(router.url("rawsocket"), database.url, environment=manager.environment())
        await sidecar.started()
        await asyncio.to_thread(manager.reports, "STATUS=ready")
        sidecar.configuration["router"]["serializers"] = ["cbor"]
        sidecar.write()
        sidecar.send(signal.SIGHUP)
        told = await asyncio.to_thread(manager.reports, "STATUS=ready")
        assert len(sidecar.entries("router joined")) == 2, "there are new sessions"
        assert not [line for line in told if "STOPPING" in line or "stop" in line], told


def test_a_faulty_file_is_never_ready(make_sidecar: SidecarMaker, router: Router, database: Database,
                                      tmp_path: Path) -> None:
    with ServiceManager(str(tmp_path / "notify")) as manager:
        sidecar = make_sidecar(router.url("rawsocket"), database.url, nonsense={}, environment=manager.environment())
        sidecar.start(until=None)
        assert sidecar.wait() == 78
        with pytest.raises(BlockingIOError):
            manager.report(seconds=0)


async def test_a_manager_that_is_not_there(make_sidecar: SidecarMaker, router: Router, database: Database,
                                           tmp_path: Path) -> None:
    """The sidecar works, logs it once, and reports as soon as it can."""
    address = str(tmp_path / "notify")
    sidecar = await make_sidecar(
        router.url("rawsocket"), database.url, environment={"NOTIFY_SOCKET": address}).started()
    assert "No such file" in sidecar.wait_for("service manager not available")["reason"]
    with ServiceManager(address) as manager:
        assert await asyncio.to_thread(manager.report) == ["READY=1", "STATUS=ready"]
    assert len(sidecar.entries("service manager not available")) == 1


async def test_an_impossible_address(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = await make_sidecar(
        router.url("rawsocket"), database.url, environment={"NOTIFY_SOCKET": "notify"}).started()
    assert "NOTIFY_SOCKET is neither" in sidecar.wait_for("service manager not available")["reason"]
