"""First and last moments do not depend on order, and the edges of a log are no beginnings and no ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.groups.activity import DAY_US, HOUR_US, Activity, beginnings, endings
from stillwatch.model.identity import NEVER

REQUESTS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 10**9)), min_size=1, max_size=40)


@given(requests=REQUESTS, cut=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_the_order_and_the_cut_of_a_log_do_not_matter(requests: list[tuple[int, int]], cut: int) -> None:
    account, ts = (np.array(column) for column in zip(*requests, strict=True))
    whole, parts = Activity(), Activity()
    whole.observe(account.astype(np.int32), ts, 6)
    for part in (slice(cut, None), slice(0, cut)):
        parts.observe(account[part].astype(np.int32), ts[part], 6)
    assert np.array_equal(whole.first_us, parts.first_us)
    assert np.array_equal(whole.last_us, parts.last_us)
    for code in set(account.tolist()):
        assert whole.first_us[code] == ts[account == code].min()
        assert whole.last_us[code] == ts[account == code].max()


def test_who_was_there_all_along_neither_began_nor_stopped() -> None:
    activity = Activity()
    days = np.array([0, 10, 3, 6]) * DAY_US + 1
    activity.observe(np.array([0, 0, 1, 1], dtype=np.int32), days, 3)
    assert beginnings(activity.first_us, activity.last_us).tolist() == [NEVER, days[2], NEVER]
    assert endings(activity.first_us, activity.last_us).tolist() == [NEVER, days[3], NEVER]


def test_in_a_short_log_a_quarter_of_it_is_a_silence() -> None:
    first, last = np.array([0, 7]) * HOUR_US + 1, np.array([24, 17]) * HOUR_US + 1
    assert beginnings(first, last)[1] == first[1]
    assert endings(first, last)[1] == last[1]
    assert beginnings(first - HOUR_US * np.array([0, 2]), last)[1] == NEVER
