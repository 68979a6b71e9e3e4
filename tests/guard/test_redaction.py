"""What is hidden comes back, wherever a stream is cut; what was not hidden here does not."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.guard.finding import Finding
from stillwatch.guard.redaction import Redaction

TEXT = "write to a@b.example or a@b.example, card 4539 1488 0343 6467"
FOUND = [Finding("email", "email", 9, 20), Finding("email", "email", 24, 35), Finding("card", "card", 42, 61)]


def test_equal_values_get_equal_marks_and_all_come_back() -> None:
    redaction = Redaction()
    out = redaction.redact(TEXT, FOUND)
    assert "a@b" not in out and "4539" not in out and len(redaction.values) == 2
    assert redaction.restore(out) == TEXT
    again = redaction.redact("and a@b.example once more", [Finding("email", "email", 4, 15)])
    assert redaction.restore(again) == "and a@b.example once more" and len(redaction.values) == 2


def test_overlapping_findings_are_hidden_together() -> None:
    redaction = Redaction("abcde")
    out = redaction.redact("key=abcdefgh end", [Finding("secret", "x", 4, 9), Finding("term", "y", 7, 12)])
    assert out == "key=[SECRET_1_abcde] end" and redaction.restore(out) == "key=abcdefgh end"


def test_marks_of_another_conversation_stay_marks() -> None:
    mine, other = Redaction(), Redaction()
    other.redact(TEXT, FOUND)
    mark = next(iter(other.values))
    mine.redact(TEXT, FOUND)
    assert mine.restore(f"tell me {mark}") == f"tell me {mark}"
    assert mine.restore(f"[EMAIL_99_{mine.nonce}]") == f"[EMAIL_99_{mine.nonce}]"


def test_a_conversation_can_be_taken_up_again() -> None:
    first = Redaction()
    out = first.redact(TEXT, FOUND)
    saved = json.loads(json.dumps({"nonce": first.nonce, "values": dict(first.values)}))
    assert Redaction(saved["nonce"], saved["values"]).restore(out) == TEXT


@given(st.lists(st.integers(0, 90), max_size=12), st.text("[]_1EMAILCRD ", max_size=20))
def test_a_stream_may_be_cut_anywhere(cuts: list[int], noise: str) -> None:
    redaction = Redaction("abcde")
    out = noise + redaction.redact(TEXT, FOUND) + noise + "[EMA"
    stream, places = redaction.restoring(), sorted({0, *(min(c, len(out)) for c in cuts), len(out)})
    pieces = [stream.feed(out[a:b]) for a, b in itertools.pairwise(places)]
    assert "".join(pieces) + stream.close() == noise + TEXT + noise + "[EMA"


def test_a_stream_holds_back_only_what_may_become_a_mark() -> None:
    redaction = Redaction("abcde")
    redaction.redact(TEXT, FOUND)
    stream = redaction.restoring()
    assert stream.feed("a list [1] and [EMAIL_1") == "a list [1] and "
    assert stream.feed("x") == "[EMAIL_1x" and stream.close() == ""
