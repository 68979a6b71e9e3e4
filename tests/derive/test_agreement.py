"""Passive agreement says who answers most like us, with intervals, and calls itself supporting evidence only."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.derive.agreement import LEAST_PROMPTS, STANDING, Model, agreement
from stillwatch.derive.observations import Answer, Passage
from stillwatch.errors import InputError

WORDS = [f"w{n}" for n in range(60)]


def _answers(seed: int, of: list[str] | None = None, kept: float = 0.0, prompts: int = 60) -> list[Answer]:
    """Answers at random; with ``of``, each word is that of the answer there with so much probability."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(prompts):
        words = rng.choice(WORDS, 60)
        if of is not None:
            words = np.where(rng.random(60) < kept, of[number].split(), words)
        found.append(Answer(Passage(" ".join(words)), Passage(f"prompt {number}")))
    return found


OURS = _answers(0)
TEXTS = [answer.reply.text for answer in OURS]


def test_a_model_that_writes_as_we_do_is_nearest_and_ahead_beyond_its_interval() -> None:
    found = agreement(OURS, Model("s", _answers(1, TEXTS, 0.8)), [Model(f"r{n}", _answers(n)) for n in (2, 3)])
    assert (found["suspect_rank"], found["of_models"], found["prompts"]) == (1, 3, 60)
    assert found["ahead_of_nearest"]["low"] > 0.2
    assert found["closest_share"] > 0.95
    suspect, *others = found["models"]
    assert suspect["low"] < suspect["likeness"] < suspect["high"]
    assert all(other["likeness"] < 0.05 for other in others)


def test_one_more_stranger_is_not_ahead() -> None:
    found = agreement(OURS, Model("s", _answers(1)), [Model(f"r{n}", _answers(n)) for n in range(2, 8)])
    assert found["ahead_of_nearest"]["low"] <= 0
    assert found["closest_share"] < 0.5


def test_it_calls_itself_supporting_and_holds_no_verdict_and_no_p() -> None:
    found = agreement(OURS, Model("s", _answers(1)), [Model("r\x1b", _answers(2))])
    assert found["standing"] == STANDING == "supporting evidence only"
    assert "once in 2" in found["means"][0]
    assert "decides nothing" in found["means"][1]
    assert not {"p", "verdict"} & set(found)
    assert "\x1b" not in found["models"][1]["name"]


def test_what_the_prompt_says_is_no_agreement() -> None:
    said = "one two three four five six seven eight"
    answers = [Answer(Passage(said), Passage(f"{n} {said}")) for n in range(LEAST_PROMPTS)]
    found = agreement(answers, Model("s", answers), [Model("r", answers)])
    assert found["models"][0]["likeness"] == 0.0


def test_too_few_shared_prompts_and_no_reference_are_refused() -> None:
    with pytest.raises(InputError, match="29 prompts"):
        agreement(OURS, Model("s", _answers(1, prompts=29)), [Model("r", _answers(2))])
    with pytest.raises(InputError, match="--peer"):
        agreement(OURS, Model("s", _answers(1)), [])
