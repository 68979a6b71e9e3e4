"""The oldest open epoch, taken in as far as the watermark has come: what is left at its end is little.

Rows that the watermark has passed are put in order, a slice of time at a time, and go into sums beside the state
(``campaigns.taking``). All of it is made anew from the spool after a kill and lies in files without a name, so it is no
state. A row that comes behind a slice undoes the slices, unless it is a copy of what is in them; the next ones then
keep further behind the watermark.

Contract: what ``finish`` gives is what the whole epoch gives at once, bit for bit. It is asked with all rows noticed.

Deliberately not done: more than one epoch at a time, as rows of the next one are rarely behind the watermark.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.app.border import Spool
from stillwatch.app.folding import Folded, needed
from stillwatch.app.memory import give_back
from stillwatch.campaigns.taking import Taken
from stillwatch.facts.frame import Codebooks, assembled, senders_and_prompts
from stillwatch.facts.gathered import Gathered
from stillwatch.groups.templates import Waiting
from stillwatch.model.frame import Codes, Frame, Ints
from stillwatch.store.arranged import LEFT_OUT, Arranged
from stillwatch.store.ids import MARK, EpochStore
from stillwatch.store.known import Known
from stillwatch.store.scratch import Scratch

LEAST_ROWS, MOST_ROWS = 100_000, 400_000
"""Requests of a slice: enough to be worth it, and so few that reading does not wait for long."""
LEAST_BEHIND_US = 60_000_000
"""Slices that were undone keep at least so far behind the watermark, twice as far each time: a sender can have an epoch
weighed anew a few times, not with each request."""
MOST_READ = 4
"""No slice reads more than so many times its rows: a log in no order is not put in order piece by piece."""
_SPREAD = 0x9E3779B97F4A7C15 - (1 << 64)


@dataclass(frozen=True)
class _Part:
    """Where a part of the spool lies in time, both ends included."""

    first_us: int
    last_us: int
    rows: int

    def within(self, low: int, high: int) -> float:
        """About how many of its rows are from ``low`` on and before ``high``."""
        overlap = min(self.last_us + 1, high) - max(self.first_us, low)
        return self.rows * max(overlap, 0) / (self.last_us + 1 - self.first_us)


@dataclass
class _Begun:
    """What was taken in of an epoch, up to ``until_us``."""

    number: int
    until_us: int
    books: Codebooks
    taken: Taken
    gathered: Gathered
    known: Known
    columns: tuple[str, ...]
    parts: dict[Path, _Part] = field(default_factory=dict)

    def size(self, high: int) -> tuple[float, int]:
        """About how many rows there are before ``high``, and how many rows are read for them."""
        touched = [(part.within(self.until_us, high), part.rows) for part in self.parts.values()]
        return sum(rows for rows, _ in touched), sum(read for rows, read in touched if rows)

    def slice_end(self, high: int) -> int:
        """Where the next slice ends that goes no further than ``high``."""
        rows = self.size(high)[0]
        span = high - self.until_us
        return high if rows <= MOST_ROWS else self.until_us + max(1, int(span * MOST_ROWS / rows))


@dataclass(frozen=True)
class Ready:
    """An epoch of which only the end is left to do."""

    frame: Frame
    taken: Taken
    books: Codebooks
    known: Known


class Ahead:
    """Takes in what of ``spool`` will not change any more, before ``folded`` can close it."""

    def __init__(self, spool: Spool, store: EpochStore, folded: Folded, scratch: Scratch) -> None:
        self._spool = spool
        self._store = store
        self._folded = folded
        self._scratch = scratch
        self._begun: _Begun | None = None
        self._number: int | None = None
        """The epoch that was begun last."""
        self._behind_us = 0
        """How far behind the watermark slices end."""

    def settled(self) -> tuple[Waiting, ...]:
        """Tables that will be part of the state as they are now: they may be written beforehand."""
        return () if self._begun is None else self._begun.taken.settled()

    def notice(self, *, rejoined: bool = False) -> None:
        """Look at the parts of the spool that are new; ``rejoined``: they hold only rows that were noticed before."""
        begun = self._begun
        if begun is None:
            return
        there = self._spool.parts.get(begun.number, [])
        new = [path for path in there if path not in begun.parts]
        if not rejoined and not all(self._fits(begun, path) for path in new):
            self._begun = None
            return
        begun.parts = {path: begun.parts.get(path) or _looked_at(path) for path in there}

    def go_on(self, watermark_us: int, marked: list[Path]) -> bool:
        """Take in one more slice if there is a good one; ``marked``: marks of closed epochs."""
        number = watermark_us // self._spool.epoch_us
        if number not in self._spool.parts:
            return False
        if self._begun is None or self._begun.number != number:
            self._begun = self._begin(number)
            self.notice(rejoined=True)
        begun = self._begun
        high = min(watermark_us - self._behind_us, (number + 1) * self._spool.epoch_us)
        rows, read = begun.size(high)
        if rows < LEAST_ROWS or rows * MOST_READ < read:
            return False
        self._spool.flush()  # the watermark may have passed rows that lie in no part yet
        self.notice()
        if self._begun is not begun:
            return False
        self._take(begun, begun.slice_end(high), marked)
        begun.taken.tidy()
        begun.known.tidy()
        return True

    def finish(self, number: int, marked: list[Path]) -> Ready | None:
        """All of an epoch that is over; None if nothing of it was taken in, or the rest is better read at once."""
        begun, self._begun = self._begun, None
        if begun is None or begun.number != number or not len(begun.gathered):
            return None
        start, end = number * self._spool.epoch_us, (number + 1) * self._spool.epoch_us
        while begun.until_us < end:
            rows, read = begun.size(end)
            if rows > MOST_ROWS and rows * MOST_READ < read:
                return None
            self._take(begun, begun.slice_end(end), marked)
        return Ready(begun.gathered.frame(start, end), begun.taken, begun.books, begun.known)

    def _begin(self, number: int) -> _Begun:
        if number != self._number:
            self._number, self._behind_us = number, self._behind_us // 2
        books = self._folded.books
        copies = Codebooks(books.account.copy(), books.net.copy(), books.agent.copy(), books.model.copy())
        taken = Taken(self._folded.closed, number, self._scratch, aside=True)
        columns = tuple(needed(self._folded.closed))
        gathered, known = Gathered(self._scratch), Known(self._scratch)
        return _Begun(number, number * self._spool.epoch_us, copies, taken, gathered, known, columns)

    def _fits(self, begun: _Begun, path: Path) -> bool:
        """Whether all rows of a new part come after the slices, or are copies of rows in them."""
        table = pq.read_table(path, columns=["ts", MARK, "tenant_id", "account_id", "prompt_exact"])
        ts = table["ts"].cast("int64").to_numpy()
        behind = np.flatnonzero(ts < begun.until_us)
        if not len(behind):
            return True
        rows, ts = table.take(behind), ts[behind]
        known, since, same = begun.known.find(rows[MARK].to_numpy())
        copies = known & ((since < ts) | ((since == ts) & (same == _same(*senders_and_prompts(rows, begun.books)))))
        if copies.all():
            return True
        behind_us = begun.until_us - int(ts[~copies].min())
        self._behind_us = max(2 * self._behind_us, 2 * behind_us, LEAST_BEHIND_US)
        return False

    def _take(self, begun: _Begun, high: int, marked: list[Path]) -> None:
        """Take in all rows from where the slices end up to ``high``."""
        low, begun.until_us = begun.until_us, high
        files = [path for path, part in begun.parts.items() if part.first_us < high and part.last_us >= low]
        if not files:
            return
        self._store.know(files, marked)
        self._store.find_duplicates(files)
        arranged = self._store.arranged(files, (low, high))
        mark, ts = _marks(arranged)
        inside = np.flatnonzero((ts >= low) & (ts < high))
        arranged, mark, ts, place = _less(arranged, begun.known.find(mark[inside])[0], inside, mark, ts)
        same = np.zeros(len(mark), dtype=np.int64)
        if len(arranged):
            frame = self._frame(begun, arranged)
            same[place != LEFT_OUT] = _same(frame.account, frame.exact)[place[place != LEFT_OUT]]
            self._add(begun, frame)
        begun.known.add(*_first(mark, ts, same, place))
        give_back()

    def _frame(self, begun: _Begun, arranged: Arranged) -> Frame:
        start, end = begun.number * self._spool.epoch_us, (begun.number + 1) * self._spool.epoch_us
        pieces = arranged.pieces(begun.columns)
        return assembled(pieces, len(arranged), begun.books, start_us=start, end_us=end, scratch=self._scratch)

    def _add(self, begun: _Begun, frame: Frame) -> None:
        with ThreadPoolExecutor(max_workers=1) as beside:
            likened = beside.submit(begun.taken.liken, frame)
            begun.taken.count(frame, len(begun.books.account))
            begun.gathered.add(frame)
            likened.result()


def _looked_at(path: Path) -> _Part:
    ts = pq.read_table(path, columns=["ts"])["ts"].cast("int64")
    ends = pc.min_max(ts)
    return _Part(ends["min"].as_py(), ends["max"].as_py(), len(ts))


def _same(account: Codes, exact: Ints) -> Ints:
    """The same number for the same account and prompt."""
    return exact ^ (account.astype(np.int64) * np.int64(_SPREAD))


def _marks(arranged: Arranged) -> tuple[Ints, Ints]:
    """Marks and times of all rows of the files."""
    tables = [pq.read_table(path, columns=[MARK, "ts"]) for path in arranged.files]
    mark = np.concatenate([table[MARK].to_numpy() for table in tables])
    return mark, np.concatenate([table["ts"].cast("int64").to_numpy() for table in tables])


def _less(
    arranged: Arranged, copies: NDArray[np.bool_], inside: Ints, mark: Ints, ts: Ints
) -> tuple[Arranged, Ints, Ints, Codes]:
    """Without the rows that are copies of earlier slices' rows; and the marks, times and places of the rest."""
    rest, place = inside[~copies], arranged.place.copy()
    place[inside[copies]] = LEFT_OUT
    kept = place != LEFT_OUT
    order = np.sort(place[kept])
    place[kept] = np.searchsorted(order, place[kept]).astype(np.int32)
    return Arranged(arranged.files, place), mark[rest], ts[rest], place[rest]


def _first(mark: Ints, ts: Ints, same: Ints, place: Codes) -> tuple[Ints, Ints, Ints]:
    """Each mark once, with the row that counts: the earliest, and of equally early ones the one that has a place."""
    order = np.lexsort((place == LEFT_OUT, ts, mark))
    first = np.ones(len(order), dtype=bool)
    first[1:] = mark[order][1:] != mark[order][:-1]
    chosen = order[first]
    return mark[chosen], ts[chosen], same[chosen]
