"""How often somebody may fail to log in: a few times per name and address, more per address, more still per name.

A name alone is given the widest limit, because whoever knows it could otherwise lock its owner out.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
PER_BOTH, PER_ADDRESS, PER_NAME = 5, 20, 60
MOST_KEYS = 20_000

Key = tuple[str, str]


class Attempts:
    """Failures of the last quarter of an hour."""

    def __init__(self) -> None:
        self._failed: dict[Key, list[datetime]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str | None, address: str, now: datetime) -> timedelta | None:
        """How long to wait before the next attempt; ``None`` = none."""
        with self._lock:
            waits = [self._wait(key, most, now) for key, most in _keys(name, address)]
        return max((w for w in waits if w is not None), default=None)

    def failed(self, name: str | None, address: str, now: datetime) -> None:
        with self._lock:
            if len(self._failed) > MOST_KEYS:
                self._failed = {k: t for k, t in self._failed.items() if now - t[-1] < WINDOW}
            for key, most in _keys(name, address):
                self._failed[key] = [*self._failed.get(key, [])[-most:], now]

    def succeeded(self, name: str, address: str) -> None:
        """What was mistyped before counts no more for this name from this address."""
        with self._lock:
            self._failed.pop((name, address), None)

    def _wait(self, key: Key, most: int, now: datetime) -> timedelta | None:
        recent = [at for at in self._failed.get(key, ()) if now - at < WINDOW]
        return recent[-most] + WINDOW - now if len(recent) >= most else None


def _keys(name: str | None, address: str) -> tuple[tuple[Key, int], ...]:
    """What counts against an attempt; ``None`` is a passkey, which names nobody before it is verified."""
    if name is None:
        return ((("", address), PER_ADDRESS),)
    return ((name, address), PER_BOTH), (("", address), PER_ADDRESS), ((name, ""), PER_NAME)
