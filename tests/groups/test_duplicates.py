"""Near duplicates against all pairs by brute force: nothing false is linked, copies are all held together, no cap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.groups.duplicates import ACCOUNT_MASK, ALIKE, Families, Holders, Prompts, near_duplicates
from stillwatch.groups.templates import ACCOUNT_BITS
from stillwatch.model.tables import MINHASH_SIZE

Signatures = NDArray[np.int32]


def signatures(rng: np.random.Generator, texts: int, copies: int, kept: float) -> Signatures:
    """``copies`` of each text, in each of which a share ``kept`` of the slots is as in the first."""
    base = rng.integers(0, 2**31 - 1, (texts, MINHASH_SIZE), dtype=np.int32).repeat(copies, axis=0)
    other = rng.integers(0, 2**31 - 1, base.shape, dtype=np.int32)
    return np.where(rng.random(base.shape) < kept, base, other)


def no_tenant(accounts: int) -> NDArray[np.int32]:
    return np.full(accounts, -1, dtype=np.int32)


def brute_force(prompts: Prompts) -> set[tuple[int, int]]:
    """Every pair of prompts of different accounts with enough equal slots."""
    same = (prompts.slots[:, None, :] == prompts.slots[None, :, :]).mean(axis=2) >= ALIKE
    same &= prompts.account[:, None] != prompts.account[None, :]
    return {(int(i), int(j)) for i, j in np.argwhere(same) if i < j}


def parts(size: int, pairs: set[tuple[int, int]]) -> NDArray[np.int32]:
    """Which prompts the pairs hold together."""
    i, j = (np.array([p[side] for p in pairs], dtype=np.int64) for side in (0, 1))
    label: NDArray[np.int32] = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(size, size)))[1]
    return label


@given(seed=st.integers(0, 2**20), kept=st.sampled_from([0.6, 0.85, 0.95, 1.0]))
@settings(max_examples=25, deadline=None)
def test_every_link_is_a_near_duplicate_and_copies_hold_their_accounts_together(seed: int, kept: float) -> None:
    rng = np.random.default_rng(seed)
    minhash = signatures(rng, 12, 6, kept)
    account = rng.integers(0, 20, len(minhash)).astype(np.int32)
    prompts = Prompts.of(account, minhash, no_tenant(20))
    found, true = {(int(i), int(j)) for i, j in zip(*near_duplicates(prompts), strict=True)}, brute_force(prompts)
    assert found <= true
    if kept == 1.0:
        by_account = [{(int(prompts.account[i]), int(prompts.account[j])) for i, j in pairs} for pairs in (found, true)]
        assert np.array_equal(parts(20, by_account[0]), parts(20, by_account[1]))


def test_four_fifths_alike_are_found_as_often_as_bands_promise() -> None:
    rng = np.random.default_rng(5)
    minhash = signatures(rng, 250, 1, 1.0)
    twin = np.where(rng.random(minhash.shape) < 0.85, minhash, rng.integers(0, 2**31 - 1, minhash.shape))
    account = np.repeat(np.arange(2, dtype=np.int32), 250)
    prompts = Prompts.of(account, np.concatenate([minhash, twin]).astype(np.int32), no_tenant(2))
    true = brute_force(prompts)
    assert len(true) > 200
    assert len(near_duplicates(prompts)[0]) / len(true) > 0.8


def test_a_text_that_thousands_sent_is_one_chain_and_loses_nobody() -> None:
    minhash = np.tile(signatures(np.random.default_rng(2), 1, 1, 1.0), (3000, 1))
    prompts = Prompts.of(np.arange(3000, dtype=np.int32), minhash, no_tenant(3000))
    i, j = near_duplicates(prompts)
    assert len(i) == 2999
    assert len(set(parts(3000, set(zip(i.tolist(), j.tolist(), strict=True))).tolist())) == 1


def test_the_order_of_the_log_does_not_matter() -> None:
    rng = np.random.default_rng(11)
    minhash, account = signatures(rng, 30, 4, 0.9), rng.integers(0, 25, 120).astype(np.int32)
    one = Prompts.of(account, minhash, no_tenant(25))
    order = rng.permutation(120)
    halves = [Prompts.of(account[half], minhash[half], no_tenant(25)) for half in (order[:50], order[50:], order[:9])]
    other = Prompts.union(halves)
    assert np.array_equal(one.account, other.account)
    assert np.array_equal(one.keys, other.keys)
    assert np.array_equal(near_duplicates(one), near_duplicates(other))


def _holders(minhash: Signatures, account: NDArray[np.int32], chosen: list[int]) -> Holders:
    rows = np.isin(account, chosen)
    families = Families.of(Prompts.of(account[rows], minhash[rows], no_tenant(200)))
    holders = Holders(families, np.zeros(200, dtype=bool))
    for half in (slice(0, 70), slice(50, None)):
        holders.observe(account[half], minhash[half], no_tenant(200))
    return holders


def test_holders_are_all_accounts_that_sent_something_of_the_family() -> None:
    rng = np.random.default_rng(4)
    minhash, account = signatures(rng, 20, 10, 1.0), rng.integers(0, 200, 200).astype(np.int32)
    holders = _holders(minhash, account, [int(account[0]), int(account[10])])
    families = holders.families
    counts = holders.counts()
    for prompt in range(len(families.prompts)):
        same = (minhash[:, :8].astype(np.uint8) == families.prompts.slots[prompt, :8]).all(axis=1)
        assert counts[families.of_prompt[prompt]] == len(set(account[same].tolist()))
    assert holders.wrote.sum() == len(set(account.tolist()))
    assert set((families.own() & ACCOUNT_MASK).tolist()) == {int(account[0]), int(account[10])}
    assert set((families.own() >> ACCOUNT_BITS).tolist()) == set(families.of_prompt.tolist())


def test_prompts_of_two_tenants_never_meet() -> None:
    minhash = np.tile(signatures(np.random.default_rng(2), 1, 1, 1.0), (4, 1))
    account, tenant = np.arange(4, dtype=np.int32), np.array([-1, 0, 1, 1], dtype=np.int32)
    prompts = Prompts.of(account, minhash, tenant)
    assert [(int(i), int(j)) for i, j in zip(*near_duplicates(prompts), strict=True)] == [
        tuple(sorted(np.flatnonzero(np.isin(prompts.account, [2, 3])).tolist()))
    ]
    assert len(set(Families.of(prompts).of_prompt.tolist())) == 3


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_and_a_single_prompt_link_nobody(size: int) -> None:
    minhash = signatures(np.random.default_rng(1), 1, 1, 1.0)[:size]
    prompts = Prompts.of(np.zeros(size, dtype=np.int32), minhash, no_tenant(1))
    assert len(near_duplicates(prompts)[0]) == 0
    assert len(Families.of(Prompts.union([prompts]))) == size
    assert len(Prompts.union([])) == 0
