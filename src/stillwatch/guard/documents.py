"""Passages of confidential documents, recognised by keyed sketches: the documents themselves are not kept.

Contract: ``fingerprint`` cuts a text into words by the same rules and under the same kind of key as the sketches of
requests, hashes every run of ``RUN`` words and keeps of every ``WINDOW`` neighbouring hashes the least (winnowing,
Schleimer, Wilkerson and Aiken 2003): two texts that share ``RUN + WINDOW - 1`` words in a row share a hash. A line
counts as a passage's where it holds kept hashes; a passage needs ``LEAST`` different ones. Hashes that stand in more
than ``COMMON`` documents say nothing about any of them.

Without the key a fingerprint tells nothing and cannot be compared, so a rotation of the key makes it useless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stillwatch.guard.finding import Finding
from stillwatch.sketch import kernel
from stillwatch.sketch.layout import new_scratch
from stillwatch.sketch.plan import pack, plan
from stillwatch.sketch.recipe import Recipe, recipe_id

RUN, WINDOW, LEAST, COMMON = 7, 6, 3, 2
GAP_LINES = 2
"""Lines without a hash that may stand inside of a passage."""
_STEP, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What is kept of a document: its name, the recipe of its hashes, and them in order."""

    name: str
    recipe_id: str
    hashes: Hashes


class Documents:
    """Fingerprints of one recipe and key, ready to be looked for."""

    def __init__(self, fingerprints: Sequence[Fingerprint], seed: bytes) -> None:
        self._seed, self._names = seed, [f.name for f in fingerprints]
        hashes = np.concatenate([f.hashes for f in fingerprints]) if fingerprints else np.zeros(0, np.uint64)
        owners = np.repeat(np.arange(len(fingerprints)), [len(f.hashes) for f in fingerprints])
        _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        telling = counts[inverse] <= COMMON
        order = np.argsort(hashes[telling], kind="stable")
        self._hashes, self._owners = hashes[telling][order], owners[telling][order]

    def find(self, text: str) -> Iterator[Finding]:
        """Passages of the documents in ``text``."""
        lines = _lines(text)
        hashes, at = _kept(text, lines, self._seed)
        low, high = (np.searchsorted(self._hashes, hashes, side) for side in ("left", "right"))
        hits: dict[int, list[tuple[int, int]]] = {}
        for k in np.flatnonzero(high > low).tolist():
            for owner in self._owners[low[k] : high[k]].tolist():
                hits.setdefault(owner, []).append((int(at[k]), int(hashes[k])))
        for owner, found in hits.items():
            for passage in _passages(found):
                if len({value for _, value in passage}) >= LEAST:
                    yield Finding("document", self._names[owner], lines[passage[0][0]], lines[passage[-1][0] + 1])


def fingerprint(name: str, text: str, seed: bytes) -> Fingerprint:
    """What is kept of ``text``; a text of fewer than ``RUN`` words leaves nothing."""
    hashes, _ = _kept(text, _lines(text), seed)
    return Fingerprint(name, recipe_id(Recipe(), seed), np.unique(hashes))


def _lines(text: str) -> list[int]:
    """Where lines begin, and the end."""
    starts, at = [0], text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return [*starts, len(text)] if starts[-1] < len(text) or len(starts) == 1 else starts


def _kept(text: str, lines: list[int], seed: bytes) -> tuple[Hashes, NDArray[np.int64]]:
    """The kept hashes and the line in which the run of each begins."""
    data, offsets = pack([text[a:b] for a, b in pairwise(lines)])
    tokens, ends = np.zeros(len(data) + 1, np.uint64), np.zeros(len(offsets), np.int64)
    kernel.token_hashes(plan(Recipe(), seed), data, offsets, new_scratch(len(data) + 2), tokens, ends)
    tokens = tokens[: int(ends[-1])]
    if len(tokens) < RUN:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    runs = np.zeros(len(tokens) - RUN + 1, np.uint64)
    for k in range(RUN):
        runs = (runs ^ tokens[k : k + len(runs)]) * _STEP
        runs ^= runs >> _SHIFT
    windows = np.lib.stride_tricks.sliding_window_view(runs, min(WINDOW, len(runs)))
    chosen = np.unique(np.arange(len(windows)) + windows.argmin(axis=1))
    return runs[chosen], np.searchsorted(ends, chosen, "right") - 1


def _passages(found: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Hits in order, cut where too many lines lie between."""
    passage: list[tuple[int, int]] = []
    for hit in found:
        if passage and hit[0] - passage[-1][0] > GAP_LINES + 1:
            yield passage
            passage = []
        passage.append(hit)
    if passage:
        yield passage
