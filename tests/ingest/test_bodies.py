"""Bodies of requests and answers in every wire form we know, streamed and not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.ingest.messages import messages

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}]
SYSTEM = [{"role": "system", "parts": [{"type": "text", "content": "Be kind"}]}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "So."}]}]

REQUESTS: dict[str, dict[str, Any]] = {
    "chat completions": {
        "model": "m",
        "messages": [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Why?"}],
        "max_completion_tokens": 9,
        "temperature": 0.5,
    },
    "chat completions in parts": {
        "model": "m",
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be kind"}]},
            {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
        ],
        "max_tokens": 9,
        "temperature": 0.5,
    },
    "responses": {
        "model": "m",
        "instructions": "Be kind",
        "input": "Why?",
        "max_output_tokens": 9,
        "temperature": 0.5,
    },
    "responses with items": {
        "model": "m",
        "instructions": "Be kind",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]}],
        "max_output_tokens": 9,
        "temperature": 0.5,
    },
    "anthropic": {
        "model": "m",
        "system": "Be kind",
        "messages": [{"role": "user", "content": "Why?"}],
        "max_tokens": 9,
        "temperature": 0.5,
    },
    "anthropic in blocks": {
        "model": "m",
        "system": [{"type": "text", "text": "Be kind", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
        "max_tokens": 9,
        "temperature": 0.5,
    },
    "bedrock converse": {
        "modelId": "m",
        "system": [{"text": "Be kind"}],
        "messages": [{"role": "user", "content": [{"text": "Why?"}]}],
        "inferenceConfig": {"maxTokens": 9, "temperature": 0.5},
    },
}


@pytest.mark.parametrize("form", REQUESTS)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_request_says_the_same_in_every_form(form: str, as_text: bool) -> None:
    body = REQUESTS[form]
    found = request_columns(json.dumps(body) if as_text else body)
    system = found.pop("system_instructions")
    assert [m["parts"] for m in system] == [m["parts"] for m in SYSTEM]
    assert found == {"model_request": "m", "input_messages": ASKED, "max_tokens": 9, "temperature": 0.5}


def events(*bodies: dict[str, Any]) -> str:
    return "".join(f"event: x\ndata: {json.dumps(body)}\n\n" for body in bodies) + "data: [DONE]\n"


USAGE_CHAT = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
USAGE = {"input_tokens": 3, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}}
WHOLE_RESPONSE = {
    "object": "response",
    "status": "stop",
    "model": "m",
    "usage": USAGE,
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So."}]}],
}
ANSWERS: dict[str, Any] = {
    "chat completions": {
        "model": "m",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "So."}}],
        "usage": USAGE_CHAT,
    },
    "chat completions streamed": events(
        {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "S"}}]},
        {"model": "m", "choices": [{"index": 0, "delta": {"content": "o."}, "finish_reason": "stop"}]},
        {"model": "m", "choices": [], "usage": USAGE_CHAT},
    ),
    "responses": WHOLE_RESPONSE,
    "responses streamed": events(
        {"type": "response.output_text.delta", "delta": "So."},
        {"type": "response.completed", "response": WHOLE_RESPONSE},
    ),
    "anthropic": {
        "model": "m",
        "role": "assistant",
        "content": [{"type": "text", "text": "So."}],
        "stop_reason": "stop",
        "usage": {"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 1},
    },
    "anthropic streamed": events(
        {
            "type": "message_start",
            "message": {"model": "m", "usage": {"input_tokens": 3, "cache_read_input_tokens": 1}},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "S"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "o."}},
        {"type": "message_delta", "delta": {"stop_reason": "stop"}, "usage": {"output_tokens": 2}},
    ),
    "bedrock converse": {
        "model": "m",
        "output": {"message": {"role": "assistant", "content": [{"text": "So."}]}},
        "stopReason": "stop",
        "usage": {"inputTokens": 3, "outputTokens": 2, "cacheReadInputTokens": 1},
    },
}


@pytest.mark.parametrize("form", ANSWERS)
def test_an_answer_says_the_same_in_every_form(form: str) -> None:
    assert response_columns(ANSWERS[form]) == {
        "model_response": "m",
        "output_messages": SAID,
        "finish_reasons": ["stop"],
        "input_tokens": 3,
        "output_tokens": 2,
        "cached_tokens": 1,
    }


def test_a_stream_that_was_cut_gives_what_came() -> None:
    whole = events({"model": "m", "choices": [{"index": 0, "delta": {"content": "So."}}]})
    assert response_columns(whole + 'data: {"choi')["output_messages"] == SAID


def test_tool_calls_and_their_results_are_not_taken_for_what_a_person_wrote() -> None:
    chat = [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]
    anthropic = [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "rain"}]},
    ]
    responses = [
        {"role": "user", "content": "Why?"},
        {"type": "function_call", "call_id": "1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "rain"},
    ]
    call = {"type": "tool_call", "id": "1", "name": "look", "arguments": "{}"}
    result = {"type": "tool_call_response", "id": "1", "response": "rain"}
    for form in (chat, anthropic, responses):
        assert [m["parts"] for m in messages(form) or ()] == [ASKED[0]["parts"], [call], [result]]


def test_pictures_leave_their_kind_and_reasoning_its_own_part() -> None:
    content = [{"type": "image_url", "image_url": {"url": "data:…"}}, {"type": "text", "text": "Why?"}]
    (asked,) = messages([{"role": "user", "content": content}]) or ()
    assert asked["parts"] == [{"type": "image_url"}, {"type": "text", "content": "Why?"}]
    (said,) = messages([{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}]}]) or ()
    assert said["parts"] == [{"type": "reasoning", "content": "hm"}]


def test_a_plain_prompt_is_one_message() -> None:
    assert messages("Why?") == ASKED
    assert request_columns({"prompt": "Why?"})["input_messages"] == ASKED
    assert request_columns("Why?")["input_messages"] == ASKED


WORDS = ["messages", "input", "system", "role", "content", "text", "type", "parts", "tool_calls", "function", "choices"]
WORDS += ["message", "delta", "output", "usage", "error", "reasoning", "response_format", "toolUse", "results", "tools"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(body=ANY, streamed=st.lists(ANY, max_size=3))
def test_bodies_of_any_shape_give_columns_that_can_be_written(body: Any, streamed: list[Any]) -> None:
    for value in (body, json.dumps(body), "".join(f"data: {json.dumps(event)}\n" for event in streamed)):
        for found in (request_columns(value), response_columns(value)):
            json.dumps(found)
            for column in ("system_instructions", "input_messages", "output_messages"):
                assert all(set(m) == {"role", "parts"} and m["parts"] for m in found.get(column) or ())


@settings(max_examples=50, deadline=None)
@given(depth=st.integers(1, 3000))
def test_deep_bodies_do_not_crash(depth: int) -> None:
    nested: Any = "x"
    for _ in range(min(depth, 300)):
        nested = {"content": [nested]}
    messages([{"role": "user", "content": [nested]}])
    request_columns('{"messages":' * depth)


CALLED = [
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "Hm."},
            {"type": "text", "content": "So."},
            {"type": "tool_call", "id": "call-1", "name": "look", "arguments": '{"a":1}'},
        ],
    }
]
CALL = {"id": "call-1", "type": "function"}
CALLS: dict[str, Any] = {
    "chat completions": {
        "choices": [
            {
                "message": {
                    "role": "assistant",
                    "reasoning_content": "Hm.",
                    "content": "So.",
                    "tool_calls": [{**CALL, "function": {"name": "look", "arguments": '{"a":1}'}}],
                }
            }
        ]
    },
    "chat completions streamed": events(
        {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Hm."}}]},
        {"choices": [{"index": 0, "delta": {"content": "So."}}]},
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {"tool_calls": [{"index": 0, **CALL, "function": {"name": "look", "arguments": ""}}]},
                }
            ]
        },
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}}]},
    ),
    "anthropic": {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "So."},
            {"type": "tool_use", "id": "call-1", "name": "look", "input": {"a": 1}},
        ],
    },
    "anthropic streamed": events(
        {"type": "message_start", "message": {"role": "assistant", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "So."}},
        {
            "type": "content_block_start",
            "index": 2,
            "content_block": {"type": "tool_use", "id": "call-1", "name": "look", "input": {}},
        },
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a"'}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ":1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ),
}


@pytest.mark.parametrize("form", CALLS)
def test_reasoning_and_tool_calls_are_kept_apart_in_every_form(form: str) -> None:
    assert response_columns(CALLS[form])["output_messages"] == CALLED


def test_a_stream_of_responses_that_was_cut_keeps_text_and_calls() -> None:
    added = {"type": "function_call", "call_id": "call-1", "name": "look", "arguments": ""}
    cut = events(
        {"type": "response.created", "response": {"id": "r-1", "model": "m"}},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "So."},
        {"type": "response.output_item.added", "output_index": 1, "item": added},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"a":1}'},
    )
    found = response_columns(cut)
    assert found["model_response"] == "m"
    assert [part for message in found["output_messages"] for part in message["parts"]] == CALLED[0]["parts"][1:]


FIELDS = (
    "type",
    "index",
    "delta",
    "choices",
    "content_block",
    "item",
    "output_index",
    "tool_calls",
    "function",
    "text",
)
KINDS = st.sampled_from(("response.x", "content_block_delta", "text_delta", "So."))
PIECES = st.recursive(
    st.none() | st.integers(-1, 2) | KINDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(pieces=st.lists(PIECES, max_size=5))
def test_pieces_of_any_shape_do_not_crash(pieces: list[Any]) -> None:
    response_columns(pieces)
