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


def _sibling(rng: np.random.Generator, who: Ints, active: Ints) -> Ints:
    """Another active account; a lone account stays itself."""
    if len(active) < 2:
        return who
    shift = rng.integers(1, len(active), size=len(who))
    found: Ints = active[(np.searchsorted(active, who) + shift) % len(active)]
    return found


def send(rng: np.random.Generator, ts: Ints, who: Ints, chances: Chances, on_refusal: OnRefusal) -> Sent:
    """Let every wanted request reach the provider, be refused or served, and be sent again."""
    active = np.unique(who)
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
            who = _sibling(rng, who, active)
    return Sent(*(np.concatenate(column) for column in zip(*rounds, strict=True)))
