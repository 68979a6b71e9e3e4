"""The policy stage: what follows from cases without anybody deciding it. Small, pure, ordered; it never enforces.

1. A decision whose case was retracted, or closed as benign, is lifted.
2. Accounts that joined a campaign after it was decided on, a successor's among them, get the same measure in observe
   mode: a person sees them before anything happens to them.
3. What was inherited from a decision that no longer stands is lifted.

Contract: idempotent. Expired decisions are nobody's business: every reader lets them go by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from stillwatch.cases.state import Case
from stillwatch.measures.acts import Decided, Lifted, Shown
from stillwatch.measures.rules import no_ground
from stillwatch.measures.state import Docket, Standing

NO_GROUND = "policy:no-ground"
SUCCESSION = "policy:succession"


@dataclass(frozen=True, slots=True)
class Following:
    """An act that follows and why."""

    act: Decided | Lifted
    why: str


def following(docket: Docket, now: datetime) -> Iterator[Following]:
    """What follows from the docket as it stands."""
    for standing in docket.decisions.values():
        case = docket.desk.standing_in(standing.act.case_id or "")
        if case is None or not standing.live(now):
            continue
        if (over := no_ground(case)) is not None:
            yield Following(Lifted(standing.decision_id, NO_GROUND), f"{case.case_id} {over}")
        elif standing.act.follows is not None and docket.decisions[standing.act.follows].state != "standing":
            yield Following(Lifted(standing.decision_id, SUCCESSION), f"{standing.act.follows} no longer stands")
        elif standing.act.scope == "campaign" and standing.act.follows is None:
            yield from _inherited(docket, standing, case, now)


def _inherited(docket: Docket, standing: Standing, case: Case, now: datetime) -> Iterator[Following]:
    known = {*case.victims, *docket.desk.erased, *standing.act.hit}
    joined = [name for name in case.members if name not in known]
    own = (d.act for d in docket.decisions.values() if d.live(now) and d.act.follows == standing.decision_id)
    if not joined or any(set(joined) == set(act.hit) for act in own):
        return
    act = replace(
        standing.act,
        case_id=case.case_id,
        hit=tuple(joined),
        mode="observe",
        origin=SUCCESSION,
        shown=Shown(accounts=len(joined)),
        follows=standing.decision_id,
    )
    yield Following(act, f"{len(joined)} accounts joined {case.case_id} after {standing.decision_id}")
