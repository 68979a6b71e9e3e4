"""Who of a group is judged: not those who show openly whose they are, where the group mostly does not."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.core import core, open_accounts, settle_core
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.tally import COMPONENT
from stillwatch.model.identity import Identities
from tests.campaigns.frames import START, build

MEMBERS = 10
ALL = np.arange(MEMBERS, dtype=np.int32)


def register(org: list[int], permitted: tuple[int, ...] = ()) -> Identities:
    found = Identities.unknown(MEMBERS)
    found.org[: len(org)] = org
    found.permitted[list(permitted)] = True
    return found


@pytest.mark.parametrize(
    ("org", "permitted", "shown"),
    [
        ([], (), []),
        ([4, 4, 4], (), [0, 1, 2]),
        ([4, 4], (), []),
        ([4, 5, 6], (), []),
        ([4, 4, 4, 5, 5], (), [0, 1, 2]),
        ([4, 4, 4], (9,), [0, 1, 2, 9]),
        ([4] * 5, (), [0, 1, 2, 3, 4]),
        ([4] * 6, (), []),
        ([4, 4, 4, 5, 5, 5], (), []),
    ],
    ids=[
        "nobody",
        "a firm",
        "a couple",
        "each its own",
        "a firm and a couple",
        "a permission",
        "half",
        "most",
        "firms",
    ],
)
def test_a_firm_in_a_group_that_hides_is_another_party(
    org: list[int], permitted: tuple[int, ...], shown: list[int]
) -> None:
    assert open_accounts(ALL, ALL, register(org, permitted)).tolist() == shown


def test_they_and_those_apart_are_left_out_of_what_is_judged() -> None:
    rows = np.arange(20 * MEMBERS)
    account = rows % MEMBERS
    frame = build(START + rows, account, exact=rows + 1)
    lineage = Lineage(1, np.arange(3), dict.fromkeys(range(MEMBERS), 0), 0, 0, 1e-4, ((1,), ()))
    private = np.where(account == 9, 5, 0)
    lineage.tally.add(frame, rows, rows, np.full(len(rows), 3), private)
    settle_core(lineage, register([4, 4, 4]))
    assert lineage.left_out == {0: "open", 1: "open", 2: "open", 9: "apart"}
    assert lineage.as_one
    rest = core(lineage)
    assert rest.accounts.tolist() == [3, 4, 5, 6, 7, 8]
    assert rest.total(COMPONENT) == 6 * 20
    assert {account for account, _ in rest.prompts} == set(rest.accounts.tolist())
    assert lineage.tally.total(COMPONENT) == len(rows)


def test_a_firm_that_joins_an_accused_group_is_another_party_however_many_it_are() -> None:
    found = register([-1] * 4 + [4] * 6)
    assert open_accounts(ALL, ALL, found).tolist() == []
    assert open_accounts(ALL, ALL[:4], found).tolist() == [4, 5, 6, 7, 8, 9]


def test_who_joins_after_the_comparison_never_becomes_the_standard() -> None:
    """Four accounts were compared; six with wording of their own outnumber them afterwards."""
    rows = np.arange(20 * MEMBERS)
    account = rows % MEMBERS
    lineage = Lineage(1, np.arange(3), dict.fromkeys(range(MEMBERS), 0), 0, 0, 1e-4, ((1,), ()))
    # Prompts of the four are of one length, those of the six of another.
    words = np.where(account < 4, 20, 2_000)
    frame = build(START + rows, account, exact=rows + 1, prompt_words=words)
    lineage.tally.add(frame, rows, rows, np.full(len(rows), 3), 0 * rows)
    settle_core(lineage, register([]))
    assert set(lineage.left_out) != {4, 5, 6, 7, 8, 9}
    lineage.profile, lineage.judged, lineage.as_one = np.zeros(1), ALL[:4], True
    settle_core(lineage, register([]))
    assert lineage.left_out == dict.fromkeys(range(4, 10), "apart")
    assert lineage.as_one
