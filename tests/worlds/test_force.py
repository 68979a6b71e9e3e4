"""The knobs of operators do what they are called."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.worlds import places
from stillwatch.worlds.operators.force import Force, Ints, arrive, assign, hire, tours
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.register import Account
from stillwatch.worlds.span import DAY, Span
from stillwatch.worlds.world import World, make_world

SPAN = Span(1_767_571_200_000_000, 2.0)


def dispatch(rng: np.random.Generator, force: Force, count: int, requests: int) -> tuple[Ints, Ints]:
    open_in = tours(rng, force, count, SPAN)
    ts = arrive(rng, force, requests, SPAN)
    who = assign(rng, force, open_in, ts)
    assert np.all((ts >= open_in.first[who]) & (ts < open_in.last[who]))
    return ts, who


def hired(force: Force, count: int) -> list[Account]:
    rng = np.random.default_rng(2)
    return hire(rng, force, tours(rng, force, count, SPAN), SPAN)


@given(st.integers(0, 2**32), st.integers(4, 60), st.integers(0, 600))
def test_every_request_gets_an_account_that_is_open(seed: int, count: int, requests: int) -> None:
    rng = np.random.default_rng(seed)
    ts, who = dispatch(rng, Force.draw(rng), count, requests)
    assert len(ts) == len(who) == requests
    assert np.all(np.diff(ts) >= 0)
    assert np.all((who >= 0) & (who < count))


def test_least_recently_used_goes_round() -> None:
    _, who = dispatch(np.random.default_rng(1), Force(schedule="least_recent"), 20, 400)
    assert all(len(set(who[n : n + 20].tolist())) == 20 for n in range(380))


def test_random_does_not_go_round() -> None:
    _, who = dispatch(np.random.default_rng(1), Force(schedule="random"), 20, 400)
    assert all(len(set(who[n : n + 20].tolist())) < 20 for n in range(0, 400, 20))


def test_a_takeover_silences_the_first_pool() -> None:
    ts, who = dispatch(np.random.default_rng(1), Force(takeover=0.5), 20, 1000)
    late = ts >= SPAN.start + DAY
    assert set(who[~late].tolist()) == set(range(10))
    assert set(who[late].tolist()) == set(range(10, 20))


def test_churn_replaces_some_accounts_and_keeps_the_rest() -> None:
    _, who = dispatch(np.random.default_rng(1), Force(churn=0.5), 30, 6000)
    early, late = (set(who[rows].tolist()) for rows in (slice(0, 300), slice(-300, None)))
    assert early - late
    assert late - early
    assert early & late


@pytest.mark.parametrize(("payment", "cards"), [("shared", 1), ("virtual", 40)])
def test_payment(payment: str, cards: int) -> None:
    accounts = hired(Force(payment=payment), 40)  # type: ignore[arg-type]
    assert len({a.payment for a in accounts}) == cards


def test_card_batches_lie_between() -> None:
    accounts = hired(Force(payment="batches"), 40)
    assert 2 < len({a.payment for a in accounts}) < 20


@pytest.mark.parametrize(
    ("infrastructure", "low", "high"),
    [
        ("one_place", 1, 1),
        ("mixed_clouds", 3, 7),
        ("rotating", 1, 1),
        ("steady_homes", 30, 30),
        ("rooms_and_exits", 1, 4),
    ],
)
def test_infrastructure(infrastructure: str, low: int, high: int) -> None:
    accounts = hired(Force(infrastructure=infrastructure), 30)  # type: ignore[arg-type]
    assert low <= len({a.where for a in accounts}) <= high


@pytest.mark.parametrize("seed", range(8))
def test_rooms_and_exits_share_the_requests_of_every_account(seed: int) -> None:
    force = Force(infrastructure="rooms_and_exits", pool_seed=seed)
    accounts = hire(np.random.default_rng(seed), force, tours(np.random.default_rng(seed), force, 12, SPAN), SPAN)
    exits = set(places.rented(seed, 1000).addresses)
    for account in accounts:
        assert account.where.moves == "every"
        assert 0.19 < np.mean([a in exits for a in account.where.addresses]) < 0.81


def test_accounts_exist_before_they_are_used_and_age_from_their_first_work() -> None:
    accounts = hired(Force(age_days=3.0, takeover=0.5), 60)
    assert all(a.created_at < SPAN.start for a in accounts[:30])
    assert all(a.created_at < SPAN.start + DAY for a in accounts[30:])
    assert max(a.created_at for a in accounts[30:]) > max(a.created_at for a in accounts[:30])


def test_stolen_keys_send_exactly_the_copies_asked_for_and_change_nothing_else() -> None:
    def framing(copies: int | None) -> World:
        actor = PromptMill(accounts=6, rate=10.0, force=Force(stolen=4, copies=copies, siblings=True))
        return make_world(Plan(SPAN.start, 2.0, (actor,), limited=0.0), 7)

    framed, drawn = framing(12), framing(None)
    victims = {t["account_id"] for t in framed.truth.to_pylist() if t["role"] == "compromised"}
    sent = Counter(
        row["account_id"]
        for row in framed.truth_exchanges.to_pylist()
        if row["harvest"] and row["account_id"] in victims
    )
    assert sent == dict.fromkeys(victims, 12)
    assert framed.accounts.equals(drawn.accounts)
    own = [t["account_id"] for t in framed.truth.to_pylist() if t["role"] == "member"]
    takes = [w.exchanges.filter(pc.is_in(w.exchanges["account_id"], pa.array(own))) for w in (framed, drawn)]
    assert takes[0]["input_messages"].equals(takes[1]["input_messages"])
    assert takes[0]["ts"].equals(takes[1]["ts"])
