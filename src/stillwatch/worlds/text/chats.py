"""Conversations of persons: who writes (a ``Persona``) decides subject, language and register."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from stillwatch.worlds.stream import Ask
from stillwatch.worlds.text import answers, english, tongues
from stillwatch.worlds.text.asides import added, habit
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.topics import TOPICS, Topic

_HISTORY = 8
"""Messages of the past that a client sends along at most."""


class Persona(NamedTuple):
    """How somebody writes."""

    topics: tuple[Topic, ...]
    language: str
    register: float
    answer_tokens: float
    aside: float = 0.0
    """Chance that a message carries an aside."""


def persona(dice: Random, language: str | None = None) -> Persona:
    """Somebody with one to four interests; two in three write English unless told otherwise."""
    topics = tuple(one(dice, TOPICS) for _ in range(1 + int(dice.random() * 4)))
    if language is None:
        language = "en" if dice.random() < 0.68 else one(dice, tuple(tongues.TONGUES))
    return Persona(topics, language, dice.random(), 40 + 160 * dice.random(), habit(dice))


def first(dice: Random, who: Persona) -> str:
    """A first message."""
    if who.language != "en":
        return tongues.request(dice, who.language)
    return added(dice, english.request(dice, one(dice, who.topics), who.register), who.aside)


def later(dice: Random, who: Persona) -> str:
    """A later message."""
    if who.language != "en":
        return tongues.follow_up(dice, who.language)
    return added(dice, english.follow_up(dice, one(dice, who.topics), who.register), who.aside)


def single(dice: Random, who: Persona, system: str = "") -> Ask:
    """One question without a past."""
    return Ask(first(dice, who), answers.answer(dice, who.answer_tokens), system)


def conversation(dice: Random, who: Persona, turns: int, system: str = "") -> list[Ask]:
    """``turns`` requests, each carrying the end of what was said before."""
    asks: list[Ask] = []
    past: tuple[tuple[str, str], ...] = ()
    for turn in range(turns):
        prompt = first(dice, who) if turn == 0 else later(dice, who)
        ask = Ask(prompt, answers.answer(dice, who.answer_tokens), system, past)
        asks.append(ask)
        past = (*past, ("user", prompt), ("assistant", ask.answer))[-_HISTORY:]
    return asks
