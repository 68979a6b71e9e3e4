"""Passages of learned documents are found, in other files and other spelling; nothing of them is kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from stillwatch.app.guard import documents
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.guard.decoding import decode

WORDS = [
    a + b for a in ("ber", "kol", "mun", "tar", "vel", "sog", "pin") for b in ("a", "ero", "ick", "und", "os", "im")
]


def _text(seed: int, words: int = 400) -> str:
    rnd = random.Random(seed)
    return "".join(rnd.choice(WORDS) + ("\n" if k % 12 == 11 else " ") for k in range(words))


def test_a_copied_passage_is_found_and_the_rest_is_not(home: Path) -> None:
    secret = _text(1)
    documents.learn(home, "plan", secret)
    documents.learn(home, "other", _text(2))
    known, stale = documents.ready(home)
    assert known is not None and stale == []
    passage = " ".join(secret.split()[100:140]).upper()
    around = _text(3) + "\n"
    (finding,) = known.find(around + passage + "\n" + _text(4))
    assert finding.rule == "plan" and finding.start == len(around)
    assert finding.end == len(around) + len(passage) + 1
    assert list(known.find(_text(5))) == []
    stored = (home / "guard" / "documents" / "plan.json").read_text()
    assert not any(word in stored for word in WORDS)


def test_what_stands_in_many_documents_tells_nothing(home: Path) -> None:
    footer = _text(9, 60)
    for number in range(3):
        documents.learn(home, f"d{number}", _text(20 + number) + footer)
    known, _ = documents.ready(home)
    assert known is not None and list(known.find(footer)) == []


def test_documents_can_be_forgotten_and_learned_only_if_they_can_be_recognised(home: Path) -> None:
    documents.learn(home, "plan", _text(1))
    documents.forget(home, "plan")
    assert documents.known(home) == [] and documents.ready(home) == (None, [])
    with pytest.raises(ConfigurationError, match="no document"):
        documents.forget(home, "plan")
    with pytest.raises(ConfigurationError, match="too few"):
        documents.learn(home, "short", "five words are not enough")
    with pytest.raises(ConfigurationError, match="cannot name"):
        documents.learn(home, "../x", _text(1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_text_is_read_in_any_encoding(encoding: str) -> None:
    text = "Grüße an jo@firm.example, bitte zahlen Sie auf das Konto"
    assert decode("a.txt", text.encode(encoding)) == text


def test_mixed_encodings_lose_nothing_and_other_files_are_refused_by_name() -> None:
    assert decode("a", "ü".encode() + b"\xfc jo@firm.example \x81") == "üü jo@firm.example \x81"
    for start, kind in ((b"%PDF-1.7", "PDF"), (b"PK\x03\x04", "Office"), (b"\x1f\x8b", "gzip")):
        with pytest.raises(InputError, match=kind):
            decode("a", start + b"rest")
