"""The feed copied from its files to a Redis server, from which several gateways follow it.

Contract: the files are the feed; ``copy`` brings the server to what they say, by the changes it has not, or whole.
Over an unchanged feed it writes nothing. What is new counts for readers in one step. A server that knows changes which
the files do not was written from elsewhere: that is refused and not repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.feed.files import SNAPSHOT, tail_name
from stillwatch.feed.lines import Snapshot
from stillwatch.feed.redis_names import KEPT_S, NEEDS_CLIENT, PAGE, Place, place_of

TIMEOUT_S = 10.0


def copy(folder: Path, given: str, *, forget: bool = False) -> int:
    """Bring the feed at ``given`` to that in ``folder``; how many changes the server did not have.

    ``forget``: a snapshot that is replaced goes at once, and whoever is reading it begins again.
    """
    try:
        import redis
    except ImportError as error:
        raise ConfigurationError(NEEDS_CLIENT) from error
    place = place_of(given)
    try:
        with redis.Redis.from_url(place.url, socket_timeout=TIMEOUT_S) as client:
            return _copied(client, place, folder, 0 if forget else KEPT_S)
    except (redis.RedisError, OSError) as error:
        raise StoreError(
            f"the decision stands in the journal and in {folder}, but {place.shown} was not told: {error}. "
            "Run 'stillwatch decide publish' when it can be reached."
        ) from error


def _copied(client: Any, place: Place, folder: Path, kept_s: int) -> int:
    with (folder / SNAPSHOT).open("rb") as file:
        header = Snapshot(file.readline()).header
    head = f"{header.feed_id}:{header.number}"
    tail = (folder / tail_name(header.number)).read_bytes().splitlines(keepends=True)
    before: bytes | None = client.get(place.head)
    if before == head.encode():
        return _extended(client, place, head, tail)
    _replaced(client, place, head, folder, tail)
    if before is not None:
        old = before.decode("utf-8", "replace")
        for key in (place.snapshot(old), place.tail(old)):
            client.expire(key, kept_s)
    return len(tail) + 1


def _extended(client: Any, place: Place, head: str, tail: list[bytes]) -> int:
    key = place.tail(head)
    known: int = client.llen(key)
    if known > len(tail) or (known and client.lindex(key, known - 1) != tail[known - 1]):
        raise StoreError(
            f"{place.shown} knows changes that the files do not; 'stillwatch decide publish --anew' ends this"
        )
    if known < len(tail):
        client.rpush(key, *tail[known:])
    return len(tail) - known


def _replaced(client: Any, place: Place, head: str, folder: Path, tail: list[bytes]) -> None:
    client.delete(place.snapshot(head), place.tail(head))
    for page in _pages(folder):
        client.rpush(place.snapshot(head), *page)
    if tail:
        client.rpush(place.tail(head), *tail)
    client.set(place.head, head)


def _pages(folder: Path) -> Iterator[list[bytes]]:
    with (folder / SNAPSHOT).open("rb") as file:
        page: list[bytes] = []
        for line in file:
            page.append(line)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page
