"""The drift monitor: fair bets by enumeration, false alarms and power by simulation, and what cannot move it."""

from __future__ import annotations

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.evidence.drift import FACTORS, REFUTED, Statement, judge, most_factor, ranks

Floats = NDArray[np.float64]
N = 4_000


def standard(rng: np.random.Generator, size: int) -> Floats:
    return rng.normal(size=size)


def crowded(rng: np.random.Generator, size: int, share: float) -> Floats:
    """A new kind takes ``share`` of the groups, all of which stand between the last fifth and the last tenth."""
    new = rng.random(size) < share
    return np.where(new, rng.uniform(0.842, 1.28, size), rng.normal(size=size))


def windows(draw: float | None, groups: int, n: int = N, trials: int = 200, decimals: int = 9) -> list[Statement]:
    """Statements on made-up windows; ``draw`` = share of a new kind, none if absent."""
    found = []
    for trial in range(trials):
        rng = np.random.default_rng([trial, groups])
        calibration = np.sort(standard(rng, n).round(decimals))
        scores = standard(rng, groups) if draw is None else crowded(rng, groups, draw)
        found.append(judge(scores.round(decimals), calibration))
    return found


def share(found: list[Statement], *words: str) -> float:
    return float(np.mean([s.word in words for s in found]))


def test_bets_have_a_mean_of_exactly_one_over_all_ranks() -> None:
    """Two groups against 28 calibration scores: each of 29 x 30 pairs of ranks has the same chance."""
    calibration = np.arange(28.0)
    near, unlike = [], []
    for first, second in product(range(29), range(30)):
        scores = [first - 0.5, 0.0]
        pooled = np.sort([*calibration, scores[0]])
        below, above = ([-9.0, *pooled][second], [*pooled, 99.0][second])
        scores[1] = (below + above) / 2
        rank, among = ranks(np.array(scores), calibration)
        assert (rank.tolist(), among.tolist()) == ([first + 1, second + 1], [29, 30])
        said = judge(scores, calibration)
        near.append(exp(said.log_e))
        unlike.append(exp(said.log_e_unlike))
    assert np.mean(near) == pytest.approx(1.0, abs=1e-12)
    assert np.mean(unlike) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("decimals", [9, 1])
@pytest.mark.parametrize("groups", [30, 90])
def test_without_drift_it_is_said_at_most_as_often_as_promised(groups: int, decimals: int) -> None:
    """Also where most scores are tied: one decimal leaves some sixty values."""
    found = windows(None, groups, trials=400, decimals=decimals)
    assert share(found, "widened", "suspended") <= 1 / REFUTED
    assert share(found, "suspended") == 0
    assert np.mean([exp(s.log_e) for s in found]) < 1.5
    assert np.mean([s.log_e_unlike >= log(REFUTED) for s in found]) <= 1 / REFUTED


def test_ranks_are_uniform_in_spite_of_ties() -> None:
    calibration = np.repeat(np.arange(5.0), 20)
    rng = np.random.default_rng(1)
    places = np.concatenate(
        [np.subtract(*ranks(rng.integers(0, 5, 400).astype(float), calibration)) / 500 for _ in range(2)]
    )
    assert np.isfinite(places).all()
    same, among = ranks(np.full(2000, 3.0), np.full(100, 3.0))
    assert abs(float(np.mean(same / among)) - 0.5) < 0.02


def test_a_new_kind_near_the_tail_is_noticed_and_the_answer_grows_with_its_share() -> None:
    """Of 80 groups a fifth, then nearly all, are of a kind that was never seen."""
    some, many = windows(0.2, 80, trials=100), windows(0.9, 80, trials=100)
    assert share(some, "widened") >= 0.7
    assert share(some, "suspended") == 0
    assert share(many, "suspended") >= 0.9
    assert {s.factor for s in some + many} <= {*FACTORS, inf}


def test_the_factor_does_not_exceed_the_inflation() -> None:
    """Twice as many near the tail as promised: refuting "at most twice" has a chance of at most 1/20."""
    found = []
    for trial in range(200):
        rng = np.random.default_rng([7, trial])
        near = rng.random(90) < 2 * 2 / 9
        place = np.where(near, rng.uniform(0.7, 0.9, 90), rng.uniform(0.0, 0.7, 90))
        found.append(judge(place, np.linspace(0, 1, N)))
    assert np.mean([s.factor > 2.0 for s in found]) <= 1 / REFUTED
    assert share(found, "widened") >= 0.7


def test_a_factor_that_nobody_could_meet_is_a_suspension() -> None:
    """With 150 scores p cannot go below 1/151, so half of the highest level is out of reach."""
    rng = np.random.default_rng(8)
    scores = crowded(rng, 80, 0.2)
    assert judge(scores, np.sort(standard(rng, 4_000))).factor == 2.0
    assert judge(scores, np.sort(standard(rng, 150))).factor == inf
    assert [most_factor(n) for n in (30, 249, 999)] == pytest.approx([1.0, 1.0, 4.0])


@pytest.mark.parametrize("groups", [30, 80])
def test_an_attack_does_not_silence_the_detector(groups: int) -> None:
    """As many campaigns at the top of the ranking as there are harmless groups, before, between or after them."""
    for trial in range(30):
        rng = np.random.default_rng([3, trial])
        calibration = np.sort(standard(rng, N))
        scores = standard(rng, groups)
        alone = judge(scores, calibration)
        attacked = np.insert(scores, rng.integers(0, groups, groups), 9.0)
        assert judge(attacked, calibration).word == alone.word


def test_drift_to_the_harmless_side_changes_no_level_and_is_told() -> None:
    rng = np.random.default_rng(5)
    said = judge(standard(rng, 60) - 1.5, np.sort(standard(rng, N)))
    assert said.word == "fine"
    assert said.log_e < 0
    assert said.log_e_unlike > log(1e4)


def test_what_is_over_is_forgotten() -> None:
    rng = np.random.default_rng(6)
    calibration = np.sort(standard(rng, N))
    before, after = crowded(rng, 80, 0.9), standard(rng, 80)
    assert judge(before, calibration).word == "suspended"
    assert judge(after, calibration).word == "fine"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-5, 5) | st.sampled_from([0.0, 1.0, float("nan"), inf, -inf]), max_size=40),
    st.lists(st.floats(-5, 5), min_size=1, max_size=60).map(sorted),
)
def test_whatever_comes_it_can_only_keep_alarms_back(scores: list[float], calibration: list[float]) -> None:
    said = judge(scores, np.array(calibration))
    assert said.factor >= 1
    assert said.near <= said.ordinary <= said.groups == len(scores)
    assert np.isfinite([said.log_e, said.log_e_unlike]).all()
    assert said == judge(scores, np.array(calibration))


def test_nothing_compared_is_fine() -> None:
    assert judge([], np.arange(3.0)) == Statement()
