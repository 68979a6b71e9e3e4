"""A column map: which value of a foreign row stands for which canonical column, and how it is converted.

Reads one row as nested plain values, writes one row under canonical names, or None for a row that is no request
(``only``). What is mapped by name wins over what the bodies of request and answer say; of several places the first that
holds something counts. Messages that Responses left out are put back (``threads``). Values that cannot be converted are
carried on as they are: whoever checks the column's type counts them.

Deliberately knows no file format and no TOML: rows come from ``sources.tabular``, maps from ``mapfile``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.ingest.messages import messages, split_system, text_message
from stillwatch.ingest.paths import Path, opened
from stillwatch.ingest.streamed import joined
from stillwatch.ingest.threads import Threads

Row = dict[str, Any]
UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}
"""Milliseconds in a unit."""
TIME_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds in a unit."""
FORMS = ("messages", "text")
MESSAGE_COLUMNS = ("system_instructions", "input_messages", "output_messages")
_ROLES = {"system_instructions": "system", "input_messages": "user", "output_messages": "assistant"}


@dataclass(frozen=True, slots=True)
class Place:
    """One place a column may come from, and what is done to the value found there."""

    path: Path | None = None
    value: Any = None
    """A constant, where there is no path."""
    unit: str | None = None
    time: str | None = None
    form: str | None = None
    prefix: str = ""
    unless: tuple[Any, ...] = ()
    """Values that stand for none, such as a placeholder user."""
    values: dict[str, Any] = field(default_factory=dict)
    """What the source's words mean; words not listed give nothing."""

    def read(self, row: Row, column: str) -> Any:
        """The converted value, or None where there is none."""
        found = self.value if self.path is None else self.path.find(row)
        if found is None or found == "" or found in self.unless:
            return None
        if self.values:
            found = self.values.get(str(found).lower() if isinstance(found, bool) else str(found))
        if self.form is not None:
            return text_message(found, _ROLES[column]) if self.form == "text" else messages(found, _ROLES[column])
        if self.unit is not None:
            found = _scaled(found, UNITS[self.unit])
        if self.time is not None:
            found = _time(found, self.time)
        return f"{self.prefix}{found}" if self.prefix and isinstance(found, (str, int)) else found


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """One map, read-only and shared between files."""

    name: str
    title: str
    columns: dict[str, tuple[Place, ...]]
    request: tuple[Path, ...] = ()
    response: tuple[Path, ...] = ()
    marks: tuple[tuple[Path, ...], ...] = ()
    """Paths that a row of this source has, each with its alternatives; by them it is recognised."""
    automatic: bool = False
    """Whether a file that has all marks is read by this map without being asked."""
    only: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    """Rows are requests only if what lies at each of these paths is one of the texts given."""

    @property
    def roots(self) -> frozenset[str]:
        """The columns of a file that the map can use."""
        paths = [p.path for places in self.columns.values() for p in places if p.path is not None]
        paths += [*self.request, *self.response, *(path for path, _ in self.only)]
        paths += [path for mark in self.marks for path in mark]
        return frozenset(name for path in paths for name in (path.root, path.text))

    def fits_columns(self, names: Collection[str]) -> bool:
        """Whether a file with these columns can be of this source: nested marks are taken to be there."""
        return self.fits(lambda path: path.root in names or path.text in names)

    def fits(self, has: Callable[[Path], bool]) -> bool:
        """Whether what ``has`` some paths has all marks."""
        return bool(self.marks) and all(any(map(has, mark)) for mark in self.marks)

    def exchange(self, row: Row, threads: Threads | None = None) -> Row | None:
        """``row`` under canonical names, or None where it is no request; ``threads``: the conversations so far."""
        for path, allowed in self.only:
            if str(path.find(row)) not in allowed:
                return None
        request, answer = _body(row, self.request), joined(_body(row, self.response))
        found = {**request_columns(request), **response_columns(answer)}
        for column, places in self.columns.items():
            value = next((v for v in (place.read(row, column) for place in places) if v is not None), None)
            if value is not None:
                found[column] = value
        found = _with_system_apart(found)
        return found if threads is None else threads.stitched(found, request, answer)


def _body(row: Row, paths: tuple[Path, ...]) -> Any:
    """The first body that holds anything; None where none does."""
    bodies = (opened(path.find(row)) for path in paths)
    return next((b for b in bodies if b not in (None, "", {}, [])), None)


def _with_system_apart(row: Row) -> Row:
    """System messages among the input go to their own column, where nothing else fills it."""
    asked = row.get("input_messages")
    if isinstance(asked, list) and not row.get("system_instructions"):
        system, rest = split_system(asked) if all(isinstance(m, dict) and "role" in m for m in asked) else (None, asked)
        row["system_instructions"], row["input_messages"] = system, rest
    return row


def _scaled(value: Any, factor: float) -> Any:
    """A duration in milliseconds; what is no number stays, to be counted as one that does not fit."""
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= 30 else value
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    scaled = value * factor
    return round(scaled) if abs(scaled) < 2**63 else value


def _time(value: Any, form: str) -> Any:
    """A time of a stated form in microseconds; what does not fit stays and becomes a reject with its reason."""
    try:
        if form in TIME_UNITS:
            return round(float(value) * TIME_UNITS[form])
        moment = datetime.strptime(str(value)[:64].strip(), form)
    except (ValueError, TypeError, OverflowError):
        return str(value) if isinstance(value, (int, float)) else value
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
