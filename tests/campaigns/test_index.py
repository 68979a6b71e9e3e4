"""Look-ups into an epoch against a loop over its rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.campaigns.index import EpochIndex
from stillwatch.groups.templates import request_keys
from stillwatch.model.frame import Frame
from stillwatch.model.tables import SKELETON_SIZE
from tests.campaigns.frames import START, build

ROW = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.lists(st.integers(1, 6), max_size=5))
ROWS = st.lists(ROW, max_size=25)


def frame_of(rows: list[tuple[int, int, int, list[int]]]) -> Frame:
    skeleton = np.zeros((len(rows), SKELETON_SIZE), dtype=np.int64)
    for i, (_, _, _, shingles) in enumerate(rows):
        skeleton[i, : len(shingles)] = shingles
    account, exact, system = ([r[i] for r in rows] for i in range(3))
    return build(START + np.arange(len(rows)), account, exact=exact, system=system, skeleton=skeleton)


@settings(max_examples=60)
@given(ROWS, st.sets(st.integers(0, 9)))
def test_rows_of_accounts_are_found_in_order(rows: list[tuple[int, int, int, list[int]]], accounts: set[int]) -> None:
    frame = frame_of(rows)
    index = EpochIndex(frame, [], [np.array(sorted(accounts), dtype=np.int32)])
    wanted = np.array(sorted(accounts), dtype=np.int32)
    assert index.rows_of(wanted).tolist() == [i for i, a in enumerate(frame.account.tolist()) if a in accounts]
    texts = Counter(a for a, e in zip(frame.account.tolist(), frame.exact.tolist(), strict=True) if e)
    assert {a: n for a, n in enumerate(index.texts.tolist()) if n} == texts


@settings(max_examples=60)
@given(ROWS, st.sets(st.integers(1, 8)))
def test_rows_with_keys_are_found_in_order_with_how_many_they_carry(
    rows: list[tuple[int, int, int, list[int]]], shingles: set[int]
) -> None:
    frame = frame_of(rows)
    everything = request_keys(frame)
    wanted = np.array(sorted(shingles | set(everything[:, 0].tolist()) - {0}), dtype=np.int64)
    carried = [sum(key in set(wanted.tolist()) for key in row) for row in everything.tolist()]
    found, counts = EpochIndex(frame, [wanted[::2], wanted[1:]], []).rows_with(wanted)
    assert found.tolist() == [i for i, n in enumerate(carried) if n]
    assert counts.tolist() == [n for n in carried if n]


def test_an_empty_epoch_and_an_empty_question_have_empty_answers() -> None:
    none = np.zeros(0, dtype=np.int64)
    for index in (EpochIndex(frame_of([]), [none], []), EpochIndex(frame_of([(1, 2, 3, [4])]), [], [])):
        assert index.rows_of(none.astype(np.int32)).tolist() == []
        assert index.rows_with(none)[0].tolist() == []
