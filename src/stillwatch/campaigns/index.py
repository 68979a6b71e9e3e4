"""Look-ups into one epoch: rows by account, and rows by those template keys that will be asked for.

Of an epoch's template keys, twenty a request, next to none belong to a group: the others are never laid out together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillwatch.groups.leanings import first_messages
from stillwatch.groups.templates import request_keys
from stillwatch.model.frame import Codes, Frame, Ints

_CHUNK = 65_536
"""Requests whose keys are looked through at a time."""


class Carried:
    """The ``wanted`` keys that an epoch's requests carry, looked for slice after slice."""

    def __init__(self, wanted: Iterable[Ints]) -> None:
        self._wanted = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *wanted]))
        self._keys, self._rows = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        self._before = 0

    def take(self, frame: Frame) -> None:
        """Look through the next slice."""
        for low in range(0, len(frame) if len(self._wanted) else 0, _CHUNK):
            keys = request_keys(frame, slice(low, low + _CHUNK))
            at = np.minimum(np.searchsorted(self._wanted, keys), len(self._wanted) - 1)
            row, column = np.nonzero((self._wanted[at] == keys) & (keys != 0))
            self._keys.append(keys[row, column])
            self._rows.append(row + self._before + low)
        self._before += len(frame)

    def found(self) -> tuple[Ints, Ints]:
        """The keys, and the rows of the epoch that carry them."""
        return np.concatenate(self._keys), np.concatenate(self._rows)


class EpochIndex:
    """Rows of a frame by account code and by template key. A look-up is a binary search.

    ``wanted``, ``members``: all keys and accounts that will be asked for; ``carried``: those keys, where they were
    looked for before; ``texts``: requests with text by account.
    """

    def __init__(
        self, frame: Frame, wanted: Iterable[Ints], members: Iterable[Codes], carried: Carried | None = None
    ) -> None:
        if carried is None:
            carried = Carried(wanted)
            carried.take(frame)
        self._frame = frame
        self._senders, self._sent = _sent(frame, np.concatenate([np.zeros(0, dtype=np.int32), *members]))
        self.texts = np.bincount(frame.account[frame.exact != 0], minlength=int(frame.account.max(initial=-1)) + 1)
        keys, rows = carried.found()
        order = np.argsort(keys, kind="stable")
        self._keys, self._key_rows = keys[order], rows[order]

    @cached_property
    def _asks_first(self) -> NDArray[np.bool_]:
        mask = np.zeros(len(self._frame), dtype=bool)
        mask[first_messages(self._frame)] = True
        return mask

    def first_of(self, rows: Ints) -> Ints:
        """Those of ``rows`` that are first messages (``groups.leanings``)."""
        return rows[self._asks_first[rows]]

    def rows_of(self, accounts: Codes) -> Ints:
        """Rows of these of the members, ascending."""
        return _gather(self._senders, self._sent, accounts)

    def rows_with(self, keys: Ints) -> tuple[Ints, Ints]:
        """Rows that carry at least one of these wanted keys, ascending, and how many of them each carries."""
        rows, counts = np.unique(_gather(self._keys, self._key_rows, keys), return_counts=True)
        return rows, counts


def _sent(frame: Frame, members: Codes) -> tuple[Codes, Ints]:
    """The requests of these accounts by account: whose, and the rows."""
    asked = np.zeros(int(max(frame.account.max(initial=-1), members.max(initial=-1))) + 1, dtype=bool)
    asked[members] = True
    rows = np.flatnonzero(asked[frame.account])
    rows = rows[np.argsort(frame.account[rows], kind="stable")]
    return frame.account[rows], rows


def _gather(sorted_values: NDArray[np.signedinteger], rows: Ints, wanted: NDArray[np.signedinteger]) -> Ints:
    left, right = np.searchsorted(sorted_values, wanted, "left"), np.searchsorted(sorted_values, wanted, "right")
    sizes = right - left
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(rows[np.repeat(left, sizes) + offset])
