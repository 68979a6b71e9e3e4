"""Passive agreement: does a suspect answer more like us than models do that cannot have learned from us?

Contract: ``agreement`` compares answers to the same prompts, ours with the suspect's and with each reference model's.
The likeness of two answers is the share of runs of three words that they have in common, those of the prompt left out;
a model's likeness is its mean over the prompts that all have answered. Intervals are from prompts drawn again, with a
fixed seed, so the same answers give the same document.

It needs no mark and it is supporting evidence only, and the document says so. Models that were trained on the same
public text, or tuned by the same fashion, agree without one having seen the other, and no number of prompts changes
that: what can be said without assuming more is the suspect's rank among the models, which chance alone makes the first
once in as many models as there are. Hence no p-value over prompts, and no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch import inert
from stillwatch.derive.observations import Answer
from stillwatch.errors import InputError

SCHEMA = "stillwatch.agreement/1"
STANDING = "supporting evidence only"
LEAST_PROMPTS = 30
RUN = 3
"""Words in a row that count as said alike."""
_DRAWS, _SEED = 2000, 7
_WORD = re.compile(r"\w+")

_Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """A model by the name it is shown under, and what it answered."""

    name: str
    answers: Sequence[Answer]


def agreement(ours: Sequence[Answer], suspect: Model, references: Sequence[Model]) -> dict[str, Any]:
    """The document; ``InputError`` where too few prompts were answered by all."""
    if not references:
        raise InputError("without a reference model there is nothing to compare with. Name one with --peer.")
    given = [_by_prompt(ours), *(_by_prompt(model.answers) for model in (suspect, *references))]
    prompts = sorted(set.intersection(*(set(answers) for answers in given)))
    if len(prompts) < LEAST_PROMPTS:
        raise InputError(
            f"{len(prompts)} prompts were answered by us, the suspect and every reference alike; at least "
            f"{LEAST_PROMPTS} are needed. Ask all of them the same prompts, with 'prompt' in every row."
        )
    likeness = np.array([[_likeness(given[0][p], answers[p], p) for p in prompts] for answers in given[1:]])
    drawn = np.random.default_rng(_SEED).integers(0, len(prompts), (_DRAWS, len(prompts)))
    means = likeness[:, drawn].mean(axis=2)
    nearest = 1 + int(np.argmax(likeness[1:].mean(axis=1)))
    rank = 1 + int(np.sum(likeness[1:].mean(axis=1) >= likeness[0].mean()))
    return {
        "schema": SCHEMA,
        "standing": STANDING,
        "prompts": len(prompts),
        "models": [
            {"name": inert.text(model.name), "suspect": place == 0, **_estimate(likeness[place], means[place])}
            for place, model in enumerate((suspect, *references))
        ],
        "suspect_rank": rank,
        "of_models": len(likeness),
        "ahead_of_nearest": _estimate(likeness[0] - likeness[nearest], means[0] - means[nearest]),
        "closest_share": round(float(np.mean(likeness[0] > likeness[1:].max(axis=0))), 4),
        "means": _meaning(rank, len(likeness)),
    }


def _meaning(rank: int, models: int) -> list[str]:
    place = "nearest to us" if rank == 1 else f"number {rank} from us"
    return [
        f"Supporting evidence only: of {models} models the suspect is {place}. If it were one of them and nothing "
        f"more, it would be nearest once in {models}.",
        "Models trained on the same public text agree without one having seen the other. Agreement names no harvest, "
        "has no error rate, and decides nothing in a test of a mark.",
    ]


def _by_prompt(answers: Sequence[Answer]) -> Mapping[str, str]:
    """The first answer to each prompt."""
    found: dict[str, str] = {}
    for answer in answers:
        if answer.prompt.text:
            found.setdefault(answer.prompt.text, answer.reply.text)
    return found


def _likeness(one: str, other: str, prompt: str) -> float:
    """Of all runs of both, how many are in both: 0 to 1."""
    known = _runs(prompt)
    a, b = _runs(one) - known, _runs(other) - known
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return {tuple(words[place : place + RUN]) for place in range(len(words) - RUN + 1)}


def _estimate(values: _Column, drawn: _Column) -> dict[str, float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"likeness": round(float(values.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}
