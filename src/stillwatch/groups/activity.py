"""When accounts were first and last seen, and which of these moments are beginnings and ends.

Reads the accounts and times of requests in any order. The edges of the log are no beginnings and no ends: an account
has begun only after a stretch of the log without it, and has stopped only before one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import NEVER

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ONSET_US = DAY_US
"""Accounts that began within this time of one another began together."""
HANDOVER_US = 6 * HOUR_US
"""A successor begins this soon after its predecessor's last request."""
QUIET_US = DAY_US
QUIET_SHARE = 0.25
"""Silence up to the end of the log that counts as having stopped, and absence from its start as having begun: a day,
or a quarter of a log that is shorter than four."""
_UNSEEN_FIRST, _UNSEEN_LAST = np.iinfo(np.int64).max, 0


@dataclass
class Activity:
    """First and last request of every account; arrays are indexed by account code and cover the codes seen so far."""

    first_us: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    last_us: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.first_us)

    def observe(self, account: Codes, ts: Ints, accounts: int) -> None:
        """Take in requests; ``accounts`` = size of the code space by now."""
        more = max(accounts - len(self), 0)
        self.first_us = np.append(self.first_us, np.full(more, _UNSEEN_FIRST))
        self.last_us = np.append(self.last_us, np.full(more, _UNSEEN_LAST))
        np.minimum.at(self.first_us, account, ts)
        np.maximum.at(self.last_us, account, ts)


def beginnings(first_us: Ints, last_us: Ints) -> Ints:
    """First requests, ``NEVER`` where the account may have been there before the log."""
    if not len(first_us):
        return first_us
    known = (first_us >= first_us.min() + _quiet(first_us, last_us)) & (first_us != _UNSEEN_FIRST)
    return np.where(known, first_us, NEVER)


def endings(first_us: Ints, last_us: Ints) -> Ints:
    """Last requests, ``NEVER`` where the account may go on after the log."""
    if not len(last_us):
        return last_us
    known = (last_us <= last_us.max() - _quiet(first_us, last_us)) & (last_us != _UNSEEN_LAST)
    return np.where(known, last_us, NEVER)


def _quiet(first_us: Ints, last_us: Ints) -> int:
    return min(QUIET_US, int(QUIET_SHARE * (int(last_us.max()) - int(first_us.min()))))
