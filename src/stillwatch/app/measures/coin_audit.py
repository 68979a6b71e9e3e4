"""What the coin said, request by request: recomputed from the journal and a log, and compared with what happened.

Reads logs as a scan does, whole or without text. Of every model request in the time of an experiment it is computed
anew whether the coin had to refuse it. Contract: changes nothing; an unreadable row is left out as in a scan.

``not_chosen``: refused as shed though the coin did not choose it, which is a fault. ``let_through``: chosen and not
shed: whom the experiment spares, requests that were refused for another reason before the coin was thrown, and those
that a gateway answered without the feed. They are counted for each account, so that each can be asked about.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch import inert
from stillwatch.app.measures.coin import shedding_of
from stillwatch.app.measures.desk import look
from stillwatch.errors import ConfigurationError
from stillwatch.feed.decision import seconds
from stillwatch.feed.shedding import SHED, Coin, coin_of
from stillwatch.measures.state import Experiment
from stillwatch.model.scope import scoped

_COLUMNS = ("event_id", "ts", "tenant_id", "account_id", "http_status", "error_type", "operation")
_BATCH = "batch"
"""A request of a batch is a row of its own, and is not refused by itself: the coin is not thrown for it."""
_OK = 400
SHOWN = 20


@dataclass
class Audit:
    """Counts of one experiment over a log."""

    experiment: Experiment
    requests: int = 0
    chosen: int = 0
    shed: int = 0
    not_chosen: list[str] = field(default_factory=list)
    refused_otherwise: int = 0
    let_through: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        return {
            "experiment": self.experiment.decision_id,
            "rate": self.experiment.act.rate,
            "starts_at": self.experiment.act.starts_at,
            "until": self.experiment.until,
            "terms": self.experiment.act.terms,
            "people": [self.experiment.by, self.experiment.approved_by],
            "requests": self.requests,
            "chosen": self.chosen,
            "shed": self.shed,
            "shed_not_chosen": self.not_chosen,
            "chosen_refused_otherwise": self.refused_otherwise,
            "chosen_let_through": dict(self.let_through.most_common()),
        }

    def lines(self) -> Iterator[str]:
        told = self.document()
        yield f"{told['experiment']}: rate {told['rate']:.3%} from {told['starts_at']} until {told['until']}"
        yield f"{self.requests} requests, of which the coin chose {self.chosen} and {self.shed} were shed"
        yield f"{len(self.not_chosen)} were shed though the coin did not choose them"
        for event in self.not_chosen[:SHOWN]:
            yield f"  {event}"
        yield f"chosen and not shed: {self.refused_otherwise} refused for another reason, the rest let through:"
        for account, count in self.let_through.most_common(SHOWN):
            yield f"  {account}: {count}"


def audit(store: Path, logs: tuple[str, ...], mapping: str | None, name: str | None) -> list[Audit]:
    """Every experiment of the journal, or the one of that name, over ``logs``."""
    experiments = [e for e in look(store).docket.experiments if name in (None, e.decision_id)]
    if not experiments:
        raise ConfigurationError(f"the journal holds no shedding experiment {inert.text(name or '')}".rstrip())
    found = [(Audit(e), coin_of(shedding_of(store, e)), seconds(e.since), seconds(e.until)) for e in experiments]
    for row in _rows(logs, mapping):
        moment: datetime = row["ts"]
        for told, coin, since, until in found:
            # The feed reaches a gateway after the journal; a coin that was live a moment longer is the same coin.
            if coin is not None and max(since, coin.starts) <= moment.timestamp() < until:
                _count(told, coin, row)
    return [told for told, *_ in found]


def _count(told: Audit, coin: Coin, row: dict[str, Any]) -> None:
    microseconds = _microseconds(row["ts"])
    chosen, shed = coin.chooses(row["event_id"] or "", microseconds), row["error_type"] == SHED
    told.requests += 1
    told.chosen += chosen
    told.shed += shed
    if shed and not chosen:
        told.not_chosen.append(inert.text(row["event_id"] or ""))
    elif chosen and not shed and (row["http_status"] or 0) >= _OK:
        told.refused_otherwise += 1
    elif chosen and not shed:
        told.let_through[inert.text(scoped(row["tenant_id"], row["account_id"]))] += 1


def _microseconds(moment: datetime) -> int:
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond


def _rows(logs: tuple[str, ...], mapping: str | None) -> Iterator[dict[str, Any]]:
    from stillwatch.ingest.read import read_exchanges
    from stillwatch.ingest.rejects import Rejects

    stdin = sys.stdin.buffer if "-" in logs else None
    for batch in read_exchanges(logs, rejects=Rejects(), key=bytes(32), stdin=stdin, mapping=mapping):
        present = [name for name in _COLUMNS if name in batch.schema.names]
        rows = (dict.fromkeys(_COLUMNS) | row for row in batch.select(present).to_pylist())
        yield from (row for row in rows if row["operation"] != _BATCH)
