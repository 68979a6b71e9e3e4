"""What decisions do to a request: strictest per measure, hardest refusal first, observed ones nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.feed.decision import Parameters
from stillwatch.feed.limiter import Limiter
from stillwatch.feed.tiers import Tier, Tiers, faults
from stillwatch.feed.verdict import PASS, Asked, Verdict, judge, merged
from tests.feed.made import NOW, terms

TIERS = Tiers(
    "paid",
    (
        Tier("anonymous", models=("small-*",), logprobs=False, max_tokens=100, batch=False, fine_tuning_export=False),
        Tier("paid", models=("small-*", "large")),
        Tier("partner"),
    ),
)


def verdict(
    *decisions: object, asked: Asked | None = None, tiers: Tiers | None = None, tier: str | None = None
) -> Verdict:
    return judge(asked or Asked("large"), decisions, NOW, Limiter(), "acc-1", tiers, tier)  # type: ignore[arg-type]


def test_without_decisions_everything_passes() -> None:
    assert verdict() is PASS


@pytest.mark.parametrize(
    ("measure", "status", "code"),
    [("suspend", 403, "account_suspended"), ("require-verification", 403, "verification_required")],
)
def test_a_refusal_names_code_decision_and_appeal(measure: str, status: int, code: str) -> None:
    refusal = verdict(terms(measure=measure)).refusal
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.decision_id, refusal.appeal) == (status, code, "d-1", "mailto:a")


def test_the_hardest_refusal_comes_first() -> None:
    both = verdict(terms("d-1", measure="throttle", requests_per_minute=1e-9), terms("d-2"))
    assert both.refusal is not None and both.refusal.code == "account_suspended"


def test_observing_changes_nothing_and_is_named() -> None:
    seen = verdict(terms(mode="observe"), terms("d-2", measure="limit", mode="observe", logprobs=False))
    assert (seen.refusal, seen.limits, seen.observed) == (None, None, ("d-1", "d-2"))


def test_limits_add_up_field_by_field() -> None:
    found = verdict(
        terms("d-1", measure="limit", max_tokens=50, reasoning="summarised"),
        terms("d-2", measure="limit", max_tokens=80, max_choices=1, reasoning="hidden", logprobs=False),
    )
    assert found.limits == Parameters(logprobs=False, max_choices=1, max_tokens=50, reasoning="hidden")
    assert found.applied == ("d-1", "d-2")


_LIMITS = st.builds(
    Parameters,
    max_tokens=st.none() | st.integers(1, 5),
    max_choices=st.none() | st.integers(1, 5),
    logprobs=st.sampled_from([None, False]),
    reasoning=st.sampled_from([None, "shown", "summarised", "hidden"]),
    batch=st.sampled_from([None, False]),
)


@given(st.lists(_LIMITS, max_size=4), st.randoms(use_true_random=False))
def test_merging_knows_no_order_and_is_never_looser(limits: list[Parameters], dice: object) -> None:
    found = merged(limits)
    dice.shuffle(limits)  # type: ignore[attr-defined]
    assert merged(limits) == found
    assert merged([*limits, *([found] if found else [])]) == found
    for given_limit in limits:
        if given_limit.max_tokens is not None:
            assert found is not None and found.max_tokens is not None and found.max_tokens <= given_limit.max_tokens


def test_unannounced_ones_are_kept_apart() -> None:
    found = verdict(terms(measure="mark", mark_id="m-1", announced=False))
    assert (found.mark, found.applied, found.silent) == ("m-1", (), ("d-1",))


def test_tiers_say_which_models_are_released() -> None:
    assert verdict(asked=Asked("large"), tiers=TIERS).refusal is None
    refused = verdict(asked=Asked("huge"), tiers=TIERS).refusal
    assert refused is not None and (refused.code, refused.decision_id) == ("model_not_released", None)
    assert verdict(asked=Asked("huge"), tiers=TIERS, tier="partner").refusal is None
    unknown = verdict(asked=Asked("large"), tiers=TIERS, tier="gold").refusal
    assert unknown is not None  # an unknown tier is the least trusted


def test_a_decision_lowers_a_tier_and_never_raises_it() -> None:
    lowered = terms(measure="release-tier", tier="anonymous")
    refused = verdict(lowered, tiers=TIERS, tier="partner").refusal
    assert refused is not None and refused.decision_id == "d-1"
    small = verdict(lowered, asked=Asked("small-1"), tiers=TIERS, tier="partner")
    assert small.limits == Parameters(logprobs=False, max_tokens=100, batch=False)
    raised = verdict(terms(measure="release-tier", tier="partner"), asked=Asked("huge"), tiers=TIERS)
    assert raised.refusal is not None


def test_batches_and_exports_are_refused_where_they_are_not_released() -> None:
    batch = verdict(terms(measure="limit", batch=False), asked=Asked("large", batch=True)).refusal
    assert batch is not None and (batch.code, batch.decision_id) == ("batch_not_released", "d-1")
    export = verdict(asked=Asked(None, export=True), tiers=TIERS, tier="anonymous").refusal
    assert export is not None and export.code == "export_not_released"


def test_the_strictest_rate_counts() -> None:
    limiter, held = (
        Limiter(),
        (
            terms("d-1", measure="throttle", requests_per_minute=60.0),
            terms("d-2", measure="throttle", requests_per_minute=6.0),
        ),
    )
    codes = []
    for second in range(12):
        found = judge(Asked(), held, NOW + second, limiter, "acc-1", None, None).refusal
        codes.append(found.retry_after if found else 0)
    assert codes == [0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9]


@given(
    st.floats(0.5, 600),
    st.integers(1, 5),
    st.lists(st.floats(0, 30), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_the_rate(rate: float, burst: int, gaps: list[float]) -> None:
    limiter, held, now = Limiter(), terms(measure="throttle", requests_per_minute=rate, burst=burst), float(NOW)
    passed: list[float] = []
    for gap in gaps:
        now += gap
        wait = limiter.wait("acc-1", held, now)
        if wait <= 0:
            passed.append(now)
        else:
            # Whoever comes back when told is let through.
            assert wait <= 60 / rate * burst + 1e-6
    for place, first in enumerate(passed):
        for count, last in enumerate(passed[place:], start=1):
            assert count <= burst + (last - first) * rate / 60 + 1e-6


def test_limiters_forget_the_longest_silent_and_stay_small() -> None:
    limiter, held = Limiter(most=10), terms(measure="throttle", requests_per_minute=1.0)
    assert [limiter.wait(f"acc-{n}", held, NOW) for n in range(20)] == [0.0] * 20
    assert limiter.wait("acc-19", held, NOW) > 0
    assert limiter.wait("acc-0", held, NOW) == 0.0


def test_a_table_of_tiers_says_everything_that_is_wrong_with_it() -> None:
    wrong = Tiers("gold", (Tier("a", max_tokens=0), Tier("a")))
    assert len(list(faults(wrong))) == 3
    assert list(faults(TIERS)) == []
