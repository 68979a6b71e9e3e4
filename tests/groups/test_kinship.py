"""Match weights follow their formula, rarity decides, and copies of one template count once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.groups.activity import DAY_US, HOUR_US
from stillwatch.groups.kinship import (
    KINDS,
    Kind,
    alike_in_words,
    common_onset,
    handovers,
    match_weight,
    shared_values,
)
from stillwatch.groups.traces import WORD_BUCKETS, Holdings
from stillwatch.model.frame import Codes
from stillwatch.model.identity import NEVER

SURE = Kind("sure", 1.0, 1, "", "")
SEED = np.array([0], dtype=np.int32)


def _held(*holders: set[int]) -> Holdings:
    """One value per set of holders."""
    pairs = sorted((value, account) for value, accounts in enumerate(holders) for account in accounts)
    return Holdings(np.array([v for v, _ in pairs], dtype=np.int64), np.array([a for _, a in pairs], dtype=np.int32))


def test_the_weight_is_that_of_fellegi_and_sunter() -> None:
    weight = match_weight(np.array([1]), 1, np.array([10]), 1000, 0.5)
    assert weight[0] == pytest.approx(np.log10(0.5 / 0.01))


def test_what_everybody_holds_weighs_nothing() -> None:
    part = shared_values(_held(set(range(100))), SEED, 100, SURE)
    assert part.weight.max() == pytest.approx(0.0)
    assert part.shared[1] == 1


def test_a_rare_value_outweighs_a_common_one() -> None:
    part = shared_values(_held({0, 1}, {0, *range(2, 40)}), SEED, 1000, SURE)
    assert part.weight[1] > part.weight[2] > 0
    assert (part.holders[1], part.holders[2], part.holders[999]) == (1, 38, 0)


@given(copies=st.integers(1, 40))
@settings(max_examples=20)
def test_keys_of_one_template_count_once(copies: int) -> None:
    once = shared_values(_held({0, 1, 2}), SEED, 500, SURE)
    often = shared_values(_held(*[{0, 1, 2}] * copies), SEED, 500, SURE)
    assert np.array_equal(once.weight, often.weight)
    assert often.shared[1] == copies


def test_further_values_count_half_as_much_each() -> None:
    part = shared_values(_held({0, 1, 2}, {0, 1, 3}, {0, 1, 4}), SEED, 500, SURE)
    single = np.log10(499 / 2)
    assert part.weight[1] == pytest.approx(single * 1.75)
    assert part.weight[2] == pytest.approx(single)


def test_fewer_values_than_a_machinery_leaves_weigh_less() -> None:
    part = shared_values(_held({0, 1, 2}), SEED, 500, Kind("template", 1.0, 3, "", ""))
    assert part.weight[1] == pytest.approx(np.log10(499 / 2) / 3)


def test_a_value_of_few_seeds_says_less_than_one_of_all() -> None:
    seeds = np.array([0, 1, 2, 3], dtype=np.int32)
    part = shared_values(_held({0, 1, 2, 3, 7}, {0, 8}), seeds, 1000, SURE)
    assert part.weight[7] > part.weight[8]


@given(st.lists(st.sets(st.integers(0, 30), min_size=1), min_size=1, max_size=8))
@settings(max_examples=50)
def test_the_names_of_values_do_not_matter(holders: list[set[int]]) -> None:
    part = shared_values(_held(*holders), SEED, 31, SURE)
    again = shared_values(_held(*reversed(holders)), SEED, 31, SURE)
    assert np.allclose(part.weight, again.weight)
    assert (part.weight >= 0).all()
    assert part.weight[0] == 0
    assert ((part.weight > 0) <= (part.shared > 0)).all()


def test_opened_on_the_same_day_weighs_by_how_few_were() -> None:
    created = np.arange(100, dtype=np.int64) * 10 * DAY_US
    created[1] = created[0] + HOUR_US
    created[2] = NEVER
    part = common_onset(SEED, created)
    assert part.weight[1] > 0
    assert np.flatnonzero(part.weight).tolist() == [1]
    crowd = common_onset(SEED, np.full(100, created[0]))
    assert crowd.weight.max() == 0.0


def _activity(count: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """First and last moments of accounts that are active all along."""
    return np.zeros(count, dtype=np.int64), np.full(count, 10 * DAY_US)


def test_who_begins_when_the_seed_stops_is_found_both_ways() -> None:
    first, last = _activity(200)
    last[0] = 5 * DAY_US
    first[1] = 5 * DAY_US + HOUR_US
    # Others begin and stop at other times: a handover is only rare where handovers are not the rule.
    first[2:40] = np.linspace(6 * DAY_US, 9 * DAY_US, 38).astype(np.int64)
    last[40:80] = np.linspace(1 * DAY_US, 4 * DAY_US, 40).astype(np.int64)
    assert np.flatnonzero(handovers(SEED, first, last).weight).tolist() == [1]
    assert np.flatnonzero(handovers(np.array([1], dtype=np.int32), first, last).weight).tolist() == [0]


def test_the_edges_of_the_log_are_no_beginning_and_no_end() -> None:
    first, last = _activity(50)
    assert handovers(SEED, first, last).weight.max() == 0.0
    first[10:40] = np.linspace(2 * DAY_US, 8 * DAY_US, 30).astype(np.int64)
    last[10:40] = first[10:40] + HOUR_US
    last[1], first[0] = 3 * HOUR_US, 4 * HOUR_US
    assert handovers(SEED, first, last).weight.max() == 0.0
    last[0], first[2] = 10 * DAY_US - 4 * HOUR_US, 10 * DAY_US - 3 * HOUR_US
    assert handovers(SEED, first, last).weight.max() == 0.0


def _words(rng: np.random.Generator, lean: int | None) -> np.ndarray:  # type: ignore[type-arg]
    taste = np.ones(WORD_BUCKETS)
    if lean is not None:
        taste[lean : lean + 12] = 6.0
    return np.asarray(rng.dirichlet(taste * 5))


def test_like_words_support_and_never_decide() -> None:
    rng = np.random.default_rng(3)
    words = np.stack([_words(rng, 20 if account < 5 else None) for account in range(300)])
    part = alike_in_words(SEED, words * 10, np.full(300, 10, dtype=np.int64))
    assert set(np.argsort(-part.weight)[:4].tolist()) == {1, 2, 3, 4}
    assert part.weight.max() <= 1.0
    assert part.weight[0] == 0.0


def test_accounts_with_few_texts_are_not_compared_by_words() -> None:
    rng = np.random.default_rng(4)
    words = np.stack([_words(rng, None) for _ in range(20)])
    texts = np.full(20, 10, dtype=np.int64)
    texts[5] = 2
    assert alike_in_words(SEED, words, texts).weight[5] == 0.0
    few: Codes = np.array([5], dtype=np.int32)
    assert alike_in_words(few, words, texts).weight.max() == 0.0


def test_every_kind_says_what_else_it_could_be() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.could_be and kind.agreement and 0 < kind.agree <= 1 for kind in KINDS)
