"""A declared firm with many keys: departments and services of one organisation.

Shares with a harvest: templates, payment, address range, load spread over many accounts.
Differs by: a declared and verified organisation that holds all of it openly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, clients, places, register
from stillwatch.worlds.benign.cohort import Cohort, named, turns, uneven, worded, zone
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import Family, word

_WORK: tuple[tuple[Family, tasks.TaskKind], ...] = (
    (families.LABEL, "message"),
    (families.EXTRACT, "document"),
    (families.SUMMARISE, "document"),
    (families.TRANSLATE, "document"),
    (families.ASSISTANT, "request"),
    (families.STEPWISE, "message"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFirm(Cohort):
    """``templates`` over all departments; ``balanced``: requests go round the keys in turn."""

    kind: ClassVar[str] = "declared_firm"
    templates: int = 3
    balanced: bool = False
    hours: arrivals.Hours = "office"

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 150),
            rate=between(rng, 5, 150),
            templates=whole(rng, 1, 25),
            balanced=bool(rng.random() < 0.4),
            hours=("office", "office", "flat", "waking")[int(rng.integers(4))],
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = staff(rng, span, self.accounts)
        count = self.total(span)
        kinds = [_WORK[int(rng.integers(len(_WORK)))] for _ in range(self.templates)]
        wordings = [named(word(rolls, family, in_system=0.4), names.company(rolls)) for family, _ in kinds]
        parts = rng.integers(self.templates, size=count)
        asks = [worded(rolls, [wordings[p]], [tasks.item(rolls, kinds[p][1])], 90)[0] for p in parts.tolist()]
        ts = arrivals.stream(rng, count, span, "bursty", arrivals.week(self.hours, zone(rng)))
        who = turns(rng, self.accounts, count, 0.1) if self.balanced else uneven(rng, self.accounts, count)
        return Part(accounts, [Stream(accounts, ts, who, asks)])


def staff(rng: np.random.Generator, span: Span, count: int, median_days: float = 300.0) -> list[register.Account]:
    """Accounts of one declared organisation: one payer, one domain, one address range."""
    org, payer, domain = (register.token(rng, head) for head in ("org", "card", "dom"))
    land = places.country(rng)[0]
    office = places.shared(rng, int(rng.integers(1, 12)), land)
    library = clients.client(rng)
    return [
        replace(
            register.person(rng, span.start, median_days),
            org=org,
            payment=payer,
            domain=domain,
            where=office,
            country=land,
            client=library,
            verified=True,
            plan="enterprise",
            project=f"proj-{n % 7}",
        )
        for n in range(count)
    ]
