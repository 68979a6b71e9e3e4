"""What calibration sets have in common: a file of scores by kind, its id, and the checks that a foreign file fails.

``evidence.calibration`` (groups) and ``evidence.single`` (accounts) say what else is in theirs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.score import Score
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees

Floats = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Cohorts:
    """The harmless that something is compared with; ``by_kind``: ascending scores of each kind, by ``score``."""

    score: Score
    by_kind: dict[str, Floats]

    @cached_property
    def scores(self) -> Floats:
        """Scores of all kinds, ascending."""
        return np.sort(np.concatenate([np.zeros(0), *self.by_kind.values()]))

    @property
    def kinds(self) -> dict[str, int]:
        """How many are of which kind."""
        return {kind: len(scores) for kind, scores in self.by_kind.items()}


def read(path: Path, names: Sequence[str], build: Callable[[str, dict[str, Any]], T]) -> T:
    """What ``build`` makes of a set's hash and content; an unreadable or foreign one is an InputError.

    ``names``: the features it must have been made for, in their order.
    """
    try:
        raw = path.read_bytes()
        found = json.loads(raw)
        if found["features"] != list(names):
            raise ValueError("its features are not those of this version")
        return build(hashlib.sha256(raw).hexdigest()[:12], found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"calibration set {path}: {error}. Use the shipped one, or make it again.") from error


def cohorts(found: dict[str, Any], size: int) -> Cohorts:
    """Cohorts and their score over ``size`` features; ValueError where something does not fit."""
    scores = found["scores"]
    if not scores:
        raise ValueError("it must hold scores of at least one kind")
    score = Score(_trees(found["trees"], size), _slope(found["slope"], size))
    return Cohorts(score, {str(kind): np.sort(numbers(values)) for kind, values in scores.items()})


def _slope(found: dict[str, list[float]], size: int) -> Slope:
    read = Slope(*(numbers(found[name], size) for name in ("mean", "scale", "weight")))
    if not (read.scale > 0).all():
        raise ValueError("its scales must be positive")
    return read


def _trees(found: dict[str, Any], size: int) -> Trees:
    def whole(name: str) -> NDArray[np.int64]:
        return np.array(found[name], dtype=np.int64)

    def real(name: str) -> Floats:
        return np.array(found[name], dtype=np.float64)

    trees = Trees(
        base=float(found["base"]),
        roots=whole("roots"),
        feature=whole("feature"),
        threshold=real("threshold"),
        left=whole("left"),
        right=whole("right"),
        value=real("value"),
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
    if not (ends | inner).all() or ((trees.feature < 0) | (trees.feature >= size)).any():
        raise ValueError("its trees lead astray")
    return trees


def numbers(found: list[float], size: int | None = None) -> Floats:
    """Finite numbers, ``size`` of them or at least one."""
    read = np.array(found, dtype=np.float64)
    if read.ndim != 1 or not np.isfinite(read).all() or len(read) != (size or max(len(read), 1)):
        raise ValueError("it must hold finite numbers, one for each feature or score")
    return read
