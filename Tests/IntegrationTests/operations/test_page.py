"""The page of the admin port, as a real browser shows it."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError

from actors.admin import Admin
from actors.browser import Browser, Page
from actors.cluster import Database
from actors.deadline import free_port, wait_until
from actors.peer import joined
from actors.replica import Replica
from actors.router import Router
from actors.shop_status import shop_status
from actors.sidecar import FAULTY, ROOT, Sidecar
from conftest import SidecarMaker

LISTENS = "the admin port listens"
PASSWORD = "s3cret"
#: Git does not have it.
PICTURES = ROOT / ".pictures"
HEADLINE = "document.getElementById('headline')?.textContent"
#: The script has shown a status.
ALIVE = "document.getElementById('live')?.textContent"

#: The texts that are hard to read: less than 4.5 to 1, as WCAG's level AA has it.
FAINT = """(() => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = parts(colour).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const back = node => {
        const colour = getComputedStyle(node).backgroundColor;
        return parts(colour)[3] === 0 ? back(node.parentElement) : colour;
    };
    const texts = [...document.querySelectorAll("body *")].filter(node => node.getClientRects().length
        && [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
    const faint = texts.map(node => {
        const both = [light(getComputedStyle(node).color), light(back(node))];
        return [node.textContent, (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)];
    }).filter(([, contrast]) => contrast < 4.5);
    return {faint, count: texts.length};
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser is heavy: one for all tests here."""
    browser = Browser()
    yield browser
    browser.remove()


Opener = Callable[..., Page]
Copier = Callable[[Admin, dict[str, Any]], Replica]


@pytest.fixture
def copied() -> Iterator[Copier]:
    """Makes servers with the page of an admin port, and a status that the test writes."""
    replicas: list[Replica] = []

    def copy(admin: Admin, status: dict[str, Any]) -> Replica:
        replicas.append(Replica(admin, status))
        return replicas[-1]

    yield copy
    for replica in replicas:
        replica.remove()


@pytest.fixture
def opened(browser: Browser, make_sidecar: SidecarMaker, copied: Copier) -> Iterator[Opener]:
    """Opens pages, of which the browser must have nothing to complain. They end before what they ask."""
    pages: list[Page] = []

    def opened(address: str, **options: Any) -> Page:
        page = browser.open(**options)
        pages.append(page)
        page.load(address)
        if options.get("script", True):
            page.wait(ALIVE, "the script has shown a status")
        return page

    yield opened
    complaints = [complaint for page in pages for complaint in page.complaints]
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture
def alone(make_sidecar: SidecarMaker) -> Callable[..., tuple[Sidecar, Admin]]:
    """Starts a sidecar whose sides are both down."""

    def start(admin: dict[str, Any] | None = None, **sections: Any) -> tuple[Sidecar, Admin]:
        port = free_port()
        sidecar = make_sidecar("rs://127.0.0.1:1", "host=/nonexistent",
                               admin={"listen": f"127.0.0.1:{port}"} | (admin or {}), **sections)
        sidecar.start(until=LISTENS)
        return sidecar, Admin(port)

    return start


Alone = Callable[..., tuple[Sidecar, Admin]]


def address(admin: Admin, user: str = "") -> str:
    return f"http://{user}127.0.0.1:{admin.address}/"


def test_who_may_look(alone: Alone, opened: Opener) -> None:
    _, admin = alone({"password": PASSWORD})
    assert admin.get("/").status == 401
    admin = Admin(admin.address, password=PASSWORD)
    page = admin.get("/")
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store" and page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
            "form-action 'none'"} < set(policy)
    assert len(page.text.encode()) < 32 * 1024
    head = admin.get("/", method="HEAD")
    assert head.status == 200 and head.text == "" and int(head.headers["Content-Length"]) > 10_000
    # A page whose address has the password in it can't fetch from that address.
    shown = opened(address(admin, f"wamp:{PASSWORD}@"))
    assert shown.text("#headline") == "Not ready" and "router" in shown.text("#complaints")


def test_it_is_one_of_the_pages(alone: Alone) -> None:
    _, admin = alone({"pages": ["health", "metrics"]})
    assert admin.get("/").status == 404
    assert admin.get("/live").status == 200


async def test_the_script_says_what_the_server_says(
        make_sidecar: SidecarMaker, router: Router, installed: Database, opened: Opener) -> None:
    port = free_port()
    installed.execute("create function public.here() returns integer language sql as 'select 1';"
                      "create function public.take(jsonb, jsonb, jsonb) returns void language sql as ''")
    sidecar = make_sidecar(
        router.url("rawsocket"), installed.url, admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.page.here": "public.here", "test.page.gone": "public.gone",
                    "test.page.wrong": {"sql": "select 1/0"}},
        subscriptions={"test.page.event": "public.take"})
    await sidecar.started(until=FAULTY)
    async with joined(router) as caller:
        for _ in range(3):
            await caller.call("test.page.here")
        with pytest.raises(ApplicationError):
            await caller.call("test.page.wrong")

    def compare() -> None:
        scripted, plain = opened(address(Admin(port))), opened(address(Admin(port)), script=False)
        # What only the script can do.
        scripted.value("document.getElementById('tools').hidden = true")

        def text(page: Page) -> list[str]:
            # Numbers change while they are read, and so may their units.
            words = page.value("document.querySelector('main').innerText")
            return re.sub(r"<?[\d.,]+( (ms|s|min|h)\b)*|–", "#", words).splitlines()

        def chart(page: Page) -> Any:
            return page.value("document.querySelector('path').getAttribute('d')")

        def same(shown: Callable[[Page], Any]) -> bool:
            plain.load(address(Admin(port)))
            if shown(scripted) == shown(plain):
                return True
            differences[:] = zip(shown(scripted), shown(plain))
            return False

        differences: list[Any] = []
        try:
            for shown in (text, chart):
                wait_until(lambda shown=shown: same(shown), "both say the same")
        except AssertionError as error:
            raise AssertionError([(one, other) for one, other in differences if one != other]) from error
        row = {name: scripted.value(
            f"[...document.querySelectorAll('tbody tr')].find(row => row.innerText.includes('{name}')).innerText")
            for name in ("test.page.here", "test.page.wrong", "test.page.gone", "test.page.event")}
        assert re.search(r"works public\.here\s+[\d.<]+\s+3\s+0\s", row["test.page.here"]), row
        assert re.search(r"\s1\s+invalid 1\s", row["test.page.wrong"]), row
        assert "faulty public.gone" in row["test.page.gone"] and "works public.take" in row["test.page.event"], row
        shown = scripted.text("body")
        assert scripted.text("#headline") == "Ready with 1 fault" and "procedure 'test.page.gone'" in shown
        assert "SQL interface installed" in shown and "leads for" in shown and "realm1" in shown

    await asyncio.to_thread(compare)


def test_numbers(alone: Alone, opened: Opener) -> None:
    """The same as in `PageTextTests`."""
    _, admin = alone()
    page = opened(address(admin))
    script = page.value("document.querySelector('script').textContent")
    numbers = script[script.index("const whole"):script.index("const lasts")]
    line = script[script.index("const path"):script.index("const row")]

    def made(call: str) -> Any:
        return page.value(f"(() => {{ {numbers} {line} return {call} }})()")

    assert made("[0, 999, 1000, 12345678].map(count)") == ["0", "999", "1,000", "12,345,678"]
    assert made("[null, 0, 0.001, 0.02, 0.994, 0.996, 3.44, 99.94, 99.96, 12345.6].map(rate)") == [
        "–", "0", "<0.01", "0.02", "0.99", "1.0", "3.4", "99.9", "100", "12,346"]
    assert made("[null, 0, 0.00004, 0.00042, 0.00994, 0.00996, 0.9994, 0.9996, 10].map(latency)") == [
        "–", "<0.1 ms", "<0.1 ms", "0.4 ms", "9.9 ms", "10 ms", "999 ms", "1.0 s", "10.0 s"]
    assert made("[-5, 59.9, 60, 3599, 11520, 86400, 1e9].map(age)") == [
        "0 s", "59 s", "1 min", "59 min", "3 h 12 min", "1 d 0 h", "11,574 d 1 h"]
    assert made("[path([], 0), path([0, 5, 10], 10), path([0, 0], 0)]") == [
        "", "M116 42L117 38.0L118 20.0L119 2.0L120 42", "M117 42L118 38.0L119 38.0L120 42"]


def test_a_fault_comes_and_goes_in_place(
        make_sidecar: SidecarMaker, mortal_router: Router, database: Database, opened: Opener) -> None:
    port = free_port()
    database.execute("create function public.here() returns integer language sql as 'select 1'")
    sidecar = make_sidecar(mortal_router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"},
        procedures={"test.page.here": "public.here"})
    sidecar.start()
    page = opened(address(Admin(port)), height=400)
    page.wait(f"{HEADLINE} === 'Ready'", "it is ready")
    page.value("document.getElementById('filter').focus()")
    page.type("page.here")
    page.value("window.scrollTo(0, 150); window.before = document.querySelector('tbody tr')")

    def same() -> Any:
        return page.value("""[document.activeElement.id, document.getElementById("filter").value, scrollY > 0,
            window.before === document.querySelector("tbody tr"), window.before.hidden]""")

    unmoved = ["filter", "page.here", True, True, False]
    assert same() == unmoved
    mortal_router.kill()
    page.wait(f"{HEADLINE} === 'Not ready'", "the fault is seen")
    assert "router no session" in page.text("#complaints") and page.value("document.title").startswith("Not ready")
    assert "not connected for" in page.text("#cards") and page.value("document.getElementById('readiness').className"
        ) == "bad"
    assert same() == unmoved
    mortal_router.start()
    page.wait(f"{HEADLINE} === 'Ready'", "it is over")
    assert page.text("#complaints") == "" and same() == unmoved
    sidecar.kill()
    page.wait(f"{HEADLINE} === 'No answer'", "nobody answers")
    assert "stale" in page.value("document.body.className") and "got no status since" in page.text("#complaints")
    sidecar.start()
    page.wait(f"{HEADLINE} === 'Ready'", "the next one answers")
    assert page.value("document.body.className") == "" and same() == unmoved and page.loads == 1


def test_without_script(
        make_sidecar: SidecarMaker, mortal_router: Router, database: Database, opened: Opener) -> None:
    port = free_port()
    sidecar = make_sidecar(mortal_router.url("rawsocket"), database.url, admin={"listen": f"127.0.0.1:{port}"})
    sidecar.start()
    page = opened(address(Admin(port)), script=False)
    assert page.text("#headline") == "Ready" and "loaded again every 5 s" in page.text("header")
    assert page.value("document.querySelectorAll('svg path').length") == 2
    assert page.value("document.getElementById('filter').getClientRects().length") == 0
    mortal_router.kill()
    page.wait(f"{HEADLINE} === 'Not ready'", "it is loaded again, and the fault is seen")
    mortal_router.start()
    page.wait(f"{HEADLINE} === 'Ready'", "it is over")
    assert page.loads > 2


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_it_can_be_read(alone: Alone, copied: Copier, opened: Opener, width: int, dark: bool) -> None:
    """In each width nothing is cut off, and the text differs enough from what is behind it."""
    _, admin = alone()
    long = "com.example." + "abcdefghij" * 24
    status = shop_status()
    for uri, routes in (("uri", status["procedures"]), ("topic", status["subscriptions"])):
        routes.append(routes[0] | {uri: long, "target": long, "state": "waits"})
        routes.append(routes[0] | {uri: "com.example.rests", "state": "rests"})
    status["router"]["url"] = f"wss://{long}/"
    status["procedures"][0]["results"] |= {kind: 1_234_567 for kind in status["procedures"][0]["results"]}
    replica = copied(admin, status)
    page = opened(replica.address, width=width, height=800, dark=dark)
    states = {
        "Ready with 1 fault": {},
        "Ready": {"faults": []},
        "Not ready": {
            "ready": False, "reasons": [{"name": "router", "reason": f"no session: {long}"}],
            "outbox": {"waiting": 0, "oldest_seconds": 0.0}, "dead_letters": {"event": None, "publish": None}},
    }
    for headline, members in states.items():
        replica.status = status | members
        page.wait(f"{HEADLINE} === '{headline}'", "the page shows it")
        assert page.value("document.documentElement.scrollWidth") <= width
        shown = page.text("#cards")
        assert ("Dead letters" in shown) == ("the oldest" in shown) == (headline != "Not ready")
        contrast = page.value(FAINT)
        assert contrast["count"] > 60 and contrast["faint"] == []
    # Whoever wants no motion gets none.
    assert page.value("getComputedStyle(document.getElementById('readiness')).transitionDuration") == "0s"
    page.picture(PICTURES / f"{width}-{'dark' if dark else 'light'}.png")
    nodes = page.order("Accessibility.getFullAXTree")["nodes"]
    roles = {node["role"]["value"] for node in nodes if not node["ignored"]}
    assert {"table", "row", "columnheader", "rowheader", "cell", "heading", "main", "banner"} <= roles


@pytest.mark.parametrize(("name", "width", "height", "dark", "scale"), [
    ("page-light", 1000, 1200, False, 1), ("page-dark-phone", 375, 1000, True, 1.5)])
def test_pictures(alone: Alone, copied: Copier, opened: Opener, name: str, width: int, height: int, dark: bool,
                  scale: float) -> None:
    """Those of docs/images, of a shop."""
    _, admin = alone()
    replica = copied(admin, shop_status())
    page = opened(replica.address, width=width, height=height, dark=dark, scale=scale)
    shown = page.text("body")
    for text in ("Ready with 1 fault", "connected for 1 d 3 h", "leads for 1 d 3 h", "3 waiting", "the oldest for",
                 "event: 2", "6 of 500 sessions", "8 of 8 connections, 3 busy",
                 "com.shop.order.refund", "com.shop.stock.changed", "38 ms"):
        assert text in shown, text
    page.picture(PICTURES / f"{name}.png")


def test_by_keyboard(alone: Alone, opened: Opener) -> None:
    _, admin = alone(procedures={"test.one": "public.one"})
    page = opened(address(admin))
    page.press("Tab", 9)
    focus = page.value("""(() => {
        const link = document.activeElement, style = getComputedStyle(link);
        return [link.className, link.getBoundingClientRect().left >= 0, style.outlineStyle, style.outlineWidth];
    })()""")
    assert focus == ["skip", True, "solid", "3px"]
    page.press("Enter", 13)
    page.wait("document.activeElement.id === 'procedures'", "the focus is there")
    assert page.value("document.getElementById('headline').parentElement.getAttribute('aria-live')") == "polite"


def test_a_thousand_procedures(alone: Alone, opened: Opener) -> None:
    """Without script some of them, and how many more there are; with script all, and a field that finds one."""
    _, admin = alone(procedures={f"test.page.p{number}": {"sql": "select 1"} for number in range(1_000)})
    text = admin.get("/").text
    assert 20_000 < len(text.encode()) < 32 * 1024
    rows, more = text.count("<tr class="), re.search(r'class="more">and (\d+) more', text)
    assert rows > 10 and more is not None and rows + int(more[1]) == 1_000
    assert len(admin.get("/status").text) < 1 << 20
    page = opened(address(admin))
    page.wait("document.querySelectorAll('tbody tr').length === 1000", "all are there")
    assert page.text("#procedures .more") == ""
    page.value("document.getElementById('filter').focus()")
    page.type("p777")
    visible = "[...document.querySelectorAll('tbody tr')].filter(row => row.getClientRects().length).length"
    page.wait(f"{visible} === 1", "one of them is shown")
    assert page.text("#shown") == "1 of 1,000" and "test.page.p777" in page.text("tbody")


def test_foreign_script_does_not_run(alone: Alone, copied: Copier, opened: Opener) -> None:
    """What stands in texts is text; and if it were not, the browser would not run it, and complain."""
    hostile = "<img src=x onerror='window.ran = 1'><script>window.ran = 1</script>"
    _, admin = alone(procedures={"test.one": {"sql": "select 1"}})
    status = json.loads(json.dumps(shop_status()).replace("com.shop.order.refund", hostile).replace("wss://", hostile))
    replica = copied(admin, status)
    page = opened(replica.address)
    assert hostile in page.text("#procedures") and hostile in page.text("#cards")
    assert hostile in page.text("#complaints")
    assert page.value("document.images.length + document.scripts.length") == 1 and page.complaints == []
    page.value("""document.body.append(
        Object.assign(document.createElement("script"), {textContent: "window.ran = 1"}))""")
    wait_until(lambda: page.complaints, "the browser complains")
    assert page.value("window.ran ?? null") is None
    page.complaints.clear()
