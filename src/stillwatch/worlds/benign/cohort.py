"""What benign cohorts have in common: two promises and a few ways of sharing work out.

A cohort's accounts together send about ``accounts x rate`` requests a day over the span, even where all of it falls
into one hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from stillwatch.worlds import places
from stillwatch.worlds.register import Account
from stillwatch.worlds.span import HOUR, Span
from stillwatch.worlds.stream import Ask
from stillwatch.worlds.text import answers
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.wording import Wording

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Accounts that belong together and harm nobody."""

    grouped: ClassVar[bool] = True
    operator: ClassVar[bool] = False
    settled: ClassVar[float] = 0.9
    accounts: int
    rate: float

    def total(self, span: Span) -> int:
        """Requests over the whole span."""
        return max(1, round(self.accounts * self.rate * span.days))


def flip(rng: np.random.Generator, chance: float) -> bool:
    return bool(rng.random() < chance)


def zone(rng: np.random.Generator) -> int:
    """Hours east of UTC of a cohort that lives in one place."""
    return places.country(rng)[1]


def uneven(rng: np.random.Generator, accounts: int, count: int, spread: float = 0.7) -> Ints:
    """Who sends what, when some always send more than others."""
    weights = rng.lognormal(0.0, spread, accounts)
    return rng.choice(accounts, size=count, p=weights / weights.sum()).astype(np.int64)


def turns(rng: np.random.Generator, accounts: int, count: int, lapse: float = 0.0) -> Ints:
    """Round robin, with a share of requests that goes to a random account instead."""
    who = np.resize(rng.permutation(accounts), count)
    stray = rng.random(count) < lapse
    who[stray] = rng.integers(accounts, size=int(stray.sum()))
    return who.astype(np.int64)


def worded(rolls: Random, wordings: Sequence[Wording], items: Sequence[str], tokens: float) -> list[Ask]:
    """Each item in one of the wordings."""
    asks = []
    for item in items:
        wording = one(rolls, wordings)
        asks.append(Ask(wording.around(item), answers.answer(rolls, tokens), wording.system))
    return asks


def named(wording: Wording, name: str) -> Wording:
    """The wording under a product's or firm's name."""
    return Wording(*(part.replace("<name>", name) for part in wording))


def opened_together(
    rng: np.random.Generator, accounts: Sequence[Account], span: Span, days_before: float, hours: float
) -> list[Account]:
    """The accounts as if opened within some hours, done ``days_before`` the start (after it, if negative)."""
    moment = span.start - int((days_before * 24 + hours) * HOUR)
    return [replace(a, created_at=moment + int(rng.uniform(0, hours) * HOUR)) for a in accounts]
