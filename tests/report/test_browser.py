"""The page in a real browser, offline: what a person would click, and what a hostile log would try."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stillwatch.report.render import render_report
from tests.report import browser, sample

pytestmark = pytest.mark.browser

TITLE = "Stillwatch: 3 campaigns alarmed, 4 groups watched"


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = sample.document()
    page = render_report(document, sample.links(document), sample.timeline(document), generated_at=sample.GENERATED_AT)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], browser.Pipe]]:
    """Starts the browser when first asked and shares it: a start costs more than most of these tests."""
    with ExitStack() as stack:
        yield functools.cache(
            lambda command: stack.enter_context(browser.running(command, tmp_path_factory.mktemp("profile")))
        )


@pytest.fixture
def pipe(chromium: str, browsers: Callable[[str], browser.Pipe]) -> browser.Pipe:
    return browsers(chromium)


@pytest.fixture
def page(pipe: browser.Pipe, report_file: Path) -> Iterator[browser.Page]:
    with browser.Page(pipe, report_file) as opened:
        yield opened


def column(page: browser.Page, number: int) -> list[str]:
    cells: Any = page.evaluate(
        f"[...document.querySelectorAll('.queue tbody tr')].map(r => r.cells[{number}].textContent.trim())"
    )
    return [str(c) for c in cells]


def click(page: browser.Page, selector: str) -> None:
    """A real mouse click in the middle of an element."""
    page.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
    box = page.evaluate(
        f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
        f"(document.querySelector({selector!r}).getBoundingClientRect())"
    )
    page.click(*box)


def test_hostile_text_stays_inert_and_nothing_is_asked_for(page: browser.Page, report_file: Path) -> None:
    assert page.evaluate("document.title") == TITLE
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert page.evaluate("document.querySelectorAll('img, [onload], [onerror]').length") == 0
    assert page.evaluate(f"document.body.innerText.includes({sample.PAYLOADS[1]!r})")
    assert page.requests() == [report_file.as_uri()]
    assert page.complaints() == []


def test_policy_stops_a_script_that_slipped_through(page: browser.Page) -> None:
    page.evaluate("""{
        const script = document.createElement('script');
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        const box = document.createElement('div');
        box.innerHTML = "<button id='trap' onclick=\\"document.title = 'owned'\\">x</button>";
        document.body.append(box);
        document.getElementById('trap').click();
    }""")
    assert page.evaluate("document.title") == TITLE


def test_dumped_page_is_complete_and_inert(chromium: str, report_file: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [chromium, *browser.OFFLINE, f"--user-data-dir={tmp_path}", "--dump-dom", report_file.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert f"<title>{TITLE}</title>" in done.stdout
    assert 'class="js"' in done.stdout  # our own script ran
    assert done.stdout.count("<article") == 8
    assert "<script>document.title" not in done.stdout


def test_queue_sorts_up_and_down_and_keeps_the_unknown_last(page: browser.Page) -> None:
    heading = ".queue th:nth-child(3) button"
    click(page, heading)
    sizes = [int(n) for n in column(page, 2)]
    assert sizes == sorted(sizes)
    assert page.evaluate("document.querySelector('.queue th:nth-child(3)').getAttribute('aria-sort')") == "ascending"
    click(page, heading)
    assert [int(n) for n in column(page, 2)] == sorted(sizes, reverse=True)
    for _ in range(2):
        click(page, ".queue th:nth-child(9) button")
        assert column(page, 8)[-1] == "–"


def test_sorting_works_from_the_keyboard(page: browser.Page) -> None:
    before = column(page, 1)
    page.evaluate("document.querySelector('.queue th:nth-child(2) button').focus()")
    page.press("Enter", text="\r")
    assert column(page, 1) == sorted(before) != before


def test_graph_explains_an_account_by_pointer_and_by_arrow_keys(page: browser.Page) -> None:
    page.evaluate("document.querySelector('.canvas').scrollIntoView({block: 'center', behavior: 'instant'})")
    page.evaluate("document.querySelector('.canvas > svg').focus({preventScroll: true})")
    page.press("ArrowRight")
    by_key = page.evaluate("document.querySelector('.tip').innerText")
    assert by_key.startswith("acct-")
    assert "link" in by_key
    page.press("Escape")
    assert page.evaluate("document.querySelector('.tip').hidden")
    box = page.evaluate(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        "(document.querySelector('.nodes use').getBoundingClientRect())"
    )
    page.move(*box)
    assert page.evaluate("document.querySelector('.tip').innerText") == by_key
    assert page.evaluate("document.querySelectorAll('.canvas .lit').length") >= 3


def test_legend_hides_one_kind_of_link(page: browser.Page) -> None:
    click(page, ".legend input")
    assert page.evaluate("document.querySelectorAll('.edges.off').length") == 1
    assert page.complaints() == []


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_no_width_scrolls_sideways_and_both_themes_have_contrast(
    pipe: browser.Pipe, report_file: Path, width: int, dark: bool
) -> None:
    with browser.Page(pipe, report_file, width=width, dark=dark) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CONTRAST) == []


def test_theme_button_overrides_the_system(page: browser.Page) -> None:
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(2):  # system, light, dark
        click(page, "#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert page.evaluate("document.getElementById('theme').textContent") == "Theme: dark"


# Texts below the contrast of 4.5 to 1 (WCAG 2.2, level AA) on the nearest painted background.
CONTRAST = """(() => {
  const parse = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (let n = node; n; n = n.parentElement) {
      const c = parse(getComputedStyle(n).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll('body *:not(script)')) {
    const said = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!said || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const ink = parse(node instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (!(ratio >= 4.5)) poor.add(node.className + ' ' + node.tagName + ' ' + ratio.toFixed(2));
  }
  return [...poor];
})()"""
