"""Where the examples of a campaign differ: words that stand in all of them in the same order are the template.

Contract: pure; the pieces of an example, joined, are the example. Compared word by word with the first example, so the
work grows with the number of examples and not with its square.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row; ``common`` to all examples or not."""

    text: str
    common: bool


def pieces(examples: Sequence[str]) -> tuple[tuple[Piece, ...], ...]:
    """Each example in pieces. A single example has nothing to differ from: it is one piece."""
    words = [_WORD.findall(text) for text in examples]
    if len(words) < 2:
        return tuple((Piece(text, True),) for text in examples)
    matched = [_matches(words[0], other) for other in words[1:]]
    shared = [i for i in range(len(words[0])) if all(i in found for found in matched)]
    kept = [set(shared), *({found[i] for i in shared} for found in matched)]
    return tuple(_joined(own, common) for own, common in zip(words, kept, strict=True))


def _matches(first: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """Where each word of the first example stands in another one."""
    blocks = SequenceMatcher(None, first, other, autojunk=False).get_matching_blocks()
    return {block.a + i: block.b + i for block in blocks for i in range(block.size)}


def _joined(words: Sequence[str], common: set[int]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for place, word in enumerate(words):
        same = place in common
        if found and found[-1].common is same:
            found[-1] = Piece(found[-1].text + word, same)
        else:
            found.append(Piece(word, same))
    return tuple(found)
