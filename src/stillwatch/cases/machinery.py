"""Prompt machinery as keyed hashes: what a provider can show to one who holds the same key, without showing a prompt.

Contract: pure. A shingle of three words is part of a campaign's machinery if many of its accounts sent it and hardly
anybody else did; up to ``MOST`` hashes of such shingles are told, never which belong to one request. A request shows
the machinery if it carries ``at_least`` of them; an account if ``REQUESTS`` of its requests do.

Sees: wrappers used word for word around changing content. Misses: machinery with a new wording for every request.
Innocent look-alikes: whoever uses the same published template; a sighting is a tip, it accuses nobody.

What a holder of the key can do: test guesses, three words at a time. They can learn the wording of the wrapper, and
nothing that fewer than ``LEAST_MEMBERS`` accounts of the campaign sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

PATTERN_TYPE = "stillwatch-sketch"
"""Of the STIX indicator; the vocabulary of pattern types is open."""
MOST = 64
AT_LEAST = 3
REQUESTS = 2
LEAST_MEMBERS = 3
MEMBER_SHARE = 0.1
OUTSIDE_SHARE = 0.001
_MOST_READ = 1024
_HASH = re.compile(r"[0-9a-f]{16}")

Hashes = NDArray[np.int64]


class Machinery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``recipe`` names how, and under which key, the hashes were made; each is 16 hexadecimal digits."""

    recipe: str
    hashes: tuple[str, ...]
    at_least: int = AT_LEAST

    @property
    def values(self) -> Hashes:
        """The hashes as the sketch has them, ascending."""
        raw = np.array([int(text, 16) for text in self.hashes], np.uint64)
        return np.sort(raw.view(np.int64))


def machinery(recipe: str, hashes: Hashes) -> Machinery | None:
    """What to tell of these hashes; ``None`` where they are too few to tell a request by."""
    if len(hashes) < AT_LEAST:
        return None
    return Machinery(recipe, tuple(sorted(f"{value:016x}" for value in hashes.view(np.uint64).tolist())))


def pattern(found: Machinery) -> str:
    """The pattern of an indicator."""
    return msgspec.json.encode(found).decode()


def read_pattern(text: str) -> Machinery:
    """The machinery of a foreign pattern; ``ValueError`` where it is none."""
    found = msgspec.json.decode(text, type=Machinery)
    if not 1 <= found.at_least <= len(set(found.hashes)) <= _MOST_READ:
        raise ValueError(f"it must name 1 to {_MOST_READ} hashes, and ask for some of them")
    if any(_HASH.fullmatch(text) is None for text in found.hashes):
        raise ValueError("a hash has 16 hexadecimal digits")
    return found


def candidates(accounts: Hashes, hashes: Hashes, members: int) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes that enough of ``members`` accounts sent, and how many did; from distinct pairs of account and hash."""
    values, counts = np.unique(hashes, return_counts=True)
    enough = counts >= max(LEAST_MEMBERS, MEMBER_SHARE * members)
    return values[enough], counts[enough]


def chosen(values: Hashes, members: Hashes, outside: Hashes, outsiders: int) -> Hashes:
    """The candidates that hardly anybody else sent, those of most members first; ``outside``: accounts that did."""
    rare = outside <= OUTSIDE_SHARE * outsiders
    values, members = values[rare], members[rare]
    return values[np.lexsort((values, -members))][:MOST]


def carried(rows: Hashes, hashes: Hashes, wanted: Hashes, count: int) -> Hashes:
    """How many of ``wanted`` (ascending) each of ``count`` requests carries; ``rows`` and ``hashes`` are its pairs."""
    if not len(wanted):
        return np.zeros(count, np.int64)
    place = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    found = wanted[place] == hashes
    distinct = np.unique(rows[found] * len(wanted) + place[found])
    return np.bincount(distinct // len(wanted), minlength=count)


def distinct_pairs(parts: Sequence[tuple[Hashes, Hashes]]) -> tuple[Hashes, Hashes]:
    """Every pair of account and hash once."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    accounts, hashes = (np.concatenate(side) for side in zip(*parts, strict=True))
    order = np.lexsort((hashes, accounts))
    accounts, hashes = accounts[order], hashes[order]
    first = np.ones(len(accounts), bool)
    first[1:] = (accounts[1:] != accounts[:-1]) | (hashes[1:] != hashes[:-1])
    return accounts[first], hashes[first]
