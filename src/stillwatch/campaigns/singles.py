"""Busy accounts, each for itself: whom to follow, one look each, one verdict.

An account is followed from the epoch in which it has sent ``FOLLOW_FROM`` texts in all, and looked at once, at the end
of the epoch in which it has sent ``LOOK_TEXTS`` since; sums older than the window are thrown away and start anew. The
rule is the same for calibration accounts, so that both are selected alike. Its p-value is never made again; its level
is an equal share of the budget that has accrued, so it rises with time and falls with the number of accounts looked at,
and never depends on a score. Accounts with a permission to generate data are not looked at.

Memory: some 5 kB per followed account, and no more than one per ``FOLLOW_FROM`` texts of the window is followed.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.sums import Sent, Sums, log_output
from stillwatch.evidence import conformal, single
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.population import HABIT_REQUESTS, Population
from stillwatch.evidence.single import SingleCalibration, SingleProfile
from stillwatch.model.frame import Frame, Ints
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_families

FOLLOW_FROM = 100
LOOK_TEXTS = 1000
_PIECE = 1 << 20
"""Requests that are looked at side by side, about."""


@dataclass
class Verdict:
    """The one look at an account, and what is only shown: its volume, which goes on being counted after the look.

    ``alpha``: the level it was given so far; ``texts``: on how many it was judged; ``cohorts``: with how many compared.
    Times in UTC microseconds.
    """

    account: int
    looked_us: int
    texts: int
    profile: SingleProfile
    score: float
    p: float
    cohorts: int
    shown: Sums
    alpha: float = 0.0
    alarmed_us: int | None = None


class Outputs:
    """Answers of every account, busy or not: what is usual in this log. Added to by slices, in the order of time."""

    def __init__(self, before: NDArray[np.float64]) -> None:
        self._sums = before.copy()

    def take(self, frame: Frame, accounts: int) -> None:
        """Add a slice; ``accounts`` = size of the code space by now."""
        self._sums = self.of(accounts)
        for low in range(0, len(frame), _PIECE):
            rows = low + np.flatnonzero(frame.exact[low : low + _PIECE] != 0)
            np.add.at(self._sums, frame.account[rows], log_output(frame, rows))

    def of(self, accounts: int) -> NDArray[np.float64]:
        """The sums of so many accounts."""
        return np.pad(self._sums, (0, max(accounts - len(self._sums), 0)))


@dataclass
class Singles:
    """Followed accounts and the verdicts so far, by account code."""

    window_us: int
    log_output: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    followed: dict[int, Sums] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    def observe(self, frame: Frame, population: Population, outputs: Outputs | None = None) -> None:
        """Take in an epoch that is already in ``population``; ``outputs``: its answers, if they were added before."""
        if outputs is None:
            outputs = Outputs(self.log_output)
            outputs.take(frame, len(population))
        self.log_output = outputs.of(len(population))
        busy = np.flatnonzero(population.texts >= FOLLOW_FROM)
        for accounts in np.array_split(busy, 1 + len(frame) // _PIECE):
            self._follow(frame, accounts, len(population))
        self.followed = {a: s for a, s in self.followed.items() if s.first_us > frame.end_us - self.window_us}

    def _follow(self, frame: Frame, busy: Ints, accounts: int) -> None:
        """Add the requests of these accounts."""
        mine = np.zeros(accounts, dtype=bool)
        mine[busy] = True
        rows = np.flatnonzero((frame.exact != 0) & mine[frame.account])
        rows = rows[np.argsort(frame.account[rows], kind="stable")]
        sent = Sent(frame, rows)
        for place, account in enumerate(sent.accounts.tolist()):
            if account in self.verdicts:
                self.verdicts[account].shown.count(sent, place)
            else:
                start = sent.start_us(place)
                self.followed.setdefault(account, Sums(start, start)).add(sent, place)

    def look(
        self,
        population: Population,
        calibration: SingleCalibration,
        budget: Budget,
        now_us: int,
        identities: Identities,
        named: Set[int],
    ) -> list[Verdict]:
        """Judge the accounts that reached the volume, share the budget out anew; returns what is alarmed by it.

        Who may generate data or is ``named`` already is left out.
        """
        due = [
            a
            for a, sums in self.followed.items()
            if sums.texts >= LOOK_TEXTS and not (identities.permitted[a] or a in named)
        ]
        if due:
            others = Others.of(population, self.log_output)
            for account in due:
                self._judge(account, bool(identities.declared[account]), others, calibration, now_us)
        self._share_out(budget, conformal.floor(len(calibration.cohorts.scores)))
        found = [v for v in self.verdicts.values() if v.alarmed_us is None and v.p <= v.alpha]
        for verdict in found:
            verdict.alarmed_us = now_us
        return found

    def _judge(self, account: int, declared: bool, others: Others, calibration: SingleCalibration, now_us: int) -> None:
        sums = self.followed.pop(account)
        profile = single.profile(sums.conduct(), declared, others.habits(account), others.answers, cue_families())
        benign = calibration.cohorts
        score = benign.score.of(profile.values)
        p, cohorts = conformal.p_value(score, benign.scores), len(benign.scores)
        self.verdicts[account] = Verdict(account, now_us, sums.texts, profile, score, p, cohorts, sums)

    def _share_out(self, budget: Budget, floor: float) -> None:
        """Give all accounts that were looked at the same level; who was looked at first and sent most comes first."""
        order = sorted(self.verdicts.values(), key=lambda v: (v.looked_us, -v.texts, v.account))
        levels = budget.even_out([v.alpha for v in order], [floor] * len(order), [1.0] * len(order))
        for verdict, level in zip(order, levels, strict=True):
            verdict.alpha = level


@dataclass(frozen=True)
class Others:
    """What the accounts of the log do: who has which wording habit, and the answers of the middle account."""

    held: NDArray[np.bool_]
    holders: Ints
    accounts: int
    answers: float

    @staticmethod
    def of(population: Population, outputs: NDArray[np.float64]) -> Others:
        held, some = population.habits(), population.texts >= HABIT_REQUESTS
        means = outputs[some] / population.texts[some]
        answers = float(np.median(means)) if len(means) else 0.0
        return Others(held, held.sum(axis=0), int((population.texts > 0).sum()), answers)

    def habits(self, account: int) -> NDArray[np.float64]:
        """Share of all accounts but this one in the habit of each cue."""
        shares: NDArray[np.float64] = (self.holders - self.held[account]) / max(self.accounts - 1, 1)
        return shares
