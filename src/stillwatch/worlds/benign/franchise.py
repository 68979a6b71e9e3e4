"""A franchise or agency: branches write offers with the house template, each on an account and card of its own.

Shares with a harvest: one unusual template over many accounts without common payer or place, one country's hours.
Differs by: human rhythm, stable branch lines, short copy as output, everybody's own chat beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, places, register
from stillwatch.worlds.benign.cohort import Cohort, named, worded, zone
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Franchise(Cohort):
    """``templated`` is the share of requests that use the house template, of which there are ``templates``."""

    kind: ClassVar[str] = "franchise"
    settled: ClassVar[float] = 0.6
    templates: int = 2
    templated: float = 0.6

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 6, 150),
            rate=between(rng, 3, 40),
            templates=whole(rng, 1, 8),
            templated=float(rng.uniform(0.3, 0.95)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        land, hours = places.country(rng)
        accounts = [
            replace(a, country=land, zone=hours, where=places.home(rng, land))
            for a in register.people(rng, self.accounts, span.start, 350.0)
        ]
        house = names.company(rolls)
        wordings = [named(word(rolls, families.DESK, in_system=0.4), house) for _ in range(self.templates)]
        rates = rng.lognormal(-0.2, 0.6, self.accounts) * self.rate * self.templated
        zones = np.full(self.accounts, hours, dtype=np.int64)
        seats = arrivals.sittings(rng, rates, zones, span, "office", 3.0, 200.0)
        items = [tasks.item(rolls, "seed") for _ in range(len(seats))]
        copy = Stream(accounts, seats.ts, seats.who, worded(rolls, wordings, items, 90))
        own = talk(rng, span, accounts, self.rate * (1 - self.templated), language="en" if zone(rng) < 5 else None)
        return Part(accounts, [copy, *own.streams])
