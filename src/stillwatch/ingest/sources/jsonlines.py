"""JSON: one object per line, a top-level array of objects, or objects over several lines.

Reads canonical names and their aliases (``aliases``); nested messages are carried on as JSON text. A line that is not
UTF-8, not JSON, not an object, or nested too deeply is a reject with its line number. What strict JSON forbids but
writers produce (NaN, half a surrogate pair where a text was cut) does not cost the row: a prompt must not be able to
hide its own request.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.lines import UTF8_BOM, Run, grouped, runs
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources import delimited
from stillwatch.ingest.sources.documents import documents
from stillwatch.ingest.sources.format import Format, Opened
from stillwatch.ingest.sources.names import BEGINS, first_lines, over_lines
from stillwatch.ingest.sources.tabular import chosen_by_head, through

NOT_UTF8 = "not valid UTF-8"
NOT_JSON = "not valid JSON"
NOT_OBJECT = "JSON, but not an object"
TOO_DEEP = "JSON nested too deeply"
_ENDS = re.compile(rb"\}\s*[,\]]*$")

Row = dict[str, Any]
_decode = msgspec.json.Decoder().decode
_decode_shallow = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_LARGE_LINE = 1 << 20
_LARGE_VALUE = 1 << 16
_GROUP_BYTES = 8 << 20
"""Text of this size decodes to at most some 200 MB of objects, whatever it holds."""


def recognises(head: bytes, names_columns: Callable[[bytes], bool] = delimited.recognises) -> bool:
    """Whether the first line begins like an object or an array of objects, or is broken and one of the next does.

    A line that names columns is not broken, and no field behind it makes the file JSON: a text in quotes may hold a
    line that looks like an object. Only a file cut at its front begins with a line that ends like an object, and then
    names in it may be of some text.
    """
    first, *others = first_lines(head)
    if BEGINS.match(first):
        return True
    broken = _ENDS.search(first) is not None or not names_columns(head)
    return broken and any(map(BEGINS.match, others))


def chunks(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[Chunk]:
    """The rows as they are, or through a column map."""
    by = chosen_by_head(opened)
    if by is None:
        yield from mapped(opened, rejects, limits, lambda row: row)
    else:
        plain = mapped(opened, rejects, limits, lambda row: row, by.roots.__contains__)
        yield from through(by, plain, opened, rejects)


def mapped(
    opened: Opened,
    rejects: Rejects,
    limits: Limits,
    read: Callable[[Row], Row],
    wanted: Callable[[str], bool] | None = None,
) -> Iterator[Chunk]:
    """The rows of any JSON file, each passed through ``read``; of its names only those ``wanted``."""
    for rows, origins, run in decoded_rows(opened, rejects, limits):
        yield _chunk(opened, run, [read(row) for row in rows], origins, wanted or opened.wanted)


def decoded_rows(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[tuple[list[Row], list[int], Run]]:
    """The objects of any JSON file in groups, with the index each has in its run of lines."""
    split = documents if over_lines(opened.stream.head) else runs
    pieces = split(opened.stream, opened.source.name, rejects=rejects, limits=limits)
    for run in grouped(pieces, replace(limits, chunk_bytes=min(limits.chunk_bytes, _GROUP_BYTES))):
        rows, origins = list[Row](), list[int]()
        for i, text in enumerate(run.texts):
            row = decode(text)
            if isinstance(row, str):
                rejects.add(opened.source.name, run.numbers[i], row, text)
            else:
                rows.append(row)
                origins.append(i)
        opened.taken = opened.stream.taken
        if rows:
            yield rows, origins, run


def decode(text: bytes) -> Row | str:
    """The object in ``text``, or the reason why there is none."""
    text = text.removeprefix(UTF8_BOM)
    try:
        row = _decode(text) if len(text) < _LARGE_LINE else _decode_large(text)
    except UnicodeDecodeError:
        return NOT_UTF8
    except RecursionError:
        return TOO_DEEP
    except msgspec.DecodeError:
        row = _leniently(text)
    if isinstance(row, _Reason):
        return row.text
    return row if isinstance(row, dict) else NOT_OBJECT


def _decode_large(text: bytes) -> Row:
    """A long line, with long nested values left as the JSON text they are: as objects they may be 20 times larger."""
    row: Row = {}
    for name, raw in _decode_shallow(text).items():
        value = bytes(raw)
        nested = len(value) > _LARGE_VALUE and not value.startswith(b'"')
        row[name] = value.decode() if nested else _decode(value)
    return row


@dataclass(frozen=True, slots=True)
class _Reason:
    """A reason, told apart from a JSON text."""

    text: str


def _leniently(text: bytes) -> Any:
    """JSON with NaN, overlong numbers (both null) or halves of surrogate pairs (replaced)."""
    try:
        value = json.loads(text.decode(), parse_constant=lambda _: None, parse_float=_finite)
        return _decode(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except UnicodeDecodeError:
        return _Reason(NOT_UTF8)
    except RecursionError:
        return _Reason(TOO_DEEP)
    except ValueError:
        return _Reason(NOT_JSON)


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _chunk(opened: Opened, run: Run, rows: list[Row], origins: list[int], wanted: Callable[[str], bool]) -> Chunk:
    names = set[str]().union(*rows)
    kept = [name for name in names if wanted(name)]
    return Chunk(
        file=opened.source.name,
        size=len(rows),
        columns={name: [row.get(name) for row in rows] for name in sorted(kept)},
        position=lambda i: run.numbers[origins[i]],
        raw=lambda i: run.texts[origins[i]],
        unknown=names.difference(kept),
    )


FORMAT = Format(
    "JSON", "one object per line, an array, or objects over several lines", recognises, chunks, False, chosen_by_head
)
