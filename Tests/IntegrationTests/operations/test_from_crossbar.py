"""The statements for Crossbar.io's old integration work unchanged, with one role; docs/from-crossbar.md holds them."""

import asyncio
import re
from typing import Any

import psycopg
import pytest
import yaml

from actors.cluster import Cluster
from actors.deadline import free_port
from actors.peer import joined
from actors.router import Router
from actors.sidecar import ROOT
from conftest import SidecarMaker

PAGE = (ROOT / "docs/from-crossbar.md").read_text()
SQL = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
#: What is left in a database and its cluster: names of schemas, roles, servers, user mappings and grants.
TRACES = """
    select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_'
    union all select 'role ' || rolname from pg_roles where rolname !~ '^pg_'
    union all select 'server ' || srvname from pg_foreign_server
    union all select 'mapping ' || srvname from pg_user_mappings
    union all select 'wrapper ' || fdwname from pg_foreign_data_wrapper
    union all select 'right ' || grantee::regrole from pg_foreign_data_wrapper,
        aclexplode(fdwacl) where grantee <> fdwowner
    union all select 'function ' || oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'locks ' || count(*) from pg_locks where locktype = 'advisory'
    order by 1
"""


@pytest.mark.parametrize("has_dblink", [True, False], ids=["dblink", "no dblink"])
async def test_as_written(make_sidecar: SidecarMaker, router: Router, mortal_cluster: Cluster,
                          has_dblink: bool) -> None:
    set_up, extension, publish, account, register, call, remove = SQL
    database = mortal_cluster.create_database("app")
    before = database.rows(TRACES)
    database.execute("create extension dblink")
    with_extension = database.rows(TRACES)
    database.execute("drop extension dblink")

    database.execute(set_up)
    if has_dblink:
        database.execute(extension)
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    mapping: dict[str, Any] = yaml.safe_load(example[1])
    mapping["router"]["url"] = router.url("websocket")
    mapping["database"]["url"] = f"postgresql://crossbar@127.0.0.1:{mortal_cluster.port}/app"
    mapping["caller"]["listen"] = f"127.0.0.1:{free_port()}"
    sections = {name: mapping[name] for name in ("router", "database", "caller")}
    sidecar = make_sidecar("", "", **sections)
    sidecar.configuration["router"].pop("auth")
    sidecar.start("leading: this sidecar does the work that must happen once")
    if has_dblink:
        sidecar.wait_for("call port announced to the database")

    async with joined(router) as peer:
        inbox = await peer.subscribe("com.example.topic1")
        await asyncio.to_thread(database.execute, publish)
        events = await inbox.first(2)
        assert [(event.args, event.kwargs) for event in events] == [
            ([23, 7, "hello world!"], {"foo": "bar", "baz": 42})] * 2

        # Every role may publish: more than NOTIFY can hold, and even without a sidecar.
        database.execute("create role anybody login")
        large = "x" * 100_000
        sidecar.stop()
        database.execute(f"set role anybody; select crossbar.publish('com.example.topic1', '[\"{large}\"]')")
        sidecar.process = None
        sidecar.start("leading: this sidecar does the work that must happen once")
        assert (await inbox.first(3))[2].args == [large]
        database.execute("drop role anybody")

        database.execute(account)
        await asyncio.to_thread(database.execute, register)
        answer = await peer.call_when_there("com.example.create_user", "joe", email="joe@example.com")
        assert answer.value == {"id": 1, "name": "joe", "email": "joe@example.com"}

        with pytest.raises(psycopg.errors.UniqueViolation, match="com.example.create_user"):
            await asyncio.to_thread(database.execute, register)
        # As was common then: parameters without names, and run as the role crossbar.
        await asyncio.to_thread(database.execute, """
            create function account.plain(jsonb, jsonb, jsonb) returns jsonb language sql as
                $$ select jsonb_build_array($1, $2, $3 ->> 'procedure', current_user) $$;
            select crossbar.register('com.example.plain', 'account.plain');
            select crossbar.unregister('com.example.create_user');
        """)
        answer = await peer.call_when_there("com.example.plain", 1, two=2)
        assert answer.value == [[1], {"two": 2}, "com.example.plain", "crossbar"]
        assert (await peer.error("com.example.create_user", "joe")).error == "wamp.error.no_such_procedure"

        if has_dblink:
            sidecar.wait_for("call port announced to the database")
            await peer.register("com.example.add2", lambda a, b: a + b)
            assert await asyncio.to_thread(database.value, call) == 5
            identity = await asyncio.to_thread(
                database.value, "select crossbar.publish('com.example.topic1', options => '{\"acknowledge\": true}')")
            assert identity > 1000 and (await inbox.first(4))[3].args == []
        else:
            with pytest.raises(Exception, match="dblink") as caught:
                await asyncio.to_thread(database.execute, call)
            assert getattr(caught.value, "sqlstate") == "WA003"

    assert sidecar.stop() == 0
    database.execute("drop schema account cascade")
    database.execute(remove)
    assert database.rows(TRACES) == (with_extension if has_dblink else before)
