"""A scan of a made-up world judged against the truth about it: what was found, missed, spared, wrongly accused.

Reads the groups of a run folder and the world's truth. The rules are those of an outside scorer and know nothing of how
detection works. An operator is *found* at the first moment at which one alarmed campaign has at least half of the
accounts it names from that operator, and at least a fifth of the operator's accounts among them. A campaign is *false*
when more than a fifth of its accounts belong to no operator; an account whose key was stolen counts as belonging to
none. Authorised campaigns accuse nobody and are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow.compute as pc

from stillwatch.app.runfolder import Group
from stillwatch.worlds.catalogue import LOOKALIKE_KINDS
from stillwatch.worlds.world import World

LEAST_PURE = 0.5
LEAST_HELD = 0.2
MOST_FOREIGN = 0.2


@dataclass(frozen=True, slots=True)
class OperatorVerdict:
    """A planted operator. ``named`` counts its accounts; ``harvested`` is the share of its take before the alarm.

    ``nearest`` is the campaign that found it or, for a missed one, the group that holds most of its accounts.
    """

    operator: str
    kind: str
    accounts: int
    requests: int
    found: bool
    named: int
    harvested: float
    nearest: Group | None


@dataclass(frozen=True, slots=True)
class LookalikeVerdict:
    """All accounts of one harmless kind that resembles a harvest; ``cohorts`` is 0 where they are strangers."""

    kind: str
    cohorts: int
    accounts: int
    accused: int


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """A campaign that mostly or partly accuses accounts of no operator, and whose they are."""

    campaign_id: str
    accounts: int
    innocent: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole judgement; ``accused`` counts accounts of no operator that an alarm names."""

    operators: tuple[OperatorVerdict, ...]
    lookalikes: tuple[LookalikeVerdict, ...]
    false_alarms: tuple[FalseAlarm, ...]
    accused: int


def judge(world: World, groups: Sequence[Group]) -> Verdict:
    """Judge all groups of a scan of ``world``."""
    truth = {row["account_id"]: row for row in world.truth.to_pylist()}
    operator_of = {account: row["operator"] for account, row in truth.items() if row["operator"] is not None}
    kind_of = {account: row["actor_kind"] for account, row in truth.items()}
    alarms = [_Alarm(g, operator_of) for g in groups if g.state == "alarmed" and not g.authorised]
    accused = {account for alarm in alarms for account in alarm.named if account not in operator_of}
    return Verdict(
        tuple(_operator(name, world, operator_of, kind_of, alarms, groups) for name in sorted({*operator_of.values()})),
        _lookalikes(world, accused),
        tuple(_false(alarm, kind_of) for alarm in alarms if alarm.foreign > MOST_FOREIGN),
        len(accused),
    )


class _Alarm:
    """An alarmed campaign with the moment at which each account was accused."""

    def __init__(self, group: Group, operator_of: dict[str, str]) -> None:
        self.group = group
        alarmed_at = group.alarmed_at or group.proposed_at
        self.named = {m.account_id: max(alarmed_at, m.named_at) for m in group.members if m.named_at is not None}
        self.innocent = [account for account in self.named if account not in operator_of]
        self.foreign = len(self.innocent) / max(len(self.named), 1)

    def found_at(self, theirs: set[str]) -> datetime | None:
        """When the accounts accused so far first amounted to having found the operator that owns ``theirs``."""
        for moment in sorted(set(self.named.values())):
            so_far = {account for account, at in self.named.items() if at <= moment}
            hits = len(so_far & theirs)
            if hits >= LEAST_PURE * len(so_far) and hits >= LEAST_HELD * len(theirs):
                return moment
        return None


def _operator(
    name: str,
    world: World,
    operator_of: dict[str, str],
    kind_of: dict[str, str],
    alarms: Sequence[_Alarm],
    groups: Sequence[Group],
) -> OperatorVerdict:
    theirs = {account for account, operator in operator_of.items() if operator == name}
    finds = [(moment, alarm) for alarm in alarms if (moment := alarm.found_at(theirs)) is not None]
    first = min(finds, key=lambda find: (find[0], find[1].group.campaign_id), default=None)
    named = {account for _, alarm in finds for account in alarm.named} & theirs
    return OperatorVerdict(
        name,
        kind_of[next(iter(theirs))],
        len(theirs),
        pc.sum(pc.equal(world.truth_exchanges["operator"], name)).as_py(),
        first is not None,
        len(named),
        1.0 if first is None else _harvested(world, name, first[0]),
        _nearest(theirs, groups) if first is None else first[1].group,
    )


def _harvested(world: World, operator: str, until: datetime) -> float:
    """Share of the answered requests of an operator's take that came before ``until``."""
    labels = world.truth_exchanges
    take = pc.and_(pc.equal(pc.fill_null(labels["operator"], ""), operator), labels["harvest"])
    answered = pc.fill_null(pc.equal(world.exchanges["http_status"], 200), False)
    times = world.exchanges["ts"].filter(pc.and_(take, answered))
    before = pc.sum(pc.less(times, until.astimezone(UTC))).as_py() or 0
    return before / len(times) if len(times) else 1.0


def _nearest(theirs: set[str], groups: Sequence[Group]) -> Group | None:
    """The group with most of these accounts, provided that they are at least half of it."""
    best: tuple[int, Group] | None = None
    for group in groups:
        hits = sum(m.account_id in theirs for m in group.members)
        if hits and hits >= LEAST_PURE * len(group.members) and (best is None or hits > best[0]):
            best = hits, group
    return None if best is None else best[1]


def _lookalikes(world: World, accused: set[str]) -> tuple[LookalikeVerdict, ...]:
    rows = [row for row in world.truth.to_pylist() if row["actor_kind"] in LOOKALIKE_KINDS]
    return tuple(
        LookalikeVerdict(
            kind,
            len({row["cohort"] for row in rows if row["actor_kind"] == kind and row["cohort"] is not None}),
            sum(row["actor_kind"] == kind for row in rows),
            sum(row["actor_kind"] == kind and row["account_id"] in accused for row in rows),
        )
        for kind in LOOKALIKE_KINDS
        if any(row["actor_kind"] == kind for row in rows)
    )


def _false(alarm: _Alarm, kind_of: dict[str, str]) -> FalseAlarm:
    kinds = Counter(kind_of[account] for account in alarm.innocent)
    return FalseAlarm(
        alarm.group.campaign_id,
        len(alarm.named),
        len(alarm.innocent),
        tuple(kind for kind, _ in kinds.most_common()),
    )
