"""The log of a gateway: never in the way of a request, never short of a record without saying so.

Contract: ``offer`` takes a record or counts it as dropped, at once. A thread of its own turns what was offered into
rows, once a second or a thousand at a time, and appends them to a spool on disk; from there whole Parquet files go to
the sink. While the sink cannot be written the spool grows, up to a bound, and everything that does not fit is counted.
After a crash the next start finds the spool and goes on; what a killed process had not yet spooled, about a second of
it, is lost.

Up to the batch in hand, ``offered`` is the sum of all other counts.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stillwatch.gateway.record import Record
from stillwatch.gateway.spool import Spool

MOST_WAITING_BYTES = 256 << 20
"""Of records that wait to be turned into rows."""
AT_ONCE = 1000
TURN_S = 1.0
SWOLLEN = 10_000
"""Records that waited at once: when they are gone, the memory that they took is given back."""

ToRows = Callable[[Sequence[Record]], Any]


@dataclass(slots=True)
class Counts:
    """Records since the start, those that a start found in the spool included."""

    offered: int = 0
    pending: int = 0
    spooled: int = 0
    written: int = 0
    dropped_memory: int = 0
    dropped_spool: int = 0
    unreadable: int = 0


class Capture:
    """Takes records on the event loop, writes them on a thread."""

    def __init__(self, to_rows: ToRows, spool: Spool) -> None:
        self._to_rows = to_rows
        self._spool = spool
        self._waiting: deque[Record] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._offered = self._dropped = self._unreadable = 0
        self._in_hand = self._most_waited = 0
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def offer(self, record: Record) -> None:
        """Take a record, or count it."""
        size = record.size
        with self._lock:
            self._offered += 1
            if self._bytes + size > MOST_WAITING_BYTES:
                self._dropped += 1
                return
            self._bytes += size
            self._waiting.append(record)
            if len(self._waiting) == AT_ONCE:
                self._wake.set()  # what waits is held in memory

    def counts(self) -> Counts:
        with self._lock:
            spool = self._spool
            return Counts(
                self._offered + spool.found,
                len(self._waiting) + self._in_hand,
                spool.rows,
                spool.written,
                self._dropped,
                spool.dropped,
                self._unreadable,
            )

    def close(self, patience_s: float) -> None:
        """Write what there is and end; what the sink does not take stays in the spool."""
        self._ending = True
        self._wake.set()
        self._thread.join(patience_s)
        if not self._thread.is_alive():
            self._spool.close()

    def _run(self) -> None:
        settled = time.monotonic()
        while True:
            self._wake.clear()
            ending = self._ending
            while records := self._taken():
                self._spooled(records)
            if ending or time.monotonic() - settled >= TURN_S:
                settled = time.monotonic()
                self._spool.settle(everything=ending)
                self.fault = self._spool.fault
                self._slim()
            if ending:
                return
            self._wake.wait(max(0.0, TURN_S - (time.monotonic() - settled)))

    def _slim(self) -> None:
        """After a rush, return its memory to the system, which takes some milliseconds; only glibc knows how."""
        if self._most_waited < SWOLLEN:
            return
        self._most_waited = 0
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)

    def _taken(self) -> list[Record]:
        with self._lock:
            self._most_waited = max(self._most_waited, len(self._waiting))
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE))]
            self._bytes -= sum(record.size for record in taken)
            self._in_hand = len(taken)
            return taken

    def _spooled(self, records: list[Record]) -> None:
        try:
            batch = self._to_rows(records)
        except Exception:
            batch = None
        if batch is None and len(records) > 1:
            # One record that cannot be made into a row must not cost the others.
            for record in records:
                self._spooled([record])
            return
        with self._lock:
            self._in_hand -= len(records)
            if batch is None:
                self._unreadable += 1
            else:
                self._spool.append(batch)
