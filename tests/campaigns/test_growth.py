"""How proposals become groups: anchored joining, one group per hand, the same whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from stillwatch.campaigns.growth import MOST_KEYS, STALE_US, take_in, take_in_pieces
from stillwatch.campaigns.state import Rules, State
from stillwatch.groups.proposals import Proposal
from tests.campaigns.frames import EPOCH, START, even_calibration

A = range(1, 13)
KEYS = range(100, 110)
OTHER_KEYS = range(500, 510)


def fresh_state(epochs: int = 4) -> State:
    state = State.start(Rules(), even_calibration())
    for _ in range(epochs):
        state.independence.accrue()
    return state


def proposal(accounts: Iterable[int], keys: Iterable[int] = KEYS) -> Proposal:
    return Proposal(np.array(sorted(keys), dtype=np.int64), np.array(sorted(accounts), dtype=np.int32))


def groups(state: State) -> list[list[int]]:
    return [x.accounts.tolist() for x in state.lineages]


def test_a_proposal_founds_a_group_at_its_moment_with_its_own_level() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    (lineage,) = state.lineages
    assert lineage.accounts.tolist() == list(A)
    assert set(lineage.joined.values()) == {START} == {lineage.proposed_us}
    assert 0 < lineage.alpha_independence == pytest.approx(state.independence.spent)


def test_the_same_proposal_again_changes_nothing_but_the_date() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    spent = state.independence.spent
    take_in(state, [proposal(A)], START + EPOCH)
    (lineage,) = state.lineages
    assert lineage.seen_us == START + EPOCH
    assert set(lineage.joined.values()) == {START}
    assert state.independence.spent == spent


def test_who_joins_later_is_a_member_from_then_on_only() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    take_in(state, [proposal([*A, 40, 41])], START + EPOCH)
    (lineage,) = state.lineages
    assert lineage.joined == {**dict.fromkeys(A, START), 40: START + EPOCH, 41: START + EPOCH}
    assert lineage.members(START).tolist() == list(A)
    assert lineage.members(START + EPOCH - 1).tolist() == list(A)
    assert lineage.members(START + EPOCH).tolist() == [*A, 40, 41]


def test_nobody_who_joined_is_dropped() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    take_in(state, [proposal(list(A)[:7])], START + EPOCH)
    assert groups(state) == [list(A)]


def test_a_small_piece_of_a_group_is_nothing_new() -> None:
    state = fresh_state()
    take_in(state, [proposal(range(1, 61))], START)
    take_in(state, [proposal(range(1, 8), OTHER_KEYS)], START + EPOCH)
    assert groups(state) == [list(range(1, 61))]


def test_other_accounts_are_another_group() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    take_in(state, [proposal(range(30, 40))], START + EPOCH)
    assert sorted(groups(state)) == [list(A), list(range(30, 40))]


def test_an_overlapping_group_with_other_machinery_does_not_swallow_or_join() -> None:
    state = fresh_state()
    take_in(state, [proposal(range(1, 21))], START)
    take_in(state, [proposal(range(15, 45), OTHER_KEYS)], START + EPOCH)
    assert sorted(groups(state)) == [list(range(1, 21)), list(range(15, 45))]


def test_the_same_group_seen_through_two_templates_in_one_epoch_is_one() -> None:
    state = fresh_state()
    take_in(state, [proposal(A), proposal(list(A)[:-1], OTHER_KEYS)], START)
    assert groups(state) == [list(A)]


@pytest.mark.parametrize("turned", [False, True])
def test_separate_proposals_of_one_epoch_are_alike_in_any_order(turned: bool) -> None:
    state = fresh_state()
    found = [proposal(range(a, a + 8), range(10 * a, 10 * a + 8)) for a in (1, 30, 60)]
    take_in(state, found[::-1] if turned else found, START)
    assert sorted(groups(state)) == [list(range(a, a + 8)) for a in (1, 30, 60)]
    assert len({x.alpha_independence for x in state.lineages}) == 1


def test_levels_of_one_epoch_add_up_to_no_more_than_what_was_at_hand() -> None:
    state = fresh_state(1)
    before = state.independence.at_hand
    take_in(state, [proposal(range(10 * a, 10 * a + 8), [a, a + 1000, a + 2000]) for a in range(1, 40)], START)
    given_out = sum(x.alpha_independence for x in state.lineages)
    assert len(state.lineages) == 39
    assert given_out == pytest.approx(state.independence.spent)
    assert given_out <= before


def test_a_group_that_comes_to_nothing_is_let_go_and_a_gated_one_never() -> None:
    state = fresh_state()
    take_in(state, [proposal(A), proposal(range(30, 40), OTHER_KEYS)], START)
    state.lineages[0].gated_us = START
    take_in(state, [], START + STALE_US - 1)
    assert len(state.lineages) == 2
    take_in(state, [], START + STALE_US)
    assert groups(state) == [list(A)]


def test_a_group_that_was_let_go_pays_again_when_it_comes_back() -> None:
    state = fresh_state()
    take_in(state, [proposal(A)], START)
    spent = state.independence.spent
    take_in(state, [], START + STALE_US)
    take_in(state, [proposal(A)], START + STALE_US + EPOCH)
    assert state.independence.spent > spent
    assert state.lineages[0].number == 2


def test_keys_are_bounded() -> None:
    state = fresh_state()
    for i in range(6):
        take_in(state, [proposal(A, range(1000 * i, 1000 * i + 900))], START + i * EPOCH)
    (lineage,) = state.lineages
    assert len(lineage.keys) <= MOST_KEYS
    assert (np.diff(lineage.keys) > 0).all()


def accused_and_watched(p_watched: float, keys: Iterable[int] = KEYS) -> State:
    """Ten accounts that an alarm names, and a watched group of them and two more."""
    state = fresh_state()
    take_in(state, [proposal(range(1, 11))], START)
    accused = state.lineages[0]
    accused.alarmed_us, accused.named = START, dict.fromkeys(range(1, 11), START)
    watched = replace(accused, number=2, joined=dict.fromkeys(A, START), keys=np.array(sorted(keys)), alarmed_us=None)
    watched.named, watched.p_cohort, watched.profile, watched.judged = {}, p_watched, np.zeros(1), np.array(A)
    watched.member_requests = watched.member_component = dict.fromkeys(A, 30)
    state.lineages.append(watched)
    return state


def test_who_is_in_a_watched_piece_of_an_accused_group_joins_that_and_is_not_named_for_it() -> None:
    state = accused_and_watched(0.01)
    take_in_pieces(state, START + EPOCH)
    accused, watched = state.lineages
    assert accused.joined == {**dict.fromkeys(range(1, 11), START), 11: START + EPOCH, 12: START + EPOCH}
    assert not {11, 12} & accused.named.keys()
    assert watched.joined == dict.fromkeys(A, START)


@pytest.mark.parametrize("told", ["ordinary", "reviewed", "remainder", "named elsewhere", "others"])
def test_nobody_joins_for_the_company_of_named_accounts(told: str) -> None:
    state = accused_and_watched(0.5 if told == "ordinary" else 0.01)
    accused, watched = state.lineages
    if told == "reviewed":
        watched.reviewed_as = "a class"
    elif told == "remainder":
        watched.p_remainder = 0.2
    elif told == "named elsewhere":
        state.lineages.append(replace(watched, number=3, alarmed_us=START, named=dict.fromkeys((11, 12), START)))
    elif told == "others":
        for account in range(1, 7):
            watched.joined[account + 100] = watched.joined.pop(account)
            watched.member_requests[account + 100] = watched.member_component[account + 100] = 30
        watched.keys = np.array(OTHER_KEYS)
    take_in_pieces(state, START + EPOCH)
    assert sorted(accused.joined) == list(range(1, 11))
