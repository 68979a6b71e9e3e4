"""The cue catalogue: turns of phrase of people who collect training data, as bits of a mask.

Contract: ``cue_kinds`` reads ``cues.toml`` (content, not code) in its order, which is the order of the bits; kinds
are only ever appended. A kind is a list of *phrases*, of *pairs*, or both. A phrase is a run of tokens, matched exactly
and in order, wherever it stands; it is written as people write it and tokenised like every other text. A pair names
two or three classes of words (``lexicon``) that must meet, in any order, within ``window`` tokens; so it holds for
wordings nobody has listed. Pairs are looked for only among the first and the last ``edge`` tokens of the prompt and of
the system instructions: requests stand there, and what meets by chance does not grow with the payload between.

A cue is **never evidence by itself**: teachers, graders, test benches, careful engineers and ordinary curious people
use every one of these phrases, in every language. What they are worth is decided elsewhere by how rare they are among
the accounts of the same log. Languages are listed so that a phrase means the same thing whoever writes it, no more.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from stillwatch.sketch.layout import KIND_BITS
from stillwatch.sketch.lexicon import class_bits, lexicon_source

FAMILIES = ("elicitation", "grading", "generation", "repair", "concealment")
MAX_KINDS = KIND_BITS
MAX_TOKENS = 12
"""Longest phrase in tokens; a Han or kana character is a token."""


@dataclass(frozen=True, slots=True)
class CueKind:
    """One bit of the mask. ``innocent`` says who else writes like this; it is shown wherever the cue is."""

    bit: int
    id: str
    family: str
    meaning: str
    innocent: str
    phrases: tuple[tuple[str, str], ...]
    """(language, phrase)."""
    pairs: tuple[tuple[str, ...], ...]
    """Classes that must meet: any of these."""

    @property
    def mask(self) -> int:
        return 1 << self.bit


@cache
def _source() -> str:
    return resources.files("stillwatch.sketch").joinpath("cues.toml").read_text(encoding="utf-8")


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(_source())


@cache
def cue_kinds() -> tuple[CueKind, ...]:
    """The catalogue in the order of its bits."""
    kinds = tuple(_kind(bit, entry) for bit, entry in enumerate(_catalogue()["kind"]))
    if len(kinds) > MAX_KINDS:
        raise ValueError(f"cues.toml has {len(kinds)} kinds, at most {MAX_KINDS} fit the mask")
    return kinds


def _kind(bit: int, entry: dict[str, Any]) -> CueKind:
    if entry["family"] not in FAMILIES:
        raise ValueError(f"cues.toml: family {entry['family']!r} of {entry['id']!r} is none of {', '.join(FAMILIES)}")
    phrases = tuple((language, phrase) for language, some in entry.get("phrases", {}).items() for phrase in some)
    pairs = tuple(tuple(pair) for pair in entry.get("pairs", ()))
    unknown = {name for pair in pairs for name in pair} - set(class_bits())
    if unknown:
        raise ValueError(f"cues.toml: {entry['id']!r} pairs {', '.join(sorted(unknown))}, which lexicon.toml lacks")
    return CueKind(bit, entry["id"], entry["family"], entry["meaning"], entry["innocent"], phrases, pairs)


def reach() -> tuple[int, int]:
    """(tokens within which the classes of a pair must meet, tokens at each end of a text in which they count)."""
    return _catalogue()["window"], _catalogue()["edge"]


def cue_families() -> dict[str, int]:
    """Mask of all kinds of each family."""
    return {name: sum(k.mask for k in cue_kinds() if k.family == name) for name in FAMILIES}


def cue_names(mask: int) -> tuple[str, ...]:
    """Ids of the kinds whose bits are set, for reports."""
    return tuple(kind.id for kind in cue_kinds() if mask & kind.mask)


def catalogue_digest() -> str:
    return hashlib.sha256((_source() + lexicon_source()).encode()).hexdigest()[:16]
