"""Sentence patterns: ``{a|b|c}`` chooses a variant, ``<slot>`` is filled by the caller.

Patterns are parsed once; saying one costs a few random numbers. Variants do not nest and may be empty. The random
source is ``random.Random``, several times faster than a numpy generator for single draws; callers seed it from one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")

_TOKEN = re.compile(r"\{([^{}]*)\}|<([a-z_]+)>")
Slots = Mapping[str, Callable[[], str]]
"""How to fill each slot; called once per occurrence."""


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


class Phrase:
    """One parsed pattern."""

    __slots__ = ("_pieces", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        pieces: list[str | _Slot | tuple[str | Phrase, ...]] = []
        last = 0
        for match in _TOKEN.finditer(pattern):
            pieces.append(pattern[last : match.start()])
            variants, slot = match.groups()
            pieces.append(_Slot(slot) if variants is None else tuple(_variant(v) for v in variants.split("|")))
            last = match.end()
        pieces.append(pattern[last:])
        self._pieces = [piece for piece in pieces if piece != ""]

    def say(self, dice: Random, slots: Slots | None = None) -> str:
        """One variant of the pattern; a slot that the caller does not fill stays in the text as written."""
        out = []
        draw = dice.random
        for piece in self._pieces:
            if isinstance(piece, tuple):
                variant = piece[int(draw() * len(piece))]
                out.append(variant if isinstance(variant, str) else variant.say(dice, slots))
            elif isinstance(piece, _Slot):
                out.append(slots[piece.name]() if slots is not None and piece.name in slots else f"<{piece.name}>")
            else:
                out.append(piece)
        return "".join(out)


def _variant(text: str) -> str | Phrase:
    """A variant stays a plain string unless it has slots of its own."""
    return Phrase(text) if _TOKEN.search(text) else text


def phrases(patterns: Iterable[str]) -> tuple[Phrase, ...]:
    """Parse several patterns."""
    return tuple(Phrase(p) for p in patterns)


def lines(block: str) -> tuple[Phrase, ...]:
    """Parse one pattern per non-empty line."""
    return phrases(line.strip() for line in block.splitlines() if line.strip())


def one(dice: Random, options: Sequence[T]) -> T:
    """A uniformly chosen element; faster than ``Random.choice``."""
    return options[int(dice.random() * len(options))]
