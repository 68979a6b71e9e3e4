"""The gateway's look at its files: the feed and the table of keys, a few times a second, beside the requests."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from pathlib import Path

from stillwatch import inert
from stillwatch.errors import ConfigurationError
from stillwatch.feed.files import NOT_READ, Follower, Following
from stillwatch.feed.redis_names import is_redis
from stillwatch.gateway.core import Gate
from stillwatch.gateway.identity import Holder
from stillwatch.gateway.keys import read_keys

LOOK_S = 0.25
SWEEP_S = 300.0
MANY = 100_000
_log = logging.getLogger("stillwatch.gateway")


def follower_of(given: str) -> Following:
    """A follower of the feed in a folder, or at an address such as ``redis://host:6379/0?feed=stillwatch``."""
    if not is_redis(given):
        return Follower(Path(given))
    from stillwatch.feed.redis_reading import RedisFollower

    return RedisFollower(given)


async def first_look(follower: Following) -> None:
    """Wait until the feed was looked at once, whatever came of it."""
    while not follower.loaded and follower.fault == NOT_READ:
        await asyncio.sleep(0.005)


async def follow_feed(gate: Gate, follower: Following) -> None:
    """Keep ``gate`` at what the feed says, for ever; tells once when the feed goes away and when it is back."""
    swept, told = time.monotonic(), None
    while True:
        await follower.look()
        if follower.fresh:
            if gate.held is not follower.held:
                gate.held = follower.held
                if len(gate.held.index) > MANY:
                    gc.freeze()  # every full collection would walk through them
            gate.checked_at = time.time()
        if follower.fault != told:
            told = follower.fault
            _log.warning("feed: %s", inert.text(told, 500) if told else f"read up to change {follower.held.number}")
        if time.monotonic() - swept > SWEEP_S:
            gate.held.index.sweep(time.time())
            swept = time.monotonic()
        await asyncio.sleep(LOOK_S)


async def follow_keys(path: Path, use: Callable[[dict[str, Holder]], None]) -> None:
    """Read the table of keys again when it changes; one that is wrong leaves the one before in use."""
    seen = _stamp(path)
    while True:
        await asyncio.sleep(LOOK_S)
        now = _stamp(path)
        if now == seen:
            continue
        seen = now
        try:
            use(await asyncio.to_thread(read_keys, path))
            _log.warning("keys: read again from %s", path)
        except ConfigurationError as error:
            for mistake in error.mistakes:
                _log.error("keys: the table before stays in use: %s", inert.text(mistake, 500))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
