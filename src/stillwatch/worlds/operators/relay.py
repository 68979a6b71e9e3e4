"""Live relay: forwards its own customers' requests under its own product name and keeps the answers.

Varies: customers, sticky sessions or random dispatch, language of the customers, infrastructure, cover is needless.
Visible: other people's conversations under one product prompt over accounts that share nothing in the open; sessions
handed over between accounts. Evaded by: dropping the product prompt, one customer one account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals
from stillwatch.worlds.benign.individuals import said
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.operators.fixed_template import LANGUAGES
from stillwatch.worlds.operators.force import Force, Tours, assemble, assign, hire, tours
from stillwatch.worlds.operators.operator import Operator
from stillwatch.worlds.places import COUNTRIES
from stillwatch.worlds.span import HOUR, Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import families, names
from stillwatch.worlds.text.wording import speech


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRelay(Operator):
    """``per_customer`` requests a day; ``personas`` variants of the product prompt (0: none is sent)."""

    kind: ClassVar[str] = "live_relay"
    per_customer: float = 3.0
    personas: int = 1
    language: str = "en"
    sticky: bool = True

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 10.0, 90.0),
            per_customer=between(rng, 1.0, 8.0),
            personas=int(rng.choice([0, 1, 1, 1, 2, 5, 20])),
            language=str(rng.choice(LANGUAGES)),
            sticky=bool(rng.random() < 0.7),
            force=replace(Force.draw(rng), cover=0.0, stolen=0, siblings=True),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        customers = max(5, round(self.accounts * self.rate / self.per_customer))
        rates = rng.lognormal(-0.3, 0.8, customers) * self.per_customer
        lands = rng.integers(len(COUNTRIES), size=customers).tolist()
        zones = np.asarray([COUNTRIES[land][1] for land in lands])
        seats = arrivals.sittings(rng, rates, zones, span, turns=2.6)
        name = names.word(rolls)
        systems = [speech(rolls, families.ASSISTANT).replace("<name>", name) for _ in range(self.personas)] or [""]
        asks = _under(said(rng, seats, customers, "", self.language), seats.sitting.tolist(), systems)
        open_in = tours(rng, self.force, self.accounts, span)
        accounts = hire(rng, self.force, open_in, span)
        who = self._lanes(rng, seats, open_in)
        take = Stream(accounts, seats.ts, who, asks, harvest=True, by_operator=True, on_refusal=self.force.on_refusal)
        return assemble(rng, span, self.force, accounts, open_in, [take], self.rate)

    def _lanes(self, rng: np.random.Generator, seats: arrivals.Sittings, open_in: Tours) -> arrivals.Ints:
        """The account of each request: the dispatcher's, kept for an hour of a session when sessions are sticky."""
        order = np.argsort(seats.ts, kind="stable")
        who = np.empty(len(seats), dtype=np.int64)
        who[order] = assign(rng, self.force, open_in, seats.ts[order])
        if not self.sticky or not len(seats):
            return who
        begins = np.flatnonzero(seats.turn == 0)
        hour = (seats.ts - np.repeat(seats.ts[begins], np.diff(begins, append=len(seats)))) // HOUR
        leads = np.flatnonzero((seats.turn == 0) | (np.diff(hour, prepend=0) != 0))
        kept: arrivals.Ints = who[leads[np.searchsorted(leads, np.arange(len(who)), side="right") - 1]]
        # A session does not outlive its account: whatever comes after the closure moves on.
        closed = seats.ts >= open_in.last[kept]
        return np.where(closed, who, kept)


def _under(asks: list[Ask], sittings: list[int], systems: list[str]) -> list[Ask]:
    return [a._replace(system=systems[s % len(systems)]) for a, s in zip(asks, sittings, strict=True)]
