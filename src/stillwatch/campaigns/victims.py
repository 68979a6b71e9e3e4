"""Accounts of a campaign whose owner is a victim: somebody else sends with the owner's key.

An account is ``compromised`` if all of this holds over the whole log:

- most of its requests are its own, which carry nothing of the group's machinery, and are of long standing: they began
  at least a day before the first that does, or the account was opened a month before;
- its own requests have a home: most come from address ranges that they came from several times;
- hardly a request with the machinery comes from a range of its own requests (one may look like it by chance);
- the requests with the machinery come from where the group's other accounts send theirs, or from ever new ranges, as
  over rented exits: who stole a key need not send with it from where the rest is sent.

An operator's account with cover traffic fails the second or third point: cover is sent from where the work is sent. It
can be made to look like this by sending most of its traffic, for days, from a household of its own; its key is still
named. Somebody who uses an operator's own product at work and chats at home looks like this too and is better taken
for a victim than for a member. So it is asked only of groups that are alarmed: elsewhere nobody is accused of anything.

Reads requests of the groups' accounts, in any order. Changes no membership and no date; the role describes the end of
the log that was read. Logs without client addresses have no compromised accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.standing import Standing
from stillwatch.groups.activity import DAY_US
from stillwatch.model.frame import Frame, Ints
from stillwatch.model.identity import NEVER

LEAST_OWN = 10
MOST_FOREIGN = 1 / 2
"""Share of the account's requests that may carry the group's machinery."""
HOME_REQUESTS, HOME_SHARE = 3, 0.5
"""Own requests that make an address range a home, and the share of them that must come from homes."""
LEAST_PLACED = 0.5
"""Share of the requests with the machinery that must come from ranges which other accounts of the group use for it."""
MOST_AT_HOME = 0.1
"""Share of the requests with the machinery that may come from ranges of own requests."""
SCATTERED_REQUESTS, SCATTERED = 6, 0.5
"""So many requests with the machinery, from at least so many ranges per request, come over rented exits."""
LEAD_US, AGE_US = DAY_US, 30 * DAY_US
ASKED = ("alarmed", "provisional")


@dataclass
class Use:
    """One account's requests, with or without the machinery: how many from which range, and when the first was."""

    nets: dict[int, int] = field(default_factory=dict)
    first_us: int = np.iinfo(np.int64).max

    @property
    def requests(self) -> int:
        return sum(self.nets.values())

    def add(self, net: int, requests: int, first_us: int) -> None:
        self.nets[net] = self.nets.get(net, 0) + requests
        self.first_us = min(self.first_us, first_us)


@dataclass
class Uses:
    """Own and foreign use of every account of one group."""

    lineage: Lineage
    own: dict[int, Use] = field(default_factory=dict)
    foreign: dict[int, Use] = field(default_factory=dict)

    def observe(self, frame: Frame, index: EpochIndex) -> None:
        """Take in requests; those of other accounts are passed over."""
        rows = index.rows_of(self.lineage.accounts)
        carries = np.isin(rows, index.rows_with(self.lineage.keys)[0])
        for into, chosen in ((self.own, rows[~carries]), (self.foreign, rows[carries])):
            pair = (frame.account[chosen].astype(np.int64) << 32) | (frame.net[chosen].astype(np.int64) + 1)
            order = np.lexsort((frame.ts[chosen], pair))
            pairs, first, counts = np.unique(pair[order], return_index=True, return_counts=True)
            times = frame.ts[chosen][order][first]
            for number, n, at in zip(pairs.tolist(), counts.tolist(), times.tolist(), strict=True):
                into.setdefault(number >> 32, Use()).add((number & 0xFFFFFFFF) - 1, n, at)

    def compromised(self, created_us: Ints) -> list[int]:
        """Accounts whose owner is a victim, ascending; ``created_us``: when each was opened, by account code."""
        users: dict[int, int] = {}
        for use in self.foreign.values():
            for net in use.nets:
                users[net] = users.get(net, 0) + 1
        return [
            account
            for account, use in sorted(self.foreign.items())
            if account in self.own and _is_victim(self.own[account], use, users, int(created_us[account]))
        ]


def _is_victim(own: Use, foreign: Use, users: dict[int, int], created_us: int) -> bool:
    """``users``: accounts of the group that send with the machinery from each range."""
    if own.requests < LEAST_OWN or foreign.requests > MOST_FOREIGN * (own.requests + foreign.requests):
        return False
    is_old = created_us != NEVER and created_us <= foreign.first_us - AGE_US
    if -1 in foreign.nets or not (is_old or own.first_us <= foreign.first_us - LEAD_US):
        return False
    at_home = sum(n for net, n in own.nets.items() if net >= 0 and n >= HOME_REQUESTS)
    from_home = sum(n for net, n in foreign.nets.items() if net in own.nets)
    if at_home < HOME_SHARE * own.requests or from_home > MOST_AT_HOME * foreign.requests:
        return False
    placed = sum(n for net, n in foreign.nets.items() if users[net] > 1)
    scattered = foreign.requests >= SCATTERED_REQUESTS and len(foreign.nets) >= SCATTERED * foreign.requests
    return scattered or placed >= LEAST_PLACED * foreign.requests


def watch_for_victims(listed: Sequence[Standing]) -> dict[str, Uses]:
    """By campaign id, what is to be observed of the groups of which it is asked."""
    return {s.campaign_id: Uses(s.lineage) for s in listed if s.state in ASKED and s.lineage.pool is None}
