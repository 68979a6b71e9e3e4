"""Records to canonical rows: EXCHANGES with text, or with sketches in place of every text.

The sketched form has the columns of EXCHANGES, ``content_state`` hashed and no message, and beside them those columns
of SKETCHES that EXCHANGES has not; the file says under which recipe. It is made in memory: no text reaches a disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from stillwatch.gateway.record import Record
from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.model.tables import EXCHANGES, SKETCHES, arrow_schema
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe, recipe_id

RECIPE = b"stillwatch.recipe"
"""Key of the file's metadata that names the recipe of its sketches."""
_FULL = arrow_schema(EXCHANGES)
_TEXTS = ("system_instructions", "input_messages", "output_messages")
_SKETCHED = [f for f in arrow_schema(SKETCHES) if f.name not in EXCHANGES.column_names]
_HASHED = pa.schema([*(f for f in _FULL if f.name not in _TEXTS), *_SKETCHED])


def full_batch(records: Sequence[Record]) -> pa.RecordBatch:
    """Rows of EXCHANGES with their text."""
    rows = [_row(record) for record in records]
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in _FULL]
    return pa.RecordBatch.from_arrays(columns, schema=_FULL)


def hashed_batch(records: Sequence[Record], recipe: Recipe, seed: bytes) -> pa.RecordBatch:
    """The same without text, sketched under ``recipe``."""
    full = full_batch(records)
    sketches = sketch_batch(full, recipe=recipe, seed=seed)
    columns = [full.column(name) if name in _FULL.names else sketches.column(name) for name in _HASHED.names]
    columns[_HASHED.names.index("content_state")] = pa.array(["hashed"] * len(records), pa.string())
    schema = _HASHED.with_metadata({RECIPE: recipe_id(recipe, seed).encode()})
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _row(record: Record) -> dict[str, Any]:
    row = {**_said(record), **_asked(record), **_seen(record)}
    for name in _TEXTS:
        if row.get(name) is not None:
            row[name] = msgspec.json.encode(row[name]).decode("utf-8", "replace")
    return {name: _fitting(name, value) for name, value in row.items()}


def _asked(record: Record) -> dict[str, Any]:
    return request_columns(record.body)


def _said(record: Record) -> dict[str, Any]:
    """What the answer says; of one that was cut only the tokens, because its text is not whole."""
    if not record.answer:
        return {}
    answer = record.answer
    if record.answer_cut:
        answer = answer[answer.find(b"\n\n") + 2 :]  # from the first event that is whole
    columns = response_columns(answer.decode("utf-8", "replace"))
    if record.answer_cut:
        columns.pop("output_messages", None)
    return columns


def _seen(record: Record) -> dict[str, Any]:
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
