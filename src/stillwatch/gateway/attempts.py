"""How often somebody guessed a key: after ``MOST`` wrong ones within a minute an address has to wait.

An address of IPv6 stands for its /64, of which one customer has all. Remembers at most ``ADDRESSES``, the longest
silent forgotten first. A right key never waits longer than the minute.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address

MOST = 20
WINDOW_S = 60.0
ADDRESSES = 50_000


class Attempts:
    """Wrong keys by address."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, address: str, now: float) -> int:
        """Seconds until this address is listened to again; 0 = now."""
        since, count = self._wrong.get(_whose(address), (now, 0))
        left = since + WINDOW_S - now
        return max(1, int(left) + 1) if count >= MOST and left > 0 else 0

    def wrong(self, address: str, now: float) -> None:
        address = _whose(address)
        since, count = self._wrong.get(address, (now, 0))
        if now - since >= WINDOW_S:
            since, count = now, 0
        self._wrong[address] = (since, count + 1)
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)


def _whose(address: str) -> str:
    if ":" not in address:
        return address
    try:
        found = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or found.packed[:8].hex())
