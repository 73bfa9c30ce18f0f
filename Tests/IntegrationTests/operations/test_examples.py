"""The examples as their READMEs say, typed on a fresh Debian: one order of steps for all four."""

import re
from pathlib import Path

import pytest

from actors.debian import Debian
from actors.sidecar import ROOT, run

EXAMPLES = ROOT / "examples"
PASSWORDS = {"DATABASE_PASSWORD": "x", "WAMP_CALLER_PASSWORD": "x", "WAMP_TICKET": "x"}
NAMES = ["callee", "caller", "publisher", "subscriber"]
ONCE, EACH = re.findall(r"```bash\n(.*?)```", (EXAMPLES / "README.md").read_text(), re.DOTALL)
ITEM = "schema=orders table=item"
#: What the client has printed at the end.
PRINTED = {
    "callee": [
        "{'id': 1, 'name': 'joe', 'email': None}",
        "{'id': 2, 'name': 'ann', 'email': 'ann@example.com'}",
        "[{'id': 1, 'name': 'joe', 'email': None}, {'id': 2, 'name': 'ann', 'email': 'ann@example.com'}]",
        'postgresql.error.unique_violation duplicate key value violates unique constraint "person_name_key"',
        "com.example.error.unknown eve",
        "2",
    ],
    "caller": ["registered", "asked for lamp in euro", "asked for unicorn in euro"],
    "publisher": [
        "listening",
        f"com.example.order.item: operation=INSERT row={{'id': 1, 'state': 'new'}} {ITEM}",
        "com.example.order.item: old={'id': 1, 'state': 'new'} operation=UPDATE row={'id': 1, 'state': 'shipped'} "
        + ITEM,
        "com.example.order.shipped: 1 at=the door",
        f"com.example.order.item: old={{'id': 1, 'state': 'shipped'}} operation=DELETE {ITEM}",
    ],
    "subscriber": ["published"],
}
#: What psql prints for use.sql, without spaces.
USED = {
    "callee": ["joe|", "ann|ann@example.com"],
    "caller": ["19.90", "NOTICE:no price for unicorn:com.example.error.unknown", "lamp|19.90"],
    "publisher": ["ROLLBACK"],
    "subscriber": ["kitchen|21.5", "cellar|12", 'com.example.alarm.cellar|["water",3]'],
}
#: The second time: the client has printed everything, and the functions for events have run.
SETTLED = """
until [ "$(grep -c . client.log)" -ge {lines} ]; do sleep 0.2; done
echo @client
cat client.log
{again}
kill $sidecar $client 2>/dev/null || true
wait $sidecar
rm sidecar.log client.log
echo @done
"""
#: The subscriber's queries, until the last of the events has run; and the failures.
AGAIN = """
until psql -h 127.0.0.1 -U app app -qAtc 'select count(*) from telemetry.alarm' | grep -q 1; do sleep 0.2; done
echo @use
psql -h 127.0.0.1 -U app app <examples/subscriber/use.sql
echo @letters
wamp-sidecar dead-letter list -c examples/subscriber/sidecar.yaml
"""


def part(text: str, name: str) -> str:
    """The output behind a mark, up to the next one."""
    return re.split(r"^@\w+$", text.split(f"@{name}\n")[-1], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", NAMES)
def test_mapping_is_fine(name: str) -> None:
    result = run("check", EXAMPLES / name / "sidecar.yaml", environment=PASSWORDS)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_told(name: str) -> None:
    """Each has the same files, and a README that links to them and names its steps."""
    files = {file.name for file in (EXAMPLES / name).iterdir() if file.is_file()}
    page = (EXAMPLES / name / "README.md").read_text()
    assert files == {"README.md", "schema.sql", "sidecar.yaml", "client.py", "use.sql"}
    assert set(re.findall(r"\]\(([^)./]*\.\w+)\)", page)) == files - {"README.md"}
    assert f"`example={name}`" in page and "(../README.md)" in page


@pytest.mark.parametrize("page", sorted(EXAMPLES.rglob("README.md")), ids=lambda page: page.parent.name)
def test_links(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.timeout(900)
def test_steps(debian: Debian) -> None:
    """One after the other, on one machine."""
    assert EACH.startswith("example=publisher\n")
    script = [ONCE]
    for name in NAMES:
        script.append(f"echo @{name}\n" + EACH.replace("example=publisher\n", f"example={name}\n", 1))
        script.append(SETTLED.format(lines=len(PRINTED[name]), again=AGAIN if name == "subscriber" else ""))
    printed = debian.type("\n".join(script), 800)
    for name in NAMES:
        output = printed.split(f"@{name}\n")[1].split("@done\n")[0]
        assert part(output, "client").splitlines() == PRINTED[name]
        used = part(output, "use") if "@use\n" in output else output
        lines = [re.sub(r" *([|,:]) *", r"\1", line.strip()) for line in used.splitlines()]
        assert [line for line in USED[name] if line not in lines] == [], used
        assert "ERROR" not in output, output
    assert "check_violation" in part(printed, "letters") or "23514" in part(printed, "letters")
