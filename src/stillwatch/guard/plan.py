"""The kernel's tables for one guard: words, and shapes of numbers with the rules that may have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from stillwatch.guard import kernel as k_
from stillwatch.guard.folding import SINGLE, fold_word
from stillwatch.guard.numbers.cards import CARD_SHAPES
from stillwatch.guard.numbers.catalogue import NUMBERS
from stillwatch.guard.numbers.rule import NumberRule
from stillwatch.guard.numbers.template import Shape, expand
from stillwatch.guard.words import addressed, hashed, own_words, word_table


class Use(NamedTuple):
    """A rule that a shape may belong to; no rule stands for a card."""

    rule: NumberRule | None
    needs_word: bool


class Plan(NamedTuple):
    """Tables for the kernel, and the rules by shape."""

    tables: k_.Tables
    uses: tuple[tuple[Use, ...], ...]


def plan(terms: Iterable[bytes] = ()) -> Plan:
    """Everything for a guard whose dictionaries' terms begin with the folded words ``terms``."""
    words = [*own_words(), *((fold_word(w), k_.IS_NUMBER) for rule in NUMBERS for w in rule.words)]
    words += [(fold_word(word), k_.IS_NUMBER) for word in GENERAL_WORDS]
    # In a script without spaces every letter is a word for the kernel: the last one of each announces it.
    words += [(word[-1:], k_.IS_NUMBER) for word, flag in words if flag == k_.IS_NUMBER and min(word) >= SINGLE]
    words += [(word, k_.IS_TERM) for word in terms]
    shapes, uses = _shapes()
    return Plan(k_.Tables(k_.classes(), word_table(words), shapes), uses)


_GENERAL = (
    "identity identification personal citizen taxpayer tax fiscal social insurance passport national ident id idnumber "
    "ausweis steuer identite identidad identita documento dni cedula personnummer resident registration license "
    "licence health beneficiary"
)
GENERAL_WORDS = tuple(_GENERAL.split())
"""Words that introduce a number of any country."""


def _shapes() -> tuple[k_.Shapes, tuple[tuple[Use, ...], ...]]:
    by_shape: dict[Shape, list[Use]] = {}
    for template in CARD_SHAPES:
        for shape in expand(template):
            by_shape.setdefault(shape, []).append(Use(None, False))
    for rule in NUMBERS:
        for shape, needs_word in rule.shapes():
            by_shape.setdefault(shape, []).append(Use(rule, needs_word))
    places = {hashed(_values(shape)): place for place, shape in enumerate(by_shape)}
    keys, found = addressed(places)
    uses = tuple(map(tuple, by_shape.values()))
    bound = np.array([keys[k] != 0 and all(use.needs_word for use in uses[found[k]]) for k in range(len(keys))])
    return k_.Shapes(keys, found, bound.astype(np.uint8)), uses


def _values(shape: Shape) -> Iterable[int]:
    return (ord(kind) << 8 | size if kind in "DL" else ord(kind) for kind, size in shape)
