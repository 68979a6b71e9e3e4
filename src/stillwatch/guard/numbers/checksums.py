"""Check digits by their published rules; strings of digits or letters in, true or false out.

Contract: pure; an argument has the length and alphabet that the caller's template fixed. Dates are only tested for
being possible: a month from 1 to 12 and a day that the month may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_VERHOEFF = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if place % 2:
            value = value * 2 - 9 * (value > 4)
        total += value
    return total % 10 == 0


def verhoeff(digits: str) -> bool:
    """The dihedral check that Aadhaar uses."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_VERHOEFF[state][int(_TURNS[place % 8][int(digit)])])
    return state == 0


def mod11_10(digits: str) -> bool:
    """ISO/IEC 7064, MOD 11,10."""
    state = 10
    for digit in digits[:-1]:
        state = (state + int(digit)) % 10 or 10
        state = state * 2 % 11
    return (state + int(digits[-1])) % 10 == 1


def mod11_2(text: str) -> bool:
    """ISO/IEC 7064, MOD 11-2; the last sign may be X."""
    state = 0
    for sign in text[:-1]:
        state = (state + int(sign)) * 2 % 11
    return (state + (10 if text[-1] == "X" else int(text[-1]))) % 11 == 1


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Sum of the first digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def possible_date(month: str | int, day: str | int) -> bool:
    """Whether a month has such a day."""
    month, day = int(month), int(day)
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def date_yymmdd(digits: str, months: Iterable[int] = (0,)) -> bool:
    """Whether YYMMDD begins ``digits``; a century or a sex may be added to the month."""
    month, day = int(digits[2:4]), int(digits[4:6])
    return any(possible_date(month - more, day) for more in months)


def date_ddmmyy(digits: str, days: Iterable[int] = (0,)) -> bool:
    """Whether DDMMYY begins ``digits``; a constant may be added to the day."""
    month, day = int(digits[2:4]), int(digits[:2])
    return any(possible_date(month, day - more) for more in days)
