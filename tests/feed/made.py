"""Decisions for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stillwatch.feed.decision import Decision, Parameters, Scope, iso, terms_of

NOW = 1_900_000_000


def at(second: int) -> str:
    return iso(datetime.fromtimestamp(second, UTC))


def decision(
    name: str = "d-1",
    account: str = "acc-1",
    measure: str = "suspend",
    *,
    mode: Any = "enforce",
    kind: str = "account",
    starts: int = NOW,
    expires: int = NOW + 3600,
    unreachable: Any = "open",
    announced: bool = True,
    **parameters: Any,
) -> Decision:
    scope = Scope(kind, account)
    times = (at(starts), at(expires))
    made = Parameters(**parameters)
    return Decision(
        name,
        scope,
        measure,
        mode,
        "reason",
        "person:bo",
        *times,
        unreachable,
        made,
        appeal="mailto:a",
        announced=announced,
    )


def terms(*args: Any, **kwargs: Any) -> Any:
    return terms_of(decision(*args, **kwargs))
