"""A contractor group that fills a search index: each passage once, summarised or tagged, over several accounts.

Shares with a harvest: one long list worked off without overlap by several accounts, flat hours, then silence.
Differs by: documents go in and short digests come out, one place or payer, a definite end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.cohort import Cohort, flip, turns, worded
from stillwatch.worlds.benign.pool import Marks, pooled
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill(Cohort):
    """Runs from ``begins`` for ``lasts`` of the span."""

    kind: ClassVar[str] = "backfill"
    begins: float = 0.1
    lasts: float = 0.6
    one_payer: bool = True
    fresh: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 40),
            rate=between(rng, 20, 300),
            begins=float(rng.uniform(0.0, 0.4)),
            lasts=float(rng.uniform(0.1, 0.6)),
            one_payer=flip(rng, 0.6),
            fresh=flip(rng, 0.4),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        marks = Marks(whole(rng, 1, 3), self.one_payer, flip(rng, 0.5), flip(rng, 0.7))
        accounts = pooled(rng, span, self.accounts, marks, self.fresh)
        count = self.total(span)
        language = str(rng.choice(["en", "en", "en", "de", "es", "fr", "ja"]))
        family = (families.SUMMARISE, families.EXTRACT, families.LABEL)[int(rng.integers(3))]
        asks = worded(
            rolls, [word(rolls, family)], tasks.pile(rolls, "document", count, language), between(rng, 20, 120)
        )
        ts = arrivals.stream(rng, count, span.part(self.begins, self.begins + self.lasts), "steady", None, 2.0)
        return Part(accounts, [Stream(accounts, ts, turns(rng, self.accounts, count, 0.2), asks)])
