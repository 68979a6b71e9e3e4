"""How one attempt ended, and when the next one may come.

Contract: pure. The waits are those that Standard Webhooks recommends, about three days in all, each spread by up to a
fifth so that many items do not come back at once; what a receiver asks for (Retry-After) is honoured up to a day.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

WAITS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After the first failed attempt, the second, and so on; whoever fails once more is dead."""
LONGEST_ASKED_S = 86_400
_SPREAD = 0.2

Ended = Literal["done", "later", "never"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``said``: why, for a person; ``after_s``: how long the receiver asked to be left alone."""

    ended: Ended
    said: str
    after_s: int = 0


def wait_s(item_id: str, attempts: int, asked_s: int = 0) -> float | None:
    """Seconds until the next attempt after so many failed ones; ``None`` where there is none."""
    if attempts > len(WAITS_S):
        return None
    drawn = int.from_bytes(hashlib.sha256(f"{item_id}/{attempts}".encode()).digest()[:4]) / 2**32
    spread = WAITS_S[attempts - 1] * (1 + _SPREAD * drawn)
    return max(spread, min(asked_s, LONGEST_ASKED_S))
