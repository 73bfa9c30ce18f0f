"""sql/functions.sql says above each function what a call of it returns; here it is called, through a real router."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.peer import joined
from actors.router import Router
from actors.sidecar import FAULTY, Sidecar
from conftest import HERE, settings

pytestmark = pytest.mark.servers

INVALID = "wamp.error.invalid_argument"

MAPPED: dict[str, Any] = {
    name: f"callee.{name}" for name in [
        "echo", "sum_all", "raw_details", "add2", "with_defaults", "unnamed", "join_all", "json_kinds", "types",
        "enum_and_domain", "composite", "matrix", "text_of", "json_of", "infinity", "null_result", "reversed", "parts",
        "blobs", "large", "nothing", "out_one", "out_two", "numbers", "items", "one_column", "evaluated", "do_nothing",
        "do_commit", "fail", "raise_wamp", "withdraw", "divide", "secret", "polymorphic", "loose_record",
        "a_trigger", "an_aggregate", "twice",
    ]
} | {
    "other_names": {"function": "callee.other_names", "convention": "raw"},
    "numbers_args": {"function": "callee.numbers", "results": "args"},
    "numbers_value": {"function": "callee.numbers", "results": "value"},
    "items_row": {"function": "callee.items", "results": "row"},
    "items_kwargs": {"function": "callee.items", "results": "kwargs"},
    "items_args": {"function": "callee.items", "results": "args"},
    "as_args": {"function": "callee.as_args", "results": "args"},
    "as_kwargs": {"function": "callee.as_kwargs", "results": "kwargs"},
    "not_args": {"function": "callee.not_args", "results": "args"},
    "odd": '"Callee Odd"."Fn ""q"""',
    "twice_text": "callee.twice(text)",
    "overlap": "callee.overlap(integer, integer)",
    "terse": {"function": "callee.fail", "errors": "terse"},
}

ITEM = {"id": 1, "name": "n", "tags": ["a", "b"]}
TYPES = {
    "i8": 9007199254740993, "n": 1.5, "f": 1000, "t": 'a"é', "b": True, "ts": "2026-01-31T12:00:00+00:00",
    "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "d": "2026-01-31", "j": {"k": [1, None]}, "r": "[1,5)", "iv": "1 day",
}


def items(count: int) -> list[dict[str, Any]]:
    return [{"id": n, "name": f"item {n}", "tags": None} for n in range(1, count + 1)]


YIELDS: list[tuple[str, list[Any], dict[str, Any], list[Any], dict[str, Any]]] = [
    ("sum_all", [1, 2, 3], {}, [6], {}),
    ("other_names", [1], {"a": 2}, [{"a": 2}], {}),
    ("add2", [2, 3], {}, [5], {}),
    ("add2", [], {"b": 3, "a": 2}, [5], {}),
    ("add2", [2], {"b": 3}, [5], {}),
    ("add2", [None, 3], {}, [None], {}),
    ("with_defaults", [1], {}, ["1 two 3"], {}),
    ("with_defaults", [1], {"c": 9}, ["1 two 9"], {}),
    ("with_defaults", [1, "zwei"], {}, ["1 zwei 3"], {}),
    ("unnamed", [6, 7], {}, [42], {}),
    ("join_all", ["-"], {}, [""], {}),
    ("join_all", ["-", "a", "b"], {}, ["a-b"], {}),
    ("join_all", ["-"], {"words": ["x", "y"]}, ["x-y"], {}),
    ("json_kinds", [[1], {"a": 2}, "s"], {}, ["array object string"], {}),
    ("types", [], TYPES, [TYPES], {}),
    ("enum_and_domain", ["ok", 3], {}, ["ok3"], {}),
    ("composite", [ITEM, [{"id": 2}, {"id": 3}]], {}, [ITEM], {}),
    ("matrix", [[[1, 2], [3, 4]]], {}, [[[1, 2], [3, 4]]], {}),
    ("text_of", [5], {}, ["5"], {}),
    ("text_of", [True], {}, ["true"], {}),
    ("json_of", [{"a": 1}], {}, [{"a": 1}], {}),
    ("json_of", ["s"], {}, ["s"], {}),
    ("json_of", [None], {}, [None], {}),
    ("infinity", [], {}, ["NaN"], {}),
    ("null_result", [], {}, [None], {}),
    ("reversed", [b"\x01\x02\x03"], {}, [b"\x03\x02\x01"], {}),
    ("reversed", ["ab"], {}, [b"ba"], {}),
    ("parts", [b"\x01\x02\x03"], {}, [[b"\x01", b"\x02", b"\x03"]], {}),
    ("parts", [b""], {}, [[]], {}),
    ("blobs", [2], {}, [[{"id": 1, "data": b"\x01"}, {"id": 2, "data": b"\x02"}]], {}),
    ("large", [100_000], {}, [bytes(100_000)], {}),
    ("nothing", ["x"], {}, [], {}),
    ("out_one", [20], {}, [{"doubled": 40}], {}),
    ("out_two", [20], {}, [{"half": 10, "doubled": 40}], {}),
    ("numbers", [3], {}, [[1, 2, 3]], {}),
    ("numbers_args", [3], {}, [1, 2, 3], {}),
    ("numbers_value", [3], {}, [1], {}),
    ("items", [2], {}, [items(2)], {}),
    ("items_row", [2], {}, [items(1)[0]], {}),
    ("items_kwargs", [2], {}, [], items(1)[0]),
    ("items_args", [2], {}, items(2), {}),
    ("one_column", [2], {}, [[{"v": 1}, {"v": 2}]], {}),
    ("as_args", [], {}, [1, "b"], {}),
    ("as_kwargs", [], {}, [], {"a": 1}),
    ("odd", [1], {}, [1], {}),
    ("odd", [], {'Ärger "x"': 1}, [1], {}),
    ("do_nothing", ["x"], {}, [], {}),
    ("do_commit", [3], {}, [{"done": 3, "label": "l"}], {}),
    ("twice_text", ["x"], {}, ["xx"], {}),
    ("overlap", [1, 2], {}, [3], {}),
]

ERRORS: list[tuple[str, list[Any], dict[str, Any], str, str]] = [
    ("sum_all", [1], {"x": 1}, INVALID, ""),
    ("add2", [2], {}, INVALID, 'missing argument "b"; callee.add2(a integer, b integer)'),
    ("add2", [2, 3, 4], {}, INVALID, "too many arguments: 3 given, at most 2 accepted; callee.add2"),
    ("add2", [2, 3], {"a": 1}, INVALID, 'argument "a" is given twice; callee.add2'),
    ("add2", [2, 3], {"c": 1}, INVALID, 'unknown argument "c"; callee.add2'),
    ("add2", ["x", 3], {}, INVALID, 'invalid input syntax for type integer: "x"; callee.add2'),
    ("unnamed", [6], {}, INVALID, "missing argument 2"),
    ("echo", ["a\x00b"], {}, INVALID, ""),
    ("enum_and_domain", ["great", 3], {}, INVALID, ""),
    ("enum_and_domain", ["ok", -3], {}, INVALID, ""),
    ("not_args", [], {}, "wamp.error.runtime_error", ""),
    ("fail", ["22012"], {}, INVALID, "m"),
    ("fail", ["42501"], {}, "wamp.error.not_authorized", "m"),
    ("fail", ["23505"], {}, "postgresql.error.unique_violation", "m"),
    ("fail", ["P0001"], {}, "postgresql.error.raise_exception", "m"),
    ("fail", ["ZZ123"], {}, "postgresql.error.sqlstate_zz123", "m"),
    ("fail", ["53300"], {}, "wamp.error.unavailable", "m"),
    ("raise_wamp", ["not a uri"], {}, "wamp.error.runtime_error", ""),
    ("withdraw", [1, 100], {}, INVALID, ""),
    ("divide", [1, 0], {}, INVALID, "division by zero"),
    ("overlap", [1], {}, INVALID, ""),
]

#: What can't be a procedure, and a word of the reason.
UNUSABLE = {
    "twice": "could be any of", "a_trigger": "trigger", "an_aggregate": "aggregate", "secret": "may not execute",
    "polymorphic": "", "loose_record": "",
}


@pytest.fixture(scope="module")
def callee(cluster: Cluster) -> Database:
    # As its owner: the file creates what it needs, and nothing is granted.
    database = cluster.create_database("functions")
    database.execute(f"set role sidecar; {(HERE / 'sql' / 'functions.sql').read_text()}")
    # The owner may execute what PUBLIC may not.
    database.execute("alter function callee.secret() owner to postgres; revoke all on function callee.secret() from "
                     "sidecar")
    return database


@pytest.fixture(scope="module", params=["rawsocket", "websocket"])
def sidecar(request: pytest.FixtureRequest, callee: Database, router: Router) -> Iterator[Sidecar]:
    sidecar = Sidecar(settings(
        router.url(request.param), callee.url, procedures={f"test.{name}": what for name, what in MAPPED.items()}))
    try:
        sidecar.start(FAULTY)
        yield sidecar
        assert sidecar.stop() == 0
    finally:
        sidecar.remove()


@pytest.mark.parametrize("case", YIELDS, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}"[:60])
async def test_yields(sidecar: Sidecar, router: Router, case: Any) -> None:
    name, args, kwargs, results, keyword_results = case
    async with joined(router) as peer:
        answer = await peer.call(f"test.{name}", *args, **kwargs)
    assert (answer.args, answer.kwargs) == (results, keyword_results)


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}"[:60])
async def test_errors(sidecar: Sidecar, router: Router, case: Any) -> None:
    name, args, kwargs, uri, said = case
    async with joined(router) as peer:
        error = await peer.error(f"test.{name}", *args, **kwargs)
    assert error.error == uri, error
    assert str(error.args[0]).startswith(said)


@pytest.mark.parametrize("name", UNUSABLE)
async def test_unusable(sidecar: Sidecar, router: Router, name: str) -> None:
    async with joined(router) as peer:
        error = await peer.error(f"test.{name}")
    assert f"callee.{name}" in str(error.args[0]) and UNUSABLE[name] in str(error.args[0]), error
    assert any(f"callee.{name}" in line and UNUSABLE[name] in line for line in sidecar.lines)


async def test_raw(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        for args, kwargs in (([1, "a"], {"k": None}), ([], {})):
            value = (await peer.call("test.echo", *args, **kwargs)).value
            assert value == {"args": args, "kwargs": kwargs, "procedure": "test.echo"}
        assert (await peer.call("test.echo", b"\x01\x02")).value["args"] == ["\\x0102"]
        assert (await peer.call("test.raw_details")).value["procedure"] == "test.raw_details"


async def test_error_details(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        error = await peer.error("test.fail", "P0001")
        assert (list(error.args), error.kwargs["sqlstate"], error.kwargs["detail"], error.kwargs["hint"]) == (
            ["m"], "P0001", "d", "h")
        error = await peer.error("test.terse", "P0001")
        assert error.kwargs["sqlstate"] == "P0001" and "detail" not in error.kwargs
        error = await peer.error("test.raise_wamp", "com.example.error.gone")
        assert (error.error, list(error.args), error.kwargs["k"]) == ("com.example.error.gone", [1], "v")
        error = await peer.error("test.withdraw", 1, 100)
        assert (error.kwargs["constraint"], error.kwargs["table"]) == ("balance_not_negative", "account")


async def test_evaluated_once(sidecar: Sidecar, router: Router, callee: Database) -> None:
    callee.execute("alter sequence callee.calls restart")
    async with joined(router) as peer:
        assert (await peer.call("test.evaluated")).value == {"id": 1, "name": "once", "tags": None}
    assert callee.value("select last_value from callee.calls") == 1
