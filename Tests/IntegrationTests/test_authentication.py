"""Each way to show the router who we are, over each transport."""

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.peer import joined
from actors.router import SECRET, TICKET, Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

METHODS = {
    "anonymous": {"method": "anonymous"},
    "ticket": {"method": "ticket", "authid": "ticket-user", "ticket": TICKET},
    "wampcra": {"method": "wampcra", "authid": "plain-user", "secret": SECRET},
    "wampcra-salted": {"method": "wampcra", "authid": "salted-user", "secret": SECRET},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["rawsocket", "websocket", "unix"])
async def test_method(make_sidecar: SidecarMaker, router: Router, database: Database, kind: str, method: str) -> None:
    database.execute("create function public.one() returns integer language sql as 'select 1'")
    sidecar = make_sidecar(
        router.url(kind), database.url, procedures={"test.one": "public.one"},
        router={"url": router.url(kind), "realm": "realm1", "auth": METHODS[method]}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1
    assert await sidecar.stopped() == 0
    assert TICKET not in sidecar.text() and SECRET not in sidecar.text()


async def test_secrets_from_files_and_variables(make_sidecar: SidecarMaker, router: Router, database: Database,
                                                tmp_path: object) -> None:
    database.execute("create function public.one() returns integer language sql as 'select 1'")
    sidecar: Sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={"test.one": "public.one"},
        environment={"THE_TICKET": TICKET},
        router={"url": router.url("rawsocket"), "realm": "realm1",
                "auth": {"method": "ticket", "authid": "ticket-user", "ticket": "${THE_TICKET}"}})
    password = sidecar.folder / "password"
    password.write_text("sidecar-password\n")
    sidecar.configuration["database"] = {
        "url": database.url.replace(":sidecar-password", ""), "password_file": str(password)}
    sidecar.start()
    async with joined(router) as peer:
        assert (await peer.call("test.one")).value == 1


async def test_no_such_realm(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Can be a router that is still starting: said, and tried again."""
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url, procedures={},
        router={"url": router.url("rawsocket"), "realm": "realm2", "auth": {"method": "anonymous"}}).start(until=None)
    await until(lambda: sum("no_such_realm" in line for line in sidecar.lines) >= 2, "it says so, twice")
    assert sidecar.running
