"""JSON values that are not one per line: a top-level array, or objects printed over several lines.

Cuts a byte stream into its outermost objects by counting brackets outside strings, so an array of any size is read
in bounded memory. Does not judge what is inside: a cut piece may still be malformed and is rejected by whoever decodes
it. Text between objects that is neither comma nor array bracket becomes a piece of its own, so that it is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stillwatch.ingest.chunk import Limits
from stillwatch.ingest.lines import BROKEN, TOO_LONG, Run
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.streams import BrokenStreamError, Bytes

_OUTSIDE = re.compile(rb'["{}]')
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BETWEEN = b" \t\r\n,[]"


class _Cutter:
    """Finds the ends of outermost objects; fed block by block."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._skip = 0

    def cuts(self, block: bytes) -> Iterator[int]:
        """Offsets in ``block`` where an outermost object begins or has just ended."""
        at, self._skip = self._skip, 0
        while at < len(block):
            if self._quoted:
                at = self._behind_string(block, at)
                continue
            hit = _OUTSIDE.search(block, at)
            if hit is None:
                return
            at = hit.end()
            match hit.group():
                case b'"':
                    self._quoted = self._depth > 0
                case b"{":
                    self._depth += 1
                    if self._depth == 1:
                        yield at - 1
                case _:
                    self._depth -= self._depth > 0
                    if not self._depth:
                        yield at

    def _behind_string(self, block: bytes, at: int) -> int:
        """Where the string that goes on at ``at`` has ended, or the end of the block."""
        rest = _INSIDE.match(block, at)
        end = at if rest is None else rest.end()
        if block[end : end + 1] == b'"':
            self._quoted = False
        elif end < len(block):
            # The block ends in a backslash: what it escapes is the first byte of the next.
            self._skip = 1
        return end + 1


def documents(stream: Bytes, file: str, *, rejects: Rejects, limits: Limits) -> Iterator[Run]:
    """The outermost objects of a stream, a run per block, each with the line it begins at."""
    cutter, number, held, size = _Cutter(), 1, list[bytes](), 0
    try:
        while block := stream.block():
            numbers, texts, start = list[int](), list[bytes](), 0
            for cut in cutter.cuts(block):
                piece, start = block[start:cut], cut
                whole = b"".join([*held, piece]) if size <= limits.line_bytes else b""
                if size > limits.line_bytes:
                    rejects.add(file, number, TOO_LONG)
                elif meant := whole.strip(_BETWEEN):
                    texts.append(meant)
                    numbers.append(number + _lines_before(whole))
                number += _newlines(held) + piece.count(b"\n")
                held, size = [], 0
            held.append(block[start:])
            size += len(block) - start
            if size > limits.line_bytes:
                number += _newlines(held)
                held = []
            yield Run(numbers, texts)
    except BrokenStreamError:
        rejects.add(file, number, BROKEN)
        return
    if size > limits.line_bytes:
        rejects.add(file, number, TOO_LONG)
    elif rest := b"".join(held).strip(_BETWEEN):
        yield Run([number + _lines_before(b"".join(held))], [rest])


def _newlines(parts: list[bytes]) -> int:
    return sum(part.count(b"\n") for part in parts)


def _lines_before(text: bytes) -> int:
    """Line ends before the first byte that means something."""
    return text[: len(text) - len(text.lstrip(_BETWEEN))].count(b"\n")
