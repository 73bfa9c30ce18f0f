"""`/status`, and `wamp-sidecar status`, which asks for it."""

import asyncio
import json
import subprocess

from actors.admin import Admin
from actors.certificates import Certificates
from actors.cluster import Database
from actors.deadline import free_port, until
from actors.router import Router
from actors.sidecar import FAULTY, Sidecar, binary, clean_environment, run
from conftest import SidecarMaker

LISTENS = "the admin port listens"
PASSWORD = "s3cret"


def status(sidecar: Sidecar, *options: str) -> subprocess.CompletedProcess[str]:
    return run("status", "--config", sidecar.file, *options)


async def test_how_everything_stands(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    port = free_port()
    installed.execute("create function public.here() returns integer language sql as 'select 1';"
                      "create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, admin={"listen": f"127.0.0.1:{port}", "password": PASSWORD},
        procedures={"test.here": "public.here", "test.gone": "public.gone", "test.one": {"sql": "select 1"}},
        subscriptions={"test.event": "public.take"})
    await sidecar.started(until=FAULTY)
    assert (await asyncio.to_thread(Admin(port).get, "/status")).status == 401
    assert (await asyncio.to_thread(Admin(port, password="other").get, "/status")).status == 401
    admin = Admin(port, password=PASSWORD)

    async def settled() -> object:
        document = (await asyncio.to_thread(admin.get, "/status")).json()
        return document if [route["state"] for route in document["subscriptions"]] == ["works"] else None

    document = await until(settled, "all is decided", 30)
    assert document["version"] == 1 and document["ready"] is True and document["state"] == "ready"
    assert [fault["name"] for fault in document["faults"]] == ["procedure 'test.gone'"]
    assert document["router"]["state"] == "joined" and document["router"]["url"].startswith("rs://127.0.0.1:")
    assert document["database"]["state"] == "available" and document["database"]["interface"] is True
    assert document["leadership"].pop("for_seconds") >= 0
    assert document["leadership"] == {"role": "leader", "holder": None}
    states = {route["uri"]: (route["state"], route["target"]) for route in document["procedures"]}
    assert states == {"test.gone": ("faulty", "public.gone"), "test.here": ("works", "public.here"),
                      "test.one": ("works", "a statement")}
    here = next(route for route in document["procedures"] if route["uri"] == "test.here")
    assert (here["calls"], here["in_progress"], here["per_second"], here["p50_seconds"]) == (0, 0, 0, None)
    assert set(here["results"]) == {
        "ok", "error", "invalid", "denied", "timeout", "canceled", "unavailable", "too_large"}
    assert document["subscriptions"][0]["results"] == {"done": 0, "dead": 0, "lost": 0}
    assert document["subscriptions"][0]["waiting"] == 0 and document["subscriptions"][0]["oldest_seconds"] is None
    assert (document["other_procedures"], document["other_subscriptions"]) == (0, 0)
    assert document["load"]["interval_seconds"] == 5 and document["router"]["for_seconds"] >= 0
    gone = next(route for route in document["procedures"] if route["uri"] == "test.gone")
    assert "public.gone" in gone["reason"] and gone["place"].startswith(f"{sidecar.file}:")
    assert document["call_port"] is None

    shown = await asyncio.to_thread(status, sidecar)
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("ready with faults (wamp-sidecar ")
    assert "procedures: 3, 2 work" in lines and "  works test.here" in lines
    assert any(line.startswith("  faulty test.gone ") for line in lines)
    machine = await asyncio.to_thread(status, sidecar, "--json")
    assert machine.returncode == 0 and json.loads(machine.stdout)["version"] == 1
    ready = await asyncio.to_thread(status, sidecar, "--ready")
    assert ready.returncode == 0 and ready.stdout.splitlines()[0] == "ready with faults"


def test_a_sidecar_that_is_not_ready(make_sidecar: SidecarMaker) -> None:
    sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent", admin={"listen": f"127.0.0.1:{free_port()}"})
    sidecar.start(until=LISTENS)
    for option in ([], ["--json"], ["--ready"]):
        assert status(sidecar, *option).returncode == 1, option
    ready = status(sidecar, "--ready")
    assert ready.stdout.startswith("router: no session") and "database: no connection" in ready.stdout
    sidecar.stop()
    gone = status(sidecar, "--ready")
    assert gone.returncode == 1 and gone.stdout == ""
    assert gone.stderr.startswith("no answer from the admin port at 127.0.0.1:"), gone.stderr


def test_through_a_unix_socket_and_tls(make_sidecar: SidecarMaker) -> None:
    certificates = Certificates()
    try:
        tls = {"certificate_file": certificates.path("server.pem"), "key_file": certificates.path("server.key")}
        for section in ({"listen": "unix:{folder}/admin.sock"}, {"listen": f"127.0.0.1:{free_port()}", "tls": tls},
                        {"listen": f"0.0.0.0:{free_port()}"}):
            sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent")
            sidecar.configuration["admin"] = section | {
                "listen": section["listen"].format(folder=sidecar.folder)}  # type: ignore[attr-defined]
            sidecar.start(until=LISTENS)
            ready = status(sidecar, "--ready")
            assert ready.returncode == 1 and ready.stdout.startswith("router: no session"), ready.stderr
            sidecar.stop()
    finally:
        certificates.remove()


def test_what_it_can_not_ask(make_sidecar: SidecarMaker) -> None:
    sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent")
    sidecar.write()
    missing = status(sidecar)
    assert missing.returncode == 78 and "there is no section admin" in missing.stderr
    assert status(sidecar, "--ready", "--json").returncode == 64
    sidecar.configuration["admin"] = {"listen": f"127.0.0.1:{free_port()}", "pages": ["health"]}
    sidecar.start(until=LISTENS)
    hidden = status(sidecar)
    assert hidden.returncode == 1 and "does not show the status: 404" in hidden.stderr


def test_again_and_again(make_sidecar: SidecarMaker) -> None:
    sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent", admin={"listen": f"127.0.0.1:{free_port()}"})
    sidecar.start(until=LISTENS)
    with subprocess.Popen([binary(), "status", "--config", sidecar.file, "--ready", "--watch"],
                          stdout=subprocess.PIPE, text=True, env=clean_environment()) as watching:
        assert watching.stdout is not None
        seen = [line for line, _ in zip(watching.stdout, range(4))]
        watching.kill()
    assert sum(line.startswith("router: no session") for line in seen) == 2, seen
