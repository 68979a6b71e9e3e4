"""Logs in, canonical batches out: the front of the ingest stage.

Reads files, folders, patterns and standard input in any mixture of the formats in ``sources.catalogue``, told apart by
content. Writes batches with exactly the columns of ``EXCHANGES``, in bounded memory. Every row that goes in comes out
or is a reject; a file that cannot be read at all is an ``InputError`` that says what was tried. Duplicates pass
through: they are dropped behind the sketch, by ``event_id``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from stillwatch.errors import InputError
from stillwatch.ingest.aliases import meaning, names_for
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.inputs import STDIN, Source, list_inputs, total_bytes
from stillwatch.ingest.normalise import normalise
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.catalogue import FORMATS, recognise
from stillwatch.ingest.sources.format import Format, Opened, UnrecognisedFileError
from stillwatch.ingest.streams import Bytes

__all__ = ["Rejects", "Source", "list_inputs", "open_source", "read_exchanges"]

Progress = Callable[[int, int], None]
Check = Callable[[Opened, Chunk], None]
REQUIRED = ("ts", "account_id")
NOT_A_LOG = "not a log of a known format"
MOST_UNKNOWN = 1000
"""Names of unknown columns noted per file."""


def read_exchanges(
    inputs: Sequence[str],
    *,
    rejects: Rejects,
    key: bytes,
    batch_rows: int = 8192,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> Iterator[pa.RecordBatch]:
    """All exchanges behind ``inputs``. Inputs are looked up at once, read as batches are taken."""
    sources = list_inputs(inputs)
    return _batches(sources, rejects, key, Limits(rows=batch_rows), stdin, progress or (lambda done, total: None))


def _batches(
    sources: list[Source], rejects: Rejects, key: bytes, limits: Limits, stdin: BinaryIO | None, progress: Progress
) -> Iterator[pa.RecordBatch]:
    total, done = total_bytes(sources), 0
    for source in sources:
        try:
            with open_source(source, stdin, _is_exchange_column) as opened:
                for chunk in read_source(opened, rejects, limits, _check_required):
                    batch = normalise(chunk, rejects=rejects, key=key)
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


def _is_exchange_column(name: str) -> bool:
    return meaning(name) is not None


@contextmanager
def open_source(source: Source, stdin: BinaryIO | None, wanted: Callable[[str], bool]) -> Iterator[Opened]:
    """The bytes of a source, unpacked and ready to be recognised; a failure to read it is an ``InputError``."""
    try:
        if source.name == STDIN:
            if stdin is None:
                raise InputError("-: standard input was asked for but is not connected; pipe a log into it")
            yield Opened(source, Bytes(stdin), wanted)
            return
        with Path(source.name).open("rb") as raw:
            yield Opened(source, Bytes(raw), wanted)
    except OSError as error:
        raise InputError(f"{source.name}: cannot be read: {error.strerror or error}; check the file") from error


def read_source(opened: Opened, rejects: Rejects, limits: Limits, check: Check) -> Iterator[Chunk]:
    """The chunks of one file, its format decided by content; notes empty files and columns nobody knows."""
    name, stream = opened.source.name, opened.stream
    if not stream.head.strip() and stream.broken_head is None:
        rejects.remark(f"{name}: the file is empty")
        return
    seen: set[str] = set()
    rows = 0
    format = _recognised(opened)
    for chunk in format.chunks(opened, rejects, limits):
        if format.fixed_columns and not rows:
            check(opened, chunk)
        if len(seen) < MOST_UNKNOWN:
            for column in sorted(set(chunk.unknown) - seen):
                seen.add(column)
                rejects.ignore(column)
        rows += chunk.size
        yield chunk
    if not rows:
        rejects.remark(f"{name}: no row could be read")


def _recognised(opened: Opened) -> Format:
    name, stream = opened.source.name, opened.stream
    if stream.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnrecognisedFileError(f"{name}: UTF-16 text; convert it to UTF-8, e.g. iconv -f UTF-16 -t UTF-8")
    if found := recognise(stream.head):
        return found
    if stream.broken_head is not None:
        broken = f"{stream.packing} data that breaks at its beginning ({stream.broken_head})"
        raise InputError(f"{name}: {broken}; copy or export it again")
    tried = ", ".join(f"{format.name} ({format.doc})" for format in FORMATS)
    raise UnrecognisedFileError(f"{name}: of no known format; tried {tried}; export it as one of these or leave it out")


def _check_required(opened: Opened, chunk: Chunk) -> None:
    present = {known[0] for name in chunk.columns if (known := meaning(name))}
    for canonical in REQUIRED:
        if canonical not in present:
            raise UnrecognisedFileError(
                f"{opened.source.name}: no column for {canonical}; looked for {', '.join(names_for(canonical))}; "
                f"found {', '.join([*chunk.columns, *sorted(chunk.unknown)])}; rename one, or leave the file out"
            )
