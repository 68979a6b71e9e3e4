"""Events about numbers, checked exactly: bank accounts, cards, identity and tax numbers.

Contract: findings may overlap. A test card is none, and neither is what lies inside of one. A number whose last words
before it call it an order, a version or the like is none, unless a word of its own rule is nearer. A stretch of a row
of equal groups is none unless some number was announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from stillwatch.guard.context import is_introduced, is_something_else, words, words_before
from stillwatch.guard.finding import Finding
from stillwatch.guard.folding import fold_word
from stillwatch.guard.kernel import NEAR
from stillwatch.guard.numbers.cards import is_card, is_test_card
from stillwatch.guard.numbers.catalogue import NUMBERS
from stillwatch.guard.numbers.checksums import luhn
from stillwatch.guard.numbers.iban import is_iban
from stillwatch.guard.numbers.rule import NumberRule
from stillwatch.guard.plan import GENERAL_WORDS, Use

_SEPARATORS = re.compile(rb"[ ./()-]")
_CARD = b"card visa mastercard amex kreditkarte karte carte tarjeta carta credit debit pan"
_CARD_WORDS = frozenset(_CARD.split())
_GENERAL = frozenset(word.encode() for word in GENERAL_WORDS)
_COMMON = frozenset((b"id", b"ident"))
"""Words that introduce a number on their own line and by themselves only: they end the names of many other things."""
_ID = re.compile(rb"(?<![\w-])(?:I[Dd](?:ENT|ent)?|id(?=[ -]?(?:no|nr|num|number|card|code)\b))(?![A-Za-z_])")
_SAME_LINE = 40
_REACHING = _GENERAL - _COMMON
_ARTICLES = (
    b"my your his her their our the a an with is and of for mit mein meine seine ihre die der das mon ma sa su mi"
)
_BEFORE_ID = _REACHING | frozenset(_ARTICLES.split())
_RARE_LENGTHS = (13, 17, 18, 19)
_FORM = bytes.maketrans(b"0123456789", b"0" * 10)


def compact(raw: bytes) -> str:
    """A number without separators, letters in capitals."""
    return _SEPARATORS.sub(b"", raw).decode("latin-1").upper()


def ibans(raw: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[Finding]:
    for start, end in spans:
        number = compact(raw[start:end])
        if is_iban(number):
            yield Finding("iban", number[:2], start, end)


def numbers(raw: bytes, windows: Iterable[tuple[int, int, tuple[Use, ...]]]) -> Iterator[Finding]:
    """Cards and identity numbers among ``windows``, overlapping ones included."""
    tests: list[tuple[int, int]] = []
    column = _Column(raw)
    for start, end, uses in sorted(windows, key=lambda w: (w[0], -w[1])):
        while tests and tests[0][1] <= start:
            tests.pop(0)
        if any(end <= stop for _, stop in tests):
            continue
        if _is_in_row(raw, start, end) and _introducing().isdisjoint(words_before(raw, start)):
            continue
        number = compact(raw[start:end])
        if number.isdigit() and len(number) > 12 and luhn(number) and is_test_card(number):
            tests.append((start, end))
        elif found := _first(raw, start, end, number, uses, column):
            column.remember(found)
            yield found


class _Column:
    """What was found shortly before: what introduced a number introduces the next that is written like it."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._last: dict[str, tuple[int, bytes]] = {}

    def remember(self, found: Finding) -> None:
        self._last[found.rule] = found.end, self._form(found.start, found.end)

    def goes_on(self, rule: str, start: int, end: int) -> bool:
        before, form = self._last.get(rule, (-NEAR - 1, b""))
        return start - before <= NEAR and form == self._form(start, end)

    def _form(self, start: int, end: int) -> bytes:
        return self._raw[start:end].translate(_FORM)


def _first(raw: bytes, start: int, end: int, number: str, uses: tuple[Use, ...], column: _Column) -> Finding | None:
    """The first rule that fits, one that is introduced by its own words before all others."""
    fitting: list[Finding] = []
    for rule, needs_word in uses:
        if rule is None:
            if is_card(number) and _counts_as_card(raw, start, end, number):
                fitting.append(Finding("card", "card", start, end))
            continue
        if not rule.check(number):
            continue
        own = _own_words(rule)
        if is_introduced(raw, start, end, own):
            if not is_something_else(raw, start, own | _GENERAL):
                return Finding("identity", rule.name, start, end)
        elif needs_word and not (column.goes_on(rule.name, start, end) or _is_announced(raw, start, end)):
            continue
        elif not is_something_else(raw, start, own | _GENERAL):
            fitting.append(Finding("identity", rule.name, start, end))
    if len({finding.kind for finding in fitting}) > 1 and _is_announced(raw, start, end):
        # A word for identity numbers speaks against a card, unless a word for cards is there, too.
        fitting.sort(key=lambda f: f.kind == "card" and not is_introduced(raw, start, end, _CARD_WORDS))
    return fitting[0] if fitting else None


def _counts_as_card(raw: bytes, start: int, end: int, number: str) -> bool:
    """Whether nothing says that it is something else; lengths that cards rarely have need a word for cards."""
    if len(number) in _RARE_LENGTHS and end - start == len(number):
        return is_introduced(raw, start, end, _CARD_WORDS) and not is_something_else(raw, start, _CARD_WORDS)
    return not is_something_else(raw, start, _CARD_WORDS)


def _is_announced(raw: bytes, start: int, end: int) -> bool:
    """Whether a word that introduces numbers of any country stands near."""
    return is_introduced(raw, start, end, _REACHING) or _is_called_id(raw, start)


def _is_called_id(raw: bytes, start: int) -> bool:
    """Whether a person's ``ID`` stands before the number, and not the id of a user, an order or a row."""
    line = raw[max(raw.rfind(b"\n", 0, start) + 1, start - _SAME_LINE) : start]
    called = list(_ID.finditer(line))
    before = words(line[: called[-1].start()]) if called else []
    return bool(called) and (not before or before[-1] in _BEFORE_ID)


@cache
def _own_words(rule: NumberRule) -> frozenset[bytes]:
    return frozenset(map(fold_word, rule.words))


@cache
def _introducing() -> frozenset[bytes]:
    """Every word that introduces some number."""
    return _GENERAL | _CARD_WORDS | frozenset(word for rule in NUMBERS for word in _own_words(rule))


_GROUP_BEFORE, _GROUP_AFTER = re.compile(rb"(?<![\w.,])(\d+) \Z"), re.compile(rb" (\d+)(?![\w.,])")
_LISTED_BEFORE, _LISTED_AFTER = re.compile(rb"(?<!\d)(\d+), ?\Z"), re.compile(rb", ?(\d+)(?!\d)")
_FIRST, _LAST = re.compile(rb"(\d+) "), re.compile(rb" (\d+)\Z")


def _is_in_row(raw: bytes, start: int, end: int) -> bool:
    """A column of a table: the group before or after is as long as the first or last of the number."""
    if raw[start:end].isdigit():
        return _is_listed(raw, start, end)
    first, last = _FIRST.match(raw, start, end), _LAST.search(raw[start:end])
    if first is None or last is None:
        return False
    before, after = _GROUP_BEFORE.search(raw[max(0, start - 12) : start]), _GROUP_AFTER.match(raw, end, end + 12)
    same_before = before is not None and len(before[1]) == len(first[1])
    return same_before or (after is not None and len(after[1]) == len(last[1]))


def _is_listed(raw: bytes, start: int, end: int) -> bool:
    """One of several plain numbers of one length with commas between: data, not somebody's number."""
    others = (_LISTED_BEFORE.search(raw, max(0, start - 24), start), _LISTED_AFTER.match(raw, end, end + 24))
    return any(other is not None and len(other[1]) == end - start for other in others)
