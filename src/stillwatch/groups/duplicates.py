"""Near duplicates between accounts: prompts of which nearly every word triple is the same.

Prompts that agree in a band of their MinHash signature are candidates (``sketch.bands``). Within each band's buckets
candidates are put in the order of their other bands, so that the most alike are neighbours, and only neighbours are
compared, slot by slot: n log n however many copies there are, no bucket is capped or dropped, and the holders of one
text are linked in a chain, never each with each.

A *family* is everything that is connected through buckets. It is what popularity is judged by: whoever sent anything of
the family holds it, so a wrapper that many people use makes all that is said in it common.

Contract: pure functions of arrays; prompts of two tenants never meet. Deliberately not seen: a prompt worded anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.groups.templates import ACCOUNT_BITS
from stillwatch.model.frame import Codes, Ints
from stillwatch.sketch.bands import band_keys

ALIKE = 0.75
"""Share of equal slots, which estimates the share of common word triples, from which prompts are near duplicates."""
_TENANT = np.int64(0x5851F42D4C957F2D)
_ENDING = (1 << 20) - 1
ACCOUNT_MASK = (1 << ACCOUNT_BITS) - 1
Slots = NDArray[np.uint8]


@dataclass(frozen=True)
class Prompts:
    """Different prompts by account: band keys and the low bytes of the signature's slots."""

    account: Codes
    keys: NDArray[np.int64]
    slots: Slots

    @staticmethod
    def of(account: Codes, minhash: NDArray[np.int32], tenant: Codes) -> Prompts:
        """Prompts that all have text; ``tenant``: by account code."""
        return Prompts(account, keys_of(account, minhash, tenant), (minhash & 0xFF).astype(np.uint8))._different()

    @staticmethod
    def union(parts: Sequence[Prompts]) -> Prompts:
        """All different prompts of the parts, in an order that does not depend on theirs."""
        if not parts:
            return Prompts(np.zeros(0, np.int32), np.zeros((0, 8), np.int64), np.zeros((0, 64), np.uint8))
        columns = ("account", "keys", "slots")
        return Prompts(*(np.concatenate([getattr(p, name) for p in parts]) for name in columns))._different()

    def __len__(self) -> int:
        return len(self.account)

    def where(self, keep: NDArray[np.bool_] | Ints) -> Prompts:
        return Prompts(self.account[keep], self.keys[keep], self.slots[keep])

    def _different(self) -> Prompts:
        order = np.lexsort((*self.keys.T, self.account))
        if not len(order):
            return self
        account, keys = self.account[order], self.keys[order]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (account[1:] != account[:-1]) | (keys[1:] != keys[:-1]).any(axis=1)
        return self.where(order[fresh])


def keys_of(account: Codes, minhash: NDArray[np.int32], tenant: Codes) -> NDArray[np.int64]:
    """Band keys in which no two tenants meet, shape (n, bands); ``tenant``: by account code."""
    salt = (tenant[account].astype(np.int64) + 1) * _TENANT
    keys: NDArray[np.int64] = band_keys(minhash) ^ salt[:, None]
    return keys


@dataclass(frozen=True)
class Families:
    """Prompts of chosen accounts sorted into families. ``of_prompt``: by prompt; ``of_key``: by ascending ``keys``."""

    prompts: Prompts
    of_prompt: Ints
    keys: Ints
    of_key: Ints

    @staticmethod
    def of(prompts: Prompts) -> Families:
        keys, bucket = np.unique(prompts.keys, return_inverse=True)
        n, bands = prompts.keys.shape
        edges = (np.repeat(np.arange(n), bands), bucket.ravel() + n)
        graph = coo_array((np.ones(n * bands, dtype=np.int8), edges), shape=(n + len(keys),) * 2)
        label = connected_components(graph, directed=False)[1].astype(np.int64)
        return Families(prompts, label[:n], keys, label[n:])

    def __len__(self) -> int:
        return int(self.of_prompt.max(initial=-1)) + 1

    def held(self, account: Codes, keys: NDArray[np.int64]) -> Ints:
        """Distinct (family, account) pairs of prompts, each in one number."""
        if not len(self.keys):
            return np.zeros(0, dtype=np.int64)
        # Nearly all keys of a log are no family's, and a look at their last bits says so of most.
        row, band = np.nonzero(self._endings[keys & _ENDING])
        wanted = keys[row, band]
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        same = self.keys[at] == wanted
        return np.unique((self.of_key[at[same]] << ACCOUNT_BITS) | account[row[same]].astype(np.int64))

    @cached_property
    def _endings(self) -> NDArray[np.bool_]:
        """Whether any family has a key with these last bits."""
        found = np.zeros(_ENDING + 1, dtype=bool)
        found[self.keys & _ENDING] = True
        return found

    def own(self) -> Ints:
        """(family, account) pairs of the prompts themselves, each in one number."""
        return np.unique((self.of_prompt << ACCOUNT_BITS) | self.prompts.account.astype(np.int64))


@dataclass
class Holders:
    """Which accounts of the log hold which family, and who sent any text at all."""

    families: Families
    wrote: NDArray[np.bool_]
    _held: list[Ints] = field(default_factory=list)

    def observe(self, account: Codes, minhash: NDArray[np.int32], tenant: Codes) -> None:
        """Take in prompts that all have text."""
        self.wrote[account] = True
        self._held.append(self.families.held(account, keys_of(account, minhash, tenant)))

    def pairs(self) -> Ints:
        """Distinct (family, account) pairs, ascending."""
        return np.unique(np.concatenate(self._held)) if self._held else np.zeros(0, dtype=np.int64)

    def counts(self) -> Ints:
        """Accounts that hold each family."""
        return np.bincount(self.pairs() >> ACCOUNT_BITS, minlength=len(self.families))


def near_duplicates(prompts: Prompts) -> tuple[Ints, Ints]:
    """Pairs of prompts (i < j, each once) of different accounts, neighbours in a bucket, that are nearly the same."""
    bands = prompts.keys.shape[1]
    found = []
    for band in range(bands):
        others = [prompts.keys[:, (band + step) % bands] for step in range(bands - 1, 0, -1)]
        order = np.lexsort(np.stack([prompts.account, *others, prompts.keys[:, band]]))
        i, j = order[:-1], order[1:]
        near = (prompts.keys[i, band] == prompts.keys[j, band]) & (prompts.account[i] != prompts.account[j])
        i, j = i[near], j[near]
        same = (prompts.slots[i] == prompts.slots[j]).mean(axis=1) >= ALIKE
        found.append(np.sort(np.stack([i[same], j[same]], axis=1), axis=1))
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[:, 0], pairs[:, 1]
