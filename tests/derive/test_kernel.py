"""The compiled count and its oracle agree bit by bit; draws are even and independent enough for what they are for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.hashing import context_state, draw, halves, token_items, words_item
from stillwatch.derive.kernel import weigh_hits
from stillwatch.derive.keys import random_words
from stillwatch.derive.observations import Observations, observed

_u32 = st.integers(0, 2**32 - 1)


def _random(count: int, seed: int = 0) -> Observations:
    rng = np.random.default_rng(seed)
    items = rng.integers(0, 2**64, count, dtype=np.uint64)
    start, width = (rng.integers(0, 2**32, count, dtype=np.uint32) for _ in range(2))
    return Observations(items, start, width, items, items, items)


@pytest.mark.parametrize("count", [0, 1, 2047, 2048, 2049, 5000])
def test_the_kernel_sums_what_the_oracle_says(count: int) -> None:
    seen, keys = _random(count), random_words(np.random.default_rng(1), 5)
    alive, begin = np.array([0, 2, 4]), count // 3
    weight, sums = np.random.default_rng(2).integers(-60_000, 60_000, count, dtype=np.int32), np.zeros(5, np.int64)
    weigh_hits(*halves(seen.items), seen.start, seen.width, weight, begin, count, keys, alive, sums)
    heavy = [int(weight[begin:][seen.matches(key)[begin:]].sum(dtype=np.int64)) for key in keys]
    assert sums.tolist() == [heavy[k] if k in alive else 0 for k in range(5)]


@given(item=st.integers(0, 2**64 - 1), key=st.tuples(_u32, _u32, _u32, _u32))
def test_a_draw_is_what_plain_integers_give(item: int, key: tuple[int, int, int, int]) -> None:
    """The format of a mark, in the plainest words: a change of it would orphan every text that was marked."""
    k0, k1, k2, k3 = key
    low, high, mask = item & 0xFFFFFFFF, item >> 32, 0xFFFFFFFF
    x = (low + k0) & mask
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & mask
    x = ((x ^ (x >> 15)) + (high ^ k1)) & mask
    x = ((x ^ (x >> 13)) * 0x846CA68B) & mask
    x = ((x ^ (x >> 16)) + k2) & mask
    x = ((x ^ (x >> 15)) * (k3 | 1)) & mask
    x ^= x >> 16
    words = np.array(key, np.uint32)
    assert draw(words, *halves(np.array([item], np.uint64))).tolist() == [x]


def test_items_are_as_they_have_always_been() -> None:
    assert words_item("forms/1", ("negated", "do not", "i")) == 6187390888218507627
    contexts = context_state(np.array([[7], [8]], np.uint64))
    assert token_items(contexts, np.array([3, 3], np.uint64)).tolist() == [17622792407322214081, 2259970091866515001]


def test_lists_of_words_that_read_alike_are_told_apart() -> None:
    assert len({words_item("k", parts) for parts in (("a", "b"), ("ab",), ("a b",), ("", "ab"), ("ab", ""))}) == 5


def test_matches_spread_over_keys_as_independent_draws_would() -> None:
    """Neighbouring token ids in neighbouring contexts, the worst case for a weak hash: mean 0 and spread 1."""
    contexts = context_state(np.arange(50, dtype=np.uint64)[:, None])
    items = token_items(np.repeat(contexts, 100), np.tile(np.arange(100, dtype=np.uint64), 50))
    seen, keys = observed(items, 0.25), random_words(np.random.default_rng(3), 3000)
    counts = np.zeros(len(keys), np.int64)
    ones = np.ones(len(seen), np.int32)
    weigh_hits(*halves(items), seen.start, seen.width, ones, 0, len(seen), keys, np.arange(len(keys)), counts)
    z = (counts - 1250) / np.sqrt(5000 * 0.1875)
    assert abs(z.mean()) < 5 / np.sqrt(3000)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / 3000)


def test_items_of_small_token_ids_do_not_coincide() -> None:
    tokens = np.arange(300, dtype=np.uint64)
    items = token_items(context_state(tokens[:, None])[:, None], tokens[None, :])
    assert len(np.unique(items)) == 300 * 300


def test_repeated_items_count_once_and_foreign_ones_are_dropped() -> None:
    seen = observed(np.array([5, 6, 5, 7, 6], np.uint64), 0.5)
    assert seen.distinct().items.tolist() == [5, 6, 7]
    assert seen.without(np.array([6], np.uint64)).items.tolist() == [5, 5, 7]
