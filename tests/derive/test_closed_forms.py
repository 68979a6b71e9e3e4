"""What published formulas say about marks like ours, against what the keyed draws do.

Formulas: Kirchenbauer et al. 2023, theorem 4.2 (green lists); Dathathri et al. 2024, corollary 27 and
theorem 25 of the supplement (tournaments of tokens); the mean of the largest of m normal draws (keyed best of m).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from stillwatch.derive.hashing import context_state, draw, halves, token_items
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import standardised
from stillwatch.derive.marks import best
from stillwatch.derive.marks.green import GAMMA, green_list
from stillwatch.derive.marks.sampler import GreenList

KEYS = random_words(np.random.default_rng(20), 400)


def _chances(rng: np.random.Generator, sharpness: float, vocabulary: int) -> NDArray[np.float64]:
    logits = rng.normal(0, sharpness, vocabulary)
    chances: NDArray[np.float64] = np.exp(logits - logits.max())
    chances /= chances.sum()
    return chances


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("delta", [0.5, 2.0, 5.0])
def test_listed_tokens_are_as_likely_as_the_spike_entropy_says_at_least(sharpness: float, delta: float) -> None:
    """Share of listed tokens, over keys, is at least gamma alpha S / (1 + (alpha - 1) gamma), S the spike entropy."""
    chances = _chances(np.random.default_rng(1), sharpness, 200)
    logits, context = np.log(chances).astype(np.float64), [7]
    found = []
    for key in KEYS:
        marked = np.exp(GreenList(key, 1, delta).per_request([], context, logits))
        listed = green_list(key, np.array([context], np.uint64), 200)[0]
        found.append(marked[listed].sum() / marked.sum())
    alpha = math.exp(delta)
    modulus = (1 - GAMMA) * (alpha - 1) / (1 + (alpha - 1) * GAMMA)
    spike = float(np.sum(chances / (1 + modulus * chances)))
    bound = GAMMA * alpha * spike / (1 + (alpha - 1) * GAMMA)
    error = np.std(found) / math.sqrt(len(found))
    assert np.mean(found) > bound - 4 * error
    if sharpness == 0:  # even chances: the share of the list, weighed alpha to one
        even = GAMMA * alpha / (1 + (alpha - 1) * GAMMA)
        assert np.mean(found) == pytest.approx(even, abs=4 * error + 0.005)


def test_the_score_of_counts_is_the_one_test_of_proportions() -> None:
    """(|s| - gamma T) / sqrt(T gamma (1 - gamma))."""
    assert standardised(130, np.full(400, GAMMA)) == pytest.approx((130 - 100) / math.sqrt(400 * 0.25 * 0.75))


@pytest.mark.parametrize(("leaves", "vocabulary"), [(2, 4), (2, 50), (3, 4), (3, 50)])
def test_a_tournament_on_our_draws_has_the_mean_of_the_paper(leaves: int, vocabulary: int) -> None:
    """Of so many even tokens the one with the keyed coin on its side: the coin's mean over keys, contexts and draws."""
    rng = np.random.default_rng(2)
    contexts = context_state(np.arange(500, dtype=np.uint64)[:, None])
    coins = []
    for key in KEYS[:60]:
        tokens = rng.integers(0, vocabulary, (500, leaves)).astype(np.uint64)
        drawn = draw(key, *halves(token_items(contexts[:, None], tokens).ravel())).reshape(tokens.shape)
        coins.append((drawn < np.uint32(1 << 31)).any(axis=1).mean())
    expected = {2: 0.5 + 0.25 * (1 - 1 / vocabulary), 3: 7 / 8 - 3 / (8 * vocabulary)}[leaves]
    assert np.mean(coins) == pytest.approx(expected, abs=4 * math.sqrt(0.25 / (500 * 60)))


@pytest.mark.parametrize("m", [2, 4, 8])
def test_the_best_of_m_answers_scores_as_the_largest_of_m_normals(m: int) -> None:
    rng, scores = np.random.default_rng(3), []
    for key in KEYS[:150]:
        texts = [" ".join(f"w{n}" for n in rng.integers(0, 5000, 41)) for _ in range(m)]
        scores.append(best.score(key, texts[best.choose(key, texts)]))
    expected = integrate.quad(lambda x: x * m * stats.norm.pdf(x) * stats.norm.cdf(x) ** (m - 1), -10, 10)[0]
    assert np.mean(scores) == pytest.approx(expected, abs=4 * float(np.std(scores)) / math.sqrt(len(scores)))
