"""The windowed table of template keys against plain dictionaries, one request at a time."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.groups.templates import SINGLES_EPOCHS, Held, Pairs, Templates, merge, private_keys, request_keys
from stillwatch.model.frame import Frame
from stillwatch.model.tables import SKELETON_SIZE
from tests.campaigns.frames import EPOCH, START, build

Known = dict[tuple[int, int], tuple[int, int, int]]
Row = tuple[int, int, int]
ROW = st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 2))
"""(account, prompt, system instructions); equal prompts have equal openings and shingles, as in a log."""
EPOCHS = st.lists(st.tuples(st.integers(1, 3), st.lists(ROW, max_size=6)), min_size=1, max_size=9)


class Oracle:
    """What ``Templates`` promises, with a dictionary from (key, account) to (least, most, last)."""

    def __init__(self, window: int) -> None:
        self.window, self.pairs, self.singles = window, nothing(), nothing()

    def observe(self, frame: Frame, epoch: int) -> None:
        for held, span in ((self.pairs, self.window), (self.singles, SINGLES_EPOCHS)):
            for pair in [p for p, (_, _, last) in held.items() if last <= epoch - span]:
                del held[pair]
        keys = request_keys(frame)
        for row in np.flatnonzero(frame.exact != 0).tolist():
            for key in {k for k in keys[row].tolist() if k}:
                self._see((key, int(frame.account[row])), int(frame.exact[row]), epoch)

    def _see(self, pair: tuple[int, int], exact: int, epoch: int) -> None:
        if pair in self.pairs:
            least, most, _ = self.pairs[pair]
            self.pairs[pair] = (min(least, exact), max(most, exact), epoch)
            return
        least, most, _ = self.singles.pop(pair, (exact, exact, epoch))
        seen = (min(least, exact), max(most, exact), epoch)
        (self.pairs if seen[0] != seen[1] else self.singles)[pair] = seen


def nothing() -> Known:
    return {}


def table(pairs: Pairs) -> Known:
    columns = (pairs.key, pairs.account, pairs.least, pairs.most, pairs.last)
    return {(k, a): (lo, hi, last) for k, a, lo, hi, last in zip(*(c.tolist() for c in columns), strict=True)}


def held(pairs: Held) -> dict[tuple[int, int], int]:
    """The last epoch of each pair."""
    columns = (pairs.key, pairs.account, pairs.last)
    return {(key, account): last for key, account, last in zip(*(c.tolist() for c in columns), strict=True)}


def waiting(found: Templates) -> Known:
    """What waits for a second prompt, in the oracle's words: as it was seen last, and not what has it by now."""
    seen = [Pairs(w.pair, np.full(len(w), w.epoch), *[w.exact(np.arange(len(w)))] * 2) for w in found.singles]
    assert all((np.diff(w.pair) > 0).all() for w in found.singles)
    pairs = held(found.pairs)
    return {pair: value for part in seen for pair, value in table(part).items() if pair not in pairs}


def frame_of(rows: list[Row], number: int) -> Frame:
    account, exact, system = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    skeleton = np.zeros((len(rows), SKELETON_SIZE), dtype=np.int64)
    skeleton[:, 0] = 100 * (exact // 2)
    start = START + number * EPOCH
    texts = {"exact": np.where(exact == 3, -3, exact), "system": 7 * system, "opening": 11 * (exact % 3)}
    return build(start + np.arange(len(rows)), account, start=start, skeleton=skeleton, **texts)


@settings(max_examples=60)
@given(EPOCHS, st.integers(1, 6), st.sampled_from([(1 << 20, 16_384), (2, 1), (1, 2)]))
def test_pairs_and_singles_equal_plain_dictionaries(
    epochs: list[tuple[int, list[Row]]], window: int, sizes: tuple[int, int]
) -> None:
    """In whatever parts an epoch is counted."""
    found, oracle, number = Templates(window), Oracle(window), 100
    for gap, rows in epochs:
        number += gap
        frame = frame_of(rows, number)
        with patch.multiple("stillwatch.groups.templates", _PIECE=sizes[0], _CHUNK=sizes[1]):
            found.observe(frame, number)
        oracle.observe(frame, number)
        assert held(found.pairs) == {pair: last for pair, (_, _, last) in oracle.pairs.items()}
        assert waiting(found) == oracle.singles
        assert all(number - SINGLES_EPOCHS < w.epoch <= number for w in found.singles)
        assert len(found.singles[-1]) == sum(last == number for _, _, last in oracle.singles.values())


@settings(max_examples=30)
@given(st.lists(ROW, max_size=8), st.lists(ROW, max_size=8))
def test_merging_is_a_union_in_any_order_and_stays_sorted(a: list[Row], b: list[Row]) -> None:
    def pairs(rows: list[Row]) -> Pairs:
        account, exact, key = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return Pairs.of(key, account.astype(np.int32), exact, exact, 10 * exact)

    x, y = pairs(a), pairs(b)
    both = merge(x, y)
    assert table(both) == table(merge(y, x)) == table(merge(both, x))
    order = list(zip(both.key.tolist(), both.account.tolist(), strict=True))
    assert order == sorted(set(order))


def one(exact: int, number: int, account: int = 5) -> Frame:
    return build([START + number * EPOCH], [account], start=START + number * EPOCH, exact=[exact], system=[9])


def test_a_key_counts_at_its_second_prompt_and_not_at_a_repetition() -> None:
    templates = Templates(56)
    templates.observe(one(1, 0), 0)
    templates.observe(one(1, 1), 1)
    assert (len(templates.pairs), len(waiting(templates))) == (0, 1)
    templates.observe(one(2, 2), 2)
    assert (len(templates.pairs), len(waiting(templates))) == (1, 0)


@pytest.mark.parametrize(("wait", "ripens"), [(SINGLES_EPOCHS - 1, True), (SINGLES_EPOCHS, False)])
def test_a_single_waits_so_long_and_no_longer(wait: int, ripens: bool) -> None:
    templates = Templates(56)
    templates.observe(one(1, 0), 0)
    templates.observe(one(2, wait), wait)
    assert bool(len(templates.pairs)) == ripens


@pytest.mark.parametrize(("later", "held"), [(9, True), (10, False)])
def test_a_pair_is_forgotten_when_it_leaves_the_window(later: int, held: bool) -> None:
    templates = Templates(10)
    templates.observe(one(1, 0), 0)
    templates.observe(one(2, 0, account=5), 0)
    assert len(templates.pairs) == 1
    templates.observe(one(1, later, account=6), later)
    assert (5 in templates.pairs.account.tolist()) == held


def test_the_same_prompt_under_other_system_instructions_is_looked_at_again() -> None:
    """Who sends each prompt twice, first under a decoy, does not hide its true instructions."""
    decoys, prompts = np.array([900, 9, 901, 9]), np.array([1, 1, 2, 2])
    templates = Templates(56)
    templates.observe(build(START + np.arange(4), [5] * 4, exact=prompts, system=decoys), 0)
    assert len(templates.pairs) == 1


def test_two_accounts_never_share_a_second_prompt() -> None:
    templates = Templates(10)
    templates.observe(one(1, 0, account=5), 0)
    templates.observe(one(2, 0, account=6), 0)
    assert len(templates.pairs) == 0


def test_requests_without_text_leave_no_key() -> None:
    templates = Templates(10)
    templates.observe(build([START, START + 1], [1, 1], exact=[0, 0], system=[3, 3]), 0)
    assert len(templates.pairs) == len(waiting(templates)) == 0


def test_equal_hashes_in_different_parts_of_a_request_are_different_keys() -> None:
    keys = request_keys(build([START], [0], exact=[5], system=[5], opening=[5], closing=[5]))[0]
    assert len(set(keys[keys != 0].tolist())) == 3


def test_memory_is_bounded_by_the_window() -> None:
    templates, sizes = Templates(6), []
    for number in range(20):
        fresh = np.arange(40) + 40 * number
        start = START + number * EPOCH
        templates.observe(
            build(
                start + np.arange(80),
                np.repeat(fresh, 2),
                start=start,
                exact=np.arange(80) + 1,
                system=np.repeat(fresh + 1, 2),
            ),
            number,
        )
        sizes.append(len(templates.pairs))
    assert max(sizes) == 6 * 40


def test_a_private_key_belongs_to_the_account_that_sends_it_and_to_nobody_else() -> None:
    ones = np.ones(4, dtype=np.int64)
    pairs = Pairs.of(np.array([5, 5, 6, 7]), np.array([1, 2, 1, 2], dtype=np.int32), ones, ones, ones)
    keys = np.array([[5, 6, 0], [7, 6, 9]])
    assert private_keys(keys, np.array([1, 1], dtype=np.int32), pairs).tolist() == [1, 1]
    assert private_keys(keys, np.array([2, 2], dtype=np.int32), pairs).tolist() == [0, 1]
    assert private_keys(keys, np.array([3, 3], dtype=np.int32), pairs).tolist() == [0, 0]
    assert private_keys(keys, np.array([1, 1], dtype=np.int32), Pairs.empty()).tolist() == [0, 0]
