"""The configuration is read again while the sidecar runs: by SIGHUP, and when a file has changed."""

import asyncio
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actors.admin import Admin
from actors.certificates import Certificates
from actors.cluster import SIDECAR_PASSWORD, Database
from actors.deadline import PATIENCE, free_port, until, wait_until
from actors.installation import InstalledDatabase, connect_as, make_role, role_url
from actors.peer import ApplicationError, Peer, call_on, joined
from actors.router import Router
from actors.sidecar import FAULTY, READY, Sidecar
from conftest import SidecarMaker

RELOADED = "configuration reloaded"
RENEWED = "configuration reloaded: new sessions with both sides begin"
REFUSED = "configuration not reloaded: the one before stays in force"
FAULT = "fault of the configuration"

SCHEMA = """
create function public.one() returns int language sql as 'select 1';
create function public.two() returns int language sql as 'select 2';
create table public.noted(what text);
create function public.note(what text) returns void language sql security definer as
    'insert into public.noted values (what)';
create function public.took(what text) returns void language sql security definer as
    $$ insert into public.noted values ('took') $$;
"""
HELD = "create function public.held() returns int language sql as 'select pg_advisory_xact_lock(1); select 1'"


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute(SCHEMA)
    return database


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    certificates = Certificates()
    yield certificates
    certificates.remove()


def change(sidecar: Sidecar, **sections: Any) -> None:
    """Writes the file with these sections in place of the present ones, and asks for it by SIGHUP."""
    sidecar.configuration |= sections
    sidecar.write()
    sidecar.send(signal.SIGHUP)


def attempt(session: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any] | None:
    """A session, if there is a place for it."""
    try:
        return session()
    except psycopg.OperationalError:
        return None


def noted(database: Database, what: str) -> bool:
    return bool(database.value("select exists (select from public.noted where what = %s)", what))


async def answers(peer: Peer, procedure: str, value: int | None) -> None:
    """Waits until a procedure answers so; None: until there is no such procedure."""

    async def attempt() -> bool:
        try:
            return (await peer.call(procedure)).value == value
        except ApplicationError as error:
            return value is None and error.error == "wamp.error.no_such_procedure"

    await until(attempt, f"{procedure} answers {value}", PATIENCE)


async def test_mappings(make_sidecar: SidecarMaker, router: Router, transport: str, shop: Database) -> None:
    """Procedures come, go and change; the one that says the same as before is registered once, and never fails."""
    sidecar = await make_sidecar(
        router.url(transport), shop.url,
        procedures={"test.stays": "public.one", "test.goes": "public.one", "test.changes": "public.one"}).started()
    async with joined(router) as peer:
        stop = asyncio.Event()
        calls = asyncio.create_task(call_on(peer, "test.stays", stop))
        await answers(peer, "test.goes", 1)
        change(sidecar, procedures={
            "test.comes": "public.two", "test.changes": "public.two", "test.stays": "public.one"})
        await answers(peer, "test.comes", 2)
        await answers(peer, "test.changes", 2)
        await answers(peer, "test.goes", None)
        change(sidecar, procedures={"test.stays": "public.one", "test.goes": "public.two"})
        await answers(peer, "test.goes", 2)
        await answers(peer, "test.comes", None)
        stop.set()
        assert await calls > 0
    registered = [entry["procedure"] for entry in sidecar.entries("procedure registered")]
    assert registered.count("test.stays") == 1
    assert sidecar.entries(RELOADED)[0]["procedures"] == 3


async def test_subscriptions_and_channels(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, subscriptions={"test.old": "public.note"},
        notifications={"old": {"publish": "test.heard"}}).started()
    async with joined(router) as peer:
        heard = await peer.subscribe("test.", match="prefix")
        change(
            sidecar, subscriptions={"test.new": "public.note"},
            notifications={"new": {"call": "test.asked", "result": "public.took"}, "other": {"publish": "test.other"}})
        await peer.register("test.asked", lambda what: what)

        async def comes(topic: str, what: str) -> None:
            async def attempt() -> bool:
                peer.session.publish(topic, what)
                return await asyncio.to_thread(noted, shop, what)

            await until(attempt, f"the event of {topic} runs its function", PATIENCE)

        async def asked() -> bool:
            shop.execute("select pg_notify('new', 'x'), pg_notify('old', 'x'), pg_notify('other', 'y')")
            return await asyncio.to_thread(noted, shop, "took")

        await comes("test.new", "first")
        await until(asked, "the new channel's notification becomes a call", PATIENCE)
        await until(lambda: any(event.topic == "test.other" for event in heard.events), "the other is published")
        count = sum(event.topic == "test.heard" for event in heard.events)
        sidecar.wait_for("subscribed", where=lambda entry: entry["topic"] == "test.new")
        change(sidecar, subscriptions={"test.old": "public.note"}, notifications={})
        await comes("test.old", "second")
        peer.session.publish("test.new", "third")
        await comes("test.old", "fourth")
        assert not noted(shop, "third")
        assert sum(event.topic == "test.heard" for event in heard.events) == count


async def test_faulty_file(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """All goes on as it was, each fault is logged with its place, and readiness names it until it is mended."""
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, procedures={"test.stays": "public.one"}).started()
    whole = sidecar.file.read_text()
    sidecar.file.write_text(whole.replace("procedures:", "procedurs:") + "reload: never\n")
    line = whole.count("\n") + 1
    sidecar.send(signal.SIGHUP)
    assert sidecar.wait_for(REFUSED, PATIENCE)["faults"] == 2
    reasons = [sidecar.wait_for(FAULT, count=number)["reason"] for number in (1, 2)]
    assert any("did you mean 'procedures'?" in reason for reason in reasons)
    assert any(reason.startswith(f"{sidecar.file}:{line}:9: 'reload'") for reason in reasons), reasons
    sidecar.wait_for(FAULTY)
    sidecar.wait_for_fault("configuration", f"{sidecar.file}:{line}:9:")
    async with joined(router) as peer:
        await answers(peer, "test.stays", 1)
        sidecar.file.write_text(whole)
        sidecar.send(signal.SIGHUP)
        await asyncio.to_thread(sidecar.wait_for, READY, PATIENCE, 2)
        assert not sidecar.entries(RELOADED)[0].get("keys")
    registered = [entry["procedure"] for entry in sidecar.entries("procedure registered")]
    assert registered.count("test.stays") == 1


async def test_many_faults(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """The log has all of them; of readiness, which names twenty, the number of the others."""
    port = free_port()
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.stays": "public.one"}).started()
    change(sidecar, procedures={f"test.p{number}": "public.one" for number in range(25)} | {
        f"test..p{number}": "public.one" for number in range(25)})
    assert (await asyncio.to_thread(sidecar.wait_for, REFUSED, PATIENCE))["faults"] == 25
    await asyncio.to_thread(sidecar.wait_for, FAULT, PATIENCE, 25)
    await asyncio.to_thread(sidecar.wait_for, FAULTY, PATIENCE)
    ready = await asyncio.to_thread(Admin(port).get, "/ready")
    assert ready.status == 200 and ready.lines[0] == "ready with faults"
    assert (len(ready.lines), ready.lines[-1]) == (22, "and 5 more")
    document = (await asyncio.to_thread(Admin(port).get, "/status")).json()
    assert (len(document["faults"]), document["other_faults"]) == (20, 5)


@pytest.mark.parametrize("key", ["schema", "listen"])
async def test_what_needs_a_restart(make_sidecar: SidecarMaker, router: Router, shop: Database, key: str) -> None:
    """Such a file is refused, with the line named, and nothing of it is used."""
    caller = {"listen": f"127.0.0.1:{free_port()}"}
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, caller=caller, procedures={"test.stays": "public.one"}).started(until=None)
    await asyncio.to_thread(sidecar.wait_for, "procedure registered", PATIENCE)
    before = dict(sidecar.configuration)
    sections: dict[str, Any] = {"procedures": {"test.comes": "public.one"}, "reload": "signal"}
    if key == "schema":
        sections["database"] = sidecar.configuration["database"] | {"schema": "other"}
    else:
        sections["caller"] = {"listen": f"127.0.0.1:{free_port()}"}
    change(sidecar, **sections)
    await asyncio.to_thread(sidecar.wait_for, REFUSED, PATIENCE)
    lines = sidecar.file.read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if line.startswith(f"  {key}:"))
    reason = sidecar.wait_for(FAULT)["reason"]
    name = "database.schema" if key == "schema" else "caller.listen"
    assert reason.startswith(f"{sidecar.file}:{number}:") and name in reason and "restart" in reason
    async with joined(router) as peer:
        await answers(peer, "test.stays", 1)
        assert (await peer.error("test.comes")).error == "wamp.error.no_such_procedure"
        # Nor its `reload: signal`: a file without that fault is found without a signal.
        sidecar.configuration = before | {"procedures": sections["procedures"]}
        sidecar.write()
        await answers(peer, "test.comes", 1)


async def test_a_mapping_that_only_moved(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """It is not registered again, and messages name its new place."""
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, procedures={"test.stays": "public.one"}).started()
    sidecar.file.write_text("# one\n# two\n# three\n" + sidecar.file.read_text())
    sidecar.send(signal.SIGHUP)
    assert (await asyncio.to_thread(sidecar.wait_for, RELOADED, PATIENCE))["procedures"] == 0
    shop.execute("drop function public.one()")
    async with joined(router) as peer:
        await peer.error("test.stays")
    place = (await asyncio.to_thread(sidecar.wait_for, "procedure can't be called"))["place"]
    lines = sidecar.file.read_text().splitlines()
    assert lines[int(place.split(":")[-2]) - 1].strip() == "test.stays: public.one"
    assert len(sidecar.entries("procedure registered")) == 1


async def test_log_and_limits(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """What is logged, and how, changes at once; so does how many calls may wait."""
    shop.execute(HELD)
    sidecar = make_sidecar(
        router.url("rawsocket"), shop.url, procedures={"test.held": "public.held"},
        database={"connections": 1, "queue_timeout": "120s"}, log={"level": "warning", "format": "json"})
    await sidecar.started(until=None)
    async with joined(router) as peer:
        await peer.call_when_there("test.held")
        change(
            sidecar, log={"level": "info", "format": "text"},
            database=sidecar.configuration["database"] | {"queue": 1})
        await until(
            lambda: any(f" info {RELOADED} " in line and "database.queue" in line for line in list(sidecar.lines)),
            "the log is text, and has what is info", PATIENCE)
        assert not any('"level":"info"' in line for line in list(sidecar.lines))
        with shop.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            calls = [peer.begin("test.held") for _ in range(5)]
            done, held = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
            assert all(getattr(call.exception(), "error", "") == "wamp.error.unavailable" for call in done) and done
            holder.execute("select pg_advisory_unlock(1)")
        await asyncio.wait(held, timeout=PATIENCE)
        for call in held:
            call.exception()


async def test_watched_file(make_sidecar: SidecarMaker, router: Router, shop: Database, tmp_path: Path) -> None:
    """A changed file is read without a signal: one written in place, and one that Kubernetes swaps."""
    sidecar = make_sidecar(router.url("rawsocket"), shop.url, procedures={"test.first": "public.one"})
    sidecar.write()

    def mount(number: int) -> None:
        """As the kubelet does it: a new folder, and a link that is renamed over the old one."""
        version = tmp_path / f"..version{number}"
        version.mkdir()
        (version / "sidecar.yaml").write_text(sidecar.file.read_text())
        (tmp_path / "..data_tmp").symlink_to(version.name)
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")

    mount(1)
    (tmp_path / "sidecar.yaml").symlink_to("..data/sidecar.yaml")
    template = sidecar.file
    sidecar.file = tmp_path / "sidecar.yaml"
    sidecar.write = lambda: None  # type: ignore[method-assign]
    await sidecar.started()
    async with joined(router) as peer:
        template.write_text(template.read_text().replace("test.first", "test.second"))
        sidecar.file, mounted = template, sidecar.file
        mount(2)
        await answers(peer, "test.second", 1)
        await answers(peer, "test.first", None)
        mounted.write_text(mounted.read_text().replace("test.second", "test.third"))
        await answers(peer, "test.third", 1)


async def test_signal_only(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """`reload: signal` is itself a change that is watched for; from then on only SIGHUP counts."""
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, procedures={"test.first": "public.one"}, reload="signal").started()
    async with joined(router) as peer:
        change(sidecar, procedures={"test.second": "public.one"}, reload="watch")
        await answers(peer, "test.second", 1)
        sidecar.configuration["procedures"] = {"test.third": "public.one"}
        sidecar.write()
        await answers(peer, "test.third", 1)


async def test_secret_file(make_sidecar: SidecarMaker, router: Router, shop: Database, tmp_path: Path) -> None:
    """A file that the configuration names is watched as well; new sessions begin with what is in it."""
    shop.execute("create role test_reload_login login password 'first'")
    secret = tmp_path / "password"
    secret.write_text("first\n")
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url.replace(f"sidecar:{SIDECAR_PASSWORD}@", "test_reload_login@"),
        procedures={"test.stays": "public.one"}, database={"password_file": str(secret)}).started()
    shop.execute("alter role test_reload_login password 'second'")
    secret.write_text("second\n")
    assert (await asyncio.to_thread(sidecar.wait_for, RENEWED, PATIENCE))["keys"] == "database.url"
    await asyncio.to_thread(sidecar.wait_for, READY, PATIENCE, 2)
    async with joined(router) as peer:
        await answers(peer, "test.stays", 1)


async def test_new_sessions(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """Calls that run are answered first; then the sidecar has other connections, and nothing is left of the former."""
    shop.execute(HELD)
    port = free_port()
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, shutdown_timeout="60s", admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.stays": "public.one", "test.held": "public.held"}).started()
    async with joined(router) as peer:
        with shop.connect() as holder:
            holder.execute("select pg_advisory_lock(1)")
            running = peer.begin("test.held")
            await until(lambda: any("held" in query for _, state, query in shop.sessions() if state == "active"),
                "the call runs")
            change(sidecar, database=sidecar.configuration["database"] | {"connections": 2},
                router=sidecar.configuration["router"] | {"serializers": ["cbor"]})
            entry = await asyncio.to_thread(sidecar.wait_for, RENEWED, PATIENCE)
            assert entry["keys"] == "database.connections router.serializers"
            await answers(peer, "test.stays", None)
            ready = await asyncio.to_thread(Admin(port).get, "/ready")
            assert ready.status == 503
            assert ready.lines[0] == "sidecar: new sessions with both sides are being made: the file has changed"
            scrape = (await asyncio.to_thread(Admin(port).get, "/metrics")).lines
            assert [line for line in scrape if line.startswith('wamp_sidecar_not_ready{reason="sidecar"}')] == [
                'wamp_sidecar_not_ready{reason="sidecar"} 1']
            assert not running.done()
            holder.execute("select pg_advisory_unlock(1)")
        assert list((await asyncio.wait_for(running, PATIENCE)).results) == [1]
        await answers(peer, "test.stays", 1)
        await asyncio.to_thread(sidecar.wait_for, READY, PATIENCE, 2)
        assert sidecar.entries("router joined")[-1]["serializer"] == "cbor"

        def calls() -> Any:
            return shop.value(
                "select count(*)::int from pg_stat_activity where datname = current_database() "
                "and application_name = 'wamp-sidecar calls'")

        await until(lambda: calls() == 2, "it has two connections for calls", PATIENCE)
    assert await sidecar.stopped() == 0
    assert not sidecar.entries("stopped with calls unfinished")


async def test_rights_and_outbox(make_sidecar: SidecarMaker, afterwards: ExitStack, router: Router,
                                 database: Database) -> None:
    """Other roles may publish at once, and events carry their ids by another name."""
    owner, publisher = (make_role(database, f"test_reload_{name}") for name in ("owner", "publisher"))
    afterwards.callback(database.drop_roles, owner, publisher)
    database.execute(f"create schema wamp authorization {owner}")
    url = role_url(database, owner)
    sidecar = await make_sidecar(router.url("rawsocket"), url, database={"grant_to": []}).started()
    async with joined(router) as peer:
        inbox = await peer.subscribe("test.published")

        def publish() -> bool:
            with connect_as(database, publisher) as session:
                try:
                    session.execute("select wamp.publish('test.published')")
                except psycopg.errors.InsufficientPrivilege:
                    return False
            return True

        assert not await asyncio.to_thread(publish)
        change(sidecar, database={"url": url, "grant_to": [publisher]}, outbox={"event_id": "number"})
        entry = await asyncio.to_thread(sidecar.wait_for, RELOADED, PATIENCE)
        assert entry["keys"] == "database.grant_to outbox.event_id"
        await until(lambda: asyncio.to_thread(publish), "the role may publish", PATIENCE)
        assert list((await inbox.first(1, PATIENCE))[0].kwargs) == ["number"]
    assert len(sidecar.entries("router joined")) == 1


async def test_call_port(make_sidecar: SidecarMaker, router: Router, installed: InstalledDatabase,
                         certificates: Certificates) -> None:
    """The port goes on listening, with another certificate and other limits for whoever comes from then on."""
    number = free_port()
    caller = {
        "listen": f"127.0.0.1:{number}", "password": "a password that is long enough to be random", "sessions": 5,
        "tls": {"certificate_file": certificates.path("server.pem"), "key_file": certificates.path("server.key")},
    }
    sidecar = await make_sidecar(router.url("rawsocket"), installed.url, caller=caller).started()

    def certificate() -> str:
        shown = subprocess.run(
            ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{number}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        return shown.stdout.split("BEGIN CERTIFICATE")[1].split("END CERTIFICATE")[0]

    def session() -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=number, user="wamp", password=str(caller["password"]), dbname="wamp",
            autocommit=True, connect_timeout=PATIENCE, channel_binding="require")

    former = await asyncio.to_thread(certificate)
    first, second = [await asyncio.to_thread(session) for _ in range(2)]
    other = {"certificate_file": certificates.path("elsewhere.pem"), "key_file": certificates.path("elsewhere.key")}
    change(sidecar, caller=caller | {"sessions": 2, "timeout": "1s", "tls": other})
    assert (await asyncio.to_thread(sidecar.wait_for, RELOADED, PATIENCE))["keys"] == (
        "caller.tls caller.timeout caller.sessions")
    assert await asyncio.to_thread(certificate) != former
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        await asyncio.to_thread(session)
    first.close()
    third = await asyncio.to_thread(
        lambda: wait_until(lambda: attempt(session), "a place is free", PATIENCE))
    for open_session in (second, third):
        open_session.close()
    assert len(sidecar.entries("router joined")) == 1


async def test_under_load(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """One mapping changes again and again; not one call of the others fails, and nothing is used up."""
    others = {f"test.other{number}": "public.one" for number in range(50)}
    sidecar = await make_sidecar(
        router.url("rawsocket"), shop.url, procedures=others | {"test.changes": "public.one"}).started()
    async with joined(router) as peer, joined(router) as caller:
        stop = asyncio.Event()
        calls = [asyncio.create_task(call_on(caller, f"test.other{number}", stop)) for number in (0, 1, 2)]
        descriptors = 0
        for number in range(30):
            value = 2 - number % 2
            change(sidecar, procedures=others | {"test.changes": "public.one" if value == 1 else "public.two"})
            await answers(peer, "test.changes", value)
            if number == 5:
                descriptors = sidecar.descriptors()
        # One that is open for a moment does not count.
        await until(lambda: sidecar.descriptors() <= descriptors, "none is left open")
        stop.set()
        assert all(count > 0 for count in await asyncio.gather(*calls))
    registered = [entry["procedure"] for entry in sidecar.entries("procedure registered")]
    assert registered.count("test.other0") == 1 and registered.count("test.changes") == 31
