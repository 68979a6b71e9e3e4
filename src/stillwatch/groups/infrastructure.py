"""Ties between accounts through payment, organisation, mail domain, network and client, weighed by rarity.

A value ties the accounts of a group only as far as it is *theirs*: a VPN range, a carrier network or a popular client
is held by many accounts outside the group and weighs nothing; nothing is dropped by a cap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.groups.templates import Pairs, merge
from stillwatch.model.frame import Codes, Frame, Ints
from stillwatch.model.identity import Identities

OWN_SHARE = 0.34
"""A value ties accounts of a group when at least this share of all its holders is in the group."""
KINDS = ("payment", "org", "domain", "network", "client")


OPEN_KINDS = ("org", "domain", "client")
"""Marks that a group shows to everybody, in contrast to a card or an address that only the provider sees."""


FEW_RANGES, REQUESTS_PER_RANGE = 3, 2
"""An account at home came from so few ranges, and so often from each on average."""
_PIECE = 1 << 20
"""Requests that are put together at a time."""


@dataclass
class Networks:
    """Which account was seen from which address range and with which client, within the window.

    ``requests``: requests by account code, from the beginning on.
    """

    window: int
    requests: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    nets: Pairs = field(default_factory=Pairs.empty)
    agents: Pairs = field(default_factory=Pairs.empty)

    def observe(self, frame: Frame, epoch: int) -> None:
        """Take in one epoch."""
        seen = Networks(self.window)
        seen.take(frame, epoch)
        self.add(seen, epoch)

    def take(self, frame: Frame, epoch: int) -> None:
        """Take in a slice of an epoch; nothing leaves the window."""
        new = np.bincount(frame.account, minlength=len(self.requests))
        self.requests = new + np.pad(self.requests, (0, len(new) - len(self.requests)))
        self.nets = merge(self.nets, _seen(frame.net, frame, epoch))
        self.agents = merge(self.agents, _seen(frame.agent, frame, epoch))

    def add(self, seen: Networks, epoch: int) -> None:
        """Add what was seen in one epoch, and forget what has left the window."""
        size = max(len(self.requests), len(seen.requests))
        ours, theirs = (np.pad(counts, (0, size - len(counts))) for counts in (self.requests, seen.requests))
        self.requests = ours + theirs
        self.nets = merge(self.nets.where(self.nets.last > epoch - self.window), seen.nets)
        self.agents = merge(self.agents.where(self.agents.last > epoch - self.window), seen.agents)

    def steady(self) -> NDArray[np.bool_]:
        """Which (range, account) pairs are a home: seen in two epochs, or one of very few ranges of a busier account.

        An account that comes from hundreds of ranges meets strangers in some of them by chance, and one that was seen
        once from each of two may be on its way through hundreds.
        """
        account = self.nets.account
        ranges = np.bincount(account, minlength=len(self.requests))
        settled = (ranges <= FEW_RANGES) & (self.requests >= REQUESTS_PER_RANGE * ranges)
        result: NDArray[np.bool_] = (self.nets.least != self.nets.most) | settled[account]
        return result

    def clients(self, accounts: int) -> Codes:
        """One client per account code (the lowest code it was seen with), -1 where none is known."""
        found = np.full(accounts, -1, dtype=np.int32)
        found[self.agents.account[::-1]] = self.agents.key[::-1].astype(np.int32)
        return found


def _seen(values: Codes, frame: Frame, epoch: int) -> Pairs:
    found = Pairs.empty()
    for low in range(0, len(values), _PIECE):
        rows = low + np.flatnonzero(values[low : low + _PIECE] >= 0)
        when = np.full(len(rows), epoch, dtype=np.int64)
        found = merge(found, Pairs.of(values[rows].astype(np.int64), frame.account[rows], when, when, when))
    return found


def holdings(identities: Identities, networks: Networks) -> Iterator[tuple[str, Ints, Codes]]:
    """(kind, value, account) holdings of all accounts, in the order of KINDS."""
    for kind in ("payment", "org", "domain"):
        values = getattr(identities, kind)
        accounts = np.flatnonzero(values >= 0)
        yield kind, values[accounts].astype(np.int64), accounts.astype(np.int32)
    steady = networks.steady()
    yield "network", networks.nets.key[steady], networks.nets.account[steady]
    yield "client", networks.agents.key, networks.agents.account


@dataclass(frozen=True)
class TieTable:
    """Holdings of all accounts in one code space over all kinds, by account (``starts[a]:starts[a + 1]``)."""

    value: Ints
    starts: Ints
    kind: NDArray[np.int8]
    holders: Ints

    @staticmethod
    def build(identities: Identities, networks: Networks) -> TieTable:
        values, accounts, kinds, base = [], [], [], 0
        for number, (_, value, account) in enumerate(holdings(identities, networks)):
            size = int(value.max()) + 1 if len(value) else 0
            values.append(value + base)
            accounts.append(account)
            kinds.append(np.full(size, number, dtype=np.int8))
            base += size
        value, account = np.concatenate(values), np.concatenate(accounts)
        order = np.argsort(account, kind="stable")
        starts = np.searchsorted(account[order], np.arange(len(identities.payment) + 1))
        return TieTable(value[order], starts, np.concatenate(kinds), np.bincount(value, minlength=base))

    def of(self, members: Codes) -> tuple[Ints, Ints]:
        """(value, position in ``members``) of everything the members hold."""
        sizes = self.starts[members + 1] - self.starts[members]
        where = np.repeat(np.arange(len(members)), sizes)
        offset = np.arange(len(where)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.value[np.repeat(self.starts[members], sizes) + offset], where

    def within(self, members: Codes) -> tuple[Ints, Ints, Ints]:
        """The group's own holdings: values by number, and (column of the value, position of the member) pairs."""
        value, where = self.of(members)
        names, column, inside = np.unique(value, return_inverse=True, return_counts=True)
        own = (inside >= 2) & (inside >= OWN_SHARE * self.holders[names])
        keep = own[column]
        return names, column[keep], where[keep]


def open_share(members: Codes, ties: TieTable) -> float:
    """Share of the members that their commonest *open* mark ties: a declared organisation, domain or own client."""
    names, column, _ = ties.within(members)
    if not len(column):
        return 0.0
    open_kind = np.isin(ties.kind[names[column]], [KINDS.index(k) for k in OPEN_KINDS])
    held = np.bincount(column[open_kind], minlength=1)
    return float(held.max() / len(members)) if open_kind.any() else 0.0


def placed_share(members: Codes, ties: TieTable) -> float:
    """Share of the members that share a place of the group's own with another: anything but a means of payment."""
    names, column, where = ties.within(members)
    somewhere = ties.kind[names[column]] != KINDS.index("payment")
    return len(np.unique(where[somewhere])) / len(members) if len(members) else 0.0


def components(members: Codes, ties: TieTable) -> NDArray[np.int32]:
    """Label of each member: members tied directly or through others share a label."""
    names, column, where = ties.within(members)
    n = len(members)
    graph = coo_array((np.ones(len(where), dtype=np.int8), (where, column + n)), shape=(n + len(names),) * 2)
    _, label = connected_components(graph, directed=False)
    return np.asarray(label[:n], dtype=np.int32)
