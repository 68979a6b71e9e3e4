"""An undeclared pool: a service that spreads its own work over several accounts behind a load balancer.

Shares with a harvest: one dispatcher, one job list, failover of refused requests to a sibling, sometimes fresh
accounts, sometimes several clouds and no common card, sometimes evaluation by rubric, step-by-step wording or answers
with their reasoning in tags, sometimes other people's chats under a product name. Differs by: a narrow job of its own,
hours of its users, accounts kept for long, mostly a common mark (place, card or domain, often several). One in ten has
no mark but its wording.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Literal, NamedTuple, Self, get_args

import numpy as np

from stillwatch.worlds import arrivals, clients, places, register
from stillwatch.worlds.benign.cohort import Cohort, Ints, flip, named, opened_together, turns, worded, zone
from stillwatch.worlds.benign.individuals import said
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import Family, speech, word

Job = Literal[
    "chat",
    "label",
    "extract",
    "summarise",
    "grade",
    "judge",
    "translate",
    "explain",
    "advise",
    "draft",
    "reason",
    "weigh",
    "mill",
    "mend",
]
JOBS: tuple[Job, ...] = get_args(Job)
REASONED: tuple[Job, ...] = ("reason", "weigh")
LIKE_A_HARVEST: tuple[Job, ...] = ("chat", "grade", "judge", "explain", "advise", *REASONED, "mill", "mend")
_RARE: dict[Job, int] = {"grade": 1, "judge": 1, "explain": 2, "advise": 2}
_ON_PURPOSE: tuple[Job, ...] = (*REASONED, "mill", "mend")
OFTEN: dict[Job, int] = {**_RARE, **dict.fromkeys(_ON_PURPOSE, 0)}
"""Weights of the jobs; all others have 3. What only a harvest or a rare product asks for is drawn on purpose only."""
Egress = Literal["room", "any_room", "functions"]
_JOBS: dict[str, tuple[Family, tasks.TaskKind]] = {
    "label": (families.LABEL, "message"),
    "extract": (families.EXTRACT, "document"),
    "summarise": (families.SUMMARISE, "document"),
    "grade": (families.RUBRIC, "pair"),
    "judge": ((*families.RUBRIC, *families.STEPWISE), "pair"),
    "translate": (families.TRANSLATE, "message"),
    "explain": (families.STEPWISE, "exam"),
    "advise": (families.STEPWISE, "message"),
    "draft": (families.DESK, "seed"),
    "reason": (families.TAGGED_REASONING, "exam"),
    "weigh": (families.ELICITATION, "pair"),
    "mill": (families.INSTRUCTION_MILL, "seed"),
    "mend": (families.REPAIR, "trace"),
}


class Marks(NamedTuple):
    """Machine rooms of a pool, and what its accounts share besides."""

    rooms: int
    one_payer: bool
    one_domain: bool
    one_client: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeclaredPool(Cohort):
    """``places`` machine rooms; ``one_payer`` and ``one_domain``: what the accounts share besides."""

    kind: ClassVar[str] = "undeclared_pool"
    job: Job = "summarise"
    beside: Job | None = None
    """A second step of the same product."""
    places: int = 1
    one_payer: bool = True
    one_domain: bool = True
    one_client: bool = True
    fresh: bool = False
    in_turn: bool = True
    failover: bool = True
    templates: int = 1
    egress: Egress = "room"
    """Requests of an account leave from its own room, from any of the pool's, or from exits that functions share."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        rooms = whole(rng, 1, 5)
        return cls(
            accounts=whole(rng, 4, 60),
            rate=between(rng, 10, 200),
            job=_job(rng),
            beside=_job(rng) if flip(rng, 0.25) else None,
            places=rooms,
            one_payer=flip(rng, 0.5),
            one_domain=flip(rng, 0.35),
            one_client=flip(rng, 0.6),
            fresh=flip(rng, 0.3),
            in_turn=flip(rng, 0.6),
            failover=flip(rng, 0.7),
            templates=whole(rng, 1, 6),
        )

    @classmethod
    def look_like_a_harvest(cls, rng: np.random.Generator) -> Self:
        """A pool whose product asks for what harvests ask for, in rooms of its own: the hardest to acquit."""
        job = LIKE_A_HARVEST[int(rng.integers(len(LIKE_A_HARVEST)))]
        return replace(cls.draw(rng), job=job, egress="any_room" if flip(rng, 1 / 3) else "room")

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        accounts = pooled(
            rng, span, self.accounts, Marks(self.places, self.one_payer, self.one_domain, self.one_client), self.fresh
        )
        if self.egress != "room":
            accounts = _moving(rng, accounts, self.egress)
        stream = self._chat(rng, span, accounts) if self.job == "chat" else self._batch(rng, span, accounts)
        return Part(accounts, [replace(stream, on_refusal="sibling" if self.failover else "same")])

    def _who(self, rng: np.random.Generator, count: int) -> Ints:
        return turns(rng, self.accounts, count, 0.05 if self.in_turn else 1.0)

    def _batch(self, rng: np.random.Generator, span: Span, accounts: list[register.Account]) -> Stream:
        rolls = dice(rng)
        count = self.total(span)
        name = names.company(rolls)
        hours: arrivals.Hours = ("flat", "office", "waking")[int(rng.integers(3))]
        ts = arrivals.stream(rng, count, span, "bursty", arrivals.week(hours, zone(rng)), 0.7)
        second = count // 3 if self.beside in _JOBS else 0
        asks = self._step(rng, rolls, self.job, name, count - second)
        asks += self._step(rng, rolls, self.beside, name, second) if self.beside and second else []
        rolls.shuffle(asks)
        return Stream(accounts, ts, self._who(rng, count), asks)

    def _step(self, rng: np.random.Generator, rolls: Random, job: Job, name: str, count: int) -> list[Ask]:
        family, kind = _JOBS[job]
        wordings = [named(word(rolls, family, in_system=0.3), name) for _ in range(self.templates)]
        return worded(rolls, wordings, tasks.pile(rolls, kind, count), between(rng, 10, 200))

    def _chat(self, rng: np.random.Generator, span: Span, accounts: list[register.Account]) -> Stream:
        users = max(4, self.total(span) // max(1, round(3 * span.days)))
        rates = rng.lognormal(-0.3, 0.8, users) * self.accounts * self.rate / users
        seats = arrivals.sittings(rng, rates, np.full(users, zone(rng), dtype=np.int64), span, turns=3.0)
        system = speech(dice(rng), families.ASSISTANT).replace("<name>", names.word(dice(rng)))
        order = np.argsort(seats.ts, kind="stable")
        who = np.empty(len(seats), dtype=np.int64)
        who[order] = self._who(rng, len(seats))
        return Stream(accounts, seats.ts, who, said(rng, seats, users, system))


def _moving(rng: np.random.Generator, accounts: list[register.Account], egress: Egress) -> list[register.Account]:
    """The accounts without a room of their own."""
    rooms = {a.where for a in accounts}
    if egress == "any_room":
        hosts = tuple(sorted(h for room in rooms for h in room.addresses))
        return [replace(a, where=a.where._replace(addresses=hosts)) for a in accounts]
    exits = places.rented(int(rng.integers(1 << 20)), whole(rng, 6, 40))
    return [replace(a, where=exits) for a in accounts]


def _job(rng: np.random.Generator) -> Job:
    weights = np.array([OFTEN.get(job, 3) for job in JOBS], dtype=np.float64)
    return JOBS[int(rng.choice(len(JOBS), p=weights / weights.sum()))]


def pooled(rng: np.random.Generator, span: Span, count: int, marks: Marks, fresh: bool) -> list[register.Account]:
    """Accounts of a firm that never declared itself but hides nothing on purpose."""
    where = places.clouds(rng, marks.rooms, whole(rng, 1, 8))
    payer, domain = register.token(rng, "card"), register.token(rng, "dom")
    libraries = [clients.client(rng) for _ in range(1 if marks.one_client else max(2, marks.rooms))]
    accounts = [
        replace(
            a,
            where=where[n % marks.rooms],
            payment=payer if marks.one_payer else a.payment,
            domain=domain if marks.one_domain else a.domain,
            client=libraries[n % len(libraries)],
            plan="team",
            verified=bool(rng.random() < 0.3),
        )
        for n, a in enumerate(register.people(rng, count, span.start, 250.0))
    ]
    if not fresh:
        return accounts
    newest = count // 2
    return accounts[newest:] + opened_together(rng, accounts[:newest], span, float(rng.uniform(0.5, 6)), 8.0)
