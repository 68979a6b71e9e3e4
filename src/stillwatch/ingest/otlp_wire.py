"""Export requests as they come over HTTP: packed or not, Protobuf or JSON, to one line of OTLP-JSON.

Reads the bytes of a body and its two headers; writes a line that ``sources.otlp`` reads as it reads a file. Ids of
traces and spans become hexadecimal, as OTLP-JSON has them, so that a span has one event id whichever way it came. A
body that is no export request, or unpacks to more than ``MOST_BYTES``, is an ``UnreadableBodyError`` with the status to
answer.

Protobuf needs the extra ``otlp``. Deliberately not done: looking into spans; that is the reader's work.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from stillwatch.ingest.sources import jsonlines

JSON, PROTOBUF = "application/json", "application/x-protobuf"
MOST_BYTES = 16 << 20
"""Unpacked. The collector sends at most about 4 MB unless told otherwise; decoded, a body takes many times its size."""
HEAD = b'{"resourceSpans":[]}\n'
"""What tells the format of lines from here, whatever they begin with."""
_GROUPS = {"traces": ("resourceSpans", "scopeSpans", "spans"), "logs": ("resourceLogs", "scopeLogs", "logRecords")}
SIGNALS = tuple(_GROUPS)
_IDS = ("traceId", "spanId")


class UnreadableBodyError(Exception):
    """A body that will never be read, however often it is sent; ``status`` is the answer over HTTP."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def as_line(raw: bytes, *, signal: str, content_type: str, encoding: str) -> bytes | None:
    """The export request of one body as one line; None where it holds nothing."""
    body = _unpacked(raw, encoding)
    if content_type == JSON:
        return _from_json(body, signal)
    if content_type == PROTOBUF:
        return _from_protobuf(body, signal)
    raise UnreadableBodyError(415, f"content type {content_type[:80]!r}; {PROTOBUF} and {JSON} are read")


def _unpacked(raw: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        body = raw
    elif encoding == "gzip":
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            body = unpack.decompress(raw, MOST_BYTES + 1)
        except zlib.error as error:
            raise UnreadableBodyError(400, f"the body is not in gzip: {error}") from error
        if not unpack.eof and len(body) <= MOST_BYTES:
            raise UnreadableBodyError(400, "the packed body ends early")
    else:
        raise UnreadableBodyError(415, f"content encoding {encoding[:80]!r}; gzip and none are read")
    if len(body) > MOST_BYTES:
        raise UnreadableBodyError(413, f"the body is larger than {MOST_BYTES} bytes; send smaller batches")
    return body


def _from_json(body: bytes, signal: str) -> bytes | None:
    row = jsonlines.decode(body)
    if isinstance(row, str):
        raise UnreadableBodyError(400, f"the body is {row}")
    outer = _GROUPS[signal][0]
    if not any(row.get(name) for name in (outer, _schema_name(outer))):
        if row.keys() - {outer, _schema_name(outer)}:
            raise UnreadableBodyError(400, f"the body holds no {outer}")
        return None
    return body.translate(_ONE_LINE)


_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
"""Line ends stand between values only: inside a text JSON has none that is bare."""


def _from_protobuf(body: bytes, signal: str) -> bytes | None:
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError

    try:
        found = MessageToDict(_message(signal).FromString(body))
    except (DecodeError, ValueError, RecursionError) as error:
        raise UnreadableBodyError(400, f"the body is no Protobuf export request: {error}") from error
    if not found:
        return None
    for span in _spans(found, signal):
        for name in _IDS:
            if name in span:
                span[name] = b64decode(span[name]).hex()
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _message(signal: str) -> Any:
    if signal == "traces":
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        return ExportTraceServiceRequest
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    return ExportLogsServiceRequest


def _spans(export: dict[str, Any], signal: str) -> Iterator[dict[str, Any]]:
    outer, middle, inner = _GROUPS[signal]
    for group in export.get(outer, ()):
        for scope in group.get(middle, ()):
            yield from scope.get(inner, ())


def _schema_name(name: str) -> str:
    """The name of a field in the schema; writers of JSON may use either."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
