"""House wordings: the fixed text that a program puts around each item it sends.

A *family* says what the program is for; it is a list of sections, each with several patterns. ``word`` draws one
wording from a family: from then on its text is constant and only the item changes. Families that look-alikes share with
operators (grading by rubric, writing instructions, thinking aloud) are the same object for both, by design; a
wording is not, because millions can be drawn from each family.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from stillwatch.worlds.text.asides import aside
from stillwatch.worlds.text.phrase import Phrase, one

Section = tuple[Phrase, ...]
Family = tuple[Section, ...]


class Wording(NamedTuple):
    """Text before and after the item, and system instructions (often empty)."""

    before: str
    after: str
    system: str = ""

    def around(self, item: str) -> str:
        return f"{self.before}{item}{self.after}"


_JOINS = (" ", "\n", "\n\n", " ")
_FENCES = (
    ("\n\n", "\n\n"), ("\n---\n", "\n---\n"), ('\n"""\n', '\n"""\n'), ("\n<<<\n", "\n>>>\n"), (" ", "\n"),
    ("\n[", "]\n"),
    ("\nItem: ", "\n"), ("\nInput:\n", "\n\n"), ("\n### Text\n", "\n### End\n"), ("\n\n> ", "\n\n"), ("\n|| ", " ||\n"),
)  # fmt: skip


ASIDE = 0.2
"""Chance that a program's wording has an aside."""


def _said(dice: Random, family: Family, keep: float) -> list[str]:
    """One variant per section; every section but the first two may be left out."""
    said = [one(dice, section).say(dice) for n, section in enumerate(family) if n < 2 or dice.random() < keep]
    return [s for s in said if s]


def word(dice: Random, family: Family, in_system: float = 0.0, keep: float = 0.75) -> Wording:
    """Draw one wording; with chance ``in_system`` it stands in the system instructions, the prompt being bare."""
    said = _said(dice, family, keep)
    if dice.random() < ASIDE:
        said.append(aside(dice))
    join = one(dice, _JOINS)
    if dice.random() < in_system:
        return Wording("", "", join.join(said))
    cut = 1 + int(dice.random() * len(said))
    left, right = one(dice, _FENCES)
    return Wording(join.join(said[:cut]) + left, right + join.join(said[cut:]) if cut < len(said) else right.rstrip())


def speech(dice: Random, family: Family, keep: float = 0.75) -> str:
    """The sections as one text, for system instructions."""
    return one(dice, _JOINS).join(_said(dice, family, keep))
