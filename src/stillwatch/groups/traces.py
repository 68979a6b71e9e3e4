"""What accounts leave in a log, kept only as far as given accounts (the *seeds*) left the same.

Two passes: ``Wanted.of`` takes the seeds' own requests and says which values matter; ``Traces.observe`` takes every
epoch and keeps who holds those values, when each account was active, and how it words its requests. So memory grows
with the accounts and with what the seeds hold, never with all template keys of a log.

Deliberately not done: judging (``kinship``), and the windows of ``templates``: the seeds' keys alone are few enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from stillwatch.groups.activity import Activity
from stillwatch.groups.templates import Pairs, request_keys
from stillwatch.model.frame import Codes, Frame, Ints

WORD_BUCKETS = 32
"""Buckets of word use per account, folded from BAG_SIZE: a quarter of the memory, and it ranks as well."""


@dataclass(frozen=True)
class Wanted:
    """Values that the seeds hold, ascending: template keys used under two different prompts, nets, clients."""

    keys: Ints
    nets: Ints
    agents: Ints

    @staticmethod
    def of(frames: Iterable[Frame]) -> Wanted:
        """From frames that hold the seeds' requests and no others."""
        keys, nets, agents = [Pairs.empty()], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for frame in frames:
            keys.append(_key_pairs(frame, None))
            nets.append(frame.net[frame.net >= 0].astype(np.int64))
            agents.append(frame.agent[frame.agent >= 0].astype(np.int64))
        return Wanted(np.unique(_ripe(keys).key), np.unique(np.concatenate(nets)), np.unique(np.concatenate(agents)))


@dataclass(frozen=True)
class Holdings:
    """Who holds which value of one kind: (value, account) pairs, by value, then account, without repeats."""

    value: Ints
    account: Codes


@dataclass
class Traces:
    """Grown epoch by epoch; arrays are indexed by account code and cover the codes seen so far."""

    wanted: Wanted
    activity: Activity = field(default_factory=Activity)
    texts: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    words: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, WORD_BUCKETS), dtype=np.float32))
    """Sum over an account's prompts of the share of each bucket of the hashed bag of words."""
    _keys: list[Pairs] = field(default_factory=list)
    _nets: list[Pairs] = field(default_factory=list)
    _agents: list[Pairs] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def observe(self, frame: Frame, accounts: int) -> None:
        """Take in one epoch; ``accounts`` = size of the code space by now."""
        self._grow(accounts)
        self.activity.observe(frame.account, frame.ts, accounts)
        self._add_words(frame, accounts)
        self._keys.append(_key_pairs(frame, self.wanted.keys))
        self._nets.append(_value_pairs(frame.net, frame.account, self.wanted.nets))
        self._agents.append(_value_pairs(frame.agent, frame.account, self.wanted.agents))

    def templates(self) -> Holdings:
        """Who used which of the seeds' template keys under at least two different prompts."""
        ripe = _ripe(self._keys)
        return Holdings(ripe.key, ripe.account)

    def networks(self) -> Holdings:
        return _held(self._nets)

    def clients(self) -> Holdings:
        return _held(self._agents)

    def _grow(self, accounts: int) -> None:
        more = accounts - len(self)
        if more <= 0:
            return
        self.texts = np.append(self.texts, np.zeros(more, dtype=np.int64))
        self.words = np.concatenate([self.words, np.zeros((more, WORD_BUCKETS), dtype=np.float32)])

    def _add_words(self, frame: Frame, accounts: int) -> None:
        bag = frame.bag.reshape(len(frame), WORD_BUCKETS, -1).sum(axis=2, dtype=np.float32)
        total = bag.sum(axis=1)
        rows = np.flatnonzero(total > 0)
        shares = bag[rows] / total[rows, None]
        owner = csr_array(
            (np.ones(len(rows), dtype=np.float32), (frame.account[rows], np.arange(len(rows)))),
            shape=(accounts, len(rows)),
        )
        self.words += owner @ shares
        self.texts += np.bincount(frame.account[rows], minlength=accounts)


def _key_pairs(frame: Frame, wanted: Ints | None) -> Pairs:
    """(template key, account) pairs of an epoch with the smallest and largest prompt hash; ``None`` wants every key."""
    keys = request_keys(frame)
    chosen = (keys != 0) & (frame.exact != 0)[:, None]
    if wanted is not None:
        chosen &= _is_in(keys, wanted)
    rows = np.nonzero(chosen)[0]
    exact = frame.exact[rows]
    return Pairs.of(keys[chosen], frame.account[rows], exact, exact, np.zeros(len(rows), np.int64))


def _value_pairs(values: Codes, accounts: Codes, wanted: Ints) -> Pairs:
    rows = np.flatnonzero(_is_in(values, wanted))
    none = np.zeros(len(rows), dtype=np.int64)
    return Pairs.of(values[rows].astype(np.int64), accounts[rows], none, none, none)


def _is_in(values: Ints | Codes, wanted: Ints) -> NDArray[np.bool_]:
    """Membership in a sorted array: a search per value, where ``np.isin`` would sort the log."""
    if not len(wanted):
        return np.zeros(values.shape, dtype=bool)
    at = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: NDArray[np.bool_] = wanted[at] == values
    return found


def _ripe(parts: list[Pairs]) -> Pairs:
    pairs = _union(parts)
    return pairs.where(pairs.least != pairs.most)


def _held(parts: list[Pairs]) -> Holdings:
    pairs = _union(parts)
    return Holdings(pairs.key, pairs.account)


def _union(parts: list[Pairs]) -> Pairs:
    """One merge over all parts: merging epoch by epoch would sort everything once per epoch."""
    if not parts:
        return Pairs.empty()
    columns = ("key", "account", "least", "most", "last")
    return Pairs.of(*(np.concatenate([getattr(p, name) for p in parts]) for name in columns))
