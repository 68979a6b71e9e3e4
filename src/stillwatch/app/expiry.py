"""Redacted examples end when they were said to: the first verb that reads a run after that removes them.

Reads ``run.examples_expire_at`` of campaigns.json, and LINKS and TIMELINE to render the report again. Writes
report.html and campaigns.json, each completely or not at all, and the report first: whatever interrupts in between, the
examples still stand in campaigns.json, and the next call finishes the work.

Deliberately not done: copies of the folder that somebody took, and file systems that keep what was overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.runfolder import DOCUMENT, read_document, read_table
from stillwatch.model.tables import LINKS, TIMELINE, Table, arrow_schema
from stillwatch.report.document import as_moment
from stillwatch.store.files import write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

REPORT = "report.html"


def drop_expired_examples(run: Path, now: datetime) -> int:
    """Remove the examples of ``run`` if their time is over at ``now``; returns how many there were."""
    document = read_document(run)
    expire_at = _expire_at(document)
    examples = sum(len(c.get("examples") or ()) for c in _campaigns(document))
    if not examples or expire_at is None or now < expire_at:
        return 0
    for campaign in _campaigns(document):
        campaign["examples"] = []
    _note(document, f"{examples} redacted examples expired on {expire_at:%Y-%m-%d} and were removed")
    if (run / REPORT).exists():
        write_atomic(run / REPORT, _page(run, document, now))
    write_atomic(run / DOCUMENT, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return examples


def _expire_at(document: Mapping[str, Any]) -> datetime | None:
    """The declared end; ``None`` where the writer declared none."""
    run = document.get("run")
    return as_moment(run.get("examples_expire_at")) if isinstance(run, dict) else None


def _campaigns(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    campaigns = document.get("campaigns")
    return [c for c in campaigns if isinstance(c, dict)] if isinstance(campaigns, list) else []


def _note(document: dict[str, Any], text: str) -> None:
    notes = document["run"].get("notes")
    document["run"]["notes"] = [*(notes if isinstance(notes, list) else ()), text]


def _page(run: Path, document: Mapping[str, Any], now: datetime) -> str:
    from stillwatch.report.render import render_report

    return render_report(document, _table(run, LINKS), _table(run, TIMELINE), generated_at=now)


def _table(run: Path, table: Table) -> pa.Table:
    """A table of the run; an empty one where it was taken away, because removing examples must not depend on it."""
    if (run / f"{table.name}.parquet").exists():
        return read_table(run, table)
    return arrow_schema(table).empty_table()
