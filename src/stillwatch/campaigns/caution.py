"""What holds an alarm back that the gates would raise: drift, and a person's review of a group like it.

Runs after the gates of an epoch and before anybody is named, and takes back alarms of that very epoch: nothing that was
ever reported. Reads scores and profiles of the groups compared up to now. It can only hold alarms back, and no budget
is given back for it.

*Drift*: each group carries the largest factor that the monitor said while the group stood in the window, and is held to
its level divided by that. It keeps it when the drift is over: its p-value was made in strange times and does not get
better. A calibration set holds whole weeks: all groups that a log brings to the gate within its first week. Who comes
there in the first two days is no fair sample of them, because busy groups are quicker. So nothing is said before a week
is over.

*Review*: a group that is like one that a person found harmless (``evidence.reviewed``) is watched.
"""

from __future__ import annotations

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.state import State
from stillwatch.evidence.profile import Profile

SILENT_DAYS = 7
_DAY_US = 86_400_000_000


def hold_back(state: State, now_us: int) -> None:
    """Look for drift and for reviewed likes, and take back the alarms of this epoch that do not stand."""
    for lineage in state.lineages:
        if lineage.profile is not None and lineage.compared_us is None:
            lineage.compared_us = now_us
            known = state.reviewed.like(Profile(lineage.profile), state.calibration.wording.score.slope.scale, now_us)
            lineage.reviewed_as = None if known is None else known.told
    _lower_levels(state, now_us)
    for lineage in state.lineages:
        if lineage.alarmed_us == now_us and not stands(lineage):
            lineage.alarmed_us = None


def stands(lineage: Lineage) -> bool:
    """Whether the group reaches the lowered level, what is left of it without others' accounts does too, and nobody
    found its like harmless."""
    level = lineage.alpha_cohort / lineage.divided_by
    reached = lineage.p_cohort is not None and max(lineage.p_cohort, lineage.p_remainder or 0.0) <= level
    return reached and lineage.reviewed_as is None


def _lower_levels(state: State, now_us: int) -> None:
    """Judge the groups compared within the window that ends now, and note by how much their levels are divided."""
    if state.epochs < SILENT_DAYS * state.rules.epochs_per_day:
        return
    since = now_us - state.rules.window_days * _DAY_US
    timed = [(x.compared_us, x.number, x) for x in state.lineages if x.pool is None and (x.compared_us or 0) > since]
    window = [x for _, _, x in sorted(timed, key=lambda found: found[:2])]
    scores = [x.score for x in window if x.score is not None]
    factor = state.drift.look(scores, state.calibration.wording.scores, now_us)
    for x in window:
        x.divided_by = max(x.divided_by, factor)
