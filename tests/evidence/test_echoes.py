"""Echoes against a plain double loop, and under a flood of identical prompts."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.evidence.echoes import EXACT, NEAR, UP, WINDOW_US, echoes
from stillwatch.model.frame import Frame
from stillwatch.model.tables import MINHASH_SIZE
from stillwatch.sketch.bands import BAND
from tests.campaigns.frames import EPOCH, START, build

STEP = WINDOW_US // 4


def slots(text: int) -> NDArray[np.int32]:
    """MinHash of a text: texts of the same even-odd pair share their last band and nothing else."""
    own = np.random.default_rng(text).integers(0, 2**31 - 1, MINHASH_SIZE)
    own[-BAND:] = text // 2
    return own.astype(np.int32)


def requests(found: list[tuple[int, int, int]]) -> Frame:
    """A frame of (step, account, text) requests."""
    step, account, text = np.array(found).T
    minhash = np.array([slots(t) for t in text.tolist()])
    return build(START + step * STEP, account, exact=text + 1, minhash=minhash)


def expected(frame: Frame, alike: int, side: int, row: int) -> bool:
    """The definition, one pair at a time."""

    def answers(other: int) -> bool:
        same = frame.exact[other] == frame.exact[row]
        if alike == NEAR:
            same = bool((frame.minhash[other] == frame.minhash[row]).reshape(-1, BAND).all(axis=1).any())
        step = int(frame.account[other]) - int(frame.account[row])
        return bool(same) and (step > 0 if side == UP else step < 0)

    gaps = [int(frame.ts[other] - frame.ts[row]) for other in range(len(frame)) if answers(other)]
    return any(0 < g <= WINDOW_US for g in gaps) and not any(-WINDOW_US <= g < 0 for g in gaps)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=80)
def test_they_are_what_a_double_loop_finds(found: list[tuple[int, int, int]]) -> None:
    frame = requests(found)
    flags = echoes(frame, np.arange(len(frame)))
    for alike, side, row in np.ndindex(flags.shape):
        assert flags[alike, side, row] == expected(frame, alike, side, row)


def test_only_the_rows_asked_about_answer() -> None:
    frame = requests([(0, 0, 0), (1, 1, 0), (2, 2, 0)])
    assert echoes(frame, np.array([0, 1, 2]))[EXACT, UP].tolist() == [True, True, False]
    assert echoes(frame, np.array([0, 2]))[EXACT, UP].tolist() == [True, False]
    assert not echoes(frame, np.array([0])).any()
    assert echoes(frame, np.zeros(0, dtype=np.int64)).shape == (2, 2, 0)


def test_a_flood_of_one_prompt_takes_linear_memory() -> None:
    n = 100_000
    ts = START + np.sort(np.random.default_rng(1).integers(0, EPOCH, n))
    frame = build(ts, np.arange(n) % 50, exact=np.full(n, 7))
    tracemalloc.start()
    flags = echoes(frame, np.arange(n))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 400 * n
    assert not flags[:, :, n // 2].any(), "what everybody sends all the time is no echo"
