"""The fold over epochs: the same every time, blind to the future, and never an alarm that was not paid for twice.

One made-up world serves all: a group that never repeats a prompt, a group that repeats few prompts (coordinated, but
its score is ordinary), and a group that hides half of its requests in cover, each from another epoch on.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest

from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.gates import log_e_independence
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.tally import REQUESTS
from stillwatch.evidence.conformal import floor
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from tests.campaigns.frames import EPOCH, START, Group, World, even_calibration

HARVEST, POOL, COVERED = tuple(range(10, 22)), tuple(range(40, 60)), tuple(range(100, 114))
GROUPS = (
    Group(HARVEST, 77, 84),
    Group(POOL, 88, 100, pool=30, since=3),
    Group(COVERED, 99, 120, cover=0.5, since=6),
)
EPOCHS = 14
DAY = 24 * 3_600_000_000


def fold(frames: Iterable[Frame], state: State | None = None, accounts: int = 120) -> State:
    state = State.start(Rules(), even_calibration()) if state is None else state
    for frame in frames:
        advance(state, frame, Identities.unknown(accounts))
    return state


@cache
def frames() -> list[Frame]:
    return World(groups=GROUPS).epochs(EPOCHS)


@cache
def history() -> tuple[State, ...]:
    """Copies of the state after each epoch."""
    state = State.start(Rules(), even_calibration())
    return tuple(copy.deepcopy(fold([frame], state)) for frame in frames())


def plain(value: Any) -> Any:
    """A value as something that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def dated(state: State, until_us: int) -> dict[tuple[int, ...], tuple[int | None, int | None, dict[int, int]]]:
    """What a report can date at or before a moment: gates, alarms and names, by who founded the group."""

    def by_then(at: int | None) -> int | None:
        return at if at is not None and at <= until_us else None

    return {
        x.founded_by[0]: (
            by_then(x.gated_us),
            by_then(x.alarmed_us),
            {a: at for a, at in x.named.items() if at <= until_us},
        )
        for x in state.lineages
        if x.gated_us is not None and x.gated_us <= until_us
    }


def by_members(state: State, members: tuple[int, ...]) -> Lineage:
    (found,) = [x for x in state.lineages if set(x.joined) & set(members)]
    return found


def test_what_was_planted_is_found_and_only_the_harvests_alarm() -> None:
    state = history()[-1]
    assert by_members(state, HARVEST).alarmed_us is not None
    assert by_members(state, COVERED).alarmed_us is not None
    pool = by_members(state, POOL)
    assert pool.gated_us is not None
    assert pool.compared
    assert pool.alarmed_us is None
    assert sorted(by_members(state, HARVEST).named) == list(HARVEST)
    assert set(by_members(state, COVERED).named) <= set(COVERED)
    assert {a for x in state.lineages for a in x.joined} <= {*HARVEST, *POOL, *COVERED}


def test_two_runs_are_equal_to_the_last_number() -> None:
    assert plain(fold(frames())) == plain(history()[-1])


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8, 11, 13])
def test_a_cut_log_reports_what_the_whole_log_dates_up_to_there(k: int) -> None:
    """Another future, other requests by the same accounts, changes nothing that is dated before it."""
    until, other = frames()[k - 1].end_us, World(groups=GROUPS[::-1], seed=99).epochs(EPOCHS)[k:]
    cut, whole = fold(frames()[:k]), history()[-1]
    elsewhere = fold(other, fold(frames()[:k]))
    assert dated(cut, until) == dated(whole, until) == dated(elsewhere, until)
    assert plain(cut) == plain(history()[k - 1])
    assert all((x.alarmed_us or 0) <= until for x in cut.lineages)


def test_the_cut_property_is_not_empty() -> None:
    alarms = sorted(x.alarmed_us for x in history()[-1].lineages if x.alarmed_us is not None)
    assert frames()[1].end_us < alarms[0] < alarms[1] < frames()[-1].end_us


def test_the_open_epoch_on_a_copy_leaves_the_state_alone() -> None:
    state = copy.deepcopy(history()[3])
    before = plain(state)
    fold(frames()[4:6], copy.deepcopy(state))
    assert plain(state) == before


def test_an_alarm_passes_both_gates_in_turn() -> None:
    for state in history():
        for x in state.lineages:
            if x.alarmed_us is None:
                assert x.named == {}
                continue
            assert x.gated_us is not None
            assert x.proposed_us < x.gated_us <= x.alarmed_us
            assert log_e_independence(x) >= -np.log(x.alpha_independence)
            assert x.p_cohort is not None
            assert x.p_cohort <= x.alpha_cohort
            assert all(at >= x.alarmed_us for at in x.named.values())


def test_nothing_is_spent_that_has_not_accrued() -> None:
    for number, state in enumerate(history(), start=1):
        for budget, monthly in ((state.independence, 0.05), (state.cohort, 0.40), (state.single, 0.05)):
            accrued = number * monthly * 6 / 720
            assert 0 <= budget.spent <= accrued * (1 + 1e-9)
        assert sum(x.alpha_cohort for x in state.lineages) == pytest.approx(state.cohort.spent)


def test_a_group_is_not_judged_by_what_led_to_its_proposal() -> None:
    for state in history():
        for x in state.lineages:
            if x.proposed_us == state_end(state):
                assert log_e_independence(x) <= 0
                assert x.member_requests == {}
                assert x.tally.total(REQUESTS) == 0


def state_end(state: State) -> int:
    return START + state.epochs * EPOCH


def test_the_cohort_gate_reads_all_that_members_did_after_the_proposal_and_nothing_before() -> None:
    """Also while the first gate was asked: the cohorts it is compared with came the same way."""
    passed = 0
    for state in history():
        for x in state.lineages:
            if x.gated_us == state_end(state):
                since = [f for f in frames()[: state.epochs] if f.start_us >= x.proposed_us]
                sent = sum(int(np.isin(f.account, x.members(f.start_us)).sum()) for f in since)
                assert x.tally.total(REQUESTS) == sent > 0
                passed += 1
    assert passed == 3


def test_independent_accounts_are_never_even_proposed() -> None:
    for seed in range(3):
        assert fold(World(seed=seed).epochs(8)).proposed == 0


def test_names_of_accounts_carry_no_information() -> None:
    renamed = np.random.default_rng(4).permutation(120).astype(np.int32)
    state = fold(World(groups=GROUPS, relabel=renamed).epochs(EPOCHS))
    for members in (HARVEST, POOL, COVERED):
        old, new = by_members(history()[-1], members), by_members(state, tuple(renamed[list(members)].tolist()))
        assert (old.gated_us, old.alarmed_us) == (new.gated_us, new.alarmed_us)
        assert {int(renamed[a]): at for a, at in old.named.items()} == new.named


def test_the_date_carries_no_information() -> None:
    by = 21 * DAY
    later = [dataclasses.replace(f, ts=f.ts + by, start_us=f.start_us + by, end_us=f.end_us + by) for f in frames()]
    moved = {
        who: (gated and gated - by, alarmed and alarmed - by, {a: at - by for a, at in named.items()})
        for who, (gated, alarmed, named) in dated(fold(later), later[-1].end_us).items()
    }
    assert moved == dated(history()[-1], frames()[-1].end_us)


def test_an_epoch_without_traffic_in_between_does_no_harm() -> None:
    state = fold([f for i, f in enumerate(frames()) if i != 2])
    assert by_members(state, HARVEST).alarmed_us is not None


def test_a_last_epoch_that_is_closed_early_forgets_nothing() -> None:
    """--until in the middle of an epoch."""
    last = frames()[4]
    early = last.start_us + EPOCH // 2
    kept = last.ts < early
    cut = {
        f.name: getattr(last, f.name)[kept]
        for f in dataclasses.fields(last)
        if f.name not in ("start_us", "end_us", "event_id")
    }
    short = dataclasses.replace(last, end_us=early, event_id=last.event_id[: int(kept.sum())], **cut)
    state = fold([short], fold(frames()[:4]))
    assert len(state.templates.pairs) >= len(history()[3].templates.pairs)
    assert dated(state, frames()[3].end_us) == dated(history()[3], frames()[3].end_us)


def test_a_campaign_that_rests_for_sixty_days_is_remembered_by_little_and_goes_on_as_itself() -> None:
    days = 60
    before, state = by_members(history()[-1], HARVEST), copy.deepcopy(history()[-1])
    others = World(seed=4).epochs(EPOCHS + 4 * days)
    fold(others[EPOCHS :: 4 * 5], state)  # a quarter of a day in five is enough for a world without the campaign
    assert np.isin(before.keys, history()[-1].templates.pairs.key).any()
    assert not np.isin(before.keys, state.templates.pairs.key).any(), "what they shared has left the window"
    resting = by_members(state, HARVEST)
    assert (resting.number, resting.alarmed_us, resting.named) == (before.number, before.alarmed_us, before.named)
    back = World(groups=GROUPS[:1], seed=5).epochs(EPOCHS + 4 * days + 1)[-1:]
    again = by_members(fold(back, state), HARVEST)
    assert again.number == before.number
    assert again.exchanges == before.exchanges + 84


def test_a_month_of_tiny_budgets_accuses_nobody_it_cannot_pay_for() -> None:
    state = State.start(Rules(budget_independence=1e-9, budget_cohort=1e-6), even_calibration())
    fold(frames(), state)
    assert all(x.alarmed_us is None for x in state.lineages)
    assert state.cohort.spent == 0
    assert floor(1000) > state.cohort.at_hand
