"""Poisoning of the calibration set, as arithmetic: how many planted scores hide which campaigns?

An alarm asks for a p-value of at most ``MOST_ALPHA`` against the set. Whoever gets scores of campaigns into the set, as
reviewed harmless cohorts, raises the p-value of every group that scores no higher. Nothing is scanned here.

The package takes no reviewed cohorts into the set; this says what it would have to guard against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.conformal import p_value

SHARES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Planted scores as a share of the set."""
STRENGTHS = (("a weak one", 0.25), ("a middling one", 0.5), ("the strongest", 1.0))
"""Which campaign the planted scores are taken from, by its rank among the campaigns that alarm."""


@dataclass(frozen=True)
class Poisoned:
    """With so many planted scores, ``hidden`` of ``campaigns`` that would alarm do so no more."""

    like: str
    planted: int
    hidden: int
    campaigns: int


@dataclass(frozen=True)
class Poisoning:
    """What planted scores do to a set of ``n``; ``least`` of them hide whatever scores no higher than they do."""

    n: int
    most_alpha: float
    least: int
    rows: tuple[Poisoned, ...]


def poisoning(campaigns: Sequence[float], calibration: NDArray[np.float64]) -> Poisoning:
    """What planted scores hide of the campaigns with these scores."""
    alarming = sorted(s for s in campaigns if p_value(s, calibration) <= MOST_ALPHA)
    rows = tuple(_rows(alarming, calibration)) if alarming else ()
    return Poisoning(len(calibration), MOST_ALPHA, least_planted(len(calibration)), rows)


def _rows(alarming: Sequence[float], calibration: NDArray[np.float64]) -> Iterator[Poisoned]:
    for like, rank in STRENGTHS:
        score = alarming[round(rank * (len(alarming) - 1))]
        for planted in dict.fromkeys(round(share * len(calibration)) for share in SHARES):
            padded = np.append(calibration, np.full(planted, score))
            hidden = sum(p_value(s, padded) > MOST_ALPHA for s in alarming)
            yield Poisoned(like, planted, hidden, len(alarming))


def least_planted(n: int) -> int:
    """How many planted scores hide a campaign that scores above all ``n`` harmless groups but not above these."""
    return next(k for k in range(n + 2) if (1 + k) / (n + k + 1) > MOST_ALPHA)
