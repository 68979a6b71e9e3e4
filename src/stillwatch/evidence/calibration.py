"""The calibration set: scores of made-up benign cohorts that passed the first gate, and the trees of the score.

Groups are compared with cohorts that were found in the same way: by their wording, or by the likeness of their work.

Reads ``calibration.json`` beside this module (written by ``tools/calibrate.py``) or a set of the same shape from the
user's own reviewed cohorts. Its id is a hash of its content; every report names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence import scored
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.scored import Scored
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees

SHIPPED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Cohorts(Scored):
    """Benign cohorts that were found in one way; ``by_kind``: ascending scores of each kind of them."""

    by_kind: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Calibration(Scored):
    """The score of a profile, with the scores of benign cohorts that passed the first gate.

    ``typical``: their median profile, shape (features,); ``by_kind``: ascending scores of each kind of cohort found by
    its wording; ``alike``: the cohorts found by their work.
    """

    calibration_id: str
    trees: Trees
    slope: Slope
    typical: NDArray[np.float64]
    by_kind: dict[str, NDArray[np.float64]]
    alike: Cohorts

    def comparable(self, found_by_work: bool) -> NDArray[np.float64]:
        """Ascending scores of the cohorts that a group is compared with."""
        return self.alike.scores if found_by_work else self.scores

    def parts(self, profile: Profile) -> NDArray[np.float64]:
        """Contribution of every feature to the score; shape (features,)."""
        return self.trees.parts(profile.values)[:-1] + self.slope.parts(profile.values)

    def score(self, profile: Profile) -> float:
        """How much more like a campaign than like the made-up benign groups; only the order of scores matters."""
        return float(self.trees.parts(profile.values).sum() + self.slope.parts(profile.values).sum())


def load(path: Path = SHIPPED) -> Calibration:
    """Read a calibration set; an unreadable or foreign one is an InputError."""
    return scored.read(path, NAMES, _built)


def _built(digest: str, found: dict[str, Any]) -> Calibration:
    size = len(NAMES)
    return Calibration(
        f"cal-{digest}",
        _trees(found["trees"]),
        scored.slope(found["slope"], size),
        scored.numbers(found["typical"], size),
        scored.by_kind(found["scores"]),
        Cohorts(scored.by_kind(found["alike"])),
    )


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
