"""The profile's statements, and surprise: what everybody does weighs nothing, what is rare elsewhere weighs more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.evidence.profile import FEATURES, NAMES, RAREST, Profile, surprise

SHARES = arrays(np.float64, 6, elements=st.floats(0, 1))


def test_every_feature_says_what_it_sees_mistakes_and_costs() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    assert all(f.side and f.sees and f.mistakes and f.evasion for f in FEATURES)


def test_no_feature_reads_origin_language_or_hour() -> None:
    words = " ".join(f"{f.name} {f.sees}" for f in FEATURES).lower()
    assert not any(w in words for w in ("country", "language", "script", "hour", "time zone", "nation"))


def test_a_profile_is_read_by_name() -> None:
    profile = Profile(np.arange(len(NAMES), dtype=np.float64))
    assert [profile[name] for name in NAMES] == list(range(len(NAMES)))


@given(SHARES, SHARES, st.integers(0, 10_000))
def test_surprise_is_the_share_times_the_nats_of_rarity(
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
    habits: np.ndarray[tuple[int], np.dtype[np.float64]],
    outside: int,
) -> None:
    found = surprise(shares, habits, outside, RAREST)
    assert (found >= -1e-12).all()
    for i in range(len(shares)):
        holders = habits[i] * outside
        rarity = max((holders + 1) / (outside + 1), RAREST)
        assert found[i] == pytest.approx(shares[i] * -np.log(rarity), abs=1e-9)


def test_what_all_outside_accounts_do_weighs_nothing_and_without_outsiders_nothing_is_rare() -> None:
    assert surprise(np.ones(3), np.ones(3), 500).tolist() == [0.0, 0.0, 0.0]
    assert surprise(np.ones(3), np.zeros(3), 0).tolist() == [0.0, 0.0, 0.0]


def test_one_more_holder_outside_never_makes_a_wording_weigh_more() -> None:
    weights = [float(surprise(np.ones(1), np.array([k / 200]), 200)[0]) for k in range(201)]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(np.log(201))
