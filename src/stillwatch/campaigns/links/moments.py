"""Links by moments: accounts that began together, and accounts that began when another of the group stopped.

Everybody begins at some time, and among the accounts of a group some are always neighbours in time. So the weight
compares the group with all accounts: it is the log10 of how many times more of the group's other accounts began in the
same stretch of time than of all accounts. If the group had nothing to do with when its accounts began, that ratio would
be 1 on average for each of its accounts; by Markov's inequality it reaches 10^w for one account in 10^w at most. A link
carries the smaller ratio of its two ends. With two clocks (opened by the register, first seen in the log) half the
ratio counts.

Accounts are linked with their neighbours in time only: no more links than accounts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.links.link import LEAST_WEIGHT, Ground, Link
from stillwatch.groups.activity import HANDOVER_US, ONSET_US, beginnings, endings
from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import NEVER

ONSET, SUCCESSION = "onset", "succession"
Floats = NDArray[np.float64]


def onset_links(members: Codes, ground: Ground) -> Iterator[Link]:
    """Neighbours in time that began within ``ONSET_US`` of each other."""
    if not len(members):
        return
    peers = ground.peers(members)
    clocks = [ground.identities.created_us]
    if ground.seen is not None:
        clocks.append(beginnings(ground.seen.activity.first_us, ground.seen.activity.last_us))
    usable = [clock for clock in clocks if (clock[members] != NEVER).sum() >= 2]
    best: dict[tuple[int, int], Link] = {}
    for clock in usable:
        for link in _together(members, peers, clock, float(np.log10(len(usable)))):
            old = best.get((link.a, link.b))
            if old is None or link.weight > old.weight:
                best[link.a, link.b] = link
    yield from best.values()


def _together(members: Codes, peers: Codes, clock: Ints, discount: float) -> Iterator[Link]:
    members, everybody = members[clock[members] != NEVER], np.sort(clock[peers][clock[peers] != NEVER])
    members = members[np.lexsort((members, clock[members]))]
    moment = clock[members]
    near_members = _within(moment, moment - ONSET_US, moment + ONSET_US) - 1
    near = _within(everybody, moment - ONSET_US, moment + ONSET_US)
    ratio = _ratio(near_members, len(members) - 1, near - 1, len(everybody) - 1)
    for i in np.flatnonzero(np.diff(moment) <= ONSET_US).tolist():
        weight = float(np.log10(max(min(ratio[i], ratio[i + 1]), 1e-9))) - discount
        if weight >= LEAST_WEIGHT:
            a, b = sorted((int(members[i]), int(members[i + 1])))
            yield Link(a, b, ONSET, weight, 1, int(max(near[i], near[i + 1])))


def succession_links(members: Codes, ground: Ground) -> Iterator[Link]:
    """Who stopped with the next to begin within ``HANDOVER_US``, and who began with the last to stop before."""
    if ground.seen is None or not len(members):
        return
    first_us, last_us = ground.seen.activity.first_us, ground.seen.activity.last_us
    began, ended = beginnings(first_us, last_us), endings(first_us, last_us)
    peers = ground.peers(members)
    all_starts, all_stops = (np.sort(clock[peers][clock[peers] != NEVER]) for clock in (began, ended))
    starting, stopping = _in_order(members, began), _in_order(members, ended)
    starts, stops = began[starting], ended[stopping]
    followers = _within(all_starts, stops, stops + HANDOVER_US)
    # Who also began is no candidate for beginning after its own end, and the other way round.
    also = (began[stopping] != NEVER).astype(np.int64)
    followed = _ratio(
        _within(starts, stops, stops + HANDOVER_US), len(starts) - also, followers, len(all_starts) - also
    )
    also = (ended[starting] != NEVER).astype(np.int64)
    preceded = _ratio(
        _within(stops, starts - HANDOVER_US, starts),
        len(stops) - also,
        _within(all_stops, starts - HANDOVER_US, starts),
        len(all_stops) - also,
    )
    for i, j in sorted(_handovers(stops, starts)):
        weight = float(np.log10(max(min(followed[i], preceded[j]), 1e-9)))
        a, b = sorted((int(stopping[i]), int(starting[j])))
        if weight >= LEAST_WEIGHT and a != b:
            yield Link(a, b, SUCCESSION, weight, 1, int(followers[i]))


def _handovers(stops: Ints, starts: Ints) -> set[tuple[int, int]]:
    """(stop, start) positions: the next start after each stop and the last stop before each start, in time."""
    after = np.searchsorted(starts, stops, "left")
    before = np.searchsorted(stops, starts, "right") - 1
    pairs = {(i, int(j)) for i, j in enumerate(after) if j < len(starts)}
    pairs |= {(int(i), j) for j, i in enumerate(before) if i >= 0}
    return {(i, j) for i, j in pairs if starts[j] - stops[i] <= HANDOVER_US}


def _in_order(members: Codes, clock: Ints) -> Codes:
    known = members[clock[members] != NEVER]
    ordered: Codes = known[np.lexsort((known, clock[known]))]
    return ordered


def _within(times: Ints, low: Ints, high: Ints) -> Ints:
    """How many of the ascending ``times`` lie in each [low, high]."""
    return np.searchsorted(times, high, "right") - np.searchsorted(times, low, "left")


def _ratio(inside: Ints, members: Ints | int, within: Ints, everybody: Ints | int) -> Floats:
    """Share of the group in an interval over the share of all accounts in it; 0 where nobody is."""
    expected = np.asarray(members) * within / np.maximum(everybody, 1)
    ratio: Floats = np.divide(inside, expected, out=np.zeros(len(inside)), where=expected > 0)
    return ratio
