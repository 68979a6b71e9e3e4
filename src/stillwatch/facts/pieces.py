"""Columns of strings that are put together from pieces in any order, as codes or as they are.

A code is given in the order in which names first appear among the finished rows. So names that are new wait under
numbers of their own until all pieces are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.frame import Codebook, Codes, Ints
from stillwatch.store.scratch import IN_MEMORY, Scratch

_ROWS = 1 << 20
"""Rows that are renumbered at a time."""


def distinct(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    """The different strings of a column in the order of their first rows, and the place of each row's among them; one
    further for a missing one."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    names = encoded.dictionary.to_pylist()
    at = pc.fill_null(encoded.indices, len(names)).to_numpy(zero_copy_only=False)
    return names, at.astype(np.int64)


class Coded:
    """One column of codes, of ``rows`` rows."""

    def __init__(self, book: Codebook, rows: int, scratch: Scratch) -> None:
        self._book = book
        self._known = len(book)
        self._codes: Codes = scratch.array((rows,), np.int32)
        self._new: dict[str, int] = {}
        self._first: list[int] = []
        """The first row of each new name."""

    def put(self, column: pa.ChunkedArray, place: Codes) -> None:
        """Rows with their places."""
        names, at = distinct(column)
        first = np.full(len(names) + 1, len(self._codes))
        np.minimum.at(first, at, place)
        codes = [self._code(name, row) for name, row in zip(names, first.tolist(), strict=False)]
        self._codes[place] = np.array([*codes, -1], dtype=np.int32)[at]

    def done(self) -> Codes:
        """The column, when all rows are there; the book has the new names from here on."""
        order = np.argsort(np.array(self._first, dtype=np.int64))
        names = list(self._new)
        final = np.arange(-1, self._known + len(names), dtype=np.int32)
        for new in order.tolist():
            final[1 + self._known + new] = self._book.code(names[new])
        for low in range(0, len(self._codes), _ROWS):
            some = self._codes[low : low + _ROWS]
            some[:] = final[some + 1]
        return self._codes

    def _code(self, name: str, row: int) -> int:
        known = self._book.codes.get(name)
        if known is not None:
            return known
        new = self._new.setdefault(name, len(self._new))
        if new == len(self._first):
            self._first.append(row)
        self._first[new] = min(self._first[new], row)
        return self._known + new


class Ids(Sequence[str]):
    """Strings by row, of which a few will be looked at."""

    def __init__(self, rows: int, scratch: Scratch = IN_MEMORY) -> None:
        self._begin: Ints = scratch.array((rows,), np.int64)
        self._size: Codes = scratch.array((rows,), np.int32)
        self._pile, self._bytes = scratch.pile(np.uint8), 0
        self._text = np.zeros(0, np.uint8)

    def put(self, column: pa.ChunkedArray, place: Codes) -> None:
        """Rows with their places."""
        text = column.combine_chunks().cast(pa.large_string())
        begin = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
        self._begin[place] = begin[:-1] + (self._bytes - begin[0])
        self._size[place] = np.diff(begin)
        self._pile.add(np.frombuffer(text.buffers()[2] or b"", np.uint8)[begin[0] : begin[-1]])
        self._bytes += int(begin[-1] - begin[0])

    def done(self) -> Ids:
        """The same, when all rows are there."""
        self._text = self._pile.array()
        return self

    def __len__(self) -> int:
        return len(self._begin)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        begin = int(self._begin[row])
        return self._text[begin : begin + int(self._size[row])].tobytes().decode()


class IdPile:
    """Strings by row, put one after the other."""

    def __init__(self, scratch: Scratch) -> None:
        self._begin, self._size, self._text = scratch.pile(np.int64), scratch.pile(np.int32), scratch.pile(np.uint8)
        self._bytes = 0

    def add(self, ids: Ids) -> None:
        """Put these, which are finished, behind what is there."""
        self._begin.add(ids._begin + self._bytes)
        self._size.add(ids._size)
        self._text.add(ids._text)
        self._bytes += len(ids._text)

    def done(self) -> Ids:
        """All of them; this is used up."""
        found = Ids(0)
        found._begin, found._size, found._text = (pile.array() for pile in (self._begin, self._size, self._text))
        return found
