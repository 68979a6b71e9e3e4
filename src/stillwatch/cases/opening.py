"""Opening rules: which act follows from what a run says about a campaign, given the cases there are.

Contract: pure and idempotent: over an unchanged run folder nothing follows. A case is opened for an alarmed campaign
that is not authorised. A campaign that is known adds to its case: more of the same is written down, new evidence (see
``novelty``) opens a closed or retracted case again, visibly; the same evidence never does. A campaign that took over
when its predecessor had ended joins the predecessor's case; if that is seen only when it has a case of its own, that
case becomes part of the predecessor's, unless people concluded one of them. One that split off while the first went on
gets a case of its own, related. Shared infrastructure relates cases and never merges them.

Sees: alarms. Misses: what a scan only watches; a person can still look. Innocent look-alikes are weighed before, by the
gates, and after, by the reviewer; nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stillwatch.cases.acts import Act, Attached, How, Merged, Opened, Receded, Related, Resurfaced, Sighting, Updated
from stillwatch.cases.novelty import differs, news
from stillwatch.cases.state import Desk

ALARMED = "alarmed"
_CAMPAIGN_ID = re.compile(r"c-[0-9a-f]{6,40}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign of a run. ``members``: pseudonym to what is sealed about the account."""

    sighting: Sighting
    authorised: bool = False
    members: Mapping[str, bytes] = field(default_factory=dict)
    predecessor: str | None = None
    infrastructure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """An act to be written about a case; ``private`` is to be sealed with it."""

    about: str
    act: Act
    why: str
    private: Mapping[str, bytes] = field(default_factory=dict)


def is_campaign_id(text: str) -> bool:
    return _CAMPAIGN_ID.fullmatch(text) is not None


def case_id(campaign_id: str) -> str:
    """The case that a campaign founds: the same name on every machine with the same key."""
    return "k-" + campaign_id.removeprefix("c-")


def act_for(desk: Desk, listed: Listed, run: Mapping[str, Sighting]) -> Planned | None:
    """What follows from one campaign; ``run``: the sightings of all campaigns of its run."""
    now = listed.sighting
    holder = desk.by_campaign.get(now.campaign_id)
    if now.seen != ALARMED or listed.authorised:
        seen = "authorised" if listed.authorised else now.seen
        return None if holder is None else _receded(desk, holder, now, seen)
    if holder is not None:
        return _known(desk, holder, listed)
    heir_of = desk.by_campaign.get(listed.predecessor or "")
    if heir_of is not None and _had_ended(desk, heir_of, listed, run):
        joined = _joined(desk, heir_of, listed)
        why = f"{now.campaign_id} took over from {listed.predecessor}"
        return Planned(heir_of, Attached(now, tuple(joined)), why, joined)
    why = f"{now.campaign_id} was alarmed in {now.run_id}"
    return Planned(case_id(now.campaign_id), Opened(now, tuple(listed.members)), why, listed.members)


def relations_for(desk: Desk, listed: Listed, run: Mapping[str, Sighting]) -> Iterator[Planned]:
    """How a campaign's case should stand to others and does not. To be asked when all campaigns of the run are in."""
    mine = desk.by_campaign.get(listed.sighting.campaign_id)
    if mine is None:
        return
    first = desk.by_campaign.get(listed.predecessor or "")
    ended = first is not None and first != mine and _had_ended(desk, first, listed, run)
    if ended and first is not None and "closed" not in (desk.cases[first].state, desk.cases[mine].state):
        why = f"{listed.sighting.run_id} shows that {listed.sighting.campaign_id} took over from {listed.predecessor}"
        yield Planned(first, Merged(mine), why)
        return  # what else it is related to, the next run says of the one case
    beside: list[tuple[str, How]] = [(campaign, "shared infrastructure") for campaign in listed.infrastructure]
    others: dict[str, Related] = {}
    from_first: How = "succession" if ended else "split"
    for campaign, how in [(listed.predecessor or "", from_first), *beside]:
        other = desk.by_campaign.get(campaign)
        if other is not None and other != mine and other not in desk.cases[mine].related:
            others.setdefault(other, Related(other, how))
    for act in others.values():
        yield Planned(mine, act, f"{listed.sighting.run_id} shows it")


def _known(desk: Desk, holder: str, listed: Listed) -> Planned | None:
    case, now = desk.cases[holder], listed.sighting
    joined = _joined(desk, holder, listed)
    if found := news(case, now, len(joined)):
        return Planned(holder, Resurfaced(now, tuple(joined), found), "; ".join(found), joined)
    if differs(case, now, len(joined)):
        return Planned(holder, Updated(now, tuple(joined)), f"{now.run_id} says more of the same", joined)
    return None


def _receded(desk: Desk, holder: str, now: Sighting, seen: str) -> Planned | None:
    if desk.cases[holder].receded.get(now.campaign_id) == seen:
        return None
    why = f"{now.run_id} lists {now.campaign_id} as {seen}"
    return Planned(holder, Receded(now.campaign_id, now.run_id, seen), why)


def _had_ended(desk: Desk, holder: str, listed: Listed, run: Mapping[str, Sighting]) -> bool:
    """Whether the predecessor was last seen before the successor was first."""
    before = run.get(listed.predecessor or "") or desk.cases[holder].sightings[listed.predecessor or ""]
    last, first = before.last_seen_at, listed.sighting.first_seen_at
    return last is not None and first is not None and last < first


def _joined(desk: Desk, holder: str, listed: Listed) -> dict[str, bytes]:
    known = set(desk.cases[holder].members)
    return {name: payload for name, payload in listed.members.items() if name not in known}
