"""What is taken in of an open epoch before it is over changes no result: in any cut, out of order, undone, killed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stillwatch.app.watch import ahead, watching
from stillwatch.app.watch.ahead import Ahead, Ready
from stillwatch.app.watch.publishing import Publisher
from stillwatch.app.watch.watching import Watcher
from stillwatch.groups import leanings, templates
from stillwatch.store.known import Known
from stillwatch.store.scratch import IN_MEMORY, Scratch
from tests.app.watch.test_equal_to_a_scan import HOURS, LOG, _arrivals
from tests.app.watch.world import Place, Row, hour, lines, moment, read, rows, same_as_a_scan


class KilledError(Exception):
    """The process ends here."""


@dataclass
class Steps:
    """Watches a source that is given piece by piece to one process, and takes in ahead whatever it can."""

    place: Place
    ready: list[bool] = field(default_factory=list)
    """Of each epoch that closed, whether it was taken in ahead."""
    undone: int = 0
    slices: int = 0
    given: int = 0

    def watch(self, pieces: Sequence[Sequence[Row]], killed_after: int | None = None, *, commits: bool = True) -> None:
        """Give these pieces; the process is killed after so many slices. ``commits``: what was read, after each."""
        with pytest.MonkeyPatch.context() as patch:
            for module, name, value in (
                (ahead, "LEAST_ROWS", 1),
                (ahead, "MOST_ROWS", 60),
                (ahead, "MOST_READ", 10**6),
                (leanings, "CHUNK", 50),
                (templates, "RUNS", 2),
                (templates, "MOST_MERGED", 2000),
            ):
                patch.setattr(module, name, value)
            finish, fits = Ahead.finish, Ahead._fits

            def finished(this: Ahead, number: int, marked: list[Path]) -> Ready | None:
                found = finish(this, number, marked)
                self.ready.append(found is not None)
                return found

            def fitting(this: Ahead, *args: Any) -> bool:
                found = fits(this, *args)
                self.undone += not found
                return found

            patch.setattr(Ahead, "finish", finished)
            patch.setattr(Ahead, "_fits", fitting)
            patch.setattr(watching, "COMMIT_S", 1e9)
            for name in ("once", "follow"):
                patch.setattr(Watcher, name, lambda watcher: self._once(watcher, pieces, killed_after))
            self.place.watch(once=commits)

    def _once(self, watcher: Watcher, pieces: Sequence[Sequence[Row]], killed_after: int | None) -> dict[str, Any]:
        watcher._settle()
        watcher._publish()
        for piece in pieces:
            self._give(piece)
            if watcher._round():
                watcher._show()
            while watcher._prepare():
                self.slices += 1
                if self.slices == killed_after:
                    raise KilledError
        return watcher._publish()

    def _give(self, piece: Sequence[Row]) -> None:
        self.given += 1
        path = self.place.source / f"piece-{self.given:03}.jsonl"
        path.write_bytes(lines(piece))
        os.utime(path, (1, 1))  # at rest


@pytest.fixture
def steps() -> Iterator[Steps]:
    with tempfile.TemporaryDirectory() as folder:
        yield Steps(Place.make(Path(folder)))


def _pieces(arrivals: Sequence[Row], count: int) -> list[Sequence[Row]]:
    bounds = [len(arrivals) * n // count for n in range(count + 1)]
    return [arrivals[low:high] for low, high in pairwise(bounds)]


@settings(max_examples=1)
@given(
    seed=st.integers(0, 2**16),
    stragglers=st.integers(0, 10),
    copies=st.integers(0, 40),
    pieces=st.integers(8, 40),
    killed_after=st.none() | st.integers(1, 12),
)
@example(seed=1, stragglers=2, copies=30, pieces=40, killed_after=None)
@example(seed=2, stragglers=0, copies=40, pieces=30, killed_after=7)
def test_slices_change_no_result(
    seed: int, stragglers: int, copies: int, pieces: int, killed_after: int | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        steps, arrivals = Steps(Place.make(Path(folder))), _arrivals(seed, stragglers, copies)
        cut = _pieces(arrivals, pieces)
        if killed_after is None:
            steps.watch(cut)
        else:
            with pytest.raises(KilledError):
                steps.watch(cut, killed_after)
            steps.watch(cut[steps.given :])
        same_as_a_scan(steps.place, arrivals)
        if not stragglers:
            assert sum(steps.ready) >= HOURS - 2
            assert steps.slices > 2 * HOURS


def test_rows_that_were_read_and_lie_in_no_file_yet_are_in_the_slices(steps: Steps) -> None:
    log = sorted(LOG, key=moment)
    steps.watch(_pieces(log, 40), commits=False)
    assert sum(steps.ready) >= HOURS - 2 and not steps.undone
    same_as_a_scan(steps.place, log)


def test_a_row_behind_the_slices_undoes_them_and_its_copy_does_not(steps: Steps) -> None:
    log = sorted(LOG, key=moment)
    cut = _pieces(log, 40)
    straggler = cut[2][1]
    kept = [[row for row in piece if row is not straggler] for piece in cut]
    again = [kept[0], kept[1], kept[2] + list(kept[0])]
    steps.watch([*kept[:3], *again])
    assert steps.slices and not steps.undone
    steps.watch([*kept[3:8], [straggler], *kept[8:]])
    assert steps.undone
    same_as_a_scan(steps.place, [*log, *kept[0], *kept[0], *kept[1], *kept[2]])


def test_a_sender_that_is_always_behind_undoes_slices_a_few_times_only(steps: Steps) -> None:
    """Every piece brings a row that is further behind than all before: twice as far each time, from a minute on."""
    log = sorted((row for row in LOG if hour(row) == hour(LOG[0])), key=moment)
    cut = _pieces(log, 60)
    behind = [cut[n // 2].pop(0) for n in range(6, 60)]
    steps.watch([*cut[:6], *(piece for n in range(6, 60) for piece in (cut[n], [behind[n - 6]]))])
    assert 1 <= steps.undone <= 6, "an hour has six doublings of a minute"
    same_as_a_scan(steps.place, log)


def test_two_events_with_one_id_and_time_are_one_whichever_comes_first(steps: Steps) -> None:
    log = rows(3, seed=7)
    twin = {**log[20], "account_id": "acct-00000", "input_messages": log[30]["input_messages"]}
    cut = _pieces(log, 30)
    steps.watch([*cut[:6], [twin], *cut[6:]])
    same_as_a_scan(steps.place, [*log, twin])
    assert steps.undone


def test_facts_that_are_owed_when_a_process_ends_are_made_by_the_next(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KilledError

    cut = _pieces(LOG, 40)
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(watching, "settle", dies)
        steps.watch(cut)
    shown = read(steps.place.out)
    assert shown["run"]["closed_until"] is not None, "what closed is shown before its facts are made"
    facts = pq.read_table(steps.place.out / "facts.parquet")
    assert sum(facts["exchanges"].to_pylist()) < shown["run"]["input"]["exchanges"], "they are as they were"
    assert steps.ready == [True]
    assert any(path.name.startswith("epoch-") for path in steps.place.state.iterdir())
    steps.watch(cut[steps.given :])
    same_as_a_scan(steps.place, LOG)


def test_what_closed_is_shown_before_the_rest_where_that_takes_long(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that never wait for a slice, so nothing is owed: what is shown first lacks the open epoch all the same."""
    first, shown, whole = list[int](), Publisher.publish_at_once, steps.place.out / "facts.parquet"

    def at_once(this: Publisher, *args: Any) -> dict[str, Any]:
        before = whole.read_bytes()
        document = shown(this, *args)
        assert whole.read_bytes() == before
        first.append(document["run"]["input"]["exchanges"])
        return document

    monkeypatch.setattr(watching, "SLOW_S", -1.0)
    monkeypatch.setattr(Watcher, "_prepare", lambda _: False)
    monkeypatch.setattr(Publisher, "publish_at_once", at_once)
    steps.watch(_pieces(sorted(LOG, key=moment), 10))
    assert len(first) > 2 and not any(steps.ready)
    assert 0 < first[-1] < read(steps.place.out)["run"]["input"]["exchanges"] == len(LOG)
    same_as_a_scan(steps.place, LOG)


@pytest.mark.parametrize("scratch", [IN_MEMORY, None])
def test_marks_are_found_and_written_in_order(tmp_path: Path, scratch: Scratch | None) -> None:
    draw, known = np.random.default_rng(3), Known(scratch or Scratch(tmp_path))
    marks = draw.permutation(np.unique(draw.integers(-(1 << 62), 1 << 62, 1000)))
    for number in range(10):
        some = marks[number::10]
        known.add(some, some // 3, some // 7)
        known.tidy()
    found, ts, same = known.find(np.concatenate([marks[::-1], marks + 1]))
    assert found[: len(marks)].all() and not found[len(marks) :].any()
    assert (ts[: len(marks)] == marks[::-1] // 3).all() and (same[: len(marks)] == marks[::-1] // 7).all()
    known.write(tmp_path / "marks.parquet")
    assert pq.read_table(tmp_path / "marks.parquet")["mark"].to_pylist() == sorted(marks.tolist())
