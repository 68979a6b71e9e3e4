"""Which requests of a group come again on another of its accounts within minutes.

Reads one epoch's frame and rows of it; keeps nothing. Two requests are *alike* when they share a key: the hash of the
whole prompt (``EXACT``), or a band of MinHash slots (``NEAR``; ``sketch.bands`` says how like they then are). A request
*echoes* when an account of higher (``UP``) or lower (``DOWN``) code sends one alike within ``WINDOW_US`` after it and
none did in the window before it: what is going round anyway, a template or a common phrase, is no echo of anything.

Invariant, on which the test that reads this rests: whether a request echoes depends on its own text and time and on the
requests of accounts on *one* side of its own in the order of codes, never on what its own account did, nor on whether
anything was refused. So nothing is matched up, used up or capped; identical prompts without end cost n log n.

Deliberately not seen: a retry after the window or in the next epoch, and one that was worded anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Frame, Ints
from stillwatch.sketch.bands import BAND, band_keys

WINDOW_US = 600_000_000
EXACT, NEAR = 0, 1
UP, DOWN = 0, 1
Flags = NDArray[np.bool_]


def echoes(frame: Frame, rows: Ints) -> Flags:
    """Which of ``rows`` (ascending, all with text) echo; shape (2 ways of being alike, 2 sides, len(rows))."""
    found = np.zeros((2, 2, len(rows)), dtype=bool)
    if not len(rows):
        return found
    ts, codes = frame.ts[rows] - frame.start_us, frame.account[rows].astype(np.int64)
    for side, code in ((UP, codes), (DOWN, -codes)):
        for alike, keys in ((EXACT, [frame.exact[rows]]), (NEAR, _bands(frame, rows))):
            after, before = np.zeros((2, len(rows)), dtype=bool)
            for key in keys:
                later, earlier = _neighbours(key, ts, code)
                after |= later
                before |= earlier
            found[alike, side] = after & ~before
    return found


def _bands(frame: Frame, rows: Ints) -> Iterator[Ints]:
    """One key per request for each band of its MinHash, a band at a time to save memory."""
    for first in range(0, frame.minhash.shape[1], BAND):
        yield band_keys(frame.minhash[rows, first : first + BAND])[:, 0]


def _neighbours(key: Ints, ts: Ints, code: Ints) -> tuple[Flags, Flags]:
    """Whether a greater code sent the same key within the window after, and within the window before, each request."""
    _, bucket = np.unique(key, return_inverse=True)
    # Windows of one bucket cannot reach into the next: buckets lie further apart than the epoch and both windows.
    line = bucket.astype(np.int64) * (int(ts.max()) + 3 * WINDOW_US) + ts
    order = np.argsort(line, kind="stable")
    line, code = line[order], code[order]
    ends = (
        (np.searchsorted(line, line, "right"), np.searchsorted(line, line + WINDOW_US, "right")),
        (np.searchsorted(line, line - WINDOW_US, "left"), np.searchsorted(line, line, "left")),
    )
    later, earlier = np.zeros((2, len(line)), dtype=bool)
    for found, (low, high) in zip((later, earlier), ends, strict=True):
        found[order] = _window_maxima(code, low, high) > code
    return later, earlier


def _window_maxima(values: Ints, low: Ints, high: Ints) -> Ints:
    """Largest of ``values[low:high]`` for each pair; the least integer where the range is empty.

    Maxima over runs of 1, 2, 4, ... values; a range is two runs that may overlap. n log n time, linear memory.
    """
    least = np.iinfo(np.int64).min
    result = np.full(len(low), least)
    size = high - low
    run, runs = 1, values
    while run <= int(size.max(initial=0)):
        mine = np.flatnonzero((size >= run) & (size < 2 * run))
        result[mine] = np.maximum(runs[low[mine]], runs[high[mine] - run])
        runs = np.maximum(runs[:-run], runs[run:]) if len(runs) > run else runs[:0]
        run *= 2
    return result
