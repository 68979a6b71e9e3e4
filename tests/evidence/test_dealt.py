"""The bet on one pool is fair for people chosen because they were alike, and strong for accounts of one list."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.evidence.dealt import LEAST_MEMBERS, Floats, Habits, Means, comparable, likely, log_e

SPREAD = np.geomspace(8.0, 0.1, 20)


def observed(rng: np.random.Generator, true: Floats, texts: Floats) -> Means:
    return Means(true + rng.normal(size=true.shape) / np.sqrt(texts)[:, None], texts)


def drawn(rng: np.random.Generator, n: int) -> Floats:
    found: Floats = rng.normal(size=(n, len(SPREAD))) * np.sqrt(SPREAD)
    return found


def chosen(rng: np.random.Generator, true: Floats, size: int, later_texts: float = 12.0) -> float:
    """Of accounts with these true means the ``size`` nearest to the first are the group, chosen by their past."""
    texts = rng.integers(8, 60, len(true)).astype(np.float64)
    past = observed(rng, true, texts)
    distance = ((past.place - past.place[0]) ** 2 / (1 / texts[:, None] + 1 / texts[0] + 0.2 * SPREAD)).sum(axis=1)
    order = np.argsort(distance)
    group, outside = order[:size], order[size:]
    members = Means(past.place[group], texts[group])
    near = comparable(members, Means(past.place[outside], texts[outside]), SPREAD)
    later = observed(rng, true[group], rng.poisson(later_texts, size).astype(np.float64) + 1.0)
    return log_e(members, later, near, SPREAD)


@pytest.mark.parametrize("size", [12, 40])
def test_people_chosen_for_being_alike_give_a_mean_of_at_most_one(size: int) -> None:
    rng = np.random.default_rng(size)
    values = [np.exp(chosen(rng, drawn(rng, 400), size)) for _ in range(150)]
    assert np.mean(values) <= 1.0


def test_people_gathered_around_tastes_give_a_mean_of_at_most_one() -> None:
    rng = np.random.default_rng(2)
    values = []
    for _ in range(150):
        tastes = drawn(rng, 8)[rng.integers(8, size=400)]
        values.append(np.exp(chosen(rng, np.sqrt(0.7) * tastes + np.sqrt(0.3) * drawn(rng, 400), 20)))
    assert np.mean(values) <= 1.0


def test_people_of_one_taste_who_stand_apart_are_the_mistake_that_remains() -> None:
    """Nearly all of one taste are chosen, so nobody comparable is left. Few pass, but more than promised."""
    rng = np.random.default_rng(2)
    values = []
    for _ in range(100):
        tastes = drawn(rng, 20)[rng.integers(20, size=400)]
        values.append(chosen(rng, np.sqrt(0.9) * tastes + np.sqrt(0.1) * drawn(rng, 400), 15))
    assert np.mean(np.exp(values)) > 1.0
    assert np.mean(np.array(values) > 9.2) <= 0.05


def test_sittings_make_people_no_group() -> None:
    """Messages that come in threes on one subject: means vary three times as much as their texts say."""
    rng = np.random.default_rng(3)
    values = []
    for _ in range(150):
        true, texts = drawn(rng, 300), np.full(300, 24.0)
        past, later = observed(rng, true, texts / 3), observed(rng, true, texts / 3)
        order = np.argsort(((past.place - past.place[0]) ** 2 / (0.1 + SPREAD)).sum(axis=1))
        group, outside = order[:20], order[20:]
        members = Means(past.place[group], texts[group])
        near = comparable(members, Means(past.place[outside], texts[outside]), SPREAD)
        values.append(np.exp(log_e(members, Means(later.place[group], texts[group]), near, SPREAD)))
    assert np.mean(values) <= 1.0


@pytest.mark.parametrize("cover", [0.0, 0.4])
def test_one_list_behind_many_accounts_fires(cover: float) -> None:
    rng = np.random.default_rng(4)
    true = drawn(rng, 400)
    true[:40] = (1 - cover) * true[0] + cover * true[:40] * (rng.random((40, 1)) < 0.7)
    assert chosen(rng, true, 40) > 9.2


def test_too_few_later_messages_members_or_outsiders_say_nothing() -> None:
    rng = np.random.default_rng(5)
    true = np.repeat(drawn(rng, 1), 30, axis=0)
    past = observed(rng, true, np.full(30, 20.0))
    near = Habits(np.zeros(len(SPREAD)), SPREAD)
    silent = Means(past.place, np.full(30, 3.0))
    assert log_e(past, silent, near, SPREAD) == 0
    few = Means(past.place, np.where(np.arange(30) < LEAST_MEMBERS - 1, 20.0, 0.0))
    assert log_e(past, few, near, SPREAD) == 0
    assert comparable(past, Means(past.place[:9], past.texts[:9]), SPREAD) is None
    assert log_e(past, past, None, SPREAD) == 0


def test_who_fits_the_pool_is_told_from_whom_it_swept_in() -> None:
    rng = np.random.default_rng(5)
    pool, neighbours = drawn(rng, 1), drawn(rng, 1)
    true = np.concatenate([np.repeat(pool, 40, axis=0), np.repeat(neighbours, 10, axis=0), drawn(rng, 10)])
    texts = np.full(60, 12.0)
    members = observed(rng, true, texts)
    fits = likely(members, Habits(neighbours[0], 0.2 * SPREAD), SPREAD)
    assert fits[:40].mean() >= 0.95
    assert not fits[40:].any()


def test_without_comparable_others_the_habits_of_everybody_are_the_measure() -> None:
    rng = np.random.default_rng(6)
    true = np.concatenate([np.repeat(drawn(rng, 1), 30, axis=0), drawn(rng, 300)])
    fits = likely(observed(rng, true, np.full(330, 12.0)), None, SPREAD)
    centred = likely(observed(rng, true[:40], np.full(40, 12.0)), None, SPREAD)
    assert centred[:30].all()
    assert fits[30:].mean() <= 0.05
