"""Rates against closed forms, what stands out and what must not, scripts."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binomtest

from stillwatch.privacy import languages, scripts
from stillwatch.privacy.fairness import LEAST_ACCOUNTS, LEVEL, OTHERS, UNKNOWN, lines, rate


def _groups(
    hits: dict[str, int], totals: dict[str, int], groups: int = 5
) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    values, found = {}, {}
    for value, total in totals.items():
        for number in range(total):
            account = f"{value}-{number}"
            values[account] = value
            found[account] = frozenset((f"c{number % groups}",)) if number < hits.get(value, 0) else frozenset()
    return values, found


def test_no_hit_has_the_closed_form_of_the_exact_interval() -> None:
    found = rate([frozenset()] * 100, 0.05)
    assert (found.low, found.hits) == (0.0, 0) and found.high == pytest.approx(1 - 0.025 ** (1 / 100))
    every = rate([frozenset("c")] * 100, 0.05)
    assert every.high == 1.0 and every.low == pytest.approx(0.025 ** (1 / 100)) and every.groups == 1
    assert rate([], 0.05).high == 1.0


@pytest.mark.parametrize(("hits", "total"), [(1, 7), (30, 400), (399, 400)])
def test_the_interval_is_that_of_scipy(hits: int, total: int) -> None:
    found = rate([frozenset("c")] * hits + [frozenset()] * (total - hits), 0.01)
    exact = binomtest(hits, total).proportion_ci(0.99, "exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_a_value_stands_out_only_with_accounts_from_several_groups() -> None:
    many = lines(*_groups({"A": 60, "B": 2}, {"A": 200, "B": 2000}))
    assert [(line.value, line.stands_out) for line in many] == [("B", False), ("A", True)]
    one = lines(*_groups({"A": 60, "B": 2}, {"A": 200, "B": 2000}, groups=1))
    assert not any(line.stands_out for line in one) and one[1].own.low > one[1].others.high


def test_small_values_are_put_together_and_unknown_ones_shown() -> None:
    values, groups = _groups({}, {"A": 50, "B": 3, "C": LEAST_ACCOUNTS - 1, "": 7})
    found = {line.value: line.own.total for line in lines(values, groups)}
    assert found == {"A": 50, OTHERS: 2 + LEAST_ACCOUNTS, UNKNOWN: 7}


def test_equal_rates_seldom_stand_out() -> None:
    rnd, out = random.Random(5), 0
    for _ in range(60):
        totals = {f"v{k}": 150 for k in range(8)}
        values, groups = _groups({}, totals)
        drawn = {a: frozenset((rnd.choice("abcdef"),)) if rnd.random() < 0.1 else frozenset() for a in groups}
        out += any(line.stands_out for line in lines(values, drawn))
    assert out <= 60 * LEVEL


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Please shorten this text and keep the tone of the letter", "English"),
        ("Bitte fasse die Sitzung zusammen und lass den Anfang weg", "German"),
        ("Pouvez-vous résumer les points pour la réunion avec des exemples", "French"),
        ("Resume los puntos para la reunión con un ejemplo por cada uno", "Spanish"),
        ("Riassumi il testo per una persona che non conosce la storia della città", "Italian"),
        ("Resuma o texto para uma pessoa que não conhece a cidade em dez linhas", "Portuguese"),
        ("Kun je het verslag van de vergadering niet te lang maken voor een lezer", "Dutch"),
        ("Skriv om texten så att det inte är för långt och som en lista", "Swedish"),
        ("SELECT a, b, c", languages.UNCLEAR),
        ("Привет, как дела", "Cyrillic"),
        ("你好世界", "Chinese"),
        ("123", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert languages.dominant(scripts.counts(text), languages.counts(text)) == language


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Grüße aus 2024", "Latin"),
        ("Привет, world", "Cyrillic"),
        ("東京で会いましょう", "Japanese"),
        ("你好世界", "Han"),
        ("안녕하세요", "Hangul"),
        ("مرحبا", "Arabic"),
        ("नमस्ते", "Devanagari"),
        ("123 !?", ""),
        ("ᚠᚢᚦ", "other"),
    ],
)
def test_scripts(text: str, script: str) -> None:
    assert scripts.dominant(scripts.counts(text)) == script
