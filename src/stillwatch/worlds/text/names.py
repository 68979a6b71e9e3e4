# ruff: noqa: E501 (one pattern or one list of words per line)
"""Names of firms, products and persons, composed from syllables. All fictitious; any likeness is accidental."""

from __future__ import annotations

from random import Random

from stillwatch.worlds.text.phrase import one

_HEADS = ("Bra", "Cal", "Dov", "El", "Fen", "Gri", "Hol", "Im", "Jar", "Kel", "Lum", "Mor", "Nes", "Or", "Pim", "Quo", "Ras", "Sel", "Tav", "Ul", "Ves", "Wim", "Yar", "Zol")  # fmt: skip
_MIDDLES = ("a", "be", "cti", "di", "e", "fo", "gra", "i", "ki", "lo", "mu", "ne", "o", "pi", "ri", "so", "ta", "u", "va", "xi")  # fmt: skip
_TAILS = ("bar", "cor", "dine", "fel", "gon", "hurst", "kin", "lex", "mond", "nix", "quist", "rell", "stad", "tern", "vane", "wick", "zel", "dor", "mir", "thal")  # fmt: skip
_FIRMS = ("Works", "& Sons", "Group", "Studio", "Partners", "Supply", "Trading", "Systems", "Cooperative", "House")


def word(dice: Random) -> str:
    """A made-up proper name."""
    return one(dice, _HEADS) + one(dice, _MIDDLES) + one(dice, _TAILS)


def company(dice: Random) -> str:
    return f"{word(dice)} {one(dice, _FIRMS)}"


def surname(dice: Random) -> str:
    return f"{one(dice, ('Mr', 'Ms', 'Dr', 'Mrs', 'Prof.'))} {word(dice)}"
