"""The two gates: independence first, then the cohort gate for what passed it; both paid from their budgets."""

from __future__ import annotations

from math import inf

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established
from stillwatch.campaigns.profiling import profile
from stillwatch.campaigns.state import State
from stillwatch.campaigns.tally import Tally
from stillwatch.evidence import conformal
from stillwatch.evidence.evalues import log_mean, passes
from stillwatch.model.identity import Identities

LOOKS = (100,)
"""Component requests after the first gate at which the cohort gate is asked, once each."""
LOOK_ALPHA = 0.00175
"""Level of each look, or the smallest that the calibration set can give: the default budget carries 60 looks a week."""


def log_e_independence(lineage: Lineage) -> float:
    """Log e-value against independence: the mean over the tests, valid under any dependence between them."""
    return log_mean([lineage.couse, -inf if lineage.timing is None else lineage.timing])


def ask_independence_gate(state: State, now_us: int) -> None:
    """Let through the groups whose evidence reaches the level they were given at their proposal."""
    for lineage in state.lineages:
        if lineage.gated_us is None and passes(log_e_independence(lineage), lineage.alpha_independence):
            lineage.gated_us, lineage.tally = now_us, Tally()


def ask_cohort_gate(state: State, identities: Identities, now_us: int) -> None:
    """Give each group that is due one p-value, the one with most at stake first, as far as the budget carries.

    The order looks at volume alone, never at the score, so it cannot favour what would alarm.
    """
    calibration = state.calibration
    waiting = [x for x in state.lineages if _due(x, state.rules.min_accounts)]
    for lineage in sorted(waiting, key=lambda x: (-x.tally.component, x.number)):
        scores = calibration.scores[lineage.looks]
        alpha = max(LOOK_ALPHA, conformal.floor(len(scores)))
        if alpha > state.cohort.at_hand:
            return
        lineage.alpha_cohort += state.cohort.spend(alpha)
        found = profile(lineage.tally, lineage.accounts, state.population, identities, state.networks)
        lineage.profiles.append(found.values)
        lineage.score = calibration.score(found)
        lineage.p_cohort, lineage.alpha_look = conformal.p_value(lineage.score, scores), alpha
        if lineage.p_cohort <= alpha:
            lineage.alarmed_us = now_us


def _due(lineage: Lineage, min_accounts: int) -> bool:
    return (
        lineage.gated_us is not None
        and lineage.alarmed_us is None
        and lineage.looks < len(LOOKS)
        and lineage.tally.component >= LOOKS[lineage.looks]
        and len(established(lineage)) >= min_accounts
    )
