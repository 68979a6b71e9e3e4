"""Arrival processes keep counts, order and span, and have the regularity they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.worlds import arrivals
from stillwatch.worlds.span import DAY, HOUR, Span

SPAN = Span(1_767_571_200_000_000, 3.0)


@given(
    st.integers(0, 2**32),
    st.integers(0, 500),
    st.sampled_from(["steady", "poisson", "bursty"]),
    st.sampled_from(["flat", "waking", "office", "evening"]),
    st.integers(-11, 12),
    st.floats(0.1, 12.0),
)
def test_a_stream_is_sorted_complete_and_inside(
    seed: int, count: int, kind: arrivals.Rhythm, hours: arrivals.Hours, zone: int, jitter: float
) -> None:
    ts = arrivals.stream(np.random.default_rng(seed), count, SPAN, kind, arrivals.week(hours, zone), jitter)
    assert len(ts) == count
    assert np.all(np.diff(ts) >= 0)
    assert np.all((ts >= SPAN.start) & (ts < SPAN.end))


def _spread(kind: arrivals.Rhythm, jitter: float) -> float:
    gaps = np.diff(arrivals.stream(np.random.default_rng(1), 4000, SPAN, kind, None, jitter))
    return float(gaps.std() / gaps.mean())


def test_regularity_follows_rhythm_and_jitter() -> None:
    assert _spread("steady", 0.1) < 0.2 < _spread("steady", 0.5) < 0.8
    assert _spread("poisson", 1.0) == pytest.approx(1.0, abs=0.08)
    assert _spread("steady", 10.0) == pytest.approx(1.0, abs=0.1)
    assert _spread("bursty", 3.0) > 1.3


def test_people_sleep_where_they_live() -> None:
    for zone in (-6, 0, 9):
        ts = arrivals.stream(np.random.default_rng(2), 6000, SPAN, "poisson", arrivals.week("waking", zone))
        local = (ts // HOUR + zone) % 24
        assert np.mean((local >= 1) & (local < 5)) < 0.04
        assert np.mean((local >= 9) & (local < 21)) > 0.6


def test_offices_close_on_the_weekend() -> None:
    week = Span(SPAN.start, 7.0)  # starts on a Monday
    ts = arrivals.stream(np.random.default_rng(3), 5000, week, "poisson", arrivals.week("office"))
    assert np.mean((ts - week.start) // DAY >= 5) < 0.06


def test_sittings_are_conversations_of_one_person() -> None:
    rng = np.random.default_rng(4)
    seats = arrivals.sittings(rng, np.full(50, 8.0), np.zeros(50, dtype=np.int64), SPAN, turns=4.0)
    assert len(seats) == pytest.approx(50 * 8 * 3, rel=0.25)
    for sitting in np.unique(seats.sitting)[:50]:
        rows = seats.sitting == sitting
        assert len(np.unique(seats.who[rows])) == 1
        assert seats.turn[rows].tolist() == list(range(int(rows.sum())))
        assert np.all(np.diff(seats.ts[rows]) >= 0)


def test_cron_keeps_its_minute() -> None:
    ts = arrivals.cron(np.random.default_rng(5), SPAN, 30, (2, 14), 5, 2.0)
    assert len(ts) == 3 * 2 * 5
    assert {int(h) for h in ts // HOUR % 24} == {2, 14}
    assert np.all(ts // 60_000_000 % 60 >= 30)
