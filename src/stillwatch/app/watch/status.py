"""``status``: how far watching is and what it costs, from the checkpoint and the source's folder; changes nothing.

Needs the keyring, because an unsealed checkpoint proves nothing. May be asked while a process watches.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

from stillwatch.app.runfolder import read_document
from stillwatch.app.watch.checkpoint import Checkpoint, read_checkpoint
from stillwatch.app.watch.folder import STATE
from stillwatch.campaigns.document import iso
from stillwatch.errors import InputError, StoreError
from stillwatch.ingest.inputs import list_inputs
from stillwatch.keyring import FILE_NAME, read_keyring
from stillwatch.store.files import is_locked

_HOUR_US = 3_600_000_000
_KINDS = ("fold", "epoch", "sketches", "marks", "facts", "late", "rejects")


@dataclass(frozen=True, slots=True)
class Status:
    """Where a watch folder stands; ``document`` is what ``--json`` prints."""

    document: dict[str, Any]

    def lines(self) -> list[str]:
        """The same for a person."""
        d = self.document
        newest = f"{d['newest']}, {d['lag_s']:,} s ago" if d["newest"] else "none yet"
        return [
            f"process         {'watching' if d['running'] else 'none'}; last commit {d['committed_at']}",
            f"source          {d['source']}{_left(d)}",
            f"newest request  {newest}",
            f"closed until    {d['closed_until'] or 'no epoch yet'}{_closed_at(d)}; {d['open_epochs']} epochs open",
            f"requests        {d['requests']:,} read, {d['copies']:,} copies, {d['late']:,} late, "
            f"{d['ahead_of_clock']:,} ahead of our clock; {d['rejected']:,} rows rejected",
            f"campaigns       {_campaigns(d)}",
            f"drift           {_drift(d)}",
            f"store           {sum(d['store_bytes'].values()):,} bytes: "
            + ", ".join(f"{kind} {size:,}" for kind, size in d["store_bytes"].items() if size),
        ]


def status(out: Path, home: Path, now: datetime) -> Status:
    """Where ``out`` stands at ``now``."""
    state = out / STATE
    checkpoint = _checkpoint(state, home)
    counts, newest = checkpoint.counts, checkpoint.newest_us
    files, size = _behind(checkpoint)
    return Status(
        {
            "running": is_locked(out),
            "committed_at": _iso(checkpoint.committed_at),
            "source": checkpoint.identity["source"],
            "behind_files": files,
            "behind_bytes": size,
            "behind_entries": checkpoint.behind,
            "newest": iso(newest),
            "lag_s": None if newest is None else int(now.timestamp() - newest / 1e6),
            "closed_until": _closed_until(checkpoint),
            "closed_at": _iso(checkpoint.closed_at),
            "open_epochs": len(checkpoint.parts),
            "requests": counts.rows,
            "copies": counts.copies,
            "late": counts.late,
            "rejected": counts.rejected,
            "ahead_of_clock": counts.ahead,
            "store_bytes": _sizes(state),
            **_found(out),
        }
    )


def _checkpoint(state: Path, home: Path) -> Checkpoint:
    keyring = read_keyring(home / FILE_NAME)
    if keyring is None:
        raise StoreError(f"there is no keyring in {home}: name the folder and the home that watch was given")
    key = keyring.derive("state")
    try:
        checkpoint = read_checkpoint(state, key)
    except StoreError:  # whoever watches may have replaced it and its files meanwhile
        checkpoint = read_checkpoint(state, key)
    if checkpoint is None:
        raise StoreError(f"there is no checkpoint in {state}: name the folder and the home that watch was given")
    return checkpoint


def _found(out: Path) -> dict[str, Any]:
    """Drift and the number of campaigns by state, as they were published last."""
    try:
        document = read_document(out)
    except InputError:
        return {"drift": None, "drift_factor": None, "campaigns": {}}
    drift = document["run"]["drift"]
    states = Counter("authorised" if c["authorised"] else c["state"] for c in document["campaigns"])
    factor = inf if drift["factor"] is None else drift["factor"]
    return {"drift": drift["statement"], "drift_factor": factor, "campaigns": dict(sorted(states.items()))}


def _iso(seconds: float) -> str | None:
    """A moment of our clock; none where it never came."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z") if seconds else None


def _closed_until(checkpoint: Checkpoint) -> str | None:
    if checkpoint.closed is None:
        return None
    return iso((checkpoint.closed + 1) * int(checkpoint.identity["epoch hours"]) * _HOUR_US)


def _closed_at(document: dict[str, Any]) -> str:
    return f" at {document['closed_at']}" if document["closed_at"] else ""


def _campaigns(document: dict[str, Any]) -> str:
    return ", ".join(f"{n} {state}" for state, n in document["campaigns"].items()) or "none listed"


def _drift(document: dict[str, Any]) -> str:
    factor = document["drift_factor"]
    if factor is None:
        return "nothing published yet"
    divided = f": levels are divided by {factor:g}" if 1 < factor < inf else ""
    return f"{document['drift']}{divided}"


def _left(document: dict[str, Any]) -> str:
    files, size, entries = (document[f"behind_{what}"] for what in ("files", "bytes", "entries"))
    if entries is not None:
        return f": {entries:,} entries to read at the last commit"
    return "" if files is None else f": {files:,} files with {size:,} bytes to read"


def _behind(checkpoint: Checkpoint) -> tuple[int | None, int | None]:
    """Files and bytes of the source that the checkpoint does not know as read; a stream is not asked."""
    if not Path(checkpoint.identity["source"]).is_absolute():
        return None, None
    try:
        sources = list_inputs([checkpoint.identity["source"]])
    except InputError:
        return 0, 0
    left = []
    for source in sources:
        entry = checkpoint.files.get(source.name)
        done = 0 if entry is None else entry.offset if entry.lines else entry.stamp[1] * entry.taken
        left.append(max(source.size - done, 0))
    return sum(rest > 0 for rest in left), sum(left)


def _sizes(state: Path) -> dict[str, int]:
    """Bytes of the state folder by what they hold."""
    sizes = dict.fromkeys(_KINDS, 0)
    for path in state.iterdir():
        kind = path.name.split("-")[0]
        if kind in sizes:
            with contextlib.suppress(FileNotFoundError):  # swept by the process that watches
                sizes[kind] += path.stat().st_size
    return sizes
