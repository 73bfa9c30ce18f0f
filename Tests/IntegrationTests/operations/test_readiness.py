"""`ready` is logged when everything that the file asks for works; else `running with faults`, and each fault in a
line."""

import asyncio
from collections.abc import Callable

import pytest

from actors.cluster import Database
from actors.deadline import free_port, until
from actors.installation import InstalledDatabase
from actors.router import Router
from actors.sidecar import FAULT, FAULTY, READY, Sidecar
from conftest import SidecarMaker


def told(sidecar: Sidecar) -> list[str]:
    """What was logged about readiness, in order; faults by their names."""
    return [entry["name"] if entry["message"] == FAULT else entry["message"] for entry in sidecar.entries()
            if entry["message"] in (READY, FAULTY, FAULT, "not ready")]


async def test_what_does_not_work_is_named(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Mappings of each kind, with their reasons; as they are repaired one after another, only what is new is logged,
    and `ready` at the end."""
    database.execute("create function public.here(n integer) returns integer language sql as 'select n';"
                     "create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url,
        procedures={"test.here": "public.here", "test.gone": "public.gone",
            "test.table": {"sql": "select n from public.no_table"}},
        subscriptions={"test.event": "public.take", "test.other": "public.no_taker"},
        notifications={"asked": {"call": "test.here", "result": "public.no_result"}, "fine": {"publish": "test.fine"}})
    await sidecar.started(until=FAULTY)
    assert sidecar.wait_for(FAULTY)["faults"] == 4
    for name, words in (("procedure 'test.gone'", "public.gone"), ("procedure 'test.table'", "no_table"),
                        ("subscription 'test.other'", "public.no_taker"), ("channel 'asked'", "public.no_result")):
        sidecar.wait_for_fault(name, words)
    entry = sidecar.wait_for("function for results can't be called")
    assert (entry["channel"], entry["function"]) == ("asked", "public.no_result")
    assert entry["place"].startswith(f"{sidecar.file}:")
    assert told(sidecar) == [FAULTY, "channel 'asked'", "procedure 'test.gone'", "procedure 'test.table'",
                             "subscription 'test.other'"]
    database.execute("create function public.gone() returns integer language sql as 'select 1'")
    await asyncio.to_thread(sidecar.wait_for, FAULTY, 60, 1, lambda entry: entry["faults"] == 3)
    database.execute("create table public.no_table (n integer); grant select on public.no_table to public;"
                     "create function public.no_taker(jsonb, jsonb, jsonb) returns void language sql as '';"
                     "create function public.no_result(args jsonb) returns void language sql as ''")
    await asyncio.to_thread(sidecar.wait_for, READY, 60)
    assert sidecar.wait_for("function for results can be called now")["channel"] == "asked"
    assert len([name for name in told(sidecar) if name not in (FAULTY, READY)]) == 4, told(sidecar)


def without_interface(database: InstalledDatabase) -> None:
    database.execute("drop schema wamp cascade")


def without_dblink(database: InstalledDatabase) -> None:
    database.execute("drop extension dblink cascade")


def copied(database: InstalledDatabase) -> None:
    database.execute("update wamp.meta set value = 'production' where key = 'database'")


@pytest.mark.parametrize("spoil, name, words", [
    (without_interface, "SQL interface", "there is no schema wamp; wamp-sidecar install"),
    (without_dblink, "calls from SQL", "the call port can't be announced to the database"),
    (copied, "SQL interface", "this database is a copy"),
])
async def test_a_part_that_does_not_work(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
    spoil: Callable[[InstalledDatabase], None],
    name: str, words: str,
) -> None:
    """The port is open and calls from SQL can't reach it: that is never `ready`."""
    spoil(installed)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}"})
    await sidecar.started(until=FAULTY)
    sidecar.wait_for_fault(name, words)
    assert told(sidecar) == [FAULTY, name]
    assert sidecar.wait_for(FAULTY)["faults"] == 1


async def test_an_interface_that_comes_later(
    make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
) -> None:
    without_dblink(installed)
    sidecar = make_sidecar(router.url("rawsocket"), installed.url, caller={"listen": f"127.0.0.1:{free_port()}"})
    await sidecar.started(until=FAULTY)
    installed.installation.install()
    await asyncio.to_thread(sidecar.wait_for, READY, 60)
    assert told(sidecar) == [FAULTY, "calls from SQL", READY]
    # A later loss is logged as well.
    without_dblink(installed)
    await until(lambda: told(sidecar)[3:] == [FAULTY, "calls from SQL"], "it says so", 60)


async def test_of_many_faults_some_are_named(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures={
        f"test.gone{number}": f"public.gone{number}" for number in range(2000)})
    await sidecar.started(until=FAULTY, seconds=60)
    entry = sidecar.wait_for(FAULTY, 60, where=lambda entry: entry["faults"] == 2000)
    assert entry["others"] == 1980
    await until(lambda: len(sidecar.entries(FAULT)) >= 20, "they are named")
    assert len(sidecar.entries(FAULT)) <= 50


async def test_an_outbox_that_is_locked(make_sidecar: SidecarMaker, router: Router,
                                        installed: InstalledDatabase) -> None:
    sidecar = await make_sidecar(router.url("rawsocket"), installed.url).started()
    with installed.connect() as session:
        session.execute("begin; lock table wamp.outbox in access exclusive mode")
        await asyncio.to_thread(sidecar.wait_for_fault, "outbox", "the outbox is locked", 60)
        session.execute("rollback")
    await asyncio.to_thread(sidecar.wait_for, READY, 60, 2)
    assert told(sidecar) == [READY, FAULTY, "outbox", READY]
