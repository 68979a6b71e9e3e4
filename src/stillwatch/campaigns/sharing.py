"""Which groups share rare infrastructure: address ranges, clients, means of payment.

Fisher's exact test: of the accounts outside a group some hold a rare value of it; how many of another group's accounts
are among these, if those were any accounts of the log? Asked from both sides, the weaker answer counts. Over all pairs
of groups and kinds together at most one log of unrelated groups in a hundred shows a pair.

Contract: pure functions of arrays; cost is linear in the holders of the groups' rare values, never in pairs of groups.
Sharing is not the same hand: two operators can rent from one seller. Tenants are never compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from stillwatch.groups.infrastructure import Networks
from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import Identities

RARE = 0.05
"""A value that a larger share of all accounts holds is no infrastructure of anybody's own."""
ERROR = 0.01
"""Chance of telling of any shared infrastructure in a log whose groups are unrelated."""
LEAST_SHARED = 2
"""Accounts of each group that must hold values of the other."""


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
            if log_tail(int(common[j]), peers - len(mine), len(outside), size) <= level:
                found.add((i, j))
    return found


def _spans(starts: Ints, rows: Ints | Codes) -> Ints:
    """All positions of the given rows of a table in which row r lies at ``starts[r]:starts[r + 1]``."""
    sizes = starts[rows + 1] - starts[rows]
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    positions: Ints = np.repeat(starts[rows], sizes) + offset
    return positions


def log_tail(seen: int, population: int, marked: int, drawn: int) -> float:
    """Log chance that at least ``seen`` of ``drawn`` accounts out of ``population`` are among the ``marked``."""
    k = np.arange(seen, min(marked, drawn) + 1)
    logs = _log_choose(marked, k) + _log_choose(population - marked, drawn - k) - _log_choose(population, drawn)
    return min(float(logsumexp(logs)), 0.0)


def _log_choose(n: int, k: Ints | int) -> NDArray[np.float64]:
    chosen = np.asarray(k, dtype=np.float64)
    possible = (chosen >= 0) & (chosen <= n)
    kept = np.where(possible, chosen, 0.0)
    return np.where(possible, gammaln(n + 1) - gammaln(kept + 1) - gammaln(n - kept + 1), -np.inf)
