"""Which accounts use which prompt machinery: the windowed table of template keys.

A *template key* is a keyed hash of a piece of a request that stays while the rest changes: the system instructions, the
first or last words of the prompt, one of its skeleton shingles. It counts for an account once the account used it under
at least two different prompts: a public prompt that many people copy repeats as a whole and is no template. Whether
prompts differ is remembered as the smallest and the largest of their hashes, which costs two numbers however many.

``observe`` is incremental: it costs time in proportion to the new epoch and to what is remembered, and what is
remembered is bounded by the windows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import StoreError
from stillwatch.model.frame import Codes, Frame, Ints

SINGLES_EPOCHS = 4
"""Epochs for which a key seen under one prompt only is remembered, waiting for a second prompt."""
_TAGS = {"system": 0x1F83D9ABFB41BD6B, "opening": 0x2545F4914F6CDD1D, "closing": 0x3C6EF372FE94F82B}
KEY_BITS, ACCOUNT_BITS = 39, 24


@dataclass
class Pairs:
    """(key, account) pairs, ascending and without repeats, each in one number: 39 bits of key, 24 of account code.

    ``least`` and ``most``: smallest and largest prompt hash under the pair; ``last``: last epoch it was seen in.
    """

    pair: Ints
    least: Ints
    most: Ints
    last: Ints

    @staticmethod
    def of(key: Ints, account: Codes, least: Ints, most: Ints, last: Ints) -> Pairs:
        """Pairs from columns in any order, equal ones put together. ``key`` as of ``short``."""
        if len(account) and int(account.max()) >= 1 << ACCOUNT_BITS:
            raise StoreError(
                f"more than {1 << ACCOUNT_BITS:,} accounts in one scan: scan by tenant or by part of the log"
            )
        pair = (key << ACCOUNT_BITS) | account.astype(np.int64)
        return _reduced(pair, least, most, last, np.argsort(pair))

    @staticmethod
    def empty() -> Pairs:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, none, none)

    @property
    def key(self) -> Ints:
        return self.pair >> ACCOUNT_BITS

    @property
    def account(self) -> Codes:
        return (self.pair & ((1 << ACCOUNT_BITS) - 1)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.pair)

    def where(self, keep: NDArray[np.bool_]) -> Pairs:
        return Pairs(self.pair[keep], self.least[keep], self.most[keep], self.last[keep])


@dataclass
class Templates:
    """Keys per account within the window: ``singles`` wait for a second prompt, ``pairs`` have it."""

    window: int
    pairs: Pairs = field(default_factory=Pairs.empty)
    singles: Pairs = field(default_factory=Pairs.empty)

    def observe(self, frame: Frame, epoch: int) -> None:
        """Take in one epoch and forget what has left the windows."""
        seen = _epoch_pairs(frame, epoch)
        recent = merge(self.singles.where(self.singles.last > epoch - SINGLES_EPOCHS), seen)
        ripe = recent.least != recent.most
        kept = self.pairs.where(self.pairs.last > epoch - self.window)
        # A single that is already a pair only prolongs it, so both kinds of news go to the pairs.
        known = np.isin(recent.pair, kept.pair, assume_unique=True) & (recent.last == epoch)
        self.pairs = merge(kept, recent.where(ripe | known))
        self.singles = recent.where(~ripe & ~known)


def merge(a: Pairs, b: Pairs) -> Pairs:
    """Union of two pair tables; ranges widen."""
    pair = np.concatenate([a.pair, b.pair])
    # Two ascending runs: a stable sort finds them and only merges.
    order = np.argsort(pair, kind="stable")
    least, most = np.concatenate([a.least, b.least]), np.concatenate([a.most, b.most])
    return _reduced(pair, least, most, np.concatenate([a.last, b.last]), order)


def _reduced(pair: Ints, least: Ints, most: Ints, last: Ints, order: Ints) -> Pairs:
    """Rows in ``order``, those of one pair put together."""
    if not len(pair):
        return Pairs.empty()
    pair = pair[order]
    starts = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    if len(starts) == len(pair):
        return Pairs(pair, least[order], most[order], last[order])
    return Pairs(
        pair[starts],
        np.minimum.reduceat(least[order], starts),
        np.maximum.reduceat(most[order], starts),
        np.maximum.reduceat(last[order], starts),
    )


def short(hashes: Ints) -> Ints:
    """The 39 bits of a hash that a pair keeps; 0 stays 0.

    Ten million keys then meet about a hundred times by chance, each time joining stray accounts to a key.
    """
    return hashes & ((1 << KEY_BITS) - 1)


def request_keys(frame: Frame) -> NDArray[np.int64]:
    """All template keys of each request, shape (n, 3 + 2 * SKELETON_SIZE), 0 where there is none."""
    parts = [_tagged(getattr(frame, name), tag)[:, None] for name, tag in _TAGS.items()]
    return short(np.concatenate([*parts, frame.skeleton, frame.system_skeleton[:, :4]], axis=1))


def private_keys(keys: NDArray[np.int64], account: Codes, pairs: Pairs) -> Ints:
    """How many of each request's ``keys``, shape (n, k), are its account's own machinery alone; shape (n,)."""
    key = keys.ravel()
    left = np.searchsorted(pairs.pair, key << ACCOUNT_BITS, "left")
    right = np.searchsorted(pairs.pair, (key + 1) << ACCOUNT_BITS, "left")
    sole = np.flatnonzero((right - left == 1) & (key != 0))
    owner = pairs.pair[left[sole]] & ((1 << ACCOUNT_BITS) - 1)
    own = sole[owner == np.repeat(account, keys.shape[1])[sole]]
    return np.bincount(own // keys.shape[1], minlength=len(keys))


def _tagged(values: Ints, tag: int) -> Ints:
    return np.where(values == 0, 0, values ^ np.int64(tag))


def _epoch_pairs(frame: Frame, epoch: int) -> Pairs:
    """Keys of the epoch by account, each different request of an account looked at once."""
    rows = np.flatnonzero(frame.exact != 0)
    order = rows[np.lexsort((frame.system[rows], frame.exact[rows], frame.account[rows]))]
    account, exact, system = frame.account[order], frame.exact[order], frame.system[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (account[1:] != account[:-1]) | (exact[1:] != exact[:-1]) | (system[1:] != system[:-1])
    chosen = np.sort(order[fresh])
    keys = request_keys(frame)[chosen]
    flat = keys.ravel()
    keep = flat != 0
    account = np.repeat(frame.account[chosen], keys.shape[1])[keep]
    exact = np.repeat(frame.exact[chosen], keys.shape[1])[keep]
    return Pairs.of(flat[keep], account, exact, exact, np.full(len(exact), epoch, dtype=np.int64))
