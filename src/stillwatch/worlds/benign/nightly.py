"""Nightly regression tests and drift monitors: the same prompts again and again.

Shares with a harvest: flat clockwork traffic without conversation, step-by-step wording, a handful of accounts.
Differs by: the prompts repeat exactly, night after night; a harvest never asks twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, places, register
from stillwatch.worlds.benign.cohort import Cohort, worded
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyChecks(Cohort):
    """``prompts`` of a fixed set, run ``runs`` times a day from every account (staging, production, regions)."""

    kind: ClassVar[str] = "nightly_checks"
    settled: ClassVar[float] = 0.7
    prompts: int = 30
    runs: int = 1

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 12), rate=between(rng, 10, 250), prompts=whole(rng, 5, 200), runs=whole(rng, 1, 24)
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        room, payer = places.clouds(rng, 1, 2)[0], register.token(rng, "card")
        accounts = [
            replace(a, where=room, payment=payer) for a in register.people(rng, self.accounts, span.start, 300.0)
        ]
        kind: tasks.TaskKind = ("exam", "message", "request")[int(rng.integers(3))]
        wording = word(rolls, families.STEPWISE)
        suite = worded(rolls, [wording], tasks.pile(rolls, kind, self.prompts), between(rng, 10, 150))
        hours = tuple(sorted(rng.choice(24, size=self.runs, replace=False).tolist()))
        minute = int(rng.integers(60))
        size = max(1, round(self.rate / self.runs))
        streams = []
        for account in accounts:
            ts = arrivals.cron(rng, span, minute, hours, size, between(rng, 0.5, 8))
            asks = [suite[n % size % len(suite)] for n in range(len(ts))]
            streams.append(Stream([account], ts, np.zeros(len(ts), dtype=np.int64), asks))
        return Part(accounts, streams)
