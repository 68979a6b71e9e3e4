"""Surface forms that mean the same in both directions, as a table, and the one pattern that finds them.

Contract: ``PAIRS`` lists (family, first form, second form); each form is recognised in lower case and with an initial
capital. ``PATTERN`` finds the next thing of interest, is bounded (no match looks further than ``REACH`` characters,
look-ahead included) and recognises a place in either form alike, so that reading a marked text finds the places that
marking it found. A pair belongs here only if exchanging it never makes a sentence wrong; "it's" (is or has?) and
questions ("don't you") do not.
"""

from __future__ import annotations

import re

REACH = 40
"""No match depends on more characters than this from its beginning on."""

_NEGATED = (
    "do not:don't does not:doesn't did not:didn't is not:isn't are not:aren't was not:wasn't were not:weren't "
    "have not:haven't has not:hasn't had not:hadn't will not:won't would not:wouldn't should not:shouldn't "
    "could not:couldn't"
)
_PERSONS = (
    "I am:I'm you are:you're we are:we're they are:they're I will:I'll you will:you'll we will:we'll they will:they'll"
)
_WORDS = (
    ("for example", "for instance"),
    ("usually", "typically"),
    ("therefore", "thus"),
    ("quickly", "rapidly"),
    ("toward", "towards"),
    ("afterward", "afterwards"),
    ("in addition,", "additionally,"),
    ("nearly", "almost"),
    ("entire", "whole"),
)
_NUMBERS = "two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 twelve:12"
_COUNTING = (
    "the these those all of with has have had are were need needs take takes add use uses using about least only first "
    "last next another every and or in into for from after before between over under than contains contain includes "
    "gives give makes make at by most roughly exactly"
)
BEFORE_NUMBERS = frozenset(re.findall(r"\w+", _COUNTING))
"""Words after which a small number counts things, so that word and digit are both good style."""


def _split(pairs: str) -> tuple[tuple[str, str], ...]:
    """``a b:c d e:f`` as pairs: a first form ends at its colon, a second one at the next blank."""
    found = re.findall(r"([^:]+):(\S+) ?", pairs)
    return tuple((first, second) for first, second in found)


PAIRS: tuple[tuple[str, str, str], ...] = (
    *(("negated", first, second) for first, second in _split(_NEGATED)),
    ("negated", "cannot", "can't"),
    *(("person", first, second) for first, second in _split(_PERSONS)),
    *(("word", first, second) for first, second in _WORDS),
    *(("number", first, second) for first, second in _split(_NUMBERS)),
)


def _either_case(form: str) -> str:
    head = form[0] if form[0] in "I0123456789" else f"[{form[0]}{form[0].upper()}]"
    return head + re.escape(form[1:]).replace("'", "['’]")


def _family(name: str) -> str:
    """Longer forms first, or "do" would hide "do not"."""
    forms = sorted({f for family, *pair in PAIRS if family == name for f in pair}, key=lambda f: (-len(f), f))
    return "(?:" + "|".join(map(_either_case, forms)) + ")"


_NOT_ASKED = r"(?! (?:[Ii]|[Yy]ou|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Ii]t|[Tt]here|[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose)\b)"

PATTERN = re.compile(
    "|".join(
        (
            r"(?P<fence>```)",
            r"(?P<tick>`)",
            r"(?P<line>\n)",
            r"(?P<bullet>^ {0,6}[-*](?= [^\s*\-]))",
            r"(?P<ordered>^ {0,6}\d{1,3}[.)](?= [^\s]))",
            rf"(?P<negated>(?<![\w'’]){_family('negated')}(?![\w'’]){_NOT_ASKED})",
            rf"(?P<person>(?<![\w'’]){_family('person')}(?= [a-z0-9]))",
            rf"(?P<word>(?<![\w'’-]){_family('word')}(?![\w'’-]))",
            rf"(?P<number>(?<![\w'’.,$€£:/+-]){_family('number')}(?= [a-z]))",
            r"(?P<other>(?<![^\W_])[^\W_]{1,24})",
        )
    ),
    re.MULTILINE,
)

FORMS: dict[tuple[str, str], tuple[str, int]] = {
    (family, form): (first, place) for family, first, second in PAIRS for place, form in enumerate((first, second))
}
"""A form in lower case and with a straight apostrophe, to its pair's first form and its place in the pair."""

SECOND: dict[tuple[str, str], str] = {(family, first): second for family, first, second in PAIRS}
