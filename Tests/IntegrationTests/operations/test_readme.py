"""README from top to bottom, typed on a fresh Debian unchanged: what it sets up, and what it shows then."""

import json
import re
import shlex

import pytest

from actors.cluster import Database
from actors.debian import Debian
from actors.installation import install
from actors.sidecar import ROOT

README = (ROOT / "README.md").read_text()
START = README.split("## Quick start")[1].split("\n## ")[0]
EXAMPLE = (ROOT / "sidecar.yaml.example").read_text()
PAGE = (ROOT / "docs/operations.md").read_text()
#: README's command for the application's psql.
PSQL = "psql -h 127.0.0.1 -U shop shop"


def blocks(kind: str, title: str) -> list[str]:
    """The blocks of that language below a heading of the quick start; without a heading, those before the first one."""
    section = START.split(f"### {title}")[1].split("### ")[0] if title else START.split("### ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def sql(title: str) -> str:
    """Its SQL, typed into the application's psql."""
    return f"{PSQL} -v ON_ERROR_STOP=1 -qAt 2>&1 <<'END'\n{blocks('sql', title)[0]}END\n"


def query(text: str, expected: str, meanwhile: str = "sleep 0.2") -> str:
    """Waits until a query of the application has that result."""
    return f"until [ \"$({PSQL} -qAtc {shlex.quote(text)})\" = {shlex.quote(expected)} ]; do {meanwhile}; done\n"


def test_it_begins_with_the_binary() -> None:
    """Nothing is run before README says how to get it."""
    places = [README.index(text) for text in (
        "swift build -c release", "sudo install .build/release/wamp-sidecar", "wamp-sidecar install --admin-url",
        "wamp-sidecar run")]
    assert places == sorted(places)
    assert "wamp-sidecar " not in "".join(re.findall(r"```.*?```", README[:places[0]], re.DOTALL))


@pytest.mark.timeout(900)
def test_quick_start(debian: Debian) -> None:
    block, = blocks("bash", "")
    assert PSQL in START
    subscribe, = re.findall(r"`(wamp-sidecar subscribe [^`]*)`", START.split("### Publisher")[1])
    printed = debian.type("\n".join([
        block, "echo @callee", *blocks("bash", "Callee"),
        "echo @subscriber", *blocks("bash", "Subscriber"),
        query("select stock from shop.item where name = 'banana'", "12"),
        f"echo @publisher\n(unset WAMP_TICKET && exec {subscribe}) >events 2>subscribed & listener=$!\nuntil grep -q "
        f"subscribed subscribed; do sleep 0.1; done",
        sql("Publisher"), "until grep item.name events; do sleep 0.1; done\ngrep example.news events\nkill $listener",
        "until grep -q 'call port announced' sidecar.log; do sleep 0.1; done\necho @caller", sql("Caller"),
        "echo @sql", sql("From SQL"),
        "until wamp-sidecar call com.example.item.count 2>/dev/null; do sleep 0.2; done",
        query("select name from shop.item where id = 1", "apple pie",
            "wamp-sidecar publish com.example.item.renamed id=1 name='apple pie'"),
        # The page's text about check, and the end of both.
        "echo @end\nkill %2 %1\nwait %2",
    ]))
    begin, *parts = re.split(r"^@(\w+)\n", printed, flags=re.MULTILINE)
    outputs = dict(zip(parts[::2], parts[1::2]))
    assert "sidecar.yaml: no faults" in begin and begin.rstrip().endswith('{"args":[5],"kwargs":{}}')
    assert outputs["callee"].splitlines() == ['{"args":[5],"kwargs":{}}', '{"args":[5],"kwargs":{}}']
    events = [json.loads(line) for line in outputs["publisher"].splitlines() if line.startswith("{")]
    assert [event["topic"] for event in events] == ["com.example.item.name", "com.example.news"]
    assert events[0]["kwargs"]["row"] == {"id": 4, "name": "sour cherry"}
    assert (events[1]["args"], events[1]["kwargs"]) == (["cherries!"], {"until": "Friday"})
    assert outputs["caller"].splitlines() == ["5", "NOTICE:  wamp.error.no_such_procedure"]
    assert '{"args":[4],"kwargs":{}}' in outputs["sql"]


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", START, re.DOTALL))
def test_the_file_has_these_lines(block: str) -> None:
    """The lines of the file that the quick start shows are in the file that it runs."""
    lines = [line.split("   #")[0].rstrip() for line in EXAMPLE.splitlines()]
    for line in block.splitlines():
        assert line in lines, line


def test_docker_run() -> None:
    """It passes on each variable that the file needs, and reaches this machine's ports."""
    line = re.search(r"^docker run (.*?[^\\])\n```", README, re.DOTALL | re.MULTILINE)
    assert line
    words = shlex.split(line[1].replace("\\\n", " "))
    handed_on = {words[place + 1] for place, word in enumerate(words) if word == "-e"}
    assert handed_on == set(re.findall(r"\$\{(\w+)\}", EXAMPLE)), "neither more nor less than those without a default"
    assert words[words.index("--network") + 1] == "host"
    inside = words[words.index("-v") + 1].split(":")[1]
    assert f'"{inside}"' in (ROOT / "Dockerfile").read_text()


def test_operations_sql(database: Database) -> None:
    """The SQL of docs/operations.md."""
    install(database)
    scripts = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert scripts
    for script in scripts:
        database.execute(script)
