"""The null months: p-values as the product makes them, the shipped budget rule, intervals that know their worlds."""

from __future__ import annotations

import pickle
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from experiments.null_months import kinds, months, reviewing
from experiments.null_months.clustered import mean_interval, ribbon, share_interval
from experiments.null_months.drifting import look
from experiments.null_months.gathered import Groups, read
from experiments.null_months.picture import Curves, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tools.calibrate import FITTED, Sample

from stillwatch.evidence import conformal
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.reviewed import distance

SCORES = st.lists(st.floats(-5, 5) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=30)


def made_up(worlds: int, each: int, seed: int = 1, spread: float = 0.0) -> Groups:
    """Worlds of ``each`` groups with normal scores; ``spread``: how far whole worlds are off."""
    rng = np.random.default_rng(seed)
    world = np.repeat(np.arange(worlds), each)
    score = rng.normal(size=len(world)) + spread * rng.normal(size=worlds)[world]
    kind = np.where(rng.random(len(world)) < 0.2, "rare", "common")
    return Groups(score, world, kind, np.zeros(len(world), dtype=bool))


def even(low: float, high: float, size: int, by_work: bool = False) -> Groups:
    """One world with scores from ``low`` to ``high``."""
    ones = np.ones(size, dtype=np.int64)
    return Groups(np.linspace(low, high, size), ones, ones.astype(str), np.full(size, by_work))


@given(SCORES, SCORES)
def test_p_values_are_those_of_the_product(scores: list[float], calibration: list[float]) -> None:
    found = months.p_values(np.array(scores), np.array(calibration))
    assert found.tolist() == [conformal.p_value(s, np.array(calibration)) for s in scores]


def test_a_group_is_compared_with_those_that_were_found_as_it_was() -> None:
    for by_work, p in ((True, 1 / 31), (False, 1.0)):
        found, floors = months.compared(even(5, 5, 1, by_work=by_work), even(0, 1, 30, by_work=True))
        assert found.tolist() == floors.tolist() == [p]


@settings(max_examples=30)
@given(st.lists(st.integers(0, months.MONTH + 20), max_size=80).map(sorted), st.sampled_from([1e-4, 6e-4, 0.002]))
def test_levels_are_paid_from_the_month(times: list[int], floor: float) -> None:
    budget = months.budget()
    held = months.levels(np.array(times, dtype=np.int64), budget, np.full(len(times), floor))
    assert len(held) == sum(t < months.MONTH for t in times)
    assert sum(held) == pytest.approx(budget.spent)
    assert budget.spent <= 0.4 * (1 + 1e-9)
    assert all(level == 0 or floor * (1 - 1e-9) <= level <= max(MOST_ALPHA, floor) * (1 + 1e-9) for level in held)


def test_a_month_counts_thirty_days_of_the_worlds_it_holds() -> None:
    groups = made_up(worlds=12, each=40)
    found = months.play(groups, even(-9, -8, 3000), np.arange(months.WEEK), np.random.default_rng(1))
    assert 160 <= found.compared <= 200
    assert len(found.alarms) == found.compared
    assert len(set(found.alarms)) <= months.WEEKS
    assert found.spent == pytest.approx(0.4)


def test_where_worlds_are_exchangeable_as_many_alarm_as_was_spent() -> None:
    """Simulated: worlds whose groups are alike among themselves, so that no two groups of one are independent."""
    realised, spent = [], []
    for trial in range(15):
        groups = made_up(worlds=40, each=30, seed=trial, spread=1.0)
        for half in months.halves(groups, 20, np.arange(5, 24), 4, np.random.default_rng(trial)):
            realised += [len(m.alarms) for m in half.months]
            spent += [m.spent for m in half.months]
    assert len(realised) == 15 * 4 * 4
    assert np.mean(realised) == pytest.approx(np.mean(spent), abs=4 * np.std(realised) / np.sqrt(15 * 4))


def test_an_interval_knows_that_the_groups_of_a_world_are_not_independent() -> None:
    """In simulation it covers as it says; one that counts groups would not."""
    covered, naive = 0, 0
    for trial in range(300):
        rng = np.random.default_rng(trial)
        rate = rng.beta(1, 4, 30)
        world = np.repeat(np.arange(30), 20)
        hits = rng.random(600) < rate[world]
        low, high = share_interval(hits, world)
        covered += low <= 0.2 <= high
        k = int(hits.sum())
        naive += stats.beta.ppf(0.025, k, 601 - k) <= 0.2 <= stats.beta.ppf(0.975, k + 1, 600 - k)
    assert covered >= 0.92 * 300
    assert naive < 0.8 * 300


def test_where_nothing_was_seen_the_interval_counts_worlds() -> None:
    nothing = np.zeros(500, dtype=bool)
    low, high = share_interval(nothing, np.repeat(np.arange(10), 50))
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 10)))
    assert share_interval(~nothing, np.repeat(np.arange(10), 50))[1] == 1.0


def test_the_interval_of_a_mean_is_students() -> None:
    low, high = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]))
    assert (low + high) / 2 == pytest.approx(2.5)
    assert high - 2.5 == pytest.approx(3.182446 * np.std([1, 2, 3, 4], ddof=1) / 2, rel=1e-5)


def test_a_ribbon_holds_whole_curves() -> None:
    curves = np.cumsum(np.random.default_rng(1).normal(size=(400, 50)), axis=1)
    low, high = ribbon(curves)
    inside = ((curves >= low) & (curves <= high)).all(axis=1)
    assert 0.95 <= inside.mean() < 1.0


def test_a_kind_left_out_is_compared_with_the_others_alone() -> None:
    groups = made_up(worlds=40, each=50)
    lifted = Groups(
        np.where(groups.kind == "rare", groups.score + 9, groups.score), groups.world, groups.kind, groups.by_work
    )
    row = kinds.compared_without(lifted, "rare")
    assert row.shares == (1.0, 1.0)
    assert row.groups == int((groups.kind == "rare").sum())
    assert kinds.compared_without(groups, "rare").shares[1] < 0.1


def test_the_monitor_is_played_on_what_had_happened_by_then() -> None:
    """A month whose groups all stand next to the tail is noticed at every look; one like the others is not."""
    usual, strange = made_up(worlds=6, each=40), made_up(worlds=6, each=40)
    near = Groups(0 * strange.score + 1.0, strange.world, strange.kind, strange.by_work)
    times = np.arange(3, 24)
    quiet = look(usual, made_up(worlds=50, each=40, seed=9), times, np.random.default_rng(1))
    loud = look(near, made_up(worlds=50, each=40, seed=9), times, np.random.default_rng(1))
    assert quiet.spoke <= 0.05 * quiet.looks
    assert quiet.held <= 0.2
    assert loud.spoke == loud.looks == quiet.looks
    assert loud.held == 1.0


def test_a_file_of_samples_holds_samples_and_nothing_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "samples.pkl"
    path.write_bytes(pickle.dumps(([], [Sample(1, "x", False, np.float64(1.5), np.arange(3.0))])))
    assert read(path)[1][0].operated == 1.5
    path.write_bytes(pickle.dumps(([], [Path("x")])))
    with pytest.raises(pickle.UnpicklingError, match="pathlib"):
        read(path)


def sample(world: int, kind: str, at: float, operated: float = 0.0) -> Sample:
    return Sample(world, kind, False, operated, np.full(len(NAMES), at))


def test_harmless_weeks_that_were_fitted_on_are_not_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "samples.pkl"
    path.write_bytes(pickle.dumps(([sample(1, "x", 0.0)], [sample(world, "x", 0.0) for world in range(20, 28)])))
    fitted, compared = read(path)
    assert [s.world for s in fitted] == [1, 20, 24]
    assert all(s.world % FITTED for s in compared)
    assert len(compared) == 6


def test_a_review_speaks_for_other_weeks_and_as_far_as_the_product_says() -> None:
    """Two places that one kind's groups stand at, one of which an operator shares; scales of 2."""
    scale = np.full(len(NAMES), 2.0)
    null = [sample(world, "kind", 0.0 if world % 2 else 9.0) for world in range(40)]
    theirs = [sample(100, "op", 0.5, 1.0), sample(101, "op", 3.0, 1.0), sample(102, "op", 0.6, 0.9)]
    a, b = reviewing.profiles(theirs[:2], scale)
    product = distance(Profile(theirs[0].profile), Profile(theirs[1].profile), scale)
    assert np.linalg.norm(a - b) == pytest.approx(product)
    rng = np.random.default_rng(1)
    one = reviewing.spoken(null, theirs, scale, 1, 0.5, rng)
    assert one.own == pytest.approx(19 / 39)
    assert 0.5 <= one.operated[0] / (1 / 3) <= 1.5
    assert reviewing.spoken(null, theirs, scale, 12, 0.5, rng).own == pytest.approx(1.0, abs=0.02)
    assert reviewing.decoys(theirs, scale, 0.5).tolist() == [0.5, 0.0, 0.5]


def test_the_plot_is_a_picture_that_says_what_it_shows() -> None:
    grid = np.linspace(0.0005, 1, 200)
    words = dict.fromkeys(("title", "description", "x", "mean", "fresh", "diagonal"), "a < b")
    for fresh in (None, np.sqrt(grid)):
        page = ET.fromstring(drawn(Curves(grid, grid, grid / 2, np.minimum(2 * grid, 1), fresh), words))
        paths = page.findall(".//{*}path")
        assert "NaN" not in ET.tostring(page, "unicode")
        assert page.findtext("{*}title") == "a < b"
        assert len([p for p in paths if p.get("stroke") == "#b3420f"]) == (0 if fresh is None else 3)
