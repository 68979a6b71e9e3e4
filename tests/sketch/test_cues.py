"""The cue catalogue is well-formed, found in running text in every language, and cheap to leave out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.sketch.batch import sketch_strings
from stillwatch.sketch.cues import FAMILIES, MAX_KINDS, CueKind, cue_families, cue_kinds, cue_names
from stillwatch.sketch.matching import likely_ends
from stillwatch.sketch.plan import plan
from stillwatch.sketch.recipe import Recipe

LANGUAGES = {"en", "zh", "ja", "ko", "es", "pt", "fr", "de", "it", "ru", "ar", "hi", "tr", "id", "vi"}


def cues_of(text: str) -> set[str]:
    columns = sketch_strings(pa.array([text]), recipe=Recipe(), seed=bytes(32), with_signature=False)
    return set(cue_names(columns["cues"][0].as_py()))


@pytest.mark.parametrize("kind", cue_kinds(), ids=lambda kind: kind.id)
def test_every_phrase_is_found_amid_other_words(kind: CueKind) -> None:
    spelled = [phrase if "ß" in phrase else phrase.upper() for _, phrase in kind.phrases]  # ß would become two letters
    texts = [f"Zzyx qwv: {phrase}, zzyx!" for phrase in spelled]
    columns = sketch_strings(pa.array(texts), recipe=Recipe(), seed=bytes(32), with_signature=False)
    missed = [text for text, mask in zip(texts, columns["cues"].to_pylist(), strict=True) if not mask & kind.mask]
    assert not missed


@pytest.mark.parametrize("kind", cue_kinds(), ids=lambda kind: kind.id)
def test_every_kind_speaks_every_language_and_names_innocent_uses(kind: CueKind) -> None:
    assert {language for language, _ in kind.phrases} == LANGUAGES or (kind.pairs and not kind.phrases)
    assert kind.meaning
    assert kind.innocent


def test_families_share_the_bits_out() -> None:
    masks = cue_families()
    assert tuple(masks) == FAMILIES
    assert all(masks.values())
    assert sum(masks.values()) == (1 << len(cue_kinds())) - 1
    assert len(cue_kinds()) <= MAX_KINDS
    assert len({kind.id for kind in cue_kinds()}) == len(cue_kinds())


def test_numbers_match_any_number() -> None:
    assert "graded_on_scale" in cues_of("It is out of 4711.")
    assert "graded_on_scale" not in cues_of("It is out of many.")


def test_words_apart_or_in_another_order_are_no_phrase() -> None:
    assert cues_of("a step, then by and by another step") == set()
    assert cues_of("my own chain of many a thought") == set()


def test_ordinary_text_has_no_cues() -> None:
    assert cues_of("Bitte übersetze den Brief an meine Vermieterin ins Türkische.") == set()
    assert cues_of("The harbour was quiet; two boats came in with the evening tide.") == set()


def test_few_other_tokens_pass_the_sieves() -> None:
    """What passes costs a look into the table; counted, not timed."""
    made = plan(Recipe(), bytes(32))
    tokens = np.random.default_rng(1).integers(0, 1 << 64, 100_000, np.uint64)
    assert likely_ends(made, tokens, len(tokens), np.zeros(len(tokens) + 1, np.int64)) < 0.02 * len(tokens)
