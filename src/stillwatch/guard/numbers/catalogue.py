"""Every identity and tax number that is known, by region."""

from __future__ import annotations

from dataclasses import replace

from stillwatch.guard.numbers.americas import AMERICAS
from stillwatch.guard.numbers.asia_pacific import ASIA_PACIFIC
from stillwatch.guard.numbers.europe import EUROPE
from stillwatch.guard.numbers.native import NATIVE
from stillwatch.guard.numbers.rule import NumberRule

NUMBERS: tuple[NumberRule, ...] = tuple(
    replace(rule, words=(*rule.words, *NATIVE.get(rule.name, "").split()))
    for rule in (*EUROPE, *AMERICAS, *ASIA_PACIFIC)
)
