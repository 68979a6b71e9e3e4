"""Blocks of accounts that share prompt machinery: template keys clustered by the accounts that use them.

Keys of one template have nearly the same accounts. Keys are grouped by MinHash of their account sets (exactly equal
sets first, then banded candidates by the share of slots that agree), and a block's accounts are those that use
a fair part of its keys. There is no cap on a key's accounts: cost grows with the number of
pairs, never with its square.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.groups.templates import Held
from stillwatch.model.frame import Codes, Ints

JACCARD = 0.5
KEY_SHARE = 0.2
LEAST_KEYS = 3
"""A machinery leaves several keys; one shared shingle is a turn of phrase."""
COMMON_SHARE = 0.5
"""What more than this share of a large population uses is everybody's habit: a limit of what can be found."""
LARGE_POPULATION = 200
_BANDS, _ROWS = 16, 2


@dataclass(frozen=True)
class Block:
    """Template keys that go together and the accounts that use them (both ascending)."""

    keys: Ints
    accounts: Codes


def find_blocks(pairs: Held, min_accounts: int, population: int) -> list[Block]:
    """Blocks of at least ``min_accounts`` accounts; ``population`` = accounts seen, to tell machinery from habit.

    A key that more than ``COMMON_SHARE`` of a large population uses is dropped.
    """
    starts = _starts(pairs.key)
    sizes = np.diff(np.append(starts, len(pairs)))
    ceiling = COMMON_SHARE * population if population >= LARGE_POPULATION else population
    chosen = (sizes >= min_accounts) & (sizes <= ceiling)
    kept = pairs.where(np.repeat(chosen, sizes))
    if not len(kept):
        return []
    starts = _starts(kept.key)
    signature = _signatures(kept.account, starts)
    label = _cluster(signature)
    return list(_assemble(kept, starts, label, min_accounts))


def _starts(key: Ints) -> Ints:
    return np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, dtype=np.int64)


def _signatures(account: Codes, starts: Ints) -> NDArray[np.uint64]:
    """MinHash of each key's account set, shape (keys, bands * rows)."""
    base = (account.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    columns = []
    for i in range(_BANDS * _ROWS):
        mixed = (base ^ np.uint64((0xBF58476D1CE4E5B9 * (i + 1)) % 2**64)) * np.uint64(0x94D049BB133111EB)
        columns.append(np.minimum.reduceat(mixed ^ (mixed >> np.uint64(31)), starts))
    return np.stack(columns, axis=1)


def _cluster(signature: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Connected components of keys whose account sets have an estimated Jaccard similarity of at least JACCARD."""
    odd = np.arange(1, 2 * signature.shape[1], 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    _, representative, group = np.unique((signature * odd).sum(axis=1), return_index=True, return_inverse=True)
    distinct = signature[representative]
    left, right = _candidates(distinct)
    alike = (distinct[left] == distinct[right]).mean(axis=1) >= JACCARD
    left, right, n = left[alike], right[alike], len(distinct)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component[group], dtype=np.int32)


def _candidates(signature: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Pairs of rows that agree in a band; within a band each row is tied to its bucket's first row only."""
    left, right = [], []
    for band in range(_BANDS):
        part = signature[:, band * _ROWS : (band + 1) * _ROWS]
        mixed = part[:, 0] * np.uint64(3) ^ part[:, 1]
        _, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        leader = first[inverse]
        other = np.flatnonzero(leader != np.arange(len(mixed)))
        left.append(leader[other])
        right.append(other)
    both = np.unique(np.stack([np.concatenate(left), np.concatenate(right)], axis=1), axis=0)
    return both[:, 0].astype(np.int64), both[:, 1].astype(np.int64)


def _assemble(pairs: Held, starts: Ints, label: NDArray[np.int32], min_accounts: int) -> Iterator[Block]:
    sizes = np.diff(np.append(starts, len(pairs)))
    of_pair = np.repeat(label, sizes)
    order = np.lexsort((pairs.account, of_pair))
    block, account = of_pair[order], pairs.account[order]
    key_count = np.bincount(label)
    fresh = np.flatnonzero(np.concatenate([[True], (block[1:] != block[:-1]) | (account[1:] != account[:-1])]))
    used = np.diff(np.append(fresh, len(block)))
    enough = used >= np.maximum(1, KEY_SHARE * key_count[block[fresh]])
    block, account = block[fresh][enough], account[fresh][enough]
    keys_by_label = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[keys_by_label], np.arange(len(key_count) + 1))
    for b, members in zip(*_runs(block, account), strict=True):
        if len(members) >= min_accounts and key_count[b] >= LEAST_KEYS:
            yield Block(np.sort(pairs.key[starts[keys_by_label[edges[b] : edges[b + 1]]]]), members)


def _runs(label: NDArray[np.int32], values: Codes) -> tuple[list[int], list[Codes]]:
    cuts = np.flatnonzero(np.diff(label)) + 1
    parts = np.split(values, cuts)
    firsts = label[np.concatenate([[0], cuts])] if len(label) else label
    return firsts.tolist(), parts if len(label) else []
