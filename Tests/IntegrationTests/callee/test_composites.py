"""Composites, lists in them and lists of them as arguments: each member gets what it would get as a parameter, and
nothing is ignored."""

from typing import Any

import pytest

from actors.cluster import Database
from actors.deadline import until
from actors.installation import Installation, install
from actors.peer import PublishOptions, joined
from actors.router import Router
from actors.sidecar import run
from conftest import SidecarMaker

pytestmark = pytest.mark.servers

REFUSED = "wamp.error.invalid_argument"


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute("""
        create schema shop; grant usage on schema shop to sidecar;
        create type shop.mood as enum ('sad', 'ok');
        create type shop.part as ("code" text, amount bigint, tags jsonb[]);
        create domain shop.sound_part as shop.part check ((value).amount > 0);
        create domain shop.notes as jsonb[];
        create domain shop.pair as integer[] check (cardinality(value) = 2);
        create type shop.item as (id integer, name text, price numeric, doc jsonb, raw json, tags text[],
            grid integer[], chunks bytea[],
            bin bytea, docs jsonb[], raws json[], notes shop.notes, many shop.notes[], pairs shop.pair[],
                part shop.sound_part,
            parts shop.part[], mood shop.mood, span int4range, "e\u0301" integer, big bigint[]);
        create domain shop.checked as shop.item check ((value).id > 0);
        create function shop.one(item shop.item) returns text language sql as 'select item::text';
        create function shop.checked(item shop.checked) returns text language sql as 'select item::text';
        create function shop.several(n integer, items shop.item[]) returns text language sql as 'select items::text';
        create function shop.any_of(variadic items shop.part[]) returns text language sql as 'select items::text';
        create function shop.unnamed(shop.part) returns text language sql as 'select $1::text';
        create procedure shop.called(item shop.item, items shop.part[], inout o text default null) language plpgsql as
            $$ begin o := concat_ws('|', item, items); end $$;
        create domain shop.part_list as shop.part[];
        create function shop.listed(items shop.part_list) returns text language sql as 'select items::text';
        create function shop.pairs(p shop.pair[]) returns text language sql as 'select p::text';
        create function shop.notes(n shop.notes[]) returns text language sql as 'select n::text';
        create function shop.numbers(a smallint, b integer, c bigint, d numeric, e bigint[], f oid) returns text
            language sql as
            $$ select concat_ws('|', a, b, c, d, e, f) $$;
    """)
    return database


PROCEDURES: dict[str, Any] = {
    "test.one": "shop.one", "test.checked": "shop.checked", "test.several": "shop.several", "test.any": "shop.any_of",
    "test.unnamed": "shop.unnamed", "test.called": "shop.called", "test.pairs": "shop.pairs",
    "test.notes": "shop.notes",
    "test.numbers": "shop.numbers", "test.listed": "shop.listed",
    "test.sql": {"sql": "select (:item::shop.item)::text as t", "results": "value"},
    "test.list": {"sql": "select (:items::shop.part[])::text as t", "results": "value"},
}


async def test_unknown_members(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """By position and by name, in functions, procedures and statements, at any depth."""
    make_sidecar(router.url("rawsocket"), shop.url, procedures=PROCEDURES).start()
    bad = {"id": 1, "colour": 2}
    async with joined(router) as peer:
        for procedure, args, kwargs, member, of, argument in [
            ("test.one", [bad], {}, "colour", "shop.item", '"item"'),
            ("test.one", [], {"item": bad}, "colour", "shop.item", '"item"'),
            ("test.one", [{"ID": 1}], {}, "ID", "shop.item", '"item"'),
            ("test.one", [{"\u00e9": 1}], {}, "\u00e9", "shop.item", '"item"'),
            ("test.one", [{"part": {"x": 1}}], {}, "x", "shop.part", '"item"'),
            ("test.one", [{"parts": [{}, None, {"y": 1}]}], {}, "y", "shop.part", '"item"'),
            ("test.one", [{"parts": [[{"y": 1}]]}], {}, "y", "shop.part", '"item"'),
            ("test.checked", [bad], {}, "colour", "shop.item", '"item"'),
            ("test.several", [1, [{"id": 1}, bad]], {}, "colour", "shop.item", '"items"'),
            ("test.several", [1], {"items": [bad]}, "colour", "shop.item", '"items"'),
            ("test.any", [{"code": "a"}, {"z": 1}], {}, "z", "shop.part", '"items"'),
            ("test.any", [], {"items": [{"z": 1}]}, "z", "shop.part", '"items"'),
            ("test.unnamed", [{"z": None}], {}, "z", "shop.part", "1"),
            ("test.called", [bad, []], {}, "colour", "shop.item", '"item"'),
            ("test.called", [None], {"items": [{"z": 1}]}, "z", "shop.part", '"items"'),
            ("test.listed", [[{"z": 1}]], {}, "z", "shop.part", '"items"'),
            ("test.sql", [bad], {}, "colour", "shop.item", '"item"'),
            ("test.list", [], {"items": [{"z": [1]}]}, "z", "shop.part", '"items"'),
        ]:
            error = await peer.error(procedure, *args, **kwargs)
            assert error.error == REFUSED, (procedure, args, error)
            assert f'unknown member "{member}" of {of} in argument {argument}; ' in str(error.args[0]), error
        assert "(,,,,,,,,,,,,,,,,,,7,)" == (await peer.call("test.one", {"e\u0301": 7})).value
        assert (await peer.call("test.sql", item={})).value == "(,,,,,,,,,,,,,,,,,,,)"
        assert (await peer.call("test.one", None)).value is None


async def test_members_are_as_parameters(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """Lists of documents, binary, ranges, enumerations, and missing members; the same in every way to pass them."""
    hard = 'q"\\ \u00e9\n\t,{}()'
    item = {
        "id": 3.0, "name": 3.0, "price": 1.50, "doc": {"n": [3.0, hard]}, "raw": [1.0],
        "tags": [hard, None, "NULL", ""],
        "grid": [[1.0, 2], [3, 4e0]], "chunks": [b"\x00\xff", None], "bin": b"\x01",
        "docs": [[1, [2.0]], {"k": hard}, None, hard, b"\x02", 3.0], "raws": [[hard], []], "notes": [[1], [2, 3]],
        "many": [[[1], 2], None, []], "pairs": [[1.0, 2], [3, 4]],
        "part": {"code": "c", "amount": 1764379200000.0, "tags": [[hard]]},
        "parts": [{"tags": [[], {}], "amount": 2.0}, None], "mood": "ok", "span": "[1,5)",
        "big": [9007199254740992.0, None]}
    expected = shop.value("""
        select row(3, '3.0', 1.5, jsonb_build_object('n', jsonb_build_array(3.0, h)), '[1.0]'::json, array[h, null,
            'NULL', ''],
            array[[1, 2], [3, 4]], array['\\x00ff', null]::bytea[], '\\x01'::bytea,
            array['[1, [2.0]]', jsonb_build_object('k', h), 'null', to_jsonb(h), '"\\\\x02"', '3.0'],
            array[json_build_array(h)::jsonb, '[]']::json[], array['[1]', '[2, 3]']::shop.notes,
            '{"{[1],2}",null,"{}"}'::shop.notes[], '{"{1,2}","{3,4}"}'::shop.pair[],
            row('c', 1764379200000, array[jsonb_build_array(h)])::shop.part,
            array[row(null, 2, array['[]', '{}']::jsonb[])::shop.part, null], 'ok'::shop.mood, '[1,5)'::int4range,
                null::integer,
            array[9007199254740992, null])::shop.item::text from (values (%s)) as v(h)
        """ % ("E'" + hard.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") + "'"))
    make_sidecar(router.url("rawsocket"), shop.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        for procedure in ("test.one", "test.checked", "test.sql"):
            assert (await peer.call(procedure, item)).value == expected, procedure
            assert (await peer.call(procedure, item=item)).value == expected, procedure
        assert (await peer.call("test.called", item, [])).value["o"] == expected + "|{}"
        assert (await peer.call("test.several", 1.0, [item, None])).value == shop.value(
            "select array[%s::shop.item, null]::text", expected)
        assert (await peer.call("test.listed", [{"amount": 2.0, "tags": [[]]}])).value == '{"(,2,{[]})"}'
        assert (await peer.call("test.pairs", [[1, 2.0], [3, 4]])).value == '{"{1,2}","{3,4}"}'
        assert (await peer.call("test.notes", [[[1], {}], []])).value == '{"{[1],\\"{}\\"}","{}"}'
        for faulty in ({"docs": {}}, {"docs": "{}"}, {"id": 1.5}, {"grid": [[1], [2, 3]]}, {"mood": "x"}, {"tags": 1},
                       {"part": {"amount": 0}}, {"pairs": [[1]]}, {"id": 1, "big": ["x"]}):
            for procedure in ("test.one", "test.called", "test.sql"):
                error = await peer.error(procedure, faulty, *([[]] if procedure == "test.called" else []))
                assert error.error == REFUSED, (procedure, faulty, error)


async def test_whole_numbers(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    make_sidecar(router.url("rawsocket"), shop.url, procedures=PROCEDURES).start()
    async with joined(router) as peer:
        whole = (await peer.call("test.numbers", 3.0, -120.0, 1e18, 2.0, [1e3, 5.0, 7], 16384.0)).value
        assert whole == "3|-120|1000000000000000000|2.0|{1000,5,7}|16384"
        for args in ([4e4, 0, 0, 0, [], 0], [0, 3e9, 0, 0, [], 0], [0, 0, 1e19, 0, [], 0], [0, 0, 1e300, 0, [], 0],
                     [0, 0, 0, 0, [1e300], 0], [0, 0, 0, 0, [1, 9.3e18], 0]):
            error = await peer.error("test.numbers", *args)
            assert (error.error == REFUSED and "out of range" in str(error.args[0])
                    and "shop.numbers" in str(error.args[0])), error
        for item in ({"id": 3e9}, {"id": 1e300}, {"grid": [[1e19]]}, {"part": {"amount": 1e19}},
            {"parts": [{"amount": 1e20}]}):
            error = await peer.error("test.one", item)
            assert error.error == REFUSED and "out of range" in str(error.args[0]), error


async def test_a_type_that_changes(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """A new attribute can be given, a dropped one can't, and neither is silently ignored."""
    make_sidecar(router.url("rawsocket"), shop.url,
        procedures={**PROCEDURES, "test.p": {"sql": "select :p::shop.part"}}).start()
    ways: list[tuple[str, Any, list[Any]]] = [
        ("test.unnamed", lambda part: part, []), ("test.one", lambda part: {"part": part}, []),
        ("test.one", lambda part: {"parts": [part]}, []), ("test.list", lambda part: [part], []),
        ("test.called", lambda part: {"part": part}, [[]]), ("test.p", lambda part: part, [])]
    async with joined(router) as peer:
        for procedure, value, rest in ways:
            await peer.call(procedure, value({"code": "a", "amount": 1}), *rest)
            assert (await peer.error(procedure, value({"weight": 1}), *rest)).error == REFUSED
        shop.execute("alter type shop.part add attribute weight integer")
        for procedure, value, rest in ways:
            answer = str((await peer.call(procedure, value({"amount": 1, "weight": 17.0}), *rest)).value)
            assert "17" in answer, (procedure, answer)
        shop.execute("alter type shop.part rename attribute weight to mass")
        for procedure, value, rest in ways[:4]:
            error = await peer.error(procedure, value({"amount": 1, "weight": 17}), *rest)
            assert error.error == REFUSED and 'unknown member "weight"' in str(error.args[0]), (procedure, error)
        await peer.call("test.called", {"part": {"amount": 1, "mass": 1}}, [])


async def test_events(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    """An event with an unknown member becomes a dead letter, like one with a wrong type."""
    interface: Installation = install(shop)
    shop.execute("""
        create table shop.seen (t text); grant all on shop.seen to wamp; grant usage on schema shop to wamp;
        create function shop.note(item shop.item) returns void language sql
            as 'insert into shop.seen values (item::text)';
    """)
    make_sidecar(router.url("rawsocket"), interface.url, subscriptions={"test.topic": "shop.note"}).start()
    async with joined(router) as peer:
        for args in ([{"colour": 1}], [{"parts": [{"z": 1}]}], [{"id": 5.0, "docs": [[1]]}]):
            await peer.session.publish("test.topic", *args, options=PublishOptions(acknowledge=True))
        await until(lambda: len(shop.rows("select 1 from shop.seen")) == 1, "the good event")
        await until(lambda: len(shop.rows("select 1 from wamp.dead_letter")) == 2, "the dead letters")
    assert shop.rows("select t from shop.seen") == [('(5,,,,,,,,,{[1]},,,,,,,,,,)',)]
    letters = shop.rows("select error, message from wamp.dead_letter order by id")
    assert [error for error, _ in letters] == [REFUSED, REFUSED]
    assert ('unknown member "colour" of shop.item' in letters[0][1]
            and 'unknown member "z" of shop.part' in letters[1][1])


def test_check_prepares_them(make_sidecar: SidecarMaker, router: Router, shop: Database) -> None:
    sidecar = make_sidecar(router.url("rawsocket"), shop.url, procedures=PROCEDURES)
    sidecar.write()
    checked = run("check", "--config", sidecar.file, "--connect")
    assert checked.returncode == 0, checked.stderr
