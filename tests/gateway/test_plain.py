"""The short way to columns gives what the long way gives, or leaves a body to it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stillwatch.gateway import plain
from stillwatch.ingest.bodies import request_columns, response_columns

_VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(0, 2) | st.text(max_size=4)
_NAMES = st.sampled_from(
    ["model", "temperature", "max_tokens", "max_completion_tokens", "n", "seed", "stream", "user", "safety_identifier",
     "tools", "response_format", "metadata", "reasoning", "system", "instructions", "stop", "top_logprobs"]
)  # fmt: skip
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "system", "assistant", "developer", "tool", "User", ""])},
        optional={"content": st.text(max_size=4) | st.just([{"type": "text", "text": "a"}]), "name": st.just("x")},
    ),
    max_size=4,
)


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and name != "output_messages"}


@given(st.dictionaries(_NAMES, _VALUES, max_size=6), _MESSAGES)
@example({"model": "m", "temperature": 0.5, "max_tokens": 4}, [{"role": "user", "content": "a"}])
@settings(max_examples=50, deadline=None)
def test_requests(body: dict[str, Any], messages: list[Any]) -> None:
    body = {**body, "messages": messages}
    found = plain.asked(body)
    assert found is None or _filled(found) == request_columns(body)


def test_the_common_request_and_answer_take_the_short_way() -> None:
    said = [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Name a river."}]
    assert plain.asked({"model": "m", "temperature": 0, "stream": True, "messages": said}) is not None
    assert plain.asked({"model": "m", "messages": [{"role": "user", "content": ""}]}) is None
    answer = {"id": "c", "model": "m", "choices": [{"message": {}, "finish_reason": "stop"}], "usage": _USAGE}
    assert plain.answered(answer) is not None and plain.answered({**answer, "error": {}}) is None


_USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}
_CHOICES = st.lists(
    st.fixed_dictionaries(
        {"index": st.integers(0, 2), "finish_reason": st.sampled_from([None, "stop", "length", 7])},
        optional={"delta": st.just({"content": "a"}), "message": st.just({"role": "assistant", "content": "a"})},
    ),
    max_size=3,
)
_PIECES = st.fixed_dictionaries(
    {"choices": _CHOICES},
    optional={
        "model": st.sampled_from(["m", "n", 3]),
        "usage": st.sampled_from([None, _USAGE, {"prompt_tokens": "x"}, {"input_tokens": 1}, {}]),
        "type": st.sampled_from([None, "message_start", "response.completed"]),
        "object": st.sampled_from(["chat.completion", "response"]),
    },
)


@given(_PIECES)
@settings(max_examples=50, deadline=None)
def test_whole_answers(body: dict[str, Any]) -> None:
    found = plain.answered(body)
    assert found is None or _filled(found) == _filled(response_columns(json.dumps(body)))


@given(st.lists(_PIECES, min_size=1, max_size=4), st.sampled_from([b"data: ", b"data:", b"event: x\ndata: "]))
@settings(max_examples=70, deadline=None)
def test_streams(bodies: list[dict[str, Any]], begin: bytes) -> None:
    events = [begin + json.dumps(body).encode() for body in bodies] + [b"data: [DONE]", b""]
    found = plain.streamed(events)
    assert found is None or _filled(found) == _filled(response_columns(b"\n\n".join(events).decode()))
