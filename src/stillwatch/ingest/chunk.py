"""What every format hands to the normaliser: some rows as columns, with enough to say where each row came from.

A chunk is bounded in rows and bytes by the format that made it. Column names are the source's own, values are Arrow
arrays where the format has types and Python lists where it has none. ``position`` and ``raw`` serve rejects only and
are called for those rows alone.

Deliberately knows nothing of canonical names or types.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

Values: TypeAlias = pa.Array | list[Any]
CAST_FAILS = (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError)
"""What Arrow raises when values do not fit a type."""
_PLAIN = frozenset({str, int, float, bool, type(None)})


def as_array(values: list[Any]) -> Values:
    """An array where all values are of one plain type; Arrow is not asked to guess at nested or mixed ones."""
    types = set(map(type, values))
    if not types <= _PLAIN or len(types - {type(None)}) > 1:
        return values
    try:
        return pa.array(values)
    except CAST_FAILS:
        return values


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be held at once."""

    rows: int = 8192
    chunk_bytes: int = 32 << 20
    """A chunk ends at this size; a single row may be larger."""
    line_bytes: int = 64 << 20
    """A longer line or record is rejected without being held."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows ``0..size-1`` of one file."""

    file: str
    size: int
    columns: Mapping[str, Values]
    position: Callable[[int], int]
    """1-based line (or row of a columnar file) of row ``i``."""
    raw: Callable[[int], bytes]
    """Bytes that stand for row ``i`` in the hash of a reject."""
    unknown: Collection[str] = ()
    """Columns the file has and nobody asked for; not carried."""
