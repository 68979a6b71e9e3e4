"""The test keeps its error rate on unmarked text, has the power of the formula, and does not depend on threads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from stillwatch.derive.eprocess import cumulants, log_e, needed
from stillwatch.derive.hashing import U64
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import BLOCK, Decoys, Outcome, run
from stillwatch.derive.marks.green import MARK_1
from stillwatch.derive.observations import Observations, Passage, observed, together
from stillwatch.derive.power import Design, detectable, plan
from stillwatch.derive.weights import LARGEST, MOST_SPREAD, SCALE, Weighed, weigh
from tests.derive.students import marked, model, student, teacher_chances

LOOKS = 4
_REFERENCE = [(1, 5, 60, 80), (1, 6, 20, 80), (2, 5, 0, 0), (2, 6, 0, 0)]
"""Context, outcome, how often both stand in the reference, how often the context does."""


def _whole(texts: U64) -> Observations:
    return together([MARK_1.observe(Passage("", row)) for row in texts])


def _observe(texts: U64) -> Observations:
    return _whole(texts).distinct()


def _test(
    seen: Observations, keys: NDArray[np.uint32], decoys: Decoys, alpha: float = 1e-3, weighed: Weighed | None = None
) -> Outcome:
    ends = [len(seen) * look // LOOKS for look in range(1, LOOKS + 1)]
    return run(seen, ends, keys, decoys, alpha, weighed=weighed, threads=1)


@pytest.fixture(scope="module")
def teacher() -> NDArray[np.float64]:
    return teacher_chances(np.random.default_rng(11))


@pytest.mark.parametrize("training", range(4))
def test_p_is_uniform_over_keys_on_what_an_unmarked_student_writes(teacher: NDArray[np.float64], training: int) -> None:
    """Size. Each key against decoys of its own; text as it comes, with all its dependence. Half with a reference."""
    rng = np.random.default_rng(training)
    whole = _whole(student([model(teacher).write(rng, 500)]).write(rng, 60))
    reference = _whole(model(teacher).write(rng, 300)) if training % 2 else None
    seen, weighed = whole.distinct(), weigh(whole, reference)
    assert weighed.guided is (reference is not None)
    keys = random_words(rng, 400)
    ps = [_test(seen, key[None], Decoys(n, 99), weighed=weighed).scores[0].p for n, key in enumerate(keys)]
    # Ties count against the suspect's accuser, so p may be a little too large, and never too small.
    assert stats.kstest(ps, "uniform").pvalue > 1e-4
    assert stats.kstest(ps, "uniform", alternative="greater").pvalue > 1e-3
    assert sum(p <= 0.05 for p in ps) <= stats.binom.ppf(0.9999, 400, 0.05)


def test_p_stays_valid_where_draws_are_far_from_independent() -> None:
    """One item a thousand times: the analytic tail is absurd, the ranks are not."""
    seen = observed(np.full(1000, 7, np.uint64), 0.25)
    keys = random_words(np.random.default_rng(2), 300)
    scores = [_test(seen, key[None], Decoys(n, 99)).scores[0] for n, key in enumerate(keys)]
    assert min(score.log10_p_analytic for score in scores) < -100
    assert sum(score.p <= 0.05 for score in scores) <= stats.binom.ppf(0.9999, 300, 0.05)


def test_power_is_what_the_formula_says(teacher: NDArray[np.float64]) -> None:
    """A student of one fifth marked text, as many observations as the plan asks for power 0.5 and 0.9 at 1 %."""
    rng = np.random.default_rng(5)
    key = random_words(rng, 1)
    corpus = [model(teacher).write(rng, 4000), model(marked(teacher, key[0], 2.0)).write(rng, 1000)]
    writer = student(corpus)
    for power, low, high in ((0.5, 0.35, 0.68), (0.9, 0.79, 0.99)):
        size = _size_for(writer, key[0], rng, power)
        won = 0
        for trial in range(60):
            seen = _observe(writer.write(rng, size // 60 + 20)).take(np.arange(size))
            won += _test(seen, key, Decoys(trial, 999), 0.01).scores[0].p <= 0.01
        assert low <= won / 60 <= high, (power, size)


def _size_for(writer: object, key: NDArray[np.uint32], rng: np.random.Generator, power: float) -> int:
    """The plan's size; the excess among so many distinct observations is measured, since it falls as they repeat."""
    size = 2000
    for _ in range(3):
        texts = [_observe(writer.write(rng, size // 60 + 20)).take(np.arange(size)) for _ in range(30)]  # type: ignore[attr-defined]
        excess = float(np.mean([seen.matches(key).mean() for seen in texts])) - 0.25
        size = plan(Design(mix=1, excess=excess, gamma=0.25, alpha=0.01, power=power)).observations
    return size


def test_a_student_of_marked_text_is_found_and_the_right_group_is_named(teacher: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(6)
    keys = random_words(rng, 16)
    corpus = [model(teacher).write(rng, 3000), model(marked(teacher, keys[11], 2.0)).write(rng, 1000)]
    outcome = _test(_observe(student(corpus).write(rng, 600)), keys, Decoys(1, 9999), 1e-3 / 16)
    assert int(np.argmin([score.p for score in outcome.scores])) == 11
    assert outcome.scores[11].p == 1e-4
    assert outcome.scores[11].look is not None
    assert outcome.scores[11].log_e >= math.log(16e3)
    assert sum(score.p < 0.01 for score in outcome.scores) <= 3


def test_the_more_of_the_training_text_is_marked_the_surer_is_the_test(teacher: NDArray[np.float64]) -> None:
    """Mixes of 0, 5, 20 and 100 %."""
    rng, z = np.random.default_rng(12), []
    key, plain = random_words(rng, 1), model(teacher)
    full = model(marked(teacher, key[0], 2.0))
    for mix in (0.0, 0.05, 0.2, 1.0):
        parts = [(plain, round(2000 * (1 - mix))), (full, round(2000 * mix))]
        whole = _whole(student([writer.write(rng, texts) for writer, texts in parts if texts]).write(rng, 700))
        score = _test(whole.distinct(), key, Decoys(1, 999), 0.01, weigh(whole)).scores[0]
        z.append(score.z)
        assert (score.p <= 0.01) is (mix >= 0.2) or mix == 0.05
    assert abs(z[0]) < 3.5 and z[0] < z[1] < z[2] < z[3]


def test_weights_see_what_counting_each_place_once_does_not(teacher: NDArray[np.float64]) -> None:
    """Where a text repeats its pairs, a faint mark is in how often."""
    rng = np.random.default_rng(7)
    key = random_words(rng, 1)
    corpus = [model(teacher).write(rng, 9200), model(marked(teacher, key[0], 2.0)).write(rng, 800)]
    whole = _whole(student(corpus).write(rng, 3000))
    seen = whole.distinct()
    even, weighed = (_test(seen, key, Decoys(1, 4000), 1e-9, w).scores[0].z for w in (None, weigh(whole)))
    assert weighed > even + 1


@pytest.mark.parametrize(
    ("times", "is_spread"), [({15: 9, 16: 1, 25: 1, 26: 9}, True), ({15: 2, 16: 1, 25: 1, 26: 1}, False)]
)
def test_a_weight_is_the_logarithm_of_seen_over_what_is_typical(times: dict[int, int], is_spread: bool) -> None:
    """Two contexts and two outcomes that like each other more than chance allows, and that do not."""
    items = np.repeat(np.array(list(times), np.uint64), list(times.values()))
    contexts, outcomes = items // np.uint64(10), items % np.uint64(10)
    found = weigh(observed(items, 0.5, contexts, outcomes))
    total = len(items)
    suggested = {i: int(sum(contexts == i // 10)) * int(sum(outcomes == i % 10)) / total for i in times}
    beyond = sum((times[i] - e) ** 2 for i, e in suggested.items()) - total
    spread = max(0.0, beyond / sum(e * e for e in suggested.values()))
    assert (spread > 0.3) is is_spread
    for item, weight in zip(found.items.tolist(), found.weight.tolist(), strict=True):
        n, typical = times[item], suggested[item] / math.sqrt(1 + spread)
        assert weight / SCALE == pytest.approx(n / (n + 1) * math.log((n + 1) / (typical + 1)), abs=1e-3)


def test_a_reference_shows_what_the_text_alone_hides(teacher: NDArray[np.float64]) -> None:
    """A student that learns chances and remembers no text: marked by a twentieth, and by chance in nothing else."""
    rng = np.random.default_rng(8)
    key = random_words(rng, 1)
    plain, full = (c / c.sum(axis=1, keepdims=True) for c in (teacher, marked(teacher, key[0], 2.0)))
    whole = _whole(model(0.95 * plain + 0.05 * full).write(rng, 1500))
    reference = _whole(model(teacher).write(rng, 3000))
    seen = whole.distinct()
    alone, guided = (
        _test(seen, key, Decoys(1, 4000), 1e-9, w).scores[0].z for w in (weigh(whole), weigh(whole, reference))
    )
    assert guided > alone + 2


def test_a_reference_that_writes_otherwise_is_set_aside(teacher: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(9)
    whole, other = _whole(model(teacher).write(rng, 100)), _whole(model(teacher_chances(rng)).write(rng, 300))
    found, alone = weigh(whole, other), weigh(whole)
    assert found.spread is not None and found.spread > MOST_SPREAD
    assert not found.guided and np.array_equal(found.weight, alone.weight)


def test_weights_from_a_reference_are_the_scores_of_the_counts() -> None:
    """Four pairs; outcome 5 follows context 1 in 60 of 80 cases of the reference, and context 2 is unknown to it."""
    contexts = np.array([1] * 40 + [2] * 40, np.uint64)
    outcomes = np.array(([5] * 30 + [6] * 10) + ([5] * 20 + [6] * 20), np.uint64)
    before, after = np.full(80, 1, np.uint64), np.array([5] * 60 + [6] * 20, np.uint64)

    def seen(contexts: U64, outcomes: U64) -> Observations:
        return observed(contexts * np.uint64(10) + outcomes, 0.5, contexts, outcomes)

    found = weigh(seen(contexts, outcomes), seen(before, after))
    shares = {5: 50 / 80, 6: 30 / 80}
    suggested = {10 * c + o: 40 * (m + 20 * shares[o]) / (k + 20) for c, o, m, k in _REFERENCE}
    times = {15: 30, 16: 10, 25: 20, 26: 20}
    beyond = sum((times[i] - e) ** 2 for i, e in suggested.items()) - 80
    spread = max(0.0, beyond / sum(e * e for e in suggested.values()))
    weights = {i: (times[i] - e) / (1 + spread * e) for i, e in suggested.items()}
    assert found.spread == pytest.approx(spread)
    assert np.abs(found.weight).max() == LARGEST
    largest = max(map(abs, weights.values()))
    for item, weight in zip(found.items.tolist(), found.weight.tolist(), strict=True):
        assert weight / LARGEST == pytest.approx(weights[item] / largest, abs=1e-5)


def test_results_do_not_depend_on_threads_or_blocks_and_are_the_same_again() -> None:
    seen = observed(np.random.default_rng(1).integers(0, 2**63, 500).astype(np.uint64), 0.25)
    keys = random_words(np.random.default_rng(2), 3)
    first, again = (run(seen, [250, 500], keys, Decoys(9, 2 * BLOCK + 7), 0.01, threads=n) for n in (1, 4))
    assert first.scores == again.scores
    assert np.array_equal(first.decoy_z, again.decoy_z)


def test_the_rank_is_that_of_a_plain_count_in_plain_python() -> None:
    """An oracle: every path in full, compared as tuples."""
    seen = observed(np.random.default_rng(3).integers(0, 2**63, 300).astype(np.uint64), 0.25)
    ends, alpha, decoys = [100, 200, 300], 0.2, Decoys(4, 500)
    keys = random_words(np.random.default_rng(4), 40)
    bounds = [needed(alpha, end, cumulants(seen.gamma[:end])) for end in ends]
    order = np.argsort(seen.items)
    weight = np.random.default_rng(5).integers(-900, 9000, 300, dtype=np.int32)
    weighed = Weighed(seen.items[order], seen.start[order], seen.width[order], weight)

    def rank(key: NDArray[np.uint32]) -> tuple[int, int]:
        path = [int(seen.matches(key)[:end].sum()) for end in ends]
        look = next((n for n, (got, bound) in enumerate(zip(path, bounds, strict=True)) if got >= bound), None)
        if look is None:
            return 0, int(weighed.weight[seen.take(order).matches(key)].sum())
        return len(ends) - look, path[look]

    others = [rank(key) for key in decoys.block(0)]
    outcome = run(seen, ends, keys, decoys, alpha, weighed=weighed)
    assert any(score.look for score in outcome.scores)  # the boundary matters in this example
    for key, score in zip(keys, outcome.scores, strict=True):
        mine = rank(key)
        beaten = sum(other >= mine for other in others)
        assert score.at_least_as_high == beaten
        assert score.p == (1 + beaten) / 501


def test_decoys_of_one_seed_are_the_same_and_of_another_differ() -> None:
    assert np.array_equal(Decoys(5, 10).block(0), Decoys(5, 9000).block(0)[:10])
    assert not np.array_equal(Decoys(5, 10).block(0), Decoys(6, 10).block(0))
    assert [len(Decoys(5, BLOCK + 1).block(n)) for n in range(Decoys(5, BLOCK + 1).blocks)] == [BLOCK, 1]


def test_an_e_value_is_one_on_average_and_rarely_large_at_any_time() -> None:
    rng = np.random.default_rng(8)
    gamma = rng.choice([0.25, 0.5], 400)
    hits = np.cumsum(rng.random((4000, 400)) < gamma, axis=1)
    last = np.array([math.exp(log_e(int(n), cumulants(gamma))) for n in hits[:, -1]])
    assert 0.3 < last.mean() < 1.5
    crossed = np.zeros(4000, bool)
    for end in range(10, 401, 10):
        crossed |= hits[:, end - 1] >= needed(0.05, end, cumulants(gamma[:end]))
    assert crossed.mean() <= 0.05
    assert crossed.any()


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_the_boundary_is_the_least_count_whose_e_value_reaches_it(count: int) -> None:
    expected = cumulants(np.full(count, 0.25))
    least = needed(1e-3, count, expected)
    if least <= count:
        assert log_e(least, expected) >= math.log(1e3) > log_e(least - 1, expected)
    else:
        assert log_e(count, expected) < math.log(1e3)


def test_the_analytic_tail_is_the_binomial_one() -> None:
    seen = observed(np.random.default_rng(1).integers(0, 2**63, 400).astype(np.uint64), 0.25)
    score = run(seen, [400], random_words(np.random.default_rng(0), 1), Decoys(1, 9), 0.01).scores[0]
    assert 10**score.log10_p_analytic == pytest.approx(stats.binom.sf(score.matches - 1, 400, 0.25))


def test_the_plan_asks_for_what_the_formula_says() -> None:
    found = plan(Design(mix=0.05, excess=0.5, gamma=0.25, alpha=1e-6, yield_share=0.5))
    assert found.epsilon == pytest.approx(0.025)
    z = stats.norm.isf(1e-6) + stats.norm.isf(0.1)
    assert found.observations == math.ceil(0.1875 * (z / 0.025) ** 2)
    assert found.tokens == pytest.approx(2 * found.observations, abs=1)
    assert found.least_decoys == 999_999
    assert detectable(found.observations, 0.25, 1e-6) == pytest.approx(0.025, rel=1e-3)


@pytest.mark.parametrize(
    ("design", "why"),
    [
        (Design(mix=0.0, excess=0.5, gamma=0.25, alpha=1e-6), "nothing of the mark"),
        (Design(mix=0.01, excess=0.1, gamma=0.25, alpha=1e-6, tokens_at_hand=1000), "there are 1,000"),
        (Design(mix=1e-5, excess=0.1, gamma=0.25, alpha=1e-6), "can be collected"),
    ],
)
def test_the_plan_says_when_it_is_hopeless(design: Design, why: str) -> None:
    assert why in plan(design).hopeless


def test_more_keys_need_more_text_and_more_decoys() -> None:
    one, many = (plan(Design(mix=0.1, excess=0.5, gamma=0.25, alpha=1e-4, hypotheses=n)) for n in (1, 64))
    assert many.observations > one.observations
    assert (one.least_decoys, many.least_decoys) == (9_999, 639_999)
