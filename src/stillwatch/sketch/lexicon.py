"""The word classes that pair cues are made of: words of one meaning in many languages.

Contract: ``word_classes`` reads ``lexicon.toml`` (content, not code) in its order, which is the order of the class
bits, after the one class that is no list of words: ``MARK``, a short name in brackets (see ``marks``). Entries are
written as people write them, tokenised like every other text and matched exactly; ``expand`` spells out the endings
that an entry abbreviates.

It deliberately knows no grammar: a form that is not listed is not recognised, and a listed word counts whatever it
means in its sentence. Classes only matter where several meet, and even then prove nothing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

MARK = "mark"
MAX_CLASSES = 24
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class WordClass:
    """One bit beside the kinds. ``words`` are spelled out, each with its language."""

    bit: int
    id: str
    meaning: str
    words: tuple[tuple[str, str], ...]


def expand(entry: str) -> list[str]:
    """``"re{ad,ading} {it,this}"`` is four entries."""
    braces = _BRACES.search(entry)
    if braces is None:
        return [entry]
    head, tail = entry[: braces.start()], entry[braces.end() :]
    return [whole for part in braces[1].split(",") for whole in expand(head + part + tail)]


@cache
def lexicon_source() -> str:
    return resources.files("stillwatch.sketch").joinpath("lexicon.toml").read_text(encoding="utf-8")


@cache
def word_classes() -> tuple[WordClass, ...]:
    """All classes in the order of their bits."""
    found = [WordClass(0, MARK, "a short name in brackets, of whatever kind and language", ())]
    for bit, entry in enumerate(tomllib.loads(lexicon_source())["class"], 1):
        spelled = (
            (language, word) for language, some in entry["words"].items() for one in some for word in expand(one)
        )
        found.append(WordClass(bit, entry["id"], entry["meaning"], tuple(dict.fromkeys(spelled))))
    if len(found) > MAX_CLASSES:
        raise ValueError(f"lexicon.toml has {len(found) - 1} classes, at most {MAX_CLASSES - 1} fit beside the kinds")
    return tuple(found)


@cache
def class_bits() -> dict[str, int]:
    return {each.id: each.bit for each in word_classes()}
