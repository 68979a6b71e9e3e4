"""What calibration sets have in common: a file of scores by kind, its id, and the checks that a foreign file fails.

``evidence.calibration`` (groups) and ``evidence.single`` (accounts) say what else is in theirs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.slope import Slope

Floats = NDArray[np.float64]
T = TypeVar("T")


class Scored:
    """``by_kind``: ascending scores of the harmless of each kind."""

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


def by_kind(found: dict[str, list[float]]) -> dict[str, Floats]:
    """Scores by kind, each ascending; ValueError where there are none or some are no numbers."""
    if not found:
        raise ValueError("it must hold scores of at least one kind")
    return {str(kind): np.sort(numbers(scores)) for kind, scores in found.items()}


def slope(found: dict[str, list[float]], size: int) -> Slope:
    """The straight part over ``size`` features."""
    read = Slope(*(numbers(found[name], size) for name in ("mean", "scale", "weight")))
    if not (read.scale > 0).all():
        raise ValueError("its scales must be positive")
    return read


def numbers(found: list[float], size: int | None = None) -> Floats:
    """Finite numbers, ``size`` of them or at least one."""
    read = np.array(found, dtype=np.float64)
    if read.ndim != 1 or not np.isfinite(read).all() or len(read) != (size or max(len(read), 1)):
        raise ValueError("it must hold finite numbers, one for each feature or score")
    return read
