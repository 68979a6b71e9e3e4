"""The fold made anew from the sketches that are kept: how a folder goes over to another version, set or rule.

Reads the sketches of closed epochs as they arrived, the oldest first; each epoch is told from those before it as it was
when it closed. So the fold is what watching from the oldest kept epoch on would have come to. What was known from
before that, groups and budget spent, is gone, and a note says so: a state of another version cannot be read.
"""

from __future__ import annotations

from pathlib import Path

from stillwatch.app.folding import Folded, framed
from stillwatch.app.watch.checkpoint import WAY_OUT, Checkpoint
from stillwatch.app.watch.closing import note_origins
from stillwatch.campaigns.document import iso
from stillwatch.errors import StoreError
from stillwatch.facts.register import Register
from stillwatch.model.progress import Progress
from stillwatch.store.ids import EpochStore


def rebuild(
    checkpoint: Checkpoint,
    state: Path,
    store: EpochStore,
    folded: Folded,
    register: Register,
    origins: dict[str, str],
    *,
    epoch_us: int,
    window: int,
    progress: Progress,
) -> None:
    """Advance a fresh fold over every epoch that is kept; ``window``: epochs in which a copy is known as one."""
    kept = {number: [state / name for name in names] for number, names in sorted(checkpoint.sketches.items())}
    if checkpoint.closed is not None and not kept:
        raise StoreError(f"{state.parent} keeps no sketches to make its fold anew from. {WAY_OUT}")
    with progress.stage("weighing what is kept", len(kept)) as stage:
        for number, files in kept.items():
            store.know(files, [file for n in kept if number - window <= n < number for file in kept[n]])
            store.find_duplicates(files)
            arranged = store.arranged(files)
            if len(arranged):
                folded.close(framed(arranged, number, epoch_us, folded), register)
                note_origins(files, folded.closed, origins)
            stage.advance(1)
    checkpoint.counts.remarks.append(
        f"the fold was made anew from the {len(kept)} closed epochs of which sketches are kept, the first at "
        f"{iso(min(kept, default=0) * epoch_us)}; nothing is known from before"
    )
