"""What holds an alarm back that the gates would raise: drift, and a person's review of a group like it.

Runs after the gates of an epoch and before its alarms. Reads scores and profiles of the groups compared up to now. It
can only hold alarms back, and no budget is given back for it.

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


def look_for_doubts(state: State, now_us: int) -> None:
    """Look for drift, and for reviewed likes of the groups that were compared."""
    for lineage in state.lineages:
        if lineage.profile is not None and lineage.compared_us is None:
            lineage.compared_us = now_us
            known = state.reviewed.like(Profile(lineage.profile), state.calibration.wording.score.slope.scale, now_us)
            lineage.reviewed_as = None if known is None else known.told
    _lower_levels(state, now_us)


def reaches(lineage: Lineage) -> bool:
    """Whether the group reaches the lowered level, and nobody found its like harmless."""
    return lineage.reviewed_as is None and _within(lineage.p_cohort, lineage)


def stands(lineage: Lineage) -> bool:
    """Whether the group reaches its level, and what is left of it without others' accounts does, too."""
    return reaches(lineage) and (lineage.p_remainder is None or _within(lineage.p_remainder, lineage))


def _within(p_value: float | None, lineage: Lineage) -> bool:
    return p_value is not None and p_value <= lineage.alpha_cohort / lineage.divided_by


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
