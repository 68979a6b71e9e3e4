"""A run folder in memory, to be changed and written back.

Contract: ``write_run`` writes only what differs from what was read, each file completely or not at all, in an order in
which an interruption is healed by doing the same again: the report first, then campaigns.json, the other tables, and
CAMPAIGNS, which says who belonged to what, last.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.privacy.stores import REPORT
from stillwatch.app.runfolder import DOCUMENT, read_document, read_table
from stillwatch.model.tables import CAMPAIGNS, LINKS, TIMELINE, arrow_schema
from stillwatch.privacy.categories import KEPT
from stillwatch.store.files import locked, write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

_ASIDE = re.compile(r"\..+\.[0-9a-f]{12}\.new")
"""What an interrupted atomic write leaves: a copy of what a file would have become."""


@dataclass
class RunData:
    """The document and the tables that are there, by name."""

    folder: Path
    document: dict[str, Any]
    tables: dict[str, pa.Table]

    @property
    def campaigns(self) -> list[dict[str, Any]]:
        """The entries of campaigns.json."""
        found = self.document.get("campaigns")
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

    def copy(self) -> RunData:
        return RunData(self.folder, deepcopy(self.document), dict(self.tables))

    def note(self, text: str) -> None:
        """Say in the run's notes what was done to it, once."""
        run = self.document.setdefault("run", {})
        notes = [n for n in run.get("notes") or () if isinstance(n, str)]
        run["notes"] = notes if text in notes else [*notes, text]


def read_run(folder: Path) -> RunData:
    """The run in ``folder``; a table that was taken away is left out."""
    tables = {t.name: read_table(folder, t) for t in KEPT if (folder / f"{t.name}.parquet").exists()}
    return RunData(folder, read_document(folder), tables)


@contextmanager
def held_run(folder: Path) -> Iterator[None]:
    """Hold the folder against scans; what killed writers left in it is removed, data and all."""
    target = folder.resolve()
    with locked(target):
        for role in ("new", "old"):  # of a scan that was killed; nobody else writes while the lock is ours
            shutil.rmtree(target.with_name(f".{target.name}.stillwatch-{role}"), ignore_errors=True)
        for entry in folder.iterdir():
            if _ASIDE.fullmatch(entry.name) and entry.is_file():
                entry.unlink(missing_ok=True)
        yield


def write_run(new: RunData, old: RunData, now: datetime) -> None:
    """Make the folder hold ``new`` instead of ``old``."""
    changed = [name for name, table in new.tables.items() if table is not old.tables[name]]
    if new.document == old.document and not changed:
        return
    if (new.folder / REPORT).exists():
        write_atomic(new.folder / REPORT, _page(new, now))
    if new.document != old.document:
        write_atomic(new.folder / DOCUMENT, json.dumps(new.document, indent=1, ensure_ascii=False) + "\n")
    for name in sorted(changed, key=lambda name: name == CAMPAIGNS.name):
        write_atomic(new.folder / f"{name}.parquet", _packed(new.tables[name]))


def _page(run: RunData, now: datetime) -> str:
    from stillwatch.report.render import render_report

    links, timeline = (run.tables.get(t.name, arrow_schema(t).empty_table()) for t in (LINKS, TIMELINE))
    return render_report(run.document, links, timeline, generated_at=now)


def _packed(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    raw = io.BytesIO()
    pq.write_table(table, raw, compression="zstd")
    return raw.getvalue()
