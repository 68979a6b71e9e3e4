"""Marking writes what a key chooses, reading finds it again, streams stay streams, and code stays code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.hashing import U32
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks.forms import FormMarker, mark_text, observe
from stillwatch.derive.marks.phrases import BEFORE_NUMBERS, PAIRS, PATTERN, REACH
from stillwatch.derive.observations import Passage

KEYS = random_words(np.random.default_rng(4), 8)

_fragments = st.sampled_from(
    [form for _, *pair in PAIRS for form in pair]
    + ["Don’t", "Isn't", "They're", "- ", "* ", "1. ", "2) ", "\n", "\n\n", "  - ", "`", "```", "```py\n", "you", "I"]
    + [
        "the",
        "with",
        "a",
        "x" * 30,
        "3.5",
        "2",
        ".",
        ",",
        "'",
        "😀",
        "\x1b[31m",
        "\u202e",
        "\ud800",
        "—",
        "_",
        "*bold*",
    ]
)
_texts = st.lists(st.tuples(_fragments, st.sampled_from(["", " ", " ", " ", "\n"])), max_size=40).map(
    lambda parts: "".join(a + b for a, b in parts)
)
_keys = st.integers(0, len(KEYS) - 1).map(lambda n: KEYS[n])


@given(_texts, _keys)
def test_every_place_of_a_marked_text_fits_its_key(text: str, key: U32) -> None:
    marked = observe(Passage(mark_text(key, text)))
    assert marked.matches(key).all()
    assert marked.items.tolist() == observe(Passage(text)).items.tolist()


@given(_texts, _keys)
def test_marking_twice_is_marking_once(text: str, key: U32) -> None:
    once = mark_text(key, text)
    assert mark_text(key, once) == once


@given(_texts, _keys, st.lists(st.integers(0, 12), max_size=30))
def test_however_a_stream_is_cut_it_says_the_same(text: str, key: U32, cuts: list[int]) -> None:
    marker, given_out, fed = FormMarker(key), "", 0
    for cut in cuts:
        given_out += marker.feed(text[fed : fed + cut])
        fed += min(cut, len(text) - fed)
    given_out += marker.feed(text[fed:])
    assert given_out + marker.close() == mark_text(key, text)


@given(_texts)
def test_a_stream_is_late_by_no_more_than_its_reach(text: str) -> None:
    marker = FormMarker(KEYS[0])
    shown = marker.feed(text)
    rest = marker.close()
    assert len(rest) <= 2 * REACH or not shown


@given(_texts, _keys)
def test_code_is_left_alone(text: str, key: U32) -> None:
    code = text.replace("`", "")
    assert mark_text(key, f"```\n{code}\n```") == f"```\n{code}\n```"
    line = code.replace("\n", " ")
    assert mark_text(key, f"`{line}`") == f"`{line}`"


def test_both_forms_of_every_pair_are_written_and_read() -> None:
    for family, first, second in PAIRS:
        before = "the" if family == "number" else "so"
        seen = {mark_text(key, f"{before} {first} cats") for key in random_words(np.random.default_rng(0), 40)}
        assert seen == {f"{before} {first} cats", f"{before} {second} cats"}, (family, first, second)


@pytest.mark.parametrize(
    "text",
    [
        "Don't you see?",
        "isn't it",
        "it's",
        "yes, we are.",
        "version 3 of",
        "3.5 metres",
        "the 3rd",
        "x two y",
        "do\nnot",
        "well-nearly-done",
        "**bold**",
        "- - -",
        "* * *",
        "cannot've",
        "undo not",
    ],
)
def test_what_could_come_out_wrong_is_left_alone(text: str) -> None:
    assert not len(observe(Passage(text)))
    assert {mark_text(key, text) for key in KEYS} == {text}


def test_capitals_stay() -> None:
    assert {mark_text(key, "Do not go. For example, cats.") for key in KEYS} <= {
        f"{a} go. For {b}, cats." for a in ("Do not", "Don't") for b in ("example", "instance")
    }


def test_a_list_has_one_kind_of_marker() -> None:
    for key in KEYS:
        marked = mark_text(key, "Steps:\n- a\n* b\n  - c\n\nThen:\n1. x\n2) y\n")
        bullets = [line.strip()[0] for line in marked.splitlines() if line.strip()[:2] in ("- ", "* ")]
        orders = [line[1] for line in marked.splitlines() if line[:1].isdigit()]
        assert (len(bullets), len(set(bullets)), len(orders), len(set(orders))) == (3, 1, 2, 1)


def test_half_of_all_keys_choose_either_form() -> None:
    written = [mark_text(key, "so do not go") for key in random_words(np.random.default_rng(9), 400)]
    assert abs(written.count("so don't go") - 200) < 50


def test_no_match_looks_further_than_the_reach() -> None:
    """What the stream relies on: the first REACH characters decide a match at 0."""
    longest = max(max(map(len, pair)) for _, *pair in PAIRS) + len(" these ")
    assert longest <= REACH
    assert all(len(word) < REACH for word in BEFORE_NUMBERS)
    for text in ("x" * 100, "      1234567. a", "`" * 50, "do not " + "y" * 90):
        found, cut = PATTERN.search(text), PATTERN.search(text[:REACH])
        assert found is not None
        assert cut is not None
        assert found.span() == cut.span()


def test_what_it_changes_is_little() -> None:
    """Quality cost: no word is lost, and fewer than one in ten differs in a paragraph that is full of such places."""
    text = (
        "We do not know. They are usually late, for example, by two days; therefore we cannot wait for the entire set."
    )
    for key in KEYS:
        marked = mark_text(key, text)
        assert abs(len(marked) - len(text)) < 12
