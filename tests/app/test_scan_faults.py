"""A scan that is killed in any of its stages, or that fills the disk, leaves what was there and no sketch behind."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.errors import StoreError
from stillwatch.model.progress import SilentProgress, Stage
from tests.app.watch.world import SETTINGS, Place, lines, read, rows, tables

LOG = rows(2, seed=13)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Place.make(tmp_path)


class Deadly(SilentProgress):
    """Kills this process at the end of one stage; with none it counts them."""

    def __init__(self, last: int | None = None) -> None:
        self.seen = 0
        self._last = last

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        with super().stage(name, total) as found:
            yield found
        if self.seen == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1


def _request(place: Place) -> ScanRequest:
    return ScanRequest((str(place.folder / "log.jsonl"),), None, place.out, SETTINGS, place.home)


def _killed(place: Place, stage: int) -> bool:
    child = os.fork()
    if not child:
        try:
            scan(_request(place), Deadly(stage))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _left(place: Place) -> list[str]:
    return sorted(
        p.name for p in [*place.folder.iterdir(), *(place.folder / "tmp").iterdir()] if "stillwatch" in p.name
    )


def test_a_scan_killed_in_any_stage_leaves_the_run_before_and_the_next_clears_up(place: Place) -> None:
    log = place.folder / "log.jsonl"
    log.write_bytes(lines(LOG[: len(LOG) // 2]))
    counted = Deadly()
    scan(_request(place), counted)
    before, stages = read(place.out), counted.seen
    assert stages >= 4
    log.write_bytes(lines(LOG))
    for stage in range(stages):
        assert _killed(place, stage)
        assert read(place.out) == before
        assert _left(place), "a killed process cannot clear up"
    scan(_request(place), SilentProgress())
    assert not _left(place)
    scanned = place.scan(LOG)
    assert read(place.out) == read(scanned) != before
    assert all(table.equals(tables(scanned)[name]) for name, table in tables(place.out).items())


def test_a_disk_that_is_full_is_named_and_leaves_the_run_before(place: Place) -> None:
    (place.folder / "log.jsonl").write_bytes(lines(LOG))
    scan(_request(place), SilentProgress())
    before = read(place.out)
    _, most = limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
    try:
        with pytest.raises(StoreError, match="File too large"):
            scan(_request(place), SilentProgress())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (read(place.out), _left(place)) == (before, [])
