"""One link, and what links are read from.

A link says what two accounts of a group share and how rarely two accounts share it by chance. It explains why they are
believed to belong together; it is no evidence, and nothing that is alarmed or named depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stillwatch.groups.activity import Activity
from stillwatch.groups.duplicates import ACCOUNT_MASK, Holders
from stillwatch.groups.infrastructure import Networks, TieTable
from stillwatch.groups.templates import Held
from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import Identities

LEAST_WEIGHT = 0.5
"""Links of beginnings, ends and near duplicates that chance explains nearly as well as this are not listed."""


@dataclass(frozen=True)
class Link:
    """Two member codes, the kind of what they share, its weight, how many values, and who else holds the rarest."""

    a: int
    b: int
    kind: str
    weight: float
    shared: int
    population: int


@dataclass(frozen=True)
class Seen:
    """What a second look at the log found: when accounts were active, and who holds the listed groups' prompts."""

    activity: Activity
    holders: Holders
    victims: Mapping[str, list[int]] = field(default_factory=dict)
    """Accounts by campaign id whose owner is a victim (``campaigns.victims``)."""

    @cached_property
    def holders_of(self) -> Ints:
        """Accounts of the log that hold each family of prompts."""
        return self.holders.counts()

    @cached_property
    def families_of(self) -> Ints:
        """Families of prompts of each account that was looked at."""
        accounts = self.holders.families.own() & ACCOUNT_MASK
        return np.bincount(accounts, minlength=len(self.holders.wrote))


@dataclass(frozen=True)
class Ground:
    """What links are made from. ``seen`` is None where the log cannot be read again."""

    ties: TieTable
    pairs: Held
    identities: Identities
    networks: Networks
    seen: Seen | None

    def peers(self, members: Codes) -> Codes:
        """All accounts of the members' tenant: those whom chance could have put in their place."""
        tenant = self.identities.tenant
        return np.flatnonzero(tenant == tenant[members[0]]).astype(np.int32)
