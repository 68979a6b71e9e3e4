"""OTLP as JSON: the export requests that OpenTelemetry's collectors and SDKs write, one per line or over several.

Reads GenAI spans and the log record that holds a whole request, under current, older, OpenInference, OpenLLMetry and
Langfuse names (``otlp_names``, ``otlp_langfuse``); one span is one exchange. Other spans and records (HTTP, tools,
agents, single messages) are passed over and counted in a remark; a span that is damaged is a reject at its line. Field
names may be in either of the two spellings that Protobuf's JSON allows.

The account must be an attribute of the span or of its resource. ``user.id`` counts as the account where nothing else
does: whoever serves the API sets it, unlike ``enduser.id``, which repeats what a caller said.

Deliberately joins nothing across spans: prompts that were exported as records of their own are not put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.lines import Run
from stillwatch.ingest.paths import opened as opened_text
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources import jsonlines
from stillwatch.ingest.sources.format import Format, Opened
from stillwatch.ingest.sources.names import top_names
from stillwatch.ingest.sources.otlp_langfuse import translated
from stillwatch.ingest.sources.otlp_messages import contents
from stillwatch.ingest.sources.otlp_names import DETAILS, NAMES, OPERATIONS, PARAMETERS
from stillwatch.ingest.sources.tabular import as_columns

Row = dict[str, Any]
BAD_SPAN = "not a span or log record of OTLP"
NO_SPANS = "JSON, but no spans or log records of OTLP"
_MARKS = {"resourceSpans", "resource_spans", "resourceLogs", "resource_logs"}
_DEPTH = 16
_NS_PER_US = 1000
_ERROR = (2, "STATUS_CODE_ERROR")
_TOOL = re.compile(r"llm\.(?:tools|request\.functions)\.(\d{1,6})\.")


def recognises(head: bytes) -> bool:
    """Whether the file is JSON and its objects hold spans or log records."""
    return jsonlines.recognises(head) and not _MARKS.isdisjoint(top_names(head))


def chunks(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[Chunk]:
    """The requests among the spans and records."""
    passed = 0
    for rows, origins, run in jsonlines.decoded_rows(opened, rejects, limits):
        found, places = list[Row](), list[int]()
        for row, origin in zip(rows, origins, strict=True):
            if not _is_export(row):
                rejects.add(opened.source.name, run.numbers[origin], NO_SPANS, run.texts[origin])
            for span, resource in _spans(row):
                exchange = _exchange(span, resource)
                if exchange is None:
                    passed += 1
                elif not exchange:
                    rejects.add(opened.source.name, run.numbers[origin], BAD_SPAN, run.texts[origin])
                else:
                    found.append(exchange)
                    places.append(origin)
                if len(found) >= limits.rows:
                    yield _chunk(opened, found, places, run)
                    found, places = [], []
        if found:
            yield _chunk(opened, found, places, run)
    if passed:
        rejects.remark(f"{opened.source.name}: {passed} spans and records were passed over, they are no model requests")


def _chunk(opened: Opened, rows: list[Row], places: list[int], run: Run) -> Chunk:
    return Chunk(
        file=opened.source.name,
        size=len(rows),
        columns=as_columns(rows),
        position=lambda i: run.numbers[places[i]],
        raw=lambda i: run.texts[places[i]],
    )


def _spans(export: Row) -> Iterator[tuple[Any, Row]]:
    """Every span and log record of an export request with the attributes of its resource."""
    for outer, middle, inner in (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords")):
        for group in _list(export, outer):
            resource = _attributes(_field(_field(group, "resource"), "attributes"))
            scopes = _list(group, middle) or _list(group, "instrumentationLibrarySpans")
            for scope in scopes:
                for span in _list(scope, inner):
                    yield span, resource


def _is_export(row: Row) -> bool:
    """Whether a line holds spans or records, or says in so many words that it has none."""
    groups = [_field(row, name) for name in ("resourceSpans", "resourceLogs")]
    return any(group == [] for group in groups) or next(_spans(row), None) is not None


def _exchange(span: Any, resource: Row) -> Row | None:
    """The canonical row of a span, {} for a damaged one, None for one that is no request to a model."""
    if not isinstance(span, dict) or not isinstance(_field(span, "attributes") or [], list):
        return {}
    attributes = translated(_attributes(_field(span, "attributes")))
    record = "body" in span or _field(span, "timeUnixNano") is not None
    if record and DETAILS not in (_field(span, "eventName"), attributes.get("event.name")):
        return None
    operation = _operation(attributes)
    if operation is None:
        return None
    row = {column: _first(names, attributes, resource) for column, names in NAMES}
    start, end = (_nanoseconds(_field(span, n)) for n in ("startTimeUnixNano", "endTimeUnixNano"))
    start = start or _nanoseconds(_field(span, "timeUnixNano")) or _nanoseconds(_field(span, "observedTimeUnixNano"))
    row["ts"] = None if start is None else start // _NS_PER_US
    row["duration_ms"] = None if start is None or end is None or end < start else (end - start) // 1_000_000
    row["operation"] = operation
    row["event_id"] = row["event_id"] or _identity(span)
    row.update(_parameters(attributes, row))
    row.update(contents(attributes, list(_events(span))))
    if row["error_type"] is None and _field(_field(span, "status"), "code") in _ERROR:
        row["error_type"] = "error"
    row["finish_reasons"] = row["finish_reasons"] or None
    return row


def _operation(attributes: Row) -> str | None:
    """What the span asked a model to do, or None where it asked none."""
    for name in ("gen_ai.operation.name", "llm.request.type", "openinference.span.kind"):
        word = attributes.get(name)
        if isinstance(word, str):
            return OPERATIONS.get(word.lower())
    return "chat" if "gen_ai.request.model" in attributes and "gen_ai.tool.name" not in attributes else None


def _identity(span: Row) -> str | None:
    trace, own = (_field(span, n) for n in ("traceId", "spanId"))
    return f"{trace}-{own}" if isinstance(trace, str) and isinstance(own, str) and trace and own else None


def _parameters(attributes: Row, row: Row) -> Row:
    """Request parameters that OpenInference keeps in one text, and tools offered."""
    given = opened_text(attributes.get(PARAMETERS))
    found: Row = {}
    if isinstance(given, dict):
        for column, names in (
            ("temperature", ("temperature",)),
            ("top_p", ("top_p",)),
            ("max_tokens", ("max_completion_tokens", "max_tokens")),
            ("choice_count", ("n",)),
            ("seed", ("seed",)),
            ("stream", ("stream",)),
            ("end_user_id", ("user",)),
        ):
            if row[column] is None:
                found[column] = next((given[n] for n in names if given.get(n) is not None), None)
    tools = opened_text(attributes.get("gen_ai.tool.definitions"))
    numbers = {hit[1] for name in attributes if (hit := _TOOL.match(name))}
    found["tool_count"] = len(tools) if isinstance(tools, list) else len(numbers) or None
    return found


def _events(span: Row) -> Iterator[tuple[str, Row]]:
    for event in _list(span, "events"):
        name = _field(event, "name")
        if isinstance(name, str):
            yield name, _attributes(_field(event, "attributes"))


def _first(names: tuple[str, ...], *places: Row) -> Any:
    for place in places:
        for name in names:
            if name in place and place[name] not in (None, ""):
                return place[name]
    return None


def _attributes(pairs: Any) -> Row:
    """Key-value pairs as plain values."""
    found: Row = {}
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            found[pair["key"]] = _value(pair.get("value"), 0)
    return found


def _value(value: Any, depth: int) -> Any:
    if not isinstance(value, dict) or depth > _DEPTH:
        return None
    for name in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
        if (found := _field(value, name)) is not None:
            return found
    if (number := _field(value, "intValue")) is not None:
        return _whole(number)
    if isinstance(array := _field(value, "arrayValue"), dict):
        return [_value(v, depth + 1) for v in _list(array, "values")]
    if isinstance(table := _field(value, "kvlistValue"), dict):
        pairs = [p for p in _list(table, "values") if isinstance(p, dict) and isinstance(p.get("key"), str)]
        return {p["key"]: _value(p.get("value"), depth + 1) for p in pairs}
    return None


def _nanoseconds(value: Any) -> int | None:
    number = _whole(value)
    return number if isinstance(number, int) and number > 0 else None


def _whole(value: Any) -> Any:
    """64-bit numbers are text in Protobuf's JSON."""
    if isinstance(value, str) and len(value) <= 20 and value.lstrip("-").isdecimal() and value.isascii():
        return int(value)
    return value


def _field(value: Any, name: str) -> Any:
    """A field by its JSON name or by its name in the schema."""
    if not isinstance(value, dict):
        return None
    return value[name] if name in value else value.get(_SCHEMA_NAMES.get(name, name))


def _list(value: Any, name: str) -> list[Any]:
    found = _field(value, name)
    if isinstance(found, str):
        # A long line leaves its nested values as JSON text until somebody wants them.
        found = _text_as_list(found)
    return found if isinstance(found, list) else []


def _text_as_list(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


_SCHEMA_NAMES = {
    "resourceSpans": "resource_spans",
    "scopeSpans": "scope_spans",
    "resourceLogs": "resource_logs",
    "scopeLogs": "scope_logs",
    "logRecords": "log_records",
    "instrumentationLibrarySpans": "instrumentation_library_spans",
    "startTimeUnixNano": "start_time_unix_nano",
    "endTimeUnixNano": "end_time_unix_nano",
    "timeUnixNano": "time_unix_nano",
    "observedTimeUnixNano": "observed_time_unix_nano",
    "traceId": "trace_id",
    "spanId": "span_id",
    "eventName": "event_name",
    "stringValue": "string_value",
    "boolValue": "bool_value",
    "doubleValue": "double_value",
    "bytesValue": "bytes_value",
    "intValue": "int_value",
    "arrayValue": "array_value",
    "kvlistValue": "kvlist_value",
}

FORMAT = Format("OTLP", "OpenTelemetry export requests as JSON", recognises, chunks, fixed_columns=False)
