"""The keyed coin: what it chooses, what the feed says of it, and that anybody with the key can say the same."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import msgspec
import pytest

from stillwatch.feed.files import Follower
from stillwatch.feed.lines import SCHEMA, FeedError, Header, Snapshot
from stillwatch.feed.shedding import Coin, Shedding, coin_of
from stillwatch.feed.writing import bring
from tests.feed.made import NOW, at, decision
from tests.feed.test_feed import MOMENT, looked

KEY = bytes(range(32))


def shedding(rate: float = 0.05, **changes: object) -> Shedding:
    return Shedding("d-9", rate, changes.pop("key", KEY.hex()), at(NOW), at(NOW + 60), **changes)  # type: ignore[arg-type]


def coin(rate: float = 0.05) -> Coin:
    made = coin_of(shedding(rate))
    assert made is not None
    return made


def test_the_coin_is_what_the_documentation_says() -> None:
    """Written out once more, with nothing of ours: what an auditor would write."""
    for n in range(300):
        tossed = hmac.new(KEY, f"gw-{n} {NOW}000007".encode(), hashlib.sha256).hexdigest()[:16]
        assert coin().chooses(f"gw-{n}", NOW * 1_000_000 + 7) is (int(tossed, 16) < int(0.05 * 2**64))


def test_it_chooses_its_share_and_a_smaller_rate_a_part_of_it() -> None:
    chosen = {rate: {n for n in range(6_000) if coin(rate).chooses(f"gw-{n}", n)} for rate in (0.01, 0.05)}
    assert chosen[0.01] < chosen[0.05]
    assert 230 < len(chosen[0.05]) < 370


def test_the_time_counts_so_no_id_is_sure_to_pass() -> None:
    assert {coin().chooses("always-the-same", n) for n in range(300)} == {True, False}


def test_an_experiment_comes_and_goes_with_the_feed(tmp_path: Path) -> None:
    follower, decisions = Follower(tmp_path), [decision("d-1", "acc-1")]
    bring(tmp_path, decisions, None, MOMENT)
    assert looked(follower) == {1} and follower.held.coin is None
    brought = bring(tmp_path, decisions, None, MOMENT, shedding=shedding())
    looked(follower)
    assert brought.changes == 1 and follower.held.coin == coin()
    assert bring(tmp_path, decisions, None, MOMENT, shedding=shedding()).changes == 0
    bring(tmp_path, decisions, None, MOMENT, shedding=shedding(), anew=True)
    assert looked(follower) == {1} and follower.held.coin == coin()
    bring(tmp_path, [], None, MOMENT)
    assert looked(follower) == set() and follower.held.coin is None and follower.fresh
    assert bring(tmp_path, [], None, MOMENT).changes == 0


def test_it_is_live_to_the_second_and_tells_no_key() -> None:
    assert [coin().live(moment) for moment in (NOW - 0.1, NOW, NOW + 59.9, NOW + 60)] == [False, True, True, False]
    assert KEY.hex() not in repr(coin()) and str(KEY) not in repr(coin())


@pytest.mark.parametrize(
    "wrong", [shedding(0.5), shedding(-0.1), shedding(float("nan")), shedding(key="00"), shedding(key="zz" * 32)]
)
def test_an_experiment_that_is_none_is_a_fault(wrong: Shedding) -> None:
    with pytest.raises(FeedError):
        Snapshot(msgspec.json.encode(Header(SCHEMA, "f", 0, at(NOW), 0, None, wrong)))
