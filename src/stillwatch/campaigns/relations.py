"""How listed groups relate to one another at the end of the log that was read; no group is ever merged by it.

*Shared infrastructure*: see ``sharing``. *Predecessor*: an earlier group whose accounts had stopped when those of this
one began, and whose machinery this one uses. It is told of the later group only, so nothing that was dated before the
successor was found changes with it. *Also named*: accounts that two alarms name, so that nobody counts them twice.

Deliberately not done: relating groups to accounts judged alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from stillwatch.campaigns.growth import SAME_MACHINERY
from stillwatch.campaigns.links.link import Ground
from stillwatch.campaigns.sharing import sharing
from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.groups.activity import HANDOVER_US, Activity, endings
from stillwatch.model.frame import Ints
from stillwatch.model.identity import NEVER

STOPPED = 0.8
"""Share of the earlier group's accounts that had stopped, and of the later group's that had not begun before."""


@dataclass(frozen=True)
class Relations:
    """By campaign id: other campaigns with the same rare infrastructure, ascending, and the campaign before."""

    shared: Mapping[str, list[str]] = field(default_factory=dict)
    predecessor: Mapping[str, str] = field(default_factory=dict)
    also_named: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Per alarmed campaign the others that name some of its accounts, and how many."""
    victims: Mapping[str, list[int]] = field(default_factory=dict)
    """Accounts by campaign id whose owner is a victim."""

    def role(self, campaign_id: str, account: int) -> str:
        return "compromised" if account in self.victims.get(campaign_id, ()) else "member"


UNRELATED = Relations()
"""Where nothing is known of relations."""


def relate(listed: Sequence[Standing], ground: Ground) -> Relations:
    """Relations between the listed groups."""
    shared: dict[str, list[str]] = {}
    members = [np.array(shown_members(s), dtype=np.int32) for s in listed]
    for i, j in sharing(members, ground.identities, ground.networks):
        shared.setdefault(listed[i].campaign_id, []).append(listed[j].campaign_id)
        shared.setdefault(listed[j].campaign_id, []).append(listed[i].campaign_id)
    return Relations(
        {name: sorted(others) for name, others in shared.items()},
        {} if ground.seen is None else _predecessors(listed, ground.seen.activity),
        _also_named(listed),
        {} if ground.seen is None else ground.seen.victims,
    )


def _also_named(listed: Sequence[Standing]) -> dict[str, dict[str, int]]:
    by: dict[int, list[str]] = {}
    for standing in listed:
        if standing.state == "alarmed":
            for account in standing.lineage.named:
                by.setdefault(account, []).append(standing.campaign_id)
    found: dict[str, Counter[str]] = {}
    for campaigns in by.values():
        for one, other in permutations(campaigns, 2):
            found.setdefault(one, Counter())[other] += 1
    return {name: dict(sorted(others.items())) for name, others in found.items()}


def _predecessors(listed: Sequence[Standing], activity: Activity) -> dict[str, str]:
    stopped = stopped_campaigns(listed, activity)
    found = {s.campaign_id: predecessor(s, stopped, activity) for s in listed}
    return {name: earlier.campaign_id for name, earlier in found.items() if earlier is not None}


def stopped_campaigns(listed: Sequence[Standing], activity: Activity) -> list[tuple[int, Standing]]:
    """Groups most of whose accounts have stopped, and when they had, the latest first."""
    ended = endings(activity.first_us, activity.last_us)
    found = []
    for standing in listed:
        members = np.array(shown_members(standing), dtype=np.int32)
        if len(members) and (ended[members] != NEVER).mean() >= STOPPED:
            found.append((int(np.quantile(activity.last_us[members], STOPPED, method="higher")), standing))
    return sorted(found, key=lambda x: (-x[0], x[1].campaign_id))


def predecessor(standing: Standing, stopped: Sequence[tuple[int, Standing]], activity: Activity) -> Standing | None:
    """The campaign whose machinery this one took up after its accounts had stopped; the latest one to stop."""
    began = np.sort(activity.first_us[np.array(shown_members(standing), dtype=np.int32)])
    for moment, other in stopped:
        later = len(began) - int(np.searchsorted(began, moment - HANDOVER_US, "left"))
        if (
            other.lineage.proposed_us < standing.lineage.proposed_us
            and later >= max(STOPPED * len(began), 1)
            and _same_machinery(standing.lineage.keys, other.lineage.keys)
        ):
            return other
    return None


def _same_machinery(keys: Ints, earlier: Ints) -> bool:
    common = len(np.intersect1d(keys, earlier, assume_unique=True))
    return common > 0 and common >= SAME_MACHINERY * min(len(keys), len(earlier))
