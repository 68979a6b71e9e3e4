"""From an epoch's sketches to a ``Frame``: at once from a sorted table, or from pieces in any order.

Reads SKETCHES. The codebooks of the scan are extended in the order of the frame's rows, never renumbered: a frame and
its codes do not depend on the pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.facts.pieces import Coded, Ids, distinct
from stillwatch.model.frame import Codebook, Codes, Frame, Ints
from stillwatch.model.scope import scoped_column
from stillwatch.model.tables import BAG_SIZE, MINHASH_SIZE, SKELETON_SIZE
from stillwatch.store.scratch import IN_MEMORY, Scratch

SIGNATURE = "prompt_minhash"
FRAME_COLUMNS = (
    *("event_id", "ts", "tenant_id", "account_id", "client_addr", "client_net", "user_agent", "ja4", "model_request"),
    *("session", "end_user", "turns", "prompt_words", "output_tokens", "http_status", "error_type", "stream"),
    *("temperature", "max_tokens", "tool_count", "prompt_exact", "prompt_open", "prompt_close", "system_exact"),
    *("prompt_skeleton", "system_skeleton", "prompt_bag", "cues"),
)
"""What every frame is built from. Half of a row is its ``SIGNATURE``, which few epochs are asked for."""


@dataclass
class Codebooks:
    """The code spaces of one scan."""

    account: Codebook = field(default_factory=Codebook)
    net: Codebook = field(default_factory=Codebook)
    agent: Codebook = field(default_factory=Codebook)
    model: Codebook = field(default_factory=Codebook)


def build_frame(table: pa.Table, books: Codebooks, *, start_us: int, end_us: int) -> Frame:
    """Build the frame of one epoch from rows already sorted by (ts, event_id).

    Of a table without signatures the frame has none: looking one up is an error.
    """
    codes: dict[str, Any] = {name: _codes(column, getattr(books, name)) for name, column in _named(table)}
    ids = table["event_id"].to_pylist()
    return Frame(start_us=start_us, end_us=end_us, event_id=ids, **codes, **_numbers(table))


def assembled(
    pieces: Iterable[tuple[pa.Table, Codes]],
    rows: int,
    books: Codebooks,
    *,
    start_us: int,
    end_us: int,
    scratch: Scratch = IN_MEMORY,
) -> Frame:
    """The same frame from pieces in any order that come with the places of their rows; at least one row.

    Held at once: one piece. The columns lie where ``scratch`` puts them.
    """
    columns: dict[str, NDArray[Any]] = {}
    coded: dict[str, Coded] = {}
    ids = Ids(rows, scratch)
    for table, place in pieces:
        for name, values in _numbers(table).items():
            if name not in columns:
                columns[name] = scratch.array((rows if len(values) else 0, *values.shape[1:]), values.dtype)
            if len(values):
                columns[name][place] = values
        for name, column in _named(table):
            coded.setdefault(name, Coded(getattr(books, name), rows, scratch)).put(column, place)
        ids.put(table["event_id"], place)
    codes: dict[str, Any] = {name: column.done() for name, column in coded.items()}
    return Frame(start_us=start_us, end_us=end_us, event_id=ids.done(), **codes, **columns)


def _named(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The columns of strings that become codes, by the name of their code space."""
    yield "account", scoped_column(table)
    yield "net", scoped_column(table, "client_net")
    yield "agent", scoped_column(_with_client(table), "client")
    yield "model", table["model_request"]


def _numbers(table: pa.Table) -> dict[str, NDArray[Any]]:
    """All other columns of a frame but the ids."""
    salt = _salt(table)
    return {
        "ts": table["ts"].cast(pa.int64()).to_numpy(),
        "address": _ints(table, "client_addr"),
        **{name: _ints(table, name) for name in ("session", "end_user", "turns", "prompt_words", "output_tokens")},
        "served": _ints(table, "http_status") < 400,
        "shed": pc.fill_null(pc.equal(table["error_type"], "shed_experiment"), False).to_numpy(zero_copy_only=False),
        "stream": pc.fill_null(table["stream"], False).to_numpy(zero_copy_only=False),
        "temperature": pc.fill_null(table["temperature"], np.nan).to_numpy(),
        "max_tokens": _ints(table, "max_tokens"),
        "tool_count": _ints(table, "tool_count"),
        "exact": _salted(_ints(table, "prompt_exact"), salt),
        "opening": _salted(_ints(table, "prompt_open"), salt),
        "closing": _salted(_ints(table, "prompt_close"), salt),
        "system": _salted(_ints(table, "system_exact"), salt),
        "skeleton": _salted(_padded(table["prompt_skeleton"]), salt),
        "system_skeleton": _salted(_padded(table["system_skeleton"]), salt),
        "minhash": _signatures(table),
        "bag": _fixed(table["prompt_bag"], np.dtype("u1"), BAG_SIZE).astype(np.uint8, copy=False),
        "cues": _ints(table, "cues"),
    }


@dataclass(frozen=True)
class Sent:
    """Who sent what and when, of an epoch's rows in any order; ``text``: whether there is a prompt."""

    account: Codes
    ts: Ints
    text: NDArray[np.bool_]
    minhash: NDArray[np.int32]


def build_sent(table: pa.Table, books: Codebooks) -> Sent:
    """From some columns of SKETCHES: ts, tenant_id, account_id, prompt_exact, prompt_minhash."""
    return Sent(
        account=_codes(scoped_column(table), books.account),
        ts=table["ts"].cast(pa.int64()).to_numpy(),
        text=_ints(table, "prompt_exact") != 0,
        minhash=_signatures(table),
    )


def senders_and_prompts(table: pa.Table, books: Codebooks) -> tuple[Codes, Ints]:
    """What a frame says of some rows, of which ``books`` learns nothing: -1 for an account that is in no frame."""
    names, at = distinct(scoped_column(table))
    codes = np.array([*(books.account.codes.get(name, -1) for name in names), -1], dtype=np.int32)
    return codes[at], _salted(_ints(table, "prompt_exact"), _salt(table))


def _signatures(table: pa.Table) -> NDArray[np.int32]:
    if SIGNATURE not in table.column_names:
        return np.zeros((0, MINHASH_SIZE), dtype=np.int32)
    return _fixed(table[SIGNATURE], np.dtype("<i4"), MINHASH_SIZE).astype(np.int32, copy=False)


def _salt(table: pa.Table) -> Ints | None:
    """A number per row that makes equal texts of different tenants differ: links never cross tenants."""
    tenant = table["tenant_id"]
    if tenant.null_count == len(table):
        return None
    names = {name: _number(name) for name in pc.unique(tenant).to_pylist()}
    return np.array([names[name] for name in tenant.to_pylist()], dtype=np.int64)


def _number(name: str | None) -> int:
    digest = hashlib.blake2b((name or "").encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return 0 if name is None else int.from_bytes(digest, "little", signed=True)


def _salted(values: Ints, salt: Ints | None) -> Ints:
    if salt is None:
        return values
    shaped = salt if values.ndim == 1 else salt[:, None]
    return np.where(values == 0, 0, values ^ shaped)


def _with_client(table: pa.Table) -> pa.Table:
    """With the client's identity: what it calls itself together with its TLS fingerprint."""
    agent, ja4 = pc.fill_null(table["user_agent"], ""), pc.fill_null(table["ja4"], "")
    joined = pc.binary_join_element_wise(agent, ja4, " ")
    return table.append_column("client", pc.if_else(pc.equal(joined, " "), None, joined))


def _codes(column: pa.ChunkedArray, book: Codebook) -> Codes:
    names, at = distinct(column)
    codes: Codes = np.append(book.encode(names), np.int32(-1))[at]
    return codes


def _ints(table: pa.Table, name: str) -> Ints:
    values: Ints = pc.fill_null(table[name].cast(pa.int64()), 0).to_numpy()
    return values


def _padded(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Lists of at most SKELETON_SIZE hashes as a matrix padded with 0."""
    out = np.zeros((len(column), SKELETON_SIZE), dtype=np.int64)
    at = 0
    for chunk in column.chunks:
        lengths = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy()
        filled = np.arange(SKELETON_SIZE) < lengths[:, None]
        out[at : at + len(chunk)][filled] = chunk.flatten().to_numpy(zero_copy_only=False)
        at += len(chunk)
    return out


def _fixed(column: pa.ChunkedArray, dtype: np.dtype[np.generic], size: int) -> NDArray[np.generic]:
    """Binary values that are either empty or exactly ``size`` items, as a matrix with zeros for the empty ones.

    In place where there are no empty ones, as in nearly every epoch.
    """
    parts = [_filled(chunk, dtype, size) for chunk in column.chunks]
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros((0, size), dtype), *parts])


def _filled(values: pa.Array, dtype: np.dtype[np.generic], size: int) -> NDArray[np.generic]:
    width = size * dtype.itemsize
    lengths = pc.fill_null(pc.binary_length(values), 0).to_numpy()
    full = np.flatnonzero(lengths == width)
    kept = values.take(pa.array(full)) if len(full) < len(values) else values
    offsets = np.frombuffer(kept.buffers()[1], dtype=np.int32)[kept.offset : kept.offset + len(kept) + 1]
    data = np.frombuffer(kept.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]] if len(kept) else b""
    matrix = np.frombuffer(data, dtype).reshape(len(kept), size)
    if len(kept) == len(values):
        return matrix
    out = np.zeros((len(values), size), dtype=dtype)
    out[full] = matrix
    return out
