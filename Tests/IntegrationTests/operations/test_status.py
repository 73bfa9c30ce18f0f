"""`/status`, and `wamp-sidecar status`, which asks for it."""

import asyncio
import json
import subprocess

from actors.admin import Admin
from actors.certificates import Certificates
from actors.cluster import Database
from actors.deadline import free_port, until
from actors.peer import joined
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
        is_decided = [route["state"] for route in document["subscriptions"]] == ["works"]
        return document if is_decided and document["database"]["connections"]["calls"]["open"] == 4 else None

    document = await until(settled, "all is decided")
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
    assert document["database"]["connections"] == {
        "calls": {"open": 4, "busy": 0, "limit": 4}, "guests": {"open": 0, "busy": 0, "limit": 4}}
    assert document["database"]["queue"] == {"waiting": 0, "limit": 1000}

    shown = await asyncio.to_thread(status, sidecar)
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("ready with faults (wamp-sidecar ")
    assert "procedures: 3, 2 work" in lines and "  works test.here" in lines
    assert "connections: 4 of 4 open, 0 busy" in lines and "queue: 0 of 1000 waiting" in lines
    assert not any(line.startswith("call port") for line in lines)
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


async def test_what_is_busy(make_sidecar: SidecarMaker, router: Router, installed: Database) -> None:
    """Calls that run and that wait, and the sessions at the call port."""
    port = free_port()
    sidecar = await make_sidecar(
        router.url("rawsocket"), installed.url, admin={"listen": f"127.0.0.1:{port}"},
        database={"url": installed.url, "connections": 1, "queue_timeout": "120s"},
        caller={"listen": f"127.0.0.1:{free_port()}", "password": "a password that is long enough to be random",
                "sessions": 7},
        procedures={"test.held": {"sql": "select pg_advisory_lock(1)::text, pg_advisory_unlock(1)",
                                  "timeout": "120s"}}).started()

    async def lines() -> list[str]:
        return (await asyncio.to_thread(status, sidecar)).stdout.splitlines()

    async with joined(router) as peer:
        with installed.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            running = [peer.begin("test.held") for _ in range(3)]

            async def is_seen() -> bool:
                shown = await lines()
                return {"connections: 1 of 1 open, 1 busy", "queue: 2 of 1000 waiting"} <= set(shown)

            await until(is_seen, "one runs and two wait")
            assert "call port: listening, 0 of 7 sessions" in await lines()
            holder.execute("select pg_advisory_unlock(1)")
        await asyncio.gather(*running)


def test_another_certificate(make_sidecar: SidecarMaker) -> None:
    """Only the certificate of the file will do: no other of the same authority gets the password."""
    certificates = Certificates()
    try:
        section = {"listen": f"127.0.0.1:{free_port()}", "password": PASSWORD}
        tls = {name: {"certificate_file": certificates.path(f"{name}.pem"),
                      "key_file": certificates.path(f"{name}.key")} for name in ("server", "elsewhere", "expired")}
        # Whether it is valid is for others to judge.
        sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent", admin=section | {"tls": tls["expired"]})
        sidecar.start(until=LISTENS)
        assert status(sidecar).stdout.startswith("not ready "), status(sidecar).stderr
        for name in ("server", "elsewhere"):
            sidecar.configuration["admin"] = section | {"tls": tls[name]}
            sidecar.file.with_name("other.yaml").write_text(json.dumps(sidecar.configuration))
            for option in ([], ["--ready"]):
                refused = run("status", "--config", sidecar.file.with_name("other.yaml"), *option)
                assert (refused.returncode, refused.stdout) == (1, "")
                assert refused.stderr == (
                    f"the admin port at {section['listen']} shows another certificate than the one in "
                    f"{certificates.path(f'{name}.pem')}: the certificate file may have changed and not been reloaded "
                    "yet, or it is not this sidecar that listens there\n")
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


def test_the_file_is_read_again(make_sidecar: SidecarMaker) -> None:
    """With --watch, since a renewed certificate or another password stands there; a faulty file is no end."""
    port = free_port()
    sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent", admin={"listen": f"127.0.0.1:{port}"})
    sidecar.start(until=LISTENS)
    watched = sidecar.folder / "watched.yaml"
    right = sidecar.file.read_text()
    assert str(port) in right
    watched.write_text(right.replace(str(port), str(free_port())))
    with subprocess.Popen([binary(), "status", "--config", watched, "--ready", "--watch"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment()) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        for text in ("admin: {", right):
            assert watching.stderr.readline().startswith("no answer from the admin port")
            watched.write_text(text)
        assert watching.stdout.readline().startswith("router: no session")
        watching.kill()
