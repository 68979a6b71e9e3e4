"""Export requests off the wire: whatever comes is a line, nothing, or refused; both codings say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stillwatch.ingest.otlp_wire import JSON, PROTOBUF, SIGNALS, UnreadableBodyError, as_line


def _export() -> ExportTraceServiceRequest:
    found = ExportTraceServiceRequest()
    group = found.resource_spans.add()
    group.resource.attributes.add(key="user.id").value.string_value = "a\nb"
    span = group.scope_spans.add().spans.add(trace_id=b"\x0a" * 16, span_id=b"\x0b" * 8, start_time_unix_nano=5)
    span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 7
    return found


def _line(raw: bytes, kind: str, signal: str = "traces") -> Any:
    line = as_line(raw, signal=signal, content_type=kind, encoding="")
    assert line is not None and b"\n" not in line
    return json.loads(line)


def test_protobuf_says_what_otlp_json_says() -> None:
    row = _line(_export().SerializeToString(), PROTOBUF)
    span = row["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert (span["traceId"], span["spanId"]) == ("0a" * 16, "0b" * 8)
    assert _line(json.dumps(row, indent=2).encode(), JSON) == row
    del span["traceId"], span["spanId"]
    plain = MessageToDict(_export())
    for name in ("traceId", "spanId"):
        del plain["resourceSpans"][0]["scopeSpans"][0]["spans"][0][name]
    assert row == plain


def test_log_records_have_ids_too() -> None:
    found = ExportLogsServiceRequest()
    found.resource_logs.add().scope_logs.add().log_records.add(trace_id=b"\x01" * 16, event_name="e")
    row = _line(found.SerializeToString(), PROTOBUF, "logs")
    assert row["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["traceId"] == "01" * 16


@settings(max_examples=150)
@given(
    raw=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)),
    kind=st.sampled_from([JSON, PROTOBUF]),
    signal=st.sampled_from(SIGNALS),
    cut=st.integers(0, 60),
)
def test_whatever_comes_is_a_line_or_nothing_or_refused(raw: bytes, kind: str, signal: str, cut: int) -> None:
    for body in (raw, _export().SerializeToString()[:cut] + raw):
        try:
            line = as_line(body, signal=signal, content_type=kind, encoding="")
        except UnreadableBodyError as error:
            assert 400 <= error.status < 500
        else:
            assert line is None or (b"\n" not in line and isinstance(json.loads(line), dict))


def test_names_of_the_schema_are_read_too() -> None:
    body = b'{"resource_spans": [{"scope_spans": []}]}'
    assert _line(body, JSON) == {"resource_spans": [{"scope_spans": []}]}
    with pytest.raises(UnreadableBodyError):
        as_line(body, signal="logs", content_type=JSON, encoding="")
