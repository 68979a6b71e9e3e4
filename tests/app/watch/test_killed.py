"""kill -9 at random moments, while files are read, epochs close and results are replaced: nothing shows of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.app.watch.world import Place, lines, read, rows, tables

KILLS = 5
_DRIVER = """
import os, sys
from pathlib import Path
from stillwatch.app.watch import following, watching
from stillwatch.model.progress import SilentProgress
from tests.app.watch.world import Place

watching.COMMIT_BATCHES, watching.POLL_S = 0.1, 0.01  # commits every few files
place = Place(Path(sys.argv[1]))
for line in sys.stdin:  # each line asks for one more process that watches until it is killed
    child = os.fork()
    if child == 0:
        watching.watch(place.request(once=False), SilentProgress())
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
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
            assert driver.stdout.readline() == "gone\n"
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
