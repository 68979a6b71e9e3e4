"""Do the accounts of a group have habits of their own? Independent people who share a phrase do; one hand's do not.

Two numbers, both near 0 for one machinery behind many accounts and mostly not for people who merely met in a phrase:
the share of recurring wording that only one account uses (its own templates around the shared phrase), and the
intraclass correlation of traits of a request (its wording, its lengths) over accounts.

Sees: accounts that are interchangeable. Misses: an operator that gives each account a machinery of its own. Mistakes:
every real cohort, from plugin to pool of accounts, which is as uniform as a campaign: sameness accuses nobody, it only
says that there is one thing to be judged. Evading it costs a prompt machinery and a kind of work per account, which
gives up what makes accounts interchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.model.frame import Ints

PRIVATE, HABITS = 0.1, 0.1
"""Largest values of accounts that count as interchangeable."""


@dataclass(frozen=True)
class Sameness:
    """``private``: share of recurring wording that is one account's own; ``habits``: intraclass correlation."""

    private: float
    habits: float

    @property
    def interchangeable(self) -> bool:
        return self.private <= PRIVATE and self.habits <= HABITS


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
    missing = requests[:, None] - counts
    squares = (counts - requests[:, None] * share) ** 2
    same = counts * (1 - share) ** 2 + missing * share**2
    return float((squares - same).sum() / pairs / spread)


def private_share(private: int, shared: int) -> float:
    """Share of the recurring wording of a component that belongs to one account alone."""
    return private / (private + shared) if private + shared else 0.0
