"""Messages in every shape a log carries them; nothing that comes in makes extraction fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.sketch.text import Request, read_messages, read_system


def messages(value: object) -> Request:
    return read_messages(json.dumps(value).encode())


def otel(role: str, *texts: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text} for text in texts]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([otel("user", "hello")], Request("hello", "", 0)),
        ([otel("user", "hello", "there")], Request("hello\nthere", "", 0)),
        ([{"role": "user", "content": "hello"}], Request("hello", "", 0)),
        ([{"role": "user", "content": [{"type": "text", "text": "hello"}]}], Request("hello", "", 0)),
        ([{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}], Request("hello", "", 0)),
        ({"role": "user", "content": "hello"}, Request("hello", "", 0)),
        ({"model": "m", "messages": [{"role": "user", "content": "hello"}]}, Request("hello", "", 0)),
        ("hello", Request("hello", "", 0)),
        ([{"role": "User", "content": "hello", "parts": 7}], Request("hello", "", 0)),
        (None, Request("", "", 0)),
        ([otel("system", "be brief"), otel("user", "hello")], Request("hello", "be brief", 0)),
        ([otel("developer", "a"), otel("system", "b"), otel("user", "hello")], Request("hello", "a\nb", 0)),
        ([otel("user", "one"), otel("assistant", "two"), otel("user", "three")], Request("three", "", 2)),
        ([otel("user", "one"), otel("assistant", "two")], Request("one", "", 0)),
        ([otel("assistant", "two")], Request("", "", 1)),
        (
            [otel("user", "ask"), otel("assistant", ""), {"role": "user", "content": [{"type": "tool_result"}]}],
            Request("ask", "", 0),
        ),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], Request("", "", 1)),
        (
            [{"role": "user", "content": [{"type": "image", "source": {}}, {"type": "text", "text": "this?"}]}],
            Request("this?", "", 0),
        ),
        (
            [{"role": "assistant", "content": None, "tool_calls": [{}]}, otel("user", "go on")],
            Request("go on", "", 1),
        ),
        ([{"role": "assistant", "content": {"odd": 1}}, otel("user", "go on")], Request("go on", "", 1)),
    ],
)
def test_shapes(value: object, expected: Request) -> None:
    assert messages(value) == expected


@pytest.mark.parametrize(
    "text",
    ["plain words", '[{"role": "user", "content": "cut off', "[1, 2, 3]", "42", "{not json}", '{"a": 1}', "nothing"],
)
def test_what_is_no_messages_is_text(text: str) -> None:
    assert read_messages(text.encode()) == Request(text, "", 0)


def test_system_instructions() -> None:
    assert (
        read_system(b'[{"type":"text","content":"be kind"},{"type":"text","content":"be brief"}]')
        == "be kind\nbe brief"
    )
    assert read_system(b'[{"role":"system","parts":[{"type":"text","content":"be kind"}]}]') == "be kind"
    assert read_system(b'"be kind"') == "be kind"
    assert read_system(b"be kind") == "be kind"


def test_deep_nesting_ends() -> None:
    assert read_messages(b'[{"role":"user","content":' * 5000 + b'"x"' + b"}]" * 5000).turns >= 0
    assert read_messages(b"[" * 100_000).prompt == "[" * 100_000


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("role", "content", "parts", "text", "type", "x")), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(_json)
def test_any_json_is_read(value: object) -> None:
    request = messages(value)
    assert isinstance(request.prompt, str)
    assert request.turns >= 0


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=80))
def test_any_bytes_are_read(raw: bytes) -> None:
    assert isinstance(read_messages(raw).prompt, str)
    assert isinstance(read_system(memoryview(raw)), str)
