"""T2: what members ask next is told better by the group's common mean than by habits of their own.

Null (independence, with habits): each account keeps to an own mean. That mean was drawn from the habits of comparable
outside accounts, those nearest to the group, or from those of everybody, whichever tells the account's next messages
better; and what the account sent before the proposal has told of it. So that members were *found* because they were
alike is accounted for: the null's forecast starts from the very same past. The bet is the density of a member's later
mean as forecast from the past of the others, over its density as forecast under the null, clipped; one factor for
each member, given the past independent under the null. It is made once per group.

The null is a normal model, means of several messages are nearly normal, and one direction in which accounts are all
alike cannot pay. Messages of one sitting resemble each other, so that means vary more than assumed: that punishes the
sharper forecast, which is the bet's.

Sees: one pool of prompts behind many accounts, each of which tells little by itself; needs no repeats and no wrapper.
Misses: lists with a theme to each account, cover above about half of the first messages, and a piece of a pool whose
other pieces are the comparable outsiders. Mistakes: everything with one source of prompts (a product, a class, a firm's
job), and people of one taste who stand apart from everybody else, so that nobody comparable is outside the group: there
the mean is above 1 by far. So passing says "one pool of prompts", never "one operator"; the cohort gate tells. Evading
it costs a steady theme of its own for every account, kept for days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_TEXTS, LEAST_MEMBERS = 4.0, 5
"""Later messages a member must have sent to be tested, and members that must have."""
NEAREST, FEWEST = 12, 10
"""Outside accounts whose habits the null forecasts from, and how few will do."""
SLACK = 0.2
"""Share of the habits' spread that members of one pool may differ by: cover traffic and chance."""
KEPT = 0.3
"""Share of the stake on a member that is not bet."""
MOST = float(np.log(10.0))


@dataclass(frozen=True)
class Means:
    """Means of n accounts' messages at ``place`` (n, d), in units in which one message varies by 1, of ``texts``."""

    place: Floats
    texts: Floats


@dataclass(frozen=True)
class Habits:
    """Where true means of accounts lie: normal along each direction, shape (d,)."""

    centre: Floats
    spread: Floats


def comparable(members: Means, outside: Means, spread: Floats) -> Habits | None:
    """Habits of the outside accounts nearest to the members; ``None`` where there are too few to tell."""
    if len(outside.texts) < FEWEST:
        return None
    middle = np.average(members.place, axis=0, weights=members.texts)
    variance = 1.0 / outside.texts[:, None] + SLACK * spread
    distance = ((outside.place - middle) ** 2 / variance + np.log(variance)).sum(axis=1)
    near = np.argsort(distance, kind="stable")[:NEAREST]
    place, chance = outside.place[near], float(np.mean(1.0 / outside.texts[near]))
    return Habits(place.mean(axis=0), np.maximum(place.var(axis=0) - chance, SLACK * spread))


def log_e(past: Means, later: Means, near: Habits | None, spread: Floats) -> float:
    """Log e-value of one group: members' means before and after its proposal, ``near`` = comparable habits.

    ``spread``: of everybody's habits, whose centre is the origin.
    """
    tested = later.texts >= LEAST_TEXTS
    if near is None or int(tested.sum()) < LEAST_MEMBERS:
        return 0.0
    total = past.texts.sum()
    others = (total - past.texts)[:, None]
    middle = ((past.texts[:, None] * past.place).sum(axis=0) - past.texts[:, None] * past.place) / others
    shared = _log_density(past, later, middle, SLACK * spread + 1.0 / others)
    everybody = Habits(np.zeros_like(spread), spread)
    own = np.maximum(*(_log_density(past, later, h.centre, h.spread) for h in (near, everybody)))
    gain = np.minimum(np.logaddexp(np.log(KEPT), np.log1p(-KEPT) + shared - own), MOST)
    return float(gain[tested].sum())


def likely(members: Means, near: Habits | None, spread: Floats) -> NDArray[np.bool_]:
    """Which members are likelier dealt from the common pool than in the habits of comparable others or of everybody.

    Arguments as of ``log_e``; shape (n,). Says who fits, and tests nothing: the members were found because they fit.
    """
    chance = 1.0 / members.texts[:, None]
    # The median member, because a few members with other work must not move the pool.
    pooled = _log_normal(members.place - np.median(members.place, axis=0), chance + SLACK * spread)
    habits = [Habits(np.zeros_like(spread), spread), *([] if near is None else [near])]
    own = np.max([_log_normal(members.place - h.centre, chance + h.spread) for h in habits], axis=0)
    fits: NDArray[np.bool_] = pooled > own
    return fits


def _log_density(past: Means, later: Means, centre: Floats, spread: Floats) -> Floats:
    """Log density of each later mean, the true one being normal around ``centre`` and updated by the account's past."""
    precision = 1.0 / spread + past.texts[:, None]
    mean = (centre / spread + past.texts[:, None] * past.place) / precision
    return _log_normal(later.place - mean, 1.0 / precision + 1.0 / np.maximum(later.texts[:, None], 1e-9))


def _log_normal(distance: Floats, variance: Floats) -> Floats:
    """Log density, but for a constant, of independent normal directions; arguments of shape (n, d), result (n,)."""
    density: Floats = -0.5 * (distance**2 / variance + np.log(variance)).sum(axis=1)
    return density
