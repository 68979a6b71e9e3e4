"""Traces keep exactly what the seeds' values need, whatever the cut into epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stillwatch.groups.traces import Traces, Wanted
from stillwatch.model.frame import Frame
from stillwatch.model.tables import BAG_SIZE, SKELETON_SIZE
from tests.campaigns.frames import build


def frame(rows: Sequence[tuple[int, int, int]], net: int = -1) -> Frame:
    """Requests as (account, template key, prompt); the prompt is also the moment and the word used."""
    account, key, prompt = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    skeleton = np.zeros((len(rows), SKELETON_SIZE), dtype=np.int64)
    skeleton[:, 0] = key
    bag = np.zeros((len(rows), BAG_SIZE), dtype=np.uint8)
    bag[np.arange(len(rows)), prompt] = 1
    return build(prompt, account, skeleton=skeleton, exact=prompt, bag=bag, net=np.full(len(rows), net))


def test_only_keys_under_two_prompts_and_values_of_the_seeds_are_wanted() -> None:
    seed = frame([(0, 7, 1), (0, 7, 2), (0, 8, 3)], net=4)
    wanted = Wanted.of([seed])
    assert wanted.keys.tolist() == [7]
    assert wanted.nets.tolist() == [4]


def test_a_key_seen_twice_in_different_epochs_counts() -> None:
    assert Wanted.of([frame([(0, 7, 1)]), frame([(0, 7, 2)])]).keys.tolist() == [7]


def test_holders_used_the_key_under_two_prompts() -> None:
    rows = [(0, 7, 1), (0, 7, 2), (1, 7, 3), (1, 7, 4), (2, 7, 5), (2, 7, 5), (3, 9, 6), (3, 9, 7)]
    traces = Traces(Wanted.of([frame(rows[:2])]))
    traces.observe(frame(rows), 4)
    assert traces.templates().account.tolist() == [0, 1]


def test_the_cut_into_epochs_does_not_matter() -> None:
    rows = [(account, 7 + account % 2, prompt) for prompt, account in enumerate([0, 1, 2, 0, 1, 2, 0, 2, 2], 1)]
    wanted = Wanted.of([frame([r for r in rows if r[0] == 0])])
    whole, parts = Traces(wanted), Traces(wanted)
    whole.observe(frame(rows), 3)
    for row in rows:
        parts.observe(frame([row]), max(len(parts), row[0] + 1))
    assert np.array_equal(whole.texts, parts.texts)
    for name in ("first_us", "last_us"):
        assert np.array_equal(getattr(whole.activity, name), getattr(parts.activity, name)), name
    assert np.allclose(whole.words, parts.words)
    assert whole.words.sum(axis=1).tolist() == whole.texts.tolist()
    assert np.array_equal(whole.templates().account, parts.templates().account)
    assert np.array_equal(whole.networks().account, parts.networks().account)


def test_a_seed_without_text_wants_no_key_and_finds_no_holder() -> None:
    traces = Traces(Wanted.of([]))
    traces.observe(frame([(0, 7, 1), (0, 7, 2)]), 1)
    assert len(traces.templates().account) == 0
    assert len(traces.networks().account) == 0
