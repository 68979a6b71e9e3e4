"""The 64-bit constants a kernel runs on, all drawn from the key by HMAC.

Contract: ``kernel_keys`` is a function of recipe and key alone. The hashing of the kernel is *keyed hashing, not a
MAC*: its mixing is that of fast non-cryptographic hashes with secret constants. Who lacks the key cannot compute a
sketch of a guessed text; who holds the key can test guesses, and colliding texts could be searched for. So sketches
stay inside the installation and the key in its keyring. Ids (addresses, end users, sessions) use keyed BLAKE2b, which
is a MAC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch.recipe import Recipe, derive

TOKEN, STEP, FINISH, POSITION, PAIR, DIGITS, OPENING, CLOSING, SHORT, PHRASE, SHINGLE = range(11)
"""Positions in the array of kernel keys; from SHINGLE on, one multiplier per token of a shingle."""
_MULTIPLIERS = (STEP, FINISH, POSITION, PAIR)


def kernel_keys(recipe: Recipe, seed: bytes) -> NDArray[np.uint64]:
    keys = np.frombuffer(derive(seed, "kernel", 8 * (SHINGLE + recipe.shingle)), dtype="<u8").astype(np.uint64)
    keys[[*_MULTIPLIERS, *range(SHINGLE, len(keys))]] |= np.uint64(1)  # odd: multiplication loses nothing
    return keys


def donor_table(recipe: Recipe, seed: bytes) -> NDArray[np.uint8]:
    """For every slot of the signature a keyed order of all slots: where an empty slot looks for a filled one."""
    size = recipe.minhash_size
    ranks = np.frombuffer(derive(seed, "donors", 8 * size * size), dtype="<u8").reshape(size, size)
    return np.argsort(ranks, axis=1, kind="stable").astype(np.uint8)


def id_hasher(seed: bytes, purpose: str) -> Callable[[str], int]:
    """Keyed hash of identifiers of one purpose, signed 64-bit."""
    keyed = hashlib.blake2b(digest_size=8, key=derive(seed, purpose))

    def hash_one(text: str) -> int:
        state = keyed.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest(), "little", signed=True)

    return hash_one
