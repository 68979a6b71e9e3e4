"""Output is there completely or not at all, and nobody's files are deleted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.store.files import (
    MARKER,
    check_free_space,
    check_replaceable,
    scratch_folder,
    staged_folder,
    write_atomic,
)


def _write_run(out: Path, text: str) -> None:
    with staged_folder(out) as folder:
        (folder / "report.html").write_text(text)
        (folder / "data").mkdir()
        (folder / "data" / "part.parquet").write_text(text)


def test_scratch_of_a_killed_process_is_cleared_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as living:
        (living / "part").touch()
        child = os.fork()
        if not child:
            with scratch_folder(tmp_path):
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        assert len(list(tmp_path.glob("stillwatch-*"))) == 2
        with scratch_folder(tmp_path) as mine:
            assert set(tmp_path.glob("stillwatch-*")) == {living, mine}
        assert (living / "part").exists()
    assert not list(tmp_path.iterdir())


def _hidden(parent: Path) -> list[str]:
    return sorted(p.name for p in parent.iterdir() if p.name.startswith("."))


def test_a_run_appears_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "run"
    with staged_folder(out) as folder:
        (folder / "report.html").write_text("one")
        assert not out.exists()
        assert folder.parent == out.parent
    assert (out / "report.html").read_text() == "one"
    assert _hidden(out.parent) == []


def test_a_later_run_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    with staged_folder(out) as folder:
        (folder / "other.html").write_text("two")
        assert (out / "report.html").read_text() == "one"
    assert {p.name for p in out.iterdir()} == {"other.html", MARKER}
    assert _hidden(tmp_path) == []


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failed_run_leaves_everything_as_it_was(tmp_path: Path, failure: type[BaseException]) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    with pytest.raises(failure), staged_folder(out) as folder:
        (folder / "report.html").write_text("half")
        raise failure
    assert (out / "report.html").read_text() == "one"
    assert _hidden(tmp_path) == []


def test_an_error_of_the_work_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staged_folder(tmp_path / "run"):
        (tmp_path / "input").read_text()


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    _write_run(tmp_path / "run", "one")
    assert (tmp_path / "run" / "report.html").read_text() == "one"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years")
    with pytest.raises(ConfigurationError, match=r"thesis\.txt"), staged_folder(tmp_path / "run"):
        pytest.fail("the work must not begin")
    assert (tmp_path / "run" / "thesis.txt").read_text() == "years"


def test_a_run_that_somebody_added_to_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"notes\.txt"):
        check_replaceable(out)


def test_what_is_added_while_a_run_works_is_not_deleted(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    with pytest.raises(ConfigurationError, match=r"notes\.txt"), staged_folder(out):
        (out / "notes.txt").write_text("mine")
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"schema": "other/1", "files": ["a.txt"]}', '{"schema": 1}'])
def test_a_marker_that_is_not_ours_protects_the_folder(tmp_path: Path, marker: str) -> None:
    (tmp_path / MARKER).write_text(marker)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ConfigurationError):
        check_replaceable(tmp_path)


def test_a_file_the_current_folder_and_a_mount_point_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="is a file"):
        check_replaceable(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="current folder"):
        check_replaceable(Path())
    with pytest.raises(ConfigurationError, match="mount point"):
        check_replaceable(Path("/"))


def test_a_link_to_a_folder_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    _write_run(tmp_path / "link", "one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "report.html").read_text() == "one"


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "run"):
        with pytest.raises(StoreError, match="another run is writing"), staged_folder(tmp_path / "run"):
            pytest.fail("the work must not begin")
        with staged_folder(tmp_path / "other"):
            pass
    assert (tmp_path / "run").exists()


def test_a_parent_that_is_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"), staged_folder(tmp_path / "file" / "run"):
        pytest.fail("the work must not begin")


_WORKER = """
import signal, sys, time
from pathlib import Path
from stillwatch.cli import outcome
from stillwatch.store.files import staged_folder

def work():
    with staged_folder(Path(sys.argv[1])) as folder:
        (folder / "half").write_text("half")
        print("ready", flush=True)
        time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
outcome.raise_on_termination()
sys.exit(outcome.settle(work))
"""


def _stopped_by(out: Path, number: int) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        os.kill(worker.pid, number)
        return worker.wait(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_says_so(tmp_path: Path, number: int) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    assert _stopped_by(out, number) == 130
    assert (out / "report.html").read_text() == "one"
    assert _hidden(tmp_path) == []


def test_the_next_run_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert _stopped_by(out, signal.SIGKILL) == -signal.SIGKILL
    assert _hidden(tmp_path) != []
    _write_run(out, "two")
    assert _hidden(tmp_path) == []
    assert sorted(p.name for p in out.iterdir()) == [MARKER, "data", "report.html"]


def test_a_run_killed_in_the_middle_of_the_swap_gives_the_previous_one_back(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _write_run(out, "one")
    out.rename(tmp_path / ".run.stillwatch-old")
    with pytest.raises(RuntimeError), staged_folder(out):
        raise RuntimeError
    assert (out / "report.html").read_text() == "one"
    assert _hidden(tmp_path) == []


def test_everything_is_on_disk_before_the_run_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    on_disk: dict[int, bool] = {}
    really = os.fsync

    def sync(descriptor: int) -> None:
        really(descriptor)
        on_disk[os.fstat(descriptor).st_ino] = out.exists()

    monkeypatch.setattr(os, "fsync", sync)
    _write_run(out, "one")
    written = {path.stat().st_ino for path in (out, *out.rglob("*"))}
    assert {inode for inode, named in on_disk.items() if not named} >= written
    assert on_disk[tmp_path.stat().st_ino]


def test_too_little_space_is_told_before_the_work(tmp_path: Path) -> None:
    check_free_space(tmp_path, 0)
    with pytest.raises(StoreError, match=r"MiB free, \d+ MiB are needed"):
        check_free_space(tmp_path, 1 << 62)
    with pytest.raises(StoreError), staged_folder(tmp_path / "run", needed_bytes=1 << 62):
        pytest.fail("the work must not begin")


def test_write_atomic_replaces_and_respects_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = os.umask(0o027)
    try:
        write_atomic(path, "ä")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert _hidden(tmp_path) == []


def test_write_atomic_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        write_atomic(tmp_path / "absent" / "file", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        write_atomic(tmp_path / "folder", "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        write_atomic(tmp_path / "file" / "below", "x")
    assert _hidden(tmp_path) == []
