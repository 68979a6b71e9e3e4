"""Papers from a register and a real installation, in every format, with hostile text in every place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.privacy.access import AccessRequest, access
from stillwatch.app.privacy.gather import gather
from stillwatch.app.privacy.papers import PaperRequest, make_answer, make_export, make_record
from stillwatch.app.privacy.writing import write_papers
from stillwatch.config.load import load_settings
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import load_keyring
from stillwatch.report.paper import escaped, paper_lines, paper_markdown, render_paper
from tests.app.privacy.folders import ANN, BOB, NOW, make_run
from tests.privacy.registers import EXAMPLE, HOSTILE
from tests.report.browser import Page, running


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a run, a home, and a register that covers both."""
    make_run(tmp_path / "runs" / "one")
    load_keyring(tmp_path / "home")
    text = EXAMPLE.read_text("utf-8").replace("/srv/stillwatch-home", str(tmp_path))
    (tmp_path / "register.toml").write_text(text, "utf-8")
    return tmp_path


def _request(place: Path) -> PaperRequest:
    loaded = load_settings(None, {}, home=place / "home")
    return PaperRequest(place / "register.toml", loaded, place / "home", (place / "runs",), NOW)


def _bend(place: Path, *changes: tuple[str, str]) -> None:
    text = (place / "register.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (place / "register.toml").write_text(text, "utf-8")


def test_runs_keys_and_settings_are_read_from_the_installation(place: Path) -> None:
    found = gather(_request(place).loaded, place / "home", (place / "runs",))
    (run,) = found.runs
    assert run.rows == {"campaigns": 5, "facts": 10, "links": 2, "timeline": 4, "rejects": 1}
    assert (run.accounts, run.exchanges, run.examples) == (5, 50, 3)
    assert [key.version for key in found.keys] == [1]
    assert found.mark_keys == 0
    assert {"litellm", "otlp", "bedrock"} <= {name for name, _ in found.adapters}


def test_asking_makes_no_keyring(place: Path, tmp_path: Path) -> None:
    found = gather(_request(place).loaded, tmp_path / "none", ())
    assert found.keys == ()
    assert not (tmp_path / "none").exists()


def test_every_question_of_the_garante_is_answered_for_the_example(place: Path) -> None:
    paper = make_answer(_request(place), "garante", date(2026, 1, 14))
    assert [part["answered"] for part in paper["parts"]] == [True] * 7
    facts = {fact["label"]: fact["value"] for fact in paper["facts"]}
    assert facts["Answered"] == "7 of 7 questions"
    assert facts["Ends"].startswith("Tuesday 2026-02-03")


def test_all_contradictions_are_listed_at_once(place: Path) -> None:
    _bend(
        place,
        ("examples = 14", "examples = 15"),
        ('adapter = "litellm"', 'adapter = "x"'),
        (f'"{place}"', '"/nowhere"'),
    )
    with pytest.raises(ConfigurationError) as refused:
        make_record(_request(place), "controller")
    assert refused.value.exit_code == 2
    assert len(refused.value.mistakes) == 4  # the home and the runs are not covered any more
    assert all("register.toml line" in mistake for mistake in refused.value.mistakes)


def _hostile(place: Path) -> list[dict[str, Any]]:
    name = json.loads(HOSTILE)
    _bend(place, ('"Beispiel Modelle GmbH"', HOSTILE), ('"Alex Muster"', HOSTILE), ('"external counsel"', HOSTILE))
    (place / "runs" / "one" / "campaigns.json").rename(place / "kept")
    document = json.loads((place / "kept").read_text())
    document["campaigns"][0]["examples"][0]["redacted"] = f"<email> {name}"
    (place / "runs" / "one" / "campaigns.json").write_text(json.dumps(document))
    asked = _request(place)
    loaded = asked.loaded
    who = AccessRequest(name, "", asked.stores, asked.register, loaded, asked.home, NOW)
    return [make_record(asked, "processor"), make_answer(asked, "garante", None), access(who), make_export(asked)]


def test_hostile_text_is_inert_in_every_format(place: Path) -> None:
    *papers, export = _hostile(place)
    assert json.dumps(export).isascii()
    for paper in papers:
        page, markdown, lines = render_paper(paper), paper_markdown(paper), "\n".join(paper_lines(paper))
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert re.search(r"(?<!\\)<|(?<!\\)\[|javascript:", markdown) is None
        for text in (page, markdown, lines):
            assert "\x1b" not in text
            assert "\u202e" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b *c*", r"a\_b \*c\*"),
        ("https://x.example", r"https\://x.example"),
        ("www.x.example", r"www\.x.example"),
        ("me@x.example", r"me\@x.example"),
        ("1. one", r"1\. one"),
        ("- one", r"\- one"),
        ("30.5 days", "30.5 days"),
    ],
)
def test_markdown_has_no_meaning_left(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_every_file_is_written_and_mistakes_are_listed_first(place: Path) -> None:
    paper = make_record(_request(place), "controller")
    write_papers(paper, [place / "r.html", place / "r.md", place / "r.json"])
    assert json.loads((place / "r.json").read_text())["kind"] == "record-controller"
    assert "Beispiel Modelle GmbH" in (place / "r.md").read_text()
    with pytest.raises(ConfigurationError) as refused:
        write_papers(paper, [place / "r.doc", place / "none" / "s.html", place / "t.html"])
    assert len(refused.value.mistakes) == 2
    assert not (place / "t.html").exists()


def test_without_chromium_a_pdf_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(ConfigurationError, match="there is none on this machine"):
        write_papers(make_record(_request(place), "controller"), [place / "r.pdf"])


def test_access_shows_the_person_and_nobody_else(place: Path) -> None:
    asked = _request(place)
    paper = access(AccessRequest(ANN, "", asked.stores, asked.register, asked.loaded, asked.home, NOW))
    (run,) = paper["data"].values()
    assert [row["exchanges"] for row in run["facts"]] == [10, 10]
    assert {row["account_id"] for row in run["campaigns"]} == {ANN}
    assert run["links"] == [{"campaign_id": "c-both", "kind": "payment", "weight": 2.0, "shared": 1, "population": 2}]
    assert BOB not in json.dumps(paper)
    rules = [part["rule"] for part in paper["parts"]]
    assert [r for r in rules if r.startswith("Art. 15(1)(")] == [
        *("Art. 15(1)(a)", "Art. 15(1)(b)", "Art. 15(1)(c)", "Art. 15(1)(d)", "Art. 15(1)(g)"),
        "Art. 15(1)(e), (f), (h)",
    ]


@pytest.mark.browser
def test_the_page_fits_every_screen_and_complains_of_nothing(
    place: Path, chromium: str, tmp_path: Path, real_part: Callable[[str, object], Any]
) -> None:
    _bend(place, ('legal_basis = "legitimate_interests"', 'legal_basis = ""'))
    page = tmp_path / "answer.html"
    page.write_text(render_paper(make_answer(_request(place), "garante", date(2026, 1, 14))), "utf-8")
    with running(chromium, tmp_path / "profile") as pipe:
        for width, dark in ((1280, False), (390, True)):
            with Page(pipe, page, width=width, dark=dark) as shown:
                assert shown.complaints() == []
                assert shown.requests() == [page.as_uri()]
                assert shown.evaluate("document.documentElement.scrollWidth") <= width
                assert shown.evaluate("document.querySelectorAll('.open').length") == 1
    write_papers(make_record(_request(place), "controller"), [tmp_path / "r.pdf"])
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
