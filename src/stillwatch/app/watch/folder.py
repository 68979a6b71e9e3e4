"""The folder of ``watch``: results on top, state below, one process at a time.

DIR/campaigns.json and the files beside it are those of a run folder, replaced after each closed epoch. DIR/state holds
what goes on from here; nothing in it is for reading by anybody else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from stillwatch.app.watch.checkpoint import NAME, WAY_OUT
from stillwatch.durable import sync
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.store.files import LEAST_FREE_BYTES, check_free_space, locked

STATE = "state"
RESULTS = (
    "campaigns.parquet",
    "evidence.parquet",
    "facts.parquet",
    "links.parquet",
    "timeline.parquet",
    "rejects.parquet",
    "late.parquet",
    "report.html",
    "campaigns.json",
)
"""In the order in which they are replaced: campaigns.json names the run, so it comes last."""
_PRIVATE = 0o700


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Path]:
    """The state folder of ``out``, held for this process; what a killed process left half done is not swept here."""
    target = out.expanduser().resolve()
    check(target)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with locked(target):
            state = target / STATE
            state.mkdir(mode=_PRIVATE, exist_ok=True)
            sync(target)
            check_free_space(state, LEAST_FREE_BYTES)
            yield state
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}") from error


def check(out: Path) -> None:
    """Raise unless ``out`` is absent, empty, or a folder that ``watch`` keeps."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigurationError(f"output {out} is a file. Name a folder.")
    present = {entry.name for entry in out.iterdir()}
    if foreign := sorted(n for n in present - {*RESULTS, STATE} if not n.endswith(".new")):
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ConfigurationError(f"output {out} holds files that watch did not write ({shown}). Name another folder.")
    if present & {*RESULTS} and not (out / STATE / NAME).exists():
        raise StoreError(f"{out} holds results but not the state that they came from. {WAY_OUT}")


def sweep(state: Path, needed: set[str]) -> None:
    """Remove what the checkpoint does not name: left by a killed process, or no longer needed."""
    for entry in state.iterdir():
        if entry.name not in needed and entry.is_file():
            entry.unlink(missing_ok=True)
