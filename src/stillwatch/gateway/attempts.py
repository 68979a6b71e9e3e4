"""How often somebody guessed a key: after ``MOST`` wrong ones within a minute an address has to wait.

Remembers at most ``ADDRESSES``, the longest silent forgotten first. A right key never waits longer than the minute.
"""

from __future__ import annotations

from collections import OrderedDict

MOST = 20
WINDOW_S = 60.0
ADDRESSES = 50_000


class Attempts:
    """Wrong keys by address."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, address: str, now: float) -> int:
        """Seconds until this address is listened to again; 0 = now."""
        since, count = self._wrong.get(address, (now, 0))
        left = since + WINDOW_S - now
        return max(1, int(left) + 1) if count >= MOST and left > 0 else 0

    def wrong(self, address: str, now: float) -> None:
        since, count = self._wrong.get(address, (now, 0))
        if now - since >= WINDOW_S:
            since, count = now, 0
        self._wrong[address] = (since, count + 1)
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)
