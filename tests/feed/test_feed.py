"""The files of a feed: every cut, every flipped byte, every crash leaves a reader with what was good, and told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillwatch.feed import writing
from stillwatch.feed.decision import Decision
from stillwatch.feed.files import SNAPSHOT, Follower, tail_name
from stillwatch.feed.lines import FeedError
from stillwatch.feed.tiers import Tier, Tiers
from stillwatch.feed.writing import Brought, bring
from tests.feed.made import NOW, decision

MOMENT = datetime.fromtimestamp(NOW, UTC)
TIERS = Tiers("all", (Tier("all"),))


def wanted(*numbers: int) -> list[Decision]:
    return [decision(f"d-{n}", f"acc-{n}") for n in numbers]


def put(folder: Path, *numbers: int, tiers: Tiers | None = None, anew: bool = False) -> Brought:
    return bring(folder, wanted(*numbers), tiers, MOMENT, anew=anew)


def seen(follower: Follower, most: int = 12) -> set[int]:
    return {n for n in range(most) if follower.held.index.find([f"account:acc-{n}"], NOW)}


def looked(follower: Follower) -> set[int]:
    for _ in follower.poll():
        pass
    return seen(follower)


def test_a_reader_follows_what_a_writer_brings(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    assert looked(follower) == set() and not follower.fresh and not follower.loaded
    for numbers in ((), (1, 2), (2, 3), (3,), (3, 4, 5)):
        put(tmp_path, *numbers)
        assert looked(follower) == set(numbers) and follower.fresh
    assert follower.held.number == 2 + 2 + 1 + 2


def test_an_unchanged_wish_writes_nothing(tmp_path: Path) -> None:
    put(tmp_path, 1, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert put(tmp_path, 1, 2).changes == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_scope_is_dropped_and_changed_by_itself(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    bring(tmp_path, [decision("d-1", "acc-1"), decision("d-1", "acc-2")], None, MOMENT)
    bring(tmp_path, [decision("d-1", "acc-2", mode="observe")], None, MOMENT)
    assert looked(follower) == {2}
    assert [t.enforce for t in follower.held.index.find(["account:acc-2"], NOW)] == [False]


def test_a_long_tail_becomes_a_snapshot_and_readers_go_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LONGEST_TAIL", 3)
    follower = Follower(tmp_path)
    put(tmp_path)
    for n in range(1, 8):
        brought = put(tmp_path, n)
        assert looked(follower) == {n} and follower.fresh and follower.held.number == brought.number
    assert not (tmp_path / tail_name(0)).exists()
    assert len(list(tmp_path.glob("tail-*"))) == 1


def test_tiers_come_and_go(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    put(tmp_path, 1)
    put(tmp_path, 1, tiers=TIERS)
    assert looked(follower) == {1} and follower.held.tiers == TIERS
    put(tmp_path, 1)
    assert looked(follower) == {1} and follower.held.tiers is None


def test_a_torn_line_is_not_read_and_the_next_writer_cuts_it(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    put(tmp_path)
    put(tmp_path, 1)
    tail = tmp_path / tail_name(0)
    with tail.open("ab") as file:
        file.write(b'{"n":2,"at":"2030')
    assert looked(follower) == {1} and follower.fresh
    put(tmp_path, 1, 2)
    assert looked(follower) == {1, 2} and follower.fresh


def test_a_feed_that_is_gone_leaves_what_was_good_and_is_told(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "feed")
    put(tmp_path / "feed", 1)
    assert looked(follower) == {1}
    (tmp_path / "feed").rename(tmp_path / "away")
    assert looked(follower) == {1} and not follower.fresh
    with pytest.raises(FeedError, match=r"snapshot\.jsonl: No such file"):
        follower.read()
    (tmp_path / "away").rename(tmp_path / "feed")
    assert looked(follower) == {1} and follower.fresh


def test_an_older_feed_is_not_gone_back_to_unless_it_begins_anew(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    put(tmp_path)
    put(tmp_path, 1)
    old = {path.name: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    put(tmp_path, 2, 3)
    assert looked(follower) == {2, 3}
    for name, raw in old.items():
        (tmp_path / f"{name}.new").write_bytes(raw)
        (tmp_path / f"{name}.new").replace(tmp_path / name)
    assert looked(follower) == {2, 3} and "older feed" in (follower.fault or "")
    put(tmp_path, 4, anew=True)
    assert looked(follower) == {4} and follower.fresh


def test_a_writer_begins_anew_where_the_files_are_damaged(tmp_path: Path) -> None:
    put(tmp_path, 1)
    (tmp_path / SNAPSHOT).write_bytes(b"{}")
    follower = Follower(tmp_path)
    assert looked(follower) == set() and not follower.fresh
    assert put(tmp_path, 2).snapshot
    assert looked(follower) == {2}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=70)
@given(st.data())
def test_damage_never_raises_and_never_half_applies(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes are cut, flipped, put in or doubled: the reader has the old state or the new one, and says which."""
    folder = tmp_path / "feed"
    put(folder, 1, 2, anew=True)
    follower = Follower(folder)
    assert looked(follower) == {1, 2}
    put(folder, 3, 4, tiers=TIERS)
    name = data.draw(st.sampled_from([SNAPSHOT, tail_name(0)]))
    raw = bytearray((folder / name).read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip", "insert", "double"]))
    if kind == "cut":
        del raw[place:]
    elif kind == "flip":
        raw[place] ^= data.draw(st.integers(1, 255))
    elif kind == "insert":
        raw[place:place] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        raw += raw[place:]
    (folder / name).write_bytes(raw)
    found = looked(follower)
    if not follower.fresh:
        assert follower.fault
    # Changes apply one by one; between two of them is a state that a writer meant.
    states = [{1, 2}, {2}, set(), {3}, {3, 4}]
    assert found in states or kind in ("flip", "insert")
    assert put(folder, 5, anew=True).decisions == 1
    assert looked(follower) == {5} and follower.fresh


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_any_bytes_are_read_without_an_error(tmp_path: Path, snapshot: bytes, tail: bytes) -> None:
    (tmp_path / SNAPSHOT).write_bytes(snapshot)
    (tmp_path / tail_name(0)).write_bytes(tail)
    follower = Follower(tmp_path)
    looked(follower)
    assert not follower.fresh


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    put(tmp_path)
    with (tmp_path / tail_name(0)).open("wb") as file:
        os.truncate(file.fileno(), 200 * 1024 * 1024)
    follower = Follower(tmp_path)
    assert looked(follower) == set() and "longer than" in (follower.fault or "")
