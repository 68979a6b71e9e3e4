"""What the software can say towards an attribution, each item marked as observed or inferred.

Contract: pure; numbers in, values out. An item is a count or a share that stands in the exhibits; ``observed`` means
that it was seen in our own records, ``inferred`` that it was concluded from them. Items are offered to a person who
weighs hypotheses; none names anybody, none is a hypothesis, and none speaks of a country or a language. Hours are
those of UTC and say when accounts are busy together, not where somebody lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stillwatch.cases.acts import Basis

WINDOW_HOURS = 8
_WORDS: dict[str, tuple[Basis, str]] = {
    "payment": ("observed", "share a means of payment"),
    "org": ("observed", "declare one organisation"),
    "domain": ("observed", "share a mail domain"),
    "network": ("observed", "share an address range"),
    "client": ("observed", "share a client that few others use"),
    "template": ("observed", "share prompt machinery"),
    "near_duplicate": ("observed", "send nearly the same prompts"),
    "onset": ("inferred", "began together"),
    "succession": ("inferred", "took over from each other"),
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One item; ``accounts`` of ``of`` show it."""

    kind: str
    basis: Basis
    accounts: int
    of: int
    text: str


def linked(links: Sequence[Mapping[str, str]], members: int) -> Iterator[Indicator]:
    """Items from the links between accounts; each link has ``kind``, ``account_a`` and ``account_b``."""
    for kind in sorted({link["kind"] for link in links}):
        basis, words = _WORDS.get(kind, ("inferred", f"are linked by {kind}"))
        accounts = {link[side] for link in links if link["kind"] == kind for side in ("account_a", "account_b")}
        yield Indicator(kind, basis, len(accounts), members, f"{len(accounts)} of {members} accounts {words}")


def busy_hours(by_hour: Sequence[int], members: int) -> Indicator | None:
    """The busiest stretch of the day, from requests by hour of the day in UTC; ``None`` without any."""
    total = sum(by_hour)
    if not total:
        return None
    sums = [sum(by_hour[(start + i) % 24] for i in range(WINDOW_HOURS)) for start in range(24)]
    start = max(range(24), key=lambda h: sums[h])
    text = (
        f"{sums[start] / total:.0%} of the requests come between {start:02d}:00 and "
        f"{(start + WINDOW_HOURS) % 24:02d}:00 UTC (evenly spread it would be {WINDOW_HOURS / 24:.0%})"
    )
    return Indicator("hours", "inferred", members, members, text)
