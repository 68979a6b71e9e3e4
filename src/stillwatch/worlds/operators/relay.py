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
from stillwatch.worlds.operators.force import Force, assemble, dispatch, hire
from stillwatch.worlds.operators.operator import Operator
from stillwatch.worlds.places import COUNTRIES
from stillwatch.worlds.span import HOUR, Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import chats, families, names
from stillwatch.worlds.text.phrase import one
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
        accounts = hire(rng, self.force, self.accounts, span)
        who = self._lanes(rng, seats, span)
        take = Stream(accounts, seats.ts, who, asks, harvest=True, by_operator=True, on_refusal=self.force.on_refusal)
        manner = chats.persona(rolls, self.language)
        return assemble(
            rng, span, self.force, accounts, [take], self.rate, lambda: chats.single(rolls, manner, one(rolls, systems))
        )

    def _lanes(self, rng: np.random.Generator, seats: arrivals.Sittings, span: Span) -> arrivals.Ints:
        """The account of each request: the dispatcher's, kept through a session when sessions are sticky."""
        order = np.argsort(seats.ts, kind="stable")
        shift = dispatch(rng, self.force, self.accounts, len(seats), span)
        who = np.empty(len(seats), dtype=np.int64)
        who[order] = shift.who
        if not self.sticky or not len(seats):
            return who
        hour = (seats.ts - seats.ts[seats.turn == 0][seats.sitting - seats.sitting[0]]) // HOUR
        first = np.flatnonzero((seats.turn == 0) | (np.diff(hour, prepend=0) != 0))
        leading: arrivals.Ints = first[np.searchsorted(first, np.arange(len(who)), side="right") - 1]
        return who[leading]


def _under(asks: list[Ask], sittings: list[int], systems: list[str]) -> list[Ask]:
    return [a._replace(system=systems[s % len(systems)]) for a, s in zip(asks, sittings, strict=True)]
