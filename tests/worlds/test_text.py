"""Texts are various, deterministic and in the scripts they claim."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

from stillwatch.worlds.text import chats, code, documents, english, exams, families, tasks, tongues
from stillwatch.worlds.text.phrase import Phrase
from stillwatch.worlds.text.topics import TOPICS
from stillwatch.worlds.text.wording import word

SCRIPTS = {
    "zh": "CJK",
    "ja": "HIRAGANA",
    "hi": "DEVANAGARI",
    "de": "LATIN",
    "es": "LATIN",
    "fr": "LATIN",
    "pt": "LATIN",
}
WORDINGS = {
    "tagged": families.TAGGED_REASONING,
    "elicitation": families.ELICITATION,
    "rubric": families.RUBRIC,
    "mill": families.INSTRUCTION_MILL,
    "repair": families.REPAIR,
}


def test_a_phrase_chooses_and_fills() -> None:
    phrase = Phrase("{a|b} <x>{!|}")
    said = {phrase.say(Random(n), {"x": lambda: "y"}) for n in range(50)}
    assert said == {"a y", "a y!", "b y", "b y!"}
    assert phrase.say(Random(1)).startswith(("a <x>", "b <x>"))


def test_individuals_rarely_write_the_same() -> None:
    dice = Random(1)
    prompts = [chats.first(dice, chats.persona(dice, "en")) for _ in range(20_000)]
    assert len(set(prompts)) > 0.97 * len(prompts)


def test_no_slot_and_no_choice_is_left_over() -> None:
    dice = Random(2)
    texts = [english.request(dice, topic, n / 10) for topic in TOPICS for n in range(11)]
    texts += [tongues.request(dice, language) for language in tongues.TONGUES for _ in range(50)]
    texts += [tasks.item(dice, kind) for kind in tasks.TASK_KINDS for _ in range(200)]
    texts += [documents.message(dice) for _ in range(100)] + [code.tool_result(dice) for _ in range(50)]
    slots = ("<thing>", "<other>", "<job>", "<snag>", "<scene>", "<number>", "<who>", "<firm>", "<n>", "<k>", "<f>")
    assert not [t for t in texts if "|}" in t or any(slot in t for slot in slots)]


@pytest.mark.parametrize("language", list(tongues.TONGUES))
def test_other_languages_use_their_script(language: str) -> None:
    dice = Random(3)
    text = "".join(tongues.request(dice, language) for _ in range(40))
    letters = [unicodedata.name(c, "") for c in text if c.isalpha()]
    assert sum(name.startswith(SCRIPTS[language]) for name in letters) > 0.25 * len(letters)
    assert len({tongues.request(dice, language) for _ in range(400)}) > 300


def test_piles_hold_distinct_items() -> None:
    for kind in tasks.TASK_KINDS:
        assert len(set(tasks.pile(Random(4), kind, 500))) == 500


@pytest.mark.parametrize("family", list(WORDINGS))
def test_a_family_yields_thousands_of_wordings(family: str) -> None:
    dice = Random(5)
    assert len({word(dice, WORDINGS[family]) for _ in range(2_000)}) > 1_900


def test_a_benchmark_is_public_and_the_same_for_all() -> None:
    assert exams.benchmark("Quince", 50) == exams.benchmark("Quince", 60)[:50]
    assert not set(exams.benchmark("Quince", 200)) & set(exams.benchmark("Parlour", 200))


def test_a_conversation_carries_its_past() -> None:
    dice = Random(6)
    asks = chats.conversation(dice, chats.persona(dice), 3)
    assert [len(a.history) for a in asks] == [0, 2, 4]
    assert asks[2].history[2:] == (("user", asks[1].prompt), ("assistant", asks[1].answer))
