"""What of a person was decided, is sent or was written for others, row by row, for ``privacy access``. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.app.cases.desk import View
from stillwatch.app.delivery.parcels import opened
from stillwatch.app.privacy.feeds import Feed
from stillwatch.app.privacy.handed_out import handed_out
from stillwatch.app.privacy.parcels import Parcelled, parcels_about
from stillwatch.privacy.paper import Item
from stillwatch.privacy.person import Person

Row = dict[str, Any]


def handing_over(views: Sequence[View], feeds: Sequence[Feed], loose: Sequence[Path], person: Person) -> list[Row]:
    """One row for each decision, parcel and file."""
    rows = [row for feed in feeds for row in _decisions(feed, person)]
    rows += [_parcel(view, found) for view in views for found in parcels_about(view, person)]
    for path in loose:
        file = handed_out(path, person, views)
        if file is not None and file.found:
            said = file.why_left or f"{file.found:,} places about the person"
            rows.append({"what": file.what, "where": str(path), "said": said})
    return rows


def told_items(rows: Sequence[Row]) -> Iterator[Item]:
    """The rows as a paper shows them."""
    return (Item(row["what"].capitalize(), (row["said"],), row["where"]) for row in rows)


def _decisions(feed: Feed, person: Person) -> Iterator[Row]:
    for decision in feed.of(person):
        said = f"{decision.measure}, {decision.mode}, {decision.starts_at} to {decision.expires_at}: {decision.reason}"
        row = {"what": f"decision {decision.decision_id}", "where": str(feed.folder), "said": said}
        yield row | {"row": msgspec.to_builtins(decision)}


def _parcel(view: View, found: Parcelled) -> Row:
    """A notice to the person is theirs; of an export only that it names them, because it names others, too."""
    item = found.item
    row: Row = {"what": found.what, "where": str(view.store), "said": f"{item.reference}, for {item.target}"}
    parcel = opened(view.journal, item) if item.kind == "notice" else None
    return row if parcel is None else row | {"row": json.loads(parcel.content)}
