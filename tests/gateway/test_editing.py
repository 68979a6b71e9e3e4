"""What leaves a request or an answer, and what stays byte for byte: reasoning of every dialect, cuts anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.feed.decision import Parameters, Reasoning
from stillwatch.gateway import bodies, reasoning, streaming
from stillwatch.gateway.operations import Dialect, operation_of
from stillwatch.gateway.reasoning import Hiding
from stillwatch.gateway.streaming import StreamEditor, StreamTooWideError

SECRET = "first I weigh the tides"
WHOLE: dict[Dialect, dict[str, Any]] = {
    "chat": {
        "choices": [{"message": {"content": "Po", "reasoning_content": SECRET, "reasoning_details": [SECRET]}}, 7]
    },
    "messages": {
        "content": [
            {"type": "thinking", "thinking": SECRET, "signature": "s"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "text", "text": "Po"},
        ]
    },
    "responses": {
        "output": [
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "in short"}],
                "content": [{"type": "reasoning_text", "text": SECRET}],
                "encrypted_content": "enc",
            },
            {"type": "message", "content": [{"type": "output_text", "text": "Po"}]},
        ]
    },
}
EVENTS: dict[Dialect, list[dict[str, Any]]] = {
    "chat": [
        {"choices": [{"index": 0, "delta": {"reasoning": SECRET}}]},
        {"choices": [{"index": 0, "delta": {"content": "Po"}}]},
    ],
    "messages": [
        {"type": "message_start", "message": {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": SECRET}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": SECRET}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Po"}},
    ],
    "responses": [
        {"type": "response.reasoning_text.delta", "delta": SECRET},
        {"type": "response.content_part.added", "part": {"type": "reasoning_text", "text": SECRET}},
        {"type": "response.reasoning_summary_text.delta", "delta": "in short"},
        {"type": "response.output_item.done", "item": WHOLE["responses"]["output"][0]},
        {"type": "response.output_text.delta", "delta": "Po"},
        {"type": "response.completed", "response": WHOLE["responses"]},
    ],
}


@pytest.mark.parametrize("dialect", WHOLE)
@pytest.mark.parametrize("allowed", ["summarised", "hidden"])
def test_whole_answers_lose_their_reasoning_and_nothing_else(dialect: Dialect, allowed: Reasoning) -> None:
    left = json.dumps(reasoning.without(WHOLE[dialect], dialect, allowed))
    assert SECRET not in left and "Po" in left
    if dialect != "chat":
        assert "enc" in left  # what nobody can read is needed for the next turn
    assert ("in short" in left) == (dialect == "responses" and allowed == "summarised")
    assert reasoning.without(WHOLE[dialect], dialect, "shown") is WHOLE[dialect]


def _stream(dialect: Dialect, end: str = "\n\n") -> bytes:
    lines = [
        f"event: {event.get('type', 'x')}\nid: {n}\ndata: {json.dumps(event)}"
        for n, event in enumerate(EVENTS[dialect])
    ]
    return end.join([": ping", *lines, "data: [DONE]", ""]).encode()


@given(st.sampled_from(list(EVENTS)), st.sampled_from(["summarised", "hidden"]), st.data())
def test_streams_lose_it_wherever_they_are_cut(dialect: Dialect, allowed: Reasoning, data: st.DataObject) -> None:
    raw = _stream(dialect, data.draw(st.sampled_from(["\n\n", "\r\n\r\n"])))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    editor = StreamEditor(Hiding(dialect, allowed))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    out = b"".join([*map(editor.feed, pieces), editor.close()])
    whole = StreamEditor(Hiding(dialect, allowed))
    assert out == whole.feed(raw) + whole.close()
    assert SECRET.encode() not in out and b"Po" in out and out.endswith(raw[-12:])
    assert (b"in short" in out) == (dialect == "responses" and allowed == "summarised")


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_bytes_that_are_no_events_of_ours_pass_unchanged(pieces: list[bytes]) -> None:
    editor = StreamEditor(Hiding("chat", "hidden"))
    assert b"".join([*map(editor.feed, pieces), editor.close()]) == b"".join(pieces)


def test_an_event_that_never_ends_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST", 100)
    editor = StreamEditor(Hiding("chat", "hidden"))
    with pytest.raises(StreamTooWideError):
        editor.feed(b"data: " + b"x" * 200)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["n", "best_of", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "include", "model"]
)


@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_no_value_slips_past_a_limit(body: dict[str, Any]) -> None:
    operation = operation_of("POST", "/v1/chat/completions")
    assert operation is not None
    asked = bodies.asked(operation, body)
    assert asked.model is None or isinstance(asked.model, str)
    left = json.loads(bodies.edited(operation, body, Parameters(logprobs=False, max_choices=2, max_tokens=10)))
    assert not {"logprobs", "top_logprobs"} & set(left)
    caps = [left[name] for name in ("max_tokens", "max_completion_tokens") if left.get(name) is not None]
    assert caps and all(type(cap) in (int, float) and cap <= 10 for cap in caps)
    assert all(
        left[name] is not None and left[name] <= 2 and left[name] is not True
        for name in ("n", "best_of")
        if name in left
    )


@given(_JSON, st.sampled_from(list(WHOLE)))
def test_any_answer_can_be_looked_at(body: Any, dialect: Dialect) -> None:
    for name in ("choices", "content", "output", "delta", "item", "response", "message", "part", "type"):
        holder = {name: body, "type": body}
        assert isinstance(reasoning.without(holder, dialect, "hidden"), dict)
        assert isinstance(reasoning.event_without(holder, dialect, "hidden"), dict | None)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_body_or_are_refused(raw: bytes) -> None:
    try:
        assert isinstance(bodies.read(raw), dict)
    except bodies.UnreadableBodyError as error:
        assert len(str(error)) < 300
