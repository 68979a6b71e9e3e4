"""Benchmark runs by unrelated teams: the same public questions, once each, as fast as the limit allows.

Shares with a harvest: thousands of step-by-step questions in an hour, the same over several accounts.
Differs by: public text, each account runs the *whole* list, a burst then silence, places that have nothing in common.
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
from stillwatch.worlds.text import exams, families
from stillwatch.worlds.text.wording import word

_SUITES = ("Harrow-200", "Ternary", "OpenLadder", "Quince", "Slowmath", "Parlour", "Fathom", "Kettle-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRuns(Cohort):
    """``suite`` is the public list; every team words the request in its own way, or in the suite's (``official``)."""

    kind: ClassVar[str] = "benchmark_runs"
    settled: ClassVar[float] = 0.3
    suite: str = _SUITES[0]
    official: float = 0.5

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 25),
            rate=between(rng, 20, 300),
            suite=str(rng.choice(_SUITES)),
            official=float(rng.uniform(0.0, 1.0)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        official = word(rolls, families.STEPWISE)
        questions = exams.benchmark(self.suite, max(1, round(self.rate * span.days)))
        streams = []
        for account in register.people(rng, self.accounts, span.start):
            team = account if rng.random() < 0.5 else replace(account, where=places.clouds(rng, 1, 2)[0])
            wording = official if rng.random() < self.official else word(rolls, families.STEPWISE)
            order = rng.permutation(len(questions)).tolist()
            asks = worded(rolls, [wording], [questions[q] for q in order], between(rng, 30, 300))
            begin = float(rng.uniform(0.0, 0.9))
            ts = arrivals.stream(rng, len(asks), span.part(begin, begin + float(rng.uniform(0.01, 0.1))), "steady")
            streams.append(Stream([team], ts, np.zeros(len(asks), dtype=np.int64), asks))
        return Part([a for s in streams for a in s.accounts], streams)
