"""Results that are large, and results that are too large."""

import pytest

from actors.cluster import Database
from actors.peer import joined
from actors.router import NARROW, Router
from actors.sidecar import Sidecar
from conftest import SidecarMaker

pytestmark = pytest.mark.libpq

MIB = 1024 * 1024

SCHEMA = """
create function public.big(octets integer) returns text language sql as $$ select repeat('x', octets) $$;
create function public.rows(count integer, width integer) returns table (n integer, filler text)
    language sql as $$ select g, repeat('x', width) from generate_series(1, count) g $$;
create function public.length_of(t text) returns integer language sql as 'select length(t)';
create function public.small() returns text language sql as $$ select 'small' $$;
"""
PROCEDURES = {
    "test.big": {"function": "public.big", "max_result_bytes": "12MiB"},
    "test.huge": {"function": "public.big", "max_result_bytes": "1GiB", "timeout": "20m"},
    "test.bounded": {"function": "public.big", "max_result_bytes": "1MiB"},
    "test.rows": {"function": "public.rows", "max_result_bytes": "12MiB"},
    "test.huge_rows": {"function": "public.rows", "timeout": "20m"},
    "test.few_rows": {"function": "public.rows", "max_rows": 100},
    "test.length_of": "public.length_of",
    "test.small": "public.small",
}


@pytest.fixture
def sidecar(make_sidecar: SidecarMaker, router: Router, transport: str, database: Database) -> Sidecar:
    database.execute(SCHEMA)
    return make_sidecar(router.url(transport), database.url, procedures=PROCEDURES).start()


async def test_megabytes(sidecar: Sidecar, router: Router) -> None:
    """Up to the router's limit, in both directions."""
    async with joined(router) as peer:
        for size in (1, 64 * 1024, MIB, 7 * MIB, 10 * MIB):
            assert len((await peer.call("test.big", size)).value) == size
            assert (await peer.call("test.length_of", "y" * size)).value == size
        rows = (await peer.call("test.rows", 5000, 1000)).value
        assert (len(rows), rows[4999]["n"], len(rows[4999]["filler"])) == (5000, 5000, 1000)


@pytest.mark.parametrize("procedure, args", [
    ("test.bounded", [2 * MIB]), ("test.huge", [20 * MIB]), ("test.huge_rows", [20_000, 1000]),
    ("test.few_rows", [101, 1]),
])
async def test_too_large(sidecar: Sidecar, router: Router, procedure: str, args: list[int]) -> None:
    """Beyond the mapping's or the router's limit: the call gets an error that says so, and all else continues."""
    async with joined(router) as peer:
        for _ in range(3):
            error = await peer.error(procedure, *args)
            assert error.error == "wamp.error.payload_size_exceeded"
            assert (await peer.call("test.small")).value == "small"
        if procedure == "test.few_rows":
            assert len((await peer.call(procedure, 100, 1)).value) == 100


@pytest.mark.once
@pytest.mark.parametrize("procedure, args", [("test.huge", [200 * MIB]), ("test.huge_rows", [200_000, 1000])])
async def test_two_hundred_megabytes(sidecar: Sidecar, router: Router, procedure: str, args: list[int]) -> None:
    """Refused; other calls are answered meanwhile; rows are never collected beyond the bound."""
    async with joined(router) as peer:
        call = peer.begin(procedure, *args)
        call.add_done_callback(lambda done: done.exception())
        highest = 0
        answered = 0
        while not call.done() and answered < 100_000:
            assert (await peer.call("test.small")).value == "small"
            answered += 1
            highest = max(highest, sidecar.resident())
        failure = call.exception()
        assert failure is not None and failure.error == "wamp.error.payload_size_exceeded"  # type: ignore
        assert answered > 0
        if procedure == "test.huge_rows":
            assert highest < 150 * MIB, f"{highest / MIB:.0f} MiB for rows that should be dropped"
        assert (await peer.call("test.small")).value == "small"


async def test_larger_than_a_narrow_router_takes(make_sidecar: SidecarMaker, router: Router,
                                                 database: Database) -> None:
    """The router announces its limit in its handshake."""
    database.execute(SCHEMA)
    make_sidecar(router.url("narrow"), database.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        assert len((await peer.call("test.big", NARROW // 2)).value) == NARROW // 2
        for size in (NARROW, NARROW + 1, MIB):
            error = await peer.error("test.big", size)
            assert error.error == "wamp.error.payload_size_exceeded"
        assert (await peer.call("test.small")).value == "small"
