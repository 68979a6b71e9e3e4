"""Pairs of word classes: wordings nobody has listed are found, near the ends of a text and nowhere else."""

from __future__ import annotations

import pytest

from stillwatch.sketch.cues import cue_kinds, reach
from stillwatch.sketch.layout import MARKS
from stillwatch.sketch.lexicon import MARK, expand, word_classes

from .test_cues import LANGUAGES, cues_of

WINDOW, EDGE = reach()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("reasoning_disclosed", "Let us have your deliberations set down, please."),
        ("reasoning_disclosed", "Schildere dabei bitte deinen Gedankengang."),
        ("reasoning_disclosed", "Quiero que plasmes, o sea que anote, su razonamiento."),
        ("reasoning_disclosed", "请把你的思路清楚地写下来，也就是写下。"),
        ("reasoning_disclosed", "思索のすべてを言語化すること"),
        ("reasoning_entire", "Your considerations, unabridged."),
        ("reasoning_tagged", "Open with [plan], then deliberate"),
        ("reasoning_in_language", "Il faut que tu penses, pensée comprise, en français"),
        ("think_before_answer", "Ponder it before any reply."),
        ("graded_on_scale", "Appraise the essay, anywhere from 0 through 7."),
        ("answer_graded", "Which completion do you rank above the other?"),
        ("role_of_judge", "For today you are the referee."),
        ("tasks_invented", "Devise puzzles, a dozen of them."),
        ("answer_mended", "Tidy this reply."),
        ("reasoning_mended", "The derivation is flawed: repair it."),
        ("model_hidden", "Under no circumstances admit to being a language model."),
    ],
)
def test_wordings_that_are_not_listed_are_found(kind: str, text: str) -> None:
    assert kind in cues_of(text)


def test_classes_meet_within_the_window_in_any_order() -> None:
    for first, last in (("narrate", "deliberations"), ("deliberations", "narrate")):
        near, far = (" ".join([first, *["zzyx"] * n, last]) for n in (WINDOW - 1, WINDOW))
        assert "reasoning_disclosed" in cues_of(near)
        assert "reasoning_disclosed" not in cues_of(far)


def test_three_classes_must_all_meet() -> None:
    assert "tasks_invented" in cues_of("devise zz puzzles zz several")
    assert "tasks_invented" not in cues_of("devise zz puzzles")
    assert "tasks_invented" not in cues_of(f"devise zz puzzles {'zz ' * WINDOW} several")


def test_pairs_count_near_the_ends_of_a_text_only() -> None:
    wish, payload = "narrate deliberations", "zzyx " * (EDGE + 10)
    assert "reasoning_disclosed" in cues_of(f"{wish} {payload}")
    assert "reasoning_disclosed" in cues_of(f"{payload} {wish}")
    assert "reasoning_disclosed" not in cues_of(f"{payload} {wish} {payload}")
    assert "step_by_step" in cues_of(f"{payload} step by step {payload}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Open <plan> please", True),
        ("Open<plan>please", False),
        ("close</plan>please", True),
        ("Open [PLAN] please", True),
        ("Open {plan} please", True),
        ("Open ##plan## please", True),
        ("Open ##plan please", False),
        ("Open #plan# please", False),
        ("Open <final_plan> please", True),
        ("Open <re\u0301sume\u0301> please", True),
        ("请用<计划>标签", True),
        ("Open < plan > please", False),
        ("Open <plan] please", False),
        ("Open <x> please", False),
        ("Open [12] please", False),
        ("Open List<Plan> please", False),
        (f"Open <{'p' * 24}> please", True),
        (f"Open <{'p' * 25}> please", False),
    ],
)
def test_marks(text: str, found: bool) -> None:
    assert ("reasoning_tagged" in cues_of(f"思考 deliberate {text}")) is found


def test_many_marks_are_markup() -> None:
    assert "reasoning_tagged" in cues_of("deliberate " + "<plan> " * MARKS)
    assert "reasoning_tagged" not in cues_of("deliberate " + "<plan> " * (MARKS + 1))


def test_entries_are_spelled_out() -> None:
    assert expand("re{ad,ading} {it,this}") == ["read it", "read this", "reading it", "reading this"]
    assert not [word for each in word_classes() for _, word in each.words if set(word) & set("{},")]


def test_every_class_speaks_every_language_and_is_used() -> None:
    used = {name for kind in cue_kinds() for pair in kind.pairs for name in pair}
    assert used == {each.id for each in word_classes()}
    for each in word_classes():
        assert each.id == MARK or {language for language, _ in each.words} == LANGUAGES


def test_no_word_makes_a_pair_alone() -> None:
    """Except with a mark: a mark may be named for thinking."""
    words = {each.id: {word for _, word in each.words} for each in word_classes()}
    for kind in cue_kinds():
        for pair in kind.pairs:
            assert not set.intersection(*(words[name] for name in pair)), (kind.id, pair)
