"""Cuts of sorted columns: every value once, and all of one span before all of the next."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.store.runs import abreast


@pytest.mark.parametrize("sizes", [(0,), (1,), (7, 0, 20), (64, 64), (5, 300, 17)])
@pytest.mark.parametrize("piece", [1, 7, 64, 1000])
def test_cuts_hold_every_value_once_and_in_order(sizes: tuple[int, ...], piece: int) -> None:
    draw = np.random.default_rng(sum(sizes))
    columns = [np.sort(draw.integers(0, 400, size)) for size in sizes]
    cuts = list(abreast(columns, piece))
    assert len(cuts) == max(1, -(-max(sizes) // piece))
    spans = [np.sort(np.concatenate([c[at] for c, at in zip(columns, mine, strict=True)])) for mine in cuts]
    assert np.concatenate(spans).tolist() == np.sort(np.concatenate(columns)).tolist()
