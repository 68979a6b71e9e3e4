"""The guard in front of a service: what a server, an ASGI program or LiteLLM needs to ask it, in one object.

Contract: ``Screening.judged`` looks at a body and says what goes out or why not; checks run in threads where they would
hold up other requests. Counts are gathered, and written by ``flush`` and at most every ``FLUSH_S`` seconds: a process
that is killed loses what it counted since. Who is counted is the caller; the team is what the table of keys names as
its organisation.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from stillwatch.app.guard import ledger
from stillwatch.app.guard.checking import make_guard
from stillwatch.errors import StillwatchError
from stillwatch.gateway.answers import Answer, error
from stillwatch.gateway.operations import Dialect
from stillwatch.gateway.screen import Outgoing, Passage
from stillwatch.guard.destinations import load_destinations
from stillwatch.guard.redaction import Redaction
from stillwatch.guard.traffic.restored import Listed, Restored
from stillwatch.guard.traffic.screener import Request, Screened, Screener, UnreadableError
from stillwatch.keyring import load_keyring

INSIST = "x-stillwatch-insist"
FLUSH_S = 20.0
AT_ONCE = 1 << 17
"""Bodies up to so many bytes are looked at without a thread: it takes less than handing them over."""
NO_TEAM = "no team"
LISTS = frozenset(("/v1/batches", "/v1/messages/batches"))
CODES = {"coach": "guard_coach", "block": "guard_blocked"}
_log = logging.getLogger("stillwatch.guard")


@dataclass(frozen=True, slots=True)
class Guarding:
    """What a guard is to be. ``to``: a destination of the register, or its host."""

    home: Path
    to: str
    terms: Path | None = None
    dictionaries: Sequence[Path] = ()
    counts: bool = True


@dataclass
class Screening:
    """A guard that is asked about requests."""

    home: Path
    screener: Screener
    notes: tuple[str, ...] = ()
    counts: bool = True
    _waiting: dict[tuple[str, str], Counter[tuple[str, str, str]]] = field(default_factory=dict)
    _flushed: float = field(default_factory=time.monotonic)
    _lock: Lock = field(default_factory=Lock)

    @staticmethod
    def open(asked: Guarding) -> Screening:
        """Everything read and compiled; every mistake is a ``StillwatchError``."""
        register = load_destinations(asked.terms)
        to = register.named(asked.to)
        guard, notes = make_guard(asked.home, asked.dictionaries)
        guard.check("warm up: 4539 1488 0343 6467")
        secret = load_keyring(asked.home).derive("pseudonym")
        return Screening(asked.home, Screener(guard, to, register, secret), tuple(notes), asked.counts)

    async def __call__(self, outgoing: Outgoing) -> Passage:
        """As a gateway asks."""
        if not outgoing.raw:
            return self.fetched(outgoing)
        request = Request(
            outgoing.caller.account_id,
            outgoing.headers.get("content-type", ""),
            outgoing.raw,
            outgoing.headers.get(INSIST, ""),
        )
        return await self.passage(request, outgoing.caller.org_id or NO_TEAM, outgoing.dialect)

    def fetched(self, outgoing: Outgoing) -> Passage:
        """Something that was answered or uploaded earlier: marks in it are put back, as far as they are still known.

        Of a part of a file, which a mark may be cut by, nothing is changed.
        """
        caller, now = outgoing.caller.account_id, time.time()
        if "range" in outgoing.headers or not self.screener.keeps_any:
            return Passage("fetch", b"")
        redaction = self.screener.fetched(caller, outgoing.path, now)
        if redaction.values:
            return Passage("restore", b"", self.restored(caller, redaction))
        if outgoing.path in LISTS:
            return Passage("fetch", b"", Listed(lambda name: self._known(caller, name)))
        return Passage("fetch", b"")

    def _known(self, caller: str, name: str) -> Restored | None:
        redaction = self.screener.known(caller, name, time.time())
        return None if redaction is None else self.restored(caller, redaction)

    async def passage(self, request: Request, team: str, dialect: Dialect) -> Passage:
        """What becomes of a request; the answer to a refused one as ``dialect`` spells it."""
        try:
            found = await self.judged(request, team)
        except UnreadableError as fault:
            return Passage("unreadable", b"", refusal=error(400, "unreadable_body", str(fault), dialect, {}))
        if not found.goes_out:
            return Passage(found.decision.action, b"", refusal=refusal(found, dialect))
        edit = self.restored(request.caller, found.redaction) if found.redaction.values else None
        return Passage("redact" if edit else "allow", found.raw, edit)

    async def judged(self, request: Request, team: str) -> Screened:
        now = time.time()
        if "json" in request.content_type and len(request.raw) <= AT_ONCE and b"base64" not in request.raw:
            found = self.screener.screen(request, now)
        else:
            found = await asyncio.to_thread(self.screener.screen, request, now)
        if self.counts and found.events and self._note(request.caller, team, found):
            await asyncio.to_thread(self.flush)
        return found

    def restored(self, caller: str, redaction: Redaction) -> Restored:
        """The edit that puts back into an answer what was hidden from its service."""
        return Restored(redaction, lambda name: self.screener.keep(caller, name, redaction, time.time()))

    def flush(self) -> None:
        """Write the counts that wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._flushed = time.monotonic()
        for (team, person), events in waiting.items():
            try:
                ledger.count(self.home, datetime.now(UTC), team, person, events.elements())
            except StillwatchError as fault:
                _log.error("counts of the guard are lost: %s", fault)

    def _note(self, caller: str, team: str, found: Screened) -> bool:
        """Count; whether it is time to write."""
        with self._lock:
            counts = self._waiting.setdefault((team, caller), Counter())
            counts.update((kind, self.screener.to.name, outcome) for kind, outcome in found.events)
            return time.monotonic() - self._flushed > FLUSH_S


def refusal(found: Screened, dialect: Dialect) -> Answer:
    """What is told: a code for programs, kinds, the destination and its term; with ``coach`` how to go on."""
    decision = found.decision
    more: dict[str, Any] = {"kinds": list(decision.kinds), "destination": decision.destination}
    if decision.term:
        more["term"] = decision.term
    message = decision.message
    if found.word:
        more["insist"] = {"header": INSIST, "value": found.word}
        message += f" To send it, write [insist {found.word}] into the text, or set the header {INSIST}."
    return error(403, CODES[decision.action], message, dialect, more)
