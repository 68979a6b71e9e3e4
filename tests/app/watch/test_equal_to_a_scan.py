"""Watching piece by piece, in any cut and with restarts, gives what one scan gives of the log less what was late."""

from __future__ import annotations

import random
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.app.watch.world import HOUR_S, Place, Row, lines, moment, rows, same_as_a_scan

HOURS = 4
LOG = rows(HOURS, seed=3)


def _arrivals(seed: int, stragglers: int, copies: int) -> list[Row]:
    """The log as it arrives: a few minutes out of order, some rows hours behind, some twice."""
    draw = random.Random(seed)
    due = [(moment(row) + draw.uniform(0, 240), n, row) for n, row in enumerate(LOG)]
    for n in draw.sample(range(len(due)), stragglers):
        due[n] = (due[n][0] + draw.uniform(0, 3 * HOUR_S), n, due[n][2])
    due += [(at + draw.uniform(0, 2 * HOUR_S), len(due) + n, row) for at, n, row in draw.sample(due, copies)]
    return [row for _, _, row in sorted(due, key=lambda entry: entry[:2])]


@settings(max_examples=1)
@given(
    seed=st.integers(0, 2**16),
    cuts=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=3, unique=True),
    stragglers=st.integers(0, 40),
    copies=st.integers(0, 40),
    files=st.integers(1, 3),
)
@example(seed=1, cuts=[0.4, 0.6, 0.9], stragglers=40, copies=40, files=2)
def test_any_cut_with_restarts_gives_what_a_scan_gives(
    seed: int, cuts: list[float], stragglers: int, copies: int, files: int
) -> None:
    arrivals = _arrivals(seed, stragglers, copies)
    bounds = [0, *sorted(int(cut * len(arrivals)) for cut in cuts), len(arrivals)]
    with tempfile.TemporaryDirectory() as folder:
        place, arrived = Place.make(Path(folder)), list[Row]()
        for number, (low, high) in enumerate(pairwise(bounds)):
            for part in range(files):
                _append(place.source / f"gateway-{part}.jsonl", arrivals[low + part : high : files])
            # Every other time all that arrived before comes again, under another name.
            again = arrived[:low] if number % 2 else []
            _append(place.source / f"again-{number}.jsonl", again)
            arrived += arrivals[low:high] + again
            place.watch()
        same_as_a_scan(place, arrived)


def _append(path: Path, found: list[Row]) -> None:
    with path.open("ab") as file:
        file.write(lines(found))
