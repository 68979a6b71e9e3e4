"""Reviewed groups: how much of its kind a review speaks for, and how much of what operators do it would hide.

By kind, groups are drawn as if a person had found them harmless; then it is counted which groups of the kind in *other*
weeks lie within a radius of one of them, and which groups of operators. A decoy is a review of a group that looks
exactly like an operator's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from tools.calibrate import Sample

from experiments.null_months.gathered import Floats, Ints

DRAWS = 100
LEAST = 20
"""Kinds of fewer groups are passed over."""


@dataclass(frozen=True)
class Spoken:
    """Shares, each by kind: of the kind's groups in other weeks, and of the operators' groups."""

    own: Floats
    operated: Floats


def profiles(samples: Sequence[Sample], scale: Floats) -> Floats:
    """Profiles so that the Euclidean distance is ``evidence.reviewed.distance``; shape (groups, entries)."""
    found: Floats = np.array([s.profile for s in samples]) / (scale * np.sqrt(len(scale)))
    return found


def spoken(
    null: Sequence[Sample],
    operated: Sequence[Sample],
    scale: Floats,
    reviews: int,
    radius: float,
    rng: np.random.Generator,
) -> Spoken:
    """What ``reviews`` groups of a kind speak for, the mean over draws, kind by kind."""
    kind = np.array([s.kind for s in null])
    world = np.array([s.world for s in null])
    x, theirs = profiles(null, scale), profiles(operated, scale)
    rows = []
    for name in sorted({k for k in kind.tolist() if np.count_nonzero(kind == k) >= LEAST}):
        chosen = np.flatnonzero(kind == name)
        near, reached = cdist(x[chosen], x[chosen]) <= radius, cdist(x[chosen], theirs) <= radius
        shares = list(_drawn(near, reached, world[chosen], reviews, rng))
        rows.append(np.mean(shares, axis=0))
    own, hidden = np.array(rows).T
    return Spoken(own, hidden)


def _drawn(
    near: NDArray[np.bool_], reached: NDArray[np.bool_], world: Ints, reviews: int, rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
    for _ in range(DRAWS):
        reviewed = rng.choice(len(world), reviews, replace=False)
        elsewhere = ~np.isin(world, world[reviewed])
        yield float(near[reviewed][:, elsewhere].any(axis=0).mean()), float(reached[reviewed].any(axis=0).mean())


def decoys(operated: Sequence[Sample], scale: Floats, radius: float) -> Floats:
    """For each operator's group the share of the others that a review of its double would hide."""
    x = profiles(operated, scale)
    hidden: Floats = ((cdist(x, x) <= radius).sum(axis=1) - 1) / (len(x) - 1)
    return hidden
