"""Another version, calibration set or rule: the fold is made anew from the sketches that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.app.watch import kept_fold
from stillwatch.app.watch.checkpoint import read_checkpoint, write_checkpoint
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import SilentProgress
from tests.app.watch.world import HOUR_S, SETTINGS, START_S, Place, Row, hour, lines, read, rows, tables

LOG = rows(4, seed=14)


def _give(place: Place, *hours: int) -> None:
    """Hours of the log as one file; every hour but the first brings some copies of the hour before."""
    for number in hours:
        due = [row for row in LOG if hour(row) - START_S // HOUR_S == number]
        again = [row for row in LOG if hour(row) - START_S // HOUR_S == number - 1][-5:]
        (place.source / f"{number}.jsonl").write_bytes(lines(again + due))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place.make(tmp_path)
    for number in range(3):
        _give(place, number)
        place.watch()
    return place


def _made_anew(found: Row) -> Row:
    """Without the note of it."""
    notes = [note for note in found["run"]["notes"] if "made anew" not in note]
    assert len(notes) == len(found["run"]["notes"]) - 1
    return {**found, "run": {**found["run"], "notes": notes}}


def test_a_state_of_another_version_is_made_anew_and_equals_a_scan(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_fold, "CLASSES", kept_fold.CLASSES[::-1])  # as if a version had other fields
    with pytest.raises(StoreError, match=r"another version.*--rebuild"):
        place.watch()
    place.watch(rebuild=True)
    _give(place, 3)
    place.watch()
    scanned = place.folder / "scanned"
    scan(ScanRequest((str(place.source),), None, scanned, SETTINGS, place.home), SilentProgress())
    assert _made_anew(read(place.out)) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())


def test_other_rules_are_judged_by_when_asked(place: Place) -> None:
    strict = replace(SETTINGS, min_accounts=61)  # more than there are
    with pytest.raises(ConfigurationError, match="--rebuild"):
        place.watch(settings=strict)
    assert len(tables(place.out)["campaigns"])
    place.watch(settings=strict, rebuild=True)
    assert not len(tables(place.out)["campaigns"])
    place.watch(settings=strict)


def test_what_cannot_be_made_anew_is_refused(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="epoch hours"):
        place.watch(settings=replace(SETTINGS, epoch_hours=2), rebuild=True)
    key = load_keyring(place.home).derive("state")
    checkpoint = read_checkpoint(place.state, key)
    assert checkpoint is not None
    checkpoint.sketches.clear()
    write_checkpoint(place.state, checkpoint, key)
    with pytest.raises(StoreError, match="keeps no sketches"):
        place.watch(rebuild=True)
    place.watch()
