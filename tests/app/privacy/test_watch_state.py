"""A folder that ``watch`` keeps: what was erased does not come back with the next epoch."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.privacy.access import AccessRequest, access
from stillwatch.app.privacy.erase import ErasureRequest, erase
from stillwatch.app.watch.watching import watch
from stillwatch.config.load import load_settings
from stillwatch.model.progress import SilentProgress
from tests.app.privacy.folders import document, hold, holding, register_with
from tests.app.watch.world import Place, lines, rows

ACCOUNT, USER = "acct-03", "user-of-acct-04"
NOW = datetime(2026, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The first hours watched; the last ones are still to come."""
    place = Place.make(tmp_path_factory.mktemp("watched"))
    found = [row | ({"end_user_id": USER} if row["account_id"] == "acct-04" else {}) for row in rows(hours=5)]
    cut = int(len(found) * 0.7)
    (place.source / "a.jsonl").write_bytes(lines(found[:cut]))
    place.watch()
    later = [row for row in found[cut:] if row["account_id"] != ACCOUNT]
    (place.folder / "later.jsonl").write_bytes(lines(later))
    return place


@pytest.fixture
def place(watched: Place, tmp_path: Path) -> Place:
    """A copy of the results to change."""
    shutil.copytree(watched.folder, tmp_path / "copy")
    return Place(tmp_path / "copy")


def _asked(place: Place) -> ErasureRequest:
    return ErasureRequest(ACCOUNT, "", (place.out,), None, place.home, NOW, False, Actor("ada", "tests"))


def test_an_account_is_gone_from_the_state_and_stays_gone(place: Place, watched: Place) -> None:
    assert any(name.startswith("state/") for name in holding(place.out, ACCOUNT))
    promised, _ = erase(replace(_asked(place), dry_run=True))
    receipt, complete = erase(_asked(place))
    assert complete, receipt["receipt"]
    assert holding(place.out, ACCOUNT) == []
    whats = [[line["what"] for line in r["receipt"]["lines"]] for r in (promised, receipt)]
    assert whats[0] == whats[1]
    assert "name and examples in the fold" in whats[1]
    (place.folder / "later.jsonl").rename(watched.source / "b.jsonl")
    watch(replace(watched.request(), out=place.out), SilentProgress())  # a source is known by its path
    assert holding(place.out, ACCOUNT) == []
    assert document(place.out)["run"]["input"]["last"] > "2026-01-05T04"


def test_a_hold_keeps_the_state_too(place: Place, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in place.state.rglob("*") if path.is_file()}
    held = replace(_asked(place), register=register_with(tmp_path, hold("k-7", accounts=[ACCOUNT])))
    receipt, complete = erase(held)
    assert complete
    assert {path: path.read_bytes() for path in place.state.rglob("*") if path.is_file()} == before
    of_state = [line for line in receipt["receipt"]["lines"] if line["where"].endswith("state")]
    assert of_state
    assert all(line["held"] == line["found"] and line["hold"].startswith("k-7") for line in of_state)


def test_an_end_user_is_found_by_the_keyed_hash(place: Place) -> None:
    def theirs() -> int:
        files = place.state.glob("*.parquet")
        tables = (pq.read_table(f) for f in files if "end_user" in pq.read_schema(f).names)
        return sum(len(t) - t["end_user"].null_count for t in tables)

    before = theirs()
    assert before > 0
    receipt, complete = erase(replace(_asked(place), account="", end_user=USER))
    assert complete, receipt["receipt"]
    assert theirs() == 0
    erased_rows = [x["removed"] for x in receipt["receipt"]["lines"] if x["what"].startswith("rows of")]
    assert sum(erased_rows) == before


def test_access_counts_the_rows_of_the_state(place: Place) -> None:
    loaded = load_settings(None, {}, home=place.home)
    paper = access(AccessRequest(ACCOUNT, "", (place.out,), None, loaded, place.home, NOW))
    (run,) = paper["data"].values()
    sketched = sum(row["exchanges"] for row in run["facts"])
    assert run["state of watch"] > sketched > 0
    paper = access(AccessRequest("acct-99", "", (place.out,), None, loaded, place.home, NOW))
    assert "state of watch" not in next(iter(paper["data"].values()))


def test_a_state_under_another_keyring_is_left_and_said(place: Place, tmp_path: Path) -> None:
    receipt, complete = erase(replace(_asked(place), home=tmp_path / "other"))
    assert not complete
    assert any("keyring" in line["why_left"] for line in receipt["receipt"]["lines"] if line["left"])
