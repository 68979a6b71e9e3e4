"""The machine instructions mean what they say, at every place of the data and for every byte."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.sketch.machine import BLOCK, bits_between, compiled, load64, set_bits, trailing_zeros
from stillwatch.sketch.stretches import closing_bits, plain_bits, word_bits

EVERY = np.arange(256, dtype=np.uint8)


@compiled
def between(data: np.ndarray, at: int, ignored: int, first: int, last: int) -> int:
    return bits_between(data, at, ignored, first, last)


@compiled
def eight(data: np.ndarray, at: int) -> int:
    return load64(data, at)


@compiled
def counted(number: np.uint64) -> tuple[int, int]:
    return set_bits(number), trailing_zeros(number)


def chosen(bits: int) -> set[int]:
    return {k for k in range(64) if int(bits) >> k & 1}


@pytest.mark.parametrize(
    ("ignored", "first", "last"), [(0, 48, 57), (0x20, 97, 122), (0, 0, 0), (0, 255, 255), (0, 0, 255), (0x80, 1, 200)]
)
def test_a_bit_says_whether_its_byte_is_between(ignored: int, first: int, last: int) -> None:
    for at in (0, 1, 63, 64, 100, 192):
        expected = {k for k in range(BLOCK) if first <= EVERY[at + k] | ignored <= last}
        assert chosen(between(EVERY, at, ignored, first, last)) == expected


def test_eight_bytes_are_one_number() -> None:
    for at in (0, 3, 248):
        assert eight(EVERY, at) == int.from_bytes(EVERY[at : at + 8].tobytes(), "little")


@pytest.mark.parametrize("number", [0, 1, 0b1010_0000, 1 << 63, (1 << 64) - 1])
def test_bits_are_counted(number: int) -> None:
    lowest = (number & -number).bit_length() - 1 if number else 64
    assert counted(np.uint64(number)) == (number.bit_count(), lowest)


@pytest.mark.parametrize(
    ("look", "kept"),
    [
        (plain_bits, {*range(0x09, 0x0E), *range(0x1C, 0x7F)}),
        (word_bits, {byte for byte in range(128) if chr(byte).isalnum()}),
        (closing_bits, set(b">]}#")),
    ],
)
def test_a_look_near_the_end_sees_only_what_is_there(look: object, kept: set[int]) -> None:
    for at in range(256):
        assert callable(look)
        assert chosen(look(EVERY, at)) == {k for k in range(min(BLOCK, 256 - at)) if at + k in kept}
