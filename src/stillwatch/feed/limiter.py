"""How long somebody has to wait: the generic cell rate algorithm, one number per account and decision.

Contract: time is handed in, so a replay over last week's log counts what a gateway would have. At most ``most`` are
remembered; the longest silent are forgotten first, which can only let a request through.
"""

from __future__ import annotations

from collections import OrderedDict

from stillwatch.feed.decision import Terms

MOST = 100_000


class Limiter:
    """The moments from which the next request is on time again, by who and decision."""

    def __init__(self, most: int = MOST) -> None:
        self._due: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._most = most

    def wait(self, who: str, terms: Terms, now: float) -> float:
        """Seconds until a request would be let through; 0 lets this one through and counts it."""
        rate = terms.parameters.requests_per_minute or 0.0
        if rate <= 0:
            return float(max(terms.expires - now, 1.0))
        gap = 60.0 / rate
        name = (who, terms.decision_id)
        due = max(self._due.get(name, now), now)
        ahead = due - now - gap * ((terms.parameters.burst or 1) - 1)
        if ahead > 0:
            return ahead
        self._due[name] = due + gap
        self._due.move_to_end(name)
        if len(self._due) > self._most:
            self._due.popitem(last=False)
        return 0.0
