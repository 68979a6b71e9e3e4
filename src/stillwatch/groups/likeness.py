"""Candidate groups whose members seem to be dealt from one pool of prompts, without any wrapper in common.

A second source of proposals beside ``templates``: one job list worked off by many accounts, each item once, from home
addresses at human hours. Nothing repeats there, but all accounts have the same mean, while each person has an own one.
Accounts are placed by linear discriminants of the population: directions in which accounts differ more than one
account's messages do among themselves, in units of the latter; ``pools`` then finds who shares a mean. This is done
twice: with the settings of the requests, which one dispatcher sets alike, and by words and lengths alone.

Contract: reads frames only; ``propose`` returns ascending account codes, the most convincing pool first. Deterministic.
A proposal accuses nobody: people of one trade, or customers of one product, are pools too.

Limits: an account counts from ``LEAST_TEXTS`` first messages on; a list put together from everything that people ask
is told from people only by its accounts having no taste of their own; cover of more than about half of the first
messages hides the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from stillwatch.groups.leanings import WIDTH, WORDING, Leanings, Means
from stillwatch.groups.pools import Matrix, Pools, find_pools
from stillwatch.model.frame import Codes, Frame, Ints

Floats = NDArray[np.float64]

LEAST_TEXTS = 8.0
LEAST_POPULATION = 30
"""With fewer accounts there is no population to differ from."""
DIRECTIONS = 40
LEAST_SPREAD = 0.02
"""Directions in which accounts differ by less than this share of one message's spread are left out."""
FLOOR = 0.05
"""Share of the total spread that one message is taken to vary by at least: settings never vary, which proves little."""
SHRINK, RIDGE = 0.1, 1e-4
LEAST_ACCOUNTS = 12
"""Handfuls of people with one taste are everywhere."""
CONVINCING, PER_ACCOUNT = 400.0, 8.0
"""Log Bayes factor for "one pool" that a proposal must have, in all and per account."""
SAME = 2.0
"""Members of one pool lie as far apart as chance puts them, 1, in most directions; people of one taste lie further."""
REPEAT = 0.5
"""Jaccard similarity from which on two proposals are one."""
VIEWS: tuple[int, ...] = (WIDTH, WORDING)
"""How many of the features are looked at: all, then words and lengths alone."""
KIN_SHARE = 0.2


@dataclass(frozen=True)
class Space:
    """Discriminants: ``axes`` (features, d) turn features minus ``centre`` into units of one message's spread."""

    centre: Floats
    axes: Floats
    spread: Floats
    """Variance of the accounts' true means along each axis."""

    def place(self, values: NDArray[np.floating]) -> Floats:
        """Where rows of features lie, shape (n, d)."""
        found: Floats = (values[:, : len(self.centre)] - self.centre) @ self.axes
        return found


@dataclass
class Likeness:
    """Running sums of the accounts, and the pools among them.

    ``known``, ``label``: accounts and their pools by words alone, as of the last ``propose``.
    """

    leanings: Leanings = field(default_factory=lambda: Leanings(28.0))
    known: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    label: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def observe(self, frame: Frame, accounts: int) -> None:
        """Take in one epoch; ``accounts`` = size of the code space by now."""
        self.leanings.observe(frame, accounts)

    def propose(self, min_accounts: int) -> list[Codes]:
        """Candidate groups, the most convincing first within each view."""
        means = self.leanings.means(LEAST_TEXTS)
        found: list[Codes] = []
        for view in VIEWS:
            space = self.space(means, view)
            if space is None:
                return []
            place = space.place(means.mean).astype(np.float32)
            pools = find_pools(place, means.texts, space.spread)
            self.known, self.label = means.accounts, pools.label
            for group in _groups(means, place, pools, max(min_accounts, LEAST_ACCOUNTS)):
                if all(_jaccard(group, known) < REPEAT for known in found):
                    found.append(group)
        return found

    def kin(self, accounts: Codes) -> Codes:
        """Everybody in a pool, by words alone and as of the last ``propose``, that holds a fair share of these."""
        held = np.bincount(self.label[np.isin(self.known, accounts)], minlength=len(self.known))
        return self.known[held[self.label] >= KIN_SHARE * max(int(held.sum()), 1)]

    def space(self, means: Means, view: int = WIDTH) -> Space | None:
        """Discriminants of the accounts in the first ``view`` features; ``None`` while there are too few accounts."""
        if len(means.accounts) < LEAST_POPULATION:
            return None
        mean = means.mean[:, :view]
        within = self.leanings.spread_within()[:view, :view]
        seen = np.cov(mean, rowvar=False)
        between = seen - within * float(np.mean(1.0 / means.texts))
        own = np.maximum(np.diag(within), 0.0)
        firm = (1.0 - SHRINK) * within + np.diag(SHRINK * own + FLOOR * (own + np.diag(seen)) + RIDGE)
        spread, axes = eigh(between, firm)
        chosen = np.flatnonzero(spread >= LEAST_SPREAD)[-DIRECTIONS:][::-1]
        return Space(mean.mean(axis=0), axes[:, chosen], spread[chosen]) if len(chosen) else None


def _groups(means: Means, place: Matrix, pools: Pools, least: int) -> Iterator[Codes]:
    """Pools that are large, convincing and evenly dealt, the most convincing first."""
    sizes = np.bincount(pools.label, minlength=len(place))
    needed = np.maximum(CONVINCING, PER_ACCOUNT * sizes)
    chosen = np.flatnonzero((sizes >= least) & (pools.log_bayes >= needed))
    for label in chosen[np.argsort(-pools.log_bayes[chosen], kind="stable")].tolist():
        members = np.flatnonzero(pools.label == label)
        if apartness(place[members], means.texts[members]) <= SAME:
            yield means.accounts[members]


def apartness(place: Matrix, texts: Floats) -> float:
    """Variance of accounts' means in units of what chance explains, the median over directions: 1 for one pool.

    The median, because one setting that differs between members must not decide.
    """
    weight = texts[:, None]
    centre = (weight * place).sum(axis=0) / weight.sum()
    return float(np.median((weight * (place - centre) ** 2).sum(axis=0)) / max(len(place) - 1, 1))


def _jaccard(a: Codes, b: Codes) -> float:
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / max(len(a) + len(b) - common, 1)
