"""Names, lists, numbers and binary from real life: the code that is generated around a call must not clash with any of
them."""

import asyncio
import re
import subprocess
from typing import Any

import pytest

from actors.cluster import Database
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY, ROOT, binary, run
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

SOURCES = ROOT / "Sources/Functions/Results"
# Our names, from any time: the names in generated statements, and the shortest ones that people use.
NAMES = sorted(
    set(re.findall(r'static let \w+ = Alias\("([^"]+)"\)', (SOURCES / "Alias.swift").read_text()))
    | {"a", "b", "c", "c0", "c1", "d", "e", "f1", "k", "n", "o", "p", "r", "s", "s1", "t", "v", "x", "y", "wamp",
        "args",
       "kwargs", "json", "row", "values", "type", "schema", "position"})


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def schema_of(name: str) -> str:
    return quoted(name if name != "wamp" else "wamp_")


async def test_every_alias_as_a_name_of_the_users(make_sidecar: SidecarMaker, router: Router,
                                                  database: Database) -> None:
    """As schema, function, parameter, column, and as a list of WITH, by all forms of results."""
    procedures: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for index, name in enumerate(NAMES):
        q, schema = quoted(name), schema_of(name)
        qualified = f"{schema}.{q}"
        database.execute(f"""
            create schema {schema}; grant usage on schema {schema} to sidecar;
            create type {schema}.{quoted(name + "_row")} as ({q} integer, "other" bytea);
            create function {qualified}({q} integer) returns table ({quoted(name + "_")} integer, "r2" integer)
                language plpgsql as
                $$ begin return query select $1, 2; end $$;
            create function {schema}.plain({q} {schema}.{quoted(name + "_row")})
                returns setof {schema}.{quoted(name + "_row")}
                language sql as 'select $1';
            create function {schema}.single({q} {schema}.{quoted(name + "_row")})
                returns {schema}.{quoted(name + "_row")}
                language sql as 'select $1';
            create function {schema}.columns(out {q} integer, out "g" integer) returns setof record language sql
                as 'select 1, 2';
            create function {schema}.one(out {q} integer) returns setof integer language sql as 'select 1';
            create table {schema}.{q} ({q} integer, g integer);
            insert into {schema}.{q} values (255, 1);
            grant all on {schema}.{q} to sidecar;
        """)
        value = {name: 1, "other": b"\x01"}
        for what, target, answer in [
            ("function", f"{qualified}", [{name + "_": 7, "r2": 2}]), ("plain", f"{schema}.plain", [value]),
            ("single", f"{schema}.single", value), ("columns", f"{schema}.columns", [{name: 1, "g": 2}]),
            ("one", f"{schema}.one", [{name: 1}]),
            ("select", {"sql": f"select {q}, g from {qualified}"}, [{name: 255, "g": 1}]),
            ("binary", {"sql": f"select {q}, '\\x01'::bytea as g from {qualified}"}, [{name: 255, "g": b"\x01"}]),
            ("list", {"sql": f"with recursive {q} as (select * from {qualified}) select * from {q} where g = any(:x)"},
             [{name: 255, "g": 1}]),
            ("update", {"sql": f"update {qualified} set g = 1 returning {q}, g"}, [{name: 255, "g": 1}]),
        ]:
            procedures[f"test.{what}.n{index}"] = target
            expected[f"test.{what}.n{index}"] = answer
    make_sidecar(router.url("rawsocket"), database.url, procedures=procedures).start()
    faults: list[str] = []
    async with joined(router) as peer:
        for index, name in enumerate(NAMES):
            row = {name: 1, "other": b"\x01"}
            for what, kwargs in [("function", {name: 7}), ("plain", {name: row}), ("single", {name: row}),
                ("columns", {}),
                                 ("one", {}), ("select", {}), ("binary", {}), ("list", {"x": [1, 2]}), ("update", {})]:
                uri = f"test.{what}.n{index}"
                try:
                    answer = (await peer.call(uri, **kwargs)).value
                except Exception as error:  # every name is reported, not only the first
                    answer = str(error)
                if answer != expected[uri]:
                    faults.append(f"{what} {name}: {answer}")
    assert not faults, "\n".join(faults)


STATEMENTS: list[tuple[str, dict[str, Any], Any]] = [
    ("select id from val.t where id = any(:ids) order by id", {"ids": [1, 3]}, [{"id": 1}, {"id": 3}]),
    ("select id from val.t where id <> all(:ids) order by id", {"ids": [1, 3]}, [{"id": 2}]),
    ("select id from val.t where id = some(:ids)", {"ids": []}, []),
    ("select id from val.t where name like any(:patterns)", {"patterns": ["o%"]}, [{"id": 1}]),
    ("select id from val.t where pair = any(:pairs::val.pair[])", {"pairs": [{"a": 1.0, "b": "x"}]}, [{"id": 1}]),
    ("select id from val.t where doc = any(:docs)", {"docs": [{"k": [1]}, [1]]}, [{"id": 1}]),
    ("update val.t set name = name where id = any(:ids)", {"ids": [1, 2, 9]}, 2),
    ("delete from val.t where id = any(:ids) returning id", {"ids": [-1]}, []),
    ("insert into val.u select * from unnest(:ids::bigint[])", {"ids": [4.0, 5]}, 2),
    ("with update as (select 1 as a), delete as (select 2 as a) select * from update", {}, [{"a": 1}]),
    ("with merge(a) as (values (1)), insert as (select 1), values as (select * from merge) select * from values", {},
        [{"a": 1}]),
    ("with delete as (select :n::int as a) insert into val.u select a from delete", {"n": 7.0}, 1),
    ("with update as (update val.t set name = name returning id) select count(*) as n from update", {}, [{"n": 3}]),
]


@pytest.fixture
def values(database: Database) -> Database:
    database.execute("""
        create schema val; grant usage on schema val to sidecar;
        create type val.pair as (a integer, b text);
        create table val.t (id integer, name text, pair val.pair, doc jsonb);
        insert into val.t values (1, 'one', (1, 'x'), '{"k": [1]}'), (2, 'two', null, null), (3, 'three', null, null);
        create table val.u (id bigint);
        grant all on val.t, val.u to sidecar;
        create procedure val.lists(a integer[], b val.pair, c val.pair[], d jsonb[], e text[],
            inout o text default null)
            language plpgsql as $$ begin o := concat_ws('|', a, b, c, d, e); end $$;
        create procedure val.rest(a text, variadic b text[]) language plpgsql as
            $$ begin insert into val.u select length(a || array_to_string(b, ',')); end $$;
        create function val.sum_of(start integer default 0, variadic n integer[] default '{}') returns bigint
            language sql as
            'select start + coalesce((select sum(i) from unnest(n) i), 0)';
        create function val.matrix(levels integer) returns bytea[] language sql as $$ select case levels
            when 0 then '{}' when 1 then array['a', null, '']::bytea[]
            when 2 then array[['a', 'b', 'c'], ['d', null, 'f']]::bytea[]
            when 3 then array[[['a'], ['b']], [['c'], ['d']], [['e'], ['f']]]::bytea[] end $$;
        create function val.rows_of() returns table (m bytea[]) language sql
            as 'select val.matrix(n) from generate_series(0, 4) n';
        create function val.accents("\u00e9" integer, "e\u0301" integer) returns integer language sql
            as 'select $1 - $2';
        create function val.whole(a smallint, b bigint, c integer[], d val.pair) returns text language sql as
            $$ select concat_ws('|', a, b, c, d) $$;
    """)
    return database


async def test_statements(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    procedures = {f"test.s{index}": {"sql": text} for index, (text, _, _) in enumerate(STATEMENTS)}
    sidecar = make_sidecar(router.url("rawsocket"), values.url, procedures=procedures)
    sidecar.start()
    async with joined(router) as peer:
        for index, (text, kwargs, expected) in enumerate(STATEMENTS):
            assert (await peer.call(f"test.s{index}", **kwargs)).value == expected, text
    checked = run("check", "--config", sidecar.file, "--connect")
    assert checked.returncode == 0, checked.stderr


async def test_procedures_with_lists(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    """CALL takes no sub-selects; the result is the same to the letter."""
    make_sidecar(router.url("rawsocket"), values.url, procedures={
        "test.lists": "val.lists", "test.rest": "val.rest"}).start()
    hard = 'q"\\ x\n, (z){}'
    async with joined(router) as peer:
        arguments: list[Any] = [[1, 2.0, None], {"a": 1, "b": hard}, [{"a": 2}, None], [{"k": hard}, [1], None],
            [hard, "", "NULL", None]]
        answer = (await peer.call("test.lists", *arguments)).value["o"]
        assert answer == values.value("""
            select concat_ws('|', array[1, 2, null], (1, h)::val.pair, array[(2, null)::val.pair, null],
                array[jsonb_build_object('k', h), '[1]', 'null'], array[h, '', 'NULL', null]) from (values (%s)) as v(h)
            """ % ("E'" + hard.replace("\\", "\\\\").replace("\n", "\\n") + "'"))
        assert (await peer.call("test.lists", [], None, [], [], None)).value["o"] == "{}|{}|{}"
        assert (await peer.call("test.rest", "ab", "c", "d")).args == []
        assert (await peer.call("test.rest", "ab")).args == []
        assert values.rows("select id from val.u order by id") == [(2,), (5,)]
        assert (await peer.error("test.lists", 1, None, None, None, None)).error == "wamp.error.invalid_argument"


async def test_binary_keeps_its_levels(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    matrices: list[Any] = [
        [], [b"a", None, b""], [[b"a", b"b", b"c"], [b"d", None, b"f"]],
        [[[b"a"], [b"b"]], [[b"c"], [b"d"]], [[b"e"], [b"f"]]], None,
    ]
    make_sidecar(router.url("rawsocket"), values.url, procedures={
        "test.matrix": "val.matrix", "test.rows": "val.rows_of",
        "test.sql": {"sql": "select val.matrix(:n) as m", "results": "value"}}).start()
    async with joined(router) as peer:
        for levels, matrix in enumerate(matrices):
            assert (await peer.call("test.matrix", levels)).value == matrix
            assert (await peer.call("test.sql", levels)).value == matrix
        assert (await peer.call("test.rows")).value == [{"m": matrix} for matrix in matrices]


async def test_arguments(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    make_sidecar(router.url("rawsocket"), values.url, procedures={
        "test.sum": "val.sum_of", "test.accents": "val.accents", "test.whole": "val.whole"}).start()
    async with joined(router) as peer:
        assert (await peer.call("test.sum", 1, 2, 3)).value == 6
        assert (await peer.call("test.sum", 1, [2, 3.0])).value == 6
        assert (await peer.call("test.sum", start=1, n=[2])).value == 3
        error = await peer.error("test.sum", n=[2])
        assert error.error == "wamp.error.invalid_argument" and 'missing argument "start"' in str(error.args[0])
        assert (await peer.call("test.accents", **{"e\u0301": 1, "\u00e9": 3})).value == 2
        whole = (await peer.call("test.whole", 3.0, 1764379200000.0, [1.0, 2], {"a": 5.0, "b": "5.0"})).value
        assert whole == "3|1764379200000|{1,2}|(5,5.0)"
        error = await peer.error("test.whole", 3.5, 1, [], None)
        assert error.error == "wamp.error.invalid_argument"


async def test_another_encoding_is_left_behind(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    """What follows a function that has changed client_encoding is read as the UTF-8 that it is."""
    values.execute("""
        create function val.leave(name text) returns void language plpgsql as
            $$ begin perform set_config('client_encoding', name, false); end $$;
        create function val.octets(t text) returns text language sql as $$ select encode(convert_to(t, 'UTF8'),
            'hex') $$;
    """)
    make_sidecar(router.url("rawsocket"), values.url, database={"connections": 1, "pipeline": 16}, procedures={
        "test.leave": "val.leave", "test.octets": "val.octets",
        "test.sql": {"sql": "select encode(convert_to(:t, 'UTF8'), 'hex') as h", "results": "value"}}).start()
    async with joined(router) as peer:
        for encoding in ("LATIN1", "EUC_JP", "WIN1252") * 5:
            answers = await asyncio.gather(
                *(peer.call("test.octets", "\u00e9") for _ in range(100)), peer.call("test.leave", encoding),
                *(peer.call(name, "\u00e9\u4e2d") for name in ("test.octets", "test.sql") * 8))
            assert [answer.value for answer in answers[101:]] == ["c3a9e4b8ad"] * 16, encoding


async def test_columns_of_one_name(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), values.url, procedures={
        "test.twice": {"sql": "select t.id, u.id from val.t t, val.u u"}, "test.once": {"sql": "select 1 as id"},
        "test.pairs": {"sql": "select id from val.t where pair = any(:pairs)"}})
    sidecar.start(FAULTY)
    checked = run("check", "--config", sidecar.file, "--connect")
    assert checked.returncode == 1 and 'two columns named "id"' in checked.stderr and "AS" in checked.stderr
    async with joined(router) as peer:
        assert "two columns" in str((await peer.error("test.twice")).args[0])
        assert ":pairs::type" in str((await peer.error("test.pairs", [])).args[0])
        assert (await peer.call("test.once")).value == [{"id": 1}]


def test_a_database_without_an_encoding(make_sidecar: SidecarMaker, router: Router, database: Database) -> None:
    database.execute("create database no_encoding encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'")
    url = re.sub(r"/[^/?]+(?=\?|$)", "/no_encoding", database.url)
    sidecar = make_sidecar(router.url("rawsocket"), url)
    sidecar.write()
    checked = run("check", "--config", sidecar.file, "--connect")
    database.execute("drop database no_encoding with (force)")
    assert checked.returncode == 1 and "SQL_ASCII" in checked.stderr and "UTF8" in checked.stderr, checked.stderr


def test_a_signature_of_psql(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    """The signature of an overloaded function, as `\\df` shows it, names the function."""
    values.execute("""
        create function val.over(id integer, at timestamp with time zone default now(), inout t text default 'a, b',
            out o integer)
            language sql as 'select 1';
        create function val.over(id integer, t text) returns integer language sql as 'select 2';
    """.replace("language sql as 'select 1'", "language sql as $$ select 'x'::text, 1 $$"))
    shown = values.rows("select 'val.over(' || pg_get_function_arguments(oid) || ')' from pg_proc where proname = "
                        "'over'")
    assert len(shown) == 2
    sidecar = make_sidecar(router.url("rawsocket"), values.url,
                           procedures={f"test.n{index}": signature for index, (signature,) in enumerate(shown)})
    sidecar.write()
    checked = run("check", "--config", sidecar.file, "--connect")
    assert checked.returncode == 0, checked.stderr


def test_arguments_of_the_client_are_utf_8() -> None:
    called = subprocess.run([binary(), "call", "com.example.a", b"\xff"], capture_output=True, timeout=30, check=False)
    assert called.returncode == 64 and b"argument 3 is not UTF-8" in called.stderr


def test_check_prepares_what_runs(make_sidecar: SidecarMaker, router: Router, values: Database) -> None:
    """A statement that is valid alone, but not inside ours; and a procedure for events that ends its transaction."""
    values.execute("""
        create procedure val.ends(args jsonb) language plpgsql as $$ begin
            -- commit;
            perform 1; COMMIT AND NO CHAIN; end $$;
        create procedure val.stays(args jsonb) language plpgsql as $$ begin /* then commit; */ perform '; commit ;';
            end $$;
    """)
    sidecar = make_sidecar(
        router.url("rawsocket"), values.url,
        procedures={"test.locks": {"sql": "select a.id from val.t a left join val.u b on true for update of b"},
                    "test.ends": "val.ends"},
        subscriptions={"test.topic": "val.ends", "test.other": "val.stays"})
    sidecar.write()
    checked = run("check", "--config", sidecar.file, "--connect")
    assert checked.returncode == 1
    lines = [line for line in checked.stderr.splitlines() if "test." in line]
    assert any("test.topic" in line and "COMMIT" in line for line in lines), checked.stderr
    assert not any("test.other" in line or "test.ends" in line for line in lines), checked.stderr
