"""Made-up exchanges and the ways to write them to a file, shared by the tests of reading."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from stillwatch.ingest.read import Rejects, read_exchanges
from stillwatch.model.tables import EXCHANGES, arrow_schema

KEY = b"a key for tests"
SCHEMA = arrow_schema(EXCHANGES)
Row = dict[str, Any]

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).filter(lambda s: s.strip() != "")
# A carriage return does not survive CSV with its line ends unharmed; the other formats get it elsewhere.
CSV_TEXTS = TEXTS.map(lambda s: s.replace("\r", "_").replace("\x00", "_"))
TIMES = st.datetimes(datetime(2015, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "string": CSV_TEXTS,
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "timestamp": TIMES,
    "strings": st.lists(CSV_TEXTS, max_size=3),
}


def rows() -> st.SearchStrategy[list[Row]]:
    """Canonical rows, optional columns now and then absent."""
    columns = {
        c.name: BY_TYPE[c.type] if c.required else st.none() | BY_TYPE[c.type]
        for c in EXCHANGES.columns
        if c.name != "content_state"
    }
    columns["content_state"] = st.sampled_from([None, "full", "truncated", "hashed", "absent"])
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=4)


def table(of: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(of), schema=SCHEMA)


def row(**values: Any) -> Row:
    return {"ts": "2026-03-01T12:00:00Z", "account_id": "acct-1", "event_id": "ev-1", **values}


def json_lines(of: Sequence[Row]) -> bytes:
    return b"".join(json.dumps(r, default=_text_of_time).encode() + b"\n" for r in of)


def json_array(of: Sequence[Row]) -> bytes:
    return json.dumps(list(of), default=_text_of_time).encode()


def json_pretty(of: Sequence[Row]) -> bytes:
    return b"\n".join(json.dumps(r, default=_text_of_time, indent=2, ensure_ascii=False).encode() for r in of)


def delimited(of: Sequence[Row], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    names = list(of[0])
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows([_cell(r[name]) for name in names] for r in of)
    return out.getvalue().encode()


def parquet(of: Sequence[Row] | pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(of if isinstance(of, pa.Table) else pa.Table.from_pylist(list(of)), out, **options)
    return out.getvalue()


def _text_of_time(value: datetime) -> str:
    return value.isoformat()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else repr(value) if isinstance(value, float) else value


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(data, asbytes=True)
    return packed


WRITERS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "parquet": lambda of: parquet(table(of)),
    "json lines": json_lines,
    "json array": json_array,
    "json over lines": json_pretty,
    "csv": delimited,
    "tsv": lambda of: delimited(of, "\t"),
    "csv with semicolons": lambda of: delimited(of, ";"),
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstd,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def read(*inputs: str | Path, stdin: bytes | None = None, batch_rows: int = 8192) -> tuple[pa.Table, Rejects]:
    """Everything read, as one table, and what was not."""
    rejects = Rejects(KEY)
    stream = None if stdin is None else io.BytesIO(stdin)
    names = [str(name) for name in inputs] or ["-"]
    batches = list(read_exchanges(names, rejects=rejects, key=KEY, stdin=stream, batch_rows=batch_rows))
    for batch in batches:
        assert batch.schema == SCHEMA
        batch.validate(full=True)
        assert 0 < batch.num_rows <= batch_rows
    return pa.Table.from_batches(batches, schema=SCHEMA), rejects


def read_bytes(data: bytes) -> tuple[pa.Table, Rejects]:
    """What standard input with this content gives."""
    return read(stdin=data)
