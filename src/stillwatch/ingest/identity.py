"""Keyed hashes that stand for content: the identity of an exchange without one, and the mark of a rejected row.

Reads canonical batches and raw bytes; writes text. Equal content under an equal key has an equal hash, whatever format
it came in, so two identical rows without ids are one exchange seen twice. Columns enter with their lengths, so no
choice of text makes two different rows hash alike.

Deliberately does not drop duplicates: that needs the whole log and is done behind the sketch.
"""

from __future__ import annotations

import hashlib

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_EVENT = b"stillwatch-event"
_ROW = b"stillwatch-row"


def _keyed(key: bytes, person: bytes, data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16, key=key, person=person).hexdigest()


def hash_key(key: bytes) -> bytes:
    """``key`` in a length BLAKE2b takes: longer keys are hashed down to 64 bytes."""
    return key if len(key) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(key).digest()


def row_hash(key: bytes, raw: bytes) -> str:
    """The mark under which a rejected row is stored instead of its text."""
    return _keyed(hash_key(key), _ROW, raw)


def event_ids(rows: pa.RecordBatch, key: bytes) -> pa.Array:
    """One id per row of a canonical batch, from every column but ``event_id`` itself."""
    texts = [_as_text(rows.column(i)) for i in range(rows.num_columns) if rows.schema.names[i] != "event_id"]
    lengths = [pc.cast(pc.binary_length(t), pa.string()) for t in texts]
    header = pc.binary_join_element_wise(*lengths, ",", null_handling="replace", null_replacement="-")
    body = pc.binary_join_element_wise(*texts, "", null_handling="replace", null_replacement="")
    short = hash_key(key)
    contents = pc.binary_join_element_wise(header, body, "\n").cast(pa.binary()).to_pylist()
    return pa.array(["ev-" + _keyed(short, _EVENT, content) for content in contents], type=pa.string())


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_timestamp(column.type):
        return pc.cast(pc.cast(column, pa.int64()), pa.string())
    if pa.types.is_list(column.type):
        encoded = [None if v is None else msgspec.json.encode(v).decode() for v in column.to_pylist()]
        return pa.array(encoded, type=pa.string())
    return pc.cast(column, pa.string())
