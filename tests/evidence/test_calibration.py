"""Calibration sets: a foreign or broken one is refused by name, and the id follows the content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import InputError
from stillwatch.evidence.calibration import SHIPPED, load
from stillwatch.evidence.profile import NAMES, Profile

N = len(NAMES)


def good() -> dict[str, Any]:
    return {
        "features": list(NAMES),
        "mean": [0.5] * N,
        "scale": [2.0] * N,
        "weight": [float(i) for i in range(N)],
        "scores": [[-1.0, 0.0, 3.0], [0.0, 1.0]],
        "kinds": {"class": 2, "firm": 1},
    }


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_shipped_set_fits_this_version() -> None:
    found = load(SHIPPED)
    assert found.mean.shape == found.scale.shape == found.weight.shape == (N,)
    assert np.isfinite([found.mean, found.scale, found.weight]).all()
    assert (found.scale > 0).all()
    for scores in found.scores:
        assert len(scores) >= 1
        assert np.isfinite(scores).all()
        assert (np.diff(scores) >= 0).all()
    assert len(found.kinds) >= 1


def test_the_score_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    profile = Profile(np.arange(N, dtype=np.float64))
    by_hand = sum(i * (i - 0.5) / 2.0 for i in range(N))
    assert found.score(profile) == pytest.approx(by_hand)
    assert found.parts(profile).sum() == pytest.approx(by_hand)


def test_scores_are_kept_in_order(tmp_path: Path) -> None:
    mixed = {**good(), "scores": [[3.0, -1.0, 0.0], [1.0, 0.0]]}
    assert [s.tolist() for s in load(write(tmp_path / "c.json", mixed)).scores] == [[-1, 0, 3], [0, 1]]


def test_the_id_follows_the_content_and_not_the_name(tmp_path: Path) -> None:
    changed = good()
    changed["scores"][0][0] = -1.5
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
    "kinds as a list": {**good(), "kinds": ["class"]},
    "too few weights": {**good(), "weight": [1.0]},
    "a scale of zero": {**good(), "scale": [0.0] * N},
    "a weight that is no number": {**good(), "weight": [float("nan")] * N},
    "a score that is no number": {**good(), "scores": [[float("nan"), 1.0], [0.0]]},
    "a word as a mean": {**good(), "mean": ["much"] * N},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.json", BROKEN[name])
    with pytest.raises(InputError, match=r"mine\.json"):
        load(path)


def test_an_absent_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json"):
        load(tmp_path / "absent.json")
