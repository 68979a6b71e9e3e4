"""Records to canonical rows: EXCHANGES with text, or with sketches in place of every text.

The sketched form has the columns of EXCHANGES, ``content_state`` hashed and no message, and beside them those columns
of SKETCHES that EXCHANGES has not; the file says under which recipe. It is made in memory: no text reaches a disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from stillwatch.gateway import plain
from stillwatch.gateway.record import Record
from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.ingest.paths import opened
from stillwatch.ingest.sketched import RECIPE
from stillwatch.ingest.streamed import joined
from stillwatch.ingest.threads import Threads
from stillwatch.model.tables import EXCHANGES, SKETCHES, arrow_schema
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe, recipe_id

Row = dict[str, Any]
_FULL = arrow_schema(EXCHANGES)
_LAST_EVENTS = 6
_decoder = msgspec.json.Decoder()
_TEXTS = ("system_instructions", "input_messages", "output_messages")
_SKETCHED = [f for f in arrow_schema(SKETCHES) if f.name not in EXCHANGES.column_names]
_HASHED = pa.schema([*(f for f in _FULL if f.name not in _TEXTS), *_SKETCHED])


def full_batch(records: Sequence[Record], threads: Threads | None = None) -> pa.RecordBatch:
    """Rows of EXCHANGES with their text; ``threads``: the conversations that came before."""
    return _batch([_row(record, _said, threads) for record in records])


def hashed_batch(
    records: Sequence[Record], recipe: Recipe, seed: bytes, threads: Threads | None = None
) -> pa.RecordBatch:
    """The same without text, sketched under ``recipe``."""
    full = _batch([_row(record, _counted, threads) for record in records])
    sketches = sketch_batch(full, recipe=recipe, seed=seed)
    columns = [full.column(name) if name in _FULL.names else sketches.column(name) for name in _HASHED.names]
    columns[_HASHED.names.index("content_state")] = pa.array(["hashed"] * len(records), pa.string())
    schema = _HASHED.with_metadata({RECIPE: recipe_id(recipe, seed).encode()})
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    columns = [_column([row.get(field.name) for row in rows], field) for field in _FULL]
    return pa.RecordBatch.from_arrays(columns, schema=_FULL)


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    """Values as they are where all fit, which is nearly always; else each is looked at."""
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([_fitting(field.name, value) for value in values], field.type)


def _row(record: Record, answered: Callable[[Record], Row], threads: Threads | None) -> Row:
    body = record.opened()
    asked = plain.asked(body) if record.operation == "chat" else None
    row = {**answered(record), **(request_columns(body) if asked is None else asked), **_seen(record)}
    if threads is not None and record.operation == "responses":
        row = _stitched(row, record, threads)
    for name in _TEXTS:
        if row.get(name) is not None:
            row[name] = msgspec.json.encode(row[name]).decode("utf-8", "replace")
    return row


def _stitched(row: Row, record: Record, threads: Threads) -> Row:
    """The row with the history that stays with the provider, as far as this gateway saw it."""
    answer = joined(opened(record.answer)) if record.answer and not record.answer_cut else None
    said = response_columns(answer).get("output_messages")
    told = threads.stitched({**row, "output_messages": said}, record.body, answer)
    return {**told, "output_messages": row.get("output_messages")}


def _said(record: Record) -> Row:
    """What the answer says; of one that was cut only the tokens, because its text is not whole."""
    if record.answer_cut:
        return _counted(record)
    return response_columns(record.answer.decode("utf-8", "replace")) if record.answer else {}


def _counted(record: Record) -> Row:
    """The same without its text: of a stream only the first and the last events, which hold model, counts, reasons."""
    answer = record.answer
    if not answer:
        return {}
    if record.streamed and not answer.startswith(b"{"):  # LiteLLM puts streams together
        end = b"\n\n" if b"\n\n" in answer else b"\r\n\r\n"
        events = _ends(answer, end, whole=not record.answer_cut)
        found = plain.streamed(events) if record.operation == "chat" else None
        answer = end.join(events)
    else:
        found = plain.answered(_opened(answer)) if record.operation == "chat" else None
    columns = response_columns(answer.decode("utf-8", "replace")) if found is None else found
    columns.pop("output_messages", None)
    return columns


def _ends(answer: bytes, end: bytes, *, whole: bool) -> list[bytes]:
    """The first two events, where they are there, and the last ones; none twice."""
    last = answer.rsplit(end, _LAST_EVENTS)
    if len(last) <= _LAST_EVENTS:
        return last
    first = last[0].split(end, 2)[:2] if whole else []
    return [*first, *last[1:]]


def _opened(answer: bytes) -> Any:
    try:
        return _decoder.decode(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _seen(record: Record) -> Row:
    caller, client = record.caller, record.client
    seen = {
        "event_id": record.event_id,
        "ts": record.ts_us,
        "account_id": caller.account_id,
        "tenant_id": caller.tenant_id,
        "api_key_hash": caller.api_key_hash,
        "org_id": caller.org_id,
        "client_ip": client.ip,
        "ja4": client.ja4,
        "user_agent": record.user_agent,
        "operation": record.operation,
        "session_id": record.session_id,
        "duration_ms": record.duration_ms,
        "ttft_ms": record.ttft_ms,
        "http_status": record.status,
        "stream": record.streamed,
        "content_state": "truncated" if record.answer_cut else "full",
    }
    if record.error_type is not None:
        seen["error_type"] = record.error_type
    return seen


_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "int64": int, "float64": (int, float), "bool": bool, "timestamp": int, "strings": list,
}  # fmt: skip
_TYPES = {column.name: column.type for column in EXCHANGES.columns}


def _fitting(name: str, value: Any) -> Any:
    """A value of the column's type; a client may send anything under any name."""
    kind = _KINDS[_TYPES[name]]
    if isinstance(value, bool) and _TYPES[name] != "bool":
        return None
    if not isinstance(value, kind):
        return None
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return None
    if isinstance(value, list):
        return [entry for entry in value if isinstance(entry, str)]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
