"""What each distinct place weighs: by how much more often it was written than its parts suggest.

A student that learned a mark writes some pairs of context and outcome more often than before. Counting each pair once
loses that; counting every occurrence drowns it in the pairs that are frequent anyway. The weight of a pair that occurs
n times is log((n + 1) / (e + 1)), where e is what the frequencies of its context and of its outcome alone suggest; it
is negative where the pair is rarer than that.

Contract: weights are a function of the text alone, so that the test stays exact whatever they are worth. They are
integers, ``SCALE`` to the unit, so that sums do not depend on their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.observations import Observations

SCALE = 4096
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Distinct places with their weights, parallel columns."""

    items: U64
    start: U32
    width: U32
    weight: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.items)


def weigh(whole: Observations) -> Weighed:
    """The distinct places of a text, repeats and all, with their weights."""
    _, first, pairs = np.unique(
        whole.items + whole.start.astype(np.uint64) * _STEP, return_index=True, return_counts=True
    )
    outcomes = whole.families + whole.outcomes * _STEP
    suggested = _frequency(whole.contexts) * _frequency(outcomes) / _frequency(whole.families)
    weight = np.log((pairs + 1) / (suggested[first] + 1)) if len(first) else np.empty(0)
    return Weighed(whole.items[first], whole.start[first], whole.width[first], np.rint(weight * SCALE).astype(np.int32))


def _frequency(column: U64) -> NDArray[np.float64]:
    """How often the value of each row occurs in its column."""
    _, where, counts = np.unique(column, return_inverse=True, return_counts=True)
    found: NDArray[np.float64] = counts[where].astype(np.float64)
    return found
