"""The command line from outside: what it prints and how it ends. The output of `check` for faulty files is in
golden/."""

import os
import re
from pathlib import Path

import pytest

from actors.cluster import Database
from actors.deadline import free_port
from actors.installation import install
from actors.router import Router
from actors.sidecar import ROOT, run
from conftest import HERE, SidecarMaker

USAGE, CONFIGURATION, FAILED = 64, 78, 1

GOLDEN = sorted((HERE / "golden").glob("*.yaml"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_faulty_file(file: Path) -> None:
    """All faults at once, each with its place; `run` prints the same as `check`."""
    expected = file.with_suffix(".txt")
    for command in ("check", "run"):
        result = run(command, "--config", file.name, cwd=file.parent, environment={"SET": "value", "EMPTY": ""})
        if os.environ.get("GOLDEN_UPDATE"):
            expected.write_text(result.stderr)
        assert result.stderr == expected.read_text()
        assert result.stdout == ""
        assert result.returncode == CONFIGURATION
        assert "top-secret" not in result.stderr


def test_version() -> None:
    result = run("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(
        r"wamp-sidecar \d+\.\d+\.\d+ \(commit ([0-9a-f]{7,64}|unknown)\)\n"
        r"libpq \d+\.\d+, OpenSSL \d+\.\d+\.\d+\S*\n", result.stdout)


@pytest.mark.parametrize("arguments, words", [
    (["--help"], ["run", "check", "wamp-sidecar run --config"]),
    (["run", "--help"], ["--config"]),
    (["check", "--help"], ["--config", "--connect"]),
])
def test_help(arguments: list[str], words: list[str]) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for word in words:
        assert word in result.stdout


def test_help_fits_a_terminal() -> None:
    """Each line of every command's help has at most 80 columns, and no example is torn."""
    names: list[list[str]] = [[]]
    for name in names:
        text = run(*name, "--help").stdout
        assert [line for line in text.splitlines() if len(line) > 80] == [], name
        examples = "".join(re.findall(r"^EXAMPLES?:\n(.*?\n)\n", text, re.MULTILINE | re.DOTALL))
        assert [line for line in examples.splitlines() if not line.startswith("  ")] == [], name
        listed = text.split("SUBCOMMANDS:\n")[1:]
        names += [[*name, found] for part in listed for found in re.findall(r"^  ([a-z][a-z-]*)", part, re.MULTILINE)]
    assert len(names) > 10 and ["dead-letter", "retry"] in names, names


@pytest.mark.parametrize("arguments", [["--unknown"], ["unknown"], ["run", "--unknown"], ["run", "extra"],
                                       ["check", "--config"]])
def test_wrong_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == USAGE
    assert result.stderr and result.stdout == ""


@pytest.mark.parametrize("arguments, meant", [
    (["cal", "x"], "call"), (["chekc"], "check"), (["Run"], "run"), (["dead_letter", "list"], "dead-letter"),
    (["help", "cal"], "call"),
    (["dead-letter", "shwo", "1"], "show"), (["subscibe", "a", "--match", "prefix"], "subscribe"),
])
def test_mistyped_command(arguments: list[str], meant: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert f"did you mean '{meant}'?" in result.stderr


def test_unknown_command() -> None:
    """If no command has a similar name, all commands are listed."""
    result = run("frobnicate")
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert "Unknown command 'frobnicate'; the commands are run, check, status, install, " in result.stderr
    assert "the commands are list, show, " in run("dead-letter", "frobnicate").stderr


@pytest.mark.parametrize("arguments", [["check", "a.yaml"], ["check", "-c", "a.yaml"], ["check", "--config", "a.yaml"],
                                       ["run", "-c", "a.yaml"], ["dead-letter", "list", "-c", "a.yaml"]])
def test_the_file(arguments: list[str], tmp_path: Path) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == CONFIGURATION and result.stderr.startswith("a.yaml: can't be read")


def test_one_file() -> None:
    result = run("check", "a.yaml", "-c", "b.yaml")
    assert result.returncode == USAGE and "name one file" in result.stderr


@pytest.mark.parametrize("command", ["run", "check"])
def test_file_that_is_not_there(command: str, tmp_path: Path) -> None:
    result = run(command, "--config", tmp_path / "none.yaml")
    assert result.returncode == CONFIGURATION
    assert "none.yaml" in result.stderr
    # The file's name is sidecar.yaml if none is given.
    result = run(command, cwd=tmp_path)
    assert result.returncode == CONFIGURATION
    assert "sidecar.yaml" in result.stderr
    # A folder, a file of other bytes, an endless one.
    (tmp_path / "bytes.yaml").write_bytes(bytes(range(256)))
    for odd in (tmp_path, tmp_path / "bytes.yaml", Path("/dev/zero")):
        result = run(command, "--config", odd)
        assert result.returncode == CONFIGURATION
        assert result.stderr


def test_deeply_nested_file(tmp_path: Path) -> None:
    """An error, not a crash, and soon."""
    for text in ("[" * 100_000, "a: " * 1 + "{a: " * 100_000, "- " * 50_000, "? " * 10_000):
        file = tmp_path / "deep.yaml"
        file.write_text(text)
        result = run("check", "--config", file, timeout=60)
        assert result.returncode == CONFIGURATION
        assert len(result.stderr) < 10_000
    aliases = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    file.write_text(aliases)
    result = run("check", "--config", file, timeout=60)
    assert result.returncode == CONFIGURATION


def test_example_is_fine() -> None:
    passwords = {"WAMP_TICKET": "x", "DATABASE_PASSWORD": "x", "WAMP_CALLER_PASSWORD": "x"}
    result = run("check", "--config", ROOT / "sidecar.yaml.example", environment=passwords)
    assert (result.returncode, result.stderr) == (0, "")


def test_check_with_connect(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """Asks both sides: about a function that exists, a missing one, and one that may not be called."""
    database.execute("""
        create function public.here(n integer) returns integer language sql as 'select n';
        create function public.hidden() returns integer language sql as 'select 1';
        revoke execute on function public.hidden() from public;
    """)
    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures={"test.here": "public.here"})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    assert result.returncode == 0, result.stdout + result.stderr

    sidecar = make_sidecar(router.url("rawsocket"), database.url, procedures={
        "test.here": "public.here", "test.gone": "public.gone", "test.hidden": "public.hidden"})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    said = result.stdout + result.stderr
    assert result.returncode == FAILED, said
    assert "public.gone" in said and "public.hidden" in said
    # Without --connect it asks neither side.
    assert run("check", "--config", sidecar.file).returncode == 0


def test_check_of_the_interface(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """What the file needs from the SQL interface and the database does not have; check installs nothing."""
    sidecar = make_sidecar(router.url("rawsocket"), database.url, caller={"listen": "127.0.0.1:7432"})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    assert result.returncode == 1 and "there is no schema wamp; wamp-sidecar install" in result.stderr, result.stderr
    database.execute("create schema wamp authorization sidecar")
    result = run("check", "--config", sidecar.file, "--connect")
    # The first run makes everything except the extension.
    assert result.returncode == 1 and "create extension if not exists dblink;" in result.stderr
    assert "not installed yet; wamp-sidecar run will install it" in result.stderr
    assert database.value("select count(*) from pg_class where relnamespace = 'wamp'::regnamespace") == 0
    database.execute("drop schema wamp")
    interface = install(database, grant_to=["app"])
    sidecar = make_sidecar(router.url("rawsocket"), interface.url, caller={"listen": "127.0.0.1:7432"},
                           database={"grant_to": ["app"]})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    assert result.returncode == 0, result.stderr
    sidecar = make_sidecar(router.url("rawsocket"), interface.url, database={"grant_to": ["app", "other"]})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    assert result.returncode == 1 and "other has no rights in schema wamp yet" in result.stderr


@pytest.mark.parametrize("side", ["router", "database"])
def test_check_with_connect_and_nobody_there(make_sidecar: SidecarMaker, router: Router, database: Database,
                                             side: str) -> None:
    port = free_port()
    router_url = f"rs://127.0.0.1:{port}" if side == "router" else router.url("rawsocket")
    database_url = f"postgresql://sidecar:x@127.0.0.1:{port}/x" if side == "database" else database.url
    sidecar = make_sidecar(router_url, database_url, procedures={})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect", timeout=60)
    assert result.returncode == FAILED
    assert str(port) in result.stdout + result.stderr or "refused" in result.stdout + result.stderr


def test_check_finds_what_would_not_run(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    """What only the server and the machine know, in the order of the file."""
    database.execute("""
        create table public.closed (n int);
        do $$ begin if to_regrole('others') is null then create role others; end if; end $$;
    """)
    sidecar = make_sidecar(
        router.url("rawsocket"), database.url,
        procedures={
            "test.role": {"function": "pg_catalog.lower(text)", "role": "others"},
            "test.sql": {"sql": "select n from public.closed where n = :n"},
            "test.write": {"sql": "insert into pg_catalog.pg_language select * from pg_catalog.pg_language where "
                                  "lanname = :name"},
            "test.fine": {"sql": "select relname::text from pg_catalog.pg_class where oid = any(:oids)"},
        },
        notifications={"asked": {"call": "com.example.a", "result": "public.gone"}},
        caller={"listen": router_address(router)})
    sidecar.write()
    result = run("check", "--config", sidecar.file, "--connect")
    said = result.stderr.splitlines()
    assert result.returncode == FAILED, result.stdout
    faults = [line for line in said if not line.startswith("note: ")]
    for words in ('permission denied to set role "others"', "permission denied for table closed",
                  "permission denied for table pg_language", "public.gone", "can't listen at"):
        assert sum(words in line for line in faults) == 1, (words, said)
    assert "test.fine" not in result.stderr
    places = [tuple(map(int, line.removeprefix(f"{sidecar.file}:").split(":")[:2])) for line in faults]
    assert places == sorted(places)
    assert not database.rows(
        "select from pg_stat_activity where query like 'insert%' and state = 'active' and pid <> pg_backend_pid()")


def router_address(router: Router) -> str:
    """An address on which another process listens already."""
    return router.url("rawsocket").removeprefix("rs://")


def test_check_names_what_it_did_not_look_at(make_sidecar: SidecarMaker, router: Router) -> None:
    """And the place of a router that does not answer is that of its URL."""
    port = free_port()
    sidecar = make_sidecar(f"rs://127.0.0.1:{port}", f"postgresql://sidecar:x@127.0.0.1:{port}/x",
                           procedures={"test.a": "public.a"})
    sidecar.write()
    lines = sidecar.file.read_text().splitlines()
    result = run("check", "--config", sidecar.file, "--connect", timeout=60)
    assert result.returncode == FAILED
    assert "note: " in result.stderr and "not checked: the functions and statements of 1 mappings" in result.stderr
    fault, = [line for line in result.stderr.splitlines() if ": router rs://" in line]
    number = int(fault.removeprefix(f"{sidecar.file}:").split(":")[0])
    assert f"rs://127.0.0.1:{port}" in lines[number - 1]


@pytest.mark.parametrize("connect", ["user=x", "passfile=/x", "password=secret-word", "nonsense=1"])
def test_check_and_run_accept_the_same_port(make_sidecar: SidecarMaker, router: Router, database: Database,
                                            connect: str) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), database.url,
                           caller={"listen": "127.0.0.1:0", "connect": f"host=127.0.0.1 port=7432 {connect}"})
    sidecar.write()
    for command in ("check", "run"):
        result = run(command, "--config", sidecar.file, timeout=60)
        assert result.returncode == CONFIGURATION and "connect" in result.stderr, result.stderr
        assert "secret-word" not in result.stderr
