"""Back up and restore: folder and keyring of one moment go on as if nothing had been; neither does alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stillwatch.errors import StoreError
from tests.app.watch.world import HOUR_S, START_S, Place, hour, lines, read, rows, tables

LOG = rows(3, seed=12)


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_of_folder_and_keyring_goes_on_and_equals_a_scan_and_neither_does_alone(tmp_path: Path) -> None:
    place, backup = Place.make(tmp_path), tmp_path / "backup"
    for number in range(3):
        found = [row for row in LOG if hour(row) - START_S // HOUR_S == number]
        (place.source / f"{number}.jsonl").write_bytes(lines(found))
        if number == 1:
            place.watch()
    for folder in (place.home, place.out):
        shutil.copytree(folder, backup / folder.name)
        shutil.rmtree(folder)

    shutil.copytree(backup / "out", place.out)
    with pytest.raises(StoreError, match=r"another keyring.*from one backup.*another --out"):
        place.watch()
    assert _files(place.out) == {
        place.out / p.relative_to(backup / "out"): raw for p, raw in _files(backup / "out").items()
    }

    shutil.rmtree(place.home, ignore_errors=True)
    shutil.copytree(backup / "home", place.home)
    assert place.watch()["run"]["input"]["exchanges"] == len(LOG)
    scanned = place.scan(LOG)
    assert read(place.out) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())
