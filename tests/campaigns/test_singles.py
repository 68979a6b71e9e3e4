"""Busy accounts: who is followed, what is summed, who is looked at when, and what a look costs."""

from __future__ import annotations

import copy
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.campaigns.singles import (
    FOLLOW_FROM,
    LOOK_TEXTS,
    Others,
    Singles,
    Verdict,
)
from stillwatch.campaigns.sums import KEPT_PROMPTS, Sent, Sums
from stillwatch.evidence.budget import MOST_ALPHA, Budget
from stillwatch.evidence.conformal import floor, p_value
from stillwatch.evidence.population import CUE_BITS, Population
from stillwatch.evidence.score import Score
from stillwatch.evidence.scored import Cohorts
from stillwatch.evidence.single import NAMES, SingleCalibration, SingleProfile, load
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees
from stillwatch.model.frame import Frame
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_kinds
from tests.campaigns.frames import EPOCH, START, build

DAY = 4 * EPOCH
WINDOW = 14 * DAY
HARVEST = sum(k.mask for k in cue_kinds() if k.id in ("reasoning_tagged", "reasoning_entire", "self_check"))

NOTHING = SingleProfile(np.zeros(len(NAMES)))


def epoch(number: int, sends: dict[int, int], rng: np.random.Generator, **columns: int) -> Frame:
    """Accounts that send so many texts at random times, each prompt new unless ``exact`` says otherwise."""
    account = np.repeat(list(sends), list(sends.values()))
    ts = START + number * EPOCH + rng.integers(0, EPOCH, len(account))
    filled = {
        "exact": rng.integers(1, 2**62, len(account)),
        **{k: np.full(len(account), v) for k, v in columns.items()},
    }
    return build(ts, account, start=START + number * EPOCH, **filled)


def calibrated(scores: NDArray[np.float64]) -> SingleCalibration:
    """A set in which wording, kinds and prompts that never come twice speak for a harvest, conversations against."""
    weights = {"elicitation": 2.0, "kinds": 0.2, "one_shot": 3.0, "conversation": -3.0}
    weight = np.array([weights.get(name, 0.0) for name in NAMES])
    none = np.zeros(len(NAMES))
    score = Score(Trees.constant(0.0), Slope(none, none + 1, weight))
    return SingleCalibration("made", none, Cohorts(score, {"made up": scores}))


class Watch:
    """A fold over epochs with singles alone."""

    def __init__(self, window: int = WINDOW) -> None:
        self.population, self.singles = Population(), Singles(window)
        self.budget = Budget(0.0, 1.0, 1.0)
        self.calibration = calibrated(np.zeros(5000))
        self.number = 0

    def advance(self, sends: dict[int, int], seed: int = 0, **columns: int) -> list[Verdict]:
        """One epoch; returns the verdicts of those looked at in it."""
        frame = epoch(self.number, sends, np.random.default_rng([seed, self.number]), **columns)
        self.number += 1
        self.population.observe(frame, 64)
        self.singles.observe(frame, self.population)
        known = set(self.singles.verdicts)
        self.singles.look(
            self.population, self.calibration, self.budget, frame.end_us, Identities.unknown(64), frozenset()
        )
        return [v for account, v in self.singles.verdicts.items() if account not in known]


def test_only_busy_accounts_are_followed_and_looked_at_once() -> None:
    watch = Watch()
    found = [watch.advance({0: 400, 1: 40, 2: FOLLOW_FROM - 1 if n == 0 else 0}) for n in range(8)]
    assert [len(some) for some in found] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert found[2][0].account == 0
    assert found[2][0].texts == 1200
    assert list(watch.singles.followed) == [1]
    assert watch.singles.followed[1].texts == 40 * 6, "from the epoch in which it had sent enough in all"


def test_sums_older_than_the_window_start_anew() -> None:
    watch = Watch(window=2 * EPOCH)
    for _ in range(12):
        assert not watch.advance({0: 300})
        assert watch.singles.followed.get(0, Sums(0, 0)).texts <= 600
    assert Watch().advance({0: LOOK_TEXTS})


def test_a_lone_harvester_is_told_from_those_who_repeat_themselves_or_talk() -> None:
    watch = Watch()
    watch.calibration = calibrated(np.linspace(0, 6, 5000))
    watch.advance(dict.fromkeys(range(10, 60), 10))
    manners: list[dict[str, int]] = [
        {"cues": HARVEST},
        {"cues": HARVEST, "exact": 5},
        {"cues": HARVEST, "turns": 4},
        {},
    ]
    found = [watch.advance({a: 1200}, **manner)[0] for a, manner in enumerate(manners)]
    assert [v.alarmed_us is not None for v in found] == [True, False, False, False]


def test_what_everybody_asks_for_says_nothing() -> None:
    watch = Watch()
    watch.advance(dict.fromkeys(range(10, 60), 10), cues=HARVEST)
    (verdict,) = watch.advance({0: 1200}, cues=HARVEST)
    assert verdict.profile["elicitation"] == pytest.approx(0.0, abs=0.01)


def test_everybody_gets_an_equal_share_of_what_has_accrued() -> None:
    watch = Watch()
    watch.budget = Budget(0.0, 1.0, 0.002)
    watch.advance({0: 1100, 1: 1500, 2: 1200, 3: 1300})
    assert [v.alpha for v in watch.singles.verdicts.values()] == pytest.approx([0.0005] * 4)
    assert watch.budget.at_hand == pytest.approx(0.0)
    watch.budget.at_hand = 0.001
    watch.advance({4: 1200})
    assert [v.alpha for v in watch.singles.verdicts.values()] == pytest.approx([0.0006] * 5)
    assert watch.budget.spent == pytest.approx(0.003)


def test_a_share_below_the_floor_is_not_handed_out_and_none_is_above_the_most() -> None:
    watch = Watch()
    watch.calibration = calibrated(np.zeros(1999))
    watch.budget = Budget(0.0, 1.0, 0.00125)
    watch.advance({0: 1100, 1: 1500, 2: 1200})
    assert sorted(v.alpha for v in watch.singles.verdicts.values()) == pytest.approx([0.0, 0.0005, 0.0005])
    assert watch.singles.verdicts[0].alpha == 0.0, "the busiest come first"
    watch.budget.at_hand = 1.0
    watch.advance({4: 1})
    assert [v.alpha for v in watch.singles.verdicts.values()] == pytest.approx([MOST_ALPHA] * 3)


def test_a_level_that_rises_can_alarm_later_and_says_when() -> None:
    watch = Watch()
    watch.calibration = calibrated(np.concatenate([np.zeros(4996), np.full(3, 99.0)]))
    watch.budget = Budget(0.0, 1.0, 0.0005)
    (verdict,) = watch.advance({0: 1200}, cues=HARVEST)
    assert (verdict.p, verdict.alarmed_us) == (0.0008, None)
    watch.budget.at_hand = 0.01
    watch.advance({1: 1})
    assert verdict.alarmed_us == START + 2 * EPOCH
    assert verdict.looked_us == START + EPOCH


@pytest.mark.parametrize("mark", ["org", "verified"])
def test_who_shows_itself_hides_no_harvest(mark: str) -> None:
    found = []
    for shown in (False, True):
        watch = Watch()
        identities = Identities.unknown(64)
        if shown:
            getattr(identities, mark)[0] = 1
        frame = epoch(0, {0: 1200}, np.random.default_rng(1), cues=HARVEST)
        watch.population.observe(frame, 64)
        watch.singles.observe(frame, watch.population)
        watch.singles.look(watch.population, watch.calibration, watch.budget, frame.end_us, identities, set())
        found.append(watch.singles.verdicts[0].profile)
    assert found[0]["hidden_harvest"] == pytest.approx(found[0]["elicitation"])
    assert found[1]["hidden_harvest"] == 0.0
    assert found[1]["elicitation"] == found[0]["elicitation"]


def test_exempt_accounts_cost_nothing_and_get_no_verdict() -> None:
    watch = Watch()
    frame = epoch(0, {0: 1200, 1: 1200, 2: 1200}, np.random.default_rng(1))
    watch.population.observe(frame, 64)
    watch.singles.observe(frame, watch.population)
    identities = Identities.unknown(64)
    identities.permitted[0] = True
    watch.singles.look(watch.population, watch.calibration, watch.budget, frame.end_us, identities, {2})
    assert list(watch.singles.verdicts) == [1]
    assert watch.budget.spent == pytest.approx(MOST_ALPHA)


def test_a_later_epoch_changes_nothing_about_an_earlier_verdict() -> None:
    watch = Watch()
    watch.advance({0: 600, 1: 300}, cues=HARVEST)
    watch.advance({0: 600, 1: 300}, cues=HARVEST)
    before = copy.deepcopy(watch.singles.verdicts[0])
    watch.advance({0: 5000, 1: 900})
    after = watch.singles.verdicts[0]
    assert after.score == before.score
    assert (after.looked_us, after.p, after.texts) == (before.looked_us, before.p, 1200)
    assert after.shown.texts == 6200
    assert after.shown.last_us > before.shown.last_us
    assert after.shown.examples == before.shown.examples


@given(st.lists(st.lists(st.integers(1, 400), min_size=1, max_size=200), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_kept_prompts_are_the_smallest_with_their_whole_counts(parts: list[list[int]]) -> None:
    sums, everything = Sums(START, START), Counter(n for part in parts for n in part)
    for part in parts:
        frame = build(START + np.arange(len(part)), np.zeros(len(part)), exact=part)
        sums.add(Sent(frame, np.arange(len(part))), 0)
    kept = sorted(everything)[:KEPT_PROMPTS]
    assert sums.prompts.tolist() == kept
    assert sums.repeats.tolist() == [everything[n] for n in kept]
    assert sums.texts == sum(everything.values())


def test_what_is_summed_for_all_at_once_is_what_each_account_sent() -> None:
    rng = np.random.default_rng(8)
    account, n = rng.permutation(np.repeat([3, 4, 9], [50, 1, 7])), 58
    columns = {"turns": rng.integers(0, 3, n), "output_tokens": rng.integers(0, 900, n), "exact": rng.integers(1, 9, n)}
    cues = rng.integers(1, 1 << CUE_BITS, n) * (account != 4)
    frame = build(START + rng.integers(0, EPOCH, n), account, cues=cues, opening=rng.integers(1, 5, n), **columns)
    rows = np.argsort(frame.account, kind="stable")
    sent = Sent(frame, rows)
    assert sent.accounts.tolist() == [3, 4, 9]
    for place, one in enumerate(sent.accounts.tolist()):
        mine, sums = np.flatnonzero(frame.account == one), Sums(0, 0)
        sums.add(sent, place)
        assert (sums.texts, sums.last_us) == (len(mine), frame.ts[mine].max())
        assert sums.with_history == (frame.turns[mine] > 0).sum()
        assert sums.output_tokens == frame.output_tokens[mine].sum()
        assert sums.log_output == pytest.approx(np.log1p(frame.output_tokens[mine]).sum())
        assert sums.cues.tolist() == [int((frame.cues[mine] >> bit & 1).sum()) for bit in range(CUE_BITS)]
        assert sums.hours.tolist() == np.bincount((frame.ts[mine] - START) // (EPOCH // 6), minlength=24).tolist()
        assert len(sums.examples) == (min(4, len(set(frame.opening[mine].tolist()))) if one != 4 else 0)


def test_habits_leave_the_account_itself_out() -> None:
    population = Population()
    population.observe(epoch(0, {0: 10, 1: 10, 2: 10}, np.random.default_rng(0), cues=1), 5)
    others = Others.of(population, np.zeros(5))
    assert others.accounts == 3
    assert others.habits(0)[0] == pytest.approx(1.0)
    assert others.habits(0).shape == (CUE_BITS,)


def test_answers_are_long_or_short_by_the_middle_account_of_the_log() -> None:
    """A log whose answers are all ten times as long accuses nobody more."""
    found = []
    for scale in (1, 10):
        watch = Watch()
        watch.advance(dict.fromkeys(range(10, 60), 10), output_tokens=100 * scale)
        found += watch.advance({0: 1200}, output_tokens=500 * scale)
    assert found[0].profile["answers"] == pytest.approx(np.log(5), abs=0.02)
    assert found[1].profile["answers"] == pytest.approx(found[0].profile["answers"], abs=0.02)


def test_harmless_accounts_alarm_no_oftener_than_they_may() -> None:
    """Exchangeable scores, a busy month: the mean number of alarms stays below what was spent."""
    rng, alarms, spent = np.random.default_rng(7), 0, 0.0
    for _ in range(400):
        singles, budget = Singles(WINDOW), Budget.monthly(0.5, 6)
        calibration = calibrated(rng.normal(size=500))
        for number in range(12):
            budget.accrue()
            for account in range(number * 4, number * 4 + 4):
                score = float(rng.normal())
                p = p_value(score, calibration.cohorts.scores)
                singles.verdicts[account] = Verdict(account, 0, LOOK_TEXTS, NOTHING, score, p, 100, Sums(0, 0))
            alarms += len(singles.look(Population(), calibration, budget, number, Identities.unknown(64), set()))
        spent += budget.spent
    assert 0.5 * spent < alarms <= spent + 3 * np.sqrt(spent)


def test_the_shipped_set_carries_thirty_busy_accounts_a_week() -> None:
    monthly, looks = 0.05, 30 * 30 / 7
    assert floor(len(load().cohorts.scores)) <= monthly / looks
