"""The functions and tables of the SQL interface: what they check, which roles may use them, and what a hostile session
can do."""

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actors.cluster import Database
from actors.deadline import wait_until
from actors.installation import Installation, connect_as, install, make_role
from actors.scripted_port import Reply, ScriptedPort

pytestmark = pytest.mark.servers

INVALID = "22023"
DENIED = "42501"


@pytest.fixture
def interface(database: Database) -> Installation:
    """Installed; `publisher` may publish and call, `registrar` register and subscribe, `stranger` nothing."""
    make_role(database, "stranger")
    return install(database, grant_to=["publisher"], register_to=["registrar"])


def fault(session: psycopg.Connection[Any], query: str, *values: Any) -> tuple[str, str]:
    """The SQLSTATE and the message of a statement that must fail."""
    with pytest.raises(psycopg.Error) as failed:
        session.execute(query, values or None)  # type: ignore[arg-type]
    return failed.value.sqlstate or "", failed.value.diag.message_primary or ""


def heard(listener: psycopg.Connection[Any], channel: str, database: Database) -> list[str]:
    """The notifications on a channel. They arrive in the order of the commits: after the last of them comes one of the
    test."""
    database.execute(f"notify {channel}, 'the last'")
    payloads = []
    for notice in listener.notifies(timeout=60):
        if notice.payload == "the last":
            return payloads
        payloads.append(notice.payload)
    raise AssertionError(f"the test's own notification has not come, but {payloads}")


# -- publish

FAULTS = [
    ("null", "publish: the topic  is null"),
    ("''", 'publish: the topic "" is empty'),
    ("'com..example'", 'publish: the topic "com..example" has an empty component'),
    ("'.com'", 'publish: the topic ".com" has an empty component'),
    ("'com.'", 'publish: the topic "com." has an empty component'),
    ("'com.a b'", 'publish: the topic "com.a b" contains white space'),
    ("E'com.a\\u00a0b'", 'publish: the topic "com.a\u00a0b" contains white space'),
    ("'com#a'", "publish: the topic \"com#a\" contains '#'"),
    ("E'com\\x01'", 'publish: the topic "com\x01" contains a control character'),
    ("'wamp'", "publish: the topic wamp begins with 'wamp', which is the router's own"),
    ("'wamp.session.on_join'",
        "publish: the topic \"wamp.session.on_join\" begins with 'wamp', which is the router's own"),
    ("'a', '{}'", "publish: args must be a JSON array, but it is of type object"),
    ("'a', 'null'", "publish: args must be a JSON array, but it is of type null"),
    ("'a', null, '[]'", "publish: kwargs must be a JSON object, but it is of type array"),
    ("'a', options => '[]'", "publish: options must be a JSON object, but it is of type array"),
    ("'a', options => '{\"retian\": true}'", "publish: unknown option retian"),
    ("'a', options => '{\"retain\": 1}'", "publish: option retain must be true or false, but it is of type number"),
    ("'a', options => '{\"exclude_me\": null}'",
        "publish: option exclude_me must be true or false, but it is of type null"),
    ("'a', options => '{\"exclude\": 1}'", "publish: option exclude must be an array, but it is of type number"),
    ("'a', options => '{\"exclude\": [0]}'",
     "publish: option exclude must hold session ids, which are integers from 1 to 2^53"),
    ("'a', options => '{\"eligible\": [1.5]}'",
     "publish: option eligible must hold session ids, which are integers from 1 to 2^53"),
    ("'a', options => '{\"eligible\": [\"1\"]}'",
     "publish: option eligible must hold session ids, which are integers from 1 to 2^53"),
    ("'a', options => '{\"eligible_authrole\": [1]}'", "publish: option eligible_authrole must hold strings"),
    ("'a', options => '{\"exclude_authid\": \"x\"}'",
     "publish: option exclude_authid must be an array, but it is of type string"),
]


@pytest.mark.parametrize("arguments, message", FAULTS)
def test_faults_of_publish(interface: Installation, arguments: str, message: str) -> None:
    with connect_as(interface.database, "publisher") as session:
        assert fault(session, f"select wamp.publish({arguments})") == (INVALID, message)
        # With autonomous, which is another overload: the same checks.
        assert fault(session, f"select wamp.publish({arguments}, autonomous => true)") == (INVALID, message)
    assert interface.database.value("select count(*) from wamp.outbox") == 0


def test_publish_writes_a_row(interface: Installation) -> None:
    options = {"exclude_me": False, "retain": True, "exclude": [1, 2**53], "eligible_authid": ["joe"]}
    with connect_as(interface.database, "publisher") as session:
        first = session.execute("select wamp.publish('com.example.a', '[1, null]', '{\"b\": {}}', %s)",
                                [json.dumps(options)]).fetchone()
        second = session.execute("select wamp.publish(topic => 'com.example.ä_1', kwargs => '{}')").fetchone()
        session.execute("begin; select wamp.publish('com.example.gone'); rollback")
    assert (first, second) == ((1,), (2,))
    assert interface.database.rows("select id, topic, args, kwargs, options from wamp.outbox order by id") == [
        (1, "com.example.a", [1, None], {"b": {}}, options), (2, "com.example.ä_1", None, {}, None)]
    assert interface.database.value("select count(distinct event_id) from wamp.outbox") == 2


def test_publish_wakes_a_relay_that_sleeps_only(interface: Installation) -> None:
    database = interface.database
    keys = dict(database.rows("select key, value from wamp.meta"))
    lock = f"({keys['wake_lock_1']}, {keys['wake_lock_2']})"
    with database.connect() as relay, connect_as(database, "publisher") as session:
        relay.execute(f"listen {keys['channel']}")  # type: ignore[arg-type]
        # Awake, or not there: only the shared lock, up to the end of the transaction.
        session.execute("begin; select wamp.publish('com.example.a')")
        assert relay.execute(f"select pg_try_advisory_lock{lock}").fetchone() == (False,)  # type: ignore[arg-type]
        session.execute("commit")
        assert heard(relay, keys["channel"], database) == []
        # Asleep, with a recent sign of life.
        database.execute("insert into wamp.leader (pid, since, stamp) values (1, now(), now())")
        assert relay.execute(f"select pg_try_advisory_lock{lock}").fetchone() == (True,)  # type: ignore[arg-type]
        session.execute("select wamp.publish('com.example.a')")
        assert [notice.channel for notice in relay.notifies(timeout=60, stop_after=1)] == ["wamp_outbox"]
        # Asleep and stopped: nobody would hear it, so no session has to notify.
        database.execute("update wamp.leader set stamp = now() - interval '16 seconds'")
        session.execute("select wamp.publish('com.example.a')")
        assert heard(relay, keys["channel"], database) == []
        database.execute("update wamp.leader set stamp = now()")
        # Prepared transactions can't notify.
        session.execute("set wamp.two_phase = on")
        session.execute("begin; select wamp.publish('com.example.a'); prepare transaction 'two-phase'")
        session.execute("commit prepared 'two-phase'")
        assert heard(relay, keys["channel"], database) == []
    assert database.value("select count(*) from wamp.outbox") == 4


HOSTILE = """
    create schema evil authorization publisher;
    -- Names of a schema that the function's owner may not use would be passed over, whatever the function says.
    grant usage on schema evil to public;
    set role publisher;
    create function evil.trap(text, text) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.trap(jsonb, jsonb) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.trap(bigint, bigint) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.trap(int, int) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.trap_text(text, text) returns text language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.trap_one(boolean) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create operator evil.= (leftarg = text, rightarg = text, function = evil.trap);
    create operator evil.<> (leftarg = text, rightarg = text, function = evil.trap);
    create operator evil.~ (leftarg = text, rightarg = text, function = evil.trap);
    create operator evil.!~ (leftarg = text, rightarg = text, function = evil.trap);
    create operator evil.|| (leftarg = text, rightarg = text, function = evil.trap_text);
    create operator evil.= (leftarg = jsonb, rightarg = jsonb, function = evil.trap);
    create operator evil.<> (leftarg = jsonb, rightarg = jsonb, function = evil.trap);
    create operator evil.= (leftarg = bigint, rightarg = bigint, function = evil.trap);
    create operator evil.= (leftarg = int, rightarg = int, function = evil.trap);
    create operator evil.> (leftarg = int, rightarg = int, function = evil.trap);
    create function evil.jsonb_typeof(jsonb) returns text language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.starts_with(text, text) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.pg_notify(text, text) returns void language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.current_setting(text, boolean) returns text language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.pg_try_advisory_xact_lock_shared(int, int) returns boolean language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.now() returns timestamptz language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create function evil.nextval(regclass) returns bigint language plpgsql as
        $$ begin raise exception 'hijacked as %', current_user; end $$;
    create table evil.outbox (like pg_catalog.pg_class);
    create domain evil.jsonb as pg_catalog.jsonb check (false);
    create domain evil.text as pg_catalog.text check (false);
    create domain evil.int8 as pg_catalog.int8 check (false);
    create domain evil.bool as pg_catalog.bool check (false);
"""


def test_a_malicious_schema_in_front(interface: Installation) -> None:
    """No function calls or uses anything in another schema, or in the session's temporary one."""
    database = interface.database
    database.execute(HOSTILE)
    database.execute("""
        grant create on schema evil to registrar;
        create function evil.mine() returns int language sql security definer as 'select 1';
        alter function evil.mine() owner to registrar;
    """)
    setup = """
        set search_path = evil, pg_temp, pg_catalog;
        create domain pg_temp.jsonb as pg_catalog.jsonb check (false);
        create domain pg_temp.text as pg_catalog.text check (false);
        create domain pg_temp.int8 as pg_catalog.int8 check (false);
        create domain pg_temp.bool as pg_catalog.bool check (false);
        create temporary table meta (key pg_catalog.text, value pg_catalog.text);
        create temporary table outbox (id pg_catalog.int8);
        set standard_conforming_strings = off;
        set plpgsql.extra_errors = 'all';
        set plpgsql.extra_warnings = 'all';
    """
    with connect_as(database, "publisher") as session:
        session.execute("select 'x'::text operator(pg_catalog.=) 'x'")
        session.execute(setup)
        # The traps work.
        assert "hijacked as publisher" in fault(session, "select 'x'::pg_catalog.text = 'x'::pg_catalog.text")[1]
        session.execute("select wamp.publish('com.example.a', '[1]', '{}')")
        session.execute("select wamp.publish('com.example.a', options => '{\"exclude\": [1], \"retain\": true}')")
        for arguments, message in FAULTS[1:]:
            if "E'" not in arguments:
                assert fault(session, f"select wamp.publish({arguments})") == (INVALID, message)
        assert fault(session, "select wamp.call('com.example.a')")[0] == "WA003"
        assert fault(session, "select wamp.publish('com.example.a', autonomous => true)")[0] == "WA003"
        assert fault(session, "select wamp.raise_error('com.example.e', '[1]')") == ("WA000", "com.example.e")
        session.execute("select wamp.binary('abc')")
        session.execute("create temporary table item (id pg_catalog.int4, name pg_catalog.varchar)")
        session.execute("create trigger publishes after insert or update or delete on item for each row "
                        "execute function wamp.publish_row('com.example.item', 'id')")
        session.execute("insert into item values (1, 'x')")
    with connect_as(database, "registrar") as session:
        session.execute(setup)
        session.execute("select wamp.register('com.example.a', 'evil.mine', '()', '{\"match\": \"prefix\"}')")
        session.execute("select wamp.subscribe('com.example.a', 'evil.mine')")
        assert fault(session, "select wamp.register('com.example.b', 'evil.trap')")[0] == "42725"
        session.execute("select wamp.unsubscribe('com.example.a', 'evil.mine'), wamp.unregister('com.example.a')")
    with interface.connect() as session:
        session.execute(setup)
        session.execute("select * from wamp.leader_take('00000000-0000-0000-0000-000000000001', 'x')")
        for call in ("relay_mark()", "relay_read(0, 100, 1000000)", "relay_bury(1, 'e', 'm', 1)", "relay_delete('{2}')",
                     "relay_truncate()", "leader_stamp()", "leader_read()", "mapping_rows()", "dead_letter_list()",
                     "event_bury('a', 'a', null, null, null, 'f', 'e', 'm', 1)", "dead_letter_retry('{1,2}')",
                     "event_retries()", "event_retried(2, true, 'e', 'm')", "dead_letter_delete('{2}')",
                     "dead_letter_expire('1 day')", "sidecar_hello()",
                     "port_configure('{host,h,port,1}', 'wamp', 'x')",
                     "port_configure('{host,h,port,2}', 'wamp', 'y')", "port_withdraw()", "leader_release()"):
            session.execute(f"select * from wamp.{call}")  # type: ignore[arg-type]
    assert database.value("select count(*) from wamp.outbox") >= 1


def test_two_phase_and_savepoints(interface: Installation) -> None:
    with connect_as(interface.database, "publisher") as session:
        session.execute("begin; select wamp.publish('com.example.a'); savepoint s; select "
                        "wamp.publish('com.example.b'); "
                        "rollback to s; select wamp.publish('com.example.c'); commit")
    assert (interface.database.rows("select topic from wamp.outbox order by id")
            == [("com.example.a",), ("com.example.c",)])


# -- publish_row

def test_publish_row(interface: Installation) -> None:
    database = interface.database
    database.execute("""
        create table item (id int primary key, name text, price numeric, data bytea);
        grant select, insert, update, delete on item to publisher, stranger;
        create trigger every after insert or update or delete on item
            for each row execute function wamp.publish_row('com.example.item');
        create trigger named after update on item
            for each row execute function wamp.publish_row('com.example.item.named', 'id', 'name');
        create trigger listed after update on item
            for each row execute function wamp.publish_row('com.example.item.listed', '{id,price}');
    """)
    with connect_as(database, "publisher") as session:
        session.execute("insert into item values (1, 'a', 1.50, 'x')")
        session.execute("update item set name = 'b'")
        session.execute("delete from item")
    where = {"schema": "public", "table": "item"}
    old = {"id": 1, "name": "a", "price": 1.50, "data": "\\x78"}
    new = old | {"name": "b"}
    assert database.rows("select topic, args, kwargs from wamp.outbox order by id") == [
        ("com.example.item", None, where | {"operation": "INSERT", "row": old}),
        ("com.example.item", None, where | {"operation": "UPDATE", "row": new, "old": old}),
        ("com.example.item.listed", None,
         where | {"operation": "UPDATE", "row": {"id": 1, "price": 1.50}, "old": {"id": 1, "price": 1.50}}),
        ("com.example.item.named", None,
         where | {"operation": "UPDATE", "row": {"id": 1, "name": "b"}, "old": {"id": 1, "name": "a"}}),
        ("com.example.item", None, where | {"operation": "DELETE", "old": new}),
    ]
    # Whoever changes the table publishes, and so needs the right.
    with connect_as(database, "stranger") as session:
        assert fault(session, "insert into item values (2, 'a', 1, null)")[0] == DENIED


def test_faults_of_publish_row(interface: Installation) -> None:
    database = interface.database
    database.execute("create table item (id int)")
    for arguments, level, state in (("'com.example.a', 'nmae'", "row", "42703"), ("", "row", INVALID),
                                    ("'com.example.a'", "statement", INVALID), ("'com..a'", "row", INVALID)):
        database.execute(f"create trigger t after insert on item for each {level} "
                         f"execute function wamp.publish_row({arguments})")
        with database.connect() as session:
            assert fault(session, "insert into item values (1)")[0] == state
        database.execute("drop trigger t on item")


# -- errors and values

def test_raise_error(interface: Installation) -> None:
    with connect_as(interface.database, "publisher") as session:
        for query, uri, detail in (
            ("select wamp.raise_error('com.example.error')", "com.example.error", {"args": [], "kwargs": {}}),
            ("select wamp.raise_error('wamp.error.invalid_argument', '[1]', '{\"a\": 2}')",
             "wamp.error.invalid_argument", {"args": [1], "kwargs": {"a": 2}}),
        ):
            with pytest.raises(psycopg.Error) as raised:
                session.execute(query)  # type: ignore[arg-type]
            assert raised.value.sqlstate == "WA000" and raised.value.diag.message_primary == uri
            assert json.loads(raised.value.diag.message_detail or "") == detail
        for arguments in ("null", "'a b'", "''", "'wamp.'", "'a', '{}'", "'a', null, '[]'"):
            assert fault(session, f"select wamp.raise_error({arguments})")[0] == INVALID


def test_binary(interface: Installation) -> None:
    with connect_as(interface.database, "publisher") as session:
        assert (session.execute(r"select wamp.binary('\x00ff10'), wamp.binary(null)").fetchone()
                == ({"\x01binary": "AP8Q"}, None))
        long = session.execute("select wamp.binary(decode(repeat('00', 1000), 'hex'))").fetchone()
        assert long is not None and "\n" not in long[0]


# -- call

@pytest.fixture
def port(interface: Installation) -> Iterator[ScriptedPort]:
    """Configured; a call's procedure name says what its result is."""
    answers: dict[str, Reply] = {
        "com.example.one": ("result", "[1]", None, None, None),
        "com.example.none": ("result", None, None, None, None),
        "com.example.null": ("result", "[null]", "{}", None, None),
        "com.example.two": ("result", "[1, 2]", None, None, None),
        "com.example.both": ("result", "[1]", '{"a": 2}', None, None),
        "com.example.error": ("error", "[1]", '{"b": 2}', "WA000", "com.example.went_wrong"),
        "com.example.bare": ("error", None, None, "WA000", "com.example.went_wrong"),
        "com.example.no_session": ("error", None, None, "WA001", "no session with the router"),
        "com.example.deadline": ("error", None, None, "57014", "the deadline has passed"),
        "com.example.lost": ("error", None, None, "08007", "lost in the middle"),
        "com.example.full": ("53300", "too many sessions"),
        "com.example.odd": ("error", None, None, "nonsense", "x"),
        "com.example.close": "close",
        "com.example.mute": "mute",
        "com.example.topic": ("result", "[9007199254740991]", None, None, None),
    }

    def answer(document: dict[str, Any]) -> Reply:
        return answers[document.get("call") or document["publish"]]

    port = ScriptedPort(answer)
    with interface.connect_as_leader() as sidecar:
        port.configure(sidecar)
    yield port
    port.stop()


def test_results_of_calls(interface: Installation, port: ScriptedPort) -> None:
    with connect_as(interface.database, "publisher") as session:
        pid = session.info.backend_pid
        for procedure, expected in (("one", 1), ("none", None), ("null", None),
                                    ("two", {"args": [1, 2], "kwargs": {}}),
                                    ("both", {"args": [1], "kwargs": {"a": 2}})):
            got = session.execute(f"select wamp.call('com.example.{procedure}')").fetchone()  # type: ignore[arg-type]
            assert got == (expected,), procedure
        full = session.execute(
            "select * from wamp.call_full('com.example.both', '[5]', '{\"k\": null}', '{\"timeout\": 1}')")
        assert full.fetchone() == ([1], {"a": 2})
        assert port.documents[-1] == {
            "pid": pid, "rows": True, "call": "com.example.both", "args": [5], "kwargs": {"k": None},
            "options": {"timeout": 1}}
        # Published immediately: the publication's id, and no row.
        for arguments in ("autonomous => true", "options => '{\"acknowledge\": true}'"):
            got = session.execute(f"select wamp.publish('com.example.topic', '[1]', {arguments})")  # type: ignore
            assert got.fetchone() == (9007199254740991,)
        assert port.documents[-1]["publish"] == "com.example.topic"
    assert port.connections == 1
    assert interface.database.value("select count(*) from wamp.outbox") == 0


def test_errors_of_calls(interface: Installation, port: ScriptedPort) -> None:
    with connect_as(interface.database, "publisher") as session:
        for procedure, state, message in (
            ("error", "WA000", "com.example.went_wrong"), ("bare", "WA000", "com.example.went_wrong"),
            ("no_session", "WA001", "no session with the router"), ("deadline", "57014", "the deadline has passed"),
            ("lost", "08007", "lost in the middle"),
        ):
            assert fault(session, f"select wamp.call('com.example.{procedure}')") == (state, message)
        assert port.connections == 1, "an error costs no connection"
        with pytest.raises(psycopg.Error) as raised:
            session.execute("select wamp.call('com.example.error')")
        assert json.loads(raised.value.diag.message_detail or "") == {"args": [1], "kwargs": {"b": 2}}
        for procedure, state in (("full", "WA002"), ("odd", "WA002"), ("close", "08007")):
            assert fault(session, f"select wamp.call('com.example.{procedure}')")[0] == state
            assert session.execute("select wamp.call('com.example.one')").fetchone() == (1,)
        for arguments in ("null", "''", "'a', '{}'", "'a', null, '[]'", "'a', options => '1'"):
            assert fault(session, f"select wamp.call({arguments})")[0] == INVALID
        # An error that is caught leaves the session and the connection unchanged.
        session.execute("begin")
        session.execute("do $$ begin perform wamp.call('com.example.error'); exception when sqlstate 'WA000' then "
                        "null; end $$")
        assert session.execute("select wamp.call('com.example.one')").fetchone() == (1,)
        session.execute("rollback")


def test_a_call_that_is_not_answered_can_be_ended(interface: Installation, port: ScriptedPort) -> None:
    with connect_as(interface.database, "publisher") as session:
        assert session.execute("select wamp.call('com.example.one')").fetchone() == (1,)
        session.execute("set statement_timeout = '300ms'")
        assert fault(session, "select wamp.call('com.example.mute')")[0] == "57014"
        port.wait_for_close()
        session.execute("set statement_timeout = 0")
        assert session.execute("select wamp.call('com.example.one')").fetchone() == (1,)
        # The port is down; then it is up again, elsewhere.
        port.stop()
    session = connect_as(interface.database, "publisher")
    with session:
        assert fault(session, "select wamp.call('com.example.one')")[0] == "WA002"
    waiting = "select count(*) from pg_stat_activity where query ~ 'wamp.call' and usename = 'publisher' " \
              "and state = 'active'"
    wait_until(lambda: interface.database.value(waiting) == 0, "no session hangs", 60)


def test_a_port_that_has_moved(interface: Installation, port: ScriptedPort) -> None:
    """Another sidecar leads: other address, other password. Sessions with a connection find it without help."""
    with connect_as(interface.database, "publisher") as session, interface.connect_as_leader() as sidecar:
        assert session.execute("select wamp.call('com.example.one')").fetchone() == (1,)
        other = ScriptedPort(lambda document: ("result", "[2]", None, None, None))
        other.configure(sidecar, password="another")
        assert other.key == port.key, "the key is the database's, not the sidecar's"
        port.answer = lambda document: ("stale", None, None, None, None)
        assert session.execute("select wamp.call('com.example.one')").fetchone() == (2,)
        assert (port.closed, other.connections) == (1, 1)
        # One that does not lead: nothing was done, and the error says so.
        other.answer = port.answer
        assert fault(session, "select wamp.call('com.example.one')")[0] == "WA002"
        other.stop()


def test_the_connection_is_of_no_use_to_others(interface: Installation, port: ScriptedPort) -> None:
    """The session's user can reach neither the connection that a call left open, nor the key, nor the password."""
    with connect_as(interface.database, "publisher") as session:
        session.execute("select wamp.call('com.example.one')")
        for query in ("select wamp_dblink.dblink_send_query('wamp', '{}')", "select value from wamp.meta",
                      "select * from wamp_dblink.dblink('wamp', '{}') as t(a text)",
                      "select wamp.ask('call', 'com.example.one', null, null, null)"):
            assert fault(session, query)[0] == DENIED
        assert session.execute("select umoptions from pg_user_mappings").fetchall() == [(None,)]
    with interface.connect() as sidecar:
        assert sidecar.execute("select umoptions from pg_user_mappings").fetchall() == [(None,)]


def test_without_dblink(interface: Installation) -> None:
    interface.database.execute("drop extension dblink cascade")
    with connect_as(interface.database, "publisher") as session:
        with pytest.raises(psycopg.Error) as refused:
            session.execute("select wamp.call('com.example.a')")
        assert refused.value.sqlstate == "WA003"
        session.execute("select wamp.publish('com.example.a')")
    interface.install()
    with connect_as(interface.database, "publisher") as session:
        assert fault(session, "select wamp.call('com.example.a')") == (
            "WA003", "call: no sidecar has told yet where its port is")


# -- register and subscribe

REGISTRARS_FUNCTIONS = """
    create schema api authorization registrar; grant usage on schema api to public;
    set role registrar;
    create function api.good(a int, b jsonb) returns jsonb language sql security definer as 'select b';
    create function api.invoker(a int) returns int language sql as 'select a';
    create function api.defaults(a int default 1) returns int language sql security definer as 'select a';
    create function api.many(a int) returns int language sql security definer as 'select a';
    create function api.many(a text) returns text language sql security definer as 'select a';
    create function api.rows() returns table (a int, b text) language sql security definer as 'select 1, ''x''';
    create function api.full() returns wamp.result language sql security definer as 'select ''[]''::jsonb, null::jsonb';
    create function api.nothing(a jsonb) returns void language sql security definer as '';
    create domain api.trap as int;
    create function api.domain(a api.trap) returns int language sql security definer as 'select 1';
    create function api.returned() returns api.trap language sql security definer as 'select 1::api.trap';
    create function api.column() returns table (a api.trap) language sql security definer as 'select 1::api.trap';
    create function api.anything(a anyelement) returns int language sql security definer as 'select 1';
    create function api.record() returns record language sql security definer as 'select 1::api.trap, 2';
    create procedure api.proc() language sql security definer as '';
    reset role;
    create schema private;
    create function private.f() returns int language sql as 'select 1';
    create function api.others() returns int language sql security definer as 'select 1';
    create function api.locked() returns int language sql security definer as 'select 1';
    revoke execute on function api.locked() from public;
"""


def test_register_and_subscribe(interface: Installation) -> None:
    database = interface.database
    database.execute(REGISTRARS_FUNCTIONS)
    with database.connect() as listener, connect_as(database, "registrar") as session:
        listener.execute("listen wamp_mapping")
        session.execute("select wamp.register('com.example.good', 'api.good')")
        session.execute("select wamp.register('com.example.', 'api.many', '(int)', %s)", [json.dumps(
            {"match": "prefix", "invoke": "roundrobin", "timeout": "2s", "concurrency": 2,
                "max_result_bytes": "1MiB"})])
        for name in ("rows", "full", "nothing"):
            session.execute(f"select wamp.register('com.example.{name}', 'api.{name}')")  # type: ignore[arg-type]
        session.execute("select wamp.subscribe('com.example.topic', 'api.nothing')")
        session.execute("select wamp.subscribe('com.example.topic', 'api.good')")
        assert len(list(listener.notifies(timeout=60, stop_after=7))) == 7
        session.execute("begin; select wamp.register('com.example.undone', 'api.good'); rollback")
        assert heard(listener, "wamp_mapping", database) == []
        assert session.execute("select wamp.unregister('com.example.good'), wamp.unregister('com.example.good'), "
                               "wamp.unsubscribe('com.example.topic', 'api.good')").fetchone() == (True, False, True)
    with interface.connect() as sidecar:
        rows = sidecar.execute(
            "select kind, uri, proc, signature, registered_by, fault from wamp.mapping_rows()").fetchall()
    assert rows == [
        ("registration", "com.example.", "api.many", "integer", "registrar", None),
        ("registration", "com.example.rows", "api.rows", None, "registrar", None),
        ("registration", "com.example.full", "api.full", None, "registrar", None),
        ("registration", "com.example.nothing", "api.nothing", None, "registrar", None),
        ("subscription", "com.example.topic", "api.nothing", None, "registrar", None),
    ]


@pytest.mark.parametrize("arguments, state, words", [
    ("null, 'api.good'", INVALID, "is null"),
    ("'com..a', 'api.good'", INVALID, "empty component"),
    ("'com.', 'api.good'", INVALID, "empty component"),
    ("'wamp.a', 'api.good'", INVALID, "router's own"),
    ("'wamp.', 'api.good', null, '{\"match\": \"prefix\"}'", INVALID, "router's own"),
    ("'com.a', 'api.good', null, '[]'", INVALID, "JSON object"),
    ("'com.a', 'api.good', null, '{\"timeuot\": \"1s\"}'", INVALID, "unknown option timeuot"),
    ("'com.a', 'api.good', null, '{\"timeout\": \"1\"}'", INVALID, "option timeout can't be"),
    ("'com.a', 'api.good', null, '{\"timeout\": 1}'", INVALID, "option timeout can't be"),
    ("'com.a', 'api.good', null, '{\"match\": \"like\"}'", INVALID, "option match can't be"),
    ("'com.a', 'api.good', null, '{\"role\": \"postgres\"}'", INVALID, "option role is for the owner"),
    ("'com.a', 'api.good', null, '{\"retained\": true}'", INVALID, "unknown option retained"),
    ("'com.a', 'good'", "42602", "with its schema"),
    ("'com.a', 'a b c'", "42602", "is not the name of a function"),
    ("'com.a', null", "42602", "with its schema"),
    ("'com.a', 'api.gone'", "42883", "there is no function api.gone"),
    ("'com.a', 'api.good', 'text'", "42883", "there is no function api.good(text)"),
    ("'com.a', 'api.good', 'int, ('", "42601", "is not a list of types"),
    ("'com.a', 'api.good', 'no_type'", "42601", "is not a list of types: type \"no_type\" does not exist"),
    ("'com.a', 'gone.good', 'int'", "42883", "there is no function gone.good(int)"),
    ("'com.a', 'api.many'", "42725", "there are several functions api.many"),
    ("'com.a', 'api.locked'", DENIED, "may not execute api.locked()"),
    ("'com.a', 'private.f'", DENIED, "may not execute private.f()"),
    ("'com.a', 'api.others'", DENIED, "must be SECURITY DEFINER and owned by registrar"),
    ("'com.a', 'api.invoker'", DENIED, "must be SECURITY DEFINER and owned by registrar"),
    ("'com.a', 'pg_catalog.pg_reload_conf'", DENIED, "may not execute"),
    ("'com.a', 'pg_catalog.now'", DENIED, "must be SECURITY DEFINER and owned by registrar"),
    ("'com.a', 'api.defaults'", DENIED, "defaults"),
    ("'com.a', 'api.domain'", DENIED, "types of PostgreSQL's own"),
    ("'com.a', 'api.returned'", DENIED, "types of PostgreSQL's own"),
    ("'com.a', 'api.column'", DENIED, "types of PostgreSQL's own"),
    ("'com.a', 'api.anything'", DENIED, "types of PostgreSQL's own"),
    ("'com.a', 'api.record'", DENIED, "types of PostgreSQL's own"),
    ("'com.a', 'api.proc'", DENIED, "types of PostgreSQL's own"),
])
def test_faults_of_register(interface: Installation, arguments: str, state: str, words: str) -> None:
    interface.database.execute(REGISTRARS_FUNCTIONS)
    with connect_as(interface.database, "registrar") as session:
        found = fault(session, f"select wamp.register({arguments})")
        assert found[0] == state and words in found[1], found
    assert interface.database.value("select count(*) from wamp.registration") == 0


def test_a_clash_names_both(interface: Installation) -> None:
    interface.database.execute(REGISTRARS_FUNCTIONS)
    with connect_as(interface.database, "registrar") as session:
        session.execute("select wamp.register('com.example.a', 'api.good')")
        state, message = fault(session, "select wamp.register('com.example.a', 'api.rows')")
        assert state == "23505" and "api.rows" in message and "api.good" in message and "registrar" in message
        session.execute("select wamp.subscribe('com.example.a', 'api.good')")
        state, message = fault(session, "select wamp.subscribe('com.example.a', 'api.good')")
        assert state == "23505" and "api.good" in message and "registrar" in message


def test_who_registered_can_not_be_forged(interface: Installation) -> None:
    database = interface.database
    database.execute(REGISTRARS_FUNCTIONS)
    make_role(database, "second_registrar")
    interface.install(register_to=["registrar", "second_registrar"])
    with connect_as(database, "registrar") as session:
        # The tables themselves check like the functions.
        session.execute("insert into wamp.registration (uri, proc) values ('com.example.a', 'api.good')")
        for statement, state in (
            ("insert into wamp.registration (uri, proc, registered_by) values ('com.example.b', 'api.good', "
             "'postgres')", DENIED),
            ("insert into wamp.registration (uri, proc) values ('com.example.b', 'api.invoker')", DENIED),
            ("insert into wamp.subscription (topic, proc, registered_by) values ('com.example.b', 'api.good', 'x')",
                DENIED),
            ("insert into wamp.subscription (topic, proc) values ('com..b', 'api.good')", INVALID),
            ("update wamp.registration set proc = 'api.invoker'", DENIED),
            ("truncate wamp.registration", DENIED),
            ("delete from wamp.registration", DENIED),
            ("insert into wamp.removal (kind, uri, requested_by) values ('registration', 'com.example.a', 'postgres')",
                DENIED),
            ("alter table wamp.registration disable trigger all", DENIED),
        ):
            assert fault(session, statement)[0] == state, statement
        session.execute("create function api.inner() returns bigint language sql security definer as "
                        "$$ select wamp.register('com.example.c', 'api.good') $$")
    # Within a SECURITY DEFINER function the function's owner registers.
    with connect_as(database, "stranger") as session:
        assert fault(session, "select wamp.register('com.example.d', 'api.good')")[0] == DENIED
    assert database.rows("select distinct registered_by from wamp.registration") == [("registrar",)]
    # Another role's is not removed, except by members, the owner, and superusers.
    with connect_as(database, "second_registrar") as session:
        assert fault(session, "select wamp.unregister('com.example.a')")[0] == DENIED
        assert fault(session, "delete from wamp.registration")[0] == DENIED
    database.execute("grant registrar to second_registrar")
    with connect_as(database, "second_registrar") as session:
        assert session.execute("select wamp.unregister('com.example.a')").fetchone() == (True,)
    database.execute("revoke registrar from second_registrar")


def test_what_was_registered_is_checked_again(interface: Installation) -> None:
    """A function that is changed afterwards, so that it would run as the sidecar, is detected."""
    database = interface.database
    database.execute(REGISTRARS_FUNCTIONS)
    with connect_as(database, "registrar") as session, interface.connect() as sidecar:
        session.execute("select wamp.register('com.example.a', 'api.good')")
        session.execute("alter function api.good(int, jsonb) security invoker")
        assert "SECURITY DEFINER" in sidecar.execute("select fault from wamp.mapping_rows()").fetchone()[0]
        session.execute("drop function api.good(int, jsonb)")
        assert "there is no function" in sidecar.execute("select fault from wamp.mapping_rows()").fetchone()[0]


def test_the_owner_may_register_anything(interface: Installation) -> None:
    interface.database.execute("create function f(a int default 1) returns int language sql as 'select a'")
    interface.database.execute(
        "select wamp.register('com.example.a', 'public.f', options => '{\"role\": \"stranger\"}')")
    assert interface.database.rows("select registered_by from wamp.registration") == [("postgres",)]


# -- rights

EVERYTHING = """
    select 'select * from wamp.' || quote_ident(p.proname) || '(' || coalesce((select string_agg('null::' ||
            format_type(t.type, null), ', ' order by t.n) from unnest(p.proargtypes::oid[]) with ordinality as t(type,
                n)), '')
        || ')' from pg_proc as p
    where p.pronamespace = 'wamp'::regnamespace and p.prorettype not in ('trigger'::regtype)
"""
TABLES = {"meta": "value", "outbox": "topic", "dead_letter": "retry", "registration": "proc", "subscription": "proc",
          "leader": "pid", "guest": "password", "register_prefix": "prefix", "registrant": "role", "removal": "uri"}


def may(session: psycopg.Connection[Any], statement: str) -> bool:
    """Whether it succeeds, or fails for another reason than a missing right."""
    try:
        session.execute("begin")
        session.execute(statement)  # type: ignore[arg-type]
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        pass
    finally:
        session.execute("rollback")
    return True


def name(statement: str) -> str:
    return statement.split("wamp.")[1].split("(")[0].strip('"')


@pytest.mark.parametrize("role, functions, tables", [
    ("stranger", set(), set()),
    ("publisher", {"publish", "call", "call_full", "raise_error", "binary", "uri_fault"}, set()),
    ("registrar", {"register", "unregister", "subscribe", "unsubscribe", "raise_error", "binary", "uri_fault",
                   "mapping_fault", "mapping_option_fault", "mapping_prefix_fault", "guest_role"},
     {"registration", "subscription"}),
    ("wamp", {"sidecar_hello", "relay_mark", "relay_read", "relay_delete", "relay_bury", "relay_truncate",
              "outbox_figures", "leader_take",
              "leader_write", "leader_read", "leader_stamp", "leader_release", "event_bury", "event_retries",
              "event_retried",
              "mapping_rows", "mapping_list", "mapping_page", "mapping_stamp", "mapping_guard", "guest_login",
              "dead_letter_list", "dead_letter_retry", "dead_letter_delete", "dead_letter_expire", "port_configure",
              "port_withdraw",
              "raise_error", "binary", "uri_fault"}, set()),
])
def test_rights(interface: Installation, role: str, functions: set[str], tables: set[str]) -> None:
    """Each role may use what is listed here, and nothing else."""
    database = interface.database
    statements = [statement for statement, in database.rows(EVERYTHING)]
    assert len(statements) > 30
    with interface.connect_as_leader() if role == interface.role else connect_as(database, role) as session:
        assert {name(statement) for statement in statements if may(session, statement)} == functions
        assert {table for table in TABLES if may(session, f"select * from wamp.{table}")} == tables
        for table in TABLES:
            assert table == "removal" or not may(session, f"delete from wamp.{table}")
            assert not may(session, f"lock table wamp.{table} in row exclusive mode")
        for table, column in TABLES.items():
            if table == "removal":
                continue
            assert not may(session, f"update wamp.{table} set {column} = null")
            assert not may(session, f"truncate wamp.{table}")
        assert not may(session, "create table wamp.mine (a int)")
        assert not may(session, "select nextval('wamp.outbox_id_seq')")
        created = may(session, "create temporary table t (a int); create trigger t after insert on t for each row "
                               "execute function wamp.publish_row('com.example.a')")
        assert created == (role == "publisher")
        assert not may(session, "create foreign table f (a int) server wamp_sidecar")
        assert not may(session, "alter server wamp_sidecar options (add host 'elsewhere')")


def test_public_may_publish(interface: Installation) -> None:
    interface.install(grant_to=["PUBLIC"])
    with connect_as(interface.database, "stranger") as session:
        session.execute("select wamp.publish('com.example.a')")
    interface.install("--revoke-from", "PUBLIC")
    with connect_as(interface.database, "stranger") as session:
        assert fault(session, "select wamp.publish('com.example.a')")[0] == DENIED


# -- the relay's functions

TAKE = "select taken, continued, pid, holder from wamp.leader_take(%s, %s)"
TOKENS = [f"00000000-0000-0000-0000-00000000000{n}" for n in range(4)]


def test_only_the_leader_relays(interface: Installation) -> None:
    calls = ("relay_mark()", "relay_read(0, 1, 1)", "relay_delete('{1}')", "relay_bury(1, 'e', 'm', 1)",
        "relay_truncate()")
    with interface.connect() as leader, interface.connect() as other:
        for call in calls:
            assert fault(leader, f"select * from wamp.{call}")[0] == DENIED, "nobody leads"
        assert leader.execute(TAKE, [TOKENS[1], "x"]).fetchone() == (True, False, None, None)
        assert other.execute(TAKE, [TOKENS[2], "y"]).fetchone() == (False, False, leader.info.backend_pid, "x")
        for call in calls:
            leader.execute(f"select * from wamp.{call}")  # type: ignore[arg-type]
            assert fault(other, f"select * from wamp.{call}")[0] == DENIED
        stamp = other.execute("select pid, application, backend_start is not null, age < 10 from wamp.leader_read()")
        assert stamp.fetchone() == (leader.info.backend_pid, "x", True, True)
        since = "select since from wamp.leader_read()"
        first = other.execute(since).fetchone()
        assert leader.execute("select wamp.leader_stamp()").fetchone() == (True,)
        assert other.execute("select wamp.leader_stamp(), wamp.leader_release()").fetchone() == (False, False)
        assert other.execute(since).fetchone() == first
        other.execute("select set_config('wamp.lease', %s, false)", [TOKENS[1]])
        assert fault(other, "select * from wamp.relay_truncate()")[0] == DENIED, "the token alone is not the lease"
        assert leader.execute("select wamp.leader_release()").fetchone() == (True,)
        assert other.execute("select * from wamp.leader_read()").fetchone() is None
        assert fault(leader, "select * from wamp.relay_mark()")[0] == DENIED


def test_the_lease_goes_with_its_session(interface: Installation) -> None:
    """And the session that takes it learns whether another one has had it since."""
    def taken(number: int) -> tuple[bool, bool]:
        with interface.connect() as session:
            return session.execute(TAKE, [TOKENS[number], "x"]).fetchone()[:2]  # type: ignore[index, return-value]

    wait_until(lambda: taken(1) == (True, False), "the lease is free")
    wait_until(lambda: taken(1) == (True, True), "its session is gone, and nobody else has had it")
    wait_until(lambda: taken(2) == (True, False), "another takes it")
    wait_until(lambda: taken(1) == (True, False), "the other has had it meanwhile")


def test_a_lease_of_a_backend_that_came_later(interface: Installation) -> None:
    """Process ids are reused, and a row may have come from another server: only the same session counts."""
    with interface.connect() as first, interface.connect() as second:
        first.execute(TAKE, [TOKENS[1], "x"])
        interface.database.execute("update wamp.leader set backend_start = backend_start - interval '1 minute'")
        assert second.execute(TAKE, [TOKENS[2], "y"]).fetchone()[0] is True  # type: ignore[index]
        assert fault(first, "select * from wamp.relay_mark()")[0] == DENIED


def test_the_lease_is_not_moved_in_the_middle(interface: Installation) -> None:
    """A leader without a recent stamp is passed over, but not before its running transaction has ended: then it is
    refused."""
    with interface.connect() as first, interface.connect() as second:
        first.execute(TAKE, [TOKENS[1], "x"])
        first.execute("begin")
        first.execute("select * from wamp.relay_read(0, 1, 1)")
        interface.database.execute("update wamp.leader set stamp = now() - interval '29 seconds'")
        second.execute("set lock_timeout = '300ms'")
        assert second.execute(TAKE, [TOKENS[2], "y"]).fetchone()[0] is False  # type: ignore[index]
        interface.database.execute("update wamp.leader set stamp = now() - interval '31 seconds'")
        assert second.execute(TAKE, [TOKENS[2], "y"]).fetchone()[0] is False, "a statement is under way"  # type: ignore
        first.execute("commit")
        assert second.execute(TAKE, [TOKENS[2], "y"]).fetchone()[0] is True  # type: ignore[index]
        assert fault(first, "select wamp.relay_delete('{1}')")[0] == DENIED
        assert first.execute("select wamp.leader_stamp()").fetchone() == (False,)


def test_nobody_elses_lock_is_the_leader(interface: Installation) -> None:
    """A dump, or any lock of a role without rights, keeps no sidecar from leading."""
    keys = dict(interface.database.rows("select key, value from wamp.meta"))
    with connect_as(interface.database, "stranger") as stranger, interface.database.connect() as dump:
        stranger.execute(f"select pg_advisory_lock({keys['leader_lock_1']}, {keys['leader_lock_2']})")  # type: ignore
        dump.execute("begin")
        dump.execute("lock table wamp.leader in access share mode")
        with interface.connect_as_leader() as leader:
            leader.execute("select * from wamp.relay_read(0, 1, 1)")
            assert fault(stranger, f"select * from wamp.leader_take('{TOKENS[1]}', 'x')")[0] == DENIED


def test_reading_stops_at_the_octets(interface: Installation) -> None:
    database = interface.database
    database.execute("select wamp.publish('com.example.a', jsonb_build_array(repeat('x', 1000))) from "
                     "generate_series(1, 10)")
    with interface.connect_as_leader() as relay:
        def ids(bound: int, rows: int, octets: int) -> list[int]:
            return [row[0] for row in relay.execute("select id from wamp.relay_read(%s, %s, %s)",
                [bound, rows, octets])]

        assert ids(0, 100, 1_000_000) == list(range(1, 11))
        assert ids(0, 3, 1_000_000) == [1, 2, 3]
        assert ids(4, 100, 1) == [5]
        assert ids(4, 100, 2500) == [5, 6, 7]
        assert ids(10, 100, 2500) == []


def test_reading_ranges(interface: Installation) -> None:
    """Rows in the ranges come before those behind the bound, and a row that can't be read stops neither."""
    database = interface.database
    lowest, highest = -2**63, 2**63 - 1
    database.execute("select wamp.publish('com.example.a', jsonb_build_array(repeat('x', 1000))) from "
                     "generate_series(1, 20)")
    database.execute(f"insert into wamp.outbox (id, topic) select i, 'com.example.b' from "
                     f"unnest('{{{lowest},-3,{highest}}}'::bigint[]) as u(i)")
    with interface.connect_as_leader() as relay:
        def ids(bound: int, firsts: list[int], lasts: list[int], rows: int = 100, octets: int = 1_000_000,
                held: list[str] | None = None, largest: int = 1_000_000, upto: int | None = highest) -> list[int]:
            return [row[0] for row in relay.execute(
                "select id from wamp.relay_read(%s, %s, %s, %s, %s, %s, %s, %s)",
                [bound, rows, octets, held, largest, firsts, lasts, upto])]

        assert (ids(15, [lowest, 3, 7, 12], [0, 5, 7, 14])
                == [lowest, -3, 3, 4, 5, 7, 12, 13, 14, *range(16, 21), highest])
        assert ids(15, [lowest + 1, 3], [-4, 5], rows=4) == [3, 4, 5, 16]
        assert ids(15, [3, 12], [5, 14], rows=4) == [3, 4, 5, 12]
        assert ids(15, [3, 12], [5, 14], octets=3500) == [3, 4, 5, 12]
        assert ids(18, [lowest, 3], [0, 4], held=["com.example.b"]) == [3, 4, 19, 20]
        assert ids(18, [lowest, 3], [0, 4], held=["com.example.a"]) == [lowest, -3, highest]
        assert ids(0, [2, 5, 9], [2, 5, 9], upto=None) == [2, 5, 9]
        assert ids(highest, [lowest, 19], [lowest, highest]) == [lowest, 19, 20, highest]
        assert ids(18, [3], [4], largest=100) == [3, 4, 19, 20, highest], "with what is wrong with them"


def test_reading_walks_the_index(interface: Installation) -> None:
    """Whatever size the planner assumes for the table, its rows are read in the order of their ids, and no more than
    are wanted."""
    database = interface.database
    definition: str = database.value("select prosrc from pg_proc where proname = 'relay_read'")
    begin, end = definition.index("select r.id,"), definition.index("            loop\n                exit batch")
    query = definition[begin:end]
    settings = database.value("select array_to_string(proconfig, '; set ') from pg_proc where proname = 'relay_read'")
    types = {"held": "text[]", "largest": "int", "firsts": "bigint[]", "lasts": "bigint[]", "upto": "bigint",
             "wanted": "text[]", "rows": "int", "first": "bigint", "lowest": "bigint", "began": "float8"}
    for number, name in enumerate(types, 1):
        query = re.sub(rf"(relay_read\.|(?<![.\w])){name}\b", f"${number}", query)
    database.execute("insert into wamp.outbox (id, topic) select i, 'com.example.a' from generate_series(1, 20000) as "
                     "i")
    for statistics in ("delete from wamp.outbox where id > 5; analyze wamp.outbox", "vacuum analyze wamp.outbox"):
        for mode in ("force_generic_plan", "force_custom_plan"):
            with database.connect() as connection:
                for statement in (*statistics.split("; "), f"set {settings}", f"set plan_cache_mode = {mode}",
                                  f"prepare reading ({', '.join(types.values())}) as {query}"):
                    connection.execute(statement)  # type: ignore[arg-type]
                plan = "\n".join(row[0] for row in connection.execute(
                    "explain (costs off) execute reading (null, 1000000, '{1,7}', '{3,9}', 9223372036854775807, null, "
                    "1000, "
                    "-9223372036854775808, 10, 0)"))
            assert plan.count("Index Scan using outbox_pkey") == 2, plan
            assert "Sort" not in plan and "Seq Scan" not in plan and "Bitmap" not in plan, plan


def test_a_mark_is_taken_in_the_right_order(interface: Installation) -> None:
    with interface.connect_as_leader() as relay:
        assert relay.execute("select last_id from wamp.relay_mark()").fetchone() == (0,)
        interface.database.execute("select wamp.publish('com.example.a')")
        last, xid = relay.execute(
            "select last_id, xid::xid8 > pg_snapshot_xmin(pg_current_snapshot()) from wamp.relay_mark()"
                                  ).fetchone() or (None, None)
        assert last == 1 and xid is not None
        # With a transaction id that was taken before, ids could be assigned in between.
        relay.execute("begin; select pg_current_xact_id()")
        assert fault(relay, "select * from wamp.relay_mark()")[0] == "25001"
        relay.execute("rollback")


def test_truncating(interface: Installation) -> None:
    database = interface.database
    with interface.connect_as_leader() as relay, database.connect() as writer:
        writer.execute("begin; select wamp.publish('com.example.a')")
        assert relay.execute("select wamp.relay_truncate()").fetchone() == (False,), "a writer is in flight"
        writer.execute("commit")
        assert relay.execute("select wamp.relay_truncate()").fetchone() == (False,), "there is a row"
        relay.execute("select wamp.relay_delete('{1}')")
        assert relay.execute("select wamp.relay_truncate()").fetchone() == (True,)
        relay.execute("begin isolation level repeatable read; select 1")
        assert fault(relay, "select wamp.relay_truncate()")[0] == "25001"
        relay.execute("rollback")
        writer.execute("select wamp.publish('com.example.a')")
        assert database.value("select id from wamp.outbox") == 2, "ids go on"


def test_dead_letters(interface: Installation) -> None:
    database = interface.database
    database.execute("select wamp.publish('com.example.' || n, '[1]', '{\"a\": 2}', '{\"retain\": true}') "
                     "from generate_series(1, 2) as n")
    events = dict(database.rows("select id, event_id from wamp.outbox"))
    with interface.connect_as_leader() as sidecar, database.connect() as listener:
        listener.execute("listen wamp_mapping")
        assert sidecar.execute(
            "select wamp.relay_bury(1, 'wamp.error.not_authorized', 'no', 1), wamp.relay_bury(99, '', '', 1)"
                               ).fetchone() == (True, False)
        bury = ("select wamp.event_bury('com.example.', 'com.example.e', '[3]', null, '{\"publication\": 4}', "
                "'public.f', %s, 'm', 3)")
        assert sidecar.execute(bury, ["22012"]).fetchone() == (2,)
        listed = sidecar.execute(
            "select kind, outbox_id, event_id, topic, args, kwargs, options, details, proc, subscription, "
                                 "error, message, attempts, retry from wamp.dead_letter_list()").fetchall()
        assert listed == [
            ("publish", 1, events[1], "com.example.1", [1], {"a": 2}, {"retain": True}, None, None, None,
             "wamp.error.not_authorized", "no", 1, False),
            ("event", None, None, "com.example.e", [3], None, None, {"publication": 4}, "public.f", "com.example.",
             "22012", "m", 3, False),
        ]
        for filters, ids in (("'publish'", [1]), ("'event'", [2]), ("null, 'com.example.e'", [2]),
            ("null, null, 1", [1])):
            query = f"select id from wamp.dead_letter_list({filters})"
            assert [row[0] for row in sidecar.execute(query)] == ids  # type: ignore[arg-type]
        # A publication goes to the end of the outbox, with the same event id; an event waits for the leader.
        assert sidecar.execute("select wamp.dead_letter_retry('{1, 2, 99}')").fetchone() == (2,)
        assert database.rows("select id, event_id, topic, options from wamp.outbox order by id") == [
            (2, events[2], "com.example.2", {"retain": True}), (3, events[1], "com.example.1", {"retain": True})]
        assert len(list(listener.notifies(timeout=60, stop_after=1))) == 1
        retries = "select id, subscription, topic, args, kwargs, details, proc from wamp.event_retries()"
        assert sidecar.execute(retries).fetchall() == [
            (2, "com.example.", "com.example.e", "[3]", None, '{"publication": 4}', "public.f")]
        sidecar.execute("select wamp.event_retried(2, true, '23505', 'again')")
        assert sidecar.execute(retries).fetchall() == []
        assert sidecar.execute("select error, message, attempts from wamp.dead_letter_list()").fetchall() == [
            ("23505", "again", 4)]
        sidecar.execute("select wamp.dead_letter_retry('{2}'); select wamp.event_retried(2, false, null, null)")
        assert sidecar.execute("select count(*) from wamp.dead_letter_list()").fetchone() == (0,)
        for _ in range(3):
            sidecar.execute(bury, ["22012"])
        assert sidecar.execute("select wamp.dead_letter_delete('{3}')").fetchone() == (1,)
        database.execute("update wamp.dead_letter set created = now() - interval '31 days' where id = 4")
        assert sidecar.execute("select wamp.dead_letter_expire('30 days')").fetchone() == (1,)
        assert [row[0] for row in sidecar.execute("select id from wamp.dead_letter_list()")] == [5]


def test_the_port_is_configured_only_where_it_differs(interface: Installation) -> None:
    database = interface.database
    state = "select s.srvoptions, s.xmin::text, m.umoptions, m.xmin::text from pg_foreign_server as s " \
            "join pg_user_mapping as m on m.umserver = s.oid"
    with interface.connect_as_leader() as sidecar:
        configure = "select wamp.port_configure(%s, 'wamp', %s)"
        sidecar.execute(configure, [["host", "a'b\\c", "port", "1"], "pass'wo\\rd"])
        first = database.rows(state)
        assert first[0][0] == ["host=a'b\\c", "port=1"] and sorted(first[0][2]) == ["password=pass'wo\\rd", "user=wamp"]
        sidecar.execute(configure, [["port", "1", "host", "a'b\\c"], "pass'wo\\rd"])
        assert database.rows(state) == first
        sidecar.execute(configure, [["host", "h", "connect_timeout", "2"], "other"])
        assert sorted(database.rows(state)[0][0]) == ["connect_timeout=2", "host=h"]
        for values in ([["host"], "x"], [["host", None], "x"], [["host", "x"], None]):
            assert fault(sidecar, configure, *values)[0] == INVALID
