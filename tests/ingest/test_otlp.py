"""OTLP as the real producers wrote it, and spans nobody should trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.ingest.sources.otlp import BAD_SPAN, NO_SPANS, recognises
from tests.ingest.logs import json_lines, read, read_bytes

SAMPLES = Path(__file__).parent.parent / "samples" / "otlp"
SYSTEM = [{"role": "system", "parts": [{"type": "text", "content": "You answer in one word."}]}]


def texts(value: str) -> list[tuple[str, str]]:
    return [(m["role"], p["content"]) for m in json.loads(value) for p in m["parts"]]


@pytest.mark.parametrize("name", ["opentelemetry", "openinference", "openllmetry"])
def test_what_an_instrumentation_wrote_is_read_without_a_loss(name: str) -> None:
    found, rejects = read(SAMPLES / f"{name}.jsonl")
    assert (found.num_rows, rejects.count, rejects.wrong_values, rejects.remarks) == (2, 0, {}, [])
    first, second = found.to_pylist()
    assert first["account_id"] == second["account_id"] == "acct-made-up-1"
    assert json.loads(first["system_instructions"]) == SYSTEM
    assert texts(first["input_messages"]) == [("user", "Name a colour of the sea.")]
    assert texts(second["input_messages"]) == [("user", "Name a colour of the sky.")]
    assert texts(first["output_messages"]) == [("assistant", "Blue")]
    assert (first["input_tokens"], first["output_tokens"], first["max_tokens"]) == (12, 1, 16)
    assert (first["temperature"], first["finish_reasons"], first["operation"]) == (0.2, ["stop"], "chat")
    assert first["event_id"] != second["event_id"]
    assert first["ts"] < second["ts"]


def test_what_the_sdk_of_langfuse_exports_is_read_without_a_loss() -> None:
    found, rejects = read(SAMPLES / "langfuse.jsonl")
    assert (found.num_rows, rejects.count, rejects.wrong_values) == (2, 0, {})
    assert "1 spans and records were passed over" in rejects.remarks[0]  # a step that asked no model
    first, second = sorted(found.to_pylist(), key=lambda row: row["tool_count"] or 0)
    assert (first["tool_count"], second["tool_count"]) == (None, 1)
    for row in (first, second):
        assert (row["account_id"], row["session_id"]) == ("acct-made-up-1", "session-made-up-1")
        assert json.loads(row["system_instructions"]) == SYSTEM
        assert texts(row["input_messages"]) == [("user", "Name a colour of the sea.")]
        assert texts(row["output_messages"]) == [("assistant", "Blue")]
        assert (row["input_tokens"], row["output_tokens"], row["max_tokens"], row["temperature"]) == (12, 1, 16, 0.2)


def test_current_names() -> None:
    found, rejects = read(SAMPLES / "current.jsonl")
    (row,) = found.to_pylist()
    assert rejects.count == 0
    assert "1 spans and records were passed over" in rejects.remarks[0]
    assert (row["event_id"], row["account_id"]) == ("resp-made-up-1", "acct-made-up-1")
    assert (row["client_ip"], row["user_agent"]) == ("192.0.2.7", "made-up/1.0")
    assert (row["duration_ms"], row["model_response"]) == (1500, "made-up-model-1")
    assert json.loads(row["system_instructions"]) == SYSTEM


def test_older_names_and_both_kinds_of_events() -> None:
    found, rejects = read(SAMPLES / "legacy.jsonl")
    first, second = found.to_pylist()
    assert rejects.count == 0
    for row in (first, second):
        assert json.loads(row["system_instructions"]) == SYSTEM
        assert texts(row["input_messages"]) == [("user", "Name a colour of the sea.")]
    assert texts(first["output_messages"]) == [("assistant", "Blue")]
    assert texts(second["output_messages"]) == [("assistant", "Green")]
    assert (first["end_user_id"], first["account_id"], first["finish_reasons"]) == (
        "reader-1",
        "acct-made-up-1",
        ["stop"],
    )
    assert (first["input_tokens"], first["output_tokens"]) == (12, 1)


def span(**values: Any) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": "chat", "user.id": "a", **values}
    pairs = [{"key": name, "value": {"stringValue": value}} for name, value in attributes.items()]
    return {"traceId": "t", "spanId": "s", "startTimeUnixNano": "1780000000000000000", "attributes": pairs}


def export(*spans: Any, spelling: tuple[str, str] = ("resourceSpans", "scopeSpans")) -> dict[str, Any]:
    return {spelling[0]: [{spelling[1]: [{"spans": list(spans)}]}]}


def test_numbered_attributes_of_older_openllmetry() -> None:
    attributes = {
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": "Why?",
        "gen_ai.prompt.0.content": "Be kind",
    }
    roles = {
        "gen_ai.prompt.0.role": "system",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "So",
    }
    found, _ = read_bytes(json_lines([export(span(**attributes, **roles))]))
    (row,) = found.to_pylist()
    assert texts(row["system_instructions"]) == [("system", "Be kind")]
    assert texts(row["input_messages"]) == [("user", "Why?")]
    assert texts(row["output_messages"]) == [("assistant", "So")]


def test_the_log_record_with_a_whole_request_is_one_exchange_and_single_messages_are_not() -> None:
    record = {**span(), "timeUnixNano": "1780000000000000000", "body": {}}
    record["eventName"] = "gen_ai.client.inference.operation.details"
    other = {**record, "eventName": "gen_ai.user.message"}
    found, rejects = read_bytes(json_lines([{"resourceLogs": [{"scopeLogs": [{"logRecords": [record, other]}]}]}]))
    assert found["account_id"].to_pylist() == ["a"]
    assert "1 spans and records were passed over" in rejects.remarks[0]


def test_the_schema_names_of_fields_are_read_alike() -> None:
    snake = json.loads(json.dumps(span()).replace("startTimeUnixNano", "start_time_unix_nano"))
    found, rejects = read_bytes(json_lines([export(snake, spelling=("resource_spans", "scope_spans"))]))
    assert (found.num_rows, rejects.count) == (1, 0)


def test_a_damaged_span_is_a_reject_and_costs_no_other() -> None:
    found, rejects = read_bytes(json_lines([export(span(), 7, {"attributes": 3}), export(span())]))
    assert found.num_rows == 2
    assert rejects.by_reason == {BAD_SPAN: 2}
    assert rejects.table()["line"].to_pylist() == [1, 1]


def test_a_line_that_is_no_export_is_a_reject_and_an_empty_one_is_not() -> None:
    found, rejects = read_bytes(json_lines([export(span()), {"a": 1}, {"resourceSpans": 7}, {"resourceSpans": []}]))
    assert found.num_rows == 1
    assert rejects.by_reason == {NO_SPANS: 2}


def test_a_span_without_account_or_time_is_a_reject() -> None:
    nobody = span()
    nobody["attributes"] = nobody["attributes"][:1]
    never = span()
    del never["startTimeUnixNano"]
    found, rejects = read_bytes(json_lines([export(nobody, never)]))
    assert found.num_rows == 0
    assert rejects.by_reason == {"no account_id": 1, "no ts": 1}


def test_a_long_line_is_read_too() -> None:
    found, rejects = read_bytes(json_lines([export(*(span(**{"input.value": "x" * 1000}) for _ in range(2000)))]))
    assert (found.num_rows, rejects.count) == (2000, 0)


def test_a_prompt_that_quotes_the_field_names_is_not_otlp() -> None:
    quoted = json.dumps({"resourceSpans": []})
    assert not recognises(json_lines([{"ts": 1, "account_id": "a", "prompt": quoted}]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["key", "value", "stringValue", "arrayValue", "kvlistValue", "values", "attributes", "name"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["gen_ai.input.messages", "gen_ai.prompt.0.content", "llm.input_messages.0.message.contents.0.message_content.text"]
)


@settings(max_examples=60, deadline=None)
@given(spans=st.lists(JSON, max_size=3), events=JSON, value=JSON, name=NAMES)
def test_spans_of_any_shape_end_as_exchange_reject_or_passed_over(
    spans: Any, events: Any, value: Any, name: str
) -> None:
    whole = {**span(), "events": events}
    whole["attributes"] = [*whole["attributes"], {"key": name, "value": value}]
    found, rejects = read_bytes(json_lines([export(whole, *spans)]))
    passed = sum(int(remark.split(": ")[1].split()[0]) for remark in rejects.remarks if "passed over" in remark)
    assert found.num_rows + rejects.count + passed == 1 + len(spans)
