"""Several answers asked for, one served: whole or as they stream, however the streams are mixed and cut."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.adapters.answers import Dialect
from stillwatch.derive.adapters.choosing import ChosenStream, choices_in, choose_body, with_choices
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks.best import OPENING_WORDS, choose
from stillwatch.errors import ConfigurationError

KEY = random_words(np.random.default_rng(3), 1)[0]
_RNG = np.random.default_rng(4)
TEXTS = [" ".join(f"w{n}" for n in _RNG.integers(0, 500, OPENING_WORDS + 10 * k)) for k in range(3)]
OPENINGS = [" ".join(text.split()[:OPENING_WORDS]) for text in TEXTS]
_DIALECTS: tuple[Dialect, ...] = ("chat", "completions")
_cuts = st.lists(st.integers(1, 60), min_size=1, max_size=10)


def _choice(dialect: Dialect, number: int, text: str, ended: bool, holder: str = "delta") -> dict[str, Any]:
    said = {"text": text} if dialect == "completions" else {holder: {"content": text}}
    return {"index": number, **said, "finish_reason": "stop" if ended else None}


def _stream(dialect: Dialect, texts: list[str], order: list[int], size: int) -> bytes:
    """Pieces of all texts, whose turn it is as ``order`` says as long as it does."""
    rest, events, turns = list(texts), [b": hello\n\n"], list(order)
    while any(rest):
        number = next(n for n in [*(turns[:1]), *range(len(texts))] if n < len(texts) and rest[n])
        piece, rest[number], turns = rest[number][:size], rest[number][size:], turns[1:]
        choice = _choice(dialect, number, piece, not rest[number])
        events.append(b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n")
    usage = b'data: {"id":"a","choices":[],"usage":{"completion_tokens":9}}\n\n'
    return b"".join([*events, usage, b"data: [DONE]\n\n"])


def _bodies(raw: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: {")]


def _said(raw: bytes) -> str:
    choices = [choice for body in _bodies(raw) for choice in body["choices"]]
    assert {choice["index"] for choice in choices} == {0}
    assert [choice["finish_reason"] for choice in choices].index("stop") == len(choices) - 1
    return "".join(choice.get("text") or choice.get("delta", {}).get("content", "") for choice in choices)


@pytest.mark.parametrize("dialect", _DIALECTS)
@given(order=st.lists(st.integers(0, 2), max_size=20), size=st.integers(5, 80), cuts=_cuts)
def test_of_mixed_streams_the_chosen_one_comes_out_whole(
    dialect: Dialect, order: list[int], size: int, cuts: list[int]
) -> None:
    raw, stream, out, at = _stream(dialect, TEXTS, order, size), ChosenStream(dialect, KEY, 3), b"", 0
    for cut in cuts:
        out += stream.feed(raw[at : at + cut])
        at += cut
    out += stream.feed(raw[at:]) + stream.close()
    assert _said(out) == TEXTS[choose(KEY, OPENINGS)]
    assert out.startswith(b": hello") and out.endswith(b"data: [DONE]\n\n")
    assert _bodies(out)[-1]["usage"] == {"completion_tokens": 9}


def test_once_chosen_a_stream_is_a_stream() -> None:
    """Every event of the chosen one leaves when it comes, and no other does."""
    chosen, stream = choose(KEY, OPENINGS), ChosenStream("chat", KEY, 3)
    for number, text in enumerate(TEXTS):
        stream.feed(_event(number, text + " more than the opening"))
    assert _said(stream.feed(_event(chosen, "and on", ended=True))) == "and on"
    assert stream.feed(_event((chosen + 1) % 3, "and on")) == b""


def _event(number: int, text: str, ended: bool = False) -> bytes:
    return b"data: " + json.dumps({"choices": [_choice("chat", number, text, ended)]}).encode() + b"\n\n"


@pytest.mark.parametrize("end", [b"data: [DONE]\n\n", b""])
def test_a_server_that_gives_fewer_is_served_at_its_end(end: bytes) -> None:
    stream = ChosenStream("chat", KEY, 3)
    out = stream.feed(_event(1, "one", ended=True)) + stream.feed(end) + stream.close()
    assert _said(out) == "one"


@pytest.mark.parametrize("dialect", _DIALECTS)
def test_a_whole_answer_keeps_the_choice_that_the_key_prefers(dialect: Dialect) -> None:
    choices = [_choice(dialect, n, text, True, "message") for n, text in enumerate(TEXTS)]
    chosen = choose(KEY, TEXTS)
    assert choose_body({"id": "a", "choices": choices}, dialect, KEY) == {
        "id": "a",
        "choices": [{**choices[chosen], "index": 0}],
    }
    assert choose_body({"error": 1}, dialect, KEY) == {"error": 1}


def test_several_are_asked_for_where_a_client_asks_for_one() -> None:
    assert with_choices({"messages": [], "n": 1}, "chat", 4) == {"messages": [], "n": 4}
    assert with_choices({"prompt": "a", "best_of": 1}, "completions", 4) == {"prompt": "a", "n": 4}
    assert with_choices({"messages": [], "n": 2}, "chat", 4) is None
    assert with_choices({"prompt": ["a", "b"]}, "completions", 4) is None
    assert with_choices({"messages": []}, "messages", 4) is None


@pytest.mark.parametrize("wrong", ["1", "x", "65", "-3"])
def test_a_number_of_choices_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="from 2 to 64"):
        choices_in({"STILLWATCH_MARK_CHOICES": wrong})
