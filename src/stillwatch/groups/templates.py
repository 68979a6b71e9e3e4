"""Which accounts use which prompt machinery: the windowed table of template keys.

A *template key* is a keyed hash of a piece of a request that stays while the rest changes: the system instructions, the
first or last words of the prompt, one of its skeleton shingles. It counts for an account once the account used it under
at least two different prompts: a public prompt that many people copy repeats as a whole and is no template.

``observe`` is incremental: it costs time in proportion to the new epoch, and what is remembered is bounded by the
windows. Most keys of a log are never seen under a second prompt, so it is them that memory is made of: 12 bytes each,
by the epoch they were seen in. An epoch's keys are counted in parts, so that what counting needs is small beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import StoreError
from stillwatch.model.frame import Codes, Frame, Ints

SINGLES_EPOCHS = 4
"""Epochs for which a key seen under one prompt only is remembered, waiting for a second prompt."""
_TAGS = {"system": 0x1F83D9ABFB41BD6B, "opening": 0x2545F4914F6CDD1D, "closing": 0x3C6EF372FE94F82B}
KEY_BITS, ACCOUNT_BITS = 39, 24
_CHUNK = 16_384
"""Requests whose keys are laid out side by side at a time."""
_PART_BITS = 4
"""The first bits of a key say which part of an epoch it is counted in."""


@dataclass(frozen=True)
class Held:
    """(key, account) pairs, ascending and without repeats, each in one number: 39 bits of key, 24 of account code.

    ``last``: last epoch it was seen in. Arrays are never changed in place, so copies of a state share them.
    """

    pair: Ints
    last: NDArray[np.signedinteger]

    @property
    def key(self) -> Ints:
        return self.pair >> ACCOUNT_BITS

    @property
    def account(self) -> Codes:
        return (self.pair & ((1 << ACCOUNT_BITS) - 1)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.pair)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def where(self, keep: NDArray[np.bool_]) -> Self:
        return replace(self, **{column.name: getattr(self, column.name)[keep] for column in fields(self)})


@dataclass(frozen=True)
class Pairs(Held):
    """With the ``least`` and the ``most`` of some number under each pair, such as the prompt's hash."""

    least: Ints
    most: Ints

    @staticmethod
    def of(key: Ints, account: Codes, least: Ints, most: Ints, last: Ints) -> Pairs:
        """Pairs from columns in any order, equal ones put together. ``key`` as of ``short``."""
        pair = paired(key, account)
        return _reduced(pair, least, most, last, np.argsort(pair))

    @staticmethod
    def empty() -> Pairs:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, none, none)


@dataclass(frozen=True)
class Waiting:
    """Pairs seen in ``epoch`` and by then under one prompt only, ascending; ``prompts[prompt]`` is its hash."""

    epoch: int
    pair: Ints
    prompt: Codes
    prompts: Ints

    def __len__(self) -> int:
        return len(self.pair)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def exact(self, at: Ints) -> Ints:
        """Prompt hashes of the pairs at these places."""
        return self.prompts[self.prompt[at]]

    def without(self, at: Ints) -> Waiting:
        """The same without the pairs at these places."""
        keep = np.ones(len(self), dtype=bool)
        keep[at] = False
        return replace(self, pair=self.pair[keep], prompt=self.prompt[keep])


@dataclass
class Templates:
    """Keys per account within the window: ``singles`` wait for a second prompt, ``pairs`` have it."""

    window: int
    pairs: Held = field(default_factory=lambda: Held(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)))
    singles: tuple[Waiting, ...] = ()
    """One table for each of the last epochs."""

    def observe(self, frame: Frame, epoch: int) -> None:
        """Take in one epoch and forget what has left the windows."""
        held = self.pairs.where(self.pairs.last > epoch - self.window)
        older = tuple(table for table in self.singles if table.epoch > epoch - SINGLES_EPOCHS)
        rows = _different(frame)
        prompts, last = frame.exact[rows], held.last.copy()
        parts = [_judge(part, prompts, older, held.pair) for part in _in_parts(frame, rows)]
        for part in parts:
            last[part.known] = epoch
        self.pairs = _inserted(replace(held, last=last), _joined([part.fresh for part in parts]), epoch)
        # A pair that is met again keeps its place in older tables, under the same prompt. So does one that comes into
        # use; it is looked up there first, and leaves later than its old place, unless the window is that short.
        if self.window < SINGLES_EPOCHS - 1:
            older = tuple(t.without(_joined([part.met[i] for part in parts])) for i, t in enumerate(older))
        self.singles = older  # lets go of the oldest before the newest is put together
        pair, prompt = _joined([part.pair for part in parts]), _joined([part.prompt for part in parts], np.int32)
        self.singles = (*older, Waiting(epoch, pair, prompt, prompts))


def paired(key: Ints, account: Codes) -> Ints:
    """Keys and accounts in one number each."""
    if len(account) and int(account.max()) >= 1 << ACCOUNT_BITS:
        raise StoreError(f"more than {1 << ACCOUNT_BITS:,} accounts in one scan: scan by tenant or by part of the log")
    return (key << ACCOUNT_BITS) | account.astype(np.int64)


@dataclass(frozen=True)
class _Part:
    """What becomes of one part of an epoch's pairs, all ascending.

    ``pair``, ``prompt``: go on waiting; ``fresh``: were seen under two prompts; ``known``: places of those in use;
    ``met``: places in each older table of those that were met again.
    """

    pair: Ints
    prompt: Codes
    fresh: Ints
    known: Ints
    met: list[Ints]


def _judge(part: tuple[Ints, Codes], prompts: Ints, older: Sequence[Waiting], held: Ints) -> _Part:
    """Count a part: pairs, at least one, and the places of their prompts. ``held``: pairs in use, ascending."""
    order = np.argsort(part[0])
    pair, prompt = part[0][order], part[1][order]
    starts = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    exact = prompts[prompt]
    ripe = np.minimum.reduceat(exact, starts) != np.maximum.reduceat(exact, starts)
    pair, prompt, exact = pair[starts], prompt[starts], exact[starts]
    found = []
    for table in older:
        at, met = _places(table.pair, pair)
        ripe[met] |= table.exact(at) != exact[met]
        found.append(at)
    # What is a pair already is only prolonged, and is no single, under however few prompts it was seen now.
    at, known = _places(held, pair)
    waits = ~ripe
    waits[known] = False
    ripe[known] = False
    return _Part(pair[waits], prompt[waits], pair[ripe], at, found)


def _joined(parts: list[NDArray[Any]], dtype: type[np.signedinteger[Any]] = np.int64) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts])


def _places(table: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Where in ``table`` members of ``wanted`` stand, and which members these are; both ascend without repeats.

    Something is wanted.
    """
    low, high = int(np.searchsorted(table, wanted[0])), int(np.searchsorted(table, wanted[-1], "right"))
    near = table[low:high]  # what a cache holds
    at = np.searchsorted(near, wanted)
    found = np.flatnonzero(near[np.minimum(at, len(near) - 1)] == wanted) if len(near) else at[:0]
    return at[found] + low, found


def _inserted(held: Held, fresh: Ints, epoch: int) -> Held:
    """With ``fresh`` pairs, ascending and none of them held, as of ``epoch``."""
    at = np.searchsorted(held.pair, fresh)
    return Held(np.insert(held.pair, at, fresh), np.insert(held.last, at, epoch))


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
        return Pairs(pair, last[order], least[order], most[order])
    return Pairs(
        pair[starts],
        np.maximum.reduceat(last[order], starts),
        np.minimum.reduceat(least[order], starts),
        np.maximum.reduceat(most[order], starts),
    )


def short(hashes: Ints) -> Ints:
    """The 39 bits of a hash that a pair keeps; 0 stays 0.

    Ten million keys then meet about a hundred times by chance, each time joining stray accounts to a key.
    """
    return hashes & ((1 << KEY_BITS) - 1)


def request_keys(frame: Frame, rows: Ints | slice = slice(None)) -> NDArray[np.int64]:
    """All template keys of some requests, shape (n, 3 + SKELETON_SIZE + 4), 0 where there is none."""
    parts = [_tagged(getattr(frame, name)[rows], tag)[:, None] for name, tag in _TAGS.items()]
    return short(np.concatenate([*parts, frame.skeleton[rows], frame.system_skeleton[rows, :4]], axis=1))


def private_keys(keys: NDArray[np.int64], account: Codes, pairs: Held) -> Ints:
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


def _different(frame: Frame) -> Ints:
    """Each different request of an account once, ascending."""
    rows = np.flatnonzero(frame.exact != 0)
    order = rows[np.lexsort((frame.system[rows], frame.exact[rows], frame.account[rows]))]
    account, exact, system = frame.account[order], frame.exact[order], frame.system[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (account[1:] != account[:-1]) | (exact[1:] != exact[:-1]) | (system[1:] != system[:-1])
    return np.sort(order[fresh])


def _in_parts(frame: Frame, rows: Ints) -> Iterator[tuple[Ints, Codes]]:
    """(key, account) pairs of the requests, each with the place of its request in ``rows``: the parts that hold any."""
    chunks = [_laid_out(frame, rows, low) for low in range(0, len(rows), _CHUNK)]
    for number in range(1 << _PART_BITS):
        mine = [chunk.pop(number) for chunk in chunks]
        if any(len(pair) for pair, _ in mine):
            yield np.concatenate([pair for pair, _ in mine]), np.concatenate([place for _, place in mine])


def _laid_out(frame: Frame, rows: Ints, low: int) -> dict[int, tuple[Ints, Codes]]:
    """The pairs of some of ``rows``, from ``low`` on, by part."""
    chunk = rows[low : low + _CHUNK]
    keys = request_keys(frame, chunk)
    key = keys[keys != 0]
    row = np.repeat(np.arange(len(chunk), dtype=np.int32), np.count_nonzero(keys, axis=1))
    part = (key >> (KEY_BITS - _PART_BITS)).astype(np.uint8)
    order = np.argsort(part, kind="stable")
    ends = np.cumsum(np.bincount(part, minlength=1 << _PART_BITS))[:-1]
    key, row = key[order], row[order]
    pair, place = paired(key, frame.account[chunk][row]), row + np.int32(low)
    # Copies: a part is let go of when it has been counted.
    split = zip(np.split(pair, ends), np.split(place, ends), strict=True)
    return {number: (some.copy(), where.copy()) for number, (some, where) in enumerate(split)}
