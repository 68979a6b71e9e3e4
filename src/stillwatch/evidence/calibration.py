"""The calibration set: scores of made-up benign cohorts that passed the first gate, and the trees of the score.

Reads ``calibration.json`` beside this module (written by ``tools/calibrate.py``) or a set of the same shape from the
user's own reviewed cohorts. Its id is a hash of its content; every report names it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
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

    ``typical``: their median profile, shape (features,); ``scores``: per look, ascending; ``kinds``: how many
    of the cohorts were of which kind.
    """

    calibration_id: str
    trees: Trees
    slope: Slope
    typical: NDArray[np.float64]
    scores: tuple[NDArray[np.float64], ...]
    kinds: dict[str, int]

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
            _scores(found["scores"]),
            {str(kind): int(n) for kind, n in found["kinds"].items()},
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


def _scores(found: list[list[float]]) -> tuple[NDArray[np.float64], ...]:
    scores = tuple(np.sort(np.array(look, dtype=np.float64)) for look in found)
    if not scores or any(s.ndim != 1 or not len(s) or not np.isfinite(s).all() for s in scores):
        raise ValueError("it must hold finite scores for every look")
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
