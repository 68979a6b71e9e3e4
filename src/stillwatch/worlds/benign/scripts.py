"""One person's program each: cron jobs, little bots, one-off lists, monitors.

Shares with a harvest: fixed wording, flat or clockwork hours, step-by-step phrases, rented rotating addresses, long
lists of distinct items. Differs by: every program is alone; its wording, its items and its account belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from stillwatch.worlds import arrivals, places, register
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, chats, families, tasks
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.wording import Family, Wording, word

_JOBS: tuple[tuple[Family, tasks.TaskKind], ...] = (
    (families.LABEL, "message"),
    (families.EXTRACT, "document"),
    (families.SUMMARISE, "document"),
    (families.TRANSLATE, "document"),
    (families.STEPWISE, "exam"),
    (families.STEPWISE, "message"),
    (families.RUBRIC, "pair"),
    (families.ASSISTANT, "request"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """``rented`` is the share on rotating household exits, ``bare`` the share without any wording around the item."""

    kind: ClassVar[str] = "scripts"
    grouped: ClassVar[bool] = False
    operator: ClassVar[bool] = False
    settled: ClassVar[float] = 0.0
    accounts: int
    rate: float
    rented: float = 0.1
    bare: float = 0.2

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 4, 80),
            rate=between(rng, 4.0, 150.0),
            rented=float(rng.uniform(0.0, 0.3)),
            bare=float(rng.uniform(0.0, 0.4)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        streams = [self._script(rng, span) for _ in range(self.accounts)]
        return Part([a for s in streams for a in s.accounts], streams)

    def _script(self, rng: np.random.Generator, span: Span) -> Stream:
        account = register.person(rng, span.start)
        if rng.random() < self.rented:
            pool = places.rented(int(rng.integers(12)), 400, land=account.country)
            account = replace(account, where=pool)
        elif rng.random() < 0.4:
            account = replace(account, where=places.clouds(rng, 1, 1)[0])
        count = int(rng.poisson(self.rate * span.days * rng.lognormal(-0.3, 0.77)))
        ts = _times(rng, span, count)
        return Stream([account], ts, np.zeros(len(ts), dtype=np.int64), _asks(dice(rng), len(ts), self.bare))


def _times(rng: np.random.Generator, span: Span, count: int) -> npt.NDArray[np.int64]:
    """A queue, a stream of events, a burst or a cron job."""
    style = rng.random()
    if style < 0.25 and span.days >= 1 and count:
        hours = tuple(sorted(rng.choice(24, size=int(rng.integers(1, 5)), replace=False).tolist()))
        size = max(1, round(count / (span.days * len(hours))))
        return arrivals.cron(rng, span, int(rng.integers(60)), hours, size, float(rng.uniform(1, 20)))
    if style < 0.4:
        first = float(rng.uniform(0.0, 0.8))
        return arrivals.stream(rng, count, span.part(first, first + float(rng.uniform(0.02, 0.2))), "bursty")
    kind: arrivals.Rhythm = ("steady", "poisson", "bursty")[int(rng.integers(3))]
    hours_kind: arrivals.Hours = ("flat", "flat", "waking", "office")[int(rng.integers(4))]
    return arrivals.stream(rng, count, span, kind, arrivals.week(hours_kind, int(rng.integers(-8, 11))), 1.5)


def _asks(rolls: Random, count: int, bare: float) -> list[Ask]:
    family, kind = one(rolls, _JOBS)
    language = "en" if rolls.random() < 0.75 else one(rolls, ("de", "es", "fr", "pt", "zh", "ja", "hi"))
    wording = Wording("", "") if rolls.random() < bare else word(rolls, family, in_system=0.35)
    length = 5 + 120 * rolls.random()
    system = wording.system.replace("<name>", "Robin")
    if rolls.random() < 0.1:  # a list of free questions, asked once each
        manner = chats.persona(rolls, language)
        return [chats.single(rolls, manner, system) for _ in range(count)]
    pile = tasks.pile(rolls, kind, max(1, count if rolls.random() < 0.6 else count // 6), language)
    return [
        Ask(wording.around(pile[n % len(pile)]).replace("<name>", "Robin"), answers.answer(rolls, length), system)
        for n in range(count)
    ]
