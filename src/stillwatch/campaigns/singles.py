"""Busy accounts, each for itself: sums in bounded memory, one look each, one verdict.

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

from stillwatch.evidence import conformal, single
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.population import CUE_BITS, HABIT_REQUESTS, Population, cues_carried
from stillwatch.evidence.single import Conduct, SingleCalibration, SingleProfile
from stillwatch.model.frame import Frame, Ints
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_families

FOLLOW_FROM = 100
LOOK_TEXTS = 1000
KEPT_PROMPTS = 128
"""Smallest prompt hashes that are kept with their counts; what share of prompts is new is estimated from them."""
MOST_EXAMPLES, EXAMPLES_PER_EPOCH = 20, 4
_HOUR_US = 3_600_000_000
_PIECE = 1 << 20
"""Requests that are looked at side by side, about."""


@dataclass
class Sums:
    """Running sums of one followed account; times in UTC microseconds."""

    first_us: int
    last_us: int
    texts: int = 0
    with_history: int = 0
    output_tokens: int = 0
    log_output: float = 0.0
    examples: list[str] = field(default_factory=list)
    cues: Ints = field(default_factory=lambda: np.zeros(CUE_BITS, dtype=np.int64))
    hours: Ints = field(default_factory=lambda: np.zeros(24, dtype=np.int64))
    prompts: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    repeats: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, frame: Frame, rows: Ints) -> None:
        """Add an epoch's requests with text, ascending by time."""
        self.count(frame, rows)
        self.with_history += int((frame.turns[rows] > 0).sum())
        self.log_output += float(log_output(frame, rows).sum())
        self.cues += cues_carried(frame, rows).sum(axis=0)
        self.hours += np.bincount(frame.ts[rows] // _HOUR_US % 24, minlength=24)
        self._keep_examples(frame, rows)
        new, counts = np.unique(frame.exact[rows], return_counts=True)
        known, where = np.unique(np.concatenate([self.prompts, new]), return_inverse=True)
        repeats = np.bincount(where, np.concatenate([self.repeats, counts])).astype(np.int64)
        # A hash once dropped is larger than all that are kept, so it is never counted from the middle.
        self.prompts, self.repeats = known[:KEPT_PROMPTS], repeats[:KEPT_PROMPTS]

    def count(self, frame: Frame, rows: Ints) -> None:
        """Add to the volume alone."""
        self.last_us = int(frame.ts[rows[-1]])
        self.texts += len(rows)
        self.output_tokens += int(frame.output_tokens[rows].sum())

    def _keep_examples(self, frame: Frame, rows: Ints) -> None:
        """Event ids to show, of requests whose wording was recognised; texts are fetched and redacted only then."""
        telling = rows[frame.cues[rows] != 0]
        _, first = np.unique(frame.opening[telling], return_index=True)
        room = min(EXAMPLES_PER_EPOCH, MOST_EXAMPLES - len(self.examples))
        self.examples += [frame.event_id[row] for row in telling[np.sort(first)][: max(room, 0)].tolist()]

    def conduct(self) -> Conduct:
        counted, answers = int(self.repeats.sum()), self.log_output / max(self.texts, 1)
        return Conduct(self.texts, self.with_history, self.cues, self.hours, len(self.prompts), counted, answers)


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
        found, first = np.unique(frame.account[rows], return_index=True)
        for account, sent in zip(found.tolist(), np.split(rows, first)[1:], strict=True):
            if account in self.verdicts:
                self.verdicts[account].shown.count(frame, sent)
            else:
                start = int(frame.ts[sent[0]])
                self.followed.setdefault(account, Sums(start, start)).add(frame, sent)

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


def log_output(frame: Frame, rows: Ints) -> NDArray[np.float64]:
    """ln(1 + output tokens) of some requests."""
    logs: NDArray[np.float64] = np.log1p(np.maximum(frame.output_tokens[rows], 0))
    return logs
