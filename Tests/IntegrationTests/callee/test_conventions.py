"""How arguments reach a function and how its result comes back, through a real router, over each transport."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.cluster import Cluster, Database
from actors.peer import joined
from actors.router import Router
from actors.sidecar import Sidecar
from conftest import HERE, settings

pytestmark = pytest.mark.libpq

FUNCTIONS = [
    "raw_args", "raw_both", "raw_details", "raw_void", "add2", "defaults", "nothing", "variadic", "variadic_any",
    "unnamed", "arrays", "matrix", "mirror", "points", "feel", "strictly", "echo_text", "echo_bool", "echo_numeric",
    "echo_double", "echo_bigint", "echo_uuid", "echo_stamp", "echo_range", "echo_jsonb", "kind_of_json", "echo_json",
    "is_null", "blob_length", "blob_reverse", "odd_names", "nil", "void", "outs", "one_out", "inout", "series",
    "table_of", "set_of_points", "no_point", "kwargs", "list", "remember",
]

OPTIONS: dict[str, Any] = {
    "over_integer": "conv.over(integer)",
    "over_text": "conv.over(text)",
    "as_kwargs": {"function": "conv.kwargs", "results": "kwargs"},
    "as_args": {"function": "conv.list", "results": "args"},
    "as_row": {"function": "conv.table_of", "results": "row"},
    "as_value": {"function": "conv.series", "results": "value"},
    "bigint_string": {"function": "conv.echo_bigint", "bigint": "string"},
    "statement": {"sql": "select i, square from conv.table_of(:n) where i > :least order by i"},
    "insert": {"sql": "insert into conv.item (name) values (:name) returning id, name"},
}

#: name, positional arguments, keyword arguments, positional results, keyword results
CASES: list[tuple[str, list[Any], dict[str, Any], list[Any], dict[str, Any]]] = [
    ("raw_args", [1, "two", {"three": [3]}, None], {}, [[1, "two", {"three": [3]}, None]], {}),
    ("raw_args", [], {}, [[]], {}),
    ("raw_both", [1], {"k": "v"}, [{"args": [1], "kwargs": {"k": "v"}}], {}),
    ("raw_both", [], {}, [{"args": [], "kwargs": {}}], {}),
    ("raw_void", [1], {}, [], {}),
    ("add2", [2, 3], {}, [5], {}),
    ("add2", [], {"a": 2, "b": 3}, [5], {}),
    ("add2", [], {"b": 3, "a": 2}, [5], {}),
    ("add2", [2], {"b": 3}, [5], {}),
    ("add2", ["2", 3], {}, [5], {}),
    ("defaults", [1], {}, ["1 10 c"], {}),
    ("defaults", [1, 2], {}, ["1 2 c"], {}),
    ("defaults", [1], {"c": "x"}, ["1 10 x"], {}),
    ("defaults", [], {"c": "x", "a": 7}, ["7 10 x"], {}),
    ("nothing", [], {}, [42], {}),
    ("variadic", ["h", 1, 2, 3], {}, ["h:1,2,3"], {}),
    ("variadic", ["h", 1], {}, ["h:1"], {}),
    ("variadic_any", [], {}, [0], {}),
    ("variadic_any", [5, 6], {}, [2], {}),
    ("unnamed", [5, 3], {}, [2], {}),
    ("arrays", [[1, 3, 2]], {}, [[3, 2, 1]], {}),
    ("arrays", [[]], {}, [None], {}),
    ("matrix", [[[1, 2], [3, None]]], {}, ["{{1,2},{3,NULL}}"], {}),
    ("mirror", [{"x": 1, "y": 2}], {}, [{"x": 2, "y": 1}], {}),
    ("points", [[{"x": 1, "y": 0}, {"x": 2, "y": 0}]], {}, [3], {}),
    ("feel", ["sad"], {}, ["happy"], {}),
    ("strictly", [1], {}, [1], {}),
    ("echo_text", ["a \"quoted\" \\ text\nof two lines ä€😀"], {}, ["a \"quoted\" \\ text\nof two lines ä€😀"], {}),
    ("echo_text", [""], {}, [""], {}),
    ("echo_text", ["'; drop table x; --"], {}, ["'; drop table x; --"], {}),
    ("echo_text", [12], {}, ["12"], {}),
    ("echo_bool", [True], {}, [False], {}),
    ("echo_numeric", [12.5], {}, [12.5], {}),
    ("echo_double", [0.1], {}, [0.1], {}),
    ("echo_bigint", [9007199254740993], {}, [9007199254740993], {}),
    ("bigint_string", [9007199254740993], {}, ["9007199254740993"], {}),
    ("echo_uuid", ["c0ffee00-0000-4000-8000-000000000000"], {}, ["c0ffee00-0000-4000-8000-000000000000"], {}),
    ("echo_stamp", ["2024-02-29T12:00:00Z"], {}, ["2024-02-29 12:00:00"], {}),
    ("echo_range", ["[3,8)"], {}, [5], {}),
    ("echo_jsonb", [{"a": [1, None, "x"]}], {}, [{"a": [1, None, "x"]}], {}),
    ("kind_of_json", ["text"], {}, ["string"], {}),
    ("kind_of_json", [[1]], {}, ["array"], {}),
    ("echo_json", [[1, 2]], {}, [[1, 2]], {}),
    ("is_null", [None], {}, [True], {}),
    ("is_null", ["null"], {}, [False], {}),
    ("blob_length", [b"\x00\x01\xff"], {}, [3], {}),
    ("blob_reverse", [b"\x00\x01\xff"], {}, [b"\xff\x01\x00"], {}),
    ("odd_names", [], {"Select": 1, "with space": 2}, [12], {}),
    ("nil", [], {}, [None], {}),
    ("void", [], {}, [], {}),
    ("outs", [2], {}, [{"twice": 4, "thrice": 6}], {}),
    ("one_out", [2], {}, [{"twice": 4}], {}),
    ("inout", [1, "a"], {}, [{"a": 2, "b": "a!"}], {}),
    ("series", [3], {}, [[1, 2, 3]], {}),
    ("series", [0], {}, [[]], {}),
    ("table_of", [2], {}, [[{"i": 1, "square": 1}, {"i": 2, "square": 4}]], {}),
    ("set_of_points", [2], {}, [[{"x": 1, "y": -1}, {"x": 2, "y": -2}]], {}),
    ("no_point", [], {}, [None], {}),
    ("kwargs", [], {}, [{"a": 1, "b": [2]}], {}),
    ("as_kwargs", [], {}, [], {"a": 1, "b": [2]}),
    ("as_args", [], {}, [1, "two"], {}),
    ("as_row", [2], {}, [{"i": 1, "square": 1}], {}),
    ("as_value", [2], {}, [1], {}),
    ("over_integer", [1], {}, ["integer"], {}),
    ("over_text", ["1"], {}, ["text"], {}),
    ("statement", [], {"n": 3, "least": 1}, [[{"i": 2, "square": 4}, {"i": 3, "square": 9}]], {}),
    ("insert", [], {"name": "new"}, [[{"id": 1, "name": "new"}]], {}),
]

#: name, positional arguments, keyword arguments, part of the error message
REFUSED: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("add2", [1, 2, 3], {}, "conv.add2"),
    ("add2", [1], {}, "conv.add2"),
    ("add2", [], {}, "conv.add2"),
    ("add2", [1, 2], {"b": 3}, "b"),
    ("add2", [1, 2], {"c": 3}, "c"),
    ("add2", [1], {"B": 2}, "conv.add2"),
    ("add2", ["one", 2], {}, "conv.add2"),
    ("add2", [1.5, 2], {}, "conv.add2"),
    ("add2", [{"a": 1}, 2], {}, "conv.add2"),
    ("add2", [2**31, 0], {}, "conv.add2"),
    ("nothing", [1], {}, "conv.nothing"),
    ("unnamed", [], {"a": 1, "b": 2}, "conv.unnamed"),
    ("arrays", ["{1,2}x"], {}, "conv.arrays"),
    ("feel", ["angry"], {}, "conv.feel"),
    ("strictly", [0], {}, "conv.strictly"),
    ("echo_text", ["a\x00b"], {}, ""),
    ("echo_uuid", ["no uuid"], {}, "conv.echo_uuid"),
    ("raw_args", [], {"k": 1}, "conv.raw_args"),
    ("raw_args", ["a\x00b"], {}, ""),
    ("over_integer", ["x"], {}, "conv.over"),
    ("statement", [], {"n": 3}, "least"),
]


@pytest.fixture(scope="module")
def functions(cluster: Cluster) -> Database:
    return cluster.create_database(
        "conventions", (HERE / "sql" / "conventions.sql").read_text(),
        "create table conv.item (id integer generated always as identity, name text unique);"
        "grant all on conv.item to sidecar",
    )


@pytest.fixture(scope="module", params=["rawsocket", "websocket", "unix"])
def sidecar(request: pytest.FixtureRequest, functions: Database, router: Router) -> Iterator[Sidecar]:
    functions.execute("truncate conv.item restart identity")
    procedures: dict[str, Any] = {f"test.{name}": f"conv.{name}" for name in FUNCTIONS}
    procedures |= {f"test.{name}": options for name, options in OPTIONS.items()}
    sidecar = Sidecar(settings(router.url(request.param), functions.url, procedures=procedures))
    try:
        sidecar.start()
        yield sidecar
        assert sidecar.stop() == 0
    finally:
        sidecar.remove()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}"[:60])
async def test_result(sidecar: Sidecar, router: Router, case: Any) -> None:
    name, args, kwargs, results, keyword_results = case
    async with joined(router) as peer:
        answer = await peer.call(f"test.{name}", *args, **kwargs)
    assert (answer.args, answer.kwargs) == (results, keyword_results)
    assert [type(value) for value in answer.args] == [type(value) for value in results]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}"[:60])
async def test_refused(sidecar: Sidecar, router: Router, case: Any) -> None:
    name, args, kwargs, said = case
    async with joined(router) as peer:
        error = await peer.error(f"test.{name}", *args, **kwargs)
        assert error.error == "wamp.error.invalid_argument"
        assert said in str(error.args[0])
        # One bad call affects no other call.
        assert (await peer.call("test.add2", 1, 1)).value == 2


async def test_details_of_the_call(sidecar: Sidecar, router: Router) -> None:
    async with joined(router) as peer:
        details = (await peer.call("test.raw_details")).value
    assert isinstance(details, dict)


async def test_procedure_that_commits(sidecar: Sidecar, router: Router, functions: Database) -> None:
    functions.execute("drop table if exists conv.memory")
    async with joined(router) as peer:
        answer = await peer.call("test.remember", "this")
        assert (answer.args, answer.kwargs) == ([], {})
    assert functions.rows("select note from conv.memory") == [("this",)]
