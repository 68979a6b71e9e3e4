"""Calibration sets: a foreign or broken one is refused by name, and the id follows the content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import InputError
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import SHIPPED, load
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.profile import FEATURES, NAMES, Feature, Profile
from stillwatch.evidence.slope import FAR

N = len(NAMES)


TREES = {
    # one tree: feature 0 at 1.0, then on the right feature 1 at 2.0
    "base": 0.25,
    "roots": [0],
    "feature": [0, 0, 1, 0, 0],
    "threshold": [1.0, 0.0, 2.0, 0.0, 0.0],
    "left": [1, 1, 3, 3, 4],
    "right": [2, 1, 4, 3, 4],
    "value": [0.5, -1.0, 2.0, 1.0, 4.0],
}


def good() -> dict[str, Any]:
    return {
        "features": list(NAMES),
        "trees": TREES,
        "slope": {"mean": [0.0] * N, "scale": [2.0] * N, "weight": [0.0, 0.0, 1.0, *[0.0] * (N - 3)]},
        "typical": [0.5] * N,
        "scores": {"class": [-1.0, 3.0], "firm": [0.0]},
        "alike": {"plugin": [0.5, -2.0]},
    }


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def profile(*values: float) -> Profile:
    return Profile(np.array([*values, *[0.0] * (N - len(values))]))


def test_the_shipped_set_fits_this_version() -> None:
    found = load(SHIPPED)
    assert found.typical.shape == (N,)
    assert np.isfinite(found.scores).all()
    assert (np.diff(found.scores) >= 0).all()
    assert sum(found.kinds.values()) == len(found.scores) >= 1000
    assert len(found.kinds) >= 12
    assert floor(len(found.alike.scores)) <= MOST_ALPHA
    assert np.isfinite(found.score(Profile(found.typical)))


@pytest.mark.parametrize("feature", [f for f in FEATURES if f.direction], ids=lambda f: f.name)
def test_the_shipped_score_goes_one_way_where_a_feature_has_a_direction(feature: Feature) -> None:
    found, place = load(SHIPPED), NAMES.index(feature.name)
    rng = np.random.default_rng(5)
    for _ in range(20):
        values = found.typical * rng.uniform(0, 3, N) + rng.uniform(0, 1, N)
        grid = [found.score(Profile(np.where(np.arange(N) == place, x, values))) for x in np.linspace(0, 6, 25)]
        assert (np.diff(grid) * feature.direction >= -1e-4).all()


@pytest.mark.parametrize(
    ("values", "score"), [((0.0, 9.0), -0.75), ((1.0,), -0.75), ((2.0, 2.0), 1.25), ((2.0, 3.0), 4.25)]
)
def test_a_score_is_the_leaf_it_ends_in_and_splits_into_its_features(
    tmp_path: Path, values: tuple[float, ...], score: float
) -> None:
    found = load(write(tmp_path / "c.json", good()))
    assert found.score(profile(*values)) == pytest.approx(score)
    parts = found.parts(profile(*values))
    assert parts.shape == (N,)
    assert parts.sum() + TREES["base"] + TREES["value"][0] == pytest.approx(score)
    assert not parts[2:].any()


def test_the_slope_adds_its_part_up_to_a_limit(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    flat = found.score(profile(0.0, 0.0, 0.0))
    assert found.score(profile(0.0, 0.0, 3.0)) == pytest.approx(flat + 1.5)
    assert found.parts(profile(0.0, 0.0, 3.0))[2] == pytest.approx(1.5)
    assert found.score(profile(0.0, 0.0, 1e9)) == pytest.approx(flat + FAR)


def test_scores_are_kept_in_order(tmp_path: Path) -> None:
    mixed = {**good(), "scores": {"firm": [3.0, -1.0, 0.0], "class": [1.0, 0.5]}}
    found = load(write(tmp_path / "c.json", mixed))
    assert found.scores.tolist() == [-1, 0, 0.5, 1, 3]
    assert {kind: s.tolist() for kind, s in found.by_kind.items()} == {"firm": [-1, 0, 3], "class": [0.5, 1]}
    assert found.kinds == {"firm": 3, "class": 2}


def test_cohorts_found_by_their_work_are_a_set_of_their_own(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    assert found.comparable(found_by_work=False).tolist() == found.scores.tolist() == [-1, 0, 3]
    assert found.comparable(found_by_work=True).tolist() == [-2, 0.5]
    assert found.alike.kinds == {"plugin": 2}


def test_the_id_follows_the_content_and_not_the_name(tmp_path: Path) -> None:
    changed = good()
    changed["scores"] = {"class": [-1.5, 3.0], "firm": [0.0]}
    first, same = load(write(tmp_path / "a.json", good())), load(write(tmp_path / "b.json", good()))
    other = load(write(tmp_path / "c.json", changed))
    assert first.calibration_id == same.calibration_id
    assert first.calibration_id != other.calibration_id
    assert first.calibration_id.startswith("cal-")


BROKEN: dict[str, object] = {
    "no json": "{",
    "no table": [1, 2],
    "nothing": {},
    "other features": {**good(), "features": ["volume"]},
    "features in another order": {**good(), "features": list(reversed(NAMES))},
    "no scores": {k: v for k, v in good().items() if k != "scores"},
    "scores as a number": {**good(), "scores": 3},
    "no cohorts found by their work": {k: v for k, v in good().items() if k != "alike"},
    "scores without kinds": {**good(), "scores": [0.0, 1.0]},
    "a kind without scores": {**good(), "scores": {"class": [], "firm": [1.0]}},
    "too few typical values": {**good(), "typical": [1.0]},
    "a typical value that is no number": {**good(), "typical": [float("nan")] * N},
    "a score that is no number": {**good(), "scores": {"class": [float("nan"), 1.0]}},
    "no score of any kind": {**good(), "scores": {}},
    "a scale of zero": {**good(), "slope": {**good()["slope"], "scale": [0.0] * N}},
    "too few weights": {**good(), "slope": {**good()["slope"], "weight": [1.0]}},
    "no slope": {k: v for k, v in good().items() if k != "slope"},
    "no trees": {k: v for k, v in good().items() if k != "trees"},
    "a column short": {**good(), "trees": {**TREES, "value": [0.5, -1.0]}},
    "a root that is not there": {**good(), "trees": {**TREES, "roots": [5]}},
    "a circle": {**good(), "trees": {**TREES, "left": [1, 1, 0, 3, 4]}},
    "a feature that is not there": {**good(), "trees": {**TREES, "feature": [N, 0, 1, 0, 0]}},
    "a leaf that is no number": {**good(), "trees": {**TREES, "value": [0.5, float("nan"), 2.0, 1.0, 4.0]}},
    "a word as a threshold": {**good(), "trees": {**TREES, "threshold": ["much"] * 5}},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.json", BROKEN[name])
    with pytest.raises(InputError, match=r"mine\.json"):
        load(path)


def test_an_absent_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json"):
        load(tmp_path / "absent.json")
