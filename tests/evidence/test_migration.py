"""Retry migration: exactly fair to accounts that react to their own refusals in any way, strong on one dispatcher.

Means under the null are exact sums over every fall of the coins, not simulations.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from stillwatch.app.inmemory import frames, sketch_table
from stillwatch.evidence.coin import Coins, Decided, Experiment
from stillwatch.evidence.migration import Migration, log_e, log_e_unknown_rate
from stillwatch.facts.frame import Codebooks
from stillwatch.model.frame import Frame
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.benign.aggregator import Aggregator
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.relay import LiveRelay
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.stream import Actor
from stillwatch.worlds.world import make_world
from tests.campaigns.frames import EPOCH, START
from tests.evidence.test_echoes import requests

Program = tuple[tuple[int, int], ...]
"""What an account sends: (step, text) of its first request, then of its second if the first was served or refused,
then of its third after each fall of both coins."""
MOVES = st.tuples(st.integers(0, 12), st.integers(0, 2))
PROGRAMS: st.SearchStrategy[Program] = st.tuples(*(MOVES for _ in range(7)))


def play(programs: list[Program], coins: tuple[bool, ...]) -> Frame:
    """One epoch of accounts whose next request depends in any way on how their own coins fell, three coins each."""
    found, shed = [], {}
    for account, program in enumerate(programs):
        state = 0
        for n in range(3):
            step, text = program[state]
            coin = coins[3 * account + n]
            found.append((13 * n + step, account, text))
            shed[START + found[-1][0] * 150_000_000, account] = coin
            state = 2 * state + 1 + coin
    frame = requests(found)
    frame.shed[:] = [shed[ts, a] for ts, a in zip(frame.ts.tolist(), frame.account.tolist(), strict=True)]
    return frame


def chance(coins: tuple[bool, ...], q: float) -> float:
    return float(np.prod(np.where(coins, q, 1 - q)))


def evidence(frame: Frame, members: int, rate: float | None = None) -> Migration:
    found = Migration(Coins())
    found.add(frame, np.flatnonzero(frame.account < members), rate)
    return found


@given(PROGRAMS, PROGRAMS, st.sampled_from([0.01, 0.2]))
@settings(deadline=None, max_examples=25)
def test_the_mean_is_one_however_accounts_react_to_their_own_refusals(one: Program, two: Program, q: float) -> None:
    mean = 0.0
    for coins in product((False, True), repeat=6):
        mean += chance(coins, q) * np.exp(evidence(play([one, two], coins), 2, q).log_e())
    assert mean == pytest.approx(1.0)


def test_accounts_that_answer_a_refusal_with_the_others_text_are_no_exception() -> None:
    """Bets in both directions at once would be bets on each other here: their product has a mean above one."""
    crossed = ((0, 0), (0, 2), (0, 1), *[(12, 2)] * 4), ((0, 1), (0, 2), (0, 0), *[(12, 2)] * 4)
    close = [tuple((step - 12 * (n in (1, 2)), text) for n, (step, text) in enumerate(p)) for p in crossed]
    q, mean, both = 0.05, 0.0, 0.0
    for coins in product((False, True), repeat=6):
        found = evidence(play(close, coins), 2, q)
        mean += chance(coins, q) * np.exp(found.log_e())
        odds = np.exp(found.refused[0].sum() * np.log(16) - found.echoing[0].sum() * np.log1p(q * 15))
        both += chance(coins, q) * odds
    assert mean == pytest.approx(1.0)
    assert both > 1.01


@cache
def every_fall() -> list[tuple[tuple[bool, ...], Migration]]:
    """One account's program reacts, another echoes it, the coins of a third stand for everybody else's."""
    reacting: Program = ((0, 0), (1, 1), (2, 0), (3, 1), (3, 0), (5, 2), (6, 1))
    steady: Program = ((1, 0), (2, 1), (2, 1), *[(4, 0)] * 4)
    falls = product((False, True), repeat=9)
    return [(coins, evidence(play([reacting, steady, steady], coins), 2)) for coins in falls]


@cache
def worth_after(before: Coins) -> list[tuple[tuple[bool, ...], float]]:
    """What each fall is worth to somebody who has seen ``before``."""
    return [(coins, float(np.exp(replace(found, before=before).log_e()))) for coins, found in every_fall()]


@pytest.mark.parametrize("q", [0.0, 0.003, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("before", [Coins(), Coins(50, 5), Coins(2000, 6)])
def test_the_mean_is_at_most_one_whatever_the_unknown_rate(q: float, before: Coins) -> None:
    mean = sum(chance(coins, q) * e for coins, e in worth_after(before))
    assert 0 < mean <= 1.0 + 1e-9


@given(
    st.integers(0, 200),
    st.integers(0, 20),
    st.floats(1e-4, 0.5),
    st.integers(0, 5000),
)
@settings(deadline=None, max_examples=100)
def test_not_knowing_the_rate_never_helps(echoing: int, refused: int, q: float, thrown: int) -> None:
    """At any q the result is at most the e-value at q times the outside bet at q."""
    counts = np.array([echoing]), np.array([min(refused, echoing)])
    before, outside = Coins(1000, 3), Coins(thrown, thrown // 200)
    a, b = 3.5, 997.5
    k, n = outside.refused, outside.thrown
    posterior = beta.logpdf(q, a + k, b + n - k) - beta.logpdf(q, a, b)
    assert log_e_unknown_rate(*counts, before, outside) <= log_e(*counts, np.array([q]))[0] - posterior + 1e-9


def test_the_coin_need_not_be_thrown_for_everybody_where_its_rate_was_decided() -> None:
    """Half of what echoes was spared: a rate learned from all requests would be half of the true one."""
    decided = Decided((Experiment(START - 5, START + 1, 0.2), Experiment(START + EPOCH, START + 2 * EPOCH, 0.9)))
    reacting: Program = ((0, 0), (1, 1), (2, 0), (3, 1), (3, 0), (5, 2), (6, 1))
    spared: Program = ((1, 0), (2, 1), (2, 1), *[(4, 0)] * 4)
    mean, rate = 0.0, 0.2
    for thrown in product((False, True), repeat=3):
        frame = play([spared, reacting, spared], (False,) * 3 + thrown + (False,) * 3)
        assert decided.rate_of(frame) == rate
        mean += chance(thrown, rate) * np.exp(evidence(frame, 3, decided.rate_of(frame)).log_e())
    assert mean <= 1.0 + 1e-9


def test_a_refusal_that_no_experiment_explains_has_the_rate_learned_again() -> None:
    falls = (True, False, False, False, True, False)
    frame = play([((0, 0), *[(1, 1)] * 6), ((1, 0), *[(2, 1)] * 6)], falls)
    known, learned = (evidence(frame, 2, rate) for rate in (0.01, None))
    assert known.seen[1] > 0 and known.log_e() > learned.log_e()
    known.add(frame, np.arange(len(frame)), None)
    learned.add(frame, np.arange(len(frame)), None)
    assert known.log_e() == learned.log_e()
    assert Decided().rate_of(frame) is None


def test_what_echoes_and_was_refused_speaks_and_what_was_served_speaks_against() -> None:
    rate, many = np.array([0.003]), np.array([40])
    assert log_e(np.array([6]), np.array([5]), rate)[0] > 15
    assert log_e(many, np.array([0]), rate)[0] < 0
    assert log_e(np.array([0]), np.array([0]), rate)[0] == pytest.approx(0.0)
    known = Coins(100_000, 300)
    unknown = log_e_unknown_rate(np.array([6]), np.array([5]), known, known)
    assert 0 < log_e(np.array([6]), np.array([5]), rate)[0] - unknown < 1.5


def week_of(actor: Actor, shed: float, days: float = 3.0) -> Migration:
    """What an actor's accounts show from the second epoch on, among none but themselves."""
    plan = Plan(START // EPOCH * EPOCH, days, (actor,), shed=shed)
    world = make_world(plan, 5)
    found = None
    for frame in frames(sketch_table(world.exchanges, Recipe(), bytes(range(32))), Codebooks(), EPOCH):
        if found is None:
            found = Migration(Coins.of(frame))
        else:
            found.add(frame, np.arange(len(frame)), shed or None)
    assert found is not None
    return found


def test_a_relay_that_retries_on_siblings_gives_itself_away() -> None:
    relay = LiveRelay(accounts=30, rate=50, force=Force(siblings=True, schedule="random"))
    assert week_of(relay, 0.01).log_e() > np.log(1e4)


def test_a_relay_that_retries_in_place_and_an_unshed_one_do_not() -> None:
    patient = LiveRelay(accounts=30, rate=50, force=Force(siblings=False, schedule="random"))
    assert week_of(patient, 0.01).log_e() < np.log(20)
    unseen = week_of(LiveRelay(accounts=30, rate=50, force=Force(siblings=True)), 0.0)
    assert unseen.log_e() <= 0


def test_a_declared_aggregator_with_failover_is_shared_control_too() -> None:
    """The innocent cause that the cohort gate has to tell."""
    assert week_of(Aggregator(accounts=15, rate=100), 0.01).log_e() > np.log(100)
