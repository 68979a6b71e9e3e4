"""The timing bet as a hostile statistician would play it: no independent accounts may win by it on average.

All draws are seeded, so a mean above its bound is a finding and not bad luck. The bound is 1 plus four standard errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.evidence import timing
from tests.evidence.streams import EPOCH, MINUTE, SECOND, Stream, aligned, bursts, cron, merged, ordered, poisson, queue

Make = Callable[[np.random.Generator], Stream]
CEILING = float(np.log(timing.SHIFTS + 1))
INDEPENDENT: dict[str, Make] = {
    "poisson": poisson,
    "poisson over few accounts": lambda rng: poisson(rng, accounts=9),
    "rate that drifts over the day": lambda rng: poisson(rng, day=True),
    "clock of milliseconds": lambda rng: poisson(rng, tick=1000),
    "clock of seconds": lambda rng: poisson(rng, n=900, tick=SECOND),
    "clock of minutes": lambda rng: poisson(rng, n=900, tick=MINUTE),
    "clock of minutes, busy": lambda rng: poisson(rng, n=5800, tick=MINUTE),
    "cron jobs at random phases": lambda rng: cron(rng, accounts=30, period=15 * MINUTE, jitter=2 * SECOND),
    "few quick cron jobs": lambda rng: cron(rng, accounts=12, period=5 * MINUTE, jitter=SECOND),
    "slow cron jobs": lambda rng: cron(rng, accounts=80, period=60 * MINUTE, jitter=30 * SECOND),
    "more cron requests than are looked at": lambda rng: cron(rng, accounts=60, period=MINUTE, jitter=SECOND // 10),
    "cron jobs of several periods": lambda rng: merged(
        cron(rng, accounts=15, period=10 * MINUTE, jitter=SECOND),
        cron(rng, accounts=15, period=30 * MINUTE, jitter=SECOND, first=15),
    ),
    "sittings": bursts,
    "sittings beside cron jobs": lambda rng: merged(
        bursts(rng, accounts=15), cron(rng, accounts=15, period=20 * MINUTE, jitter=SECOND, first=15)
    ),
}


def evidence(make: Make, repetitions: int) -> NDArray[np.float64]:
    found = []
    for seed in range(repetitions):
        ts, account = make(np.random.default_rng(seed))
        found.append(timing.log_e(ts, account, 0, EPOCH, seed))
    return np.array(found)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent_accounts_earn_nothing_on_average(name: str) -> None:
    e = np.exp(evidence(INDEPENDENT[name], 32))
    assert e.mean() <= 1 + 4 * e.std() / np.sqrt(len(e))
    assert np.mean(e >= 20) <= 0.05 + 3 * np.sqrt(0.05 / len(e))


def test_the_seed_of_the_shifts_is_no_lever() -> None:
    """The mean over streams stays fair whichever single seed draws the shifts."""
    streams = [poisson(np.random.default_rng(seed), n=300) for seed in range(32)]
    for seed in (0, 1):
        e = np.exp([timing.log_e(ts, account, 0, EPOCH, seed) for ts, account in streams])
        assert e.mean() <= 1 + 4 * e.std() / np.sqrt(len(e))


def test_a_drained_queue_pays_the_steadier_the_more() -> None:
    steady, jittery, random = (evidence(lambda rng, j=j: queue(rng, jitter=j), 5).mean() for j in (0.3, 0.5, 4.0))
    assert steady == pytest.approx(CEILING, abs=0.1)
    assert jittery > CEILING - 0.7
    assert random < 1


def test_a_clock_of_minutes_does_not_hide_a_queue() -> None:
    """Eight requests a minute: without spreading them inside their minute, a window of eight has no length."""

    def stamped(rng: np.random.Generator) -> Stream:
        ts, account = queue(rng, jitter=0.3, n=3000)
        return ordered(ts.astype(np.float64), account.astype(np.int64), tick=MINUTE)

    assert evidence(stamped, 5).mean() > CEILING - 1


def test_one_test_never_claims_more_than_its_shifts_can_show() -> None:
    assert (evidence(lambda rng: queue(rng, jitter=0.1), 5) <= CEILING + 1e-9).all()


def test_a_longer_look_sees_a_weaker_regularity() -> None:
    short, long = (evidence(lambda rng, n=n: queue(rng, jitter=0.8, n=n), 8).mean() for n in (60, 900))
    assert long > short + 0.5


def test_cover_traffic_makes_it_weaker() -> None:
    def covered(rng: np.random.Generator) -> Stream:
        return merged(queue(rng, jitter=0.5, n=200), poisson(rng, n=600, accounts=60))

    assert evidence(covered, 6).mean() < evidence(lambda rng: queue(rng, jitter=0.5, n=200), 6).mean() - 1


@pytest.mark.parametrize("accounts", [1, 3, 7])
def test_too_few_accounts_say_nothing(accounts: int) -> None:
    """One account's evenness is its own business."""
    assert evidence(lambda rng: queue(rng, jitter=0.3, accounts=accounts), 2) == pytest.approx(np.zeros(2), abs=1e-9)


def test_one_dominant_account_says_nothing() -> None:
    """A steady account with 95 % of the requests, among twenty others that are independent."""

    def dominated(rng: np.random.Generator) -> Stream:
        return merged(queue(rng, jitter=0.2, accounts=1), poisson(rng, n=25, accounts=20, first=1))

    assert (evidence(dominated, 5) < 1).all()


def test_jobs_on_the_same_minute_are_taken_for_one_dispatcher_at_most_once() -> None:
    """Aligned clocks are a common cause that the test cannot tell from a dispatcher; its ceiling bounds the harm."""
    found = evidence(lambda rng: aligned(rng, accounts=16, period=10 * MINUTE), 3)
    assert (found <= CEILING + 1e-9).all()


@pytest.mark.parametrize("n", [0, 1, 16])
def test_too_few_requests_say_nothing(n: int) -> None:
    ts = np.arange(n, dtype=np.int64) * MINUTE
    assert timing.log_e(ts, np.arange(n, dtype=np.int32), 0, EPOCH, 1) == 0.0


def test_everybody_at_one_instant_is_no_evidence() -> None:
    ts = np.full(200, 5 * MINUTE, dtype=np.int64)
    found = timing.log_e(ts, np.arange(200, dtype=np.int32) % 20, 0, EPOCH, 1)
    assert np.isfinite(found)
    assert found < 3


def test_the_same_seed_gives_the_same_evidence() -> None:
    ts, account = queue(np.random.default_rng(1), jitter=0.5)
    assert timing.log_e(ts, account, 0, EPOCH, 7) == timing.log_e(ts, account, 0, EPOCH, 7)


def test_names_of_accounts_and_the_date_carry_no_information() -> None:
    ts, account = queue(np.random.default_rng(2), jitter=0.8)
    later = 40 * 86_400_000_000
    moved = timing.log_e(ts + later, account + 500, later, later + EPOCH, 3)
    assert moved == pytest.approx(timing.log_e(ts, account, 0, EPOCH, 3), abs=1e-6)
