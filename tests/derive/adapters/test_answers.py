"""Answers as they stream, cut anywhere: the text is marked as a whole text is, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.adapters.answers import Dialect, MarkedStream, mark_body
from stillwatch.derive.adapters.asked import asked_in, with_system
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks.forms import FormMarker, mark_text

KEY = random_words(np.random.default_rng(1), 1)[0]
TEXT = "So do not wait, for example. I am late by two days; they cannot go.\n\n- one\n- two\n" * 2
_DIALECTS: tuple[Dialect, ...] = ("chat", "completions", "messages")
_cuts = st.lists(st.integers(1, 30), min_size=1, max_size=12)


def _new() -> FormMarker:
    return FormMarker(KEY)


def _pieces(text: str, cuts: list[int]) -> list[str]:
    out, at = [], 0
    for cut in cuts:
        out.append(text[at : at + cut])
        at += cut
    return [*out, text[at:]]


def _event(body: Any) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _stream(dialect: Dialect, pieces: list[str], *, ends: bool = True) -> bytes:
    if dialect == "messages":
        deltas = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ]
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        stop = [{"type": "content_block_stop", "index": 0}, {"type": "message_stop"}] if ends else []
        return b"".join(b"event: x\n" + _event(body) for body in (start, *deltas, *stop))
    said = [{"text": p} if dialect == "completions" else {"delta": {"content": p}} for p in pieces]
    last = (
        [{"text": "", "finish_reason": "stop"}]
        if dialect == "completions"
        else [{"delta": {}, "finish_reason": "stop"}]
    )
    choices = [{"index": 0, "finish_reason": None, **s} for s in (*said, *(last if ends else ()))]
    events = b"".join(_event({"id": "a", "model": "m", "choices": [choice]}) for choice in choices)
    return b": hello\n\n" + events + (b"data: [DONE]\n\n" if ends else b"")


def _bodies(raw: bytes) -> list[Any]:
    lines = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: ") and line != b"data: [DONE]"]
    return [json.loads(line) for line in lines]


def _said(raw: bytes, index: int = 0) -> str:
    return "".join(_text(body, index) for body in _bodies(raw))


def _text(body: Any, index: int) -> str:
    if body.get("type") == "content_block_delta" and body["index"] == index:
        return str(body["delta"].get("text", ""))
    mine = (choice for choice in body.get("choices", ()) if choice["index"] == index)
    return "".join(choice.get("text") or choice.get("delta", {}).get("content") or "" for choice in mine)


@pytest.mark.parametrize("dialect", _DIALECTS)
@given(cuts=_cuts, reads=_cuts, ends=st.booleans())
def test_a_stream_cut_anywhere_says_the_marked_text(
    dialect: Dialect, cuts: list[int], reads: list[int], ends: bool
) -> None:
    raw = _stream(dialect, _pieces(TEXT, cuts), ends=ends)
    stream, out, at = MarkedStream(dialect, _new), b"", 0
    for read in reads:
        out += stream.feed(raw[at : at + 7 * read])
        at += 7 * read
    out += stream.feed(raw[at:]) + stream.close()
    assert _said(out) == mark_text(KEY, TEXT)
    assert _bodies(out)[-1] == _bodies(raw)[-1] or not ends or dialect != "messages"


def test_a_stream_stays_a_stream() -> None:
    """Every event leaves when it came, and its text at most a few words later."""
    stream, said, given_in = MarkedStream("chat", _new), "", 0
    for piece in _pieces(TEXT, [8] * 20):
        out = stream.feed(_event({"choices": [{"index": 0, "delta": {"content": piece}}]}))
        assert out.endswith(b"\n\n")
        given_in, said = given_in + len(piece), said + _said(out)
        assert len(said) > given_in - 60
    assert _said(stream.feed(b"data: [DONE]\n\n"))


def test_choices_have_markers_of_their_own_and_the_last_words_come_before_the_end() -> None:
    stream, raw = MarkedStream("chat", _new), b""
    for piece in _pieces(TEXT, [11] * 9):
        for index in (0, 1):
            raw += _event({"choices": [{"index": index, "delta": {"content": piece}, "finish_reason": None}]})
    raw += _event({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]})
    out = stream.feed(raw + b"data: [DONE]\n\n") + stream.close()
    assert _said(out, 0) == _said(out, 1) == mark_text(KEY, TEXT)
    assert out.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {not json}\n\n",
        b": ping\n\n",
        b"event: ping\ndata: {}\n\n",
        b"data: [1]\n\n",
        b'data: {"choices": 7}\n\n',
        b'data: {"choices": [7, {"delta": 3}, {"index": "x", "delta": {"content": null}}]}\n\n',
        b'data:  {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"do not"}}]}}]}\r\n\r\n',
        b"data: " + b"[" * 5000 + b"\n\n",
    ],
)
def test_what_holds_no_text_leaves_byte_for_byte(raw: bytes) -> None:
    stream = MarkedStream("chat", _new)
    assert stream.feed(raw) + stream.close() == raw


def test_whole_answers_are_marked_and_all_else_is_kept() -> None:
    marked = mark_text(KEY, TEXT)
    chat = {"id": "x", "choices": [{"message": {"role": "assistant", "content": TEXT}}, {"message": {"content": None}}]}
    done = mark_body(chat, "chat", _new)
    assert (done["choices"][0]["message"]["content"], done["choices"][1]["message"]["content"]) == (marked, None)
    assert mark_body({"choices": [{"text": TEXT}]}, "completions", _new) == {"choices": [{"text": marked}]}
    messages = {"content": [{"type": "tool_use", "text": TEXT}, {"type": "text", "text": TEXT}]}
    assert [b["text"] for b in mark_body(messages, "messages", _new)["content"]] == [TEXT, marked]


def test_the_model_is_told_after_the_system_prompt_that_is_there() -> None:
    asked = {"role": "user", "content": [{"type": "text", "text": "How so?"}, {"type": "image_url"}]}
    body = {"messages": [{"role": "system", "content": "Be kind."}, asked]}
    assert asked_in(body, "chat") == "How so?"
    assert with_system(body, "chat", "T")["messages"] == [{"role": "system", "content": "Be kind.\n\nT"}, asked]
    assert with_system({"messages": [asked]}, "chat", "T")["messages"][0] == {"role": "system", "content": "T"}
    assert with_system({"system": "S"}, "messages", "T")["system"] == "S\n\nT"
    blocks = [{"type": "text", "text": "S"}]
    assert with_system({"system": blocks}, "messages", "T")["system"] == [*blocks, {"type": "text", "text": "T"}]
    assert with_system({"prompt": "p"}, "completions", "T") == {"prompt": "p"}


@pytest.mark.parametrize("body", [{}, {"messages": 3}, {"messages": [3]}, {"prompt": [1]}, {"messages": [{"role": 1}]}])
@pytest.mark.parametrize("dialect", _DIALECTS)
def test_requests_of_any_shape_ask_nothing_and_break_nothing(body: dict[str, Any], dialect: Dialect) -> None:
    assert asked_in(body, dialect) == ""
    assert isinstance(with_system(body, dialect, "T"), dict)
