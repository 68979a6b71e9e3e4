"""Reading campaigns.json leniently and making its text inert at the border.

Contract: every string that leaves ``Record`` has passed ``inert.text``; every number is finite; every time is in UTC.
A field that is missing, null or of the wrong type reads as absent, because an older or newer writer must not keep a
person from seeing the rest. Only a document of another schema is refused.

Deliberately not done: validation of the writer. That is the business of whoever writes the document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stillwatch import inert
from stillwatch.errors import InputError

SCHEMA = "stillwatch.campaigns/1"
ID_LIMIT = 72
PROSE_LIMIT = 1200


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object; the readers return ``None`` or an empty value for what is not there."""

    values: Mapping[str, Any]

    def raw(self, key: str) -> str:
        """The string as written, for joining tables only: never show it."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def text(self, key: str, limit: int = ID_LIMIT) -> str:
        return inert.text(self.raw(key), limit)

    def number(self, key: str) -> float | None:
        return as_number(self.values.get(key))

    def count(self, key: str) -> int | None:
        value = self.number(key)
        return None if value is None else int(value)

    def flag(self, key: str) -> bool:
        return self.values.get(key) is True

    def moment(self, key: str) -> datetime | None:
        return as_moment(self.values.get(key))

    def texts(self, key: str, limit: int = PROSE_LIMIT) -> tuple[str, ...]:
        value = self.values.get(key)
        return tuple(inert.text(v, limit) for v in value if isinstance(v, str)) if isinstance(value, list) else ()

    def record(self, key: str) -> Record:
        value = self.values.get(key)
        return Record(value if isinstance(value, Mapping) else {})

    def records(self, key: str) -> tuple[Record, ...]:
        value = self.values.get(key)
        return tuple(Record(v) for v in value if isinstance(v, Mapping)) if isinstance(value, list) else ()

    def numbers(self) -> tuple[tuple[str, float], ...]:
        """All entries of this object that are numbers, in the writer's order."""
        pairs = ((inert.text(str(k), PROSE_LIMIT), as_number(v)) for k, v in self.values.items())
        return tuple((k, v) for k, v in pairs if v is not None)


def also_named_in(campaign: Record) -> tuple[tuple[str, int], ...]:
    """Other campaigns that name some of its accounts, and how many."""
    return tuple((e.text("campaign_id"), e.count("accounts") or 0) for e in campaign.records("also_named_in"))


def kinds_of_work(campaign: Record) -> tuple[int, ...]:
    """How many of its accounts do each kind of work, where there are several."""
    return tuple(e.count("accounts") or 0 for e in campaign.records("kinds_of_work"))


def as_number(value: object) -> float | None:
    """A finite float, or nothing; booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_moment(value: object) -> datetime | None:
    """A time in UTC from ISO 8601 text; text without an offset is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def open_document(document: Mapping[str, Any]) -> Record:
    """A campaigns document as a record; ``InputError`` where it is of another schema."""
    advice = " Scan the log again with this version, or open the report that was written beside the document."
    return open_as(document, SCHEMA, "a campaigns document", advice)


def open_as(document: Mapping[str, Any], schema: str, what: str = "a document", advice: str = "") -> Record:
    """The document as a record; ``InputError`` where it is not of ``schema``."""
    found = document.get("schema")
    if found != schema:
        shown = inert.text(str(found), 60)
        raise InputError(f"cannot read {what} of schema {shown!r}: this version reads {schema!r}.{advice}")
    return Record(document)
