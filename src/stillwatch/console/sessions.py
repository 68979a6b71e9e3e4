"""Who is logged in: random tokens, kept in memory as hashes, so that a restart logs everybody out.

A session ends when it was idle for half an hour, ten hours after it began, or when its owner leaves. What its owner may
is not kept here: every request asks the journal.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=10)


@dataclass(frozen=True, slots=True)
class Session:
    """``csrf`` must come back with everything that is asked to be written."""

    name: str
    csrf: str
    begun_at: datetime
    seen_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now - self.seen_at > IDLE or now - self.begun_at > LONGEST


class Sessions:
    """All sessions of one process."""

    def __init__(self) -> None:
        self._by_token: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, now: datetime) -> str:
        """A new session's token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._by_token = {k: s for k, s in self._by_token.items() if not s.is_over(now)}
            self._by_token[_digest(token)] = Session(name, secrets.token_urlsafe(32), now, now)
        return token

    def find(self, token: str, now: datetime) -> Session | None:
        """The session of a token, which counts as seen."""
        key = _digest(token)
        with self._lock:
            session = self._by_token.get(key)
            if session is None or session.is_over(now):
                self._by_token.pop(key, None)
                return None
            self._by_token[key] = replace(session, seen_at=now)
            return session

    def end(self, token: str) -> None:
        with self._lock:
            self._by_token.pop(_digest(token), None)

    def end_of(self, name: str, *, but: str) -> None:
        """End every session of somebody but the one of a token."""
        kept = _digest(but)
        with self._lock:
            self._by_token = {k: s for k, s in self._by_token.items() if s.name != name or k == kept}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
