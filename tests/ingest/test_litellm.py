"""LiteLLM's payloads as LiteLLM wrote them, and payloads nobody should trust."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.litellm_ids import providers_id
from stillwatch.ingest.sources.litellm import account, exchange, recognises
from tests.ingest.logs import json_lines, read, read_bytes

SAMPLE = Path(__file__).parent.parent / "formats" / "litellm_payloads.jsonl"
SAMPLES = Path(__file__).parent.parent / "samples" / "litellm"
HASH = "8" * 64
OTHER = "resp_" + b64encode(b"other;response_id:resp_7").decode()


def test_the_sample_is_read_without_a_loss() -> None:
    found, rejects = read(SAMPLE)
    assert (found.num_rows, rejects.count, rejects.wrong_values) == (5, 0, {})
    user, team = "user-made-up-1", "team:team-made-up"
    assert found["account_id"].to_pylist() == [user, team, f"key:{HASH}", user, team]
    assert found["http_status"].to_pylist() == [200, 200, 200, 429, 200]
    assert found["error_type"].to_pylist() == [None, None, None, "RateLimitError", None]
    assert found["content_state"].to_pylist() == [None, None, None, None, "absent"]
    assert found["finish_reasons"].to_pylist() == [["stop"], ["stop", "stop"], ["stop"], None, ["stop"]]
    assert found["stream"].to_pylist() == [None, None, True, None, None]


def test_the_first_payload_in_full() -> None:
    found, _ = read(SAMPLE)
    first = {name: value for name, value in found.to_pylist()[0].items() if value is not None}
    asked, answered = json.loads(first.pop("input_messages")), json.loads(first.pop("output_messages"))
    assert [message["role"] for message in asked] == ["system", "user"]
    assert answered[0]["parts"][0]["content"] == "Blue"
    assert first.pop("duration_ms") >= 0
    assert first == {
        "event_id": "call-made-up-1:chatcmpl-made-up-1",
        "ts": datetime(2026, 5, 28, 20, 26, 41, 250000, tzinfo=UTC),
        "account_id": "user-made-up-1",
        "api_key_hash": HASH,
        "org_id": "org-made-up",
        "project_id": "team-made-up",
        "end_user_id": "reader-1",
        "client_ip": "192.0.2.7",
        "operation": "chat",
        "provider": "openai",
        "model_request": "gpt-4o-mini",
        "model_response": "gpt-4o-mini",
        "temperature": 0.2,
        "max_tokens": 16,
        "input_tokens": 10,
        "output_tokens": 20,
        "finish_reasons": ["stop"],
        "http_status": 200,
    }


def test_payloads_of_the_proxy_say_the_same_in_every_dialect_streamed_or_not() -> None:
    found, rejects = read(SAMPLES / "payloads.jsonl")
    assert (found.num_rows, rejects.count, rejects.wrong_values) == (8, 0, {})
    assert found["operation"].to_pylist() == [
        "chat",
        "chat",
        "messages",
        "messages",
        "responses",
        "responses",
        "chat",
        "chat",
    ]
    assert found["stream"].to_pylist()[:6] == [False, True] * 3
    assert set(found["account_id"].to_pylist()) == {"user-one"} and set(found["client_ip"].to_pylist()) == {"127.0.0.1"}
    assert len(set(found["event_id"].to_pylist())) == 8
    for asked, answered in zip(found["input_messages"].to_pylist(), found["output_messages"].to_pylist(), strict=True):
        assert json.loads(asked)[0]["content"] == "Name a river."
        parts = [part for message in json.loads(answered) for part in message["parts"]]
        assert [part["content"] for part in parts if part["type"] == "text"] == ["The Po."]
        assert {part["type"] for part in parts} <= {"text", "reasoning", "tool_call"}
    calls = [json.loads(text)[0]["parts"][-1] for text in found["output_messages"].to_pylist()[6:]]
    assert [(call["name"], call["arguments"]) for call in calls] == [("look", '{"river":"Po"}')] * 2
    assert found["tool_count"].to_pylist() == [None] * 6 + [1, 1]
    assert set(found["output_tokens"].to_pylist()) == {3} and set(found["max_tokens"].to_pylist()) == {900}


def test_a_conversation_that_responses_keep_is_told_whole(tmp_path: Path) -> None:
    """Requests point to the provider's id, which LiteLLM packs into the one it tells."""
    first = [json.loads(line) for line in (SAMPLES / "payloads.jsonl").read_text().splitlines()][5]
    pointing = {**first["model_parameters"], "previous_response_id": providers_id(first["response"]["id"])}
    second = {**first, "litellm_call_id": "c-2", "startTime": first["startTime"] + 60, "model_parameters": pointing}
    second["messages"] = [{"role": "user", "content": "And another."}]
    lost = {**second, "litellm_call_id": "c-3", "model_parameters": {**pointing, "previous_response_id": "resp_9"}}
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([first, second, lost]))
    found, rejects = read(log)
    rows = found.to_pylist()
    said = [[part["content"] for m in json.loads(row["input_messages"]) for part in m["parts"]] for row in rows[1:2]]
    assert said == [["Name a river.", "The Po.", "And another."]]
    assert rows[1]["session_id"] == rows[0]["session_id"]
    assert json.loads(rows[2]["input_messages"])[0]["content"] == "And another."
    assert any("1 requests go on from answers" in remark for remark in rejects.remarks)


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ("resp_" + b64encode(b"litellm:custom_llm_provider:openai;model_id:m;response_id:resp_7").decode(), "resp_7"),
        ("resp_68", "resp_68"),
        (OTHER, OTHER),
        ("resp_\u00e9", "resp_\u00e9"),
        ("", ""),
    ],
)
def test_an_id_that_litellm_packed(given: str, own: str) -> None:
    assert providers_id(given) == own


def test_an_array_and_wrapped_payloads_read_the_same() -> None:
    payloads = [json.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    expected, _ = read(SAMPLE)
    assert read_bytes(json.dumps(payloads, indent=1).encode())[0] == expected
    assert read_bytes(json_lines([{"standard_logging_object": p} for p in payloads]))[0] == expected


def test_the_placeholder_user_makes_no_account() -> None:
    keys = {"user_api_key_user_id": "default_user_id", "user_api_key_hash": "h"}
    assert account(keys) == "key:h"
    assert account({**keys, "user_api_key_org_id": "o"}) == "org:o"
    assert account({}) is None


def test_a_prompt_that_quotes_the_field_names_is_not_a_payload() -> None:
    quoted = json.dumps({"startTime": 1, "call_type": "x", "model_parameters": {}})
    assert not recognises(json_lines([{"ts": 1, "account_id": "a", "prompt": quoted}]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(json.loads(SAMPLE.read_bytes().splitlines()[0]))


@given(payload=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_fields_of_any_shape_do_not_crash(payload: dict[str, Any]) -> None:
    exchange(payload)
    exchange({"response": {"choices": payload}, "metadata": {"usage_object": payload}, "messages": [payload]})
