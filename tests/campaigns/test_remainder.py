"""A group that is conspicuous only by accounts which other alarms name is held back; no other is."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.alarms import raise_alarms
from stillwatch.campaigns.document import held_back
from stillwatch.campaigns.gates import ask_cohort_gate
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import name_members
from stillwatch.campaigns.state import Rules, State
from stillwatch.model.identity import Identities
from tests.campaigns.frames import START, build, even_calibration

MEMBERS = 6
OPERATORS, OTHERS = range(MEMBERS), range(MEMBERS, 2 * MEMBERS)
NOW = START + 1_000_000


def started() -> State:
    """One benign cohort in four thousand has more different prompts than the mixed group, none as many as operators."""
    state = State.start(Rules(), even_calibration(np.append(np.linspace(0.0, 0.9, 4000), 0.98)))
    for _ in range(8):
        state.cohort.accrue()
    return state


def group(number: int, accounts: range, sent: dict[range, tuple[int, bool]], state: State) -> Lineage:
    """A group that passed the first gate; ``sent``: requests of some of its accounts, and whether all are different."""
    lineage = Lineage(number, np.arange(3), dict.fromkeys(accounts, 0), 0, 0, 1e-4, ((number,), ()))
    lineage.gated_us = START
    state.lineages.append(lineage)
    work(lineage, sent, state)
    return lineage


def work(lineage: Lineage, sent: dict[range, tuple[int, bool]], state: State) -> None:
    account = np.concatenate([np.resize(list(who), n) for who, (n, _) in sent.items()])
    exact = np.concatenate([1 + 10_000 * i + np.arange(n) * new for i, (n, new) in enumerate(sent.values())])
    frame, rows = build(START + np.arange(len(account)), account, exact=exact), np.arange(len(account))
    lineage.tally.add(frame, rows, rows, np.full(len(rows), 3), np.zeros(len(rows), dtype=np.int64))
    counts = zip(*np.unique(account, return_counts=True), strict=True)
    lineage.member_requests = lineage.member_component = {int(a): int(n) for a, n in counts}
    state.population.observe(frame, accounts=2 * MEMBERS)
    state.networks.observe(frame, lineage.number)


def weighed(sent_by_others: tuple[int, bool], *, at_once: bool, own: int = 1800) -> Lineage:
    """A group of operators and others; the operators have an alarm of their own, ``at_once`` or of an epoch before."""
    state, identities = started(), Identities.unknown(2 * MEMBERS)
    first = group(1, OPERATORS, {OPERATORS: (1200, True)}, state)
    if not at_once:
        look(state, identities, NOW - 1)
        assert first.alarmed_us == NOW - 1
        name_members(first, NOW - 1)
    both = group(2, range(2 * MEMBERS), {OPERATORS: (own, True), OTHERS: sent_by_others}, state)
    look(state, identities, NOW)
    assert first.alarmed_us is not None
    assert both.p_cohort is not None and both.p_cohort <= both.alpha_cohort, "as one group they would be alarmed"
    return both


def look(state: State, identities: Identities, now_us: int) -> None:
    ask_cohort_gate(state, identities)
    raise_alarms(state, identities, now_us)


@pytest.mark.parametrize("at_once", [False, True])
def test_people_are_not_accused_for_what_named_accounts_among_them_do(at_once: bool) -> None:
    crowd = weighed((150, False), at_once=at_once)
    assert crowd.alarmed_us is None
    assert crowd.p_remainder is not None and crowd.p_remainder > 0.9
    assert "without the accounts that other alarms name p = " in held_back(crowd)


def test_accounts_that_do_the_same_are_alarmed() -> None:
    more = weighed((900, True), at_once=False)
    assert more.alarmed_us == NOW
    assert more.p_remainder is not None
    assert held_back(more) == ""


def test_what_is_left_must_be_enough_to_be_compared() -> None:
    few = weighed((60, True), at_once=False)
    assert (few.alarmed_us, few.p_remainder) == (None, 1.0)
    assert "other alarms name too little is left to compare" in held_back(few)


def test_what_sent_most_of_it_stands_for_the_group() -> None:
    most = weighed((90, True), at_once=False, own=60)
    assert (most.alarmed_us, most.p_remainder) == (NOW, None)


def test_a_group_of_which_nobody_is_named_is_not_asked() -> None:
    state, identities = started(), Identities.unknown(2 * MEMBERS)
    alone = group(1, OTHERS, {OTHERS: (600, True)}, state)
    look(state, identities, NOW)
    assert (alone.alarmed_us, alone.p_remainder) == (NOW, None)


def test_who_is_left_is_looked_at_once() -> None:
    """The others, who had sent the same few prompts, do as operators do later: that would be a second chance for p."""
    state, identities = started(), Identities.unknown(2 * MEMBERS)
    first = group(1, OPERATORS, {OPERATORS: (1200, True)}, state)
    both = group(2, range(2 * MEMBERS), {OPERATORS: (1800, True), OTHERS: (150, False)}, state)
    look(state, identities, NOW)
    name_members(first, NOW)
    found = both.p_remainder
    assert both.alarmed_us is None and found is not None and found > 0.9
    work(both, {OTHERS: (1800, True)}, state)
    look(state, identities, NOW + 1)
    assert (both.alarmed_us, both.p_remainder) == (None, found)
