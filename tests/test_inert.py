"""What a log can hold must not reach a terminal, a page or a spreadsheet as anything but seen text."""

from __future__ import annotations

import csv
import io
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch import inert

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)  # lone surrogates included
FEW = settings(deadline=None, max_examples=150)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain-id_42", "plain-id_42"),
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("del\x7f", "del\\x7f"),
        ("invoice\u202efdp.exe", "invoice‹U+202E›fdp.exe"),
        ("\u2066isolate\u2069", "‹U+2066›isolate‹U+2069›"),
        ("zero\u200bwidth\ufeff", "zero‹U+200B›width‹U+FEFF›"),
        ("soft\u00adhyphen", "soft‹U+00AD›hyphen"),
        ("line\u2028para\u2029", "line‹U+2028›para‹U+2029›"),
        ("lone\ud800", "lone‹U+D800›"),
        ("tag\U000e0041", "tag‹U+E0041›"),
        ("hidden\ufe0f", "hidden‹U+FE0F›"),
        ("filler\u3164", "filler‹U+3164›"),
        ("braille\u2800", "braille‹U+2800›"),
        ("no\u00a0break", "no‹U+00A0›break"),
        ("a\nb\r\nc\td", "a⏎b⏎c⇥d"),
        ("Ünïcode 日本　語 עברית", "Ünïcode 日本　語 עברית"),
        ("", ""),
    ],
)
def test_invisible_characters_become_visible(hostile: str, shown: str) -> None:
    assert inert.text(hostile) == shown


def test_stacked_marks_are_spelled_out_but_ordinary_accents_stay() -> None:
    assert inert.text("e\u0301\u0323") == "e\u0301\u0323"
    assert inert.text("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + "‹U+0301›" * 2


@FEW
@given(ANY_TEXT, st.integers(1, 60))
def test_result_is_short_one_line_and_seen(value: str, limit: int) -> None:
    shown = inert.text(value, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") for c in shown)
    shown.encode("utf-8")


@FEW
@given(ANY_TEXT, st.integers(1, 60))
def test_showing_what_is_shown_changes_nothing(value: str, limit: int) -> None:
    assert inert.text(inert.text(value, limit), limit) == inert.text(value, limit)


@FEW
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_ordinary_text_is_left_alone(value: str) -> None:
    assert inert.text(value) == value


@pytest.mark.parametrize(
    ("value", "limit", "shown"), [("abcdef", 4, "abc…"), ("abcd", 4, "abcd"), ("ab\x1bc", 4, "ab…"), ("abc", 1, "…")]
)
def test_cut_never_splits_an_escape(value: str, limit: int, shown: str) -> None:
    assert inert.text(value, limit) == shown


def test_crlf_pairs_count_once_against_the_limit() -> None:
    assert inert.text("\r\n" * 10, 10) == "⏎" * 10
    assert inert.text("\r\n" * 11, 10) == "⏎" * 9 + "…"


def test_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        inert.text("x", 0)


def test_a_huge_value_costs_no_more_than_its_limit() -> None:
    huge = "\u202e" * 20_000_000
    start = time.perf_counter()
    assert inert.text(huge).endswith("…")
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '"=1', "'=1", "\n@x", "＝1", "“=1", "\ttext", "　=1"],
)
def test_formulas_are_marked_as_text(formula: str) -> None:
    assert inert.csv_cell(formula).startswith("'")


@pytest.mark.parametrize("harmless", ["", "acct-1", "a=b", "x@y", "  ", "'", "1-2", "日本"])
def test_harmless_cells_are_left_alone(harmless: str) -> None:
    assert inert.csv_cell(harmless) == harmless


@FEW
@given(ANY_TEXT)
def test_no_cell_starts_like_a_formula_after_a_round_trip(value: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([inert.csv_cell(value), "next"])
    (row,) = csv.reader(io.StringIO(out.getvalue()))
    assert row[0] == inert.csv_cell(value)
    assert row[0][:1] not in {*"=+-@＝＋－＠\t\r\n"}
