"""What a guard remembers between requests, for some hours and up to some number: nothing of it lies on a disk.

Values age from when they were last kept; beyond ``most`` the one kept longest ago goes.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

HOURS_12, HOURS_48 = 12 * 3600.0, 48 * 3600.0
V = TypeVar("V")


class Memory(Generic[V]):
    """Values by key; may be used by several threads."""

    def __init__(self, most: int, seconds: float = HOURS_12) -> None:
        self._most, self._seconds = most, seconds
        self._held: OrderedDict[object, tuple[float, V]] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: object, value: V, now: float) -> None:
        with self._lock:
            self._held[key] = (now, value)
            self._held.move_to_end(key)
            while self._held and (len(self._held) > self._most or self._is_over(next(iter(self._held)), now)):
                self._held.popitem(last=False)

    def get(self, key: object, now: float) -> V | None:
        with self._lock:
            found = self._held.get(key)
            return found[1] if found and not self._is_over(key, now) else None

    def __len__(self) -> int:
        return len(self._held)

    def _is_over(self, key: object, now: float) -> bool:
        return now - self._held[key][0] > self._seconds
