"""Planted machineries are found whole and pure among noise; cost follows the number of pairs, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.groups import blocks
from stillwatch.groups.blocks import Block, find_blocks
from stillwatch.groups.templates import Pairs

LEAST = 5


def pairs_of(parts: Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> Pairs:
    """Pairs from (key, account) columns."""
    columns = list(parts)
    key = np.concatenate([k for k, _ in columns]).astype(np.int64)
    account = np.concatenate([a for _, a in columns]).astype(np.int32)
    once = np.ones(len(key), dtype=np.int64)
    return Pairs.of(key, account, once, 2 * once, once)


def machinery(
    rng: np.random.Generator, accounts: NDArray[np.int64], first_key: int, keys: int = 12, used: float = 1.0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A template of some keys; each account shows a share ``used`` of them."""
    key, account = np.meshgrid(first_key + np.arange(keys), accounts, indexing="ij")
    shown = rng.random(key.shape) < used
    return key[shown], account[shown]


def noise(rng: np.random.Generator, population: int, keys: int = 3000) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turns of phrase: keys that each a few random accounts happen to share."""
    holders = rng.integers(1, 15, keys)
    return 10**9 + np.repeat(np.arange(keys), holders), rng.integers(0, population, int(holders.sum()))


def best(found: list[Block], accounts: NDArray[np.int64]) -> tuple[float, float]:
    """(recall, purity) of the block that holds most of ``accounts``."""
    block = max(found, key=lambda b: len(np.intersect1d(b.accounts, accounts)))
    common = len(np.intersect1d(block.accounts, accounts))
    return common / len(accounts), common / len(block.accounts)


@pytest.mark.parametrize("size", [LEAST, 12, 60, 400])
@pytest.mark.parametrize("used", [1.0, 0.85])
def test_a_planted_machinery_is_found_whole_and_pure(size: int, used: float) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        members = rng.choice(2000, size, replace=False)
        found = find_blocks(pairs_of([noise(rng, 2000), machinery(rng, members, 1, used=used)]), LEAST, 2000)
        recall, purity = best(found, members)
        assert recall >= 0.95
        assert purity >= 0.95


def test_who_shares_one_turn_of_phrase_with_a_machinery_is_not_of_it() -> None:
    rng = np.random.default_rng(12)
    members, bystanders = np.arange(100, 140), np.arange(300, 312)
    planted = [machinery(rng, members, 1, keys=15), (1 + np.arange(12), bystanders)]
    (found,) = find_blocks(pairs_of(planted), LEAST, 2000)
    assert found.accounts.tolist() == members.tolist()


def test_several_machineries_come_apart_even_where_accounts_have_two() -> None:
    rng = np.random.default_rng(1)
    groups = [np.arange(100, 130), np.arange(120, 160), np.arange(500, 508)]
    planted = [machinery(rng, g, 1000 * i + 1) for i, g in enumerate(groups)]
    found = find_blocks(pairs_of([noise(rng, 2000), *planted]), LEAST, 2000)
    for group in groups:
        assert best(found, group) == (1.0, 1.0)


def test_three_thousand_accounts_are_one_block() -> None:
    rng = np.random.default_rng(2)
    members = rng.choice(12_000, 3000, replace=False)
    found = find_blocks(pairs_of([noise(rng, 12_000), machinery(rng, members, 1, used=0.9)]), LEAST, 12_000)
    recall, purity = best(found, members)
    assert recall >= 0.99
    assert purity == 1.0


def test_nearly_all_of_a_small_installation_is_found() -> None:
    rng = np.random.default_rng(3)
    found = find_blocks(pairs_of([machinery(rng, np.arange(40), 1)]), LEAST, 60)
    assert best(found, np.arange(40)) == (1.0, 1.0)


def test_noise_alone_makes_no_block() -> None:
    for seed in range(5):
        assert find_blocks(pairs_of([noise(np.random.default_rng(seed), 2000)]), LEAST, 2000) == []


@pytest.mark.parametrize("keys", [1, 2])
def test_a_shared_turn_of_phrase_is_no_machinery(keys: int) -> None:
    rng = np.random.default_rng(4)
    assert find_blocks(pairs_of([machinery(rng, np.arange(30), 1, keys=keys)]), LEAST, 2000) == []


def test_fewer_accounts_than_asked_for_are_no_block() -> None:
    rng = np.random.default_rng(5)
    assert find_blocks(pairs_of([machinery(rng, np.arange(LEAST - 1), 1)]), LEAST, 2000) == []


def test_nothing_in_nothing_out() -> None:
    assert find_blocks(Pairs.empty(), LEAST, 0) == []


def test_blocks_do_not_depend_on_how_keys_are_numbered() -> None:
    rng = np.random.default_rng(6)
    planted = pairs_of([machinery(rng, np.arange(50, 90), 1, used=0.9), noise(rng, 1000)])
    renamed = pairs_of([(planted.key * np.int64(-6148914691236517205), planted.account.astype(np.int64))])
    first, second = find_blocks(planted, LEAST, 1000), find_blocks(renamed, LEAST, 1000)
    assert [b.accounts.tolist() for b in first] == [b.accounts.tolist() for b in second]


def test_keys_and_accounts_of_a_block_are_ascending_and_without_repeats() -> None:
    rng = np.random.default_rng(7)
    for block in find_blocks(pairs_of([noise(rng, 500), machinery(rng, np.arange(50), 1, used=0.8)]), LEAST, 500):
        assert (np.diff(block.keys) > 0).all()
        assert (np.diff(block.accounts) > 0).all()


class TestHostileInput:
    """Whoever sends requests can shape the table; it must neither blow up nor hide others."""

    def test_one_key_over_all_accounts_hides_nobody(self) -> None:
        rng = np.random.default_rng(8)
        everybody = (np.full(2000, 7), np.arange(2000))
        found = find_blocks(pairs_of([everybody, machinery(rng, np.arange(40), 100)]), LEAST, 2000)
        assert best(found, np.arange(40)) == (1.0, 1.0)

    def test_accounts_that_are_all_identical_are_everybody(self) -> None:
        rng = np.random.default_rng(9)
        assert find_blocks(pairs_of([machinery(rng, np.arange(2000), 1)]), LEAST, 2000) == []

    def test_a_strangers_account_that_copies_every_machinery_joins_none_together(self) -> None:
        rng = np.random.default_rng(10)
        groups = [np.append(np.arange(30 * i, 30 * i + 30), 1999) for i in range(10)]
        found = find_blocks(pairs_of([machinery(rng, g, 1000 * i + 1) for i, g in enumerate(groups)]), LEAST, 2000)
        assert all(best(found, g) == (1.0, 1.0) for g in groups)

    def test_a_chain_of_overlapping_keys_stays_within_its_size(self) -> None:
        """Each key shares half of its accounts with the next: at the border of what is alike."""
        chain = [(np.full(20, 5 + i), np.arange(10 * i, 10 * i + 20)) for i in range(300)]
        found = find_blocks(pairs_of(chain), LEAST, 5000)
        assert sum(len(b.keys) for b in found) <= 300


def comparisons(keys: int, accounts: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often two account sets are compared for that many keys of that many accounts each."""
    calls, real = [0], blocks._candidates

    def counting(signature: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        left, right = real(signature)
        calls[0] += len(left)
        return left, right

    rng = np.random.default_rng(11)
    key = np.repeat(np.arange(1, keys + 1), accounts)
    # All sets are drawn from one small crowd, so that nearly every pair of keys overlaps.
    account = np.concatenate([rng.choice(2 * accounts, accounts, replace=False) for _ in range(keys)])
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_candidates", counting)
        find_blocks(pairs_of([(key, account)]), LEAST, 100 * accounts)
    return calls[0]


def test_comparisons_grow_with_the_keys_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = comparisons(400, 20, monkeypatch), comparisons(3200, 20, monkeypatch)
    assert few <= blocks._BANDS * 400
    assert many <= blocks._BANDS * 3200
