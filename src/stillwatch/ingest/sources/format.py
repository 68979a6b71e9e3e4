"""What a log format is: how it is recognised and how its rows are read.

A format is a value, listed in ``catalogue``. ``recognises`` looks at the first unpacked bytes only; ``chunks`` reads
the opened file once, in bounded memory, adding to the rejects what it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stillwatch.errors import InputError
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.streams import Bytes


class UnrecognisedFileError(InputError):
    """A file that is healthy but holds no such rows; in a folder it is noted and passed over."""


@dataclass(slots=True)
class Opened:
    """One file being read."""

    source: Source
    stream: Bytes
    wanted: Callable[[str], bool]
    """Whether a column of this name is read; others are named in ``Chunk.unknown``."""
    taken: int = 0
    """Bytes of the file behind the chunks given so far, for progress."""
    map: ColumnMap | None = None
    """The column map a person asked for."""
    automatic: tuple[ColumnMap, ...] = ()
    """Maps that are used for files that have all their marks."""


Reads: TypeAlias = Callable[[Opened, Rejects, Limits], Iterator[Chunk]]


@dataclass(frozen=True, slots=True)
class Format:
    """One log format."""

    name: str
    doc: str
    recognises: Callable[[bytes], bool]
    chunks: Reads
    fixed_columns: bool
    """Whether all rows have the columns of the first; then a missing required column is told once, for the file."""
    map_of: Callable[[Opened], ColumnMap | None] | None = None
    """The column map by which an opened file will be read, for formats that can have one."""
