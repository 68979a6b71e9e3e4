"""What a group amounts to at the end of a scan: its state, who is in it, and whether it was allowed.

State words are those of the contract. ``watched`` = passed the first gate and is conspicuous, but the budget or the
evidence does not carry an accusation; everything else that was ever proposed stays ``proposed``.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol, TypeVar

import numpy as np

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established, told
from stillwatch.model.frame import Codebook
from stillwatch.model.identity import Identities

WATCHED_P = 0.1
"""A gated group whose cohort p-value is above this looks like an ordinary cohort."""
STATES = ("alarmed", "provisional", "watched", "proposed")


class Dated(Protocol):
    """What may have been alarmed."""

    alarmed_us: int | None


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True)
class Standing:
    """A group with everything that is derived from its evidence."""

    lineage: Lineage
    campaign_id: str
    state: str
    authorised: bool

    @property
    def rank(self) -> tuple[int, int, float, float, str]:
        """Sort key: alarms by date, the rest the most conspicuous first."""
        p = self.lineage.p_cohort if self.lineage.p_cohort is not None else 1.0
        score = self.lineage.score if self.lineage.score is not None else -inf
        return STATES.index(self.state), self.lineage.alarmed_us or 0, p, -score, self.campaign_id


def stand(
    closed: list[Lineage], latest: list[Lineage], accounts: Codebook, identities: Identities, key: bytes
) -> list[Standing]:
    """Standings of all groups; an alarm that only the open epoch raised is provisional."""
    known = {lineage.number: lineage for lineage in closed}
    found = []
    for lineage in latest:
        provisional, shown = settle(lineage, known.get(lineage.number))
        found.append(
            Standing(
                shown, campaign_id(shown, accounts, key), _state(shown, provisional), _authorised(shown, identities)
            )
        )
    named = {account for s in found if s.state == "alarmed" for account in s.lineage.named}
    return sorted((_told_already(s, named) for s in found), key=lambda s: s.rank)


def _told_already(standing: Standing, named: set[int]) -> Standing:
    """A group whose accounts alarms have named is not listed a second time."""
    again = standing.state == "watched" and told(standing.lineage.joined, named)
    return replace(standing, state="proposed") if again else standing


def settle(latest: D, closed: D | None) -> tuple[bool, D]:
    """Whether only the open epoch raised the alarm, and which of the two is shown."""
    provisional = latest.alarmed_us is not None and (closed is None or closed.alarmed_us is None)
    return provisional, latest if provisional or closed is None else closed


def keyed_id(founded_by: str, key: bytes) -> str:
    """A campaign's id: a keyed hash of what founded it, the same over rescans."""
    return "c-" + hmac.new(key, founded_by.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


def campaign_id(lineage: Lineage, accounts: Codebook, key: bytes) -> str:
    """Keyed hash of what founded the group: its first members and template keys. The same over rescans."""
    members, keys = lineage.founded_by
    text = "\x1e".join([*sorted(accounts.names[m] for m in members), *map(str, keys), str(lineage.proposed_us)])
    return keyed_id(text, key)


def shown_members(standing: Standing) -> list[int]:
    """Accounts listed under a group: the named ones of an alarm, the likely ones of a group that is only watched."""
    lineage = standing.lineage
    if standing.state == "alarmed":
        return sorted(lineage.named)
    return established(lineage) or sorted(lineage.joined)


def _state(lineage: Lineage, provisional: bool) -> str:
    if provisional:
        return "provisional"
    if lineage.alarmed_us is not None:
        return "alarmed"
    return "watched" if is_conspicuous(lineage) else "proposed"


def is_conspicuous(lineage: Lineage) -> bool:
    """Whether the group was compared and is no ordinary cohort."""
    return lineage.p_cohort is not None and lineage.p_cohort <= WATCHED_P


def _authorised(lineage: Lineage, identities: Identities) -> bool:
    # Who merely came near the group is no member, and does not make a licensed one suspect.
    members = np.array(sorted(lineage.named or established(lineage) or lineage.joined), dtype=np.int32)
    org = identities.org[members]
    return bool(len(org) and org[0] >= 0 and (org == org[0]).all() and identities.permitted[members].all())
