"""Crowd workers of a declared customer: many hands, one task sheet, their own accounts and lines.

Shares with a harvest: one wording, one list dealt out without overlap, unrelated lines and cards, grading by rubric.
Differs by: the customer's organisation on every account, working people, pauses, second opinions on the same item.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, register
from stillwatch.worlds.benign.cohort import Cohort, worded
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import Family, word

_SHEETS: tuple[tuple[Family, tasks.TaskKind], ...] = (
    (families.LABEL, "message"),
    (families.JUDGE_PAIR, "pair"),
    (families.RUBRIC, "pair"),
    (families.TRANSLATE, "message"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotators(Cohort):
    """``opinions`` workers see each item."""

    kind: ClassVar[str] = "annotators"
    settled: ClassVar[float] = 0.7
    opinions: int = 2
    wordings: int = 1

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 5, 60),
            opinions=whole(rng, 1, 5),
            wordings=whole(rng, 1, 6),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        org = register.token(rng, "org")
        accounts = [
            replace(a, org=org, plan="team", verified=True)
            for a in register.people(rng, self.accounts, span.start, 120.0)
        ]
        rates = rng.lognormal(-0.3, 0.8, self.accounts) * self.rate
        zones = np.asarray([a.zone for a in accounts])
        seats = arrivals.sittings(rng, rates, zones, span, "waking", 12.0, 70.0)
        family, kind = _SHEETS[int(rng.integers(len(_SHEETS)))]
        items = tasks.pile(rolls, kind, max(1, len(seats) // self.opinions))
        dealt = rng.permutation(np.resize(np.arange(len(items)), len(seats))).tolist()
        wordings = [word(rolls, family) for _ in range(self.wordings)]
        asks = worded(rolls, wordings, [items[d] for d in dealt], between(rng, 5, 80))
        return Part(accounts, [Stream(accounts, seats.ts, seats.who, asks)])
