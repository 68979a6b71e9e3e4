"""A single harvester: what one account alone asked for, as numbers, and how conspicuous busy harmless accounts are.

``FEATURES`` names every entry of the profile and says what it sees, what innocent traffic it can mistake for a harvest
and what evading it costs. None reads country, language, age or network; a declared organisation and a verified owner
count in one product alone, as an open mark. The score is boosted trees and a straight part (``evidence.score``), both
held to their entries' directions, fitted by ``tools/calibrate_single.py`` on made-up accounts. ``single.json`` beside
this module holds it with the scores of made-up harmless accounts that reached the
same volume; its id is a hash of its content.

One account has no accomplices whose agreement could be tested, so there is no first gate here: the promise rests on
exchangeability with the calibration accounts alone, and is as good as their kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence import scored
from stillwatch.evidence.profile import Feature, surprise
from stillwatch.evidence.scored import Cohorts

SHIPPED = Path(__file__).with_name("single.json")
FEATURES: tuple[Feature, ...] = (
    Feature(
        "elicitation",
        "harvest",
        1,
        "asks for written-out reasoning, weighed by rarity",
        "benchmark runs, tutors, safety researchers",
        "plain questions, less reasoning text",
    ),
    Feature(
        "grading",
        "harvest",
        1,
        "asks for rubric grades or judgements, weighed by rarity",
        "evaluation teams, teachers",
        "own reward model",
    ),
    Feature(
        "generation",
        "harvest",
        1,
        "asks for tasks and instructions to be written, weighed by rarity",
        "licensed generators, quiz makers",
        "own seed tasks",
    ),
    Feature(
        "repair",
        "harvest",
        1,
        "asks for reasoning to be cleaned or corrected, weighed by rarity",
        "editors, proof readers",
        "own clean-up",
    ),
    Feature("kinds", "harvest", 1, "many kinds of such wording", "research groups", "fewer kinds of data"),
    Feature("one_shot", "manner", 1, "prompts never come twice", "document pipelines", "paying for repeats"),
    Feature("conversation", "manner", -1, "requests carry earlier turns", "-", "cover traffic, paid for"),
    Feature("flatness", "manner", 1, "the hours of the day are alike", "queues, monitors", "pauses, lower throughput"),
    Feature(
        "answers",
        "manner",
        1,
        "longer answers than usual in this log: what is taken",
        "writers, document generators",
        "shorter answers, so less to train on",
    ),
    Feature(
        "hidden_harvest",
        "product",
        1,
        "harvest wording by an account without a declared organisation or a verified owner",
        "students, hobbyists, small teams that declare nothing",
        "declaring oneself",
    ),
)
NAMES = tuple(f.name for f in FEATURES)
REFERENCE = 500
"""A wording counts as no rarer than one habit in so many accounts, so that scores do not grow with the log."""
KIND_SHARE = 0.05
_HARVEST = NAMES[:4]


@dataclass(frozen=True)
class Conduct:
    """What one account did since it was followed.

    ``cues``: requests per cue, shape (bits,); ``hours``: requests per hour of the day, shape (24,); ``distinct`` of
    ``counted`` prompts were different ones; ``answers``: mean of ln(1 + output tokens).
    """

    texts: int
    with_history: int
    cues: NDArray[np.int64]
    hours: NDArray[np.int64]
    distinct: int
    counted: int
    answers: float


@dataclass(frozen=True)
class SingleProfile:
    """Values of FEATURES, in order; shape (len(FEATURES),)."""

    values: NDArray[np.float64]

    def __getitem__(self, name: str) -> float:
        return float(self.values[NAMES.index(name)])


def profile(
    conduct: Conduct, declared: bool, habits: NDArray[np.float64], usual: float, families: dict[str, int]
) -> SingleProfile:
    """Numbers of one account. ``declared``: it shows who it is; ``habits``: share of the other accounts in the habit of
    each cue; ``usual``: the answers of the middle account of the log; ``families``: cue masks by family.

    Wording counts by the share of requests outside conversations: a product whose instructions carry a cue asks for it
    with every turn of every talk.
    """
    shares, talk = conduct.cues / max(conduct.texts, 1), conduct.with_history / max(conduct.texts, 1)
    weight = surprise(shares, habits, REFERENCE)
    bits = np.arange(len(shares))
    of = {
        name: float(np.log1p((1 - talk) * weight[(families[name] >> bits & 1).astype(bool)].sum())) for name in _HARVEST
    }
    harvesting = sum(families[name] for name in _HARVEST) >> bits & 1
    rest = {
        "kinds": float(((shares >= KIND_SHARE) & (weight >= KIND_SHARE) & (harvesting == 1)).sum()),
        "one_shot": conduct.distinct / max(conduct.counted, 1),
        "conversation": talk,
        "flatness": 1.0 - concentration(conduct.hours),
        "answers": conduct.answers - usual,
        "hidden_harvest": 0.0 if declared else float(np.log1p(sum(np.expm1(of[name]) for name in _HARVEST))),
    }
    return SingleProfile(np.array([{**of, **rest}[name] for name in NAMES]))


def concentration(hours: NDArray[np.int64]) -> float:
    """Length of the mean direction on the clock face: 0 for a flat day, 1 for a single hour, whatever the time zone."""
    turns = np.exp(2j * np.pi * np.arange(24) / 24)
    return float(abs(hours @ turns)) / max(float(hours.sum()), 1.0)


@dataclass(frozen=True)
class SingleCalibration:
    """``cohorts``: harmless accounts of each kind, alone in a group each; ``typical``: their median profile."""

    calibration_id: str
    typical: NDArray[np.float64]
    cohorts: Cohorts


def load(path: Path = SHIPPED) -> SingleCalibration:
    """Read a calibration set; an unreadable or foreign one is an InputError."""
    return scored.read(path, NAMES, _built)


def _built(digest: str, found: dict[str, Any]) -> SingleCalibration:
    size = len(NAMES)
    return SingleCalibration(f"single-{digest}", scored.numbers(found["typical"], size), scored.cohorts(found, size))
