"""``status``: how far watching is and what it costs, from the checkpoint and the source's folder; changes nothing.

Needs the keyring, because an unsealed checkpoint proves nothing. May be asked while a process watches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
            f"closed until    {d['closed_until'] or 'no epoch yet'}; {d['open_epochs']} epochs open",
            f"requests        {d['requests']:,} read, {d['copies']:,} copies, {d['late']:,} late, "
            f"{d['ahead_of_clock']:,} ahead of our clock; {d['rejected']:,} rows rejected",
            f"store           {sum(d['store_bytes'].values()):,} bytes: "
            + ", ".join(f"{kind} {size:,}" for kind, size in d["store_bytes"].items() if size),
        ]


def status(out: Path, home: Path, now: datetime) -> Status:
    """Where ``out`` stands at ``now``."""
    state = out / STATE
    keyring = read_keyring(home / FILE_NAME)
    checkpoint = None if keyring is None else read_checkpoint(state, keyring.derive("state"))
    if checkpoint is None:
        where = f"keyring in {home}" if keyring is None else f"checkpoint in {state}"
        raise StoreError(f"there is no {where}: name the folder and the home that watch was given")
    counts, newest = checkpoint.counts, checkpoint.newest_us
    files, size = _behind(checkpoint)
    return Status(
        {
            "running": is_locked(out),
            "committed_at": datetime.fromtimestamp(int(checkpoint.committed_at), UTC)
            .isoformat()
            .replace("+00:00", "Z"),
            "source": checkpoint.identity["source"],
            "behind_files": files,
            "behind_bytes": size,
            "newest": iso(newest),
            "lag_s": None if newest is None else int(now.timestamp() - newest / 1e6),
            "closed_until": _closed_until(checkpoint),
            "open_epochs": len(checkpoint.parts),
            "requests": counts.rows,
            "copies": counts.copies,
            "late": counts.late,
            "rejected": counts.rejected,
            "ahead_of_clock": counts.ahead,
            "store_bytes": _sizes(state),
        }
    )


def _closed_until(checkpoint: Checkpoint) -> str | None:
    if checkpoint.closed is None:
        return None
    return iso((checkpoint.closed + 1) * int(checkpoint.identity["epoch hours"]) * _HOUR_US)


def _left(document: dict[str, Any]) -> str:
    files, size = document["behind_files"], document["behind_bytes"]
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
            sizes[kind] += path.stat().st_size
    return sizes
