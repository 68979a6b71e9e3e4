"""Where a feed lies in a Redis server, for its writer and its readers.

``<name>:head`` says which snapshot counts, as ``<feed_id>:<number>``; ``<name>:snapshot:<head>`` is a list of its lines
and ``<name>:tail:<head>`` of the changes behind it. The head is set last, so a reader sees a whole snapshot or the one
before, whose lists go ``KEPT_S`` after another has taken their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from stillwatch.errors import ConfigurationError

SCHEMES = ("redis", "rediss", "unix")
KEPT_S = 600
NEEDS_CLIENT = "a feed in Redis needs the extra redis: pip install 'stillwatch[redis]'"
PAGE = 1000
"""Lines fetched at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A feed in a server. ``url`` is what the client library takes and may hold a password, ``shown`` holds none."""

    url: str
    name: str
    shown: str

    @property
    def head(self) -> str:
        return f"{self.name}:head"

    def snapshot(self, head: str) -> str:
        return f"{self.name}:snapshot:{head}"

    def tail(self, head: str) -> str:
        return f"{self.name}:tail:{head}"


def is_redis(given: str) -> bool:
    return urlsplit(given).scheme in SCHEMES


def place_of(given: str) -> Place:
    """A place as in ``redis://:password@host:6379/0?feed=stillwatch``."""
    parts = urlsplit(given)
    asked = parse_qs(parts.query)
    names = asked.pop("feed", ["stillwatch"])
    if parts.scheme not in SCHEMES or len(names) != 1 or not names[0].isprintable():
        raise ConfigurationError("name a feed in Redis as in redis://host:6379/0?feed=stillwatch")
    plain = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(asked, doseq=True), ""))
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, host, parts.path, urlencode({"feed": names[0]}), ""))
    return Place(plain, names[0], shown)
