"""Refusals happen at their rate, and what is sent again goes where its sender would send it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.worlds.refusals import LIMITED, SERVED, SHED, Chances, Sent, send
from stillwatch.worlds.stream import OnRefusal

SECOND = 1_000_000


def _sent(on_refusal: OnRefusal, chances: Chances, accounts: int = 20, seed: int = 1) -> tuple[Sent, np.ndarray]:
    rng = np.random.default_rng(seed)
    ts = np.sort(rng.integers(0, 86_400 * SECOND, 4_000))
    who = rng.integers(accounts, size=4_000)
    return send(rng, ts, who, chances, on_refusal), who


def test_shares_of_refusals_are_as_asked_for() -> None:
    sent, _ = _sent("drop", Chances(0.1, 0.05))
    assert np.mean(sent.outcome == LIMITED) == pytest.approx(0.1, abs=0.02)
    assert np.mean(sent.outcome == SHED) == pytest.approx(0.05, abs=0.015)


@given(st.integers(0, 2**32), st.sampled_from(["same", "sibling"]))
def test_what_is_refused_comes_back_later_until_it_is_served(seed: int, on_refusal: OnRefusal) -> None:
    sent, _ = _sent(on_refusal, Chances(0.1, 0.02), seed=seed)
    refused = set(sent.row[sent.outcome != SERVED].tolist())
    served = set(sent.row[sent.outcome == SERVED].tolist())
    assert len(refused - served) < 10
    order = np.lexsort((sent.ts, sent.row))
    assert np.all(sent.outcome[order][:-1][np.diff(sent.row[order]) == 0] != SERVED)


def test_an_sdk_retries_on_its_account_and_a_dispatcher_on_another() -> None:
    for on_refusal, share in (("same", 0.0), ("sibling", 1.0)):
        sent, who = _sent(on_refusal, Chances(0.2, 0.0))  # type: ignore[arg-type]
        first_retry = slice(4_000, 4_000 + int(np.sum(sent.outcome[:4_000] != SERVED)))
        moved = sent.who[first_retry] != who[sent.row[first_retry]]
        assert np.mean(moved) == pytest.approx(share, abs=0.01)


def test_a_lone_account_has_no_sibling() -> None:
    sent, _ = _sent("sibling", Chances(0.2, 0.0), accounts=1)
    assert set(sent.who.tolist()) == {0}
