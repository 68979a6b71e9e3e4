"""Logs in, canonical batches out: the front of the ingest stage.

Reads files, folders, patterns and standard input in any mixture of the formats in ``sources.catalogue``, told apart by
content. Writes batches with exactly the columns of ``EXCHANGES``, in bounded memory. Every row that goes in comes out
or is a reject; a file that cannot be read at all is an ``InputError`` that says what was tried. Duplicates pass
through: they are dropped behind the sketch, by ``event_id``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa

from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.aliases import meaning, names_for
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.edge import joined
from stillwatch.ingest.files import Maps, open_source, read_source
from stillwatch.ingest.inputs import Source, list_inputs, total_bytes
from stillwatch.ingest.mapfile import automatic_maps, load_map
from stillwatch.ingest.normalise import normalise
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.format import Opened, UnrecognisedFileError

__all__ = ["Rejects", "Source", "list_inputs", "read_accounts", "read_exchanges"]

Progress = Callable[[int, int], None]
REQUIRED = ("ts", "account_id")
NOT_A_LOG = "not a log of a known format"


def read_exchanges(
    inputs: Sequence[str],
    *,
    rejects: Rejects,
    key: bytes,
    batch_rows: int = 8192,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
    mapping: str | None = None,
    joins: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """All exchanges behind ``inputs``. Inputs are looked up at once, read as batches are taken.

    ``mapping`` names a column map (a preset or a TOML file) for all of them, ``joins`` access logs of the proxy in
    front.
    """
    sources = list_inputs(inputs)
    logs = list_inputs(joins) if joins else []
    maps = Maps(None if mapping is None else load_map(mapping), automatic_maps())
    tell = progress or (lambda done, total: None)
    batches = _batches(sources, rejects, key, Limits(rows=batch_rows), stdin, tell, maps)
    return joined(batches, logs, rejects) if logs else batches


def _batches(
    sources: list[Source],
    rejects: Rejects,
    key: bytes,
    limits: Limits,
    stdin: BinaryIO | None,
    progress: Progress,
    maps: Maps,
) -> Iterator[pa.RecordBatch]:
    total, done = total_bytes(sources), 0
    for source in sources:
        try:
            with open_source(source, stdin, is_exchange_column, maps) as opened:
                for batch in read_opened(opened, rejects, key, limits):
                    progress(done + min(opened.taken, source.size), total)
                    if batch.num_rows:
                        yield batch
        except UnrecognisedFileError as error:
            if source.explicit:
                raise
            rejects.add(source.name, 0, NOT_A_LOG)
            rejects.remark(str(error))
        done += source.size
        progress(done, total)


def read_opened(
    opened: Opened, rejects: Rejects, key: bytes, limits: Limits, *, whole: bool = True
) -> Iterator[pa.RecordBatch]:
    """The exchanges of one opened file, or of a piece of it; a batch may be empty."""
    for chunk in read_source(opened, rejects, limits, _check_required, whole=whole):
        yield normalise(chunk, rejects=rejects, key=key)


def is_exchange_column(name: str) -> bool:
    """Whether a column of a log means something here."""
    return meaning(name) is not None


def _check_required(opened: Opened, chunk: Chunk) -> None:
    if opened.map is not None:
        return  # the map has said what is missing, by the names of the file
    present = {known[0] for name in chunk.columns if (known := meaning(name))}
    for canonical in REQUIRED:
        if canonical not in present:
            raise UnrecognisedFileError(
                f"{opened.source.name}: no column for {canonical}; looked for {', '.join(names_for(canonical))}; "
                f"found {', '.join([*chunk.columns, *sorted(chunk.unknown)])}; rename one, name a column map (--map), "
                f"ask which fits (stillwatch ingest --explain), or leave the file out"
            )
