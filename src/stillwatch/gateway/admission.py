"""Who is let in at all, before any decision is looked at: with a table of keys, only the keys in it."""

from __future__ import annotations

from collections.abc import Mapping

from stillwatch.feed.verdict import Refusal
from stillwatch.gateway import identity
from stillwatch.gateway.attempts import Attempts
from stillwatch.gateway.identity import Caller, Client, Holder


class RefusedError(Exception):
    """A request is not let through."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.refusal = Refusal(status, code, message, retry_after=retry_after)

    @classmethod
    def of(cls, refusal: Refusal) -> RefusedError:
        """A refusal that a measure gave its words."""
        error = cls(refusal.status, refusal.code, refusal.message)
        error.refusal = refusal
        return error


def admitted(
    headers: Mapping[str, str], seen: Client, keys: Mapping[str, Holder] | None, attempts: Attempts, now: float
) -> Caller:
    """Who calls; ``RefusedError`` where nothing names anybody, or the table of keys does not know the key."""
    hashed = identity.key_hash(headers)
    if keys is None:
        found = identity.caller(hashed, None, seen)
        if found is None:
            raise RefusedError(401, "no_credential", "Give a key in the header Authorization.")
        return found
    if wait := attempts.wait(seen.ip, now):
        raise RefusedError(429, "too_many_wrong_keys", "Too many wrong keys from this address.", wait)
    holder = keys.get(hashed or "")
    if holder is None:
        attempts.wrong(seen.ip, now)
        raise RefusedError(401, "unknown_key", "This key is not known.")
    found = identity.caller(hashed, holder, seen)
    assert found is not None
    return found
