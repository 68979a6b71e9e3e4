"""Do the accounts of a group have habits of their own? Independent people who share a phrase do; one hand's do not.

Two numbers, both near 0 for one machinery behind many accounts and mostly not for people who merely met in a phrase:
the share of recurring wording that only one account uses (its own templates around the shared phrase), and the
intraclass correlation of traits of a request (its wording, its lengths) over accounts.

Both are asked of every account first. One that stands apart from the rest is left out and nobody is accused by it; the
two numbers are those of the rest. Where many stand apart there is no rest to speak of.

Sees: accounts that are interchangeable. Misses: an operator that gives each account a machinery of its own. Mistakes:
every real cohort, from plugin to pool of accounts, which is as uniform as a campaign: sameness accuses nobody, it only
says that there is one thing to be judged. Evading it costs a prompt machinery and a kind of work per account, which
gives up what makes accounts interchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Ints

PRIVATE, HABITS = 0.1, 0.1
"""Largest values of accounts that count as interchangeable."""
OWN_PRIVATE, OWN_HABITS, LEAST_REQUESTS = 0.2, 0.5, 3
"""An account above one of these stands apart: the share of wording of its own, and its distance from the mean account,
squared and in units of the variance between requests, once it sent so many."""
LEAST_SPREAD = 1e-9
"""Stands for no variance at all: whoever differs from accounts that never vary is as far as can be."""
MOST_APART = 0.25
"""Largest share of accounts that may stand apart from what is still one group."""


@dataclass(frozen=True)
class Habits:
    """Accounts in one component; columns of shape (accounts,), ``shown`` of shape (accounts, traits).

    ``requests`` there, those that show each trait, keys of the group that they carried and keys that are the account's
    own.
    """

    requests: Ints
    shown: Ints
    keys: Ints
    private: Ints

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Which accounts stand apart from the rest; shape (accounts,)."""
        return self.apart_from(np.ones(len(self.requests), dtype=np.bool_))

    def apart_from(self, others: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which accounts stand apart from ``others`` of them; both of shape (accounts,)."""
        own = self.private > OWN_PRIVATE * (self.private + self.keys)
        far = (self.requests >= LEAST_REQUESTS) & (distances(self.shown, self.requests, others) > OWN_HABITS)
        result: NDArray[np.bool_] = own | far
        return result

    @property
    def interchangeable(self) -> bool:
        """Whether the accounts, but for a few that stand apart, are as one."""
        rest, active = ~self.apart, self.requests > 0
        if int((~rest).sum()) > MOST_APART * int(active.sum()):
            return False
        private = private_share(int(self.private[rest].sum()), int(self.keys[rest].sum()))
        return private <= PRIVATE and intraclass(self.shown[rest], self.requests[rest]) <= HABITS


def intraclass(counts: Ints, requests: Ints) -> float:
    """Intraclass correlation of binary traits over accounts, pooled over the traits by their variance.

    ``counts``: requests that show the trait, shape (accounts, traits); ``requests``: shape (accounts,). The pair
    estimator of Fleiss and Cuzick (1979), unbiased at 0 up to 1/n; 0 where no account sent two requests.
    """
    pairs = float((requests * (requests - 1)).sum())
    share = counts.sum(axis=0) / max(int(requests.sum()), 1)
    spread = float((share * (1 - share)).sum())
    if pairs == 0 or spread == 0:
        return 0.0
    return float(_deviations(counts, requests, share).sum() / pairs / spread)


def distances(counts: Ints, requests: Ints, others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Squared distance of every account from the mean one of ``others``, over the variance between their requests.

    Counts as of ``intraclass``, which is about the mean over pairs of the same; the rest of shape (accounts,). Unbiased
    for a given mean: near 0, and below it as often as above, for accounts that draw from one urn. 0 for an account with
    fewer than two requests. The mean counts every account once, so that one busy account cannot move it.
    """
    active = others & (requests > 0)
    rates = counts[active] / requests[active, None]
    share = rates.mean(axis=0) if len(rates) else np.zeros(counts.shape[1])
    spread = float((share * (1 - share)).sum())
    pairs = requests * (requests - 1)
    found: NDArray[np.float64] = np.zeros(len(requests))
    several = pairs > 0
    found[several] = _deviations(counts, requests, share)[several] / pairs[several] / max(spread, LEAST_SPREAD)
    return found


def _deviations(counts: Ints, requests: Ints, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over pairs of different requests of one account of the products of their deviations from ``share``."""
    squares = (counts - requests[:, None] * share) ** 2
    same = counts * (1 - share) ** 2 + (requests[:, None] - counts) * share**2
    result: NDArray[np.float64] = (squares - same).sum(axis=1)
    return result


def private_share(private: int, shared: int) -> float:
    """Share of the recurring wording of a component that belongs to one account alone."""
    return private / (private + shared) if private + shared else 0.0
