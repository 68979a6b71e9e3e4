"""``python -m experiments.derive.synthid``: our scores beside those of synthid-text, an implementation by others.

Text of even tokens is written by a tournament of one layer and two leaves whose coins are our keyed draws. Its coins
under the true key and under decoys are scored by synthid-text's ``mean_score`` and ``weighted_mean_score`` and by our
kernel; the p-value is then computed from their scores and by our test. Needs ``pip install jax`` and ``pip install
--no-deps synthid-text``; its own sampler, which needs PyTorch, is not used.
"""

from __future__ import annotations

import sys
from importlib import metadata

import numpy as np

from experiments.derive.scoring import keep
from stillwatch.derive.hashing import U32, context_state, draw, halves, token_items
from stillwatch.derive.kernel import weigh_hits
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, run
from stillwatch.derive.observations import Observations, observed

VOCABULARY = 500
DEPTH = 30
DECOYS = 999
_COIN = np.uint32(1 << 31)

Coins = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def text(rng: np.random.Generator, key: U32, tokens: int, marked: float) -> Observations:
    """A share of tokens is the better of two, the rest is as it comes; each context is new."""
    contexts = context_state(np.arange(tokens, dtype=np.uint64)[:, None])
    pairs = rng.integers(0, VOCABULARY, (tokens, 2)).astype(np.uint64)
    coins = draw(key, *halves(token_items(contexts[:, None], pairs).ravel())).reshape(pairs.shape) < _COIN
    second = (rng.random(tokens) < marked) & coins[:, 1] & ~coins[:, 0]
    chosen = np.where(second, pairs[:, 1], pairs[:, 0])
    return observed(token_items(contexts, chosen), 0.5)


def coins_of(seen: Observations, keys: U32) -> Coins:
    """One row per key."""
    return np.stack([seen.matches(key) for key in keys])


def compare(seed: int, marked: float) -> dict[str, object]:
    """One text under one true key."""
    import jax.numpy as jnp
    from synthid_text.detector_mean import mean_score, weighted_mean_score

    rng = np.random.default_rng([9, seed])
    keys = random_words(rng, DEPTH)
    seen = text(rng, keys[0], 2000, marked)
    decoys = Decoys(seed, DECOYS)
    everyone = np.concatenate([keys[:1], decoys.block(0)])
    alone = coins_of(seen, everyone)[:, :, None].astype(np.float32)
    theirs = np.asarray(mean_score(jnp.asarray(alone), jnp.ones(alone.shape[:2])))
    ours = _sums(seen, everyone, np.ones(len(seen), np.int32)) / len(seen)
    # Thirty layers of coins, one key each, weighed as they weigh them: from 10 down to 1.
    layers = coins_of(seen, keys).T[None].astype(np.float32)
    deep = float(weighted_mean_score(jnp.asarray(layers), jnp.ones(layers.shape[:2]))[0])
    weights = np.linspace(10, 1, DEPTH)
    per_layer = _sums(seen, keys, np.ones(len(seen), np.int32)) / len(seen)
    score = run(seen, (len(seen),), keys[:1], decoys, 1e-9, threads=1).scores[0]
    return {
        "seed": seed,
        "marked": marked,
        "greatest_difference_of_means": float(np.abs(theirs - ours).max()),
        "difference_of_weighted_means": abs(deep - float(per_layer @ weights / weights.sum())),
        "p_from_their_scores": float((1 + np.sum(theirs[1:] >= theirs[0])) / (DECOYS + 1)),
        "p": score.p,
        "z": round(score.z_matches, 2),
    }


def expected(leaves: int) -> dict[str, object]:
    """Mean coin of text that is marked throughout, against their closed form."""
    from synthid_text.g_value_expectations import expected_mean_g_value

    rng = np.random.default_rng(10)
    contexts = context_state(np.arange(100_000, dtype=np.uint64)[:, None])
    tokens = rng.integers(0, VOCABULARY, (100_000, leaves)).astype(np.uint64)
    key = random_words(rng, 1)[0]
    coins = draw(key, *halves(token_items(contexts[:, None], tokens).ravel())).reshape(tokens.shape) < _COIN
    told = expected_mean_g_value(VOCABULARY, leaves)
    return {"leaves": leaves, "expected": told, "found": float(coins.any(axis=1).mean()), "tokens": 100_000}


def _sums(
    seen: Observations, keys: U32, weight: np.ndarray[tuple[int], np.dtype[np.int32]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    sums = np.zeros(len(keys), np.int64)
    weigh_hits(*halves(seen.items), seen.start, seen.width, weight, 0, len(seen), keys, np.arange(len(keys)), sums)
    return sums


def main() -> None:
    rows: list[dict[str, object]] = [{"synthid_text": metadata.version("synthid-text"), "jax": metadata.version("jax")}]
    rows += [compare(seed, marked) for seed, marked in enumerate((0.0, 0.0, 0.05, 0.1, 0.3, 1.0), 2)]
    rows += [expected(leaves) for leaves in (2, 3)]
    keep("synthid", rows)
    sys.stdout.write("".join(f"{row}\n" for row in rows))


if __name__ == "__main__":
    main()
