"""Arrays on disk are arrays: same values, same type, and nothing left when they go."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.store import scratch
from stillwatch.store.scratch import IN_MEMORY, Scratch


@pytest.fixture(params=[0, 1 << 20])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """A folder in which everything, or next to nothing, is large."""
    monkeypatch.setattr(scratch, "IN_MEMORY_BYTES", request.param)
    return Scratch(tmp_path)


def test_an_array_begins_as_zeros_and_keeps_what_is_put_in(place: Scratch, tmp_path: Path) -> None:
    made = place.array((3, 2), np.int32)
    assert made.shape == (3, 2) and not made.any()
    made[1] = 7
    made += 1
    assert made.tolist() == [[1, 1], [8, 8], [1, 1]]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_a_pile_is_what_was_put_on_it(place: Scratch, tmp_path: Path, dtype: type[np.generic]) -> None:
    pile, parts = place.pile(dtype), [np.arange(n) for n in (0, 3, 0, 5)]
    for part in parts:
        pile.add(part)
    found = pile.array()
    assert found.dtype == dtype
    assert found.tolist() == np.concatenate(parts).tolist()
    assert not any(tmp_path.iterdir())


def test_an_empty_pile_is_an_empty_array(place: Scratch) -> None:
    assert place.pile(np.int64).array().tolist() == []


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=5))
def test_in_memory_or_not_it_is_the_same(parts: list[list[int]]) -> None:
    piles = [place.pile(np.int64) for place in (IN_MEMORY, Scratch(Path(tempfile.gettempdir())))]
    for pile in piles:
        for part in parts:
            pile.add(np.array(part, dtype=np.int64))
    first, second = (pile.array() for pile in piles)
    assert first.tolist() == second.tolist()


_FULL = """
import resource, signal, sys, numpy as np
from pathlib import Path
from stillwatch.store.scratch import Scratch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    Scratch(Path(sys.argv[1])).array((1 << 19,), np.int64)
except OSError:
    print("told")
"""


def test_a_file_system_that_is_full_is_told_when_the_array_is_made(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (ended.returncode, ended.stdout) == (0, "told\n")
