"""How the feed is spelled: a snapshot of all decisions, and a tail of numbered changes behind it.

Contract: JSON, one object per line. A snapshot is a header, one decision per line, and an end that counts them. A
change of the tail has the number after the one before; it sets, lifts or drops decisions, or replaces the tiers or the
shedding experiment. What does not fit raises ``FeedError`` and never half applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from stillwatch.feed.decision import Decision, Scope
from stillwatch.feed.index import Index
from stillwatch.feed.shedding import Coin, Shedding, coin_of
from stillwatch.feed.tiers import Tiers

SCHEMA = "stillwatch.feed/1"
WIDEST_LINE = 64 * 1024
"""A line that is longer was not written by us."""


class FeedError(ValueError):
    """A feed that is not what a writer leaves behind; the text says where."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of a snapshot: it holds every change up to ``number``; ``tail`` names what follows."""

    schema: str
    feed_id: str
    number: int
    written_at: str
    decisions: int
    tiers: Tiers | None = None
    shedding: Shedding | None = None


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    end: int


class Dropped(msgspec.Struct, frozen=True):
    decision_id: str
    scope: Scope


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the tail: exactly one of ``set``, ``lift``, ``drop``, ``tiers`` and ``shedding``."""

    n: int
    at: str
    set: Decision | None = None
    lift: str | None = None
    drop: Dropped | None = None
    tiers: Tiers | None = None
    shedding: Shedding | None = None


_header = msgspec.json.Decoder(Header)
_decision = msgspec.json.Decoder(Decision)
_change = msgspec.json.Decoder(Change)
_end = msgspec.json.Decoder(End)


def spelled_snapshot(header: Header, decisions: Iterable[Decision]) -> Iterator[bytes]:
    """The lines of a snapshot."""
    yield msgspec.json.encode(header) + b"\n"
    count = 0
    for decision in decisions:
        yield msgspec.json.encode(decision) + b"\n"
        count += 1
    if count != header.decisions:
        raise ValueError(f"the header promises {header.decisions} decisions, not {count}")
    yield msgspec.json.encode(End(count)) + b"\n"


def spelled_change(change: Change) -> bytes:
    return msgspec.json.encode(change) + b"\n"


class Snapshot:
    """A snapshot being read, some lines at a time; ``index`` counts once ``close`` has returned."""

    def __init__(self, first_line: bytes) -> None:
        self.header: Header = _decoded(_header, first_line, "the header")
        if self.header.schema != SCHEMA:
            raise FeedError(f"the feed has schema {self.header.schema[:60]!r}; this version reads {SCHEMA}")
        self.index = Index()
        self.coin = None if self.header.shedding is None else coin_in(self.header.shedding, "the header")
        self.decisions: list[Decision] | None = None
        self._count = 0
        self._ended = False

    def keep_decisions(self) -> Snapshot:
        """Keep the decisions themselves too, for a writer."""
        self.decisions = []
        return self

    def take(self, line: bytes) -> None:
        """One more line."""
        if self._ended:
            raise FeedError("the snapshot goes on behind its end")
        if line.startswith(b'{"end":'):
            found: End = _decoded(_end, line, "the end")
            self._ended = found.end == self._count == self.header.decisions
            if not self._ended:
                raise FeedError(f"the snapshot promises {self.header.decisions} decisions and holds {self._count}")
            return
        self._count += 1
        decision: Decision = _decoded(_decision, line, f"decision {self._count}")
        _set(self.index, decision, f"decision {self._count}")
        if self.decisions is not None:
            self.decisions.append(decision)

    def close(self) -> None:
        if not self._ended:
            raise FeedError("the snapshot has no end: it was cut off")


def change_of(line: bytes, expected: int) -> Change:
    """The change of a line of the tail, which must have the number ``expected``."""
    change: Change = _decoded(_change, line, f"change {expected}")
    if change.n != expected:
        raise FeedError(f"change {expected} is missing: the tail goes on with {change.n}")
    if sum(part is not None for part in (change.set, change.lift, change.drop, change.tiers, change.shedding)) != 1:
        raise FeedError(f"change {expected} does not say one thing")
    return change


def apply(index: Index, change: Change) -> None:
    """Change the decisions that are held; tiers and coin are the caller's."""
    if change.set is not None:
        _set(index, change.set, f"change {change.n}")
    elif change.lift is not None:
        index.lift(change.lift)
    elif change.drop is not None:
        index.drop(change.drop.decision_id, change.drop.scope)


def coin_in(shedding: Shedding, where: str) -> Coin | None:
    """The coin of an experiment in the feed."""
    try:
        return coin_of(shedding)
    except (ValueError, OverflowError):
        raise FeedError(f"{where} has a shedding experiment that is none") from None


def _set(index: Index, decision: Decision, where: str) -> None:
    try:
        index.set(decision)
    except (ValueError, OverflowError):
        raise FeedError(f"{where} has a time that is none") from None


def _decoded(decoder: msgspec.json.Decoder, line: bytes, where: str):  # type: ignore[type-arg, no-untyped-def]
    if len(line) > WIDEST_LINE:
        raise FeedError(f"{where} is longer than {WIDEST_LINE} bytes")
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"{where} cannot be read: {str(error)[:200]}") from None
