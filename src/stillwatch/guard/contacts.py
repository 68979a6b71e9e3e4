"""Events about e-mail addresses and telephone numbers, checked exactly.

Telephone numbers are checked by the library ``phonenumbers``, which is slow: a text may have ``MOST_CHECKED`` looked
up; from then on what has the form of an international number counts without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stillwatch.guard.context import is_something_else, words_before
from stillwatch.guard.finding import Finding
from stillwatch.guard.folding import fold_word
from stillwatch.guard.words import PHONE_WORDS

MOST_CHECKED = 500
_MOST_CUTS = 5
REGIONS = ("US", "GB", "DE", "FR", "IT", "ES", "NL", "BE", "CH", "AT", "SE", "PL", "AU", "IN", "BR", "JP")
"""Countries whose national form is known without a country code."""

_BACKWARDS = re.compile(rb"[A-Za-z0-9._%+'\x80-\xbf-]{1,64}")
_DOMAIN = re.compile(
    rb"(?:[A-Za-z0-9\x80-\xbf](?:[A-Za-z0-9\x80-\xbf-]{0,61}[A-Za-z0-9\x80-\xbf])?\.){1,8}"
    rb"(?:xn--[a-z0-9-]{2,59}|[A-Za-z]{2,24})(?![A-Za-z0-9_-])"
)
_ENDINGS = (
    b"png jpg jpeg gif svg webp ico css js mjs ts tsx jsx json xml yaml yml toml html htm txt csv pdf md rst py rb go "
    b"java kt cpp hpp c h so dll exe zip gz tar whl jar lock map service socket timer target mount conf cfg ini"
)
_NOT_DOMAINS = frozenset(_ENDINGS.split())
"""Endings of files and units, which follow at signs in code."""
_IN_LINK = re.compile(rb"://[^\s/@]*\Z")
_TELEPHONE = re.compile(rb"(?:\+|00)? ?\(?\d[\d ()./-]{4,22}\d")
_DATE = re.compile(rb"\(?(?:(?:19|20)\d\d([./-])\d{1,2}\1\d{1,2}|\d{1,2}([./-])\d{1,2}\2(?:19|20)\d\d)(?!\d)")
_AMERICAN = re.compile(rb"(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d([-.]))[2-9]\d\d(?:\1|[-. ])\d{4}(?!\d)")
_TRUNK = re.compile(rb"\(?0\d{1,4}[ )/-]")
_GROUP_BEFORE = re.compile(rb"\d[ -]\Z")
_LAST_GROUP = re.compile(rb"[ ()./-]+\d+\Z")
_NUMBER, _SAME_LINE = re.compile(rb"\d[\d ()./-]{3,}\d"), 40
"""What a word introduces is the number behind it: another one in between was meant."""
_WORDS = frozenset(map(fold_word, PHONE_WORDS))


def emails(raw: bytes, places: Iterable[int]) -> Iterator[Finding]:
    """Addresses around the at signs at ``places``."""
    for place in places:
        local = _BACKWARDS.match(raw[max(0, place - 64) : place][::-1])
        domain = _DOMAIN.match(raw, place + 1, place + 255)
        if local is None or domain is None:
            continue
        name = local[0][::-1].lstrip(b".'-%+")
        ending = domain[0].rpartition(b".")[2].lower()
        if name in (b"", b"git") or name.endswith(b".") or ending in _NOT_DOMAINS:
            continue
        link = raw.rfind(b"://", max(0, place - 200), place)
        if link < 0 or not _IN_LINK.match(raw, link, place):
            yield Finding("email", "email", place - len(name), domain.end())


def phones(raw: bytes, places: Iterable[int]) -> Iterator[Finding]:
    """Telephone numbers that begin at ``places``, ascending."""
    reached, checked = 0, 0
    for place in places:
        if place < reached:
            continue
        found = _TELEPHONE.match(raw, place, place + 32)
        if found is not None and _GROUP_BEFORE.search(raw, max(0, place - 2), place):
            continue  # a group inside of a longer number
        if found is None or _DATE.match(raw, place):
            continue
        if not found[0].startswith(b"+") and is_something_else(raw, place, _WORDS):
            continue
        end, tried = _telephone(raw, found[0], place, checked)
        checked += tried
        if end:
            reached = end
            yield Finding("phone", "phone", place, end)


def _telephone(raw: bytes, candidate: bytes, place: int, checked: int) -> tuple[int, int]:
    """(end of the number, numbers looked up); an end of 0 is none. What follows may be another number: it is cut."""
    tried, regions = 0, _regions(raw, candidate, place)
    for _ in range(_MOST_CUTS):
        end, digits = place + len(candidate), sum(48 <= code < 58 for code in candidate)
        if digits < 7:
            break
        if digits <= 15 and not raw[end : end + 1].isalnum():
            if checked + tried >= MOST_CHECKED:
                return (end if candidate[:1] == b"+" and digits >= 9 else 0), tried
            for region in regions:
                tried += 1
                if _is_valid(candidate, region):
                    return end, tried
        shorter = _LAST_GROUP.search(candidate)
        if shorter is None:
            break
        candidate = candidate[: shorter.start()]
    return 0, tried


def _regions(raw: bytes, candidate: bytes, place: int) -> tuple[str | None, ...]:
    """Where the number may be valid: anywhere with a country code; in national form only if it looks like one."""
    if candidate.lstrip().startswith((b"+", b"00")):
        return (None,)
    if _AMERICAN.match(candidate):
        return ("US",)
    line = raw[max(0, place - _SAME_LINE) : place]
    numbers = list(_NUMBER.finditer(line))
    introduced = not _WORDS.isdisjoint(words_before(raw, place, numbers[-1].end() - len(line) if numbers else 0))
    return REGIONS if introduced or _TRUNK.match(candidate) else ()


def _is_valid(candidate: bytes, region: str | None) -> bool:
    import phonenumbers

    text = candidate.decode("latin-1")
    if region is None and not text.startswith("+"):
        text = "+" + text[2:]
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False
