"""Made-up prompts for measuring: sentences over own word lists, about 600 characters, some with numbers and markup."""

from __future__ import annotations

import random

_COMMON = """
the of and to a in is it you that for on are with as this be at have from or by not but what all were we when your can
said there use an each which she do how their if will up other about out many then them these so some her would make
like him into time has look two more write go see number no way could people my than first water been call who its now
find long down day did get come made may part
"""
_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi xo zu bran clor dest fren gluv mant prist quol strem"
COMMON = tuple(_COMMON.split())
SYLLABLES = tuple(_SYLLABLES.split())


def vocabulary(source: random.Random, size: int = 4000) -> list[str]:
    """Common words first, then invented ones of two to four syllables."""
    invented = {"".join(source.choices(SYLLABLES, k=source.randint(2, 4))) for _ in range(size)}
    return [*COMMON, *sorted(invented)]


def prompts(count: int, *, characters: int = 600, seed: int = 1) -> list[str]:
    source = random.Random(seed)
    words = vocabulary(source)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn = source.choices(words, weights, k=200_000)
    return [_prompt(source, drawn, source.randint(characters * 2 // 3, characters * 4 // 3)) for _ in range(count)]


def _prompt(source: random.Random, drawn: list[str], characters: int) -> str:
    begin = source.randrange(len(drawn) - characters)
    text, at = "", begin
    while len(text) < characters:
        sentence = drawn[at : at + source.randint(5, 18)]
        at += len(sentence)
        text += " ".join(sentence).capitalize() + source.choice((". ", "? ", ".\n", f" {source.randrange(5000)}. "))
    return text.strip()
