"""A Redis stream as a source: entries in the order of their ids, from where the checkpoint is.

The place in the stream is kept in the checkpoint, together with everything that was made of the entries, so an entry is
taken in once whatever dies; no consumer group is needed, and nothing is written to Redis. An entry with one field holds
a JSON object in it (canonical, LiteLLM, OTLP); one with several holds columns. Entries that were trimmed before they
were read are counted and told, where the server counts them (Redis 7).

While the server cannot be reached nothing is read and no epoch closes by the clock. Needs the extra ``redis``.
Deliberately not done: clusters, consumer groups, reading an entry again to show it as an example.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.app.watch.sources.follower import Kind, Polled, Task
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.pieces import Lines
from stillwatch.ingest.streams import HEAD_BYTES

if TYPE_CHECKING:
    import redis

PIECE_ENTRIES = 500
TIMEOUT_S = 10.0


def stream_name(given: str) -> str:
    """The source without what is secret in it, for everything that is kept or shown."""
    parts = urlsplit(given)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, urlencode({"stream": _key(given)}), ""))


def _key(given: str) -> str:
    names = parse_qs(urlsplit(given).query).get("stream", [])
    if len(names) != 1:
        raise ConfigurationError("name one stream, as in redis://localhost:6379/0?stream=requests")
    return names[0]


class StreamFollower(Polled):
    """Reads a stream; ``files`` is the caller's and is kept up to date by ``done``."""

    def __init__(self, given: str, files: dict[str, Followed], *, patient: bool) -> None:
        super().__init__(files)
        try:
            import redis
        except ImportError as error:
            raise ConfigurationError("a Redis source needs the extra redis: pip install 'stillwatch[redis]'") from error
        self._errors = redis.exceptions
        self._key, self._name = _key(given), stream_name(given)
        parts = urlsplit(given)
        plain = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        self._client: redis.Redis = redis.Redis.from_url(plain, socket_timeout=TIMEOUT_S)
        self._patient = patient

    def check(self) -> None:
        """Raise what is wrong with the name, or with the server where nobody would wait for it."""
        list(self._patiently(self._last_id))

    def tasks(self, now: float) -> Iterator[Task]:
        """Everything that is in the stream by now."""
        newest = next(self._patiently(self._last_id), None)
        while newest is not None:
            entry = self._files.get(self._name) or Followed((0, 0, 0), True, head="0-0")
            if entry.head == newest:
                return
            task = next(self._patiently(lambda entry=entry: self._next(entry, newest)), None)
            if task is None:
                return
            yield task

    def _patiently(self, ask: Any) -> Iterator[Any]:
        """What the server answers, if anything; nothing while it is away and somebody waits."""
        try:
            found = ask()
        except (self._errors.AuthenticationError, self._errors.ResponseError) as error:
            raise InputError(f"{self._name}: refused: {error}; check the name, the user and the stream") from error
        except (self._errors.ConnectionError, self._errors.TimeoutError) as error:
            self.away = True
            if not self._patient:
                raise InputError(f"{self._name}: cannot be reached: {error}; check address and server") from error
            return
        self.away = False
        if found is not None:
            yield found

    def _last_id(self) -> str | None:
        last: list[Any] = self._client.xrevrange(self._key, count=1)  # type: ignore[assignment]
        return last[0][0].decode() if last else None

    def _next(self, entry: Followed, newest: str) -> Task | None:
        begin = f"({entry.head}" if entry.head != "0-0" else "-"
        found: list[Any] = self._client.xrange(self._key, begin, newest, count=PIECE_ENTRIES)  # type: ignore[assignment]
        if not found:
            return None
        lost, self.behind = self._counted(entry.before, len(found))
        data = b"".join(_line(fields) + b"\n" for _, fields in found)
        # An empty object in front says that these are JSON lines, whatever the first entries hold.
        head = b"{}\n" + data[:HEAD_BYTES]
        lines = Lines(entry.before, entry.before + len(found), entry.before + lost, data, head)
        read = entry.before + lost + len(found)
        after = Followed((0, 0, 0), True, read, read, found[-1][0].decode(), taken=True)
        remark = f"{self._name}: {lost} entries were trimmed from the stream before they were read" if lost else None
        return Task(Source(self._name, 0, True), lines, after, remark)

    def _counted(self, read: int, now: int) -> tuple[int, int | None]:
        """Entries that are gone and were never read, and those that are left when ``now`` more are read."""
        info: dict[str, Any] = self._client.xinfo_stream(self._key)
        added = info.get("entries-added")
        if added is None:
            return 0, None
        lost = max(0, int(added) - int(info["length"]) - read)
        return lost, max(0, int(added) - read - lost - now)


def _line(fields: dict[bytes, bytes]) -> bytes:
    """An entry as one line of JSON."""
    if len(fields) == 1:
        (only,) = fields.values()
        return only.replace(b"\n", b" ")  # between values only: inside a text JSON has no bare line ends
    return json.dumps({k.decode(errors="replace"): v.decode(errors="replace") for k, v in fields.items()}).encode()


KIND = Kind(("redis", "rediss"), stream_name, StreamFollower)
