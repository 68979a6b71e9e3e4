"""Running means are what a pass over everything would give, older texts counting for less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stillwatch.groups.leanings import WIDTH, WORDING, Leanings, features, first_messages
from stillwatch.model.frame import Frame
from tests.groups.lists import Lists

FOREVER = 1e12


def gathered(frames: list[Frame], accounts: int, half_life: float = FOREVER) -> Leanings:
    found = Leanings(half_life)
    for frame in frames:
        found.observe(frame, accounts)
    return found


def test_means_and_spread_are_those_of_all_first_messages() -> None:
    world = Lists(people=25, dealt=10)
    frames = world.epochs(3)
    found = gathered(frames, world.accounts)
    rows = [first_messages(f) for f in frames]
    account = np.concatenate([f.account[r] for f, r in zip(frames, rows, strict=True)])
    values = np.concatenate([features(f, r) for f, r in zip(frames, rows, strict=True)]).astype(np.float64)
    means = found.means(1.0)
    assert means.texts == pytest.approx(np.bincount(account)[means.accounts])
    for place, code in enumerate(means.accounts.tolist()):
        assert means.mean[place] == pytest.approx(values[account == code].mean(axis=0), rel=1e-4, abs=1e-4)
    around = values - means.mean[np.searchsorted(means.accounts, account)]
    pooled = around.T @ around / (len(account) - len(means.accounts))
    assert found.spread_within()[:WORDING, :WORDING] == pytest.approx(pooled[:WORDING, :WORDING], rel=0.01, abs=1e-3)


def test_texts_count_half_after_the_half_life() -> None:
    world = Lists(people=25, dealt=10)
    first, *rest = world.epochs(5)
    found = gathered([first], world.accounts, half_life=4)
    before = found.texts.copy()
    for frame in rest:
        found.observe(replace(frame, turns=np.full(len(frame), 2)), world.accounts)
    assert found.texts == pytest.approx(before / 2)
    # Equal weights are worth as many texts as ever: only the balance of old against new is what fades.
    assert found.means(0.5).texts == pytest.approx(before[before > 0])


def test_the_long_silent_are_forgotten() -> None:
    frame = Lists(people=10, dealt=0).epochs(1)[0]
    found = gathered([frame], 10, half_life=4)
    assert len(found.means(3.0).accounts) == 10
    silence = replace(frame, turns=np.full(len(frame), 2))
    for _ in range(40):
        found.observe(silence, 10)
    assert len(found.means(3.0).accounts) == 0


def test_only_answered_first_messages_with_words_count() -> None:
    frame = Lists(people=20, dealt=0).epochs(1)[0]
    served, bag, turns = frame.served.copy(), frame.bag.copy(), np.ones(len(frame), dtype=np.int64)
    served[0], bag[1], turns[2] = False, 0, 2
    assert first_messages(replace(frame, served=served, bag=bag, turns=turns)).tolist() == list(range(3, len(frame)))


def test_codes_may_appear_late_and_an_empty_epoch_only_fades() -> None:
    world = Lists(people=20, dealt=0)
    frame = world.epochs(1)[0]
    found = Leanings(28.0)
    found.observe(frame, world.accounts)
    found.observe(replace(frame, turns=np.full(len(frame), 2)), world.accounts + 5)
    assert found.sums.shape == (world.accounts + 5, WIDTH)
    assert found.means(1.0).accounts.max() < world.accounts


def test_nothing_seen_has_means_of_nobody() -> None:
    empty = Leanings(28.0)
    assert len(empty.means(8.0).accounts) == 0
    assert empty.spread_within().shape == (WIDTH, WIDTH)
