"""What each distinct place weighs: by how much more often it was written than was to be expected.

A student that learned a mark writes some pairs of context and outcome more often than before. Counting each pair once
loses that; counting every occurrence drowns it in the pairs that are frequent anyway. What is to be expected of a pair,
e, comes from one of two places:

- *from the text alone*: the frequencies of its context and of its outcome. That is a rough guess, off by several times
  where an outcome likes its context. If the factors are log-normal, a pair typically occurs e / sqrt(1 + s) times, and
  how far one lies from that shows in the logarithm: the weight of a pair that occurs n times is
  n / (n + 1) log((n + 1) / (e / sqrt(1 + s) + 1)), with the first factor because a student learns of a mark what it met
  often.
- *from a reference*, unmarked text of a model that writes alike: how often the outcome followed the context there,
  leaning on the frequency of the outcome where the context is rare. The weight is then (n - e) / (1 + s e), the score
  of a count whose variance is e + s e^2. A reference that is off by more than ``MOST_SPREAD`` is set aside.

In both the spread s is by how much counts depart from e beyond chance, taken from the counts themselves.

Contract: weights are a function of the text and the reference alone, so that the test stays exact whatever they are
worth, as long as neither depends on the key. They are integers, so that sums do not depend on their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.observations import OURS, Observations

SCALE = 4096
"""To the unit, of weights from the text alone."""
LARGEST = (1 << 19) - 1
"""Of weights from a reference the largest has this size; the kernel takes no larger ones."""
MOST_SPREAD = 0.5
"""Variance of the ratio of counts to a reference; beyond it, departures say more about the reference than of a mark."""
_LEAN = 20.0
"""Occurrences of a context in the reference that weigh as much as the outcome's own frequency."""
_STEP = np.uint64(0x9E3779B97F4A7C15)

_Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Distinct places with their weights, parallel columns; ``spread`` is None where there was no reference."""

    items: U64
    start: U32
    width: U32
    weight: NDArray[np.int32]
    spread: float | None = None
    draws: str = OURS

    def __len__(self) -> int:
        return len(self.items)

    @property
    def guided(self) -> bool:
        """Whether the weights come from the reference."""
        return self.spread is not None and self.spread <= MOST_SPREAD


def weigh(whole: Observations, reference: Observations | None = None) -> Weighed:
    """The distinct places of a text, repeats and all, with their weights."""
    names = _pairs(whole)
    _, first, counts = np.unique(names, return_index=True, return_counts=True)
    outcomes = _frequency(whole.families + whole.outcomes * _STEP)
    share, total = (outcomes / _frequency(whole.families))[first], _frequency(whole.contexts)[first]
    written, alone = counts.astype(np.float64), total * share
    expected, spread = alone, None
    if reference is not None and len(reference) and len(first):
        seen, among = _times(names[first], _pairs(reference)), _times(whole.contexts[first], reference.contexts)
        expected = total * (seen + _LEAN * share) / (among + _LEAN)
        spread = spread_beyond(written, expected)
    if spread is not None and spread <= MOST_SPREAD:
        weight = (written - expected) / (1 + spread * expected)
        weight *= LARGEST / max(float(np.abs(weight).max()), 1e-9)
    else:
        weight = _alone(written, alone) * SCALE
    columns = (whole.items[first], whole.start[first], whole.width[first])
    return Weighed(*columns, np.rint(weight).astype(np.int32), spread, whole.draws)


def _alone(written: _Column, suggested: _Column) -> _Column:
    """Weights from the text alone; chosen among others on students that count nowhere else (decision 0030)."""
    typical = suggested / np.sqrt(1 + spread_beyond(written, suggested)) if len(written) else suggested
    found: _Column = written / (written + 1) * np.log((written + 1) / (typical + 1))
    return found


def spread_beyond(written: _Column, expected: _Column) -> float:
    """Moment estimate of s in a variance of e + s e^2; frequent pairs decide, where chance is smallest.

    The sum of e is over all pairs, those that were never written too, and so is the number of places.
    """
    beyond = float(np.sum((written - expected) ** 2) - np.sum(written))
    return max(0.0, beyond / float(np.sum(expected**2)))


def _pairs(observations: Observations) -> U64:
    """Names of context and outcome together; an item alone does not tell which of two forms was written."""
    return observations.items + observations.start.astype(np.uint64) * _STEP


def _frequency(column: U64) -> _Column:
    """How often the value of each row occurs in its column."""
    _, where, counts = np.unique(column, return_inverse=True, return_counts=True)
    found: _Column = counts[where].astype(np.float64)
    return found


def _times(values: U64, column: U64) -> _Column:
    """How often each value occurs in a column."""
    known, counts = np.unique(column, return_counts=True)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    found: _Column = np.where(known[place] == values, counts[place], 0).astype(np.float64)
    return found
