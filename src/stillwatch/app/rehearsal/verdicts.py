"""What a scan made of each planted campaign.

Found: at the first moment at which one alarm names accounts of which at least half belong to the campaign, and which
are at least a fifth of its accounts. Only groups that hold planted accounts are looked at: what the scan says about the
log's own accounts is the business of ``scan``.

Two marks say where campaigns of one copy may have got in each other's way. ``held_back``: compared with harmless
groups and at a p-value that the highest level would alarm, but the level was lower. ``mixed``: one group that was
compared held at least a fifth of its accounts and of another planted campaign's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stillwatch.app.judging import LEAST_HELD, LEAST_PURE
from stillwatch.app.rehearsal.plants import Planted
from stillwatch.campaigns.alone import Alone
from stillwatch.campaigns.standing import Standing
from stillwatch.evidence.budget import MOST_ALPHA


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of the scan by names. ``named`` maps accused accounts to when they were accused."""

    state: str
    joined: frozenset[str]
    named: dict[str, int]
    p: float | None

    @staticmethod
    def of(standing: Standing, names: Sequence[str]) -> _Group:
        lineage = standing.lineage
        alarmed = lineage.alarmed_us if standing.state == "alarmed" and not standing.authorised else None
        named = {} if alarmed is None else {names[a]: max(alarmed, at) for a, at in lineage.named.items()}
        joined = frozenset(names[a] for a in lineage.joined)
        return _Group(standing.state, joined, named, lineage.p_cohort)

    @staticmethod
    def alone(alone: Alone) -> _Group:
        """A busy account, judged for itself."""
        verdict = alone.verdict
        at = verdict.alarmed_us if alone.state == "alarmed" else None
        named = {} if at is None else {alone.account: at}
        return _Group(alone.state, frozenset({alone.account}), named, verdict.p)

    @property
    def held_back(self) -> bool:
        return self.state != "alarmed" and self.p is not None and self.p <= MOST_ALPHA

    def found_at(self, theirs: frozenset[str]) -> int | None:
        """When the accounts named so far first amounted to having found the owner of ``theirs``."""
        for moment in sorted(set(self.named.values())):
            so_far = {name for name, at in self.named.items() if at <= moment}
            hits = len(so_far & theirs)
            if hits >= LEAST_PURE * len(so_far) and hits >= LEAST_HELD * len(theirs):
                return moment
        return None


def judge(
    planted: Sequence[Planted], standings: Sequence[Standing], alone: Sequence[Alone], names: Sequence[str]
) -> list[dict[str, Any]]:
    """One record per planted campaign, in their order."""
    everybody = frozenset(name for p in planted for name in p.names)
    every = [*(_Group.of(s, names) for s in standings), *map(_Group.alone, alone)]
    groups = [group for group in every if not everybody.isdisjoint(group.joined)]
    return [_record(p, groups, [other.names for other in planted if other is not p]) for p in planted]


def _record(planted: Planted, groups: Sequence[_Group], others: Sequence[frozenset[str]]) -> dict[str, Any]:
    theirs, cell = planted.names, planted.campaign.cell
    moments = [at for g in groups if (at := g.found_at(theirs)) is not None]
    mine = [g for g in groups if _mostly(g, theirs)]
    found = min(moments, default=None)
    named = {name for g in mine for name in g.named}
    return {
        "number": planted.campaign.number,
        "method": planted.campaign.method,
        "accounts": cell.accounts,
        "wordings": cell.wordings,
        "share": cell.share,
        "care": cell.care,
        "requests": planted.requests,
        "harvest": len(planted.take_us),
        "state": "found" if found is not None else _state(mine),
        "harvest_before": None if found is None else _before(planted, found),
        "named": len(named & theirs),
        "named_others": len(named - theirs),
        "held_back": found is None and any(g.held_back for g in mine),
        "mixed": any(g.p is not None and _held(g, theirs) and any(_held(g, o) for o in others) for g in groups),
    }


def _mostly(group: _Group, theirs: frozenset[str]) -> bool:
    return len(group.joined & theirs) >= LEAST_PURE * len(group.joined) and _held(group, theirs)


def _held(group: _Group, theirs: frozenset[str]) -> bool:
    return len(group.joined & theirs) >= LEAST_HELD * len(theirs)


def _state(mine: Sequence[_Group]) -> str:
    """How far a campaign came that was not found: ranked for a person, seen as a group, or nothing."""
    if any(g.state in ("watched", "alarmed") for g in mine):
        return "watched"
    return "grouped" if mine else "unseen"


def _before(planted: Planted, moment_us: int) -> float:
    take = planted.take_us
    return round(float(np.count_nonzero(take < moment_us)) / max(len(take), 1), 4)
