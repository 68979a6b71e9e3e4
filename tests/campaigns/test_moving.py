"""Accounts of one hand move alike; who stays among those that move is of another crowd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.caution import of_two_crowds
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import name_members
from stillwatch.campaigns.moving import LEAST_REQUESTS, others, two_crowds, ways
from stillwatch.campaigns.tally import Tally
from tests.campaigns.frames import START, followed


def tally(*ranges: int, requests: int = 20) -> Tally:
    """Account *n* sends ``requests`` over ``ranges[n]`` address ranges of its own, evenly."""
    per = {(a, 1_000 * a + r): requests // n for a, n in enumerate(ranges) for r in range(n)}
    return Tally(nets=per)


def lineage(tally: Tally, found_by_work: bool = True) -> Lineage:
    """A group of the accounts of ``tally``, each with requests enough to be named."""
    accounts = sorted({account for account, _ in tally.nets})
    lineage = Lineage(1, np.arange(3), dict.fromkeys(accounts, START), START, START, 1e-4, ((), ()))
    lineage.tally, lineage.pool = tally, followed() if found_by_work else None
    lineage.member_requests = dict.fromkeys(accounts, 20)
    lineage.member_component = dict.fromkeys(accounts, 19)
    return lineage


@pytest.mark.parametrize(
    ("ranges", "two"),
    [
        ([20] * 10, False),
        ([1, 2, 3, 2, 1, 4, 2, 1], False),
        ([20] * 6 + [1] * 4, True),
        ([20] * 8 + [1] * 2, False),
        ([8, 9, 10, 11] * 3, False),
        ([], False),
    ],
    ids=["rented exits", "homes", "both", "two strangers", "hourly exits", "nobody"],
)
def test_two_crowds_are_two_ways_with_a_quarter_each(ranges: list[int], two: bool) -> None:
    assert two_crowds(tally(*ranges)) == two


def test_accounts_of_few_requests_and_unknown_addresses_count_for_neither() -> None:
    few = tally(*[4] * 5, requests=LEAST_REQUESTS - 1)
    unknown = Tally(nets={(account, -1): 50 for account in range(5)})
    assert ways(few) == ways(unknown) == (set(), set(), 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 4, 5, 10, 20]), max_size=30))
def test_nobody_stays_and_moves_and_the_others_are_the_fewer(ranges: list[int]) -> None:
    group = tally(*ranges)
    staying, moving, known = ways(group)
    assert not staying & moving
    assert len(staying | moving) <= known
    assert len(others(group)) == min(len(staying), len(moving))


def test_only_the_work_needs_accounts_that_move_alike() -> None:
    """Shared wording speaks for each account by itself."""
    mixed = tally(*[20] * 6 + [1] * 4)
    assert of_two_crowds(lineage(mixed))
    assert not of_two_crowds(lineage(mixed, found_by_work=False))


@pytest.mark.parametrize(("found_by_work", "named"), [(True, 8), (False, 10)])
def test_strangers_that_stay_are_not_named_for_their_work(found_by_work: bool, named: int) -> None:
    group = lineage(tally(*[20] * 8 + [1] * 2), found_by_work)
    group.alarmed_us = START + 1
    name_members(group, START + 1)
    assert sorted(group.named) == list(range(named))
