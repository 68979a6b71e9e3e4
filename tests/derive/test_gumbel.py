"""vLLM's own mark, read back: the generator's published answers, vLLM's own numbers, and its kernel."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.derive.hashing import halves
from stillwatch.derive.kernel import weigh_philox_hits
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.marks.gumbel import GAMMA, MARK, configuration
from stillwatch.derive.observations import Passage, together
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


def test_text_that_is_drawn_as_vllm_does_fits_its_key() -> None:
    rng = np.random.default_rng(2)
    keys, vocabulary = random_words(rng, 2), np.arange(200, dtype=np.uint64)
    tokens = [np.uint64(7)]
    for _ in range(700):
        uniform = (draw(keys[0], (tokens[-1] << np.uint64(32)) | vocabulary).astype(np.float64) + 0.5) / 2**32
        chances = rng.dirichlet(np.full(200, 0.05)) + 1e-12
        tokens.append(vocabulary[int(np.argmax(np.log(chances) - np.log(-np.log(uniform))))])
    seen = MARK.observe(Passage("", np.array(tokens))).distinct()
    assert seen.matches(keys[0]).mean() > 0.35
    assert abs(seen.matches(keys[1]).mean() - GAMMA) < 0.08
    scores = run(seen, (len(seen),), keys, Decoys(1, 4999), 1e-3, threads=1).scores
    assert scores[0].p == 1 / 5000
    assert scores[1].p > 1e-3
    assert together([seen, seen]).draws == seen.draws


def test_the_configuration_holds_a_key_that_vllm_takes() -> None:
    given = configuration(np.array([1, 2, 3, 4], np.uint32))
    assert given["key"] == 1 + (2 << 32) < 1 << 64
    assert given["context_width"] == 1
