"""From a place in a text to a machine number, and from a number and a key to a keyed draw.

Contract: an *item* is an unkeyed 64-bit name of what a mark decides about (a context, or a context with its token).
``draw`` maps an item and a mark key of 128 bits to 32 bits that look random to whoever does not hold the key; it is the
definition that serving and testing share, and ``kernel`` computes the same bit by bit. Items and draws are part of the
format of a mark: changing them needs a new mark name.

This is mixing, not cryptography: it is made to be computed 10^11 times. The error rate of a test does not rest on its
quality (decoys go through the same function); that nobody learns a mark from many marked texts was never promised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

KEY_WORDS = 4
"""A mark key is four 32-bit words."""

_MIX_A, _MIX_B, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ROUND_A, _ROUND_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_13, _15, _16 = np.uint32(13), np.uint32(15), np.uint32(16)


def words_item(kind: str, parts: Sequence[str]) -> int:
    """The item of some words: BLAKE2b over kind and parts, each ended so that no two lists read the same."""
    text = "\x1f".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def token_items(contexts: U64, tokens: U64) -> U64:
    """Items of token ids behind their contexts; ``contexts`` come from ``context_state``."""
    # Not symmetric in context and token: "a b" and "b a" would else be one item.
    return _mix(contexts + (tokens + np.uint64(1)) * _STEP)


def context_state(context: NDArray[np.uint64]) -> U64:
    """One number per row of context token ids, oldest first."""
    state = np.full(context.shape[:-1], np.uint64(context.shape[-1]), np.uint64)
    for place in range(context.shape[-1]):
        state = _mix((state ^ context[..., place]) + _STEP)
    return state


def halves(items: U64) -> tuple[U32, U32]:
    """Low and high 32 bits of items, as the keyed draw takes them."""
    return (items & np.uint64(0xFFFFFFFF)).astype(np.uint32), (items >> np.uint64(32)).astype(np.uint32)


def draw(key: U32, low: U32, high: U32) -> U32:
    """The keyed 32-bit draw of each item under one key."""
    x = low + key[0:1]
    x = (x ^ (x >> _16)) * _ROUND_A
    x = (x ^ (x >> _15)) + (high ^ key[1:2])
    x = (x ^ (x >> _13)) * _ROUND_B
    x = (x ^ (x >> _16)) + key[2:3]
    x = (x ^ (x >> _15)) * (key[3:4] | np.uint32(1))
    drawn: U32 = x ^ (x >> _16)
    return drawn


def _mix(x: U64) -> U64:
    """Finaliser of splitmix64."""
    x = (x ^ (x >> _30)) * _MIX_A
    x = (x ^ (x >> _27)) * _MIX_B
    return x ^ (x >> _31)
