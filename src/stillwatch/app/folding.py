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
from stillwatch.facts.frame import FRAME_COLUMNS, SIGNATURE, Codebooks, build_frame
from stillwatch.facts.register import Register
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.store.statements import FACTS_COLUMNS


class Epochs(Protocol):
    """What an engine made of a log, an epoch at a time."""

    def epoch(self, files: Sequence[Path], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one epoch by time and event id, or some columns; of copies of an event only the earliest."""
        ...

    def facts(self, epoch: pa.Table) -> pa.Table:
        """FACTS of one epoch's sorted rows."""
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

    def close(self, frame: Frame, register: Register) -> None:
        """Take in an epoch that is over."""
        self.identities = register.at(frame.end_us, self.books.account)
        advance(self.closed, frame, self.identities)
        self.end_us = frame.end_us
        self._count(frame)

    def look_into(self, frame: Frame, register: Register) -> None:
        """Take in an epoch that is not over: on a copy of the state, which goes with this value."""
        if self.latest is self.closed:
            self.latest = copy.deepcopy(self.closed)
        self.identities = register.at(frame.end_us, self.books.account)
        advance(self.latest, frame, self.identities)
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
    found = Folded(state, state, books, register.at(0, books.account), None, None, 0, 0)
    numbers = sorted(spool.parts)
    for number, frame, summed in _ahead(store, spool, numbers, state, books, until_us):
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


def _ahead(
    store: Epochs, spool: Spool, numbers: list[int], state: State, books: Codebooks, until_us: int | None
) -> Iterator[tuple[int, Frame, pa.Table]]:
    """Each epoch's frame and facts, without epochs of nothing but copies of earlier events.

    ``state`` has been advanced over an epoch when the next is asked for. The engine sums up the next epoch while one is
    weighed. Its rows are not held meanwhile: they would be the larger part of what is in memory.
    """

    def summed(number: int) -> pa.Table:
        return store.facts(store.epoch(spool.parts[number], FACTS_COLUMNS))

    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = deque(pool.submit(summed, number) for number in numbers[:1])
        for number, following in zip_longest(numbers, numbers[1:]):
            facts = coming.popleft().result()
            table = store.epoch(spool.parts[number], needed(state))
            frame = _frame(table, number, spool.epoch_us, books, until_us)
            ready = [] if frame is None else [(number, frame, facts)]
            del table, frame, facts
            give_back()
            if following is not None:
                coming.append(pool.submit(summed, following))
            while ready:
                yield ready.pop()  # not held here while it is weighed


def _frame(table: pa.Table, number: int, epoch_us: int, books: Codebooks, until_us: int | None) -> Frame | None:
    start, end = number * epoch_us, (number + 1) * epoch_us
    end = end if until_us is None else min(end, until_us)
    return build_frame(table, books, start_us=start, end_us=end) if len(table) else None
