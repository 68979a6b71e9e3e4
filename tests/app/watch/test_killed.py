"""kill -9 at random moments and between any two things that reach the disk: nothing shows of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.app.watch.world import HOUR_S, START_S, Place, hour, lines, read, rows, tables

KILLS = 3
STAGES = 5
_DRIVER = """
import os, sys
from pathlib import Path
from stillwatch.app.watch import watching
from stillwatch.model.progress import SilentProgress
from tests.app.watch.world import Place

watching.COMMIT_BATCHES, watching.POLL_S = 0.1, 0.01  # commits every few files
real, seen = os.fsync, 0

def die_at(share, place):
    # Watch once; die before what reaches the disk at a share of what reached it in the first run, which is not killed.
    counted = place.folder / "counted"
    last = share * int(counted.read_text()) if counted.exists() else float("inf")

    def sync(descriptor):
        global seen
        seen += 1
        if seen > last:
            os.kill(os.getpid(), 9)
        real(descriptor)

    os.fsync = sync
    watching.watch(place.request(), SilentProgress())
    counted.write_text(str(seen))
    os._exit(0)

place = Place(Path(sys.argv[1]))
for line in sys.stdin:  # each line asks for one more process that watches until it is killed
    child = os.fork()
    if child == 0 and line.strip():
        die_at(float(line), place)
    elif child == 0:
        watching.watch(place.request(once=False), SilentProgress())
    print(child, flush=True)
    _, how = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(how) else "ended", flush=True)
"""


def test_kill_at_any_moment_then_resume_gives_what_a_scan_gives(tmp_path: Path) -> None:
    place, log, draw = Place.make(tmp_path), rows(4, seed=8), random.Random(os.getpid())
    for number in range(0, len(log), 12):
        (place.source / f"{number:05}.jsonl").write_bytes(lines(log[number : number + 12]))
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", _DRIVER, str(tmp_path)], stdin=-1, stdout=-1, text=True, env=environ
    ) as driver:
        assert driver.stdin is not None and driver.stdout is not None
        for kill in range(KILLS):
            driver.stdin.write("\n")
            driver.stdin.flush()
            child = int(driver.stdout.readline())
            _wait_for_work(place, commits=draw.randrange(8) if kill else 1)
            time.sleep(draw.uniform(0, 0.3))
            os.kill(child, signal.SIGKILL)
            assert driver.stdout.readline() == "killed\n"
    place.watch()
    scanned = place.scan(log)
    assert read(place.out) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())


def test_kill_between_any_two_things_that_reach_the_disk(tmp_path: Path) -> None:
    """Each process finds an hour more, closes an epoch and publishes; each but the first dies at another point."""
    place, log = Place.make(tmp_path), rows(STAGES + 2, seed=9)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", _DRIVER, str(tmp_path)], stdin=-1, stdout=-1, text=True, env=environ
    ) as driver:
        assert driver.stdin is not None and driver.stdout is not None
        for number in range(STAGES + 1):
            due = (0, 1) if not number else (number + 1,)
            found = [row for row in log if hour(row) - START_S // HOUR_S in due]
            for part in range(3):
                (place.source / f"{number}-{part}.jsonl").write_bytes(lines(found[part::3]))
            driver.stdin.write(f"{(number - 0.5) / STAGES}\n")
            driver.stdin.flush()
            driver.stdout.readline()
            assert driver.stdout.readline() == ("killed\n" if number else "ended\n")
    place.watch()
    scanned = place.scan(log)
    assert read(place.out) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())


def _wait_for_work(place: Place, commits: int) -> None:
    """Until the process has committed so many times, or has been at it for a while with nothing left to commit."""
    path, last, end = place.state / "checkpoint.json", 0, time.monotonic() + 20
    while commits and time.monotonic() < end:
        now = path.stat().st_mtime_ns if path.exists() else 0
        if now != last:
            last, commits = now, commits - 1
            end = time.monotonic() + 3
        time.sleep(0.001)
