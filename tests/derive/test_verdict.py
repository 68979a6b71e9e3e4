"""A protocol says everything beforehand or is refused; a verdict uses the declared words and nothing stronger."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.keys import MarkKey
from stillwatch.derive.marks.mark import LEAST_OBSERVATIONS
from stillwatch.derive.protocol import Protocol, declare
from stillwatch.derive.verdict import LIMITS, Check, holm, judge
from stillwatch.errors import ConfigurationError


def _key(name: str, mark: str = "forms") -> MarkKey:
    return MarkKey(name, f"group-{name}", mark, f"c{name}", "2026-01-01T00:00:00Z", np.zeros(4, np.uint32))


def _protocol(*names: str, alpha: float = 1e-3, decoys: int = 99_999) -> Protocol:
    return declare("s.jsonl", tuple(map(_key, names)), 0.5, alpha=alpha, decoys=decoys)


def test_the_hash_covers_whatever_can_change_the_outcome() -> None:
    base = _protocol("a", "b")
    other = (
        _protocol("a"),
        _protocol("b", "a"),
        _protocol("a", "b", alpha=1e-4),
        _protocol("a", "b", decoys=199_999),
        replace(base, looks=4),
        replace(base, suspect="t.jsonl"),
        replace(base, controls=("x",)),
        replace(base, served=("x",)),
    )
    assert len({base.name, *(p.name for p in other)}) == len(other) + 1
    assert _protocol("a", "b").name == base.name
    assert len({base.seed, *(p.seed for p in other)}) == len(other) + 1


def test_a_protocol_tells_all_that_was_to_be_declared() -> None:
    document = _protocol("a").as_document()
    assert {"hypothesis", "null", "statistic", "stopping_rule", "alpha", "correction", "invalid_if"} <= set(document)


def test_alpha_below_what_the_decoys_can_show_is_refused_with_the_number_needed() -> None:
    with pytest.raises(ConfigurationError, match="at least 1,999,999 decoys"):
        _protocol("a", "b", alpha=1e-6)
    assert _protocol("a", "b", alpha=1e-6, decoys=1_999_999).decoys == 1_999_999


def test_every_mistake_is_listed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        declare("s", (_key("a"), _key("a"), _key("b", "best")), 0.5, alpha=2.0, decoys=9)
    assert len(caught.value.mistakes) == 3
    with pytest.raises(ConfigurationError, match="no key"):
        declare("s", (), 0.5, alpha=0.1, decoys=9)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=20))
def test_holm_is_between_nothing_and_bonferroni_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= a <= min(1.0, len(ps) * p) + 1e-12 for p, a in zip(ps, adjusted, strict=True))
    assert min(adjusted) == min(1.0, len(ps) * min(ps))
    assert sorted(range(len(ps)), key=lambda k: (ps[k], k)) == sorted(
        range(len(ps)), key=lambda k: (adjusted[k], ps[k], k)
    )


def test_holm_on_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_a_key_that_fits_is_named_in_the_declared_words() -> None:
    verdict = judge(_protocol("a", "b"), [0.5, 0.0004], 1000, [], 0.1, {})
    assert verdict.word == "supports"
    assert verdict.named == ("b",)
    assert verdict.sentences == (
        "trained on text marked with key b, served only to group-b; how it got there is not tested",
    )


def test_the_correction_is_applied() -> None:
    assert judge(_protocol("a", "b"), [0.5, 0.0006], 1000, [], 0.1, {}).word == "does not support"


def test_what_does_not_support_says_what_would_have_been_seen() -> None:
    verdict = judge(_protocol("a"), [0.5], 1000, [], 0.1, {})
    assert verdict.word == "does not support"
    assert "60.0% of them instead of 50.0%" in verdict.sentences[0]
    assert verdict.named == ()


def test_too_little_text_is_invalid_even_if_a_key_fits() -> None:
    assert judge(_protocol("a"), [1e-5], LEAST_OBSERVATIONS, [], 0.1, {}).word == "supports"
    assert judge(_protocol("a"), [1e-5], LEAST_OBSERVATIONS - 1, [], 0.1, {}).word == "test invalid"


@pytest.mark.parametrize(("p", "word"), [(0.0006, "supports"), (0.0005, "test invalid")])
def test_a_check_that_fits_a_key_makes_the_test_invalid(p: float, word: str) -> None:
    """The level of the checks, one in a thousand, is shared among them."""
    checks = [Check("the prompts", "a", 500, 0.1, 0.6), Check("control x", "a", 500, 3.3, p)]
    verdict = judge(_protocol("a"), [1e-5], 1000, checks, 0.1, {})
    assert verdict.word == word
    assert (word == "supports") or "control x fits key a" in verdict.sentences[0]


def test_no_word_claims_more_than_a_test_can() -> None:
    everything = [*LIMITS, *judge(_protocol("a"), [1e-5], 1000, [], 0.1, {}).sentences]
    everything += judge(_protocol("a"), [0.9], 10, [Check("c", "a", 1, 9.0, 1e-5)], 0.1, {}).sentences
    assert not re.search(r"\b(proof|prove[sn]?|stole|theft|guilty|certain)", " ".join(everything), re.IGNORECASE)
