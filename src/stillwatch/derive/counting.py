"""From answers to what a test counts: each item once, none that the prompt already held, and the ends of the looks.

Contract: ``count_answers`` is a function of text alone. An item of an answer that occurs in its own prompt is dropped:
whoever wrote the prompt may have put it there. Looks are placed after equal parts of the *answers*, so that collecting
can end at a look; whoever collects says after which prompts (``after``), since some may have gone unanswered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import Answer, Observations, together
from stillwatch.derive.weights import Weighed, weigh


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct observations in order, the same with weights, their number at each look, and how many there were."""

    seen: Observations
    weighed: Weighed
    ends: tuple[int, ...]
    places: int
    in_prompt: int
    repeated: int


def count_answers(
    answers: Sequence[Answer],
    mark: Mark,
    looks: int,
    after: Sequence[int] = (),
    reference: Observations | None = None,
) -> Counted:
    """What is counted of ``answers``; fewer looks where there are fewer answers.

    ``after``, if given, holds the number of prompts asked at each look; answers are in the order of their prompts.
    ``reference`` sharpens the weights and nothing else.
    """
    parts, places, in_prompt = [], 0, 0
    for answer in answers:
        found = mark.observe(answer.reply)
        kept = found.without(mark.observe(answer.prompt).items)
        places, in_prompt = places + len(found), in_prompt + len(found) - len(kept)
        parts.append(kept)
    whole = together(parts)
    first = _first_places(whole)
    total = np.cumsum([0, *map(len, parts)])
    shares = _answered(answers, after) if after else [round(len(parts) * look / looks) for look in range(1, looks + 1)]
    ends = sorted({int(np.searchsorted(first, total[n])) for n in shares} - {0})
    seen = whole.take(first)
    return Counted(seen, weigh(whole, reference), tuple(ends) or (0,), places, in_prompt, len(whole) - len(seen))


def observe_all(answers: Sequence[Answer], mark: Mark) -> Observations:
    """Every place of some answers, repeats and all."""
    return together([mark.observe(answer.reply) for answer in answers])


def count_prompts(answers: Sequence[Answer], mark: Mark) -> Counted:
    """The places of the prompts themselves, as if they were answers: they must not fit a key."""
    return count_answers([Answer(answer.prompt) for answer in answers], mark, 1)


def _answered(answers: Sequence[Answer], after: Sequence[int]) -> list[int]:
    """How many answers there are to the first so many prompts."""
    numbers = [answer.number for answer in answers]
    return [sum(number < asked for number in numbers) for asked in after]


def _first_places(whole: Observations) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    _, first = np.unique(whole.items, return_index=True)
    return np.sort(first)
