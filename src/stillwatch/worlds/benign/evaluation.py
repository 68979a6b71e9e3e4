"""An evaluation team inside one company: grades its own product's answers by rubric and by pairwise judging.

Shares with a harvest: rubric wording, reasons demanded, many accounts, nightly volume, distinct items.
Differs by: a common mark (payer, place, domain), the same set graded again after each release of their product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.cohort import Cohort, flip, turns, worded, zone
from stillwatch.worlds.benign.firm import staff
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationTeam(Cohort):
    """``rubrics`` wordings; ``repeats`` is how often each item comes back; ``declared``: organisation registered."""

    kind: ClassVar[str] = "evaluation_team"
    settled: ClassVar[float] = 0.6
    rubrics: int = 3
    repeats: int = 3
    declared: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 40),
            rate=between(rng, 15, 250),
            rubrics=whole(rng, 1, 30),
            repeats=whole(rng, 1, 8),
            declared=flip(rng, 0.5),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = staff(rng, span, self.accounts, 180.0)
        if not self.declared:
            accounts = [replace(a, org=None, verified=False, plan="team") for a in accounts]
        count = self.total(span)
        items = tasks.pile(rolls, "pair", max(1, count // self.repeats))
        family = (families.RUBRIC, families.JUDGE_PAIR, families.ELICITATION)
        wordings = [word(rolls, family[int(rng.choice(3, p=[0.6, 0.3, 0.1]))]) for _ in range(self.rubrics)]
        asks = worded(rolls, wordings, [items[n % len(items)] for n in range(count)], between(rng, 20, 200))
        hours: arrivals.Hours = ("flat", "office")[int(rng.integers(2))]
        ts = arrivals.stream(rng, count, span, "bursty", arrivals.week(hours, zone(rng)), 3.0)
        return Part(accounts, [Stream(accounts, ts, turns(rng, self.accounts, count, 0.3), asks)])
