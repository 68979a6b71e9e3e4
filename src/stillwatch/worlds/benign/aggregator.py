"""A declared aggregator: resells access to its own customers over a few accounts and names the end users.

Shares with a harvest: every subject, every style, huge volume, balanced accounts, failover, other people's words.
Differs by: declared and verified, end user ids that behave like people, no instruction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, register
from stillwatch.worlds.benign.cohort import Cohort
from stillwatch.worlds.benign.firm import staff
from stillwatch.worlds.benign.individuals import said
from stillwatch.worlds.dice import between, whole
from stillwatch.worlds.places import COUNTRIES
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregator(Cohort):
    """``per_user`` requests a day and end user, on average."""

    kind: ClassVar[str] = "aggregator"
    settled: ClassVar[float] = 0.0
    per_user: float = 3.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(accounts=whole(rng, 4, 20), rate=between(rng, 80, 600), per_user=between(rng, 1.5, 8))

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        accounts = staff(rng, span, self.accounts, 500.0)
        users = max(5, round(self.accounts * self.rate / self.per_user))
        rates = rng.lognormal(-0.3, 0.8, users) * self.per_user
        zones = np.asarray([COUNTRIES[c][1] for c in rng.integers(len(COUNTRIES), size=users).tolist()])
        seats = arrivals.sittings(rng, rates, zones, span, turns=2.5)
        lane = rng.integers(self.accounts, size=users)
        ids = [register.token(rng, "usr") for _ in range(users)]
        people = seats.who.tolist()
        return Part(
            accounts,
            [
                Stream(
                    accounts,
                    seats.ts,
                    lane[seats.who],
                    said(rng, seats, users),
                    end_users=[ids[p] for p in people],
                    sessions=[f"s{n:x}" for n in seats.sitting.tolist()],
                    on_refusal="sibling",
                )
            ],
        )
