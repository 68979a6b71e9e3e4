"""CSV and its kin: a header line, then one record per row, separated by comma, tab, semicolon or bar.

Reads RFC 4180 quoting, records over several lines included. Every value is text; empty means null. A record with the
wrong number of fields is a reject at its first line; the lines a runaway quote swallowed are then read again one by
one, so a single stray quote does not cost what follows it.

Deliberately needs a header: without names nothing says which column is the account.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator

from stillwatch.ingest.aliases import meaning
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.lines import UTF8_BOM, runs
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.format import Format, Opened
from stillwatch.ingest.sources.tabular import chosen, through
from stillwatch.model.tables import ACCOUNTS

DELIMITERS = (",", "\t", ";", "|")
NOT_UTF8 = "not valid UTF-8"
NOT_RECORD = "not a delimited record"
WRONG_COUNT = "number of fields differs from the header"
TOO_LONG = "record longer than 64 MB"
_LONGEST_HEADER = 1 << 16


def recognises(head: bytes) -> bool:
    """Whether the first line names a column we know."""
    return _header(head, _is_known) is not None


def has_header(head: bytes, wanted: Callable[[str], bool]) -> bool:
    """Whether the first line names a column that is wanted."""
    return _header(head, wanted) is not None


def _header(head: bytes, known: Callable[[str], bool]) -> tuple[str, list[str]] | None:
    """Delimiter and names of the first line, by the delimiter that yields most known names."""
    line = head.removeprefix(UTF8_BOM).split(b"\n", 1)[0].rstrip(b"\r")
    if not line or len(line) > _LONGEST_HEADER:
        return None
    try:
        text = line.decode()
        splits = [(d, next(csv.reader([text], delimiter=d))) for d in DELIMITERS]
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return None
    delimiter, names = max(splits, key=lambda split: sum(map(known, split[1])))
    return (delimiter, names) if any(map(known, names)) else None


def _is_known(name: str) -> bool:
    return meaning(name) is not None or name in ACCOUNTS.column_names


class _Lines:
    """Lines for the csv reader, remembered until their record is judged."""

    def __init__(self, lines: Iterator[tuple[int, bytes]], most: int) -> None:
        self._lines = lines
        self._most = most
        self._size = 0
        self._again: deque[tuple[int, bytes]] = deque()
        self.used: list[tuple[int, bytes]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        self.used.append((number, line))
        self._size += len(line)
        if self._size > self._most:
            raise csv.Error(TOO_LONG)
        return line.decode(errors="surrogateescape") + "\n"

    @property
    def single(self) -> bool:
        """Whether the next line comes from a record already found bad, and must stand alone."""
        return bool(self._again)

    def accept(self) -> None:
        self.used = []
        self._size = 0

    def give_back(self) -> None:
        """All lines of the record but its first are read again."""
        self._again.extendleft(reversed(self.used[1:]))
        self.accept()


def chunks(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[Chunk]:
    """All records."""
    csv.field_size_limit(limits.line_bytes)
    found = _header(opened.stream.head, _is_known if opened.map is None else opened.map.roots.__contains__)
    assert found is not None
    by = chosen(opened, found[1])
    if by is None:
        yield from _chunks(*found, opened, rejects, limits, opened.wanted)
    else:
        wanted = by.roots.__contains__
        yield from through(by, _chunks(*found, opened, rejects, limits, wanted), opened, rejects)


def _chunks(
    delimiter: str, names: list[str], opened: Opened, rejects: Rejects, limits: Limits, wanted: Callable[[str], bool]
) -> Iterator[Chunk]:
    file = opened.source.name
    numbered = (
        pair
        for run in runs(opened.stream, file, rejects=rejects, limits=limits)
        for pair in zip(run.numbers, run.texts, strict=True)
    )
    next(numbered, None)
    records, places, raws, size = list[list[str]](), list[int](), list[bytes](), 0
    for number, raw, record in _records(numbered, file, delimiter, len(names), rejects, limits):
        if records and (len(records) == limits.rows or size + len(raw) > limits.chunk_bytes):
            opened.taken = opened.stream.taken
            yield _chunk(opened, names, records, places, raws, wanted)
            records, places, raws, size = [], [], [], 0
        records.append(record)
        places.append(number)
        raws.append(raw)
        size += len(raw)
    opened.taken = opened.stream.taken
    if records:
        yield _chunk(opened, names, records, places, raws, wanted)


def _records(
    numbered: Iterator[tuple[int, bytes]], file: str, delimiter: str, width: int, rejects: Rejects, limits: Limits
) -> Iterator[tuple[int, bytes, list[str]]]:
    """Good records with the line they begin at and their bytes."""
    lines = _Lines(((n, line.rstrip(b"\r")) for n, line in numbered), limits.line_bytes)
    while True:
        single = lines.single
        reason = None
        record: list[str] = []
        try:
            source = iter([next(lines)]) if single else lines
            record = next(csv.reader(source, delimiter=delimiter, strict=True))
        except csv.Error as error:
            reason = TOO_LONG if TOO_LONG in str(error) or "field limit" in str(error) else NOT_RECORD
        except StopIteration:
            if not lines.used:
                return
        number = lines.used[0][0]
        raw = b"\n".join(line for _, line in lines.used)
        if not raw.strip():
            lines.accept()
            continue
        if reason is None and len(record) != width:
            reason = WRONG_COUNT
        if reason is None and any(map(_is_broken, record)):
            reason = NOT_UTF8
        if reason is None:
            lines.accept()
            yield number, raw, record
        else:
            rejects.add(file, number, reason, lines.used[0][1])
            lines.give_back()


def _is_broken(field: str) -> bool:
    try:
        field.encode()
    except UnicodeEncodeError:
        return True
    return False


def _chunk(
    opened: Opened,
    names: list[str],
    records: list[list[str]],
    places: list[int],
    raws: list[bytes],
    wanted: Callable[[str], bool],
) -> Chunk:
    columns = dict(zip(names, map(list, zip(*records, strict=True)), strict=False))
    kept = {name: [v or None for v in values] for name, values in columns.items() if wanted(name)}
    return Chunk(
        file=opened.source.name,
        size=len(records),
        columns=kept,
        position=places.__getitem__,
        raw=raws.__getitem__,
        unknown=columns.keys() - kept.keys(),
    )


def _map_of(opened: Opened) -> ColumnMap | None:
    found = _header(opened.stream.head, lambda name: _is_known(name) or any(name in m.roots for m in opened.automatic))
    return None if found is None else chosen(opened, found[1])


FORMAT = Format(
    "CSV", "records after a header, separated by comma, tab, semicolon or bar", recognises, chunks, True, _map_of
)
