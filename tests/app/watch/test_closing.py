"""What closing an epoch leaves behind, and what is let go: bytes for each request, and rules by age and size."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.app.watch import closing
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.app.watch.closing import forget, kept_rows, last_over, read_from
from stillwatch.store.ids import MARK, EpochStore, are_copies, marks

ROWS = 20_000
HOUR_US = 3_600_000_000


def _epoch(draw: random.Random) -> pa.Table:
    ids = pa.array([f"req-{draw.getrandbits(64):x}" for _ in range(ROWS)])
    ts = pa.array(sorted(draw.randrange(HOUR_US) for _ in range(ROWS)), pa.timestamp("us", tz="UTC"))
    return pa.table({"event_id": ids, "ts": ts, MARK: marks(ids, b"key")})


def test_a_closed_epoch_leaves_some_sixteen_bytes_a_request(tmp_path: Path) -> None:
    rows = _epoch(random.Random(1))
    pq.write_table(rows, tmp_path / "part.parquet")
    with EpochStore(tmp_path, threads=1) as store:
        store.write_marks([tmp_path / "part.parquet"], tmp_path / "marks.parquet")
    assert (tmp_path / "marks.parquet").stat().st_size < 18 * ROWS
    mark, ts = rows[MARK].to_numpy(), pc.cast(rows["ts"], pa.int64()).to_numpy()
    assert are_copies(tmp_path / "marks.parquet", mark, ts).all()
    assert not are_copies(tmp_path / "marks.parquet", mark, ts - 1).any(), "an earlier event is no copy"
    assert not are_copies(tmp_path / "marks.parquet", mark ^ 1, ts).any()


def test_marks_depend_on_the_key() -> None:
    ids = pa.array(["a", "b"])
    assert marks(ids, b"one") == marks(ids, b"one") != marks(ids, b"two")
    assert len(set(marks(ids, b"one").to_pylist())) == 2


def test_what_is_old_or_too_large_is_let_go(tmp_path: Path) -> None:
    checkpoint = Checkpoint({}, closed=100)
    for number in range(90, 101):
        for kept, name in ((checkpoint.marks, "m"), (checkpoint.facts, "f")):
            kept[number] = f"{name}-{number}"
        checkpoint.sketches[number] = [f"s-{number}", f"s-{number}-0"]
        for name, size in zip(checkpoint.sketches[number], (7, 3), strict=True):
            (tmp_path / name).write_bytes(bytes(size))
    forget(checkpoint, tmp_path, marks_epochs=2, facts_epochs=5, sketch_bytes=35)
    assert sorted(checkpoint.marks) == [99, 100]
    assert sorted(checkpoint.facts) == [96, 97, 98, 99, 100]
    assert sorted(checkpoint.sketches) == [98, 99, 100]
    forget(checkpoint, tmp_path, marks_epochs=2, facts_epochs=5, sketch_bytes=0)
    assert not checkpoint.sketches


def test_of_an_epochs_rows_large_files_stay_and_small_ones_become_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"part-{number}" for number in range(4)]
    for number, (file, count) in enumerate(zip(files, (5000, 1, 2, 6000), strict=True)):
        pq.write_table(pa.table({"n": random.Random(number).sample(range(10**9), count)}), file)
    monkeypatch.setattr(closing, "SMALL_BYTES", 10_000)
    names = kept_rows(7, files, tmp_path)
    assert names == ["sketches-7-0.parquet", "sketches-7-1.parquet", "sketches-7.parquet"]
    assert [(tmp_path / name).samefile(file) for name, file in zip(names, files[::3], strict=False)] == [True, True]
    kept, given = (sorted(pq.read_table(found)["n"].to_pylist()) for found in ([tmp_path / n for n in names], files))
    assert kept == given
    refused = OSError("no second name")
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(refused))
    assert pq.read_table(tmp_path / kept_rows(8, files, tmp_path)[0]) == pq.read_table(files[0])


def test_where_an_event_was_read_is_told_by_the_earliest_of_its_copies(tmp_path: Path) -> None:
    given = [("a", 5, "late"), ("b", 1, "b"), ("a", 3, "early"), ("c", 2, "c"), ("a", 4, "later")]
    for number, rows in enumerate((given[:2], given[2:])):
        events, ts, files = (list(column) for column in zip(*rows, strict=True))
        columns = {"event_id": events, "ts": ts, "file": files, "account_id": events, "prompt_exact": ts}
        pq.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
    parts = sorted(tmp_path.iterdir())
    assert read_from(parts, {"a", "c", "gone"}) == {"a": "early", "c": "c"}
    assert read_from(parts, set()) == read_from([], {"a"}) == {}


def test_of_late_requests_and_rejects_the_newest_rows_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "ROWS_BYTES", 25)
    names = [f"rows-{number}" for number in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(bytes(10))
    checkpoint = Checkpoint({}, closed=100, late=names[:3], rejects=[*names])
    forget(checkpoint, tmp_path, marks_epochs=2, facts_epochs=5, sketch_bytes=0)
    assert (checkpoint.late, checkpoint.rejects) == (names[1:3], names[2:])


def test_files_are_joined_in_pieces_that_fit_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "JOINED_ROWS", 5)
    rows = pa.table({"n": list(range(12))})
    files = [tmp_path / f"part-{number}" for number in range(6)]
    for number, file in enumerate(files):
        pq.write_table(rows[2 * number : 2 * number + 2], file)
    closing.join(files, tmp_path / "one")
    assert pq.read_table(tmp_path / "one").equals(rows)
    assert pq.read_metadata(tmp_path / "one").num_row_groups == 2


def test_an_epoch_is_over_when_the_watermark_has_passed_its_end() -> None:
    assert [last_over(at, 10) for at in (9, 10, 19, 20)] == [-1, 0, 0, 1]
