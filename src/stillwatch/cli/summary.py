"""A scan's result in a few lines for a person at a terminal. The report says the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 10


def summary(document: Mapping[str, Any]) -> Iterator[str]:
    """Lines that still have to be made inert; ``document`` is campaigns.json."""
    read = document["run"]["input"]
    yield f"read {read['exchanges']:,} requests of {read['accounts']:,} accounts, {read['rejected']:,} rows rejected"
    campaigns = document["campaigns"]
    states = Counter(campaign["state"] for campaign in campaigns)
    alarmed = [campaign for campaign in campaigns if campaign["state"] == "alarmed"]
    if not alarmed:
        yield "no alarm"
    for campaign in alarmed[:_SHOWN]:
        yield _line(campaign)
    if len(alarmed) > _SHOWN:
        yield f"… and {len(alarmed) - _SHOWN} more"
    others = ", ".join(f"{n} {state}" for state, n in sorted(states.items()) if state != "alarmed")
    if others:
        yield f"not accused: {others}"


def _line(campaign: Mapping[str, Any]) -> str:
    permitted = ", authorised" if campaign["authorised"] else ""
    return (
        f"ALARM {campaign['campaign_id']}: {len(campaign['accounts']):,} accounts, {campaign['exchanges']:,} requests, "
        f"since {campaign['first_seen_at']}, crossed {campaign['alarmed_at']}{permitted}"
    )
