"""What goes wrong in operation: clocks that jump, formats that change, bursts; nothing is lost or counted twice."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.app.watch import watching
from stillwatch.app.watch.watching import watch
from stillwatch.model.progress import SilentProgress
from tests.app.watch.world import HOUR_S, SETTINGS, START_S, Place, Row, hour, lines, plain, read, rows, tables

LOG = rows(3, seed=6)
FIRST = START_S // HOUR_S


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def _of_hour(number: int) -> list[Row]:
    return [row for row in LOG if hour(row) == FIRST + number]


def _same(place: Place, scanned: Path) -> None:
    assert read(place.out) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equals(table) for name, table in theirs.items())


def test_our_clock_jumps_an_hour_back_and_comes_right(place: Place) -> None:
    def watched(name: str, found: list[Row], now_s: float) -> Row:
        (place.source / name).write_bytes(lines(found))
        return watch(place.request(), SilentProgress(), lambda: now_s).document["run"]

    end = START_S + 2 * HOUR_S
    run = watched("0.jsonl", _of_hour(0) + _of_hour(1), end)
    assert run["closed_until"] == "2026-01-05T01:00:00Z"
    run = watched("1.jsonl", _of_hour(2), end - HOUR_S)
    assert run["closed_until"] == "2026-01-05T01:00:00Z", "what lies ahead of the clock closes nothing"
    assert run["watch"]["ahead_of_clock"] == len(_of_hour(2))
    run = watched("2.jsonl", _of_hour(2)[-1:], end + HOUR_S)
    assert (run["closed_until"], run["watch"]["late"]) == ("2026-01-05T02:00:00Z", 0)
    ours, theirs = read(place.out), read(place.scan([*LOG, _of_hour(2)[-1]]))
    ours["run"]["notes"] = [note for note in ours["run"]["notes"] if "ahead of this machine" not in note]
    assert ours == theirs


def test_a_gateways_clock_jumps_an_hour_back(place: Place) -> None:
    """What it then dates into a closed epoch is late, whatever it claims to be; the rest is judged."""
    for number in range(2):
        (place.source / f"{number}.jsonl").write_bytes(lines(_of_hour(number)))
        place.watch()
    jumped = [{**row, "event_id": f"jumped-{row['event_id']}"} for row in _of_hour(0)]
    (place.source / "2.jsonl").write_bytes(lines(jumped + _of_hour(2)))
    place.watch()
    assert {event for event, _ in place.late()} == {row["event_id"] for row in jumped}
    _same(place, place.scan(LOG))


def test_the_format_changes_in_the_middle(place: Place) -> None:
    """Other names, other columns, other types of a column, another format: read as a scan reads the same files."""
    renamed = [
        {"account": row["account_id"], **{k: v for k, v in row.items() if k != "account_id"}} for row in _of_hour(1)
    ]
    widened = [{**row, "brand_new": {"a": 1}, "output_tokens": str(row["output_tokens"])} for row in _of_hour(1)]
    flat = [{**row, "input_messages": json.dumps(row["input_messages"])} for row in _of_hour(2)]
    log = place.source / "0.jsonl"
    log.write_bytes(lines(_of_hour(0)))
    place.watch()
    with log.open("ab") as file:
        file.write(lines(renamed[::2] + widened[1::2]))
    place.watch()
    pq.write_table(pa.Table.from_pylist(flat).drop_columns(["user_agent"]), place.source / "1.parquet")
    place.watch()
    found = place.folder / "scanned"
    scan(ScanRequest((str(place.source),), None, found, SETTINGS, place.home), SilentProgress())
    _same(place, found)
    assert read(place.out)["run"]["input"]["exchanges"] == len(LOG)


def test_a_batch_a_hundred_times_the_usual(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is taken in piece by piece with commits in between, and shows in nothing."""
    monkeypatch.setattr(watching, "COMMIT_BATCHES", 0.25)
    usual, rest = LOG[:4], LOG[4:]
    (place.source / "0.jsonl").write_bytes(lines(usual))
    place.watch()
    assert len(rest) > 95 * len(usual)
    for part in range(4):
        (place.source / f"1-{part}.jsonl").write_bytes(lines(rest[part::4]))
    document = watch(place.request(), SilentProgress()).document
    commits = json.loads((place.state / "checkpoint.json").read_bytes())["body"]["number"]
    assert commits > 4
    assert plain(document) == read(place.scan(LOG))
