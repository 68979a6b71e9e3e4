"""Null months: whole made-up weeks in a row under the shipped budget rule, compared with weeks that they do not hold.

A month is 30 days: four weeks and two days of a fifth, each another world. The groups of a world come to the gate in
the order of ``epochs`` drawn at random: *when* groups of other worlds were compared, as seen in worlds that were played
for it. What is not as in a log: a group's time does not go with its score, who sent most is not known (it matters
only where the budget does not reach), nothing of one week lives on in the next, so that every week brings new groups
where an installation compares its old ones once, and the brakes that can only hold an alarm back are off. All but the
first make more alarms, not fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from experiments.null_months.gathered import Floats, Groups, Ints
from stillwatch.campaigns.state import SINGLE_SHARE
from stillwatch.config.schema import Settings
from stillwatch.evidence import conformal
from stillwatch.evidence.budget import HOURS_PER_MONTH, Budget

EPOCH_HOURS = 6
WEEK = 7 * 24 // EPOCH_HOURS
MONTH = HOURS_PER_MONTH // EPOCH_HOURS
WEEKS = -(-MONTH // WEEK)


@dataclass(frozen=True)
class Month:
    """A month played: how many groups were compared, what was spent on them, which worlds alarmed (once per alarm)."""

    compared: int
    spent: float
    alarms: tuple[int, ...]


@dataclass(frozen=True)
class Played:
    """Months against one calibration half that holds so many ``scores``."""

    scores: int
    months: tuple[Month, ...]


def p_values(scores: Floats, calibration: Floats) -> Floats:
    """``conformal.p_value`` of many scores."""
    order = np.sort(calibration)
    result: Floats = (1 + len(order) - np.searchsorted(order, scores, "left")) / (len(order) + 1)
    return result


def compared(groups: Groups, calibration: Groups) -> tuple[Floats, Floats]:
    """The p-value of each group among those that were found as it was, and the smallest that it could have."""
    p, floors = np.ones(len(groups)), np.ones(len(groups))
    for by_work in (False, True):
        mine, among = groups.by_work == by_work, calibration.found(by_work).score
        p[mine], floors[mine] = p_values(groups.score[mine], among), conformal.floor(len(among))
    return p, floors


def budget() -> Budget:
    """What an installation has for groups by default."""
    return Budget.monthly(Settings().budget_cohort * (1 - SINGLE_SHARE), EPOCH_HOURS)


def levels(epochs: Ints, of: Budget, floors: Floats, length: int = MONTH) -> list[float]:
    """The level each group holds at the end of ``length`` epochs; group i is compared in ``epochs[i]``, ascending."""
    held: list[float] = []
    for epoch in range(length):
        of.accrue()
        held += [0.0] * int(np.count_nonzero(epochs == epoch))
        held = of.even_out(held, floors[: len(held)].tolist(), [1.0] * len(held))
    return held


def play(groups: Groups, calibration: Groups, epochs: Ints, rng: np.random.Generator) -> Month:
    """A month of the first ``WEEKS`` worlds that chance names; ``epochs``: times within a week to draw from."""
    weeks = [np.flatnonzero(groups.world == world) for world in rng.permutation(groups.worlds)[:WEEKS]]
    times = np.concatenate([place * WEEK + rng.choice(epochs, len(week)) for place, week in enumerate(weeks)])
    order = np.argsort(times, kind="stable")
    order = order[times[order] < MONTH]
    month = groups.where(np.concatenate(weeks)[order])
    p, floors = compared(month, calibration)
    found = budget()
    alarmed = p <= np.array(levels(times[order], found, floors))
    return Month(len(order), found.spent, tuple(month.world[alarmed].tolist()))


def halves(
    groups: Groups, calibrating: int, epochs: Ints, splits: int, rng: np.random.Generator, most: int = 4
) -> Iterator[Played]:
    """Split the worlds again and again: ``calibrating`` to compare with, the others in ``most`` months at most."""
    for _ in range(splits):
        order = rng.permutation(groups.worlds)
        calibration = groups.within(order[:calibrating])
        rest = order[calibrating:]
        months = min(most, len(rest) // WEEKS)
        weeks = [groups.within(rest[i * WEEKS : (i + 1) * WEEKS]) for i in range(months)]
        yield Played(len(calibration), tuple(play(week, calibration, epochs, rng) for week in weeks))
