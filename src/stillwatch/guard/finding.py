"""What was found: a kind, the rule that found it, and a place in the text; never the text itself."""

from __future__ import annotations

from typing import NamedTuple

KINDS: tuple[tuple[str, str], ...] = (
    ("iban", "bank account numbers"),
    ("card", "numbers of payment cards"),
    ("identity", "identity and tax numbers"),
    ("email", "e-mail addresses"),
    ("phone", "telephone numbers"),
    ("secret", "keys, tokens, passwords"),
    ("code", "source code"),
    ("term", "terms of the organisation's dictionaries"),
    ("document", "passages of confidential documents"),
    ("unread", "parts that cannot be read"),
)


class Finding(NamedTuple):
    """``rule`` says which number, key, dictionary or document; ``start`` and ``end`` count characters."""

    kind: str
    rule: str
    start: int
    end: int
