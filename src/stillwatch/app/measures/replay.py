"""A decision played over last week's log: what it would have refused and changed, request by request.

Reads logs as a scan does and looks only at accounts and keys that the decision hits. Uses the gateway's own judgement
(``feed.verdict``), with the log's time as the clock and everything enforced, so the count is what would have happened,
less what a refusal would have changed in the caller's behaviour.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from stillwatch.feed.decision import Decision, Terms, terms_of
from stillwatch.feed.limiter import Limiter
from stillwatch.feed.tiers import Tiers
from stillwatch.feed.verdict import Asked, Verdict, judge
from stillwatch.measures.acts import Named

DAYS = 7
_COLUMNS = (
    "ts", "tenant_id", "account_id", "api_key_hash", "model_request", "operation", "choice_count", "top_logprobs",
    "max_tokens",
)  # fmt: skip
_ALWAYS = 2**62


@dataclass
class Replayed:
    """Counts over the last ``DAYS`` days of the log, in all and by account (its name in the journal)."""

    first: str | None = None
    last: str | None = None
    requests: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    edited: Counter[str] = field(default_factory=Counter)


def replay(
    logs: tuple[str, ...], mapping: str | None, hit: Mapping[str, Named], decision: Decision, tiers: Tiers | None
) -> Replayed:
    """Play a decision over the last week of ``logs``."""
    rows = sorted(_rows(logs, mapping, hit), key=lambda row: row[1]["ts"])
    if not rows:
        return Replayed()
    last = rows[-1][1]["ts"]
    terms = replace(terms_of(decision), enforce=True, starts=0, expires=_ALWAYS)
    found, limiter = Replayed(), Limiter()
    for subject, row in rows:
        if row["ts"] <= last - timedelta(days=DAYS):
            continue
        found.first = found.first or row["ts"].isoformat()
        found.last = row["ts"].isoformat()
        _count(found, subject, _judged(row, terms, limiter, subject, tiers))
    return found


def _count(found: Replayed, subject: str, verdict: Verdict) -> None:
    found.requests[subject] += 1
    found.refused[subject] += verdict.refusal is not None
    found.edited[subject] += verdict.refusal is None and bool(verdict.applied or verdict.silent)


def _judged(row: dict[str, Any], terms: Terms, limiter: Limiter, who: str, tiers: Tiers | None) -> Verdict:
    asked = Asked(
        row["model_request"],
        row["operation"] == "batch",
        False,
        bool(row["top_logprobs"]),
        row["choice_count"] or 1,
        row["max_tokens"],
    )
    verdict = judge(asked, (terms,), row["ts"].timestamp(), limiter, who, tiers, None)
    return verdict if touches(verdict, asked) or verdict.refusal else Verdict()


def touches(verdict: Verdict, asked: Asked) -> bool:
    """Whether a verdict changes what this request gets. What hides reasoning or marks outputs changes every answer."""
    limits = verdict.limits
    if verdict.mark is not None or verdict.reasoning != "shown":
        return True
    if limits is None:
        return False
    return (
        (limits.logprobs is False and asked.logprobs)
        or (limits.max_choices is not None and asked.choices > limits.max_choices)
        or (limits.max_tokens is not None and (asked.max_tokens is None or asked.max_tokens > limits.max_tokens))
    )


def _rows(logs: tuple[str, ...], mapping: str | None, hit: Mapping[str, Named]) -> Iterator[tuple[str, dict[str, Any]]]:
    from stillwatch.ingest.read import read_exchanges
    from stillwatch.ingest.rejects import Rejects

    by_name = {(named.kind, named.tenant_id, named.value): subject for subject, named in hit.items()}
    stdin = sys.stdin.buffer if "-" in logs else None
    for batch in read_exchanges(logs, rejects=Rejects(), key=bytes(32), stdin=stdin, mapping=mapping):
        present = [name for name in _COLUMNS if name in batch.schema.names]
        for row in batch.select(present).to_pylist():
            row = dict.fromkeys(_COLUMNS) | row
            subject = by_name.get(("account", row["tenant_id"], row["account_id"])) or by_name.get(
                ("key", row["tenant_id"], row["api_key_hash"])
            )
            if subject is not None:
                yield subject, row
