"""Calibration sets: a foreign or broken one is refused by name, and the id follows the content."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import SHIPPED, Calibration, load
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.profile import FEATURES, NAMES, Feature
from stillwatch.evidence.slope import FAR
from tests.evidence.scoring import goes_one_way

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
        "typical": [0.5] * N,
        "wording": way({"class": [-1.0, 3.0], "firm": [0.0]}),
        "work": way({"plugin": [0.5, -2.0]}),
    }


def way(scores: object, **changed: object) -> dict[str, object]:
    slope = {"mean": [0.0] * N, "scale": [2.0] * N, "weight": [0.0, 0.0, 1.0, *[0.0] * (N - 3)]}
    return {"trees": TREES, "slope": slope, "scores": scores, **changed}


def with_wording(**changed: object) -> dict[str, Any]:
    return {**good(), "wording": {**good()["wording"], **changed}}


def without(name: str) -> dict[str, Any]:
    return {**good(), "wording": {k: v for k, v in good()["wording"].items() if k != name}}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def row(*values: float) -> NDArray[np.float64]:
    return np.array([*values, *[0.0] * (N - len(values))])


def test_the_shipped_set_fits_this_version() -> None:
    found = load(SHIPPED)
    assert found.typical.shape == (N,)
    for cohorts in (found.wording, found.work):
        assert np.isfinite(cohorts.scores).all()
        assert (np.diff(cohorts.scores) >= 0).all()
        assert sum(cohorts.kinds.values()) == len(cohorts.scores)
        assert len(cohorts.kinds) >= 12
        assert np.isfinite(cohorts.score.of(found.typical))
    assert len(found.wording.scores) >= 1000
    assert floor(len(found.work.scores)) <= MOST_ALPHA


@cache
def shipped() -> Calibration:
    return load(SHIPPED)


@pytest.mark.parametrize("by_work", [False, True])
@pytest.mark.parametrize("feature", [f for f in FEATURES if f.direction], ids=lambda f: f.name)
def test_the_shipped_scores_go_one_way_where_a_feature_has_a_direction(feature: Feature, by_work: bool) -> None:
    found = shipped()
    assert goes_one_way(found.comparable(by_work).score, found.typical, NAMES.index(feature.name), feature)


@pytest.mark.parametrize(
    ("values", "score"), [((0.0, 9.0), -0.75), ((1.0,), -0.75), ((2.0, 2.0), 1.25), ((2.0, 3.0), 4.25)]
)
def test_a_score_is_the_leaf_it_ends_in_and_splits_into_its_features(
    tmp_path: Path, values: tuple[float, ...], score: float
) -> None:
    found = load(write(tmp_path / "c.json", good())).wording.score
    assert found.of(row(*values)) == pytest.approx(score)
    parts = found.parts(row(*values))
    assert parts.shape == (N,)
    assert parts.sum() + TREES["base"] + TREES["value"][0] == pytest.approx(score)
    assert not parts[2:].any()


def test_the_slope_adds_its_part_up_to_a_limit(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good())).wording.score
    flat = found.of(row(0.0, 0.0, 0.0))
    assert found.of(row(0.0, 0.0, 3.0)) == pytest.approx(flat + 1.5)
    assert found.parts(row(0.0, 0.0, 3.0))[2] == pytest.approx(1.5)
    assert found.of(row(0.0, 0.0, 1e9)) == pytest.approx(flat + FAR)


def test_scores_are_kept_in_order(tmp_path: Path) -> None:
    mixed = with_wording(scores={"firm": [3.0, -1.0, 0.0], "class": [1.0, 0.5]})
    found = load(write(tmp_path / "c.json", mixed)).wording
    assert found.scores.tolist() == [-1, 0, 0.5, 1, 3]
    assert {kind: s.tolist() for kind, s in found.by_kind.items()} == {"firm": [-1, 0, 3], "class": [0.5, 1]}
    assert found.kinds == {"firm": 3, "class": 2}


def test_cohorts_found_by_their_work_are_a_set_of_their_own(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    assert found.comparable(found_by_work=False).scores.tolist() == [-1, 0, 3]
    assert found.comparable(found_by_work=True).scores.tolist() == [-2, 0.5]
    assert found.work.kinds == {"plugin": 2}


def test_the_id_follows_the_content_and_not_the_name(tmp_path: Path) -> None:
    changed = with_wording(scores={"class": [-1.5, 3.0], "firm": [0.0]})
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
    "no scores": without("scores"),
    "scores as a number": with_wording(scores=3),
    "no cohorts found by their work": {k: v for k, v in good().items() if k != "work"},
    "scores without kinds": with_wording(scores=[0.0, 1.0]),
    "a kind without scores": with_wording(scores={"class": [], "firm": [1.0]}),
    "too few typical values": {**good(), "typical": [1.0]},
    "a typical value that is no number": {**good(), "typical": [float("nan")] * N},
    "a score that is no number": with_wording(scores={"class": [float("nan"), 1.0]}),
    "no score of any kind": with_wording(scores={}),
    "a scale of zero": with_wording(slope={**good()["wording"]["slope"], "scale": [0.0] * N}),
    "too few weights": with_wording(slope={**good()["wording"]["slope"], "weight": [1.0]}),
    "no slope": without("slope"),
    "no trees": without("trees"),
    "a column short": with_wording(trees={**TREES, "value": [0.5, -1.0]}),
    "a root that is not there": with_wording(trees={**TREES, "roots": [5]}),
    "a circle": with_wording(trees={**TREES, "left": [1, 1, 0, 3, 4]}),
    "a feature that is not there": with_wording(trees={**TREES, "feature": [N, 0, 1, 0, 0]}),
    "a leaf that is no number": with_wording(trees={**TREES, "value": [0.5, float("nan"), 2.0, 1.0, 4.0]}),
    "a word as a threshold": with_wording(trees={**TREES, "threshold": ["much"] * 5}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.json", BROKEN[name])
    with pytest.raises(InputError, match=r"mine\.json"):
        load(path)


def test_an_absent_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json"):
        load(tmp_path / "absent.json")
