"""The calibration set: scores of made-up benign cohorts that passed the first gate, and the trees of the score.

Reads ``calibration.json`` beside this module (written by ``tools/calibrate.py``) or a set of the same shape from the
user's own reviewed cohorts. Its id is a hash of its content; every report names it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees

SHIPPED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Calibration:
    """The score of a profile, with the scores of benign cohorts that passed the first gate.

    ``typical``: their median profile, shape (features,); ``by_kind``: ascending scores of each kind of cohort.
    """

    calibration_id: str
    trees: Trees
    slope: Slope
    typical: NDArray[np.float64]
    by_kind: dict[str, NDArray[np.float64]]

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Scores of all cohorts, ascending."""
        return np.sort(np.concatenate([np.zeros(0), *self.by_kind.values()]))

    @property
    def kinds(self) -> dict[str, int]:
        """How many cohorts are of which kind."""
        return {kind: len(scores) for kind, scores in self.by_kind.items()}

    def parts(self, profile: Profile) -> NDArray[np.float64]:
        """Contribution of every feature to the score; shape (features,)."""
        return self.trees.parts(profile.values)[:-1] + self.slope.parts(profile.values)

    def score(self, profile: Profile) -> float:
        """How much more like a campaign than like the made-up benign groups; only the order of scores matters."""
        return float(self.trees.parts(profile.values).sum() + self.slope.parts(profile.values).sum())


def load(path: Path = SHIPPED) -> Calibration:
    """Read a calibration set; an unreadable or foreign one is an InputError."""
    try:
        raw = path.read_bytes()
        found = json.loads(raw)
        if found["features"] != list(NAMES):
            raise ValueError("its features are not those of this version")
        return Calibration(
            "cal-" + hashlib.sha256(raw).hexdigest()[:12],
            _trees(found["trees"]),
            _slope(found["slope"]),
            _typical(found["typical"]),
            _by_kind(found["scores"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"calibration set {path}: {error}. Use the shipped one, or make it again.") from error


def _slope(found: dict[str, list[float]]) -> Slope:
    slope = Slope(*(np.array(found[name], dtype=np.float64) for name in ("mean", "scale", "weight")))
    columns = (slope.mean, slope.scale, slope.weight)
    if any(c.shape != (len(NAMES),) or not np.isfinite(c).all() for c in columns) or not (slope.scale > 0).all():
        raise ValueError(f"its slope must hold {len(NAMES)} finite numbers of each kind and positive scales")
    return slope


def _typical(found: list[float]) -> NDArray[np.float64]:
    typical = np.array(found, dtype=np.float64)
    if typical.shape != (len(NAMES),) or not np.isfinite(typical).all():
        raise ValueError(f"its typical profile must hold {len(NAMES)} finite numbers")
    return typical


def _by_kind(found: dict[str, list[float]]) -> dict[str, NDArray[np.float64]]:
    if not found:
        raise ValueError("it must hold scores of at least one kind of cohort")
    return {str(kind): _scores(scores) for kind, scores in found.items()}


def _scores(found: list[float]) -> NDArray[np.float64]:
    scores = np.sort(np.array(found, dtype=np.float64))
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError("it must hold finite scores")
    return scores


def _trees(found: dict[str, Any]) -> Trees:
    def whole(name: str) -> NDArray[np.int64]:
        return np.array(found[name], dtype=np.int64)

    def real(name: str) -> NDArray[np.float64]:
        return np.array(found[name], dtype=np.float64)

    trees = Trees(
        float(found["base"]),
        whole("roots"),
        whole("feature"),
        real("threshold"),
        whole("left"),
        whole("right"),
        real("value"),
    )
    nodes = len(trees.value)
    if any(len(column) != nodes for column in (trees.feature, trees.threshold, trees.left, trees.right)):
        raise ValueError("its trees have columns of different lengths")
    if not np.isfinite([trees.base, *trees.threshold, *trees.value]).all():
        raise ValueError("its numbers must be finite")
    here = np.arange(nodes)
    if ((trees.roots < 0) | (trees.roots >= nodes)).any():
        raise ValueError("its trees have roots that are not there")
    # A child behind its parent can never lead back, so that every walk down ends.
    ends = (trees.left == here) & (trees.right == here)
    inner = (trees.left > here) & (trees.right > here) & (trees.left < nodes) & (trees.right < nodes)
    if not (ends | inner).all() or ((trees.feature < 0) | (trees.feature >= len(NAMES))).any():
        raise ValueError("its trees lead astray")
    return trees
