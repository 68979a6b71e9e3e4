"""The receipt of an erasure: what was found, removed, held and left, place by place.

Contract: pure. Names the person by a keyed pseudonym only: a receipt that repeated the identifier would keep what it
says is gone. A hold is named with its case. What was found and neither removed nor held is left, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from stillwatch.privacy.paper import Item, Paper, Part, document


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of data in one place. ``removed`` and ``held`` are parts of ``found``; the rest is left."""

    where: str
    what: str
    found: int
    removed: int = 0
    held: int = 0
    hold: str = ""
    why_left: str = ""

    @property
    def left(self) -> int:
        return self.found - self.removed - self.held


@dataclass(frozen=True, slots=True)
class Receipt:
    """An erasure as it was done, or with ``dry_run`` as it would be."""

    person: str
    at: datetime
    lines: tuple[Line, ...]
    places: tuple[str, ...]
    dry_run: bool
    told: tuple[str, ...] = ()
    """Who got something about the person and has to hear of it."""

    def total(self, part: str) -> int:
        return sum(getattr(line, part) for line in self.lines)

    @property
    def complete(self) -> bool:
        """Whether nothing is left but what a hold keeps."""
        return self.dry_run or not self.total("left")


NOTES = (
    "Counts over several accounts stay: hourly sums of a campaign that still has other accounts, and figures of its "
    "evidence. They name nobody.",
    "An example does not say whose request it was: all examples of a campaign go with any of its accounts.",
    "Exhibits of cases keep rows under a pseudonym, for the figures of the case. Its name cannot be opened any more; "
    "whoever knows the name and holds the store's key could still make the pseudonym.",
    "Tables of a run count end users and do not store them; the state of watch holds keyed hashes of them.",
    "What was not named was not searched: other folders, copies, backups, the logs that were scanned.",
)


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """The receipt as a paper, with its lines as data."""
    lines = [asdict(line) | {"left": line.left} for line in receipt.lines]
    shown = document(_paper(receipt), receipt.at)
    told: dict[str, Any] = {"person": receipt.person, "dry_run": receipt.dry_run, "lines": lines}
    return shown | {"receipt": told | {"tell": list(receipt.told), "places": list(receipt.places)}}


def journal_body(receipt: Receipt) -> Mapping[str, Any]:
    """What the journal of erasures keeps: no identifier, no path."""
    holds = sorted({line.hold for line in receipt.lines if line.hold})
    totals = {part: receipt.total(part) for part in ("found", "removed", "held", "left")}
    return {"person": receipt.person, "places": len(receipt.places), **totals, "holds": holds}


def _paper(receipt: Receipt) -> Paper:
    verb = "would be removed" if receipt.dry_run else "removed"
    facts = {
        "Person": receipt.person,
        "Found": f"{receipt.total('found'):,}",
        verb.capitalize(): f"{receipt.total('removed'):,}",
        "Held": f"{receipt.total('held'):,}",
        "Left": f"{receipt.total('left'):,}",
    }
    by_place: dict[str, list[Item]] = {}
    for line in receipt.lines:
        by_place.setdefault(line.where, []).append(_item(line, verb))
    parts = tuple(
        Part(f"place-{number}", where, "searched", tuple(items))
        for number, (where, items) in enumerate(by_place.items(), 1)
    )
    if clean := tuple(_clean([place for place in receipt.places if place not in by_place])):
        parts += (Part("clean", "Searched, nothing found", "", clean),)
    if receipt.told:
        parts += (Part("recipients", "Whom to tell of it", "Art. 19 GDPR", (Item("Recipients", receipt.told),)),)
    title = "What an erasure would do" if receipt.dry_run else "Receipt of an erasure"
    return Paper("receipt", title, "Art. 17 GDPR", parts, facts, NOTES)


def _clean(places: Sequence[str]) -> Iterator[Item]:
    """Places without a finding, by their folder; each by its name is in the data."""
    folders = Counter(str(PurePath(place).parent) for place in places)
    return (Item(folder, (f"{count:,} {'place' if count == 1 else 'places'}",)) for folder, count in folders.items())


def _item(line: Line, verb: str) -> Item:
    values = [f"{line.found:,} found, {line.removed:,} {verb}"]
    if line.held:
        values.append(f"{line.held:,} held by {line.hold}")
    todo = f"{line.left:,} left: {line.why_left}" if line.left else ""
    return Item(line.what, tuple(values), line.where, todo)
