"""Refused requests and what their senders do next.

A small share of all requests meets the rate limit; with the keyed coin switched on, a further share is shed at random.
A refused request is sent again after a pause: by an SDK on the same account, by a dispatcher on a sibling account, or
not at all. Whatever is sent again can be refused again, up to ``_ROUNDS`` times.

Contract: pure function of its arguments; returns one entry per request that reaches the provider, in no special order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.worlds.span import SECOND
from stillwatch.worlds.stream import OnRefusal

_ROUNDS = 4
_TRIES = 6
_NEARBY = 100
SERVED, LIMITED, SHED = 0, 1, 2
ERROR_TYPES: tuple[str | None, ...] = (None, "rate_limit_exceeded", "shed_experiment")

Ints = npt.NDArray[np.int64]


class Sent(NamedTuple):
    """Requests as they arrive: ``row`` points at the wanted request, ``outcome`` is SERVED, LIMITED or SHED."""

    row: Ints
    ts: Ints
    who: Ints
    outcome: Ints


class Chances(NamedTuple):
    """How likely a request is refused."""

    limited: float
    shed: float


def _siblings(rng: np.random.Generator, ts: Ints, who: Ints, sent: Ints, senders: Ints) -> Ints:
    """For each refused request another account that was at work shortly before; a lone account stays itself."""
    order = np.argsort(sent, kind="stable")
    position = np.searchsorted(sent[order], ts)
    chosen = who.copy()
    for _ in range(_TRIES):
        same = chosen == who
        back = rng.integers(1, _NEARBY, size=int(same.sum()))
        chosen[same] = senders[order[np.maximum(position[same] - back, 0)]]
    return chosen


def send(rng: np.random.Generator, ts: Ints, who: Ints, chances: Chances, on_refusal: OnRefusal) -> Sent:
    """Let every wanted request reach the provider, be refused or served, and be sent again."""
    sent, senders = ts, who
    rounds: list[Sent] = []
    row = np.arange(len(ts), dtype=np.int64)
    for _ in range(_ROUNDS):
        draw = rng.random(len(row))
        outcome = np.where(draw < chances.shed, SHED, np.where(draw < chances.shed + chances.limited, LIMITED, SERVED))
        rounds.append(Sent(row, ts, who, outcome.astype(np.int64)))
        again = outcome != SERVED
        if on_refusal == "drop" or not again.any():
            break
        row, ts, who = row[again], ts[again], who[again]
        ts = ts + (rng.lognormal(np.log(2.5), 0.7, len(ts)) * SECOND).astype(np.int64)
        if on_refusal == "sibling":
            who = _siblings(rng, ts, who, sent, senders)
    return Sent(*(np.concatenate(column) for column in zip(*rounds, strict=True)))
