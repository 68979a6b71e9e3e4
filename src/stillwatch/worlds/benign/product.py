"""Unrelated products, each with one account and one template or one chat persona for its own users.

Shares with a harvest: fixed wording, volume, machine-room addresses, end users' texts under a product's own name.
Differs by: one account, one place, users who come and go by day; nobody else has the wording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, clients, places, register
from stillwatch.worlds.benign.cohort import Cohort, named, worded, zone
from stillwatch.worlds.benign.individuals import said
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import Family, speech, word

_TEMPLATES: tuple[tuple[Family, tasks.TaskKind], ...] = (
    (families.LABEL, "message"),
    (families.EXTRACT, "document"),
    (families.SUMMARISE, "document"),
    (families.TRANSLATE, "message"),
    (families.DESK, "seed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Products(Cohort):
    """``chatty`` is the share of products that hold conversations instead of filling a template."""

    kind: ClassVar[str] = "products"
    settled: ClassVar[float] = 0.0
    grouped: ClassVar[bool] = False
    chatty: float = 0.4

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(accounts=whole(rng, 4, 30), rate=between(rng, 20, 300), chatty=float(rng.uniform(0.1, 0.8)))

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        streams = [self._product(rng, span) for _ in range(self.accounts)]
        return Part([a for s in streams for a in s.accounts], streams)

    def _product(self, rng: np.random.Generator, span: Span) -> Stream:
        rolls = dice(rng)
        name = names.word(rolls)
        account = replace(
            register.person(rng, span.start, 400.0),
            where=places.clouds(rng, 1, int(rng.integers(1, 9)))[0],
            org=register.token(rng, "org") if rng.random() < 0.6 else None,
            client=clients.client(rng),
            verified=bool(rng.random() < 0.6),
            plan="team",
        )
        wish = self.rate * rng.lognormal(-0.2, 0.6)
        if rng.random() < self.chatty:
            return _chat(rng, span, account, wish, name)
        family, kind = _TEMPLATES[int(rng.integers(len(_TEMPLATES)))]
        count = int(rng.poisson(wish * span.days))
        hours = arrivals.week(("flat", "waking", "office")[int(rng.integers(3))], zone(rng))
        ts = arrivals.stream(rng, count, span, "bursty", hours, 0.8)
        wording = named(word(rolls, family, in_system=0.5), name)
        asks = worded(rolls, [wording], tasks.pile(rolls, kind, count), between(rng, 8, 250))
        return Stream([account], ts, np.zeros(count, dtype=np.int64), asks)


def _chat(rng: np.random.Generator, span: Span, account: register.Account, wish: float, name: str) -> Stream:
    users = max(3, int(wish / 3))
    rates = rng.lognormal(-0.3, 0.8, users) * wish / users
    zones = np.full(users, account.zone, dtype=np.int64)
    seats = arrivals.sittings(rng, rates, zones, span, turns=float(rng.uniform(1.5, 5)))
    system = speech(dice(rng), families.ASSISTANT).replace("<name>", name)
    people = [register.token(rng, "usr") for _ in range(users)]
    asks = said(rng, seats, users, system)
    return Stream(
        [account],
        seats.ts,
        np.zeros(len(seats), dtype=np.int64),
        asks,
        end_users=[people[w] for w in seats.who.tolist()],
        sessions=[f"c{s}" for s in seats.sitting.tolist()],
    )
