"""Lines that look like code, put together to blocks: a block counts, a line by itself does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stillwatch.guard.finding import Finding

LEAST_LINES, WIDEST_GAP, LEAST_SHARE = 3, 2, 0.5
"""Lines that look like code in a block, how far apart two of them may be, and their share of the block."""


def blocks(lines: Iterable[tuple[int, int, int]]) -> Iterator[Finding]:
    """Blocks among lines given as (start, end, lines before that are not blank), in order."""
    block: list[tuple[int, int, int]] = []
    for line in lines:
        if block and line[2] - block[-1][2] > WIDEST_GAP:
            yield from _block(block)
            block = []
        block.append(line)
    yield from _block(block)


def _block(block: list[tuple[int, int, int]]) -> Iterator[Finding]:
    if len(block) >= LEAST_LINES and len(block) >= LEAST_SHARE * (block[-1][2] - block[0][2] + 1):
        yield Finding("code", "code", block[0][0], block[-1][1])
