"""A million live decisions: how long a look-up takes, what memory one needs, how long the feed takes to read.

Every decision is one of its own (the worst case; a campaign's accounts share theirs). Half of the look-ups hit. Each
look-up is timed by itself, with the account and the key of a request, as the gateway asks.
"""

from __future__ import annotations

import gc
import random
import resource
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from stillwatch.feed.decision import Decision, Parameters, Scope
from stillwatch.feed.files import Follower
from stillwatch.feed.writing import bring

NOW = 1_900_000_000
TIMES = ("2030-03-17T17:46:40Z", "2031-03-17T17:46:40Z")


def decisions(count: int) -> Any:
    """``throttle`` and ``suspend`` for accounts, one decision each."""
    for n in range(count):
        parameters = Parameters(requests_per_minute=float(n % 50 + 1)) if n % 2 else Parameters()
        measure = "throttle" if n % 2 else "suspend"
        scope = Scope("account", f"acct_{n:016x}")
        yield Decision(f"d-{n}", scope, measure, "enforce", "reason", "person:bo", *TIMES, "open", parameters, "k-1")


def measure(count: int = 1_000_000, asked: int = 200_000) -> dict[str, float]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        bring(Path(folder), decisions(count), None, datetime.fromtimestamp(NOW, UTC))
        # A process that has not written the feed: memory that it freed would hide what reading takes.
        with get_context("spawn").Pool(1) as pool:
            return pool.apply(_read, (Path(folder), count, asked))


def _read(folder: Path, count: int, asked: int) -> dict[str, float]:
    before = _resident()
    follower, longest, began = Follower(folder), 0.0, time.perf_counter()
    last = began
    for _ in follower.poll():
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    seconds = time.perf_counter() - began
    gc.collect()
    held = _resident() - before
    gc.freeze()
    return {
        "decisions": count,
        "read_s": round(seconds, 2),
        "longest_step_ms": round(longest * 1000, 2),
        "bytes_per_decision": round(held / count),
        **_timed(follower, count, asked),
    }


def _timed(follower: Follower, count: int, asked: int) -> dict[str, float]:
    dice, find, clock = random.Random(5), follower.held.index.find, time.perf_counter_ns
    names = [
        (f"account:acct_{dice.randrange(2 * count):016x}", f"key:{dice.randrange(count):064x}") for _ in range(asked)
    ]
    taken = []
    for pair in names:
        start = clock()
        find(pair, NOW)
        taken.append(clock() - start)
    taken.sort()
    return {
        f"p{name}_us": round(taken[int(asked * share)] / 1000, 2)
        for name, share in (("50", 0.5), ("99", 0.99), ("999", 0.999))
    }


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
