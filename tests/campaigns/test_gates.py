"""The cohort gate: one p-value for each group, at a level that follows from the budget and the number of groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.alarms import raise_alarms
from stillwatch.campaigns.gates import (
    COMPONENT_REQUESTS,
    MEMBER_SHARE,
    ask_cohort_gate,
    ask_independence_gate,
    log_e_independence,
)
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import member_share, name_members
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.tally import COMPONENT, PRIVATE
from stillwatch.evidence import dealt
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.groups.followup import Followup
from stillwatch.groups.likeness import Space
from stillwatch.model.identity import Identities
from tests.campaigns.frames import START, build, even_calibration

MEMBERS = 6


def state_with(volumes: list[int], *, accrued: int = 8, benign: int = 1000, repeated: bool = False) -> State:
    """Gated groups of six accounts with so many component requests each, each another prompt unless ``repeated``."""
    state = State.start(Rules(epoch_hours=6), even_calibration(scores=np.linspace(0, 0.9, benign)))
    for _ in range(accrued):
        state.cohort.accrue()
    for number, volume in enumerate(volumes, start=1):
        account = number * MEMBERS + np.arange(volume) % MEMBERS
        exact = np.ones(volume) if repeated else np.arange(volume) + 1
        frame = build(START + np.arange(volume), account, exact=exact)
        rows = np.arange(volume)
        lineage = gated(number)
        lineage.tally.add(frame, rows, rows, np.full(volume, 3), np.zeros(volume, dtype=np.int64))
        sent = zip(*np.unique(account, return_counts=True), strict=True)
        lineage.member_requests = lineage.member_component = {int(a): int(n) for a, n in sent}
        state.lineages.append(lineage)
        state.population.observe(frame, accounts(volumes))
        state.networks.observe(frame, number)
    return state


def gated(number: int) -> Lineage:
    members = range(number * MEMBERS, (number + 1) * MEMBERS)
    lineage = Lineage(number, np.arange(3), dict.fromkeys(members, 0), 0, 0, 1e-4, ((number,), ()))
    lineage.gated_us = START
    return lineage


def followed() -> Followup:
    """A pool nothing was asked of yet."""
    nothing = np.zeros((0, 1))
    past = dealt.Means(nothing, np.zeros(0))
    space = Space(np.zeros(1), np.ones((1, 1)), np.ones(1))
    return Followup(np.zeros(0, dtype=np.int32), space, past, None, nothing, np.zeros(0))


def accounts(volumes: list[int]) -> int:
    return (len(volumes) + 1) * MEMBERS


def ask(state: State, volumes: list[int]) -> None:
    identities = Identities.unknown(accounts(volumes))
    ask_cohort_gate(state, identities)
    raise_alarms(state, identities, START + 1)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 30), st.sampled_from([30, 99, 1000]))
def test_the_gate_never_spends_what_is_not_there(volumes: list[int], accrued: int, benign: int) -> None:
    state = state_with(volumes, accrued=accrued, benign=benign)
    for _ in range(3):
        carried = state.cohort.accrued
        ask(state, volumes)
        assert state.cohort.spent <= carried * (1 + 1e-9)
        assert sum(x.alpha_cohort for x in state.lineages) == pytest.approx(state.cohort.spent)
        state.cohort.accrue()
    for x, volume in zip(state.lineages, volumes, strict=True):
        assert (x.p_cohort is not None) == x.compared == (volume >= COMPONENT_REQUESTS)
        assert x.alpha_cohort <= max(MOST_ALPHA, 1 / (benign + 1)) * (1 + 1e-9)
        assert x.compared or x.alpha_cohort == 0
        assert x.alarmed_us is None or (x.p_cohort is not None and x.p_cohort <= x.alpha_cohort)


def test_a_group_that_did_too_little_is_not_asked() -> None:
    state = state_with([COMPONENT_REQUESTS - 1])
    ask(state, [COMPONENT_REQUESTS - 1])
    assert state.cohort.spent == 0
    assert not state.lineages[0].compared


def test_a_group_before_the_first_gate_is_not_asked() -> None:
    state = state_with([400])
    state.lineages[0].gated_us = None
    ask(state, [400])
    assert state.cohort.spent == 0
    assert state.lineages[0].alarmed_us is None


def test_accounts_with_habits_of_their_own_are_not_asked() -> None:
    state = state_with([400])
    state.lineages[0].tally.sums[:, PRIVATE] = 400
    ask(state, [400])
    assert not state.lineages[0].compared


def test_one_that_stands_apart_is_left_out_of_the_comparison_and_not_named() -> None:
    state = state_with([400])
    (lineage,) = state.lineages
    alone = int(lineage.tally.accounts[0])
    lineage.tally.sums[0, PRIVATE] = 400
    ask(state, [400])
    assert lineage.left_out == {alone: "apart"}
    assert lineage.alarmed_us == START + 1
    name_members(lineage, START + 1)
    assert sorted(lineage.named) == sorted(set(lineage.joined) - {alone})


def test_what_is_left_when_some_are_left_out_must_be_enough() -> None:
    """Of 119 requests each sixth is the left-out account's, and 99 are too few."""
    state = state_with([119])
    state.lineages[0].tally.sums[0, PRIVATE] = 400
    ask(state, [119])
    assert state.lineages[0].left_out
    assert not state.lineages[0].compared


def test_a_crowd_of_which_few_are_members_is_not_asked_yet() -> None:
    """Six accounts use the phrase all the time, forty said it once among fifty requests."""
    state = state_with([400])
    (lineage,) = state.lineages
    lineage.member_requests = dict(lineage.member_requests)
    for account in range(1000, 1040):
        lineage.joined[account] = START
        lineage.member_requests[account], lineage.member_component[account] = 50, 1
    lineage.member_component.update(dict.fromkeys(range(6, 12), 40))
    assert member_share(lineage) < MEMBER_SHARE
    ask(state, [400])
    assert not lineage.compared
    for account in range(1000, 1040):
        del lineage.joined[account]
    assert member_share(lineage) > MEMBER_SHARE
    ask(state, [400])
    assert lineage.alarmed_us == START + 1


def test_accounts_that_hardly_came_twice_are_not_judged_yet() -> None:
    """Six accounts that sent 102 requests are compared; 102 accounts with one each say nothing of habits."""
    (together,), (scattered,) = state_with([102]).lineages, state_with([102]).lineages
    each = scattered.tally.sums // scattered.tally.sums[:, [COMPONENT]]
    scattered.tally.sums = np.repeat(each, 17, axis=0)
    scattered.tally.accounts = np.arange(102, dtype=np.int32)
    assert scattered.tally.total(COMPONENT) == together.tally.total(COMPONENT) == 102
    for lineage, compared in ((together, True), (scattered, False)):
        state = state_with([102])
        state.lineages = [lineage]
        ask_cohort_gate(state, Identities.unknown(102))
        assert lineage.compared == compared


def test_what_alarms_have_told_takes_no_share_of_the_budget() -> None:
    """The second group's accounts are all named by the first; the third stands for itself."""
    volumes = [400, 400, 400]
    state = state_with(volumes, accrued=1)
    whole, told_of, other = state.lineages
    ask(state, volumes)
    before, others = told_of.alpha_cohort, other.alpha_cohort
    assert before == pytest.approx(others)
    whole.alarmed_us, whole.named = START, dict.fromkeys([*whole.joined, *told_of.joined], START)
    told_of.alarmed_us = None
    state.cohort.accrue()
    ask(state, volumes)
    assert told_of.alpha_cohort == before
    assert other.alpha_cohort > others


def test_a_group_is_compared_once() -> None:
    ordinary, harvest = state_with([400], repeated=True), state_with([400])
    for state in (ordinary, harvest):
        ask(state, [400])
        first = state.lineages[0].p_cohort
        state.lineages[0].tally.prompts = set()
        for _ in range(5):
            ask(state, [400])
        assert state.lineages[0].p_cohort == first
    assert ordinary.lineages[0].alarmed_us is None
    assert harvest.lineages[0].alarmed_us == START + 1


def test_all_compared_groups_get_the_same_level_whatever_their_p_value() -> None:
    volumes = [400] * 40
    for repeated in (False, True):
        state = state_with(volumes, accrued=6, benign=20_000, repeated=repeated)
        ask(state, volumes)
        assert {round(x.alpha_cohort, 12) for x in state.lineages} == {round(6 * 0.40 * 6 / 720 / 40, 12)}


def test_a_watched_group_is_alarmed_when_the_budget_has_grown() -> None:
    """p = 1/1001 for all of eight groups; an epoch's budget pays for three of them at a time."""
    volumes = [400] * 8
    state = state_with(volumes, accrued=1)
    alarmed = []
    for _ in range(3):
        ask(state, volumes)
        alarmed.append(sum(x.alarmed_us is not None for x in state.lineages))
        state.cohort.accrue()
    assert alarmed == [3, 6, 8]


def test_a_level_below_the_floor_is_not_bought() -> None:
    """Thirty benign cohorts give no p-value below 1/31, which ten epochs' worth of budget pay for one group only: that
    which sent most.
    """
    volumes = [100, 300, 200, 150]
    state = state_with(volumes, accrued=10, benign=30)
    ask(state, volumes)
    assert [x.number for x in state.lineages if x.alpha_cohort > 0] == [2]
    assert state.cohort.at_hand < 1 / 31


def test_a_group_found_by_its_work_is_compared_with_such_cohorts() -> None:
    """Every prompt is new, so the p-value is the smallest there is: that of 2,000 cohorts, or of the 30 found alike."""
    for found_by_work, p in ((False, 1 / 2001), (True, 1 / 31)):
        state = state_with([400], accrued=100, benign=2000)
        work = replace(state.calibration.work, by_kind={"made up": np.linspace(0, 0.9, 30)})
        state.calibration = replace(state.calibration, work=work)
        (lineage,) = state.lineages
        lineage.pool = followed() if found_by_work else None
        ask(state, [400])
        assert lineage.p_cohort == pytest.approx(p)


def test_a_piece_of_a_named_campaign_is_no_second_one() -> None:
    state = state_with([400, 400])
    whole, piece = state.lineages
    piece.joined, piece.member_requests, piece.member_component = (
        dict(list(found.items())[:5]) for found in (whole.joined, whole.member_requests, whole.member_component)
    )
    ask(state, [400, 400])
    assert (whole.alarmed_us, piece.alarmed_us) == (START + 1, None)
    assert piece.p_cohort is not None
    assert piece.p_cohort <= piece.alpha_cohort
    piece.joined = dict.fromkeys([*piece.joined, 90, 91], 0)
    piece.member_requests = piece.member_component = piece.member_component | {90: 60, 91: 60}
    ask(state, [400, 400])
    assert piece.alarmed_us == START + 1


def test_a_group_that_is_held_back_does_not_speak_for_the_accounts_of_another() -> None:
    """Both reach their level; a person found the like of the larger one harmless."""
    state = state_with([400, 400])
    whole, piece = state.lineages
    piece.joined, piece.member_requests, piece.member_component = (
        dict(list(found.items())[:5]) for found in (whole.joined, whole.member_requests, whole.member_component)
    )
    whole.reviewed_as = "a benchmark"
    ask(state, [400, 400])
    assert (whole.alarmed_us, piece.alarmed_us) == (None, START + 1)


def test_nobody_is_accused_at_a_high_level_however_much_is_at_hand() -> None:
    state = state_with([400], accrued=10_000)
    ask(state, [400])
    assert state.lineages[0].alpha_cohort == MOST_ALPHA


def ungated(gain: float, timing: float | None, alpha: float) -> State:
    state = State.start(Rules(), even_calibration())
    lineage = Lineage(1, np.arange(3), {1: 0}, 0, 0, alpha, ((1,), ()))
    lineage.couse, lineage.timing = gain, timing
    state.lineages.append(lineage)
    return state


@pytest.mark.parametrize("timing", [0.0, 2.0, -3.0])
def test_the_first_gate_asks_for_one_over_alpha_on_the_mean_of_the_tests(timing: float) -> None:
    alpha = 1e-3
    needed = float(np.log(2 / alpha - np.exp(timing)))
    for gain, passes in ((needed + 1e-9, True), (needed - 1e-6, False)):
        state = ungated(gain, timing, alpha)
        ask_independence_gate(state, START)
        assert (state.lineages[0].gated_us == START) == passes


def test_a_test_that_was_not_made_yet_is_worth_one_at_most() -> None:
    for gain, passes in ((np.log(2000) + 1e-9, True), (np.log(1999) - 1e-6, False)):
        state = ungated(float(gain), None, 1e-3)
        ask_independence_gate(state, START)
        assert (state.lineages[0].gated_us == START) == passes


def test_without_evidence_there_is_none_and_without_a_level_nothing_passes() -> None:
    assert log_e_independence(ungated(-np.inf, None, 1e-3).lineages[0]) <= 0
    state = ungated(1000.0, 4.0, 0.0)
    ask_independence_gate(state, START)
    assert state.lineages[0].gated_us is None
