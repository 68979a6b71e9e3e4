"""``case verify``: whether the journal, its keys and the exhibits it names are what they were when they were written.

Finds edits, deletions, reorderings and truncation (``journal.examine``), acts that break the rules, keys that are gone
without an erasure, erasures that were not finished, and exhibits that changed. ``expect`` is a head that was kept
elsewhere, "COUNT:HASH": it finds even an older pair of files put back. Reads only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stillwatch.app.cases.desk import journal_of
from stillwatch.app.cases.exhibits import EXAMPLES
from stillwatch.cases.advance import advance
from stillwatch.cases.state import Desk
from stillwatch.errors import ConfigurationError
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry
from stillwatch.journal.log import ERASED, Journal


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked; ``faults`` is empty where all is well. ``head`` is worth keeping elsewhere."""

    entries: int
    boxes: int
    exhibits: int
    head: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def verify(store: Path, expect: str | None = None) -> Verified:
    """Check everything in a store that cases rest on."""
    journal = journal_of(store, may_make=False)
    found = journal.examine()
    entries = found.entries
    named = {e["name"]: e["sha256"] for entry in entries for e in _exhibits(entry)}
    faults = [
        *found.faults,
        *_expected(entries, expect),
        *_acts(entries),
        *_keys(journal, entries),
        *_changed(store, named),
    ]
    remarks = ["a crash left bytes behind the head; they were never acknowledged"] if found.surplus else []
    boxes = sum(len(entry.boxes) for entry in entries)
    return Verified(
        len(entries), boxes, len(named), f"{found.head.count}:{found.head.hash}", tuple(faults), tuple(remarks)
    )


def _expected(entries: tuple[Entry, ...], expect: str | None) -> Iterator[str]:
    if expect is None:
        return
    count, _, digest = expect.partition(":")
    if not count.isdigit() or len(digest) != 64:
        raise ConfigurationError(
            f"--expect {expect}: a head looks like 12:<64 hexadecimal digits>, as verify prints it"
        )
    n = int(count)
    if n > len(entries):
        yield f"that head was kept at {n} entries, {len(entries)} are there: an older state was put back"
    elif n and entries[n - 1].hash != digest:
        yield f"entry {n} is not the one of the head that was kept: the journal was written anew"


def _acts(entries: tuple[Entry, ...]) -> Iterator[str]:
    desk = Desk()
    for entry in entries:
        try:
            desk = advance(desk, entry)
        except RefusedError as refusal:
            yield f"entry {entry.n} breaks the rules: {refusal}"
            return


def _keys(journal: Journal, entries: tuple[Entry, ...]) -> Iterator[str]:
    """Keys that are gone without an erasure, and erasures whose keys are still there."""
    used = {box.subject for entry in entries for box in entry.boxes}
    told = {subject for entry in entries if entry.kind == ERASED for subject in entry.body["subjects"]}
    gone = journal.subjects.erased(used | told)
    if unfinished := told - gone:
        yield f"{len(unfinished)} erasures are in the journal but not done; run 'stillwatch case erase' again"
    if untold := gone - told:
        yield f"{len(untold)} keys were destroyed without an entry that says so"
    if lost := used - gone - journal.subjects.kept(used):
        yield f"{len(lost)} keys of subjects are missing: lost or removed, not erased"


def _changed(store: Path, named: dict[str, str]) -> Iterator[str]:
    for name, digest in sorted(named.items()):
        path = store / name
        if not path.is_file():
            if path.name != EXAMPLES:  # those expire
                yield f"exhibit {name} is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"exhibit {name} was changed"


def _exhibits(entry: Entry) -> list[dict[str, str]]:
    sighting = entry.body.get("sighting")
    return sighting.get("exhibits", []) if isinstance(sighting, dict) else []
