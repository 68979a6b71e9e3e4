"""Links by near duplicates: two accounts sent nearly the same prompt.

The weight is log10(accounts / (holders x families)): one account in so many holds the family of the prompt, and who
sent prompts of many families had as many chances to meet somebody in one. So of all pairs of accounts that choose their
prompts independently, at most about one in 10^w is linked with a weight of w.

A group's accounts are joined by the strongest links that form no circle: one link fewer than accounts at most.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from stillwatch.campaigns.links.link import LEAST_WEIGHT, Ground, Link
from stillwatch.groups.duplicates import ACCOUNT_MASK, near_duplicates
from stillwatch.groups.templates import ACCOUNT_BITS
from stillwatch.model.frame import Codes, Ints

KIND = "near_duplicate"


def near_duplicate_links(members: Codes, ground: Ground) -> Iterator[Link]:
    """The strongest links by near duplicates that hold the members together."""
    seen = ground.seen
    if seen is None or not len(members):
        return
    families = seen.holders.families
    mine = np.flatnonzero(np.isin(families.prompts.account, members))
    i, j = near_duplicates(families.prompts.where(mine))
    if not len(i):
        return
    family, a, b = families.of_prompt[mine[i]], families.prompts.account[mine[i]], families.prompts.account[mine[j]]
    a, b = np.minimum(a, b), np.maximum(a, b)
    writers = int(seen.holders.wrote[ground.peers(members)].sum())
    chances = np.minimum(seen.families_of[a], seen.families_of[b])
    weight = np.log10(writers / (np.maximum(seen.holders_of[family], 2) * chances))
    order = np.lexsort((family, -weight, b, a))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(a[order]) != 0) | (np.diff(b[order]) != 0)
    best = order[first]
    best = best[weight[best] >= LEAST_WEIGHT]
    held = _families_by_account(families.own())
    for pair in best[_forest(a[best], b[best], weight[best])].tolist():
        common = len(held[int(a[pair])] & held[int(b[pair])])
        population = int(seen.holders_of[family[pair]])
        yield Link(int(a[pair]), int(b[pair]), KIND, float(weight[pair]), common, population)


def _forest(a: Codes, b: Codes, weight: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Ints:
    """Positions of the pairs (distinct, a < b) that make up a spanning forest of the greatest weight."""
    codes, ends = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = ends[: len(a)], ends[len(a) :]
    # Ranks for costs: all differ, so the forest is the same whatever the solver does with ties.
    cost = np.empty(len(a))
    cost[np.lexsort((b, a, -weight))] = np.arange(1, len(a) + 1)
    tree = minimum_spanning_tree(coo_array((cost, (left, right)), shape=(len(codes),) * 2).tocsr())
    return np.flatnonzero(np.isin(cost, tree.data))


def _families_by_account(owned: Ints) -> dict[int, set[int]]:
    """Families of each account from (family, account) pairs."""
    found: dict[int, set[int]] = {}
    for family, account in zip((owned >> ACCOUNT_BITS).tolist(), (owned & ACCOUNT_MASK).tolist(), strict=True):
        found.setdefault(account, set()).add(family)
    return found
