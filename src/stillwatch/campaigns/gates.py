"""The two gates: independence first, then the cohort gate for what passed it; both paid from their budgets."""

from __future__ import annotations

from math import inf

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established
from stillwatch.campaigns.profiling import profile
from stillwatch.campaigns.state import State
from stillwatch.campaigns.tally import Tally
from stillwatch.evidence import conformal
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.evalues import log_mean, passes
from stillwatch.model.identity import Identities

COMPONENT_REQUESTS = 100
"""Requests with the group's machinery after the first gate on which it is compared with benign cohorts."""

ESTABLISHED_SHARE = 0.25
"""So many of the accounts that used the machinery must be established as members before an alarm: a crowd of which only
a handful is established is not one group."""


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
            lineage.gated_us, lineage.tally = now_us, Tally()


def ask_cohort_gate(state: State, identities: Identities, now_us: int) -> None:
    """Compare the groups that are due, share the budget out anew, and alarm those whose p-value it reaches.

    A group is compared once. Its level rises with the budget, so a watched group can be alarmed later without new
    evidence.
    """
    for lineage in state.lineages:
        if _due(lineage, state.rules.min_accounts):
            _compare(lineage, state, identities)
    # The calibration set holds no groups that were found by their work, so these are ranked and never alarmed.
    compared = [x for x in state.lineages if x.compared and x.pool is None]
    _share_out(compared, state.cohort, conformal.floor(len(state.calibration.scores)))
    for lineage in compared:
        passed = lineage.p_cohort is not None and lineage.p_cohort <= lineage.alpha_cohort
        if passed and lineage.alarmed_us is None and _holds_together(lineage):
            lineage.alarmed_us = now_us


def _holds_together(lineage: Lineage) -> bool:
    """Whether enough of those who used the machinery are established as members; it can only keep back an alarm."""
    users = sum(n > 0 for n in lineage.member_component.values())
    return len(established(lineage)) >= ESTABLISHED_SHARE * users


def _due(lineage: Lineage, min_accounts: int) -> bool:
    return (
        lineage.gated_us is not None
        and not lineage.compared
        and lineage.tally.component >= COMPONENT_REQUESTS
        and len(established(lineage)) >= min_accounts
        and lineage.tally.sameness.interchangeable
    )


def _compare(lineage: Lineage, state: State, identities: Identities) -> None:
    found = profile(lineage.tally, lineage.accounts, state.population, identities, state.networks)
    lineage.profile, lineage.score = found.values, state.calibration.score(found)
    lineage.p_cohort = conformal.p_value(lineage.score, state.calibration.scores)


def _share_out(compared: list[Lineage], budget: Budget, floor: float) -> None:
    """Give all compared groups the same level; alarmed ones go on being charged, so nobody's level looks at its p.

    Where the budget does not carry a floor for everybody, whoever sent most comes first.
    """
    order = sorted(compared, key=lambda x: (-x.tally.component, x.number))
    for lineage, level in zip(order, budget.even_out([x.alpha_cohort for x in order], floor), strict=True):
        lineage.alpha_cohort = level
