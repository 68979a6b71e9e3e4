"""Running totals and habits per account against plain counting."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.evidence.population import CUE_BITS, HABIT_REQUESTS, HABIT_SHARE, Population
from tests.campaigns.frames import EPOCH, START, build

ROW = st.tuples(st.integers(0, EPOCH - 1), st.integers(0, 6), st.integers(0, 3), st.integers(0, 2**CUE_BITS - 1))
EPOCHS = st.lists(st.lists(ROW, min_size=1, max_size=25), min_size=1, max_size=4)


@settings(max_examples=30)
@given(EPOCHS)
def test_totals_and_habits_equal_plain_counting(epochs: list[list[tuple[int, int, int, int]]]) -> None:
    population, accounts = Population(), 0
    seen: list[tuple[int, int, int, int]] = []
    for number, rows in enumerate(epochs):
        start = START + number * EPOCH
        ts, account, exact, cues = (list(column) for column in zip(*rows, strict=True))
        # A request without text carries no wording.
        cues = [c if e else 0 for c, e in zip(cues, exact, strict=True)]
        accounts = max(accounts, max(account) + 1)
        population.observe(build(start + np.array(ts), account, start=start, exact=exact, cues=cues), accounts)
        seen += zip([start + t for t in ts], account, exact, cues, strict=True)
    requests = Counter(a for _, a, _, _ in seen)
    texts = Counter(a for _, a, e, _ in seen if e)
    habits = population.habits()
    assert len(population) == accounts
    for a in range(accounts):
        assert population.requests[a] == requests[a]
        assert population.texts[a] == texts[a]
        for bit in range(CUE_BITS):
            carried = sum(c >> bit & 1 for _, b, _, c in seen if b == a)
            held = carried > 0 and carried >= HABIT_SHARE * texts[a] and texts[a] >= HABIT_REQUESTS
            assert habits[a, bit] == held


def test_an_account_that_never_came_has_no_habits() -> None:
    population = Population()
    population.observe(build([START], [2]), 4)
    assert not population.habits()[[0, 1, 3]].any()
