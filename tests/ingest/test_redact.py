"""What must not be shown is not shown, what need not be hidden stays, and no text makes it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.redact import redact

LONG = 300_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail alva.example+x@mail.example.org now", "mail <email> now"),
        ("call +1 (555) 010-2233 or 020 7946 0018", "call <phone> or <phone>"),
        ("pay to DE00 1234 5678 9012 3456 78 today", "pay to <bank account> today"),
        ("card 4000 1234 5678 9010 expires", "card <card> expires"),
        ("from 192.0.2.17 and 2001:db8::1f at 12:30:45", "from <ip> and <ip> at 12:30:45"),
        ("see https://alva:pw@files.example.org/a/b?c=d#e.", "see https://files.example.org/<path>"),
        ("see http://192.0.2.1:8080/x", "see http://<ip>:8080/<path>"),
        ("key sk-live-abcDEF1234567890", "key <secret>"),
        ("Authorization: Bearer abcdef.0123456789", "Authorization: <secret> <secret>"),
        ('{"api_key": "abcd1234", "n": 2}', '{"api_key": "<secret>", "n": 2}'),
        ("password is hunter22", "password is <secret>"),
        ("-----BEGIN KEY-----\nabc\n-----END KEY----- after", "<secret> after"),
        ("-----BEGIN KEY-----\nabc and no end", "<secret>"),
        ("hash 9f86d081884c7d659a2feaa0c55ad015 it", "hash <token> it"),
        ("order 48213 of 2026", "order <number> of 2026"),
        ("Dear Mrs. Alva Berg, my name is olin", "Dear Mrs. <name>, my name is <name>"),
        ("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10"),
        ("Summarise in 3 sentences: skateboarding (2 pages).", "Summarise in 3 sentences: skateboarding (2 pages)."),
        (
            "用三句话总结这篇关于滑板的长文章并给出2个例子以及一个标题和一个结论谢谢",
            "用三句话总结这篇关于滑板的长文章并给出2个例子以及一个标题和一个结论谢谢",
        ),
    ],
)
def test_what_is_masked_and_what_stays(text: str, shown: str) -> None:
    assert redact(text) == shown


@given(text=st.text(max_size=600), limit=st.integers(0, 300))
def test_any_text_gives_the_same_short_text(text: str, limit: int) -> None:
    shown = redact(text, limit)
    assert len(shown) <= limit
    assert shown == redact(text, limit)
    assert not any(run.isdecimal() and run.isascii() and len(run) >= 5 for run in shown.split())


@given(before=st.text("abc ", max_size=5000), digits=st.text("0123456789", min_size=5, max_size=40))
def test_long_digits_are_masked_wherever_they_stand(before: str, digits: str) -> None:
    assert digits not in redact(f"{before} {digits} end", limit=6000)


def test_a_secret_across_the_end_of_the_window_is_not_half_shown() -> None:
    shown = redact("x " * 2040 + "alva.example" * 10 + "@mail.example.org", limit=4096)
    assert "alva" not in redact("x " * 16_380 + "alva.example@mail.example.org " + "y" * 100, limit=4096)
    assert "alva" not in shown


HOSTILE = {
    "letters": "a",
    "digits": "1",
    "mixed": "a1",
    "at": "a@",
    "dotted": "a@a.",
    "begin": "-----BEGIN A-----",
    "links": "a://",
    "short links": "http://a/ ",
    "colons": ":",
    "hex colons": "1:",
    "spaced digits": "1 ",
    "numbers": "12345 ",
    "brackets": "(",
    "accounts": "AB12 ",
    "greetings": "Dear Ab ",
    "titles": "dear mr ",
    "tokens": "token= ",
    "dots": "1.",
    "dashes": "1-",
    "keys": "sk-",
    "bearers": "bearer ",
    "names": "my name is ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_the_text_and_not_faster(name: str) -> None:
    unit = HOSTILE[name]
    text = unit * (LONG // len(unit))
    start = time.process_time()
    redact(text, limit=len(text))
    # Linear patterns need well below a second; a quadratic one would need hours.
    assert time.process_time() - start < 3


def test_ten_megabytes_cost_no_more_than_the_window() -> None:
    text = "a@" * 5_000_000
    start = time.process_time()
    assert len(redact(text)) <= 240
    assert time.process_time() - start < 1
