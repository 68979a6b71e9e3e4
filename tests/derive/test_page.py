"""The page of a result shows what the document says, survives what it does not say, and runs nothing of others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stillwatch.errors import InputError
from stillwatch.report.derive import HEADLINES, SCHEMA, picture, render_derivation
from stillwatch.report.document import Record

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _document(**changes: Any) -> dict[str, Any]:
    result = {"key_id": "k-1", "group": "c-1", "z": 7.5, "p": 1e-6, "p_holm": 2e-6, "matches": 50, "observations": 90}
    usual = {
        "schema": SCHEMA,
        "verdict": {"word": "supports", "sentences": ["one & two"]},
        "results": [result],
        "decoys": {"number": 999, "bin_width": 0.5, "histogram": [[-0.5, 10], [0.0, 20], [90.0, 1]]},
        "limits": ["a limit"],
    }
    return usual | changes


@pytest.mark.parametrize("word", HEADLINES)
def test_every_verdict_has_its_headline_and_the_limits(word: str) -> None:
    page = render_derivation(_document(verdict={"word": word, "sentences": []}), generated_at=NOW)
    assert HEADLINES[word] in page
    assert "a limit" in page


def test_it_is_the_same_page_again() -> None:
    assert render_derivation(_document(), generated_at=NOW) == render_derivation(_document(), generated_at=NOW)


def test_a_document_of_another_schema_is_refused() -> None:
    with pytest.raises(InputError, match="cannot read a document of schema"):
        render_derivation(_document(schema="x\x1b"), generated_at=NOW)


def test_a_document_with_nothing_in_it_still_shows() -> None:
    assert "No verdict" in render_derivation({"schema": SCHEMA}, generated_at=NOW)


@pytest.mark.parametrize("odd", [None, "x", [], [[]], [["a", 1]], [[0, None]], [[0, 1, 2]], {"a": 1}, [[1e400, 1]]])
def test_an_odd_histogram_is_left_out(odd: object) -> None:
    shown = picture(Record(_document(decoys={"bin_width": 0.5, "histogram": odd})))
    assert shown.bars == ()


def test_bars_and_keys_stay_in_the_picture() -> None:
    shown = picture(Record(_document(results=[{"z": 1e9, "key_id": "far"}, {"z": -1e9, "key_id": "low"}])))
    assert [line.percent for line in shown.lines] == [100.0, 0.0]
    assert all(0 <= bar.left <= 100 and 0 < bar.height <= 100 for bar in shown.bars)
    assert [bar.height for bar in picture(Record(_document())).bars] == [50.0, 100.0]


def test_text_of_others_runs_nowhere_on_the_page() -> None:
    harm = "</pre></script><script>alert(1)</script>\x1b[2J\u202e"
    document = _document(
        verdict={"word": harm, "sentences": [harm]},
        protocol={"suspect": harm, harm: harm},
        results=[{"key_id": harm, "group": harm, "z": 1}],
        checks=[{"what": harm, "key_id": harm}],
        suspect={"files": [harm], "sha256": harm},
        limits=[harm],
    )
    page = render_derivation(document, generated_at=NOW)
    assert page.count("<script>") == 1
    assert not any(character in page for character in "\x1b\u202e")
