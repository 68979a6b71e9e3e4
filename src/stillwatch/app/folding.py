"""From spooled sketches to the final state: the fold over closed epochs, and the open one on a copy."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from stillwatch.app.border import Spool
from stillwatch.app.memory import give_back
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import State
from stillwatch.campaigns.taking import Taken
from stillwatch.facts.frame import FRAME_COLUMNS, SIGNATURE, Codebooks, assembled
from stillwatch.facts.register import Register
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store.arranged import Arranged
from stillwatch.store.scratch import Scratch


class Epochs(Protocol):
    """What an engine made of a log, an epoch at a time."""

    def arranged(self, files: Sequence[Path]) -> Arranged:
        """The rows of one epoch by time and event id; of copies of an event only the earliest."""
        ...

    def facts(self, files: Sequence[Path]) -> pa.Table:
        """FACTS of the same rows."""
        ...


@dataclass
class Folded:
    """The state after the closed epochs, and the copy that also saw the open one (the same if there is none)."""

    closed: State
    latest: State
    books: Codebooks
    identities: Identities
    first_us: int | None
    last_us: int | None
    end_us: int
    rows: int
    scratch: Scratch
    """Where an epoch lies while it is weighed."""

    def close(self, frame: Frame, register: Register, taken: Taken | None = None) -> None:
        """Take in an epoch that is over; ``taken``: its sums, where they were made from this fold before."""
        self.identities = register.at(frame.end_us, self.books.account)
        advance(self.closed, frame, self.identities, self.scratch, taken)
        self.end_us = frame.end_us
        self._count(frame)

    def look_into(self, frame: Frame, register: Register) -> None:
        """Take in an epoch that is not over: on a copy of the state, which goes with this value."""
        if self.latest is self.closed:
            self.latest = copy.deepcopy(self.closed)
        self.identities = register.at(frame.end_us, self.books.account)
        advance(self.latest, frame, self.identities, self.scratch)
        self._count(frame)

    def _count(self, frame: Frame) -> None:
        self.first_us = int(frame.ts[0]) if self.first_us is None else self.first_us
        self.last_us = int(frame.ts[-1])
        self.rows += len(frame)


def fold(
    state: State,
    spool: Spool,
    store: Epochs,
    register: Register,
    *,
    until_us: int | None,
    facts: Callable[[pa.Table], None],
    done: Callable[[int], None],
    books: Codebooks | None = None,
) -> Folded:
    """Advance ``state`` over every epoch of the spool, in time order; ``facts`` is handed FACTS of each.

    The epoch that holds the last event is open: nobody knows what its rest will bring. ``until_us`` says that the log
    is complete up to then and closes it there. Epochs without traffic change nothing and are passed over.
    """
    books = books or Codebooks()
    found = Folded(state, state, books, register.at(0, books.account), None, None, 0, 0, Scratch(spool.folder))
    numbers = sorted(spool.parts)
    for number, frame, summed in _ahead(store, spool, numbers, found, until_us):
        facts(summed)
        if number != numbers[-1] or until_us is not None:
            found.close(frame, register)
        else:
            found.look_into(frame, register)
        done(len(frame))
        del frame, summed  # not held while the next one is built
    return found


def needed(state: State) -> Sequence[str]:
    """Columns of an epoch that ``advance`` reads: signatures only where refused requests may have come again."""
    retried = any(group.migration is not None and group.gated_us is None for group in state.lineages)
    return (*FRAME_COLUMNS, SIGNATURE) if retried else FRAME_COLUMNS


def framed(arranged: Arranged, number: int, epoch_us: int, found: Folded, until_us: int | None = None) -> Frame:
    """An epoch with any rows for ``found``, whose code spaces it extends."""
    start, end = number * epoch_us, (number + 1) * epoch_us
    end = end if until_us is None else min(end, until_us)
    pieces = arranged.pieces(needed(found.latest))
    return assembled(pieces, len(arranged), found.books, start_us=start, end_us=end, scratch=found.scratch)


def _ahead(
    store: Epochs, spool: Spool, numbers: list[int], found: Folded, until_us: int | None
) -> Iterator[tuple[int, Frame, pa.Table]]:
    """Each epoch's frame and facts, without epochs of nothing but copies of earlier events.

    ``found`` has taken an epoch in when the next is asked for. The engine sums up the next epoch while one is weighed.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = deque(pool.submit(store.facts, spool.parts[number]) for number in numbers[:1])
        for number, following in zip_longest(numbers, numbers[1:]):
            facts = coming.popleft().result()
            arranged = store.arranged(spool.parts[number])
            ready = (
                [(number, framed(arranged, number, spool.epoch_us, found, until_us), facts)] if len(arranged) else []
            )
            del arranged, facts
            give_back()
            if following is not None:
                coming.append(pool.submit(store.facts, spool.parts[following]))
            while ready:
                yield ready.pop()  # not held here while it is weighed
