"""Single work items: what programs, teams and operators have in their lists.

``item`` draws one item of a kind; ``pile`` draws a list of distinct ones, which is what a job list is.
"""

from __future__ import annotations

from random import Random
from typing import Literal

from stillwatch.worlds.text import answers, chats, code, documents, exams, tongues
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.topics import TOPICS

TaskKind = Literal["exam", "code", "request", "message", "document", "pair", "trace", "seed"]
TASK_KINDS: tuple[TaskKind, ...] = ("exam", "code", "request", "message", "document", "pair", "trace", "seed")


def item(dice: Random, kind: TaskKind, language: str = "en") -> str:
    """One item; ``language`` matters to requests, messages and documents."""
    if kind == "exam":
        return exams.question(dice) if language == "en" else tongues.request(dice, language)
    if kind == "code":
        return f"{code.wish(dice)}\n{code.snippet(dice)}"
    if kind == "message":
        return documents.message(dice) if language == "en" else tongues.request(dice, language)
    if kind == "document":
        return documents.paragraph(dice, 2 + int(dice.random() * 5), language)
    if kind == "pair":
        return f"Q: {exams.question(dice)}\nA: {answers.answer(dice, 60)}"
    if kind == "trace":
        steps = "\n".join(f"{n + 1}. {answers.answer(dice, 22)}" for n in range(2 + int(dice.random() * 3)))
        return f"Task: {exams.question(dice)}\n{steps}"
    if kind == "seed":
        topic = one(dice, TOPICS)
        return f"{one(dice, topic.things)} / {one(dice, topic.jobs)} / {one(dice, topic.scenes)}"
    return chats.first(dice, chats.persona(dice, language))


def pile(dice: Random, kind: TaskKind, size: int, language: str = "en") -> list[str]:
    """``size`` distinct items; a kind that runs dry is numbered on, so that the list is always full."""
    found: dict[str, None] = {}
    for _ in range(size * 2):
        if len(found) == size:
            break
        found[item(dice, kind, language)] = None
    while len(found) < size:
        found[f"{item(dice, kind, language)} ({len(found)})"] = None
    return list(found)
