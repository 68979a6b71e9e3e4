"""Records and answers: what is read from the product is not typed, and nothing is invented."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stillwatch.errors import ConfigurationError
from stillwatch.model.tables import TABLES
from stillwatch.privacy.calendars import public_holidays
from stillwatch.privacy.categories import CATEGORIES, KEPT, NEUTRAL, PASSING, UNCLASSIFIED, category_of
from stillwatch.privacy.deadline import deadline
from stillwatch.privacy.fides import as_paper, export
from stillwatch.privacy.paper import Item, Paper, Part, document
from stillwatch.privacy.questionnaire import answer, load_questionnaire, shipped
from stillwatch.privacy.record import record
from stillwatch.privacy.register import load_register
from stillwatch.privacy.running import KeySeen, RunSeen
from tests.privacy.registers import EXAMPLE, line_of, register, running

TODAY = date(2026, 3, 2)
RUN = RunSeen(Path("/srv/stillwatch/run"), {"facts": 7}, 3, 40, 2, datetime(2026, 3, 9, tzinfo=UTC))


def _open(paper: Paper) -> list[tuple[Part, Item]]:
    """What is open but for tables that are newer than the example's periods."""
    new = {table.name for table in KEPT} - set(load_register(EXAMPLE).one("retention").values)
    return [(part, item) for part, item in paper.open_items if item.label not in new]


def _said(paper: Paper, part: str) -> str:
    return "\n".join("; ".join((i.label, *i.values)) for p in paper.parts if p.title == part for i in p.items)


def test_every_column_of_every_table_is_classified() -> None:
    columns = {name for table in TABLES for name in table.column_names}
    assert {name for name in columns if category_of(name) == UNCLASSIFIED} == set()
    known = [name for category in CATEGORIES for name in category.columns] + list(NEUTRAL)
    assert len(known) == len(set(known)), "a column has two categories"
    assert set(KEPT) | set(PASSING) == set(TABLES)


def test_the_controllers_record_has_every_letter_of_article_30_1() -> None:
    paper = record(load_register(EXAMPLE), running(), "controller")
    rules = [part.rule for part in paper.parts]
    assert rules[:7] == [f"Art. 30(1)({letter})" for letter in "abcdefg"]
    assert _open(paper) == []


def test_the_processors_record_has_every_letter_of_article_30_2(tmp_path: Path) -> None:
    client = '\n[[controllers]]\nname = "Kunde A"\ncontact = "a@kunde.example"\nprocessing = ["analysis of its logs"]\n'
    paper = record(register(tmp_path, extra=client), running(), "processor")
    assert [part.rule for part in paper.parts] == [f"Art. 30(2)({letter})" for letter in "abcd"]
    assert "Kunde A, a@kunde.example" in _said(paper, "Processor and controllers")
    assert "analysis of its logs" in _said(paper, "Categories of processing")
    alone = record(load_register(EXAMPLE), running(), "processor")
    assert [item.label for _, item in alone.open_items] == ["Controllers"]


def test_what_the_product_knows_is_read_from_it() -> None:
    found = running(runs=(RUN,), keys=(KeySeen(1, "2026-01-01T00:00:00Z", ""),))
    paper = record(load_register(EXAMPLE), found, "controller")
    for table in (*KEPT, *PASSING):
        assert f" {table.name}: " in _said(paper, "People and data")
    assert "examples; 14 days from the scan" in _said(paper, "Time limits for erasure")
    assert "version 1 of 2026-01-01" in _said(paper, "Security")


def test_what_watch_and_cases_keep_is_said_where_they_are() -> None:
    found = running(watched=(Path("/srv/stillwatch/run"),), state_days=60, cases=2)
    paper = record(load_register(EXAMPLE), found, "controller")
    assert "kept in sketches: " in _said(paper, "People and data")
    assert "cases; 2 cases" in _said(paper, "People and data")
    assert "sketches; at most 60 days in the state of watch" in _said(paper, "Time limits for erasure")
    alone = record(load_register(EXAMPLE), running(), "controller")
    assert "read, not kept: sketches: " in _said(alone, "People and data")
    assert "cases" not in _said(alone, "Time limits for erasure")


def test_a_period_that_nobody_set_is_open(tmp_path: Path) -> None:
    paper = record(register(tmp_path, ("facts = 90\n", "")), running(), "controller")
    ((part, item),) = _open(paper)
    assert (part.title, item.label) == ("Time limits for erasure", "facts")
    assert item.read_from == f"register.toml line {line_of(EXAMPLE, '[retention]')}"


def test_open_rows_stay_open_everywhere(tmp_path: Path) -> None:
    found = register(tmp_path, ('legal_basis = "legitimate_interests"', 'legal_basis = ""'))
    paper = record(found, running(), "controller")
    ((part, item),) = _open(paper)
    assert (part.title, item.values) == ("Legal basis", ())
    shown = document(paper, datetime(2026, 3, 2, tzinfo=UTC))["open"]
    what = "choose a legal basis of Art. 6(1)"
    assert {"part": part.name, "label": item.label, "what": what, "where": item.read_from} in shown


def test_the_garante_asks_seven_things_and_the_example_leaves_one_open_without_runs() -> None:
    questions = load_questionnaire("garante")
    assert len(questions.questions) == 7
    assert (questions.period.length, questions.period.zone) == (20, "Europe/Rome")
    due = deadline(questions.period, TODAY, public_holidays("IT"))
    paper = answer(questions, load_register(EXAMPLE), running(), due, TODAY)
    assert [part.name for part, _ in paper.open_items] == ["question-1"]
    assert paper.facts["Answered"] == "6 of 7 questions"
    assert paper.facts["Ends"] == "Monday 2026-03-23, 24:00 Europe/Rome (21 days left)"
    assert "2026-03-22 is a Sunday" in paper.facts["Unmoved last day"]
    whole = answer(questions, load_register(EXAMPLE), running(runs=(RUN,)), None, TODAY)
    assert whole.open_items == []
    assert "rows: 7 facts" in _said(whole, "Which personal data are collected")


@pytest.mark.parametrize(
    ("today", "words"),
    [("2026-03-23", "(today)"), ("2026-03-24", "(over for 1 days)"), ("2026-03-22", "(1 days left)")],
)
def test_the_time_that_is_left(today: str, words: str) -> None:
    questions = load_questionnaire("garante")
    due = deadline(questions.period, TODAY, public_holidays("IT"))
    paper = answer(questions, load_register(EXAMPLE), running(), due, date.fromisoformat(today))
    assert paper.facts["Ends"].endswith(words)


def test_a_country_that_was_asked_about(tmp_path: Path) -> None:
    questions = load_questionnaire("garante")

    def said(*changes: tuple[str, str], extra: str = "") -> tuple[tuple[str, ...], bool]:
        paper = answer(questions, register(tmp_path, *changes, extra=extra), running(), None, TODAY)
        item = paper.parts[4].items[0]
        assert item.label == "Kept in or sent to CN"
        return item.values, item.is_open

    moved = ('folder = "/srv/stillwatch"\ncountry = "DE"', 'folder = "/srv/stillwatch"\ncountry = "CN"')
    assert said() == (("no",), False)
    assert said(moved) == (("yes", "/srv/stillwatch"), False)
    assert said((moved[0], moved[1].replace("CN", ""))) == ((), True)


def test_scraping_opens_the_question_of_notices(tmp_path: Path) -> None:
    questions = load_questionnaire("garante")
    used = ("[scraping]\nused = false", "[scraping]\nused = true"), ('origin = "person"', 'origin = "public"')
    paper = answer(questions, register(tmp_path, *used), running(), None, TODAY)
    still = [item.label for part, item in paper.open_items if part.name == "question-7"]
    assert still == ["Notice to people with an account", "Notice to people without an account"]


SECOND = """schema = "stillwatch.questionnaire/1"
title = "Questions of a second authority"
authority = "Made-up authority"
source = "letter"
asked_on = 2026-03-02
[deadline]
length = 10
unit = "working_days"
time_zone = "Europe/Paris"
holidays = "FR"
[[questions]]
asked = "Who receives the data"
topics = ["recipients", "transfers"]
"""


def test_a_second_questionnaire_is_a_file_and_no_code(tmp_path: Path) -> None:
    path = tmp_path / "second.toml"
    path.write_text(SECOND)
    questions = load_questionnaire(str(path))
    due = deadline(questions.period, date(2026, 5, 4), public_holidays("FR"))
    paper = answer(questions, load_register(EXAMPLE), running(), due, TODAY)
    assert paper.kind == "answer-second"
    assert "2026-05-20" in paper.facts["Ends"]  # 8 and 14 May are holidays in France
    assert "external counsel" in _said(paper, "Who receives the data")


def test_a_wrong_questionnaire_lists_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "second.toml"
    text = SECOND.replace('"recipients"', '"recipient"').replace("length = 10", "length = 0")
    text = (
        text.replace("Europe/Paris", "Europe/Pariss").replace("working_days", "workdays").replace("asked_on", "askd_on")
    )
    path.write_text(text + "x = 1\n")
    with pytest.raises(ConfigurationError) as refused:
        load_questionnaire(str(path))
    said = "\n".join(refused.value.mistakes)
    for words in ("did you mean recipients?", "from 1 to 3660", "Pariss", "unit must be", "did you mean asked_on?"):
        assert words in said
    assert "second.toml line 7: length" in said
    assert len(refused.value.mistakes) == 7


def test_an_unknown_questionnaire_names_those_there_are() -> None:
    assert shipped() == ["garante"]
    with pytest.raises(ConfigurationError, match="did you mean garante"):
        load_questionnaire("garant")


# Field names of the models of fideslang 3.1.
_NAMED = {"fides_key", "organization_fides_key", "name", "description"}
FIDES = {
    "system": _NAMED
    | {
        *("system_type", "privacy_declarations", "processes_personal_data", "does_international_transfers"),
        *("legal_basis_for_transfers", "requires_data_protection_assessments", "dpa_location", "legal_name"),
        *("legal_address", "responsibility", "dpo", "joint_controller_info", "data_security_practices"),
        "dataset_references",
    },
    "privacy_declarations": {
        *("name", "data_categories", "data_use", "data_subjects", "dataset_references", "legal_basis_for_processing"),
        *("impact_assessment_location", "retention_period", "data_shared_with_third_parties", "third_parties"),
    },
    "organization": _NAMED,
    "dataset": _NAMED | {"collections"},
    "collections": {"name", "description", "fields"},
    "fields": {"name", "description", "data_categories"},
    "data_category": _NAMED | {"parent_key"},
    "data_subject": _NAMED,
}


def _keys_of(name: str, value: object) -> None:
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict) and name in FIDES:
            assert {key for key in entry if not key.startswith("x_")} <= FIDES[name]
            for key, inner in entry.items():
                _keys_of(key, inner)


def test_the_export_can_be_read_on_paper_and_leaves_nothing_out(tmp_path: Path) -> None:
    found = register(tmp_path, ("date = 2026-02-02", 'date = ""'))
    manifest = export(found, running(), record(found, running(), "controller"))
    paper = as_paper(manifest, datetime(2026, 5, 1, tzinfo=UTC))
    shown = "\n".join(value for part in paper["parts"] for item in part["items"] for value in item["values"])
    assert {item["label"] for part in paper["parts"] for item in part["items"]} >= set(manifest["system"][0])
    assert all(json.dumps(d, ensure_ascii=False) in shown for d in manifest["system"][0]["privacy_declarations"])
    assert len(paper["open"]) == len(manifest["x_open"])


def test_the_export_uses_documented_keys_and_x_for_the_rest(tmp_path: Path) -> None:
    found = register(tmp_path, ("date = 2026-02-02", 'date = ""'))
    paper = record(found, running(), "controller")
    manifest = export(found, running(), paper)
    assert {key for key in manifest if not key.startswith("x_")} <= FIDES.keys()
    for name, value in manifest.items():
        _keys_of(name, value)
    (system,) = manifest["system"]
    assert [d["legal_basis_for_processing"] for d in system["privacy_declarations"]] == ["Legitimate interests"] * 2
    assert system["x_storage"][1] == {
        "folder": "/srv/stillwatch",
        "country": "DE",
        "provider": "own machines, Musterstadt",
    }
    assert "date" not in system["x_notices"][0], "what is open is left out"
    assert {c["name"] for c in manifest["dataset"][0]["collections"]} == {table.name for table in KEPT}
