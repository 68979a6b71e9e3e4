"""Lines of a byte stream, numbered, in bounded memory.

Writes runs of consecutive lines without their line ends. A line longer than the limit is rejected without being
held; the break of a packed stream is one reject at the line where it happened.

Deliberately does not decode: whether a line is UTF-8 is the reader's question, line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stillwatch.ingest.chunk import Limits
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.streams import BrokenStreamError, Bytes

TOO_LONG = "line longer than 64 MB"
BROKEN = "packed data ends early or is damaged here"
UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Run:
    """Some lines or records and the 1-based line at which each begins."""

    numbers: Sequence[int]
    texts: list[bytes]


def runs(stream: Bytes, file: str, *, rejects: Rejects, limits: Limits) -> Iterator[Run]:
    """All lines, in runs of about one block."""
    number, size, held = 1, 0, list[bytes]()
    try:
        while block := stream.block():
            first, *others = block.split(b"\n")
            size += len(first)
            held = [*held, first] if size <= limits.line_bytes else []
            if not others:
                continue
            *whole, last = others
            if size > limits.line_bytes:
                rejects.add(file, number, TOO_LONG)
                number += 1
            else:
                whole.insert(0, b"".join(held))
            held, size = [last], len(last)
            yield Run(range(number, number + len(whole)), whole)
            number += len(whole)
    except BrokenStreamError:
        rejects.add(file, number, BROKEN)
        return
    if size > limits.line_bytes:
        rejects.add(file, number, TOO_LONG)
    elif size:
        yield Run(range(number, number + 1), [b"".join(held)])


def grouped(pieces: Iterable[Run], limits: Limits) -> Iterator[Run]:
    """The same records in groups that respect the limits on rows and bytes, blank ones dropped."""
    numbers, texts, size = list[int](), list[bytes](), 0
    for run in pieces:
        for number, text in zip(run.numbers, run.texts, strict=True):
            if not text or text.isspace():
                continue
            if texts and (len(texts) == limits.rows or size + len(text) > limits.chunk_bytes):
                yield Run(numbers, texts)
                numbers, texts, size = [], [], 0
            numbers.append(number)
            texts.append(text)
            size += len(text)
    if texts:
        yield Run(numbers, texts)
