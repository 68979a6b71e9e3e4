"""A published set stays whole while a newer one takes its place, and a broken one is not taken up."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from stillwatch.app import published
from stillwatch.app.published import Published, Snapshot
from stillwatch.errors import InputError
from stillwatch.model.tables import CAMPAIGNS, LATE
from tests.app.cases.runs import Group, write_run

FIRST = [Group("c-0a0a0a0a0a0a", tuple(f"old-{n}" for n in range(6)))]
SECOND = [Group("c-0b0b0b0b0b0b", tuple(f"new-{n}" for n in range(9)))]


@pytest.fixture(autouse=True)
def always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(published, "_PAUSE_S", 0.005)


def replace_all(run: Path, aside: Path) -> None:
    """What watch does: every file takes its name, campaigns.json last."""
    for path in sorted(aside.iterdir(), key=lambda p: p.name == "campaigns.json"):
        path.replace(run / path.name)


def campaigns(snapshot: Snapshot) -> tuple[str, set[str]]:
    """Which campaign the document lists, and which the table does."""
    return snapshot.report.campaigns[0].campaign_id, set(snapshot.table(CAMPAIGNS)["campaign_id"].to_pylist())


def test_a_set_stays_what_it_was_and_the_next_one_is_taken_up(tmp_path: Path) -> None:
    shown = Published(write_run(tmp_path / "run", FIRST))
    older = shown.current()
    replace_all(tmp_path / "run", write_run(tmp_path / "aside", SECOND, run_id="r-2"))
    newer = shown.current()
    assert campaigns(older) == ("c-0a0a0a0a0a0a", {"c-0a0a0a0a0a0a"})
    assert campaigns(newer) == ("c-0b0b0b0b0b0b", {"c-0b0b0b0b0b0b"})
    assert shown.current() is newer


def test_readers_never_see_parts_of_two_sets(tmp_path: Path) -> None:
    shown, torn, ending = Published(write_run(tmp_path / "run", FIRST)), [], threading.Event()

    def read() -> None:
        while not ending.is_set():
            name, table = campaigns(shown.current())
            if table != {name}:
                torn.append((name, table))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(12):
        aside = write_run(tmp_path / f"aside-{n}", (SECOND, FIRST)[n % 2], run_id=f"r-{n + 2}")
        replace_all(tmp_path / "run", aside)
    ending.set()
    for reader in readers:
        reader.join()
    assert torn == []


def test_a_set_that_cannot_be_read_is_not_taken_up(tmp_path: Path) -> None:
    shown = Published(write_run(tmp_path / "run", FIRST))
    older = shown.current()
    (tmp_path / "run" / "campaigns.json").write_text("{")
    assert shown.current() is older


def test_a_folder_without_results_is_refused_and_an_absent_table_is_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a complete run folder"):
        Published(tmp_path)
    snapshot = Published(write_run(tmp_path / "run", FIRST)).current()
    assert not snapshot.has(LATE)
    assert len(snapshot.table(LATE)) == 0


def test_a_set_is_prepared_before_anybody_is_shown_it(tmp_path: Path) -> None:
    seen: list[Snapshot] = []
    ending, may_go_on = threading.Event(), threading.Event()

    def prepare(snapshot: Snapshot) -> None:
        if seen:
            may_go_on.wait(10)
        seen.append(snapshot)

    shown = Published(write_run(tmp_path / "run", FIRST), prepare)
    follower = threading.Thread(target=shown.follow, args=(ending,))
    follower.start()
    older = shown.current()
    replace_all(tmp_path / "run", write_run(tmp_path / "aside", SECOND, run_id="r-2"))
    assert shown.current() is older
    may_go_on.set()
    while len(seen) < 2:
        assert follower.is_alive()
    ending.set()
    follower.join()
    assert shown.current() is seen[-1]
