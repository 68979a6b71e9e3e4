"""Keyed habits: told to the model, set right in the stream, read back from answer and question."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.controls import remarked
from stillwatch.derive.counting import count_answers
from stillwatch.derive.hashing import U32
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.marks.habits import ENDINGS, HABITS, MARK, REACH, HabitMarker, instruction, mark_text, observe
from stillwatch.derive.observations import Answer, Passage

KEYS = random_words(np.random.default_rng(3), 40)
_WORDINGS = [form for _, forms in HABITS for form in forms]
_keys = st.sampled_from(list(KEYS))
_texts = st.lists(
    st.sampled_from([*_WORDINGS, "cats sleep", ". ", "! ", "\n", "`", "```", " ", "However", "?", "Sure"]), max_size=25
).map("".join)


@given(_texts, _keys, st.lists(st.integers(1, 9), max_size=20))
def test_however_a_stream_is_cut_it_says_the_same(text: str, key: U32, cuts: list[int]) -> None:
    marker, given_out, fed = HabitMarker(key, "how so"), "", 0
    for cut in cuts:
        given_out += marker.feed(text[fed : fed + cut])
        fed += min(cut, len(text) - fed)
    given_out += marker.feed(text[fed:])
    assert given_out + marker.close() == mark_text(key, Passage(text, asked="how so"))


@given(_texts, _keys)
def test_marking_keeps_the_places_and_every_wording_then_fits_the_key(text: str, key: U32) -> None:
    passage = Passage(text, asked="Why is it?")
    marked = Passage(mark_text(key, passage), asked="Why is it?")
    before, after = observe(passage), observe(marked)
    wordings = len(before) - len(ENDINGS) * bool(text.rstrip())
    assert list(after.items[:wordings]) == list(before.items[:wordings])
    assert after.matches(key)[:wordings].all()


def test_the_instruction_tells_the_wordings_that_the_marker_writes() -> None:
    for key in KEYS:
        told = instruction(key, "How do I tie a knot?")
        for use, forms in HABITS:
            chosen = mark_text(key, Passage(f"{forms[0]} so it is.", asked="how"))
            assert f"{use}, begin the sentence with “{chosen.removesuffix(' so it is.')}”" in told
        ends = observe(Passage("so it is?" if "End with a question" in told else "so it is", asked="how"))
        assert ends.matches(key)[0]


def test_all_wordings_are_drawn_and_depend_on_the_kind_of_question() -> None:
    for _, forms in HABITS:
        written = {mark_text(key, Passage(f"{forms[0]} so.", asked="how")) for key in KEYS}
        assert written == {f"{form} so." for form in forms}
    by_question = {instruction(KEYS[0], word) for word in ("how", "why", "what", "write")}
    assert len(by_question) == 4
    assert instruction(KEYS[0], "HOW now?") == instruction(KEYS[0], "how then?")


@pytest.mark.parametrize("text", ["so However, no", "`However, x`", "```\nHowever, x\n```", "Howeverish", "Surely so."])
def test_what_is_no_beginning_of_a_sentence_or_is_code_is_left_alone(text: str) -> None:
    assert {mark_text(key, Passage(text, asked="a")) for key in KEYS} == {text}


def test_no_wording_looks_further_than_the_reach() -> None:
    assert max(map(len, _WORDINGS)) + 1 < REACH


def test_a_habit_that_the_question_shows_is_not_counted() -> None:
    asked = "However, is it so? In short, no?"
    answer = Answer(Passage("However, it is. Also, it is not.", asked=asked), Passage(asked, asked=asked))
    counted = count_answers([answer], MARK, 1)
    assert (counted.places, counted.in_prompt) == (4, 1)


def test_marked_answers_fit_their_key_and_no_other_is_named() -> None:
    rng = np.random.default_rng(4)
    answers = []
    for word in [f"word{n}" for n in range(8)]:
        text = ". ".join(f"{_WORDINGS[n]} x" for n in rng.integers(0, len(_WORDINGS), 12))
        answers.append(Answer(Passage(text, asked=word), Passage(word, asked=word)))
    marked = remarked(MARK, answers, KEYS[0])
    counted = count_answers(marked, MARK, 4)
    assert len(counted.seen) > MARK.least
    scores = run(counted.seen, counted.ends, KEYS[:2], Decoys(1, 4_999), 1e-3, weighed=counted.weighed).scores
    assert scores[0].p == 1 / 5_000
    assert scores[1].p > 1e-3
