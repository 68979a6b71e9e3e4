"""A paper for people and authorities: sections of items, each with where its content was read, or open.

Contract: values in, one JSON document out; ``report`` renders it. An item that is open has no value and says who must
fill in what. Nothing here decides what is true: an item only carries what a register or the product says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SCHEMA = "stillwatch.paper/1"


@dataclass(frozen=True, slots=True)
class Item:
    """One row. ``read_from`` names the place of the content; ``open_for`` says what a person must fill in there."""

    label: str
    values: tuple[str, ...] = ()
    read_from: str = ""
    open_for: str = ""

    @property
    def is_open(self) -> bool:
        return bool(self.open_for)


@dataclass(frozen=True, slots=True)
class Part:
    """A section; ``rule`` names the provision or the question that asks for it."""

    name: str
    title: str
    rule: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper; ``facts`` stand at its head, ``notes`` at its end."""

    kind: str
    title: str
    subtitle: str
    parts: tuple[Part, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def open_items(self) -> list[tuple[Part, Item]]:
        return [(part, item) for part in self.parts for item in part.items if item.is_open]


def item(label: str, values: str | Iterable[str], read_from: str, open_for: str = "") -> Item:
    """An item that is open where it has no value."""
    found = tuple(v for v in ((values,) if isinstance(values, str) else values) if v)
    return Item(label, found, read_from, "" if found else open_for or f"fill in {label.lower()}")


def document(paper: Paper, generated_at: datetime) -> dict[str, Any]:
    """The paper as JSON."""
    return {
        "schema": SCHEMA,
        "kind": paper.kind,
        "title": paper.title,
        "subtitle": paper.subtitle,
        "generated_at": generated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "facts": [{"label": label, "value": value} for label, value in paper.facts.items()],
        "parts": [_part(part) for part in paper.parts],
        "open": [
            {"part": p.name, "label": i.label, "what": i.open_for, "where": i.read_from} for p, i in paper.open_items
        ],
        "notes": list(paper.notes),
    }


def _part(part: Part) -> dict[str, Any]:
    items: Sequence[Item] = part.items
    return {
        "name": part.name,
        "title": part.title,
        "rule": part.rule,
        "answered": not any(i.is_open for i in items),
        "items": [
            {"label": i.label, "values": list(i.values), "read_from": i.read_from, "open": i.open_for} for i in items
        ],
    }
