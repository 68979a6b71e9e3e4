"""The access log of the proxy in front, joined on the request id: where a request came from, as the edge saw it.

Reads Envoy's JSON access log, one object per line, under the names its documentation and common configurations use;
the list is ``_NAMES``. Writes canonical batches in which address, user agent and TLS fingerprint are those of the
access log wherever a line has the exchange's request id: an ``x-request-id`` among the client's headers, else
``event_id``. The edge wins over what the log itself says, because behind a proxy a log knows only the proxy's address.

The lines lie in an SQLite file in a temporary folder, sorted by a hash of the id, so memory does not grow with the log.
Lines of one id that say different things are believed by nobody: whoever can send the id of another's request must not
be able to lend that request an address. ``x-forwarded-for`` is never read: a client writes into it what it likes. What
found no partner is counted in a remark, on both sides.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from stillwatch.ingest.chunk import Limits
from stillwatch.ingest.files import open_source
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.paths import opened as decoded_text
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources import jsonlines
from stillwatch.ingest.sources.format import UnrecognisedFileError

Row = dict[str, Any]
COLUMNS = ("client_ip", "user_agent", "ja4")
NO_ID = "access log line without a request id"
_ID = ("x_request_id", "request_id", "x-request-id", "req_x_request_id", "requestid")
_NAMES: tuple[tuple[str, ...], ...] = (
    (
        "downstream_remote_address_without_port",
        "downstream_remote_address",
        "downstream_direct_remote_address_without_port",
        "downstream_direct_remote_address",
        "client_ip",
        "remote_address",
    ),
    ("user_agent", "user-agent", "useragent"),
    ("ja4", "tls_ja4_fingerprint", "ja4_fingerprint", "x_ja4"),
)
_ABSENT = ("", "-")
_INSERT_ROWS = 10_000
_LOOK_UP_ROWS = 500
"""Ids per query, below the engine's limit on bound values."""


def recognises(log: Source) -> bool:
    """Whether the first lines are those of an access log: a request id and an address, and no account."""
    try:
        with open_source(log, None, lambda name: True) as opened:
            if not jsonlines.recognises(opened.stream.head):
                return False
            rows, _, _ = next(jsonlines.decoded_rows(opened, Rejects(), Limits()), ([], [], None))
    except UnrecognisedFileError:
        return False
    lines = [line for row in rows if (line := _line(row)) is not None]
    return bool(lines) and any(line[1] is not None for line in lines)


def joined(batches: Iterator[pa.RecordBatch], logs: Sequence[Source], rejects: Rejects) -> Iterator[pa.RecordBatch]:
    """``batches`` with the columns of the edge filled from ``logs``, which are read when the first batch is taken."""
    with tempfile.TemporaryDirectory(prefix="stillwatch-join-") as folder:
        index = _Index(Path(folder) / "edge.sqlite")
        try:
            for log in logs:
                _read(log, index, rejects)
            index.close_reading()
            for batch in batches:
                yield index.fill(batch)
            for line in index.told():
                rejects.remark(line)
        finally:
            index.close()


def _read(log: Source, index: _Index, rejects: Rejects) -> None:
    with open_source(log, None, lambda name: True) as opened:
        if not jsonlines.recognises(opened.stream.head):
            raise UnrecognisedFileError(
                f"--join {log.name}: is no JSON access log (one object per line was expected); "
                "set Envoy's json_format for it, or leave it out"
            )
        known = 0
        for rows, origins, run in jsonlines.decoded_rows(opened, rejects, Limits()):
            for row, origin in zip(rows, origins, strict=True):
                line = _line(row)
                if line is None:
                    rejects.add(log.name, run.numbers[origin], NO_ID, run.texts[origin])
                else:
                    known += 1
                    index.add(line)
        if not known:
            raise UnrecognisedFileError(
                f"--join {log.name}: no line has a request id; looked for {', '.join(_ID)}; "
                "add %REQ(X-REQUEST-ID)% to Envoy's json_format"
            )


Line = tuple[bytes, str | None, str | None, str | None]


def _line(row: Row) -> Line | None:
    named = {name.lower(): value for name, value in row.items()}
    request = _first(named, _ID)
    if request is None:
        return None
    address, agent, ja4 = (_first(named, names) for names in _NAMES)
    return _hash(request), None if address is None else _without_port(address), agent, ja4


def _first(named: Row, names: tuple[str, ...]) -> str | None:
    return next((v for n in names if isinstance(v := named.get(n), str) and v not in _ABSENT), None)


def _without_port(address: str) -> str:
    """``192.0.2.1:443`` and ``[2001:db8::1]:443`` without their port."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.rpartition(":")[0] if address.count(":") == 1 else address


def _hash(request: str) -> bytes:
    return hashlib.blake2b(request.strip().lower().encode(errors="replace"), digest_size=16).digest()


class _Index:
    """Lines by the hash of their request id, on disk."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536", "temp_store = FILE"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE line (id BLOB, ip TEXT, agent TEXT, ja4 TEXT, seen INTEGER DEFAULT 0)")
        self._connection.execute("BEGIN")
        self._waiting: list[Line] = []
        self._exchanges = self._matched = self._ambiguous = self._lines = 0

    def add(self, line: Line) -> None:
        self._lines += 1
        self._waiting.append(line)
        if len(self._waiting) >= _INSERT_ROWS:
            self._flush()

    def close_reading(self) -> None:
        """All lines are in: sort them."""
        self._flush()
        self._connection.execute("CREATE INDEX by_id ON line (id)")

    def close(self) -> None:
        self._connection.close()

    def fill(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """``batch`` with what the edge knows of its rows."""
        ids = [_hash(text) if text else None for text in _request_ids(batch)]
        known = self._look_up({i for i in ids if i is not None})
        found = [known.get(i) if i is not None else None for i in ids]
        self._exchanges += len(ids)
        self._matched += sum(f is not None for f in found)
        for at, column in enumerate(COLUMNS):
            old = batch.column(column).to_pylist()
            new = [(f[at] if f is not None else None) or o for f, o in zip(found, old, strict=True)]
            number = batch.schema.get_field_index(column)
            batch = batch.set_column(number, batch.schema.field(number), pa.array(new, pa.string()))
        return batch

    def told(self) -> Iterator[str]:
        """What a person should know about the join."""
        (unseen,) = self._connection.execute("SELECT count(*) FROM line WHERE seen = 0").fetchone()
        yield (
            f"access log: {self._matched} of {self._exchanges} exchanges found their line; "
            f"{unseen} of {self._lines} lines found no exchange"
        )
        if self._ambiguous:
            yield (
                f"access log: {self._ambiguous} request ids have lines that disagree about the client; "
                "none of them was believed"
            )

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO line (id, ip, agent, ja4) VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def _look_up(self, wanted: set[bytes]) -> dict[bytes, tuple[str | None, ...]]:
        ids = sorted(wanted)
        found: dict[bytes, tuple[str | None, ...]] = {}
        torn: set[bytes] = set()
        for start in range(0, len(ids), _LOOK_UP_ROWS):
            part = ids[start : start + _LOOK_UP_ROWS]
            marks = ",".join("?" * len(part))
            for id, *line in self._connection.execute(
                f"SELECT id, ip, agent, ja4 FROM line WHERE id IN ({marks})", part
            ):
                if found.setdefault(id, tuple(line)) != tuple(line):
                    torn.add(id)
            self._connection.execute(f"UPDATE line SET seen = 1 WHERE id IN ({marks})", part)
        self._ambiguous += len(torn)
        return {id: line for id, line in found.items() if id not in torn}


def _request_ids(batch: pa.RecordBatch) -> Iterator[str | None]:
    """The id under which the edge logged a request: its header if the log kept it, else the exchange's own id."""
    headers, ids = batch.column("client_headers").to_pylist(), batch.column("event_id").to_pylist()
    for text, event in zip(headers, ids, strict=True):
        value = decoded_text(text) if text is not None and "equest-id" in text.lower() else None
        named = {str(n).lower(): v for n, v in value.items()} if isinstance(value, dict) else {}
        request = named.get("x-request-id")
        yield request if isinstance(request, str) and request else event
