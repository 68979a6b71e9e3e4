"""Bands are shared as often as theory says, and an eighth of a signature decides about each."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.model.tables import MINHASH_SIZE
from stillwatch.sketch.bands import BAND, band_keys


@pytest.mark.parametrize("similarity", [0.5, 0.8, 0.9])
def test_two_prompts_share_a_band_as_often_as_their_similarity_makes_them(similarity: float) -> None:
    rng = np.random.default_rng(7)
    first = rng.integers(0, 2**31, (4000, MINHASH_SIZE), dtype=np.int32)
    same = rng.random(first.shape) < similarity
    second = np.where(same, first, rng.integers(0, 2**31, first.shape, dtype=np.int32))
    shared = (band_keys(first) == band_keys(second)).any(axis=1).mean()
    assert shared == pytest.approx(1 - (1 - similarity**BAND) ** (MINHASH_SIZE // BAND), abs=0.02)


def test_a_key_depends_on_its_own_slots_alone() -> None:
    slots = np.arange(MINHASH_SIZE, dtype=np.int32)[None, :]
    changed = slots.copy()
    changed[0, BAND + 3] += 1
    assert np.flatnonzero(band_keys(slots)[0] != band_keys(changed)[0]).tolist() == [1]
