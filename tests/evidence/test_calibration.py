"""Calibration sets: a foreign or broken one is refused by name, and the id follows the content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import InputError
from stillwatch.evidence.calibration import FAR, SHIPPED, load
from stillwatch.evidence.profile import FEATURES, NAMES, Profile

N = len(NAMES)


def good() -> dict[str, Any]:
    return {
        "features": list(NAMES),
        "mean": [0.5] * N,
        "scale": [2.0] * N,
        "weight": [float(i) for i in range(N)],
        "triage": 0.5,
        "most_concealment": 4.0,
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


def test_the_score_is_the_sum_of_its_parts_with_concealment_capped(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    for values in (np.arange(N) / N, -np.arange(N) / N, np.arange(N) * 1.0):
        parts = [i * np.clip((values[i] - 0.5) / 2.0, -FAR, FAR) for i in range(N)]
        hidden = sum(p for p, f in zip(parts, FEATURES, strict=True) if f.side == "concealment")
        rest = sum(p for p, f in zip(parts, FEATURES, strict=True) if f.side != "concealment")
        assert found.parts(Profile(values)) == pytest.approx(np.array(parts))
        assert found.score(Profile(values)) == pytest.approx(rest + min(hidden, 4.0))


def test_concealment_alone_and_a_far_out_number_alone_never_convict(tmp_path: Path) -> None:
    found = load(write(tmp_path / "c.json", good()))
    hiding = np.array([1e9 if f.side == "concealment" else 0.5 for f in FEATURES])
    assert found.score(Profile(hiding)) == pytest.approx(4.0)
    for i in range(N):
        assert abs(found.score(Profile(np.where(np.arange(N) == i, 1e9, 0.5)))) <= FAR * i + 1e-9


def test_a_feature_that_is_no_number_makes_a_score_that_is_none(tmp_path: Path) -> None:
    """And such a score accuses nobody (test_conformal)."""
    found = load(write(tmp_path / "c.json", good()))
    for i in range(1, N):
        if FEATURES[i].side != "concealment":
            assert np.isnan(found.score(Profile(np.where(np.arange(N) == i, np.nan, 0.5))))


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
