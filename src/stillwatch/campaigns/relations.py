"""How listed groups relate to one another at the end of the log that was read; no group is ever merged by it.

*Shared infrastructure*: accounts of both groups come from the same rare address ranges, clients or means of payment,
more of them than if the other group's accounts were any accounts of the log. Fisher's exact test: of the accounts
outside a group some hold a rare value of it; how many of the other group's accounts are among these? Asked from both
sides, the weaker answer counts; over all pairs of listed groups together at most one in a hundred logs of unrelated
groups shows a pair.

*Predecessor*: an earlier group whose accounts had stopped when those of this one began, and whose machinery this one
uses. It is told of the later group only, so nothing that was dated before the successor was found changes with it.

Deliberately not done: relating groups to accounts judged alone, or across tenants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from stillwatch.campaigns.growth import SAME_MACHINERY
from stillwatch.campaigns.links.link import Ground
from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.groups.activity import HANDOVER_US, Activity, endings
from stillwatch.groups.infrastructure import Networks
from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import NEVER, Identities

RARE = 0.05
"""A value that a larger share of all accounts holds is no infrastructure of anybody's own."""
ERROR = 0.01
"""Chance of telling of any shared infrastructure in a log whose groups are unrelated."""
LEAST_SHARED = 2
"""Accounts of each group that must hold values of the other."""
STOPPED = 0.8
"""Share of the earlier group's accounts that had stopped, and of the later group's that had not begun before."""


@dataclass(frozen=True)
class Relations:
    """By campaign id: other campaigns with the same rare infrastructure, ascending, and the campaign before."""

    shared: Mapping[str, list[str]] = field(default_factory=dict)
    predecessor: Mapping[str, str] = field(default_factory=dict)
    victims: Mapping[str, list[int]] = field(default_factory=dict)
    """Accounts by campaign id whose owner is a victim."""

    def role(self, campaign_id: str, account: int) -> str:
        return "compromised" if account in self.victims.get(campaign_id, ()) else "member"


UNRELATED = Relations()
"""Where nothing is known of relations."""


def relate(listed: Sequence[Standing], ground: Ground) -> Relations:
    """Relations between the listed groups."""
    shared: dict[str, list[str]] = {}
    members = [np.array(shown_members(s), dtype=np.int32) for s in listed]
    for i, j in sharing(members, ground.identities, ground.networks):
        shared.setdefault(listed[i].campaign_id, []).append(listed[j].campaign_id)
        shared.setdefault(listed[j].campaign_id, []).append(listed[i].campaign_id)
    before = (
        {} if ground.seen is None else {s.campaign_id: predecessor(s, listed, ground.seen.activity) for s in listed}
    )
    return Relations(
        {name: sorted(others) for name, others in shared.items()},
        {name: earlier.campaign_id for name, earlier in before.items() if earlier is not None},
        {} if ground.seen is None else ground.seen.victims,
    )


def sharing(members: Sequence[Codes], identities: Identities, networks: Networks) -> list[tuple[int, int]]:
    """Pairs of positions in ``members`` (i < j) of groups that share rare infrastructure."""
    kinds = [_ByValue.of(value, account) for value, account in _holdings(identities, networks)]
    pairs = len(members) * (len(members) - 1) // 2
    level = np.log(ERROR / max(pairs * len(kinds), 1))
    passed = [_conspicuous(members, kind, identities, level) for kind in kinds]
    return sorted({(i, j) for each in passed for i, j in each if i < j and (j, i) in each})


@dataclass(frozen=True)
class _ByValue:
    """Holdings of one kind, sorted by value (``starts[v]:starts[v + 1]``) and by account (``starts_of``)."""

    account: Codes
    starts: Ints
    value_of: Ints
    starts_of: Ints

    @staticmethod
    def of(value: Ints, account: Codes) -> _ByValue:
        _, value = np.unique(value, return_inverse=True)
        by_value, by_account = np.argsort(value, kind="stable"), np.argsort(account, kind="stable")
        return _ByValue(
            account[by_value],
            np.searchsorted(value[by_value], np.arange(int(value.max(initial=-1)) + 2)),
            value[by_account],
            np.searchsorted(account[by_account], np.arange(int(account.max(initial=-1)) + 2)),
        )

    def rare_holders(self, members: Codes, most: float) -> Codes:
        """Accounts that hold a value of the members which at most so many hold."""
        known = members[members < len(self.starts_of) - 1]
        values = np.unique(self.value_of[_spans(self.starts_of, known)])
        rare = values[self.starts[values + 1] - self.starts[values] <= most]
        return np.unique(self.account[_spans(self.starts, rare)])


def _holdings(identities: Identities, networks: Networks) -> Iterator[tuple[Ints, Codes]]:
    """(value, account) pairs of each kind of infrastructure."""
    paid = np.flatnonzero(identities.payment >= 0).astype(np.int32)
    yield identities.payment[paid].astype(np.int64), paid
    yield networks.nets.key, networks.nets.account
    yield networks.agents.key, networks.agents.account


def _conspicuous(
    members: Sequence[Codes], kind: _ByValue, identities: Identities, level: float
) -> set[tuple[int, int]]:
    """(i, j): more accounts of j hold rare values of i than by chance; linear in the holders of such values."""
    account = np.concatenate([*members, np.zeros(0, np.int32)])
    group = np.repeat(np.arange(len(members)), [len(m) for m in members])
    order = np.argsort(account, kind="stable")
    group, starts = group[order], np.searchsorted(account[order], np.arange(len(identities.tenant) + 1))
    found = set()
    for i, mine in enumerate(members):
        if not len(mine):
            continue
        peers = int((identities.tenant == identities.tenant[mine[0]]).sum())
        outside = np.setdiff1d(kind.rare_holders(mine, RARE * peers), mine)
        common = np.bincount(group[_spans(starts, outside)], minlength=len(members))
        overlap = np.bincount(group[_spans(starts, mine)], minlength=len(members))
        for j in np.flatnonzero(common >= LEAST_SHARED).tolist():
            size = len(members[j]) - int(overlap[j])
            if _log_tail(int(common[j]), peers - len(mine), len(outside), size) <= level:
                found.add((i, j))
    return found


def _spans(starts: Ints, rows: Ints | Codes) -> Ints:
    """All positions of the given rows of a table in which row r lies at ``starts[r]:starts[r + 1]``."""
    sizes = starts[rows + 1] - starts[rows]
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    positions: Ints = np.repeat(starts[rows], sizes) + offset
    return positions


def _log_tail(seen: int, population: int, marked: int, drawn: int) -> float:
    """Log chance that at least ``seen`` of ``drawn`` accounts out of ``population`` are among the ``marked``."""
    k = np.arange(seen, min(marked, drawn) + 1)
    logs = _log_choose(marked, k) + _log_choose(population - marked, drawn - k) - _log_choose(population, drawn)
    return min(float(logsumexp(logs)), 0.0)


def _log_choose(n: int, k: Ints | int) -> NDArray[np.float64]:
    chosen = np.asarray(k, dtype=np.float64)
    possible = (chosen >= 0) & (chosen <= n)
    kept = np.where(possible, chosen, 0.0)
    return np.where(possible, gammaln(n + 1) - gammaln(kept + 1) - gammaln(n - kept + 1), -np.inf)


def predecessor(standing: Standing, listed: Sequence[Standing], activity: Activity) -> Standing | None:
    """The campaign whose machinery this one took up after its accounts had stopped; the latest one to stop."""
    candidates = [
        (stopped, other.campaign_id, other)
        for other in listed
        if other.lineage.proposed_us < standing.lineage.proposed_us
        and _same_machinery(standing.lineage.keys, other.lineage.keys)
        and (stopped := _stopped_before(standing, other, activity)) is not None
    ]
    return max(candidates, key=lambda c: c[:2])[2] if candidates else None


def _same_machinery(keys: Ints, earlier: Ints) -> bool:
    common = len(np.intersect1d(keys, earlier, assume_unique=True))
    return common > 0 and common >= SAME_MACHINERY * min(len(keys), len(earlier))


def _stopped_before(standing: Standing, other: Standing, activity: Activity) -> int | None:
    """When most accounts of ``other`` had stopped, if most of this group's accounts began only then."""
    theirs, mine = np.array(shown_members(other)), np.array(shown_members(standing))
    if not len(theirs) or not len(mine):
        return None
    ended = endings(activity.first_us, activity.last_us)[theirs]
    if (ended != NEVER).mean() < STOPPED:
        return None
    stopped = int(np.quantile(activity.last_us[theirs], STOPPED, method="higher"))
    began = activity.first_us[mine] >= stopped - HANDOVER_US
    return stopped if began.mean() >= STOPPED else None
