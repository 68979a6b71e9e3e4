"""What was played already: one file for each cell and seed, so that an interrupted run goes on where it stopped.

A result belongs to the code and the calibration set it was made with: it carries the commit and the set's id, and one
of another set is played anew. The commit is not compared, because most commits change nothing here; the table names
every commit that it rests on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch.store.files import write_atomic


class Results:
    """The records under a folder that were made with one calibration set."""

    def __init__(self, folder: Path, calibration_id: str, commit: str) -> None:
        self._folder, self._calibration_id, self._commit = folder, calibration_id, commit
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, cell: str, seed: int) -> dict[str, Any] | None:
        """The record of a cell's week, or None where it has to be played."""
        try:
            found: dict[str, Any] = json.loads(self._path(cell, seed).read_bytes())
        except FileNotFoundError:
            return None
        return found if found["calibration"] == self._calibration_id else None

    def keep(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Put a record on disk, whole, and return it as it will be read."""
        stamped = {
            **record,
            "calibration": self._calibration_id,
            "commit": self._commit,
            "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        }
        write_atomic(self._path(record["cell"], record["seed"]), json.dumps(stamped, indent=1) + "\n")
        return stamped

    def _path(self, cell: str, seed: int) -> Path:
        return self._folder / f"{cell}-{seed}.json"
