"""When requests arrive: rhythms (how regular) warped onto profiles of the week (how busy each hour is).

Every process is drawn in two steps. A *rhythm* places points on the unit interval of operating time; a *profile* of
168 hourly weights bends that interval onto the calendar. So a steady queue that only runs in office hours, or a human
crowd with a service's bursts, needs no code of its own. Reads nothing, writes nothing; all times are UTC microseconds.

Deliberately not modelled: queueing at the provider. A request is placed where its sender meant to send it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from stillwatch.worlds.span import DAY, HOUR, MINUTE, SECOND, Span

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Rhythm = Literal["steady", "poisson", "bursty"]
Hours = Literal["flat", "waking", "office", "evening"]

_DAY_SHAPES: dict[str, tuple[float, ...]] = {
    "flat": (1.0,) * 24,
    "waking": (3, 1.5, 0.8, 0.5, 0.5, 1, 3, 6, 9, 11, 12, 12, 11, 11, 12, 12, 12, 11, 11, 12, 13, 12, 9, 6),
    "office": (0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 1.5, 5, 11, 14, 14, 12, 8, 12, 14, 13, 11, 7, 3, 1.5, 1, 0.6, 0.3, 0.2),
    "evening": (4, 2, 1, 0.5, 0.4, 0.5, 1, 2, 2, 2, 2, 3, 4, 3, 3, 3, 5, 8, 11, 13, 14, 14, 12, 8),
}
_WEEKEND: dict[str, float] = {"flat": 1.0, "waking": 0.8, "office": 0.08, "evening": 1.25}


def week(hours: Hours, zone: int = 0) -> Floats:
    """168 hourly weights from Monday 00:00 UTC for people who live ``zone`` hours east of UTC."""
    shape = np.asarray(_DAY_SHAPES[hours], dtype=np.float64)
    days = np.tile(shape, (7, 1))
    days[5:] *= _WEEKEND[hours]
    turned: Floats = np.roll(days.ravel(), -zone)
    return turned


def warp(unit: Floats, weights: Floats, span: Span) -> Ints:
    """Place points of the unit interval on the calendar so that hour h receives them in proportion to its weight."""
    edges = np.arange(span.start, span.end, HOUR, dtype=np.int64)
    # 1970-01-01 was a Thursday: hour 72 of a week that starts on Monday.
    rates = weights[(edges // HOUR + 72) % 168]
    stops = np.append(edges, span.end)
    mass = np.concatenate(([0.0], np.cumsum(rates * np.diff(stops))))
    inside = np.clip(unit, 0.0, 1.0)
    offsets: Floats = np.interp(inside * mass[-1], mass, (stops - span.start).astype(np.float64))
    return offsets.astype(np.int64) + span.start


def rhythm(rng: np.random.Generator, count: int, kind: Rhythm, jitter: float = 1.0) -> Floats:
    """``count`` sorted points of the unit interval.

    steady: one point per slot, displaced by ``jitter`` slots (standard deviation); poisson: uniform order statistics;
    bursty: a gamma-modulated rate over about one segment per 40 points, larger ``jitter`` meaning wilder swings.
    """
    if count == 0:
        return np.empty(0)
    if kind == "steady":
        slots = (np.arange(count) + rng.random()) / count
        return np.sort(np.mod(slots + rng.normal(0.0, jitter / count, count), 1.0))
    if kind == "poisson":
        return np.sort(rng.random(count))
    segments = max(8, count // 40)
    share = rng.gamma(1.0 / max(jitter, 0.05), 1.0, segments) + 1e-9
    edges = np.concatenate(([0.0], np.cumsum(share / share.sum())))
    return np.sort(np.interp(rng.random(count), edges, np.linspace(0.0, 1.0, segments + 1)))


def stream(
    rng: np.random.Generator, count: int, span: Span, kind: Rhythm, weights: Floats | None = None, jitter: float = 1.0
) -> Ints:
    """Sorted arrival times of one stream of ``count`` requests."""
    return warp(rhythm(rng, count, kind, jitter), week("flat") if weights is None else weights, span)


class Sittings:
    """Requests of people who sit down, ask a few things in a row and leave; rows are ordered by person and time.

    ``who`` is the person, ``sitting`` a running number of the conversation, ``turn`` counts from 0 within it.
    """

    __slots__ = ("sitting", "ts", "turn", "who")

    def __init__(self, ts: Ints, who: Ints, sitting: Ints, turn: Ints) -> None:
        self.ts, self.who, self.sitting, self.turn = ts, who, sitting, turn

    def __len__(self) -> int:
        return len(self.ts)

    def within(self, first: Ints, last: Ints) -> Sittings:
        """Only the sittings that begin at or after ``first`` and end before ``last`` of their person."""
        begins = np.flatnonzero(self.turn == 0)
        lengths = np.diff(begins, append=len(self))
        ends = self.ts[begins + lengths - 1]
        owner = self.who[begins]
        keep = np.repeat((self.ts[begins] >= first[owner]) & (ends < last[owner]), lengths)
        return Sittings(self.ts[keep], self.who[keep], self.sitting[keep], self.turn[keep])


def sittings(
    rng: np.random.Generator,
    rates: Floats,
    zones: Ints,
    span: Span,
    hours: Hours = "waking",
    turns: float = 2.5,
    pause: float = 90.0,
) -> Sittings:
    """Draw sittings for people with daily ``rates``; ``turns`` is the mean length, ``pause`` the median gap (s)."""
    visits = rng.poisson(np.maximum(rates * span.days / turns, 0.0))
    who = np.repeat(np.arange(len(rates), dtype=np.int64), visits)
    starts = np.empty(len(who), dtype=np.int64)
    for zone in np.unique(zones):
        mine = zones[who] == zone
        starts[mine] = warp(rng.random(int(mine.sum())), week(hours, int(zone)), span)
    order = np.lexsort((starts, who))
    lengths = rng.geometric(1.0 / turns, len(who))
    owner = np.repeat(who[order], lengths)
    sitting = np.repeat(np.arange(len(who), dtype=np.int64), lengths)
    firsts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    turn = np.arange(len(owner), dtype=np.int64) - firsts
    gaps = (rng.lognormal(np.log(pause), 0.9, len(owner)) * SECOND).astype(np.int64)
    gaps[turn == 0] = 0
    total = np.cumsum(gaps)
    ts = np.repeat(starts[order], lengths) + total - total[firsts] if len(owner) else total
    return Sittings(ts, owner, sitting, turn)


def cron(rng: np.random.Generator, span: Span, minute: int, hours: tuple[int, ...], size: int, spread: float) -> Ints:
    """``size`` requests at each of the given UTC hours and minute, ``spread`` seconds apart on average."""
    first_day = span.start // DAY * DAY
    ticks = [day + h * HOUR + minute * MINUTE for day in range(first_day, span.end, DAY) for h in hours]
    base = np.asarray([t for t in ticks if span.start <= t < span.end], dtype=np.int64)
    steps = np.cumsum(rng.exponential(spread, (len(base), size)), axis=1) * SECOND
    return (base[:, None] + steps.astype(np.int64)).ravel()
