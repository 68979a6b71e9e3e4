"""The two gates: independence first, then the cohort gate for what passed it; both paid from their budgets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.core import core, settle_core
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established, member_share, number_likely, told, told_to
from stillwatch.campaigns.profiling import profile
from stillwatch.campaigns.state import State
from stillwatch.campaigns.tally import COMPONENT, Tally
from stillwatch.evidence import conformal
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.evalues import log_mean, passes
from stillwatch.model.identity import Identities

COMPONENT_REQUESTS = 100
"""Requests with the group's machinery since its proposal on which it is compared with benign cohorts."""

MEMBER_SHARE = 0.25
"""So large must the likeliest share of members be before the group is compared: a crowd that copied a phrase, with a
few accounts in it that use it all the time, is not one group."""
MOST_AT_STAKE = 50
"""A group's level grows with the accounts established in it when it is compared, up to so many: the more accounts, the
more a harvest can take."""
PAIRS = 100
"""Pairs of requests of one account without which nothing can be said about accounts' habits."""


def log_e_independence(lineage: Lineage) -> float:
    """Log e-value against independence: the mean over the tests, valid under any dependence between them."""
    once = [lineage.dealt] if lineage.pool is not None else [lineage.couse, lineage.timing]
    tests = [-inf if log_e is None else log_e for log_e in once]
    if lineage.migration is not None:
        tests.append(lineage.migration.log_e())
    return log_mean(tests)


def ask_independence_gate(state: State, now_us: int) -> None:
    """Let through the groups whose evidence reaches the level they were given at their proposal."""
    for lineage in state.lineages:
        if lineage.gated_us is None and passes(log_e_independence(lineage), lineage.alpha_independence):
            lineage.gated_us = now_us


def ask_cohort_gate(state: State, identities: Identities) -> None:
    """Compare the groups that are due, and share the budget out anew; whom it reaches is alarmed by ``alarms``.

    A group is compared once. Its level rises with the budget, so a watched group can be alarmed later without new
    evidence.
    """
    for lineage in state.lineages:
        if lineage.gated_us is not None:
            settle_core(lineage, identities)
        if _due(lineage, state.rules.min_accounts):
            _compare(lineage, state, identities)
    compared = [x for x in state.lineages if x.compared]
    _share_out(_asking(compared), state.cohort, state.calibration)


def _asking(compared: list[Lineage]) -> list[Lineage]:
    """Those that may raise an alarm or have: what alarms have told already cannot, and needs no share of the budget.

    This looks at other groups' alarms and never at a group's own p-value.
    """
    return [x for x in compared if x.alarmed_us is not None or not told(established(x), told_to(x, compared))]


def _due(lineage: Lineage, min_accounts: int) -> bool:
    return (
        lineage.gated_us is not None
        and not lineage.compared
        and lineage.as_one
        and (share := member_share(lineage)) >= MEMBER_SHARE
        and number_likely(lineage, share) >= min_accounts
        # Last, because it copies what the group is remembered by.
        and enough(core(lineage))
    )


def enough(tally: Tally) -> bool:
    """Whether what is judged says something of the group, and of its accounts beside one another."""
    requests = tally.habits.requests
    return int(requests.sum()) >= COMPONENT_REQUESTS and int((requests * (requests - 1)).sum()) >= 2 * PAIRS


@dataclass(frozen=True)
class Comparison:
    """What came of a comparison with benign cohorts found in the same way; ``cohorts``: with how many."""

    profile: NDArray[np.float64]
    score: float
    p_value: float
    cohorts: int


def compared(lineage: Lineage, judged: Tally, without: Collection[int], state: State, ids: Identities) -> Comparison:
    """Compare what ``judged`` holds of a group; ``without``: accounts that are none of those it is judged by."""
    members = np.setdiff1d(lineage.accounts, list(without))
    found = profile(judged, members, state.population, ids, state.networks)
    benign = state.calibration.comparable(lineage.found_by_work)
    score = benign.score.of(found.values)
    return Comparison(found.values, score, conformal.p_value(score, benign.scores), len(benign.scores))


def _compare(lineage: Lineage, state: State, identities: Identities) -> None:
    judged = core(lineage)
    found = compared(lineage, judged, lineage.left_out, state, identities)
    lineage.judged = judged.users
    lineage.stake = min(number_likely(lineage, member_share(lineage)), MOST_AT_STAKE)
    lineage.profile, lineage.score = found.profile, found.score
    lineage.p_cohort, lineage.cohorts = found.p_value, found.cohorts


def _share_out(compared: list[Lineage], budget: Budget, calibration: Calibration) -> None:
    """Give compared groups levels by what is at stake; alarmed ones go on being charged, so nobody's looks at its p.

    Where the budget does not carry a floor for everybody, whoever sent most comes first.
    """
    order = sorted(compared, key=lambda x: (-x.tally.total(COMPONENT), x.number))
    floors = [conformal.floor(len(calibration.comparable(x.found_by_work).scores)) for x in order]
    levels = budget.even_out([x.alpha_cohort for x in order], floors, [x.stake for x in order])
    for lineage, level in zip(order, levels, strict=True):
        lineage.alpha_cohort = level
