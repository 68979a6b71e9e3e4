"""The feed followed through Redis: the same lines as in the files, for several gateways.

Contract: as ``files.Follower``, over a network: ``look`` looks once and never blocks the loop, ``held`` may be used at
any time, ``fault`` says why it is not fresh. A server that is away, was emptied or went back to an older state leaves
in memory what was good, and is told; so a gateway's decisions outlive the server, and its age says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

from stillwatch.errors import ConfigurationError
from stillwatch.feed.files import NOT_READ, Held, held_of
from stillwatch.feed.index import Index
from stillwatch.feed.lines import WIDEST_LINE, FeedError, Snapshot, change_of
from stillwatch.feed.redis_names import NEEDS_CLIENT, PAGE, place_of

TIMEOUT_S = 2.0


class RedisFollower:
    """Follows the feed at a place such as ``redis://host:6379/0?feed=stillwatch``."""

    def __init__(self, given: str) -> None:
        try:
            from redis import asyncio as client
            from redis import exceptions
        except ImportError as error:
            raise ConfigurationError(NEEDS_CLIENT) from error
        self._place = place_of(given)
        self._away = (exceptions.RedisError, OSError)
        self._client: Any = client.Redis.from_url(
            self._place.url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, single_connection_client=False
        )
        self.held = Held(Index())
        self.fault: str | None = NOT_READ
        self.loaded = False
        self._head = ""
        self._read = 0

    @property
    def fresh(self) -> bool:
        return self.fault is None

    async def look(self) -> None:
        """Look for news once."""
        try:
            await self._news()
            self.fault = None
        except FeedError as error:
            self._head, self.fault = "", f"{self._place.shown}: {error}"
        except self._away as error:
            self.fault = f"{self._place.shown}: cannot be reached: {type(error).__name__}"

    async def close(self) -> None:
        await self._client.aclose()

    async def _news(self) -> None:
        found = await cast("Awaitable[bytes | None]", self._client.get(self._place.head))
        if found is None:
            raise FeedError("there is no feed under this name; 'stillwatch decide publish' writes it")
        head = found.decode("utf-8", "replace")
        if head == self._head:
            self._read = await self._follow(self.held, head, self._read)
            return
        held = await self._load(head)
        read = await self._follow(held, head, 0)
        if held.feed_id == self.held.feed_id and held.number < self.held.number:
            raise FeedError(f"an older feed was put back: it ends at {held.number}, {self.held.number} was read")
        # In one step: until here the decisions held before count.
        self.held, self._head, self._read, self.loaded = held, head, read, True

    async def _load(self, head: str) -> Held:
        key, begin = self._place.snapshot(head), 0
        lines = await self._page(key, begin)
        if not lines:
            raise FeedError("the snapshot is gone")
        snapshot = Snapshot(lines[0])
        if f"{snapshot.header.feed_id}:{snapshot.header.number}" != head:
            raise FeedError("the snapshot is another one than the head names")
        lines = lines[1:]
        while lines or begin == 0:
            for line in lines:
                snapshot.take(line)
            begin += PAGE
            lines = await self._page(key, begin)
        snapshot.close()
        return held_of(snapshot)

    async def _follow(self, held: Held, head: str, read: int) -> int:
        """Apply what is in the tail behind the ``read`` changes that are known."""
        key = self._place.tail(head)
        if await self._client.llen(key) < read:
            raise FeedError("the tail became shorter")
        while lines := await self._page(key, read):
            for line in lines:
                held.take(change_of(line, held.number + 1))
                read += 1
                if held is self.held:
                    self._read = read  # a change is applied once, whatever the next one is
            if len(lines) < PAGE:
                break
        return read

    async def _page(self, key: str, begin: int) -> list[bytes]:
        lines: list[bytes] = await self._client.lrange(key, begin, begin + PAGE - 1)
        if any(len(line) > WIDEST_LINE for line in lines):
            raise FeedError(f"{key} holds a line that is longer than {WIDEST_LINE} bytes")
        await asyncio.sleep(0)
        return lines
