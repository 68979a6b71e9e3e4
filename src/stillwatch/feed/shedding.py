"""The keyed coin: which requests a shedding experiment refuses, as a function of a key and what the log says of them.

Contract: ``Shedding`` is the public record of the one experiment that may run. A request is chosen if the first eight
bytes of HMAC-SHA256(key, "event_id ts"), as a whole number, are below rate x 2^64; ``ts`` is the request's start in
microseconds, which the gateway reads off its own clock, so no caller can name a request that is sure to pass. Whoever
has the key and a log can say of every request whether it had to be refused.

Deliberately not here: who may start an experiment (``measures``) and whom it spares (``gateway.core``).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

import msgspec

from stillwatch.feed.decision import seconds

SPARE = "spare"
"""A line of the feed with this measure is no measure: the coin is never thrown for its scope."""
SHED = "shed_experiment"
"""``error_type`` of a request that the coin refused."""
MOST_RATE = 0.05
_WHOLE = 1 << 64


class Shedding(msgspec.Struct, frozen=True, omit_defaults=True):
    """An experiment in the feed. ``rate`` 0 ends the one before; ``key`` is hexadecimal."""

    decision_id: str
    rate: float
    key: str
    starts_at: str
    expires_at: str
    spared_tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coin:
    """An experiment as a gateway holds it; live from ``starts`` to before ``expires``, to the second."""

    decision_id: str
    starts: int
    expires: int
    spared_tiers: frozenset[str]
    _key: bytes = field(repr=False)
    _below: int

    def live(self, now: float) -> bool:
        return self.starts <= now < self.expires

    def chooses(self, event_id: str, ts_us: int) -> bool:
        """Whether the coin refuses this request."""
        tossed = hmac.digest(self._key, f"{event_id} {ts_us}".encode(), "sha256")
        return int.from_bytes(tossed[:8]) < self._below


def coin_of(shedding: Shedding) -> Coin | None:
    """The coin of an experiment, none for one that ended; ``ValueError`` for what no writer of ours writes."""
    if shedding.rate == 0:
        return None
    if not 0 < shedding.rate <= MOST_RATE:
        raise ValueError(f"a rate of {shedding.rate} is not above 0 and up to {MOST_RATE}")
    key = bytes.fromhex(shedding.key)
    if len(key) != 32:
        raise ValueError("the key of a coin has 32 bytes")
    times = (seconds(shedding.starts_at), seconds(shedding.expires_at))
    tiers = frozenset(shedding.spared_tiers)
    return Coin(shedding.decision_id, *times, tiers, key, int(shedding.rate * _WHOLE))
