"""T2: prompts come back on exactly k accounts of the group, more often than any popularity of prompts explains.

Null (independence): members use prompts independently of each other. The odds that account j uses prompt i are
popularity i times volume j; popularities may be anything, known to nobody, and differ between prompts as they like.
The number of accounts that use a prompt is then a mixture of Poisson-binomials, and mixtures are broad: by the
inequality of Cauchy and Schwarz P(k-1) P(k+1) >= c P(k)^2 with c = e(k-1) e(k+1) / e(k)^2, e the elementary symmetric
polynomials of the volumes. So of the prompts used by k-1, k or k+1 accounts at most 1 / (1 + 2 sqrt(c)) are used by k,
whatever the popularities; about .4 for k = 2. The bet is on more. Several k have equal stakes.

Sees: a list of which every item is dealt to k accounts (several answers to each prompt, or several raters). Misses:
a list dealt once, k = 1: prompts that *nobody* repeated cannot be told from prompts that nobody would repeat, so no
test on their identities can see it. Where outsiders ask the same things, one could count how often they hit a member's
prompt while other members never do; in made-up worlds other members were to hit four thousand listed prompts less than
once, so that none did says nothing, and it is not tested. Mistakes: accounts in fixed pairs, as of one person with two;
a firm whose prompts are rated k times (the cohort gate). A class that works through one sheet is none: where all use
all, k is the number of members and c is 0. Evading it costs answers at random, some prompts more often than wanted and
some less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from stillwatch.model.frame import Ints

Floats = NDArray[np.float64]

COPIES = tuple(range(2, 9))
SHARES = (0.6, 0.75, 0.9, 0.98)
"""Shares of exactly k that are bet on; those not above the null's ceiling are left out."""


def log_e(account: Ints, prompt: Ints) -> float:
    """Log e-value of a group's requests: who asked what, one row for each; a prompt of 0 is no text."""
    told = prompt != 0
    pairs = np.unique(np.stack([prompt[told], account[told]], axis=1), axis=0)
    if not len(pairs):
        return 0.0
    _, copies = np.unique(pairs[:, 0], return_counts=True)
    _, volume = np.unique(pairs[:, 1], return_counts=True)
    many = np.bincount(copies, minlength=COPIES[-1] + 2)
    bets = [_bet(int(many[k]), int(many[k - 1] + many[k + 1]), ceiling(volume, k)) for k in COPIES]
    return float(logsumexp(bets) - np.log(len(COPIES)))


def ceiling(volume: Ints, k: int) -> float:
    """Largest share of k, among k-1, k and k+1, that independent accounts of these volumes can show."""
    e = _symmetric(volume / volume.mean(), k + 1)
    if e[k] <= 0:
        return 1.0
    return float(1.0 / (1.0 + 2.0 * np.sqrt(e[k - 1] * e[k + 1]) / e[k]))


def _bet(exact: int, near: int, most: float) -> float:
    """Log of the mean likelihood ratio of larger shares against the largest that the null allows."""
    logs = [
        exact * np.log(share / most) + near * np.log((1 - share) / (1 - most)) for share in SHARES if share > most < 1.0
    ]
    return float(logsumexp(logs) - np.log(len(logs))) if logs else 0.0


def _symmetric(values: Floats, degree: int) -> Floats:
    """Elementary symmetric polynomials of degree 0 to ``degree``."""
    found = np.zeros(degree + 1)
    found[0] = 1.0
    for value in values.tolist():
        found[1:] += value * found[:-1]
    return found
