"""Verified safety researchers: red-team lists and attempts to bring hidden reasoning to light.

Shares with a harvest: elicitation wording, long lists, several accounts of one laboratory.
Differs by: verified identity, a declared laboratory, many variants of few probes, repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.cohort import Cohort, uneven, worded, zone
from stillwatch.worlds.benign.firm import staff
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyResearchers(Cohort):
    """``probes`` wordings, partly red-team, partly elicitation (``elicits``)."""

    kind: ClassVar[str] = "safety_researchers"
    settled: ClassVar[float] = 0.3
    probes: int = 20
    elicits: float = 0.4

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 15),
            rate=between(rng, 10, 250),
            probes=whole(rng, 5, 200),
            elicits=float(rng.uniform(0.1, 0.9)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = staff(rng, span, self.accounts, 200.0)
        count = self.total(span)
        elicit = (families.TAGGED_REASONING, families.ELICITATION)
        probes = [
            word(rolls, elicit[int(rng.integers(2))] if rng.random() < self.elicits else families.RED_TEAM)
            for _ in range(self.probes)
        ]
        items = tasks.pile(rolls, "request", max(2, count // 4))
        asks = worded(rolls, probes, [items[n % len(items)] for n in range(count)], between(rng, 40, 250))
        ts = arrivals.stream(rng, count, span, "bursty", arrivals.week("waking", zone(rng)), 3.0)
        return Part(accounts, [Stream(accounts, ts, uneven(rng, self.accounts, count), asks)])
