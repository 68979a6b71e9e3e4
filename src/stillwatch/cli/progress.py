"""Progress bars on standard error, only where it is a terminal and only for what takes longer than two seconds.

Contract: implements ``model.progress.Progress``. Standard output is never touched.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stillwatch import inert
from stillwatch.model.progress import Progress, SilentProgress, Stage

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PATIENCE_S = 2.0


def progress() -> Progress:
    """The listener that fits standard error."""
    return TerminalProgress() if sys.stderr.isatty() else SilentProgress()


class _Bar:
    """One stage; before its bar is due, work is only counted."""

    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, n: int = 1) -> None:
        self._bars.advance(self._task, n)


class TerminalProgress:
    """A bar per stage, taken away when the stage ends."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        bars = Progress(*columns, console=Console(stderr=True), transient=True)
        task = bars.add_task(inert.text(name, 60), total=total)
        due = threading.Timer(self._patience_s, bars.start)
        due.daemon = True
        due.start()
        try:
            yield _Bar(bars, task)
        finally:
            due.cancel()
            due.join()  # it may be starting the bars right now
            if bars.live.is_started:
                bars.stop()
