"""A licensed generator of training data: does what operators do, with written permission.

Shares with a harvest: everything in the text: instructions to write instructions, reasoning asked for, one work list.
Differs by: the permission in the register, one declared organisation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.cohort import Cohort, turns, worded
from stillwatch.worlds.benign.firm import staff
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import DAY, Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import Family, word

_METHODS: tuple[tuple[Family, tasks.TaskKind], ...] = (
    (families.INSTRUCTION_MILL, "seed"),
    (families.TAGGED_REASONING, "exam"),
    (families.ELICITATION, "pair"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensedGenerator(Cohort):
    """``wordings`` over one method; the permission stands since ``since_days`` before the start."""

    kind: ClassVar[str] = "licensed_generator"
    wordings: int = 4
    since_days: float = 30.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 40),
            rate=between(rng, 20, 300),
            wordings=whole(rng, 1, 60),
            since_days=between(rng, 2, 400),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        since = span.start - int(self.since_days * DAY)
        accounts = [
            replace(a, data_generation=True, valid_from=since, created_at=min(a.created_at, since))
            for a in staff(rng, span, self.accounts)
        ]
        family, kind = _METHODS[int(rng.integers(len(_METHODS)))]
        count = self.total(span)
        asks = worded(
            rolls,
            [word(rolls, family) for _ in range(self.wordings)],
            tasks.pile(rolls, kind, count),
            between(rng, 150, 500),
        )
        ts = arrivals.stream(rng, count, span, "steady", None, between(rng, 0.3, 5))
        return Part(accounts, [Stream(accounts, ts, turns(rng, self.accounts, count, 0.1), asks, on_refusal="sibling")])
