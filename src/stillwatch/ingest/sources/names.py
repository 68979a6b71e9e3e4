"""The names that a JSON file's first objects have, told from its first bytes, which may end anywhere.

By them a file is taken for one of a known writer. What lies deeper than where that writer puts its names may be what a
client sent with a request, and must not decide how the requests of everybody else are read: it is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stillwatch.ingest.lines import UTF8_BOM

LOOK_AT_LINES = 20
BEGINS = re.compile(rb'\{\s*(?:"|\}|$)|\[\s*(?:\{|\]|$)')
_OVER_LINES = re.compile(rb"\s*(?:\[\s*(?:[{\]]|$)|\{\s*\n)")
_TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)(?:"(\s*:)?|\\?\Z)|[{}\[\]]', re.DOTALL)
"""A string that is not closed goes on to the end: to look for its end from every quote in it would take for ever."""


def over_lines(head: bytes) -> bool:
    """Whether the file is an array, or has objects over several lines."""
    return _OVER_LINES.match(head.removeprefix(UTF8_BOM)) is not None


def first_lines(head: bytes) -> list[bytes]:
    """The first lines that are not blank at the beginning; what they say decides what the file is."""
    lines = head.removeprefix(UTF8_BOM).lstrip().split(b"\n", LOOK_AT_LINES)[:LOOK_AT_LINES]
    return [line.strip() for line in lines]


def top_names(head: bytes, within: str | None = None) -> set[str]:
    """Names at the top of the first objects, or right below ``within`` there."""
    pieces = [head] if over_lines(head) else filter(BEGINS.match, first_lines(head))
    return {name for piece in pieces for name, above in _names(piece) if above == within}


def _names(text: bytes) -> Iterator[tuple[str, str | None]]:
    """The names at the top, and those one level below with the name they lie under."""
    above, name = list[str](), ""
    for token in _TOKEN.finditer(text):
        match token[0][:1]:
            case b"{":
                above.append(name)
                name = ""
            case b"[":
                if above:  # the array that holds all objects is no level of its own
                    above.append(name)
                    name = ""
            case b"}" | b"]":
                name = above.pop() if above else ""
            case _ if token[2]:
                name = token[1].decode(errors="replace")
                if len(above) <= 2:
                    yield name, above[1] if len(above) == 2 else None
