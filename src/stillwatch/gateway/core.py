"""The gateway without sockets: who asks, what holds for them, what becomes of the request.

Contract: ``Gate.rule`` is a function of the caller, the body, the feed that is held and a moment. While the feed is
stale only decisions with ``on_unreachable: closed`` are enforced, until their own end; the others rest and are counted.
A gateway that never had a feed lets everything through or nothing, as configured, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stillwatch.feed.decision import Terms, Unreachable
from stillwatch.feed.files import Held
from stillwatch.feed.index import Index
from stillwatch.feed.limiter import Limiter
from stillwatch.feed.shedding import SHED, SPARE
from stillwatch.feed.verdict import PASS, Asked, Refusal, Verdict, judge
from stillwatch.gateway.identity import Caller

FEED_MAX_AGE_S = 30.0
_AWAY = Refusal(503, "decisions_unavailable", "The gateway has no decisions to go by.", retry_after=5)
_SHED = Refusal(503, "request_not_taken", "This request was not taken. Send it again.", retry_after=1)


@dataclass
class Gate:
    """What a gateway holds. ``checked_at``: when the feed was last read in good order, 0 = never.

    ``without_feed``: what holds while no feed was ever read. ``feed_expected`` is false where none was named.
    """

    feed_expected: bool = True
    without_feed: Unreachable = "open"
    max_age_s: float = FEED_MAX_AGE_S
    held: Held = field(default_factory=lambda: Held(Index()))
    checked_at: float = 0.0
    limiter: Limiter = field(default_factory=Limiter)
    edits: bool = True
    """Whether whoever asks can change requests and answers; else limits are out of its reach, and counted so."""
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What measures did: by (measure or code, what happened)."""

    def feed_age(self, now: float) -> float | None:
        """Seconds since the feed was last read in good order; ``None`` = never."""
        return now - self.checked_at if self.checked_at else None

    def stale(self, now: float) -> bool:
        age = self.feed_age(now)
        return self.feed_expected and (age is None or age > self.max_age_s)

    def rule(self, caller: Caller, asked: Callable[[], Asked], now: float) -> Verdict:
        """What becomes of a request; what it asks for is looked at only where anything depends on it."""
        found: Iterable[Terms] = self.held.index.find(caller.scopes, now)
        if self.feed_expected and now - self.checked_at > self.max_age_s:
            if not self.checked_at and self.without_feed == "closed":
                return self._counted(Verdict(_AWAY))
            found = self._only_closed(found)
        tiers = self.held.tiers
        if not found and tiers is None:
            return PASS
        return self._counted(judge(asked(), tuple(found), now, self.limiter, caller.scopes[0], tiers, caller.tier))

    def sheds(self, caller: Caller, event_id: str, ts_us: int) -> Refusal | None:
        """The refusal of a request that the coin of an experiment chose.

        To be asked for requests that are let through and logged, under the id and the time that the log will have. The
        coin is not thrown while the feed is stale, for the spared, and for those of whom nobody says whether they were
        promised to be served.
        """
        coin, now = self.held.coin, ts_us / 1e6
        if coin is None or caller.service_level is not False or not coin.live(now) or self.stale(now):
            return None
        if (caller.tier or self._default_tier()) in coin.spared_tiers or self._spared(caller, now):
            return None
        self.counts[SHED, "thrown"] += 1
        if not coin.chooses(event_id, ts_us):
            return None
        self.counts[SHED, "refused"] += 1
        return _SHED

    def _spared(self, caller: Caller, now: float) -> bool:
        return any(t.measure == SPARE for t in self.held.index.find(caller.scopes, now))

    def _default_tier(self) -> str | None:
        return self.held.tiers.default if self.held.tiers else None

    def _only_closed(self, found: Iterable[Terms]) -> tuple[Terms, ...]:
        kept = tuple(t for t in found if t.closed or not t.enforce)
        for t in found:
            if t.enforce and not t.closed:
                self.counts[t.measure, "rested"] += 1
        return kept

    def _counted(self, verdict: Verdict) -> Verdict:
        if verdict.refusal is not None:
            self.counts[verdict.refusal.code, "refused"] += 1
        if verdict.applied or verdict.silent:
            self.counts["limit", "applied" if self.edits else "out_of_reach"] += bool(verdict.limits)
            self.counts["mark", "applied"] += bool(verdict.mark)
        if verdict.observed:
            self.counts["observe", "observed"] += 1
        return verdict
