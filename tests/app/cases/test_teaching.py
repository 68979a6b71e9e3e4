"""What reviewers found harmless teaches the next run: signed, previewed, bounded, gone when the case opens again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases import teaching
from stillwatch.app.cases.desk import Actor, look
from stillwatch.app.cases.teaching import Lesson, Shown, bring, teach, unteach
from stillwatch.app.cases.verify import verify
from stillwatch.cases import acts
from stillwatch.cases.acts import Finding
from stillwatch.errors import ConfigurationError
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.reviewed import load
from tests.app.cases.conftest import CASE, NOW, OTHER, Desk
from tests.app.cases.runs import HARVEST, Group, write_run

APP = Actor("app", "test")


def with_profiles(run: Path, profiles: dict[str, dict[str, float]]) -> Path:
    """The run with the profile of each campaign in its document, as a scan writes it."""
    path = run / "campaigns.json"
    document = json.loads(path.read_text())
    for campaign in document["campaigns"]:
        campaign["profile"] = {name: profiles.get(campaign["campaign_id"], HARVEST).get(name, 0.0) for name in NAMES}
    path.write_text(json.dumps(document))
    return run


@pytest.fixture
def taught(desk: Desk) -> Desk:
    """A desk on which the first case was found harmless; nothing is taught yet."""
    with_profiles(desk.run, {"c-0b0b0b0b0b0b": {"elicitation": 9.0}})
    desk.open()
    conclude(desk, CASE, "benign")
    return desk


def conclude(desk: Desk, case_id: str, what: Any) -> None:
    desk.do("ana", acts.Assigned("ana"), case_id)
    desk.do("ana", acts.Started(), case_id)
    desk.do("ana", acts.Checked((Finding("requests_per_day", "kept", 1, 0, 0),)), case_id)
    n = desk.do("ana", acts.Proposed(what), case_id).n
    desk.do("app", acts.Approved(n), case_id)


def lesson(desk: Desk, case_id: str = CASE, **changes: Any) -> Lesson:
    asked = Lesson(case_id, "a course", "Example University", NOW + timedelta(days=90), (), desk.store / "known.json")
    return replace(asked, **changes)


def learned(desk: Desk, asked: Lesson, actor: Actor = APP) -> Shown:
    shown = teach(desk.store, asked, actor, NOW, "asked the university")
    return teach(desk.store, asked, actor, NOW, "asked the university", confirm=shown.digest)


def names(desk: Desk) -> list[str]:
    return [cohort.campaign_id for cohort in load(desk.store / "known.json").cohorts]


def test_a_harmless_case_teaches_what_it_would_hold_back_first(taught: Desk, tmp_path: Path) -> None:
    groups = [Group("c-0e0e0e0e0e0e", ("acc-50", "acc-51")), Group("c-0f0f0f0f0f0f", ("acc-60",))]
    later = with_profiles(write_run(tmp_path / "later", groups, run_id="r-9"), {"c-0f0f0f0f0f0f": {"grading": 9.0}})
    asked = lesson(taught, runs=(taught.run, later))
    shown = teach(taught.store, asked, APP, NOW, "why")
    assert [e.campaign_id for e in shown.effects] == ["c-0e0e0e0e0e0e"] and not shown.written
    assert "c-0e0e0e0e0e0e in r-9: 2 accounts" in shown.effects[0].told
    assert not asked.to.exists() and look(taught.store).case(CASE).taught is None
    with pytest.raises(ConfigurationError, match="not what was confirmed"):
        teach(taught.store, replace(asked, runs=()), APP, NOW, "why", confirm=shown.digest)
    assert teach(taught.store, asked, APP, NOW, "why", confirm=shown.digest).written
    (cohort,) = load(asked.to).cohorts
    assert (cohort.case_id, cohort.reviewed_by, cohort.approved_by) == (CASE, "ana", "app")
    assert (cohort.organisation, cohort.until) == ("Example University", NOW + timedelta(days=90))
    assert verify(taught.store).faults == ()


def test_only_an_approver_teaches_and_only_what_two_people_found_harmless(taught: Desk) -> None:
    with pytest.raises(ConfigurationError, match="needs the role approver"):
        teach(taught.store, lesson(taught), Actor("ana", "t"), NOW, "why")
    with pytest.raises(ConfigurationError, match="not found harmless by two people"):
        teach(taught.store, lesson(taught, OTHER), APP, NOW, "why")
    for changes, said in (
        ({"organisation": " "}, "whose it is"),
        ({"until": NOW + timedelta(days=400)}, "again within"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            teach(taught.store, lesson(taught, **changes), APP, NOW, "why")


def test_what_is_like_a_confirmed_case_is_never_taught(taught: Desk, tmp_path: Path) -> None:
    with_profiles(write_run(tmp_path / "r", [Group("c-0c0c0c0c0c0c", ("acc-70",))], run_id="r-2"), {})
    taught.open(tmp_path / "r")
    conclude(taught, "k-0c0c0c0c0c0c", "confirmed")
    with pytest.raises(ConfigurationError, match="k-0c0c0c0c0c0c, which two people confirmed, is like"):
        teach(taught.store, lesson(taught), APP, NOW, "why")


def test_a_case_that_is_open_again_falls_out_and_foreign_entries_stay(taught: Desk) -> None:
    learned(taught, lesson(taught))
    known = taught.store / "known.json"
    document = json.loads(known.read_text())
    mine = {**document["cohorts"][0], "case_id": "", "campaign_id": "c-by-hand", "organisation": ""}
    known.write_text(json.dumps({**document, "cohorts": [mine, *document["cohorts"]]}))
    assert bring(taught.store, known, NOW) == 2 and names(taught) == ["c-by-hand", "c-0a0a0a0a0a0a"]
    assert bring(taught.store, known, NOW + timedelta(days=91)) == 1
    taught.do("ana", acts.Reopened())
    assert bring(taught.store, known, NOW) == 1 and names(taught) == ["c-by-hand"]


def test_it_can_be_taken_back(taught: Desk) -> None:
    learned(taught, lesson(taught))
    unteach(taught.store, CASE, taught.store / "known.json", APP, NOW, "they resell", dry_run=False)
    assert names(taught) == [] and look(taught.store).case(CASE).taught is None
    with pytest.raises(ConfigurationError, match="is not taught"):
        unteach(taught.store, CASE, taught.store / "known.json", APP, NOW, "again", dry_run=False)


@pytest.mark.parametrize(
    ("limit", "organisations", "related", "said"),
    [
        ("PER_ORGANISATION", ["one"] * 3, False, "of one, or with the same accounts"),
        ("PER_ORGANISATION", ["one", "two", "three"], True, "of three, or with the same accounts"),
        ("PER_REVIEWER", ["one", "two", "three"], False, "ana reviewed are taught already"),
    ],
)
def test_nobody_teaches_alone_that_all_is_harmless(
    taught: Desk,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    limit: str,
    organisations: list[str],
    related: bool,
    said: str,
) -> None:
    monkeypatch.setattr(teaching, limit, 2)
    accounts = [("acc-1",) if related else (f"acc-8{n}",) for n in range(2)]
    groups = [Group(f"c-0d0d0d0d0d0{n}", accounts[n]) for n in range(2)]
    taught.open(with_profiles(write_run(tmp_path / "r", groups, run_id="r-2"), {}))
    cases = [CASE, "k-0d0d0d0d0d00", "k-0d0d0d0d0d01"]
    for case_id in cases[1:]:
        conclude(taught, case_id, "benign")
    for case_id, organisation in list(zip(cases, organisations, strict=True))[:2]:
        learned(taught, lesson(taught, case_id, organisation=organisation))
    with pytest.raises(ConfigurationError, match=said):
        teach(taught.store, lesson(taught, cases[2], organisation=organisations[2]), APP, NOW, "why")
