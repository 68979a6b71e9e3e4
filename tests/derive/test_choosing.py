"""Keyed best of m, as a whole and from streams, and the sampler's list."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.hashing import context_state, token_items
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks import best
from stillwatch.derive.marks.catalogue import MARKS
from stillwatch.derive.marks.green import GAMMA, MARK_1, MARK_2, green_list
from stillwatch.derive.marks.sampler import GreenList
from stillwatch.derive.observations import Passage

KEYS = random_words(np.random.default_rng(5), 200)
_words = st.lists(st.sampled_from([f"w{n}" for n in range(40)]), max_size=60).map(" ".join)


def _sentence(rng: np.random.Generator, length: int = 20) -> str:
    return " ".join(f"w{n}" for n in rng.integers(0, 3000, length))


def test_choosing_among_four_raises_the_score_by_what_the_best_of_four_normals_has() -> None:
    rng = np.random.default_rng(6)
    scores = []
    for key in KEYS:
        texts = [_sentence(rng) for _ in range(4)]
        scores.append(best.score(key, texts[best.choose(key, texts)]))
    assert abs(np.mean(scores) - 1.03) < 5 * 0.7 / np.sqrt(len(KEYS))


def test_over_keys_every_candidate_is_chosen_alike() -> None:
    """Distortion-free: averaged over keys, what is served is distributed as what the model writes."""
    rng = np.random.default_rng(7)
    texts = [_sentence(rng, n) for n in (19, 20, 21, 22)]
    chosen = np.bincount([best.choose(key, texts) for key in random_words(rng, 800)], minlength=4)
    assert abs(chosen - 200).max() < 5 * np.sqrt(800 * 0.25 * 0.75)


def test_of_equals_the_first_is_served_and_nothing_is_no_choice() -> None:
    assert best.choose(KEYS[0], ["a", "a", ""]) == 0
    assert best.score(KEYS[0], "one") == 0.0
    with pytest.raises(ValueError, match="at least one"):
        best.choose(KEYS[0], [])


def test_a_piece_counts_the_pairs_that_it_adds_and_no_others() -> None:
    """The pair that joins it to what stands before is one of them."""
    rng = np.random.default_rng(9)
    before, piece = _sentence(rng, 10), _sentence(rng, 10)
    pairs = best.observe(Passage(f"{before} {piece}")).items[9:]
    surplus = 2 * best.observe(Passage(f"{before} {piece}")).matches(KEYS[0])[9:].sum() - len(pairs)
    assert best.score(KEYS[0], " " + piece, before) == pytest.approx(surplus / np.sqrt(len(pairs)))
    joint = f"{before.split()[-1]} {before.split()[0]}"
    assert best.score(KEYS[0], " " + before, before) == best.score(KEYS[0], joint)  # all else was there
    assert best.score(KEYS[0], "", before) == 0


@given(st.lists(_words, min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40))))
def test_streams_give_one_candidate_whole_and_the_same_one_however_they_are_cut(
    texts: list[str], turns: list[tuple[int, int]]
) -> None:
    plain = best.Opening(KEYS[0], len(texts), opening_words=5)
    out = "".join(plain.feed(n, text, ended=True) for n, text in enumerate(texts))
    cut, cut_out, rest = best.Opening(KEYS[0], len(texts), opening_words=5), "", list(texts)
    for stream, size in turns:
        if stream < len(texts) and rest[stream]:
            cut_out += cut.feed(stream, rest[stream][:size])
            rest[stream] = rest[stream][size:]
    cut_out += "".join(cut.feed(n, text, ended=True) for n, text in enumerate(rest))
    assert plain.chosen == cut.chosen
    assert cut.chosen is not None
    assert out == cut_out == texts[cut.chosen]


def test_a_list_holds_its_share_and_changes_with_context_and_key() -> None:
    lists = green_list(KEYS[0], np.array([[1], [2]], np.uint64), 20_000)
    assert abs(lists.mean() - GAMMA) < 0.01
    assert abs((lists[0] & lists[1]).mean() - GAMMA**2) < 0.01
    other = green_list(KEYS[1], np.array([[1]], np.uint64), 20_000)[0]
    assert abs((lists[0] & other).mean() - GAMMA**2) < 0.01


@pytest.mark.parametrize(("mark", "width"), [(MARK_1, 1), (MARK_2, 2)])
def test_a_token_is_read_as_listed_if_the_sampler_had_it_listed(mark: object, width: int) -> None:
    rng = np.random.default_rng(8)
    tokens = rng.integers(0, 500, 300).astype(np.uint64)
    seen = (MARK_1 if width == 1 else MARK_2).observe(Passage("", tokens))
    sampler = GreenList(KEYS[0], width, delta=1.0)
    listed = [sampler.bias(tokens[n - width : n], 500)[int(tokens[n])] for n in range(width, len(tokens))]
    assert seen.matches(KEYS[0]).tolist() == [bias == 1.0 for bias in listed]


def test_the_sampler_adds_to_listed_tokens_alone_in_both_call_forms() -> None:
    sampler = GreenList(KEYS[0], 2, delta=1.5)
    logits = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    prompts = np.array([[9, 1, 2], [9, 3, 4], [9, 1, 2]])
    moved = sampler(prompts, logits) - logits
    expected = green_list(KEYS[0], prompts[:, 1:].astype(np.uint64), 100)
    assert np.allclose(moved, 1.5 * expected, atol=1e-6)
    for row, prompt in enumerate(prompts):
        alone = sampler.per_request(list(prompt), [], logits[row])
        continued = sampler.per_request([7], list(prompt), logits[row])
        assert np.array_equal(alone, logits[row] + 1.5 * expected[row].astype(np.float32))
        assert np.array_equal(alone, continued)


def test_without_enough_context_nothing_is_marked() -> None:
    logits = np.ones(10, np.float32)
    assert np.array_equal(GreenList(KEYS[0], 2).per_request([], [3], logits), logits)


def test_lists_are_forgotten_beyond_the_limit_and_come_back_the_same() -> None:
    sampler = GreenList(KEYS[0], 1, remembered=2)
    first = sampler.bias([1], 50).copy()
    for token in range(2, 6):
        sampler.bias([token], 50)
    assert np.array_equal(sampler.bias([1], 50), first)
    assert len(sampler.bias([1], 60)) == 60


def test_the_key_does_not_show() -> None:
    shown = repr(GreenList(KEYS[0], 1)) + repr(best.Opening(KEYS[0], 2))
    assert not any(str(word) in shown for word in KEYS[0])


def test_a_context_is_no_other_because_it_is_longer() -> None:
    one, two = context_state(np.array([[5]], np.uint64)), context_state(np.array([[0, 5]], np.uint64))
    assert token_items(one, np.array([1], np.uint64)) != token_items(two, np.array([1], np.uint64))


@pytest.mark.parametrize("mark", MARKS, ids=lambda m: m.name)
def test_every_mark_reads_nothing_from_nothing(mark: object) -> None:
    assert all(len(m.observe(Passage("", np.empty(0, np.uint64)))) == 0 for m in MARKS)
    assert len({m.name for m in MARKS}) == len(MARKS)
