"""What a group earns in an epoch: from members who had joined, by requests made after; and nothing under the null."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.gates import log_e_independence
from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.observe import observe
from stillwatch.evidence.coin import Coins
from stillwatch.evidence.migration import Migration
from stillwatch.groups.templates import Pairs, request_keys
from stillwatch.model.frame import Frame
from stillwatch.model.tables import MINHASH_SIZE
from tests.campaigns.frames import EPOCH, START, build

PHRASE = 77
KEY = int(request_keys(build([START], [0], exact=[1], system=[PHRASE]))[0, 0])
MEMBERS = tuple(range(10))


def lineage(joined: dict[int, int] | None = None) -> Lineage:
    """A group proposed at START for sharing one key."""
    at = dict.fromkeys(MEMBERS, START) if joined is None else joined
    return Lineage(1, np.array([KEY]), at, START, START, 1e-4, ((), ()))


def watch(group: Lineage, *frames: Frame) -> Lineage:
    for frame in frames:
        observe(group, frame, EpochIndex(frame, [group.keys], [group.accounts]), Pairs.empty(), 0, None)
    return group


def shared(number: int = 0, *, users: tuple[int, ...] = MEMBERS, outside: int = 200, text: bool = True) -> Frame:
    """Every user sends four requests with the phrase, everybody outside four without."""
    who = np.repeat([*users, *range(100, 100 + outside)], 4)
    start = START + number * EPOCH
    system = np.where(np.isin(who, users), PHRASE, 1000 + who)
    exact = np.arange(len(who)) + 1 if text else np.zeros(len(who))
    ts = start + np.random.default_rng(number).permutation(len(who)) * (EPOCH // len(who))
    return build(ts, who, start=start, exact=exact, system=system, output_tokens=np.full(len(who), 3))


def test_members_earn_by_what_they_send_after_they_joined() -> None:
    group = watch(lineage(), shared())
    assert log_e_independence(group) > 15
    assert group.couse_best is not None
    assert (group.couse_best.members, group.couse_best.used) == (10, 10)
    assert group.exchanges == 40
    assert group.output_tokens == 120
    assert group.member_requests == group.member_component == dict.fromkeys(MEMBERS, 4)


def test_who_joined_during_the_epoch_earns_nothing_in_it() -> None:
    late = lineage(dict.fromkeys(MEMBERS, START + 1))
    assert log_e_independence(watch(late, shared())) <= 0
    assert late.member_requests == {}
    assert late.exchanges == 0


def test_a_late_joiner_earns_from_then_on_only() -> None:
    group = lineage({**dict.fromkeys(MEMBERS[:5], START), **dict.fromkeys(MEMBERS[5:], START + EPOCH)})
    watch(group, shared(0))
    assert set(group.member_requests) == set(MEMBERS[:5])
    watch(group, shared(1))
    assert group.member_requests == {**dict.fromkeys(MEMBERS[:5], 8), **dict.fromkeys(MEMBERS[5:], 4)}


def test_rounds_are_added_and_never_multiplied() -> None:
    """The same habit seen again is no news: sixty rounds are worth less than twice the first."""
    group = watch(lineage(), shared(0))
    first = group.couse
    for number in range(1, 60):
        before = group.couse
        watch(group, shared(number))
        assert before <= group.couse
    assert group.couse < first + np.log(2)


def test_strangers_with_the_wording_are_evidence_against_and_never_members() -> None:
    alone = watch(lineage(), shared())
    common = watch(lineage(), shared(users=(*MEMBERS, *range(300, 400))))
    assert log_e_independence(common) < log_e_independence(alone) - 10
    assert set(common.member_requests) == set(MEMBERS)


def test_requests_without_text_are_no_evidence() -> None:
    assert log_e_independence(watch(lineage(), shared(text=False))) <= 0


def test_an_epoch_without_members_changes_nothing() -> None:
    group = watch(lineage(), shared(users=()))
    assert log_e_independence(group) <= 0
    assert group.first_us is None


def test_dates_are_those_of_the_component() -> None:
    first, second = shared(0), shared(1)
    group = watch(lineage(), first, second)
    mine = np.concatenate([f.ts[np.isin(f.account, MEMBERS)] for f in (first, second)])
    assert (group.first_us, group.last_us) == (mine.min(), mine.max())


def test_timing_is_tested_once_after_the_first_day() -> None:
    group = lineage()
    for number in range(4):
        assert group.timing is None
        watch(group, shared(number))
    assert group.timing is not None
    assert group.timing_requests == 160
    assert group.watched_ts == []
    before = group.timing
    watch(group, shared(4))
    assert group.timing == before


def ever_passes(rng: np.random.Generator, *, outside: int, batches: int, popularity: float) -> float:
    """Highest log e-value of a group of strangers who, like everybody, choose a wording once and keep to it."""
    members, everybody = 4 * batches, 4 * batches + outside
    habit = rng.random(everybody) < popularity
    # Members come in batches: an account is bet on when it is first seen.
    first = np.concatenate([np.repeat(np.arange(batches), 4), np.zeros(outside, dtype=np.int64)])
    group, best = lineage(dict.fromkeys(range(members), START)), 0.0
    for number in range(batches):
        who = np.repeat(np.flatnonzero(first <= number), 2)
        start = START + number * EPOCH
        frame = build(
            start + np.sort(rng.integers(0, EPOCH, len(who))),
            rng.permutation(who),
            start=start,
            exact=rng.integers(1, 10**9, len(who)),
        )
        wording = np.where(habit[frame.account], PHRASE, 1000 + frame.account)
        frame.system[:] = wording
        best = max(best, log_e_independence(watch(group, frame)))
    return best


@pytest.mark.parametrize("popularity", [0.02, 0.2])
def test_strangers_among_many_hardly_ever_pass(popularity: float) -> None:
    best = [ever_passes(np.random.default_rng(s), outside=300, batches=5, popularity=popularity) for s in range(60)]
    assert np.mean(np.array(best) >= np.log(20)) <= 0.05 + 3 * np.sqrt(0.05 / len(best))


def test_strangers_among_few_hardly_ever_pass() -> None:
    best = [ever_passes(np.random.default_rng(s), outside=6, batches=20, popularity=0.1) for s in range(40)]
    assert np.mean(np.array(best) >= np.log(20)) <= 0.05 + 3 * np.sqrt(0.05 / len(best))


def retried(number: int = 0) -> Frame:
    """Thirty requests of one member, each sent again by another a minute later; strangers send what nobody repeats."""
    minute = np.arange(30) * 5
    ts = np.concatenate([minute, minute + 1, np.arange(300)]) * 60_000_000 + START + number * EPOCH
    account = np.concatenate([np.zeros(30), np.ones(30), 100 + np.arange(300) % 50])
    text = np.concatenate([np.arange(30), np.arange(30), 1000 + np.arange(300)]) + 1
    minhash = np.repeat(text[:, None], MINHASH_SIZE, axis=1) * (np.arange(MINHASH_SIZE) + 1)
    return build(ts, account, start=START + number * EPOCH, exact=text, minhash=minhash)


@pytest.mark.parametrize("refused", [True, False])
def test_only_refusals_that_come_again_on_a_sibling_are_evidence(refused: bool) -> None:
    frame = retried()
    frame.shed[(frame.account == 0) & refused] = True
    group = lineage()
    group.migration = Migration(Coins(10_000, 30))
    watch(group, frame)
    assert group.migration.seen == (30, 30 * refused)
    assert (log_e_independence(group) > 50) == refused


def test_before_the_coin_is_in_use_a_group_is_not_tested_by_it() -> None:
    group = watch(lineage(), retried())
    assert group.migration is None
    assert log_e_independence(group) <= 0
