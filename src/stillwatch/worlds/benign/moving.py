"""A firm that changes its accounts in one night: new contract, new keys, the same programs.

Shares with a harvest: one pool falls silent and another takes up its wording within minutes.
Differs by: an open mark common to both (organisation, payer or place), the old accounts
were not closed by the provider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.cohort import Cohort, flip, named, opened_together, worded, zone
from stillwatch.worlds.benign.firm import staff
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingFirm(Cohort):
    """Half of ``accounts`` are old; ``moment`` is the fraction of the span at which the others take over."""

    kind: ClassVar[str] = "moving_firm"
    moment: float = 0.5
    declared: bool = True

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 6, 80),
            rate=between(rng, 10, 150),
            moment=float(rng.uniform(0.2, 0.8)),
            declared=flip(rng, 0.6),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = staff(rng, span, self.accounts)
        if not self.declared:
            accounts = [replace(a, org=None, verified=False, plan="team") for a in accounts]
        old = self.accounts // 2
        accounts = accounts[:old] + opened_together(rng, accounts[old:], span, -self.moment * span.days + 1.0, 6.0)
        count = self.total(span)
        ts = arrivals.stream(rng, count, span, "bursty", arrivals.week("flat", zone(rng)), 0.6)
        late = ts >= span.start + int(self.moment * span.length)
        who = np.where(late, rng.integers(old, self.accounts, count), rng.integers(0, old, count))
        family = (families.EXTRACT, families.LABEL, families.SUMMARISE)[int(rng.integers(3))]
        wordings = [named(word(rolls, family, 0.3), names.company(rolls)) for _ in range(int(rng.integers(1, 5)))]
        asks = worded(rolls, wordings, tasks.pile(rolls, "document", count), between(rng, 20, 200))
        return Part(accounts, [Stream(accounts, ts, who, asks)])
