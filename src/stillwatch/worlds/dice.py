"""Fast text randomness, seeded from an actor's own generator."""

from __future__ import annotations

from random import Random

import numpy as np


def dice(rng: np.random.Generator) -> Random:
    """A ``random.Random`` that depends on the generator and nothing else."""
    return Random(int(rng.integers(1 << 62)))


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform: every order of magnitude between the bounds is equally likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """``between``, rounded to a whole number within the bounds."""
    return min(high, max(low, round(between(rng, low, high))))
