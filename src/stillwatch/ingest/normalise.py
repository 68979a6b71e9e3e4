"""Chunks of any format to canonical batches.

Reads a ``Chunk`` with the source's own column names, writes a batch with exactly the columns of ``EXCHANGES``. Names
are resolved by ``aliases``, types by ``values``. A row is lost only for its account or its time: without an account,
or with a time that is missing, unreadable or outside 2015-2100, it becomes a reject. Every other value that does not
fit becomes null, is counted under its column, and the row stays.

Deliberately parses no message and drops no duplicate.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.aliases import meaning
from stillwatch.ingest.chunk import Chunk, Values
from stillwatch.ingest.identity import event_ids
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.times import to_times
from stillwatch.ingest.values import convert, decoded
from stillwatch.model.tables import EXCHANGES, Column, arrow_schema

JSON_COLUMNS = frozenset({"system_instructions", "input_messages", "output_messages", "client_headers"})
CONTENT_STATES = ("full", "truncated", "hashed", "absent")
NO_ACCOUNT = "no account_id"
NO_TIME = "no ts"
BAD_TIME = "ts is not a time"
OUTSIDE = "ts outside 2015-2100"
_SCHEMA = arrow_schema(EXCHANGES)


def normalise(chunk: Chunk, *, rejects: Rejects, key: bytes) -> pa.RecordBatch:
    """The rows of ``chunk`` that have an account and a time, in their order."""
    named = by_meaning(chunk)
    times, reasons = _times(named.get("ts", []), chunk.size)
    account, _ = _first_given(named.get("account_id", []), _ACCOUNT, chunk.size)
    reasons = pc.if_else(pc.is_null(account), NO_ACCOUNT, reasons)
    kept = pc.is_null(reasons)
    if not (every := kept.true_count == chunk.size):
        _reject(chunk, reasons, rejects)
    arrays = []
    for column in EXCHANGES.columns:
        array = {"ts": times, "account_id": account}.get(column.name)
        if array is None:
            array = _optional(named.get(column.name, []), column, chunk.size, rejects)
        arrays.append(array if every else array.filter(kept))
    return _identified(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA), key)


def by_meaning(chunk: Chunk) -> dict[str, list[Values]]:
    """Columns by canonical name, the best alias first; columns of no known meaning are left out."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for name in chunk.columns:
        if known := meaning(name):
            ranked.setdefault(known[0], []).append((known[1], name))
    return {canonical: [chunk.columns[n] for _, n in sorted(names)] for canonical, names in ranked.items()}


_ACCOUNT = next(c for c in EXCHANGES.columns if c.name == "account_id")


def _first_given(candidates: list[Values], column: Column, size: int) -> tuple[pa.Array, int]:
    """The first of several columns of one meaning that is not null, per row, and the count of misfits."""
    converted = [convert(values, column.type, json=column.name in JSON_COLUMNS) for values in candidates]
    wrong = sum(count for _, count in converted)
    if not converted:
        return pa.nulls(size, _SCHEMA.field(column.name).type), wrong
    first = converted[0][0]
    return (first if len(converted) == 1 else pc.coalesce(*(array for array, _ in converted))), wrong


def _optional(candidates: list[Values], column: Column, size: int, rejects: Rejects) -> pa.Array:
    array, wrong = _first_given(candidates, column, size)
    if column.name == "content_state" and array.null_count < size:
        known = pc.is_in(array, pa.array(CONTENT_STATES))
        wrong += size - array.null_count - known.true_count
        array = pc.if_else(known, array, None)
    if wrong:
        rejects.note(column.name, wrong)
    return array


def _times(candidates: list[Values], size: int) -> tuple[pa.Array, pa.Array]:
    """Times, and per row the reason why there is none (null = there is one)."""
    times = pa.nulls(size, _SCHEMA.field("ts").type)
    reasons = pa.array([NO_TIME] * size)
    for values in candidates:
        plain = values if isinstance(values, list) else decoded(values)
        found, outside = to_times(plain)
        given = pa.array([v is not None for v in plain]) if isinstance(plain, list) else pc.is_valid(plain)
        why = pc.if_else(outside, OUTSIDE, pc.if_else(given, BAD_TIME, None))
        reasons = pc.if_else(pc.equal(reasons, NO_TIME), pc.coalesce(why, reasons), reasons)
        times = pc.coalesce(times, found)
    return times, pc.if_else(pc.is_valid(times), None, reasons)


def _reject(chunk: Chunk, reasons: pa.Array, rejects: Rejects) -> None:
    for row, reason in enumerate(reasons.to_pylist()):
        if reason is not None:
            rejects.add(chunk.file, chunk.position(row), reason, chunk.raw(row))


def _identified(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    """Rows without an id get a keyed hash of their content."""
    ids = batch.column("event_id")
    if not ids.null_count:
        return batch
    missing = ids.is_null()
    made = event_ids(batch.filter(missing), key)
    complete = pc.replace_with_mask(ids, missing, made)
    return batch.set_column(0, _SCHEMA.field("event_id"), complete)
