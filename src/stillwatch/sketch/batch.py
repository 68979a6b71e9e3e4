"""Exchanges in, sketches out: the only function of this stage that the rest of the product calls.

Contract: reads a batch of ``EXCHANGES`` (missing columns count as null), writes a batch of ``SKETCHES`` of as many
rows in the same order. Pure: equal input, recipe and key give equal output, and a row does not depend on its
neighbours. No text survives it. Rows without text (``content_state`` hashed or absent, null, or no word in it) get
zeros and empty values.

It deliberately knows no engine, no file and no clock.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.tables import EXCHANGES, SKETCHES, arrow_schema
from stillwatch.sketch import kernel
from stillwatch.sketch.layout import Scratch, Texts, new_scratch
from stillwatch.sketch.machine import BLOCK
from stillwatch.sketch.net import addresses, hashed
from stillwatch.sketch.plan import plan
from stillwatch.sketch.recipe import Recipe
from stillwatch.sketch.text import join, read_messages, read_system

MAX_ROWS = 1 << 20
"""Rows of one batch: keeps the signatures within 32-bit offsets and the working memory within a gigabyte."""
AGENT_CHARACTERS = 120
TEXTLESS = ("hashed", "absent")

Columns = dict[str, pa.Array]
N = TypeVar("N", bound=np.generic)


def sketch_batch(exchanges: pa.RecordBatch, *, recipe: Recipe, seed: bytes) -> pa.RecordBatch:
    """Replace every text of the batch by its keyed sketch."""
    rows = exchanges.num_rows
    if rows > MAX_ROWS:
        raise ValueError(f"a batch of {rows} rows cannot be sketched at once; at most {MAX_ROWS}")
    columns = _Columns(exchanges)
    prompts, systems, turns = _texts(columns, recipe)
    out: Columns = {**_identities(columns, seed), "turns": pa.array(turns, pa.int32())}
    prompt = sketch_strings(prompts, recipe=recipe, seed=seed, with_signature=True)
    distinct = pa.array(systems, pa.large_string()).dictionary_encode()
    system = sketch_strings(distinct.dictionary, recipe=recipe, seed=seed, with_signature=False)
    out |= {
        f"prompt_{name}": prompt[name] for name in ("words", "exact", "open", "close", "skeleton", "minhash", "bag")
    }
    out |= {f"system_{name}": system[name].take(distinct.indices) for name in ("words", "exact", "skeleton")}
    out["cues"] = pc.bit_wise_or(prompt["cues"], system["cues"].take(distinct.indices))
    schema = arrow_schema(SKETCHES)
    arrays = [out[f.name] if f.name in out else columns.get(f.name, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def sketch_strings(texts: pa.Array, *, recipe: Recipe, seed: bytes, with_signature: bool) -> Columns:
    """Sketch texts that are already extracted; the columns of SKETCHES without ``prompt_`` or ``system_``."""
    return sketch_bytes(*_utf8(texts), recipe=recipe, seed=seed, with_signature=with_signature)


def sketch_bytes(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], *, recipe: Recipe, seed: bytes, with_signature: bool
) -> Columns:
    """The same for texts as bytes; malformed UTF-8 separates words."""
    rows = len(offsets) - 1
    if len(data) < BLOCK:
        data = np.pad(data, (0, BLOCK - len(data)))
    raw = _room(rows, rows if with_signature else 0, recipe)
    kept, signed = kernel.sketch_texts(
        plan(recipe, seed), data, offsets, with_signature, recipe.skeleton_size, _scratch(recipe, data), raw
    )
    found: Columns = {
        "words": pa.array(raw.words),
        "exact": pa.array(raw.exact),
        "open": pa.array(raw.opening),
        "close": pa.array(raw.closing),
        "cues": pa.array(raw.cues),
        "skeleton": pa.ListArray.from_arrays(pa.array(raw.skeleton_ends), pa.array(raw.skeleton[:kept])),
    }
    if with_signature:
        found["minhash"] = _blobs(raw.minhash[:signed], raw.words)
        found["bag"] = _blobs(raw.bag[:signed], raw.words)
    return found


def _room(rows: int, signed_rows: int, recipe: Recipe) -> Texts:
    return Texts(
        words=_empty(rows, np.int32),
        exact=_empty(rows, np.int64),
        opening=_empty(rows, np.int64),
        closing=_empty(rows, np.int64),
        cues=_empty(rows, np.int64),
        skeleton=_empty(rows * recipe.skeleton_size, np.int64),
        skeleton_ends=_empty(rows + 1, np.int32),
        minhash=_empty(signed_rows * recipe.minhash_size, np.int32).reshape(-1, recipe.minhash_size),
        bag=_empty(signed_rows * recipe.bag_size, np.uint8).reshape(-1, recipe.bag_size),
    )


def _empty(size: int, kind: type[N]) -> NDArray[N]:
    """Memory of Arrow's pool, which keeps what it gets back; NumPy's is faulted in anew, page by page, every time.

    What it held before may be text: of what the kernel leaves unwritten nothing may be handed on.
    """
    return np.frombuffer(pa.allocate_buffer(size * np.dtype(kind).itemsize), kind)


def _scratch(recipe: Recipe, data: NDArray[np.uint8]) -> Scratch:
    return new_scratch(min(recipe.text_bytes, len(data)) + 2)


def warm_up() -> None:
    """Compile the kernels, or load them from the cache."""
    seed = bytes(32)
    for with_signature in (True, False):
        sketch_strings(pa.array(["warm up"]), recipe=Recipe(), seed=seed, with_signature=with_signature)


class _Columns:
    """The columns of a batch by name, in their declared types; a missing one is all null."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._names = set(batch.schema.names)
        self._types = {f.name: f.type for f in arrow_schema(EXCHANGES)}

    def get(self, name: str, type_: pa.DataType | None = None) -> pa.Array:
        wanted = type_ or self._types[name]
        if name not in self._names:
            return pa.nulls(self._batch.num_rows, wanted)
        column = self._batch.column(name)
        return column if column.type == wanted else column.cast(wanted)


def _identities(columns: _Columns, seed: bytes) -> Columns:
    address, net = addresses(columns.get("client_ip"), seed)
    return {
        "end_user": hashed(columns.get("end_user_id"), "end user", seed),
        "session": hashed(columns.get("session_id"), "session", seed),
        "client_addr": address,
        "client_net": net,
        "user_agent": pc.utf8_slice_codeunits(columns.get("user_agent"), 0, AGENT_CHARACTERS),
    }


def _texts(columns: _Columns, recipe: Recipe) -> tuple[pa.Array, list[str], list[int]]:
    """(prompts, system texts, turns), cut to what the recipe sketches."""
    textless = pc.is_in(columns.get("content_state"), pa.array(TEXTLESS))
    systems = _system_texts(_nulled(columns.get("system_instructions"), textless))
    messages = _nulled(columns.get("input_messages"), textless)
    prompts: list[str | None] = [None] * len(messages)
    turns, limit = [0] * len(messages), recipe.text_bytes
    for row, raw in enumerate(_slices(messages)):
        if raw is not None:
            request = read_messages(raw)
            prompts[row] = request.prompt[:limit]
            turns[row] = request.turns
            if request.system:
                systems[row] = join(systems[row], request.system)
    return pa.array(prompts, pa.large_string()), [text[:limit] for text in systems], turns


def _nulled(values: pa.Array, where: pa.Array) -> pa.Array:
    return pc.if_else(where, pa.scalar(None, values.type), values) if pc.any(where).as_py() else values


def _system_texts(values: pa.Array) -> list[str]:
    """System instructions are few and long: each distinct one is decoded once."""
    coded = values.dictionary_encode()
    texts = ["" if raw is None else read_system(raw) for raw in _slices(coded.dictionary)]
    return ["" if index is None else texts[index] for index in coded.indices.to_pylist()]


def _slices(values: pa.Array) -> list[memoryview | None]:
    """Each value as bytes in place."""
    data, offsets = _utf8(values)
    view, ends = data.data, offsets.tolist()
    slices: list[memoryview | None] = [view[a:b] for a, b in pairwise(ends)]
    if values.null_count:
        for row in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)):
            slices[row] = None
    return slices


def _utf8(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Bytes and 64-bit offsets of a string array, without copying the bytes; a null is empty."""
    if len(values) == 0:
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    wide = values.cast(pa.large_string())
    _, ends, data = wide.buffers()
    offsets = np.frombuffer(ends, np.int64, len(wide) + 1, 8 * wide.offset)
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), offsets


def _blobs(rows: NDArray[np.generic], words: NDArray[np.int32]) -> pa.Array:
    """Binary values of equal width, in order, for the rows that have words; empty for the others."""
    width = rows.shape[1] * rows.itemsize
    offsets = np.zeros(len(words) + 1, np.int32)
    np.cumsum((words > 0) * np.int32(width), out=offsets[1:])
    little = rows.astype(rows.dtype.newbyteorder("<"), copy=False)
    return pa.Array.from_buffers(pa.binary(), len(words), [None, pa.py_buffer(offsets), pa.py_buffer(little)])
