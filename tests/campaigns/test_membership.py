"""Who is named: members with cover are, framed owners and curious copiers are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import NAMED_PROB, established, membership_probs, name_members, told_of

ASKED = 99
"""The account that a case is about, beside the twenty that set the group's rate."""


def group(rate: float, requests: int = 60, members: int = 20) -> Lineage:
    """A group whose members carry the machinery in a share ``rate`` of their requests."""
    lineage = Lineage(1, np.zeros(0, dtype=np.int64), {}, 0, 0, 1e-4, ((), ()))
    for account in range(members):
        add(lineage, account, requests, round(rate * requests))
    return lineage


def add(lineage: Lineage, account: int, requests: int, component: int) -> None:
    lineage.joined[account] = 0
    lineage.member_requests[account] = requests
    if component:
        lineage.member_component[account] = component


def named(lineage: Lineage, requests: int, component: int) -> bool:
    add(lineage, ASKED, requests, component)
    return ASKED in established(lineage)


@pytest.mark.parametrize("rate", [1.0, 0.7, 0.4, 0.3])
def test_a_framed_owner_is_below_the_bar(rate: float) -> None:
    """Three copies of the group's wording among sixty requests of its own."""
    assert not named(group(rate), 60, 3)


@pytest.mark.parametrize("rate", [1.0, 0.7, 0.4])
def test_a_member_with_sixty_per_cent_cover_is_above_it(rate: float) -> None:
    assert named(group(rate), 60, 24)


def test_all_members_of_a_group_that_hides_in_cover_are_named() -> None:
    lineage = group(0.4)
    assert established(lineage) == list(range(20))


@pytest.mark.parametrize(("requests", "component"), [(0, 0), (1, 1), (2, 2), (10, 0), (200, 0)])
def test_too_little_is_never_enough(requests: int, component: int) -> None:
    assert not named(group(1.0), requests, component)


def test_a_busy_owner_is_not_named_for_many_copies_in_much_more_traffic() -> None:
    assert not named(group(0.9), 2000, 60)


@given(st.floats(0.05, 1), st.integers(0, 80), st.integers(0, 80))
def test_another_request_with_the_machinery_never_counts_against_naming(rate: float, own: int, shared: int) -> None:
    lineage = group(rate)
    add(lineage, ASKED, own + shared, shared)
    before = membership_probs(lineage)[ASKED]
    # The same group: one more account of twenty-one can move the median by a little only, so it is held.
    add(lineage, ASKED, own + shared + 1, shared + 1)
    assert membership_probs(lineage)[ASKED] >= before - 0.05


@given(st.floats(0.05, 1), st.integers(0, 500), st.integers(0, 500))
def test_a_probability_is_one(rate: float, requests: int, component: int) -> None:
    lineage = group(rate)
    add(lineage, ASKED, max(requests, component), component)
    found = membership_probs(lineage)
    assert all(0.0 <= p <= 1.0 for p in found.values())
    assert set(found) == set(lineage.joined)


def test_nobody_is_named_before_the_alarm_and_nobody_is_renamed_after_it() -> None:
    lineage = group(1.0)
    name_members(lineage, 5)
    assert lineage.named == {}
    lineage.alarmed_us = 7
    name_members(lineage, 7)
    assert lineage.named == dict.fromkeys(range(20), 7)
    # A member that later sends much of its own stays named, at its first date.
    add(lineage, 3, 5000, 60)
    add(lineage, ASKED, 60, 50)
    name_members(lineage, 9)
    assert lineage.named == {**dict.fromkeys(range(20), 7), ASKED: 9}


def test_a_crowd_that_joins_later_cannot_lower_the_rate_it_is_held_to() -> None:
    """Twenty were compared; two hundred say the phrase in three of twenty requests."""
    lineage = group(0.8)
    for account in range(100, 300):
        add(lineage, account, 60, 9)
    assert len(established(lineage)) == 220
    lineage.profile, lineage.judged = np.zeros(1), np.arange(20, dtype=np.int32)
    assert established(lineage) == list(range(20))


def test_of_a_name_whose_group_is_judged_without_it_nothing_is_said() -> None:
    first, second = group(1.0), group(1.0, members=3)
    first.named, first.left_out = {1: 5, 2: 5}, {2: "apart", 7: "apart"}
    second.named = {3: 6}
    assert told_of([first, second]) == {1, 3}


def test_every_named_account_has_the_probability_it_is_named_for() -> None:
    lineage = group(0.5)
    for account, component in ((50, 10), (51, 20), (52, 30)):
        add(lineage, account, 60, component)
    likely = membership_probs(lineage)
    assert all(likely[a] >= NAMED_PROB for a in established(lineage))
