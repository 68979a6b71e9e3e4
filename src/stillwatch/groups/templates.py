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
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import StoreError
from stillwatch.model.frame import Codes, Frame, Ints
from stillwatch.store.runs import abreast
from stillwatch.store.scratch import IN_MEMORY, Scratch

SINGLES_EPOCHS = 8
"""Epochs for which a key seen under one prompt only is remembered, waiting for a second prompt: a day of the usual
ones, less where they are shorter, because what waits is most of what an epoch leaves on disk."""
_TAGS = {"system": 0x1F83D9ABFB41BD6B, "opening": 0x2545F4914F6CDD1D, "closing": 0x3C6EF372FE94F82B}
KEY_BITS, ACCOUNT_BITS = 39, 24
_CHUNK = 16_384
"""Requests whose keys are laid out side by side at a time."""
_PIECE = 1 << 20
"""Requests whose narrow columns are held side by side at a time."""
_LEAST_PART_BITS, _MOST_PART_BITS = 4, 8
RUNS, MOST_MERGED = 4, 1 << 27
"""So many tables of what waits become one, unless they hold more pairs than that together."""


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
    """One table or some, that have no pair in common, for each of the last epochs."""

    def observe(self, frame: Frame, epoch: int, scratch: Scratch = IN_MEMORY) -> None:
        """Take in one epoch and forget what has left the windows; what waits lies where ``scratch`` puts it."""
        counting = self.counting(epoch, scratch)
        counting.take(frame)
        counting.into(self)

    def counting(self, epoch: int, scratch: Scratch = IN_MEMORY) -> Counting:
        """One epoch on its way in."""
        return Counting(self, epoch, scratch)


class Counting:
    """The keys of one epoch on their way into the table, in one slice of it or in many, which does not matter.

    Every slice is judged by those before it as by older epochs. So there is a table of what waits for each of them;
    ``tidy`` puts small ones together. The table that it began from is not changed.
    """

    def __init__(self, templates: Templates, epoch: int, scratch: Scratch = IN_MEMORY) -> None:
        self.epoch = epoch
        self._scratch = scratch
        self._held = templates.pairs.where(templates.pairs.last > epoch - templates.window)
        self._last = self._held.last.copy()
        self._older = tuple(table for table in templates.singles if table.epoch > epoch - SINGLES_EPOCHS)
        self._fresh = np.zeros(0, np.int64)
        self._runs: list[tuple[int, Waiting]] = []
        """With their levels: of how many slices, as a power of RUNS."""
        # A pair that is met again keeps its place in older tables, under the same prompt. So does one that comes into
        # use; it is looked up there first, and leaves later than its old place, unless the window is that short.
        self._short = templates.window < SINGLES_EPOCHS

    def take(self, frame: Frame) -> None:
        """Take in a slice."""
        rows = _different(frame)
        prompts = _taken(frame.exact, rows, self._scratch)
        pair, prompt = self._scratch.pile(np.int64), self._scratch.pile(np.int32)
        older, runs = self._older, [table for _, table in self._runs]
        fresh, met, ripened = [self._fresh], list[list[Ints]](), list[list[Ints]]()
        for part in _in_parts(frame, rows, self._scratch):
            judged = _judge(part, prompts, older, runs, self._held.pair, self._fresh)
            pair.add(judged.pair)
            prompt.add(judged.prompt)
            self._last[judged.known] = self.epoch
            fresh.append(judged.fresh)
            if self._short:
                met.append(judged.met)
                ripened.append(judged.ripened)
        self._fresh = _joined(fresh)
        self._fresh.sort(kind="stable")
        self._older = tuple(
            t.without(_joined([places[i] for places in met])) if met else t for i, t in enumerate(older)
        )
        self._runs = [
            (level, table.without(_joined([places[i] for places in ripened])) if ripened else table)
            for i, (level, table) in enumerate(self._runs)
        ]
        self._runs.append((0, Waiting(self.epoch, pair.array(), prompt.array(), prompts)))

    def tidy(self) -> None:
        """Put small tables of what waits together, so that the next slice is judged by few."""
        while (level := self._runs[-1][0] if self._runs else -1) >= 0:
            small = [table for held, table in self._runs if held == level]
            if len(small) < RUNS or sum(map(len, small)) > MOST_MERGED:
                return
            kept = [run for run in self._runs if run[0] != level]
            self._runs = [*kept, (level + 1, _merged(small, self._scratch))]

    def waiting(self) -> tuple[Waiting, ...]:
        """What waits of this epoch by now."""
        return tuple(table for _, table in self._runs)

    def settled(self) -> tuple[Waiting, ...]:
        """Of ``waiting`` those that ``tidy`` will leave as they are."""
        return () if self._short else tuple(t for t in self.waiting() if len(t) * RUNS > MOST_MERGED)

    def into(self, templates: Templates) -> None:
        """All slices were taken in: change the table."""
        templates.pairs = _inserted(replace(self._held, last=self._last), self._fresh, self.epoch)
        templates.singles = (*self._older, *self.waiting())


def paired(key: Ints, account: Codes) -> Ints:
    """Keys and accounts in one number each."""
    if len(account) and int(account.max()) >= 1 << ACCOUNT_BITS:
        raise StoreError(f"more than {1 << ACCOUNT_BITS:,} accounts in one scan: scan by tenant or by part of the log")
    return (key << ACCOUNT_BITS) | account.astype(np.int64)


@dataclass(frozen=True)
class _Part:
    """What becomes of one part of a slice's pairs, all ascending.

    ``pair``, ``prompt``: go on waiting; ``fresh``: were seen under two prompts; ``known``: places of those in use;
    ``met``: places in each older table of those that were met again; ``ripened``: places in each table of the epoch's
    earlier slices of those that came into use.
    """

    pair: Ints
    prompt: Codes
    fresh: Ints
    known: Ints
    met: list[Ints]
    ripened: list[Ints]


def _judge(
    part: tuple[Ints, Codes], prompts: Ints, older: Sequence[Waiting], runs: Sequence[Waiting], held: Ints, fresh: Ints
) -> _Part:
    """Count a part: pairs, at least one, and the places of their prompts.

    ``runs``: what waits of earlier slices; ``held``, ``fresh``: pairs in use and those that came into use in earlier
    slices, both ascending.
    """
    order = np.argsort(part[0])
    pair, prompt = part[0][order], part[1][order]
    starts = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    exact = prompts[prompt]
    ripe = np.minimum.reduceat(exact, starts) != np.maximum.reduceat(exact, starts)
    pair, prompt, exact = pair[starts], prompt[starts], exact[starts]
    met, again = [], []
    for table in (*older, *runs):
        at, found = _places(table.pair, pair)
        ripe[found] |= table.exact(at) != exact[found]
        met.append((at, found))
    # What is a pair already is only prolonged, and is no single, under however few prompts it was seen now.
    at, known = _places(held, pair)
    again = [known, _places(fresh, pair)[1]]
    for places in again:
        ripe[places] = False
    waits = ~ripe
    for places in (*again, *(found for _, found in met[len(older) :])):
        waits[places] = False
    ripened = [where[ripe[found]] for where, found in met[len(older) :]]
    return _Part(pair[waits], prompt[waits], pair[ripe], at, [where for where, _ in met[: len(older)]], ripened)


def _merged(tables: Sequence[Waiting], scratch: Scratch) -> Waiting:
    """One table of some that have no pair in common."""
    pair, prompt, prompts = scratch.pile(np.int64), scratch.pile(np.int32), scratch.pile(np.int64)
    begins = np.cumsum([0, *(len(table.prompts) for table in tables)]).astype(np.int32)
    for table in tables:
        for low in range(0, len(table.prompts), _PIECE):
            prompts.add(table.prompts[low : low + _PIECE])
    for mine in abreast([table.pair for table in tables], _PIECE):
        some = np.concatenate([table.pair[at] for table, at in zip(tables, mine, strict=True)])
        order = np.argsort(some, kind="stable")
        pair.add(some[order])
        places = [table.prompt[at] + begin for table, at, begin in zip(tables, mine, begins[:-1], strict=True)]
        prompt.add(np.concatenate(places)[order])
    return Waiting(tables[0].epoch, pair.array(), prompt.array(), prompts.array())


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _taken(values: Ints, rows: Ints, scratch: Scratch) -> Ints:
    """The values of these rows."""
    found = scratch.pile(np.int64)
    for low in range(0, len(rows), _PIECE):
        found.add(values[rows[low : low + _PIECE]])
    return found.array()


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
    """Each different request of an account once, the first, ascending."""
    first = np.zeros(len(frame), dtype=bool)
    parts = -(-len(frame) // _PIECE)
    for number in range(parts):
        mine = frame.exact != 0
        if parts > 1:
            mine &= frame.account % parts == number
        first[_first_of_each(frame, np.flatnonzero(mine))] = True
    return np.flatnonzero(first)


def _first_of_each(frame: Frame, rows: Ints) -> Ints:
    """Of these requests, ascending, the first of each account, prompt and system instructions."""
    order = rows[np.lexsort((frame.system[rows], frame.exact[rows], frame.account[rows]))]
    account, exact, system = frame.account[order], frame.exact[order], frame.system[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (account[1:] != account[:-1]) | (exact[1:] != exact[:-1]) | (system[1:] != system[:-1])
    return order[fresh]


def _in_parts(frame: Frame, rows: Ints, scratch: Scratch) -> Iterator[tuple[Ints, Codes]]:
    """(key, account) pairs of the requests, each with the place of its request in ``rows``: the parts that hold any."""
    if not len(rows):
        return
    bits = _part_bits(len(rows))
    step = _CHUNK << bits - _LEAST_PART_BITS  # what a part has of it stays as long
    pairs, places, ends = scratch.pile(np.int64), scratch.pile(np.int32), [np.zeros((1, 1 << bits), dtype=np.int64)]
    for low in range(0, len(rows), step):
        pair, place, sizes = _laid_out(frame, rows[low : low + step], low, bits)
        pairs.add(pair)
        places.add(place)
        ends.append(ends[-1][-1:, -1:] + np.cumsum(sizes)[None])
    pair, place, end = pairs.array(), places.array(), np.concatenate(ends)[1:]
    begin = np.concatenate([[0], end.ravel()[:-1]]).reshape(end.shape)
    for number in range(1 << bits):
        mine = [slice(*ends) for ends in zip(begin[:, number].tolist(), end[:, number].tolist(), strict=True)]
        if any(piece.stop > piece.start for piece in mine):
            yield np.concatenate([pair[piece] for piece in mine]), np.concatenate([place[piece] for piece in mine])


def _part_bits(requests: int) -> int:
    """The first bits of a key that say in which part it is counted: so many that a part is small beside an epoch."""
    return min(max(_LEAST_PART_BITS, (requests // _PIECE).bit_length() + 2), _MOST_PART_BITS)


def _laid_out(frame: Frame, rows: Ints, low: int, bits: int) -> tuple[Ints, Codes, Ints]:
    """The pairs of ``rows``, which have places from ``low`` on, part after part, and the sizes of the parts."""
    keys = request_keys(frame, rows)
    key = keys[keys != 0]
    row = np.repeat(np.arange(len(rows), dtype=np.int32), np.count_nonzero(keys, axis=1))
    part = (key >> (KEY_BITS - bits)).astype(np.uint8)
    order = np.argsort(part, kind="stable")
    key, row = key[order], row[order]
    return paired(key, frame.account[rows][row]), row + np.int32(low), np.bincount(part, minlength=1 << bits)
