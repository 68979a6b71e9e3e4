"""Who stays among accounts that move is not named with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import membership_probs, name_members
from stillwatch.campaigns.moving import LEAST_REQUESTS, stay_among_movers, ways
from stillwatch.campaigns.tally import Tally
from tests.campaigns.frames import START


def tally(*ranges: int, requests: int = 20) -> Tally:
    """Account *n* sends ``requests`` over ``ranges[n]`` address ranges of its own, evenly."""
    per = {(a, 1_000 * a + r): requests // n for a, n in enumerate(ranges) for r in range(n)}
    return Tally(nets=per)


def lineage(tally: Tally) -> Lineage:
    """A group of the accounts of ``tally``, each with requests enough to be named."""
    accounts = sorted({account for account, _ in tally.nets})
    found = Lineage(1, np.arange(3), dict.fromkeys(accounts, START), START, START, 1e-4, ((), ()))
    found.tally = tally
    found.member_requests = dict.fromkeys(accounts, 20)
    found.member_component = dict.fromkeys(accounts, 19)
    return found


@pytest.mark.parametrize(
    ("ranges", "spared"),
    [
        ([20] * 10, set()),
        ([1, 2, 3, 2, 1, 4, 2, 1], set()),
        ([20] * 6 + [1] * 4, {6, 7, 8, 9}),
        ([20] * 3 + [1] * 9, set(range(3, 12))),
        ([20] * 2 + [1] * 8, set()),
        ([8, 9, 10, 11] * 3, set()),
        ([], set()),
    ],
    ids=["rented exits", "homes", "both", "a quarter moves", "a fifth moves", "hourly exits", "nobody"],
)
def test_who_stays_is_spared_where_a_quarter_moves(ranges: list[int], spared: set[int]) -> None:
    assert stay_among_movers(tally(*ranges), range(len(ranges))) == spared


def test_only_the_accounts_asked_about_are_counted() -> None:
    """Ten people who would not be named anyway do not hide that most of the others move."""
    group = tally(*[20] * 4 + [1] * 12)
    assert stay_among_movers(group, range(6)) == {4, 5}
    assert stay_among_movers(group, range(5, 16)) == set()


def test_few_requests_and_unknown_addresses_tell_nothing() -> None:
    few = tally(*[2] * 5, requests=LEAST_REQUESTS - 1)
    unknown = Tally(nets={(account, -1): 50 for account in range(5)})
    assert ways(few) == ways(unknown) == (set(), set())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 4, 5, 10, 20]), max_size=30))
def test_nobody_stays_and_moves_and_no_mover_is_spared(ranges: list[int]) -> None:
    group = tally(*ranges)
    staying, moving = ways(group)
    assert not staying & moving
    assert stay_among_movers(group, range(len(ranges))) <= staying


def test_strangers_that_stay_are_not_named_and_it_is_told() -> None:
    group = lineage(tally(*[20] * 8 + [1] * 2))
    name_members(group, START)
    assert not group.named
    group.alarmed_us = START + 1
    name_members(group, START + 1)
    assert sorted(group.named) == list(range(8))
    assert group.left_out == {8: "stays", 9: "stays"}
    assert membership_probs(group)[8] < 0.5 < membership_probs(group)[0]


def test_who_is_named_stays_named_when_others_begin_to_move() -> None:
    group = lineage(tally(*[1] * 10))
    group.alarmed_us = START + 1
    name_members(group, START + 1)
    group.tally = tally(*[1] * 6 + [20] * 4)
    name_members(group, START + 2)
    assert sorted(group.named) == list(range(10))
    assert not group.left_out
