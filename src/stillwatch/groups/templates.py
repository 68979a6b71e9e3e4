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

from stillwatch.model.frame import Codes, Frame, Ints

SINGLES_EPOCHS = 4
"""Epochs for which a key seen under one prompt only is remembered, waiting for a second prompt."""
_TAGS = {"system": 0x1F83D9ABFB41BD6B, "opening": 0x2545F4914F6CDD1D, "closing": 0x3C6EF372FE94F82B}
_MIX = np.int64(-7046029254386353131)  # 2**64 / golden ratio, as a signed number


@dataclass
class Pairs:
    """(key, account) pairs; sorted by key, then account, without repeats.

    ``least`` and ``most``: smallest and largest prompt hash under the pair; ``last``: last epoch it was seen in.
    """

    key: Ints
    account: Codes
    least: Ints
    most: Ints
    last: Ints

    @staticmethod
    def empty() -> Pairs:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none.astype(np.int32), none, none, none)

    def __len__(self) -> int:
        return len(self.key)

    def where(self, keep: NDArray[np.bool_]) -> Pairs:
        return Pairs(self.key[keep], self.account[keep], self.least[keep], self.most[keep], self.last[keep])


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
        known = np.isin(pair_hash(recent), pair_hash(kept), assume_unique=True) & (recent.last == epoch)
        self.pairs = merge(kept, recent.where(ripe | known))
        self.singles = recent.where(~ripe & ~known)


def merge(a: Pairs, b: Pairs) -> Pairs:
    """Union of two pair tables; ranges widen."""
    key, account = np.concatenate([a.key, b.key]), np.concatenate([a.account, b.account])
    order = _by_key_then_account(key, account)
    key, account = key[order], account[order]
    starts = np.flatnonzero(np.concatenate([[True], (key[1:] != key[:-1]) | (account[1:] != account[:-1])]))
    if not len(key):
        return Pairs.empty()
    least = np.minimum.reduceat(np.concatenate([a.least, b.least])[order], starts)
    most = np.maximum.reduceat(np.concatenate([a.most, b.most])[order], starts)
    last = np.maximum.reduceat(np.concatenate([a.last, b.last])[order], starts)
    return Pairs(key[starts], account[starts], least, most, last)


def _by_key_then_account(key: Ints, account: Codes) -> Ints:
    """``np.lexsort((account, key))``, but cheap for two sorted tables in a row: only keys in both need sorting."""
    order = np.argsort(key, kind="stable")
    sorted_key, sorted_account = key[order], account[order]
    descents = (sorted_key[1:] == sorted_key[:-1]) & (sorted_account[1:] < sorted_account[:-1])
    if descents.any():
        mixed = np.flatnonzero(np.isin(sorted_key, sorted_key[1:][descents]))
        order[mixed] = order[mixed[np.lexsort((sorted_account[mixed], sorted_key[mixed]))]]
    return order


def pair_hash(pairs: Pairs) -> Ints:
    """One 64-bit number per pair; a collision only prolongs a foreign key by one epoch."""
    return pairs.key ^ ((pairs.account.astype(np.int64) + 1) * _MIX)


def request_keys(frame: Frame) -> NDArray[np.int64]:
    """All template keys of each request, shape (n, 3 + 2 * SKELETON_SIZE), 0 where there is none."""
    parts = [_tagged(getattr(frame, name), tag)[:, None] for name, tag in _TAGS.items()]
    return np.concatenate([*parts, frame.skeleton, frame.system_skeleton[:, :4]], axis=1)


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
    return merge(Pairs.empty(), Pairs(flat[keep], account, exact, exact, np.full(len(exact), epoch, dtype=np.int64)))
