"""vLLM's own mark, read back: the generator's published answers, vLLM's own numbers, and its kernel."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.derive.hashing import U32, halves
from stillwatch.derive.kernel import weigh_philox_hits
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.marks.gumbel import (
    GAMMA,
    MARK,
    MARK_TWO,
    SECOND_SHARE,
    configuration,
    first_of_two,
    key_number,
)
from stillwatch.derive.observations import Observations, Passage, together
from stillwatch.derive.philox import draw, philox


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_generator_gives_its_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    words = tuple(np.array([word], np.uint64) for word in counter)
    assert tuple(int(word[0]) for word in philox(words, *map(np.uint64, key))) == expected  # type: ignore[arg-type]


def test_the_kernel_draws_bit_by_bit_what_the_definition_draws() -> None:
    """Contexts that come often, more keys than are taken at once, some of them left out, and not from the beginning."""
    rng = np.random.default_rng(1)
    keys, tokens = random_words(rng, 300), (rng.zipf(1.3, 3000) % 50_000).astype(np.uint64)
    seen, sums, alive = MARK.observe(Passage("", tokens)), np.zeros(300, np.int64), np.arange(0, 300, 2)
    weight = rng.integers(-9, 9, len(seen), dtype=np.int32)
    weigh_philox_hits(*halves(seen.items), seen.start, seen.width, weight, 700, len(seen), keys, alive, sums)
    late = seen.take(np.arange(700, len(seen)))
    assert sums[alive].tolist() == [int(weight[700:][late.matches(key)].sum(dtype=np.int64)) for key in keys[alive]]
    assert not sums[1::2].any()


def _written(rng: np.random.Generator, keys: U32, shares: tuple[float, ...]) -> Observations:
    """Text of which each key draws its share of tokens, as vLLM does."""
    vocabulary, tokens = np.arange(200, dtype=np.uint64), [np.uint64(7)]
    for turn in rng.choice(len(keys), 700, p=shares):
        uniform = (draw(keys[turn], (tokens[-1] << np.uint64(32)) | vocabulary).astype(np.float64) + 0.5) / 2**32
        chances = rng.dirichlet(np.full(200, 0.05)) + 1e-12
        tokens.append(vocabulary[int(np.argmax(np.log(chances) - np.log(-np.log(uniform))))])
    return MARK.observe(Passage("", np.array(tokens))).distinct()


def test_text_that_is_drawn_as_vllm_does_fits_its_key() -> None:
    rng = np.random.default_rng(2)
    keys = random_words(rng, 2)
    seen = _written(rng, keys[:1], (1.0,))
    assert seen.matches(keys[0]).mean() > 0.35
    assert abs(seen.matches(keys[1]).mean() - GAMMA) < 0.08
    scores = run(seen, (len(seen),), keys, Decoys(1, 4999), 1e-3, threads=1).scores
    assert scores[0].p == 1 / 5000
    assert scores[1].p > 1e-3
    assert together([seen, seen]).draws == seen.draws


@pytest.mark.parametrize(
    ("key", "made"), [((1, 2), 2735212619270199032), ((0xFFFFFFFF, 0x80000001), 17406283912642618877)]
)
def test_the_first_of_two_keys_is_the_one_that_vllm_makes(key: tuple[int, int], made: int) -> None:
    """Numbers by vLLM 0.33."""
    assert key_number(first_of_two(np.array([[*key, 5, 6]], np.uint32))[0]) == made


def test_text_of_two_keys_is_read_by_the_first_and_compared_with_decoys_that_are_made_alike() -> None:
    rng = np.random.default_rng(3)
    keys = random_words(rng, 2)
    first, decoys = first_of_two(keys), Decoys(1, 1999, MARK_TWO.reading)
    seen = _written(rng, np.concatenate([first[:1], random_words(rng, 1)]), (1 - SECOND_SHARE, SECOND_SHARE))
    scores = run(seen, (len(seen),), first, decoys, 1e-3, threads=1).scores
    assert scores[0].p == 1 / 2000
    assert scores[1].p > 1e-3
    assert np.array_equal(decoys.block(0), first_of_two(Decoys(1, 1999).block(0)))


def test_the_configuration_holds_a_key_that_vllm_takes() -> None:
    for mark, algorithm in ((MARK, "gumbel"), (MARK_TWO, "dual_key_gumbel")):
        given = configuration(np.array([1, 2, 3, 4], np.uint32), mark.name)
        assert given["algorithm"] == algorithm
        assert given["key"] == 1 + (2 << 32) < 1 << 64
        assert given["context_width"] == 1
