"""The console in a real browser: a case from alarm to conclusion by two people, and what everybody can reach."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from stillwatch.app.cases.desk import look
from stillwatch.app.cases.verify import verify
from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.model.tables import LINKS
from tests.app.cases.conftest import CASE, Desk, new_desk
from tests.app.cases.runs import Group, write_run
from tests.console.served import PASSWORD, Served, give_passwords, served
from tests.report import browser
from tests.report.test_browser import CONTRAST

pytestmark = pytest.mark.browser

LARGE, SIZE, CELL = "c-0c0c0c0c0c0c", 160, 20
PAGES = (
    "/",
    "/cases",
    f"/cases/{CASE}",
    f"/campaigns/{LARGE}",
    "/account?id=acc-1",
    "/data",
    "/data/run",
    "/settings",
    "/passkeys",
    "/decisions",
    f"/decisions/new?scope=campaign&value={LARGE}",
    "/nowhere",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three people, a small alarm with text that tries to break out, and a campaign too large to draw."""
    folder = tmp_path_factory.mktemp("browser")
    hostile = "</p><script>document.title='owned'</script> grade <number>"
    groups = [Group(example=hostile), Group(LARGE, [f"large-{n:03}" for n in range(SIZE)])]
    made = Desk(folder / "store", write_run(folder / "run", groups))
    links = pq.read_table(made.run / "links.parquet").to_pylist()
    # The chain of payments is cut between cells.
    kept = [r for r in links if r["campaign_id"] != LARGE or int(r["account_b"][-3:]) % CELL]
    pq.write_table(pq.read_table(made.run / "links.parquet").from_pylist(kept + _wording()), made.run / "links.parquet")
    for name, role in (("adm", "admin"), ("ana", "analyst"), ("app", "approver")):
        made.do("adm", Granted(name, role), PEOPLE)  # type: ignore[arg-type]
    give_passwords(made.store, "ana", "app")
    return made


def _wording() -> list[dict[str, Any]]:
    """All of them share it, so it tells nobody apart."""
    rows = [(LARGE, f"large-{n:03}", f"large-{n + 1:03}", "template", 1.5, 3, SIZE) for n in range(SIZE - 1)]
    return [dict(zip(LINKS.column_names, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def console(desk: Desk) -> Iterator[Served]:
    with served(desk.store, desk.run) as running:
        yield running


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], browser.Pipe]]:
    with ExitStack() as stack:
        running: dict[str, browser.Pipe] = {}

        def start(command: str) -> browser.Pipe:
            if command not in running:
                profile = tmp_path_factory.mktemp("profile")
                running[command] = stack.enter_context(browser.running(command, profile))
            return running[command]

        yield start


@pytest.fixture
def pipe(chromium: str, browsers: Callable[[str], browser.Pipe]) -> browser.Pipe:
    return browsers(chromium)


@pytest.fixture
def page(pipe: browser.Pipe, console: Served) -> Iterator[browser.Page]:
    with browser.Page(pipe, console.address + "/login") as opened:
        yield opened


@pytest.fixture
def axe(real_part: Callable[[str, object], Any]) -> str:
    """The source of axe-core, which the package axe-core-python carries."""
    found = importlib.util.find_spec("axe_core_python")
    places = found.submodule_search_locations if found else None
    real_part("axe-core-python", places)
    assert places
    return (Path(places[0]) / "axe.min.js").read_text("utf-8")


def enter(page: browser.Page, name: str, leads: str = "") -> None:
    """Log in as a person does, whoever was logged in before."""
    page.go(page.evaluate("location.origin") + f"/login?to={leads or '/'}")
    fill(page, "name", name)
    fill(page, "password", PASSWORD)
    submit(page, ".door")


def fill(page: browser.Page, name: str, text: str, form: str = "") -> None:
    page.evaluate(f"document.querySelector({form + f' [name={name}]'!r}).value = {text!r}")


def submit(page: browser.Page, form: str) -> None:
    page.follow(f"document.querySelector({form!r}).requestSubmit()")


def act(page: browser.Page, form: str, **fields: str) -> None:
    """Fill and send one of the forms of a case."""
    place = f"form:has([name=form][value={form}])"
    for name, text in {"why": "because", **fields}.items():
        fill(page, name, text, place)
    submit(page, place)


def until(page: browser.Page, expression: str, value: object) -> None:
    """Wait for what the script is about to do."""
    end = time.monotonic() + 30
    while page.evaluate(expression) != value and time.monotonic() < end:
        time.sleep(0.05)
    assert page.evaluate(expression) == value


def test_two_people_take_an_alarm_to_its_end(pipe: browser.Pipe, tmp_path: Path) -> None:
    desk = new_desk(tmp_path)
    give_passwords(desk.store, "ana", "app")
    with served(desk.store, desk.run) as console, browser.Page(pipe, console.address + "/login") as page:
        _to_its_end(page, desk)


def _to_its_end(page: browser.Page, desk: Desk) -> None:
    enter(page, "ana")
    assert page.evaluate("document.querySelectorAll('.queue tbody tr').length") == 2
    submit(page, "form[action='/cases']")
    assert page.evaluate("document.querySelectorAll('.cases tbody tr').length") == 2
    page.follow(f"document.querySelector('a[href=\"/cases/{CASE}\"]').click()")
    act(page, "assign", owner="ana")
    act(page, "start")
    _read_the_evidence(page, desk)
    decision = _propose(page)
    act(page, "retract", why="our own evaluation")
    assert "You cannot approve" in page.evaluate("document.querySelector('.waiting').innerText")
    enter(page, "app", decision)
    page.evaluate("document.querySelector('form:has([value=agree]) [name=why]').value = 'agreed'")
    submit(page, "form:has([value=agree])")
    assert page.evaluate("document.querySelector('h1').innerText").endswith("suspend, enforce, standing")
    assert page.evaluate("document.querySelector('.strip').innerText").startswith("Mode\nenforce")
    page.go(page.evaluate("location.origin") + f"/cases/{CASE}")
    shown = page.evaluate("document.querySelector('.waiting').innerText")
    assert "our own evaluation" in shown
    assert "The alarm about 8 accounts is taken back" in shown
    act(page, "approve", why="agreed")
    assert page.evaluate("document.querySelector('h1').innerText").endswith("retracted")
    kind = page.evaluate(
        "fetch(location.pathname + '/bundle', {method: 'POST', body: new URLSearchParams({why: 'for counsel', "
        "csrf: document.querySelector('[name=csrf]').value})}).then(reply => reply.headers.get('content-type'))"
    )
    assert kind == "application/zip"
    assert [o.what for o in look(desk.store).desk.cases[CASE].outgoing] == ["decision", "bundle"]
    assert not verify(desk.store).faults


def _read_the_evidence(page: browser.Page, desk: Desk) -> None:
    """From the case to its campaign, what was seen against what was expected, and the examples."""
    page.follow("document.querySelector('[href^=\"/campaigns/\"]').click()")
    assert " against " in page.evaluate("document.querySelector('.evidence tbody tr').innerText")
    submit(page, "form[action$='/examples']")
    assert page.evaluate("document.querySelectorAll('.examples li').length") > 0
    assert look(desk.store).entries[-1].kind == "look.examples"
    page.go(page.evaluate("location.origin") + f"/cases/{CASE}")


def _propose(page: browser.Page) -> str:
    """Choose a measure for the case's campaign, look at whom it would hit, propose that; where the decision stands."""
    page.follow("document.querySelector('[href^=\"/decisions/new\"]').click()")
    page.follow("document.querySelector('[href*=suspend]').click()")
    for name, text in (("mode", "enforce"), ("appeal", "https://example.org/appeal"), ("why", "harvest")):
        fill(page, name, text, "#propose")
    submit(page, "#propose")
    assert page.evaluate("document.querySelectorAll('#rows tbody tr').length") == 8
    submit(page, "#exactly")
    assert "You cannot approve" in page.evaluate("document.querySelector('.waiting').innerText")
    place = str(page.evaluate("location.pathname"))
    page.go(page.evaluate("location.origin") + f"/cases/{CASE}")
    return place


def test_hostile_examples_stay_text(page: browser.Page) -> None:
    enter(page, "ana", "/campaigns/c-0a0a0a0a0a0a")
    submit(page, "form[action$='/examples']")
    assert "<script>document.title='owned'</script>" in page.evaluate("document.querySelector('.examples').innerText")
    assert page.evaluate("document.title").startswith("Examples of")
    assert page.complaints() == []


def test_a_large_campaign_is_drawn_as_bundles_and_every_account_is_two_clicks_away(page: browser.Page) -> None:
    enter(page, "ana", f"/campaigns/{LARGE}")
    assert page.evaluate("document.querySelectorAll('.nodes > use').length") == SIZE // CELL
    page.evaluate("document.querySelector('.canvas > svg').focus()")
    page.press("ArrowRight")
    assert page.evaluate("document.querySelector('.tip strong').innerText").startswith(f"{CELL} accounts, same means")
    page._pipe.events.clear()
    page.press("Enter", text="\r")
    page._pipe.wait_for("Page.loadEventFired")
    assert page.evaluate("document.querySelectorAll('#accounts tbody tr').length") == CELL
    page.evaluate("document.querySelector('#accounts th a').click()")
    until(page, "document.querySelector('#accounts th').getAttribute('aria-sort')", "ascending")
    page.follow("document.querySelector('#accounts tbody a').click()")
    assert page.evaluate("document.querySelector('h1').innerText").startswith("large-")


def test_accounts_are_searched_while_typing_and_the_page_stays(page: browser.Page) -> None:
    enter(page, "ana", f"/campaigns/{LARGE}")
    page.evaluate("window.stays = true; document.querySelector('[name=search]').focus()")
    for letter in "-15":
        page.press(letter, text=letter)
    until(page, "document.querySelectorAll('#accounts tbody tr').length", 10)
    assert page.evaluate("window.stays && document.activeElement.name") == "search"
    assert page.evaluate("location.search") == "?search=-15"


def test_a_long_table_has_one_scroll_bar_and_few_rows(page: browser.Page) -> None:
    enter(page, "ana", f"/campaigns/{LARGE}")
    region, rows = "document.querySelector('#accounts .long')", "[...document.querySelectorAll('#accounts tbody a')]"
    assert page.evaluate("getComputedStyle(document.querySelector('#accounts .turn')).display") == "none"
    whole = page.evaluate(f"{region}.scrollHeight / document.querySelector('#accounts tbody tr').offsetHeight")
    assert SIZE <= whole < SIZE + 5
    page.evaluate(f"{region}.scrollTop = {region}.scrollHeight")
    until(page, f"{rows}.some(a => a.innerText == 'large-{SIZE - 1:03}')", True)
    page.evaluate("document.querySelector('#accounts th a').click()")
    until(page, f"{rows}[0].innerText", "large-000")
    page.evaluate("document.querySelector('#accounts th a').click()")
    until(page, f"{rows}[0].innerText", f"large-{SIZE - 1:03}")
    assert page.complaints() == []


def test_the_keyboard_reaches_the_page_first_and_sees_where_it_is(page: browser.Page) -> None:
    enter(page, "ana")
    page.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.press("Enter", text="\r")
    assert page.evaluate("location.hash") == "#main"
    page.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


AXE = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}).then(found =>
  found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target).slice(0, 3).join(' | ')))"""


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_every_page_passes_axe_fits_its_width_and_loads_only_itself(
    pipe: browser.Pipe, console: Served, desk: Desk, axe: str, width: int, dark: bool
) -> None:
    desk.open()
    found: dict[str, Any] = {}
    with browser.Page(pipe, console.address + "/login", width=width, dark=dark) as page:
        enter(page, "ana")
        for place in PAGES:
            page.go(console.address + place)
            asked = page.requests()
            page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
            complaints = [c for c in page.complaints() if "404" not in c]
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            poor = page.evaluate(CONTRAST)
            # Axe takes a while: every page once, half of them in either dress.
            faults = page.evaluate(axe + ";" + AXE) if place in PAGES[dark::2] else []
            strange = [a for a in asked if not a.startswith(console.address)]
            if wide or poor or faults != [] or complaints or strange:
                found[place] = (wide, poor, faults, complaints, strange)
    assert not found, found
