"""The SQL in the documents runs, and the reference names every function and table."""

import re
from typing import Any

from actors.cluster import Database
from actors.installation import install
from actors.scripted_port import Reply, ScriptedPort
from actors.sidecar import ROOT

REFERENCE = (ROOT / "docs/sql.md").read_text()
BLOCKS = re.findall(r"```sql\n(.*?)```", REFERENCE, re.DOTALL)


def answer(document: dict[str, Any]) -> Reply:
    """The results of the examples' procedures."""
    if document.get("call") == "com.example.fails":
        return ("error", None, None, "WA000", "com.example.error")
    if document.get("call") == "com.example.split":
        return ("result", '["a", "b"]', None, None, None)
    return ("result", "[3]", None, None, None)


def test_examples_run(database: Database) -> None:
    interface = install(database, grant_to=["shop"], register_to=["shop"])
    port = ScriptedPort(answer)
    with interface.connect_as_leader() as sidecar:
        port.configure(sidecar)
    assert len(BLOCKS) > 10
    for block in BLOCKS:
        # In a cluster with several databases the guest has another name.
        database.execute(block.replace("wamp_guest", interface.guest))
    port.stop()
    assert [document.get("call") or document["publish"] for document in port.documents] == [
        "com.example.alarm", "com.example.add2", "com.example.greet", "com.example.split", "com.example.fails"]
    topics = [topic for topic, in database.rows("select topic from wamp.outbox order by id")]
    assert topics.count("com.example.item") == 3 and topics.count("com.example.item.stock") == 1
    assert "com.example.picture" in topics
    shown = re.search(r"```json\n(.*?)```", REFERENCE, re.DOTALL)
    assert shown is not None
    assert database.value("select kwargs = %s::jsonb from wamp.outbox where topic = 'com.example.item.stock'", shown[1])


def test_nothing_is_left_out(database: Database) -> None:
    install(database)
    names = {name for name, in database.rows("""
        select proname from pg_proc where pronamespace = 'wamp'::regnamespace
        union select relname from pg_class where relnamespace = 'wamp'::regnamespace and relkind in ('r', 'c')
    """)}
    assert len(names) > 40
    assert {name for name in names if not re.search(rf"\b{name}\b", REFERENCE)} == set()
