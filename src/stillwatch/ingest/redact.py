"""Masks what could name a person or open a door in a text before it is shown as an example.

Reads any text, writes at most ``limit`` characters with mail addresses, numbers of phones, cards and bank accounts,
network addresses, the tails of links, secrets, and names introduced by plain phrases replaced by marks such as
``<email>``. The same text always gives the same output. Only a window at the beginning is looked at, and no pattern can
try more than a bounded number of ways from one place, so hostile text costs no more than harmless text.

Deliberately errs towards masking, and promises nothing: a name that nothing introduces, or a secret spelled in words,
stays. Keeping text at all is a decision for a case, not for this function.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

ELLIPSIS = "…"
_WINDOW_PER_CHARACTER = 8
_LEAST_WINDOW = 4096
"""Masks are shorter than what they hide, so more text is looked at than is shown."""


def redact(text: str, limit: int = 240) -> str:
    """``text`` masked and cut to ``limit`` characters, an ellipsis marking the cut."""
    window = max(_LEAST_WINDOW, limit * _WINDOW_PER_CHARACTER)
    # A pattern may need the characters behind the window to recognise what begins inside it; what touches the
    # window's end is therefore dropped up to the last blank.
    seen = text if len(text) <= window else _whole_words(text[:window])
    for pattern, mask in _MASKS:
        seen = pattern.sub(mask, seen)
    if len(seen) <= limit and len(text) <= window:
        return seen
    return seen[: max(limit - len(ELLIPSIS), 0)] + ELLIPSIS[:limit]


def _whole_words(text: str) -> str:
    cut = max(text.rfind(blank) for blank in " \n\t")
    return text[:cut] if cut > 0 else ""


def _keep(mark: str) -> Callable[[re.Match[str]], str]:
    """A mask that leaves the first group in sight."""
    return lambda match: f"{match.group(1)}{mark}"


def _link(match: re.Match[str]) -> str:
    """Scheme and host stay; who logged in, path and query go."""
    host = match.group(2).rpartition("@")[2]
    return f"{match.group(1)}{host}{'/<path>' if match.group(3) else ''}"


def _address(match: re.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(match.group().rstrip("."))
    except ValueError:
        return match.group()
    return "<ip>"


def _number(match: re.Match[str]) -> str:
    """Long enough for a phone or a card and in few enough groups; a list of small numbers is neither."""
    groups = re.findall(r"\d+", match.group())
    digits = sum(map(len, groups))
    if digits < _PHONE_DIGITS or len(groups) > _MOST_GROUPS:
        return match.group()
    return "<card>" if digits >= _CARD_DIGITS else "<phone>"


_PHONE_DIGITS, _CARD_DIGITS, _MOST_GROUPS = 7, 13, 8
_SECRET_WORDS = r"api[_ -]?key|secret|access[_ -]?key|authorization|token|passw(?:or)?d|pwd|credentials?"
_KEY_SHAPES = (
    r"(?:sk|pk|rk|xox[a-z]|gh[a-z]|glpat|hf)[-_][\w.-]{10,}+|A[KS]IA[A-Z0-9]{12,}+|AIza[\w-]{20,}+|eyJ[\w.-]{20,}+"
)
_GREETING = r"(?:dear|sincerely,?|signed,?)"
_TITLE = r"(?:mrs?\.?|ms\.?|dr\.?|prof\.?)"
_WORD = r"[^\W\d_a-z][\w'’-]{1,40}+"

_MASKS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|\Z)"), "<secret>"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,15}://)([^\s/?#<>\"']++)([/?#][^\s<>\"']*+)?"), _link),
    (re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@[\w-]++(?:\.[\w-]++)++"), "<email>"),
    (re.compile(r"(?i)\b((?:bearer|basic)\s{1,3})[\w.~+/=-]{8,}+"), _keep("<secret>")),
    (re.compile(rf"(?i)((?:{_SECRET_WORDS})['\"]?\s{{0,3}}[:=]\s{{0,3}}['\"]?)[^\s'\",;<]{{4,}}+"), _keep("<secret>")),
    (re.compile(r"(?i)\b((?:password|passphrase|pin)\s{1,3}is\s{1,3})\S{4,}+"), _keep("<secret>")),
    (re.compile(rf"(?<![\w-])(?:{_KEY_SHAPES})"), "<secret>"),
    (re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45}"), _address),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w)"), "<ip>"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b"), "<bank account>"),
    (re.compile(r"(?<!\w)\+?\(?\d[\d ()./-]{5,40}\d(?!\w)"), _number),
    (re.compile(r"(?<![A-Za-z0-9_+/=-])(?=[A-Za-z_+/=-]*+\d)[A-Za-z0-9_+/=-]{24,}+"), "<token>"),
    (re.compile(r"\d{5,}+"), "<number>"),
    (
        re.compile(rf"(?i:\b((?:my name is|i am called|call me)\s{{1,3}})[\w'’-]{{1,40}}+)(?: {_WORD}){{0,3}}"),
        _keep("<name>"),
    ),
    (
        re.compile(
            rf"((?i:\b(?:{_GREETING}\s{{1,3}}(?:{_TITLE}\s{{1,3}})?|{_TITLE}\s{{1,3}}))){_WORD}(?: {_WORD}){{0,3}}"
        ),
        _keep("<name>"),
    ),
)
"""Applied in this order: what is most telling first, so that its parts are not masked as something lesser."""
