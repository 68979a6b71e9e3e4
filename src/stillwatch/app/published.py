"""The results that a scan or a watch has published, as one set that stays the same while a newer one is written.

Contract: ``Published.current`` returns the newest complete set and never waits for a writer: while one thread reads a
newer set the others go on with the older. A ``Snapshot`` holds its files open, so it stays whole when ``watch``
replaces them. Nothing is locked and nothing is written.

What a set holds is read when it is asked for and kept with it; that two threads may read the same twice is harmless.
Whoever must not wait even for that gives ``prepare`` and lets one thread ``follow`` the folder: a set is then shown
only when it is prepared, and no reader ever looks at the folder.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.facts import Facts
from stillwatch.app.runfolder import DOCUMENT, read_document
from stillwatch.errors import InputError
from stillwatch.model.tables import CAMPAIGNS, EVIDENCE, FACTS, LATE, LINKS, REJECTS, TIMELINE, Table
from stillwatch.report.assemble import Hour, anchor_of, build_findings, hours_by_campaign, links_by_campaign
from stillwatch.report.document import Record, open_document
from stillwatch.report.graph import Link
from stillwatch.report.view import Report

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = (CAMPAIGNS, TIMELINE, LINKS, EVIDENCE, REJECTS, FACTS, LATE)
_BEFORE_DOCUMENT = 5
"""How many of them are written before the document."""
LOOK_EVERY_S = 1.0
_ATTEMPTS, _PAUSE_S = 20, 0.05
_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One published set. ``raw``: campaigns.json; ``files``: its tables, held open; ``written_at``: when it was."""

    folder: Path
    raw: dict[str, Any]
    files: dict[str, Any]
    written_at: datetime
    kept: dict[str, Any] = field(default_factory=dict)
    """For whoever makes something of a set that is worth keeping as long as the set."""

    @functools.cached_property
    def report(self) -> Report:
        """The read model without pictures."""
        return build_findings(self.raw)

    @functools.cached_property
    def entries(self) -> dict[str, tuple[int, Record]]:
        """The campaigns of the document by anchor, with their number there."""
        listed = enumerate(open_document(self.raw).records("campaigns"), start=1)
        return {anchor_of(c.raw("campaign_id"), n): (n, c) for n, c in listed}

    @functools.cached_property
    def links(self) -> dict[str, list[Link]]:
        """Links by campaign."""
        return links_by_campaign(self.table(LINKS))

    @functools.cached_property
    def hours(self) -> dict[str, list[Hour]]:
        """Hours with traffic by campaign."""
        return hours_by_campaign(self.table(TIMELINE))

    @functools.cached_property
    def facts(self) -> Facts:
        return Facts(self.files.get(FACTS.name), self.folder)

    def has(self, table: Table) -> bool:
        return table.name in self.files

    def table(self, table: Table) -> pa.Table:
        """A table of the set; empty where the run has none of that name."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from stillwatch.model.tables import arrow_schema

        if table.name not in self.files:
            return arrow_schema(table).empty_table()
        try:
            return pq.read_table(pa.BufferReader(self.files[table.name])).select(list(table.column_names))
        except (KeyError, pa.ArrowException) as error:
            raise InputError(f"{table.name}.parquet in {self.folder} cannot be read: {error}. Scan again.") from error

    def rows(self, table: Table, column: str, values: Sequence[str]) -> pa.Table:
        """The rows of a table whose ``column`` is among ``values``."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = self.table(table)
        return found.filter(pc.is_in(found[column], pa.array(values, pa.string())))


class Published:
    """The run folder that a console shows. ``prepare``: what is done to a set before anybody is shown it."""

    def __init__(self, folder: Path, prepare: Callable[[Snapshot], None] = lambda snapshot: None) -> None:
        self._folder, self._prepare = folder, prepare
        self._reading = threading.Lock()
        self._looked_at = time.monotonic()
        self._followed = False
        self._stamp = _stamp(folder)
        self._snapshot = _open(folder)
        prepare(self._snapshot)

    def current(self) -> Snapshot:
        """The newest set; the one before it while somebody else is reading that."""
        if not self._followed and time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._look()
        return self._snapshot

    def follow(self, ending: threading.Event) -> None:
        """Take up every new set when it is published, until ``ending``."""
        self._followed = True
        try:
            while not ending.wait(LOOK_EVERY_S):
                self._look()
        finally:
            self._followed = False

    def _look(self) -> None:
        if not self._reading.acquire(blocking=False):
            return
        try:
            self._looked_at = time.monotonic()
            stamp = _stamp(self._folder)
            if stamp != self._stamp:
                found = _open(self._folder)
                self._prepare(found)
                self._snapshot, self._stamp = found, stamp
        except InputError:
            pass  # a set that cannot be read now: the older one is shown, and its age says so
        finally:
            self._reading.release()


def _stamp(folder: Path) -> _Stamp:
    """Which files lie in the folder now, the document first."""
    return tuple(_stamp_of(folder / name) for name in (DOCUMENT, *(f"{table.name}.parquet" for table in TABLES)))


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _under_way(stamp: _Stamp) -> bool:
    """Whether a writer is between its files: the document is written after these tables and takes its name last."""
    document, *tables = stamp
    return document is None or any(t is not None and t[0] > document[0] for t in tables[:_BEFORE_DOCUMENT])


def _open(folder: Path) -> Snapshot:
    """One set. Where tables stay newer than the document, somebody rewrote them alone, and the set is as it stands."""
    for attempt in range(_ATTEMPTS):
        before = _stamp(folder)
        raw = read_document(folder)
        files = {table.name: mapped for table in TABLES if (mapped := _mapped(folder, table)) is not None}
        time.sleep(_PAUSE_S)
        document, stays = before[0], _stamp(folder) == before
        if document and stays and (not _under_way(before) or attempt == _ATTEMPTS - 1):
            return Snapshot(folder, raw, files, datetime.fromtimestamp(document[0] / 1e9, UTC))
    raise InputError(f"{folder} is being replaced all the time: no complete set of results could be read. Try again.")


def _mapped(folder: Path, table: Table) -> Any:
    """The bytes of a table's file as they are now, whatever takes its name later."""
    import pyarrow as pa

    try:
        return pa.memory_map(str(folder / f"{table.name}.parquet")).read_buffer()
    except OSError:
        return None
