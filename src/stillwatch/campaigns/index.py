"""Look-ups into one epoch: rows by account and rows by template key, each from one sort."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillwatch.groups.leanings import first_messages
from stillwatch.groups.templates import request_keys
from stillwatch.model.frame import Codes, Frame, Ints


class EpochIndex:
    """Rows of a frame by account code and by template key. Cost: one sort each; a look-up is a binary search.

    ``texts``: requests with text by account code; ``keys``: template keys by row, as of ``request_keys``.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._by_account = np.argsort(frame.account, kind="stable")
        self._accounts = frame.account[self._by_account]
        self.texts = np.bincount(frame.account[frame.exact != 0], minlength=int(frame.account.max(initial=-1)) + 1)
        self.keys = request_keys(frame)
        flat = self.keys.ravel()
        used = np.flatnonzero(flat != 0)
        order = used[np.argsort(flat[used], kind="stable")]
        self._keys, self._key_rows = flat[order], order // self.keys.shape[1]

    @cached_property
    def _asks_first(self) -> NDArray[np.bool_]:
        mask = np.zeros(len(self._frame), dtype=bool)
        mask[first_messages(self._frame)] = True
        return mask

    def first_of(self, rows: Ints) -> Ints:
        """Those of ``rows`` that are first messages (``groups.leanings``)."""
        return rows[self._asks_first[rows]]

    def rows_of(self, accounts: Codes) -> Ints:
        """Rows of these accounts, ascending."""
        return _gather(self._accounts, self._by_account, accounts)

    def rows_with(self, keys: Ints) -> tuple[Ints, Ints]:
        """Rows that carry at least one of these keys, ascending, and how many of them each carries."""
        rows, counts = np.unique(_gather(self._keys, self._key_rows, keys), return_counts=True)
        return rows, counts


def _gather(sorted_values: NDArray[np.signedinteger], rows: Ints, wanted: NDArray[np.signedinteger]) -> Ints:
    left, right = np.searchsorted(sorted_values, wanted, "left"), np.searchsorted(sorted_values, wanted, "right")
    sizes = right - left
    offset = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(rows[np.repeat(left, sizes) + offset])
