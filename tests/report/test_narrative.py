"""Sentences are carried by figures and accuse nobody of more than was found."""

from __future__ import annotations

from typing import Any

import pytest

from stillwatch.model.tables import LINKS
from stillwatch.report import catalogue, narrative
from stillwatch.report.assemble import build_findings
from stillwatch.report.view import Report
from tests.report import sample


def found(*campaigns: dict[str, Any], run: dict[str, Any] | None = None) -> Report:
    whole = sample.document()
    return build_findings({**whole, "run": whole["run"] if run is None else run, "campaigns": list(campaigns)})


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ((), "No campaign alarmed"),
        (("alarmed",), "1 campaign alarmed"),
        (("watched",), "No campaign alarmed, 1 group watched"),
        (("alarmed", "provisional", "proposed", "watched"), "2 campaigns alarmed, 2 groups watched"),
    ],
)
def test_headline_counts(states: tuple[str, ...], line: str) -> None:
    report = found(*(sample.campaign(f"c{n}", s, 3, 5.0, 0.001) for n, s in enumerate(states)))
    assert narrative.headline(report) == line


def test_the_promise_is_the_sum_of_the_budgets() -> None:
    assert "0.5 expected false campaigns a month" in " ".join(narrative.alarm_meaning(found().run))


def test_no_budget_no_promise() -> None:
    said = " ".join(narrative.alarm_meaning(found(run={}).run))
    assert "no error rate can be given" in said
    assert "expected false campaigns" not in said


@pytest.mark.parametrize(("doubted", "told"), [(0, ""), (1, "The name of one is"), (2, "The names of 2 are")])
def test_summary_counts_names_that_are_no_longer_supported(doubted: int, told: str) -> None:
    campaign = sample.campaign("c", "alarmed", 8, 6.0, 0.002)
    for number, entry in enumerate(campaign["accounts"]):
        entry |= {"named_at": sample.iso(60), "membership_prob": 0.01 if number < doubted else 0.95}
    said = " ".join(narrative.summary(found(campaign).alarmed[0]))
    assert ("no longer supported by what came since" in said) == (doubted > 0)
    assert told in said


def test_summary_names_victims_dates_and_relations_but_no_operator() -> None:
    report = found(
        sample.campaign("c", "alarmed", 30, 6.0, 0.002, predecessor="c-0", shared_infrastructure_with=["c-9"])
        | {"also_named_in": [{"campaign_id": "c-8", "accounts": 12}]}
    )
    assert report.alarmed[0].also_named_in == (("c-8", 12),)
    said = " ".join(narrative.summary(report.alarmed[0]))
    assert "30 accounts" in said
    assert "12 accounts of it are named by c-8 too: count them once" in said
    assert "2 of these accounts belong to victims" in said
    assert "at most 1 in 1 million such groups" in said
    assert "24 hours after the group was found" in said
    assert "took up the machinery of c-0" in said
    assert "does not make them one operator" in said


def test_a_campaign_of_several_kinds_of_work_is_possibly_several() -> None:
    entry = sample.campaign("c", "alarmed", 30, 6.0, 0.002)
    report = found(entry | {"kinds_of_work": [{"accounts": 1113}, {"accounts": 44}, {"accounts": 12}]})
    assert report.alarmed[0].kinds_of_work == (1113, 44, 12)
    said = " ".join(narrative.summary(report.alarmed[0]))
    assert "3 kinds of work (1,113, 44 and 12 accounts): they may be several operators'" in said
    assert "kinds of work" not in " ".join(narrative.summary(found(entry).alarmed[0]))


def test_weak_evidence_makes_no_claim_of_rarity() -> None:
    report = found(sample.campaign("c", "watched", 3, 0.4, None))
    assert "independent" not in " ".join(narrative.summary(report.watched[0]))


def test_a_provisional_alarm_says_that_it_may_change() -> None:
    report = found(sample.campaign("c", "provisional", 3, 6.0, 0.002))
    assert "may change" in " ".join(narrative.summary(report.alarmed[0]))


@pytest.mark.parametrize(
    ("strength", "p", "needle"),
    [(1.0, None, "lacks 2.4 powers of ten"), (9.0, 0.3, "Coordination is established, harm is not."),
     (9.0, None, "A comparison with harmless coordinated groups")],
)  # fmt: skip
def test_a_watched_group_says_what_would_decide_it(strength: float, p: float | None, needle: str) -> None:
    report = found(sample.campaign("c", "watched", 3, strength, p))
    assert needle in " ".join(narrative.would_decide(report.watched[0]))


def test_every_declared_link_kind_has_words_and_a_look_of_its_own() -> None:
    declared = next(c.doc for c in LINKS.columns if c.name == "kind").split(", ")
    assert {k.name for k in catalogue.LINK_KINDS} == set(declared)
    looks = [(k.family, k.dash) for k in (*catalogue.LINK_KINDS, catalogue.OTHER_LINK)]
    assert len(set(looks)) == len(looks)


def test_standings_differ_by_more_than_colour() -> None:
    glyphs = [s.glyph for s in (*catalogue.STANDINGS, catalogue.UNKNOWN_STANDING)]
    assert len(set(glyphs)) == len(glyphs)


def test_a_single_account_is_not_called_independent_of_itself() -> None:
    report = found(sample.campaign("c", "watched", 1, 1.0, None))
    (c,) = report.watched
    assert "independen" not in " ".join((*narrative.would_decide(c), narrative.gate_meaning(c, c.independence)))


@pytest.mark.parametrize(
    ("p", "begins"),
    [(0.002, "They fail as far as"), (0.2, "They hold: a share of 0.2"), (None, "None of them has been")],
)
def test_innocent_explanations_fail_or_hold_together(p: float | None, begins: str) -> None:
    campaign = found(sample.campaign("c", "watched", 30, 6.0, p)).campaigns[0]
    assert narrative.innocent_reading(campaign).startswith(begins)
    assert any(s.startswith("classroom: could explain") for s in narrative.innocent(campaign))


def test_a_group_that_was_given_no_level_is_not_held_to_an_unknown_one() -> None:
    campaign = found(sample.campaign("c", "watched", 30, 6.0, 0.02, alpha_cohort=0.0)).campaigns[0]
    assert narrative.innocent_reading(campaign).startswith("They hold: a share of 0.02 of harmless groups")
    assert "the budget gave it no level" in narrative.innocent_reading(campaign)
    assert narrative.gate_reading(campaign.cohort) == "stands; no level was given"


def test_an_explanation_says_how_much_of_what_was_seen_it_could_explain() -> None:
    campaign = found(sample.campaign("c", "watched", 30, 6.0, 0.2)).campaigns[0]
    for said in narrative.innocent(campaign):
        name = said.partition(": could explain ")[0]
        number = sum(name in e.could_be for e in campaign.evidence)
        assert number >= 1
        assert said.endswith(f"({number} of {len(campaign.evidence)} findings)")
