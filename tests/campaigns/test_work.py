"""Pools of work and known groups: who joins by one, whose it is, and which campaigns hold several."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from stillwatch.campaigns.alarms import raise_alarms
from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import divides, established, name_members
from stillwatch.campaigns.observe import observe
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.tally import KEYS
from stillwatch.campaigns.work import hands, take_in_alike
from stillwatch.groups.followup import Followup
from stillwatch.groups.proposals import Proposal, propose_alike
from stillwatch.groups.templates import Pairs
from stillwatch.model.frame import Codes
from stillwatch.model.identity import Identities
from tests.campaigns.frames import EPOCH, START, even_calibration
from tests.groups.lists import Lists

WORLD = Lists()
EPOCHS = 8
NOW = START + EPOCHS * EPOCH
DEALT = range(WORLD.dealt)
PEOPLE = range(WORLD.dealt, WORLD.accounts)


@cache
def _looked() -> tuple[State, list[Proposal]]:
    state = State.start(Rules(), even_calibration())
    for frame in WORLD.epochs(EPOCHS):
        state.likeness.observe(frame, WORLD.accounts)
    return state, propose_alike(state.likeness, np.zeros(WORLD.accounts, dtype=np.int32), 5)


def looked() -> State:
    """A state without groups, after some epochs in which 40 accounts worked one list off."""
    return copy.deepcopy(_looked()[0])


def the_list() -> Proposal:
    found = max(_looked()[1], key=lambda p: len(p.accounts))
    assert found.accounts.tolist() == list(DEALT)
    return found


def codes(accounts: Iterable[int]) -> Codes:
    return np.array(sorted(accounts), dtype=np.int32)


def campaign(number: int, named: Iterable[int], wording: bool = True) -> Lineage:
    """An alarm that names these accounts; ``wording``: all of them were seen with it."""
    members = codes(named)
    found = Lineage(number, np.arange(3) + 10 * number, dict.fromkeys(members.tolist(), 0), 0, 0, 1e-4, ((), ()))
    found.gated_us = found.alarmed_us = 0
    found.profile, found.p_cohort, found.judged = np.zeros(1), 0.001, members
    found.named = dict.fromkeys(members.tolist(), 0)
    found.tally.accounts = members
    found.tally.sums = np.zeros((len(members), found.tally.sums.shape[1]), dtype=np.int64)
    found.tally.sums[:, KEYS] = 5 * wording
    return found


def pool_of(number: int, founders: Iterable[int], p_cohort: float) -> Lineage:
    """A group found by its work and compared."""
    members = codes(founders)
    found = Lineage(number, np.zeros(0, dtype=np.int64), dict.fromkeys(members.tolist(), 0), 0, 0, 1e-4, ((), ()))
    (found.pool,) = Followup.start(looked().likeness, [members])
    found.gated_us, found.profile, found.p_cohort, found.judged = 0, np.zeros(1), p_cohort, members
    return found


def joined_by(state: State, *lineages: Lineage) -> list[set[int]]:
    """Who joins each of the groups when the list is seen."""
    state.lineages = list(lineages)
    before = [set(x.joined) for x in lineages]
    take_in_alike(state, [the_list()], NOW)
    return [set(x.joined) - old for x, old in zip(lineages, before, strict=True)]


def test_who_is_dealt_from_the_pool_of_an_accused_group_joins_it_and_is_not_named_for_that() -> None:
    accused = campaign(1, range(30))
    assert joined_by(looked(), accused) == [set(range(30, 40))]
    assert {accused.joined[a] for a in range(30, 40)} == {NOW}
    assert sorted(accused.named) == list(range(30))


def test_joiners_are_named_by_what_they_send_from_the_pool_afterwards() -> None:
    """They never use the wording that the others were found by."""
    accused = campaign(1, range(30))
    joined_by(looked(), accused)
    for frame in WORLD.epochs(EPOCHS + 2)[EPOCHS:]:
        observe(accused, frame, EpochIndex(frame, [accused.keys], [accused.accounts]), Pairs.empty(), 0, None)
        name_members(accused, frame.end_us)
    assert set(DEALT) <= accused.named.keys()
    assert min(accused.named[a] for a in range(30, 40)) > NOW
    assert accused.tally.sums[np.isin(accused.tally.accounts, range(30, 40)), KEYS].sum() == 0


def test_who_joined_by_his_work_and_does_it_in_part_only_is_not_named() -> None:
    """A person whose key an operator used: half of what he sends is the operator's."""
    accused = campaign(1, range(30))
    accused.member_requests = dict.fromkeys(range(40), 20)
    accused.member_component = dict.fromkeys(range(30), 18) | dict.fromkeys(range(30, 40), 8)
    assert established(accused) == list(range(30))
    accused.joined |= dict.fromkeys(range(30, 40), 0)
    assert established(accused) == list(range(40))
    accused.by_work = set(range(30, 40))
    assert established(accused) == list(range(30))
    accused.member_component |= dict.fromkeys(range(30, 40), 16)
    assert established(accused) == list(range(40))


def test_words_of_the_pool_count_for_accounts_in_it_only() -> None:
    """Where an operator passes on people's own words everybody's look like the pool's."""
    accused = campaign(1, range(30))
    accused.joined |= dict.fromkeys(PEOPLE, 0)
    joined_by(looked(), accused)
    (pool,) = accused.work
    accused.work = [replace(pool, past=replace(pool.past, place=np.zeros_like(pool.past.place)))]
    for frame in WORLD.epochs(EPOCHS + 1)[EPOCHS:]:
        observe(accused, frame, EpochIndex(frame, [accused.keys], [accused.accounts]), Pairs.empty(), 0, None)
    assert not accused.member_component.keys() & set(PEOPLE)


@pytest.mark.parametrize(("named", "wording"), [(range(20), True), (range(30), False)])
def test_a_pool_of_which_a_group_names_too_little_by_its_wording_is_not_its_work(
    named: Iterable[int], wording: bool
) -> None:
    """So those who joined by their work draw nobody in."""
    accused = campaign(1, named, wording)
    assert joined_by(looked(), accused) == [set()]
    assert accused.work == []


def test_a_pool_is_the_work_of_the_group_that_names_most_of_it() -> None:
    most, less = campaign(1, range(36)), campaign(2, range(4, 36))
    assert joined_by(looked(), less, most) == [set(), set(range(36, 40))]


def test_accounts_of_other_campaigns_stay_with_these() -> None:
    accused, other = campaign(1, range(30)), campaign(2, [*range(30, 33), *PEOPLE[:12]])
    assert joined_by(looked(), accused, other) == [set(range(33, 40)), set()]


def test_a_known_pool_grows_once_it_is_no_ordinary_cohort() -> None:
    assert joined_by(looked(), pool_of(1, range(15), 0.01)) == [set(range(15, 40))]
    assert joined_by(looked(), pool_of(1, range(15), 0.5)) == [set()]
    reviewed = pool_of(1, range(15), 0.01)
    reviewed.reviewed_as = "a benchmark"
    assert joined_by(looked(), reviewed) == [set()]
    moved = pool_of(1, [*range(6), *PEOPLE[:9]], 0.01)
    assert joined_by(looked(), moved) == [set()]


def test_growing_changes_nothing_about_what_was_compared() -> None:
    pool = pool_of(1, range(15), 0.01)
    joined_by(looked(), pool)
    assert pool.judged.tolist() == list(range(15))
    assert (pool.p_cohort, pool.score, pool.stake) == (0.01, None, 1)
    assert pool.pool is not None
    assert pool.pool.accounts.tolist() == list(range(15))


def test_a_campaign_whose_accounts_do_one_kind_of_work_is_one_hand() -> None:
    assert hands(campaign(1, DEALT), looked().likeness) == (WORLD.dealt,)
    assert hands(campaign(1, PEOPLE), looked().likeness) == ()


def two_lists() -> State:
    """Accounts 0 to 39 work one list off and 190 to 229 another."""
    state = looked()
    other = Lists(seed=2, order=np.arange(WORLD.accounts) + WORLD.accounts)
    state.likeness = copy.deepcopy(state.likeness)
    for mine, theirs in zip(WORLD.epochs(EPOCHS), other.epochs(EPOCHS), strict=True):
        state.likeness.observe(mine, 2 * WORLD.accounts)
        state.likeness.observe(theirs, 2 * WORLD.accounts)
    state.likeness.propose(5)
    return state


def test_a_campaign_over_two_lists_is_possibly_several() -> None:
    state = two_lists()
    accused = campaign(1, [*DEALT, *range(190, 230)])
    state.lineages = [accused]
    take_in_alike(state, [], NOW)
    assert accused.hands == (40, 40)
    assert accused.several


def divided(hands_of_whole: tuple[int, ...], size: int) -> tuple[State, Lineage]:
    """An alarm that names 40 accounts, and a pool of the first of them that reaches its own level."""
    state = looked()
    whole, part = campaign(1, DEALT), pool_of(2, range(size), 0.001)
    whole.hands, part.alpha_cohort = hands_of_whole, 0.004
    part.member_requests = part.member_component = dict.fromkeys(range(size), 30)
    state.lineages = [whole, part]
    return state, part


@pytest.mark.parametrize(
    ("kinds", "size", "alarmed"), [((20, 20), 20, True), ((40,), 20, False), ((20, 20), 36, False)]
)
def test_a_pool_that_divides_a_campaign_is_told_by_itself(kinds: tuple[int, ...], size: int, alarmed: bool) -> None:
    state, part = divided(kinds, size)
    assert divides(part, state.lineages[0]) == alarmed
    raise_alarms(state, Identities.unknown(WORLD.accounts), NOW)
    assert (part.alarmed_us is not None) == alarmed


def test_a_pool_that_reaches_into_another_campaign_divides_none() -> None:
    state, part = divided((20, 20), 20)
    part.joined |= dict.fromkeys(PEOPLE[:15], 0)
    part.member_requests = part.member_component = dict.fromkeys(part.joined, 30)
    assert not divides(part, state.lineages[0])
