"""What watch does with what a source brings: growth, replays, damage, odd clocks, second writers, foreign state."""

from __future__ import annotations

import gzip
import json
import resource
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.watch import checkpoint, keeping, kept_fold, watching
from stillwatch.app.watch.checkpoint import NAME
from stillwatch.app.watch.folder import RESULTS
from stillwatch.app.watch.sources import follower
from stillwatch.app.watch.status import status
from stillwatch.app.watch.watching import watch
from stillwatch.errors import ConfigurationError, InputError, StoreError
from stillwatch.keyring import rotate
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import CAMPAIGNS, FACTS, LATE, REJECTS, arrow_schema
from stillwatch.store.files import locked
from tests.app.watch.world import HOUR_S, SETTINGS, START_S, Place, hour, lines, read, rows

LOG = rows(3, seed=2)
FIRST = START_S // HOUR_S


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def _by_hour(number: int) -> bytes:
    return lines(row for row in LOG if hour(row) == FIRST + number)


def test_results_are_complete_and_fit_their_declarations(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(lines(LOG))
    place.watch()
    assert {p.name for p in place.out.iterdir()} - {"state"} <= set(RESULTS)
    for table in (CAMPAIGNS, FACTS, LATE, REJECTS):
        assert pq.read_schema(place.out / f"{table.name}.parquet").equals(arrow_schema(table))
    assert not list((place.state / "results").iterdir())


def test_a_file_that_grows_is_followed_and_half_a_line_waits(place: Place) -> None:
    raw, path = lines(LOG), place.source / "a.jsonl"
    for cut in (len(raw) // 3, len(raw) // 2, len(raw)):
        path.write_bytes(raw[:cut])
        found = place.watch()
    assert found["run"]["input"]["exchanges"] == len(LOG)
    assert (found["run"]["input"]["rejected"], found["run"]["input"]["duplicates"]) == (0, 0)
    again = place.watch()
    assert again == found


def test_every_other_format_is_read_whole_and_again_when_it_changes(place: Place) -> None:
    third = len(LOG) // 3
    pq.write_table(pa.Table.from_pylist(_flat(LOG[:third])), place.source / "a.parquet")
    with gzip.open(place.source / "b.jsonl.gz", "wb") as file:
        file.write(lines(LOG[third : 2 * third]))
    (place.source / "c.json").write_text(json.dumps(LOG[2 * third :], indent=1))
    assert place.watch()["run"]["input"]["exchanges"] == len(LOG)
    pq.write_table(pa.Table.from_pylist(_flat(LOG[: third + 5])), place.source / "a.parquet")
    found = place.watch()
    assert found["run"]["input"]["exchanges"] == len(LOG)
    assert found["run"]["input"]["duplicates"] == third + 5


def _flat(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{**row, "input_messages": json.dumps(row["input_messages"])} for row in found]


def test_what_comes_after_its_epoch_is_late_once_and_judged_never(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_FILES", 1)
    *punctual, first, second = _by_hour(0).splitlines(keepends=True)
    (place.source / "a.jsonl").write_bytes(b"".join(punctual) + _by_hour(1))
    before = place.watch()
    for name, late in (("late", first), ("again", first + second)):
        (place.source / f"{name}.jsonl").write_bytes(late)
        after = place.watch()
    ids = {json.loads(line)["event_id"] for line in (first, second)}
    assert {(event, _hour(ts)) for event, ts in place.late()} == {(event, FIRST) for event in ids}
    assert after == before
    run = json.loads((place.out / "campaigns.json").read_bytes())["run"]
    assert (run["watch"]["late"], run["watch"]["late_copies"]) == (2, 1)
    assert any("2 requests arrived after" in note for note in run["notes"])


def test_many_small_parts_of_an_open_epoch_become_one_and_nothing_shows_of_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_FILES", 2)
    kept = _by_hour(0).splitlines(keepends=True)
    for piece in range(4):
        (place.source / f"{piece}.jsonl").write_bytes(b"".join(kept[piece::4]))
        place.watch()
    assert len(list(place.state.glob("epoch-*.parquet"))) == 2
    assert read(place.out) == read(place.scan(row for row in LOG if hour(row) == FIRST))


def _hour(moment: float) -> int:
    return int(moment) // HOUR_S


def test_the_order_of_files_in_a_folder_decides_nothing(place: Place) -> None:
    for number in (2, 1, 0):
        (place.source / f"{2 - number}.jsonl").write_bytes(_by_hour(number))
    assert place.watch()["run"]["input"]["exchanges"] == len(LOG)
    assert not place.late()


def test_a_clock_ahead_of_ours_closes_nothing(place: Place) -> None:
    ahead = {**LOG[0], "event_id": "ahead", "ts": "2099-01-01T00:00:00Z"}
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + lines([ahead]))
    place.watch()
    (place.source / "b.jsonl").write_bytes(_by_hour(1) + _by_hour(2))
    place.watch()
    assert not place.late()
    run = json.loads((place.out / "campaigns.json").read_bytes())["run"]
    assert run["watch"]["ahead_of_clock"] == 1


def test_damage_in_the_middle_costs_what_is_damaged(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + b'{"ts": broken\n' + _by_hour(1))
    (place.source / "b.parquet").write_bytes(b"PAR1 and nothing more, not even PAR1")
    (place.source / "c.txt").write_bytes(b"nothing that anybody knows\n")
    run = place.watch()["run"]
    assert run["input"]["exchanges"] == sum(hour(row) < FIRST + 2 for row in LOG)
    table = pq.read_table(place.out / "rejects.parquet").to_pylist()
    place_of = {(Path(row["file"]).name, row["line"]) for row in table}
    assert place_of == {("a.jsonl", _by_hour(0).count(b"\n") + 1), ("b.parquet", 0), ("c.txt", 0)}
    assert run["input"]["rejected"] == 3


def test_rejects_of_a_piece_have_the_line_numbers_of_the_file(place: Place) -> None:
    path = place.source / "a.jsonl"
    path.write_bytes(_by_hour(0))
    place.watch()
    path.write_bytes(_by_hour(0) + b"not json\n")
    place.watch()
    (row,) = pq.read_table(place.out / "rejects.parquet").to_pylist()
    assert row["line"] == _by_hour(0).count(b"\n") + 1


def test_a_rotated_file_goes_on_under_its_new_name(place: Place) -> None:
    path = place.source / "app.log"
    path.write_bytes(_by_hour(0))
    place.watch()
    path.rename(place.source / "app.log.1")
    with (place.source / "app.log.1").open("ab") as file:
        file.write(_by_hour(1))
    path.write_bytes(_by_hour(2))
    run = place.watch()["run"]
    assert (run["input"]["exchanges"], run["input"]["duplicates"]) == (len(LOG), 0)


def test_a_second_writer_is_refused_and_a_scan_is_not_written_over(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0))
    place.watch()
    with locked(place.out), pytest.raises(StoreError, match="another run"):
        place.watch()
    other = place.scan(LOG)
    with pytest.raises(ConfigurationError, match=r"\.stillwatch\.json"):
        watch(replace(place.request(), out=other), SilentProgress())
    with pytest.raises(InputError, match="no such file"):
        watch(replace(place.request(), source=str(place.folder / "absent")), SilentProgress())


@pytest.mark.parametrize(("name", "said"), [(NAME, "changed by hand"), ("fold-1.state", "damaged")])
def test_damaged_or_foreign_state_is_refused_with_a_way_out(place: Place, name: str, said: str) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + _by_hour(1))
    place.watch()
    path = place.state / name
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"closed":49', b'"closed":48') if name == NAME else raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(StoreError, match=rf"(?s){said}.*name another --out"):
        place.watch()
    path.write_bytes(raw)
    place.watch()
    (place.state / "fold-1.state").unlink()
    with pytest.raises(StoreError, match="are gone"):
        place.watch()


def test_an_epochs_keys_are_written_once_and_go_when_nothing_asks_for_them(place: Place) -> None:
    written = list[set[tuple[str, int]]]()
    for number in range(3):
        (place.source / f"{number}.jsonl").write_bytes(_by_hour(number))
        place.watch()
        written.append({(path.name, path.stat().st_ino) for path in place.state.glob("fold-*-keys-*")})
    assert [len(found) for found in written] == [0, 1, 2]
    assert written[1] < written[2]
    place.watch(settings=replace(SETTINGS, min_accounts=6), rebuild=True)
    assert not {name for name, _ in written[2]} & {path.name for path in place.state.iterdir()}


def test_a_state_of_another_version_is_refused_with_a_way_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + _by_hour(1))
    place.watch()
    monkeypatch.setattr(kept_fold, "CLASSES", kept_fold.CLASSES[:-1])
    with pytest.raises(StoreError, match=r"fold-1.state was written by another version.*name another --out"):
        place.watch()
    monkeypatch.setattr(checkpoint, "SCHEMA", "stillwatch.watch/3")
    with pytest.raises(StoreError, match=r"this version reads stillwatch.watch/3.*name another --out"):
        place.watch()


def test_other_rules_are_refused_and_name_what_differs(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0))
    place.watch()
    with pytest.raises(ConfigurationError, match=r"settings .*now it is"):
        place.watch(settings=replace(SETTINGS, min_accounts=6))
    place.watch(settings=replace(SETTINGS, batch_rows=512, lateness_minutes=0))


def test_a_rotated_key_serves_a_folder_that_was_begun_under_it(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + _by_hour(1))
    place.watch()
    now = datetime.now(UTC)
    rotate(place.home, now, now + timedelta(days=14))
    (place.source / "b.jsonl").write_bytes(_by_hour(0) + _by_hour(2))
    found = place.watch()["run"]["input"]
    assert (found["exchanges"], found["duplicates"]) == (len(LOG), _by_hour(0).count(b"\n"))


def test_a_disk_that_is_full_ends_the_run_and_costs_nothing(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + _by_hour(1))
    place.watch()
    (place.source / "b.jsonl").write_bytes(_by_hour(2))
    _, most = limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
    try:
        with pytest.raises(StoreError, match="cannot write"):
            place.watch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert place.watch()["run"]["input"]["exchanges"] == len(LOG)


@dataclass
class Hours:
    """A clock on which every look takes a quarter of an hour, and whose third pause is interrupted."""

    now_s: float
    pauses: int = 3

    def monotonic(self) -> float:
        self.now_s += 900
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.pauses -= 1
        if not self.pauses:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("idle_minutes", "closed"), [(60, 1), (0, 0)])
def test_a_source_that_falls_silent_is_closed_by_the_clock_and_can_be_interrupted(
    place: Place, monkeypatch: pytest.MonkeyPatch, idle_minutes: int, closed: int
) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0))
    clock = Hours(0)
    monkeypatch.setattr(watching, "time", clock)
    monkeypatch.setattr(follower, "time", clock)
    request = replace(place.request(once=False), settings=replace(SETTINGS, idle_minutes=idle_minutes))
    with pytest.raises(KeyboardInterrupt):
        watch(request, SilentProgress(), lambda: START_S + 1.5 * HOUR_S)
    monkeypatch.undo()
    assert (place.watch()["run"]["closed_until"] is not None) == bool(closed)


def test_status_tells_how_far_it_is(place: Place) -> None:
    (place.source / "a.jsonl").write_bytes(_by_hour(0) + _by_hour(1))
    place.watch()
    with (place.source / "a.jsonl").open("ab") as file:
        file.write(_by_hour(2))
    now = datetime.fromtimestamp(START_S + 4 * HOUR_S, UTC)
    with locked(place.out):
        assert status(place.out, place.home, now).document["running"]
    found = status(place.out, place.home, now)
    told = found.document
    assert not told["running"]
    assert told["closed_until"] == "2026-01-05T01:00:00Z"
    assert (told["behind_files"], told["behind_bytes"]) == (1, len(_by_hour(2)))
    assert told["requests"] == sum(hour(row) < FIRST + 2 for row in LOG)
    assert 2 * HOUR_S < told["lag_s"] < 3 * HOUR_S
    assert sum(told["store_bytes"].values()) > 0
    assert any("closed until    2026-01-05T01:00:00Z" in line for line in found.lines())
    assert read(place.out)["run"]["closed_until"] == told["closed_until"]


def test_status_of_another_folder_is_refused(place: Place) -> None:
    with pytest.raises(StoreError, match="no checkpoint"):
        status(place.folder, place.home, datetime.now(UTC))
