"""What may merge next is the same as if everything were looked at anew in each round."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.groups.edges import Edges

N = 12


def _gain(one: frozenset[int], other: frozenset[int], seed: int) -> float:
    """A gain that is another one for every pair of clusters, and sometimes a loss."""
    rng = np.random.default_rng([seed, *sorted(one | other), 99, *sorted(min(one, other, key=min))])
    return float(rng.normal(0.4))


def _anew(pairs: set[tuple[int, int]], seed: int) -> set[frozenset[int]]:
    """An edge that loses is gone for good; all that are the best of both their ends merge at once."""
    home = {n: frozenset({n}) for n in range(N)}
    edges = {frozenset({home[a], home[b]}) for a, b in pairs}
    while True:
        gains = {edge: gain for edge in edges if (gain := _gain(*edge, seed)) > 0}
        best = {c: max(g for e, g in gains.items() if c in e) for edge in gains for c in edge}
        mutual = [edge for edge, g in gains.items() if all(best[c] == g for c in edge)]
        if not mutual:
            return set(home.values())
        for one, other in mutual:
            home |= dict.fromkeys(one | other, one | other)
        moved = (frozenset(home[min(c)] for c in edge) for edge in gains)
        edges = {edge for edge in moved if len(edge) == 2}


@given(st.sets(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=40), st.integers(0, 999))
@settings(deadline=None, max_examples=60)
def test_merges_are_those_of_a_look_at_everything(drawn: set[tuple[int, int]], seed: int) -> None:
    pairs = {(min(p), max(p)) for p in drawn if p[0] != p[1]}
    clusters = {n: frozenset({n}) for n in range(N)}

    def gains(at: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array([_gain(clusters[a], clusters[b], seed) for a, b in at.tolist()], dtype=np.float64)

    start = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    edges, label = Edges.of(start, gains(start), N), np.arange(N)
    while True:
        keep, drop = edges.best_pairs()
        if not len(keep):
            break
        for a, b in zip(keep.tolist(), drop.tolist(), strict=True):
            clusters[a] |= clusters.pop(b)
        into = np.arange(N)
        into[drop] = keep
        label = into[label]
        stale = edges.merge(keep, drop, into)
        edges.update(stale, gains(edges.pairs(stale)))
    assert {frozenset(np.flatnonzero(label == name).tolist()) for name in label.tolist()} == _anew(pairs, seed)
