"""Whether a journal is what was written: every fault, in words, and the entries up to the first one.

Finds an edit (a line does not match its hash), a deletion, an insertion or a reordering (a line does not follow the one
before), a truncation (fewer lines than the head says) and a foreign head. A last line behind the head was never
acknowledged: a crash can leave one, whole or torn, and it is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.journal.entry import GENESIS, Entry, parsed
from stillwatch.journal.head import Head


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. ``entries`` are good; ``surplus`` bytes behind the head were never acknowledged."""

    entries: tuple[Entry, ...]
    faults: tuple[str, ...]
    surplus: int = 0

    @property
    def head(self) -> Head:
        """The head that the good entries make (its size is not known here)."""
        return Head(len(self.entries), 0, self.entries[-1].hash if self.entries else GENESIS)


def examine(raw: bytes, head: Head | None, head_fault: str = "") -> Examination:
    """Check the bytes of a journal against its head."""
    if head is None:
        return _without_head(raw, head_fault)
    known = raw[: head.size]
    entries, faults = _chain(known)
    if len(raw) < head.size or len(entries) < head.count:
        faults.append(
            f"the head names {head.count} entries in {head.size} bytes; {len(entries)} good ones in {len(raw)} bytes "
            "are there: entries were cut off or cannot be read"
        )
    elif (len(entries), entries[-1].hash if entries else GENESIS) != (head.count, head.hash):
        faults.append(f"entry {head.count} is not the one that the head names")
    surplus = raw[head.size :]
    if surplus[:-1].count(b"\n"):
        faults.append("several entries lie behind the head: an older head was put back, or lines were added")
    return Examination(tuple(entries), tuple(faults), len(surplus))


def _without_head(raw: bytes, head_fault: str) -> Examination:
    if not raw and not head_fault:
        return Examination((), ())
    entries, faults = _chain(raw)
    fault = head_fault or "there are entries but no head: it was removed"
    return Examination(tuple(entries), (fault, *faults))


def _chain(raw: bytes) -> tuple[list[Entry], list[str]]:
    """The entries up to the first that does not fit, and what is wrong with that one."""
    entries: list[Entry] = []
    *lines, rest = raw.split(b"\n")
    for line in lines:
        n, previous = len(entries) + 1, entries[-1].hash if entries else GENESIS
        entry = parsed(line)
        if entry is None:
            return entries, [f"line {n} was changed after it was written: it does not match its hash"]
        if (entry.n, entry.previous) != (n, previous):
            return entries, [f"line {n} does not follow the one before: entries were removed, added or reordered"]
        entries.append(entry)
    return entries, [f"line {len(entries) + 1} has no end"] if rest else []
