"""Drift at the cohort gate: levels fall for the groups of strange days and stay fallen; it alarms nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.alarms import raise_alarms
from stillwatch.campaigns.caution import SILENT_DAYS, look_for_doubts
from stillwatch.campaigns.document import why_not
from stillwatch.campaigns.gates import ask_cohort_gate
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence import conformal
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.reviewed import Cohort, Reviewed
from stillwatch.model.identity import Identities
from tests.campaigns.frames import START, even_calibration

DAY = 86_400_000_000
BENIGN = 4_000
ZEROS = Profile(np.zeros(len(NAMES)))
STRANGE = [0.73] * 30
"""Scores next to the conspicuous tenth of a set that is even from 0 to 0.9."""
USUAL = np.linspace(0.01, 0.89, 30).tolist()


def state_after(days: int) -> State:
    state = State.start(Rules(), even_calibration(np.linspace(0, 0.9, BENIGN)))
    state.epochs = days * state.rules.epochs_per_day
    for _ in range(state.epochs):
        state.cohort.accrue()
    return state


def compared(state: State, scores: list[float], day: float) -> list[Lineage]:
    """Groups that passed the first gate and were compared on a day."""
    found = []
    for score in scores:
        lineage = Lineage(len(state.lineages) + 1, np.arange(3), {}, 0, 0, 1e-4, ((), ()))
        lineage.gated_us = START
        lineage.compared_us, lineage.score, lineage.profile = START + round(day * DAY), score, np.zeros(len(NAMES))
        lineage.p_cohort = conformal.p_value(score, state.calibration.wording.scores)
        state.lineages.append(lineage)
        found.append(lineage)
    return found


def look(state: State, day: float) -> None:
    look_for_doubts(state, START + round(day * DAY))


def ask(state: State, day: float) -> None:
    ask_cohort_gate(state, Identities.unknown(1))
    look(state, day)
    raise_alarms(state, Identities.unknown(1), START + round(day * DAY))


@pytest.mark.parametrize(("days", "spoken"), [(SILENT_DAYS - 1, False), (SILENT_DAYS, True)])
def test_nothing_is_said_before_a_week_is_over(days: int, spoken: bool) -> None:
    state = state_after(days)
    groups = compared(state, STRANGE, 3)
    look(state, days)
    assert (state.drift.said.word != "fine") == spoken
    assert all((x.divided_by > 1) == spoken for x in groups)
    assert state.drift.since_us == (START + days * DAY if spoken else None)


def test_a_harvest_among_strange_groups_is_watched_and_says_why() -> None:
    for others, alarmed in ((USUAL, True), (STRANGE, False)):
        state = state_after(10)
        (harvest,) = compared(state, [2.0], 9)
        compared(state, others, 9)
        ask(state, 10)
        assert harvest.p_cohort is not None
        assert harvest.p_cohort <= harvest.alpha_cohort
        assert (harvest.alarmed_us is not None) == alarmed
        assert ("more conspicuous than the calibration set promises" in why_not(harvest, state.calibration)) != alarmed


def test_a_group_of_strange_days_stays_held_back_when_they_are_over() -> None:
    state = state_after(40)
    strange = compared(state, [*STRANGE, 2.0], 9)
    ask(state, 10)
    for _ in range(20 * state.rules.epochs_per_day):
        state.cohort.accrue()
    later = compared(state, [*USUAL, 2.0], 30)
    ask(state, 31)
    assert state.drift.said.word == "fine"
    assert state.drift.since_us == START + 31 * DAY
    assert strange[-1].divided_by > 1
    assert strange[-1].alarmed_us is None
    assert later[-1].divided_by == 1
    assert later[-1].alarmed_us == START + 31 * DAY


def test_what_is_alarmed_stays_alarmed() -> None:
    state = state_after(10)
    (harvest,) = compared(state, [2.0], 9)
    ask(state, 9.5)
    compared(state, STRANGE, 9.7)
    ask(state, 10)
    assert harvest.divided_by > 1
    assert harvest.alarmed_us == START + round(9.5 * DAY)


def test_an_attack_of_many_campaigns_is_alarmed() -> None:
    state = state_after(10)
    harvests = compared(state, [2.0] * 30, 9)
    compared(state, USUAL, 9)
    ask(state, 10)
    assert {x.alarmed_us for x in harvests} == {START + 10 * DAY}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(7, 30))
def test_it_can_only_hold_alarms_back_and_costs_no_budget(scores: list[float], days: int) -> None:
    watched, unwatched = state_after(days), state_after(days)
    for state in (watched, unwatched):
        compared(state, scores, days - 0.5)
    ask(watched, days)
    unwatched.epochs = 0
    ask(unwatched, days)
    for a, b in zip(watched.lineages, unwatched.lineages, strict=True):
        assert a.alpha_cohort == b.alpha_cohort
        assert 1 == b.divided_by <= a.divided_by <= inf
        assert a.alarmed_us is None or b.alarmed_us is not None
    assert watched.cohort.spent == unwatched.cohort.spent


def test_the_like_of_a_reviewed_group_is_watched_and_others_are_not() -> None:
    """All scores reach their level; what differs is the profile."""
    reviewed_at = datetime.fromtimestamp(START / 1e6, UTC)
    good = Cohort("quiz maker", "c-1", "r-1", "cal", "R. Example", reviewed_at, reviewed_at + timedelta(60), ZEROS)
    state = state_after(10)
    state.reviewed = Reviewed("rev-test", (good,))
    like, unlike = compared(state, [2.0, 2.0], 10)
    unlike.profile = ZEROS.values + 1.0
    like.compared_us = unlike.compared_us = None
    ask(state, 10)
    assert (like.alarmed_us, unlike.alarmed_us) == (None, START + 10 * DAY)
    assert "it is like c-1, which R. Example found harmless" in why_not(like, state.calibration)
    assert like.compared_us == START + 10 * DAY
    assert like.alpha_cohort == unlike.alpha_cohort


def test_a_group_without_a_level_or_without_evidence_is_told_so_in_words() -> None:
    state = state_after(10)
    (harvest,) = compared(state, [2.0], 10)
    assert "no share of the budget was given to it" in why_not(harvest, state.calibration)
    harvest.gated_us = None
    assert "nothing counted yet, the budget asks for 10^4.0" in why_not(harvest, state.calibration)
    harvest.alpha_independence = 0.0
    assert "nothing counted yet, and the budget was spent" in why_not(harvest, state.calibration)
