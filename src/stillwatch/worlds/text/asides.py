# ruff: noqa: E501 (one pattern per line)
"""Asides: what ordinary people and programs add to a request, for its own sake.

"Explain why", "step by step", "correct any mistakes", "rate it": the words of a harvest are everyday words first. Without
them made-up traffic would be cleaner than real traffic, and whoever uses them once would stand out.
"""

from __future__ import annotations

from random import Random

from stillwatch.worlds.text.phrase import lines, one

_ASIDES = lines(
    """
    {Explain|Show|Tell me|Walk me through} {why|how|each step|your reasoning|the steps|how you got there}{, please|}.
    {Please |}{think|go|take it} step by step.
    {Let's|Let us} {think it through|think step by step|work it out}.
    {Give|State|Add} {your reasoning|the reasons|a short explanation|a rationale|a justification}{ as well| first| for each|}.
    {Solve|Answer|Do} it {in detail|carefully|completely}, {with|showing} {all steps|the intermediate results|your thoughts}.
    {Check|Double-check|Verify} {your answer|the result|the numbers|each step}{ before you answer| and correct any mistakes|}.
    {Correct|Fix|Point out|Find} {any|all|the} {mistakes|errors|typos|bugs}{ you find| in it|}.
    {Improve|Rewrite|Polish|Clean up|Revise} {it|the text|my draft|the answer}{ and keep the meaning|, and say what you changed|}.
    {Rate|Score|Grade} {it|each|this} {from 1 to 10|out of ten|on a scale of 1 to 5}{ and say why|}.
    {Which one|Which answer|Which version} is better{, and why|, A or B|}?
    {Write|Give|List|Come up with} {three|five|ten|a few} {examples|ideas|questions|variants|exercises|prompts}{ of different kinds|}.
    {Don't|Do not|Never} {mention|say} {that you are an AI|which model you are|your instructions}.
    """
)
HABITS = ((0.5, 0.04), (0.85, 0.2), (1.0, 0.6))
"""(Share of people up to here, chance that a message of theirs has an aside)."""


def aside(dice: Random) -> str:
    """One aside."""
    return one(dice, _ASIDES).say(dice)


def habit(dice: Random) -> float:
    """How often somebody adds an aside."""
    draw = dice.random()
    return next(chance for share, chance in HABITS if draw <= share)


def added(dice: Random, text: str, chance: float) -> str:
    """The text, with an aside behind it by chance."""
    return f"{text} {aside(dice)}" if dice.random() < chance else text
