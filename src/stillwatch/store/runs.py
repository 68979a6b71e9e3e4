"""Sorted columns, cut abreast of one another, so that they can be put together a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from stillwatch.model.frame import Ints


def abreast(columns: Sequence[Ints], piece: int) -> Iterator[list[slice]]:
    """Of ascending ``columns``, at least one, the slices that hold the same span of values, in the order of values.

    The longest column is cut every ``piece`` values.
    """
    splits = max(columns, key=len)[piece::piece]
    bounds = ([0, *np.searchsorted(column, splits).tolist(), len(column)] for column in columns)
    yield from (list(cut) for cut in zip(*([slice(*ends) for ends in pairwise(b)] for b in bounds), strict=True))
