"""Files outside of run folders: what the product wrote is changed or removed, all else is only searched.

Contract: a file is changed only if its form shows that ``hunt`` or a gateway wrote it, and removed only if it was
handed out about the person; any other that holds an identifier is reported as left, with its path, because a person
has to say what it is. Texts are searched as bytes, Parquet by its columns, what is packed unpacked; what cannot be
searched to its end is reported as such.
"""

from __future__ import annotations

import csv
import io
import json
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillwatch import inert
from stillwatch.app.cases.desk import View
from stillwatch.app.privacy.gateway_log import SEGMENT, count, erase_log
from stillwatch.app.privacy.handed_out import erase_handed_out
from stillwatch.app.privacy.packed import UnsearchableError, search_packed
from stillwatch.errors import StoreError
from stillwatch.model.scope import scoped
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line
from stillwatch.store.files import write_atomic

_HUNT_KEYS = {"account_id", "weight", "parts", "shared", "holders_elsewhere"}
_HUNT_COLUMNS = ["account_id", "tenant_id", "weight"]
_FOREIGN = (
    "no run of stillwatch wrote this file, or not in a form that can be changed; remove it or the mention yourself"
)

_NAMED = "the file is called so: rename or remove it"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a hunt, and how to spell them again."""

    rows: Sequence[Any]
    spell: Callable[[Sequence[Any]], str]


def erase_file(path: Path, person: Person, views: Sequence[View], *, dry_run: bool) -> list[Line]:
    """Take the person out of what the product wrote; say what else is in it."""
    lines = erase_log(path, person, dry_run=dry_run)
    if lines and (dry_run or lines[0].left):
        return lines
    hunted = _hunted(path) if person.account and not person.end_user else None
    if hunted is not None:
        kept = [row for row in hunted.rows if not _is_theirs(row, person)]
        if found := len(hunted.rows) - len(kept):
            lines.append(Line(str(path), "rows of a hunt", found, removed=found))
            if dry_run:
                return lines
            write_atomic(path, hunted.spell(kept))
    handed = list(erase_handed_out(path, person, views, dry_run=dry_run))
    return [*lines, *handed] if handed else [*lines, *_left(path, person)]


def _left(path: Path, person: Person) -> Iterator[Line]:
    if named := person.count(path.name):
        yield Line(str(path), "mentions in the name of a file", named, why_left=_NAMED)
    try:
        if mentions := search(path, person):
            yield Line(str(path), "mentions in a file", mentions, why_left=_FOREIGN)
    except UnsearchableError as error:
        yield Line(str(path), "file that cannot be searched", 1, why_left=f"{error}; unpack it and look")


def search(path: Path, person: Person) -> int:
    """How often the identifiers stand in a file; ``UnsearchableError`` where that cannot be said."""
    try:
        if path.suffix == SEGMENT:
            return count(path, person)
        if path.suffix == ".parquet":
            return _in_columns(path, person)
        packed = search_packed(path, person)
        return _in_bytes(path, person) if packed is None else packed
    except OSError as error:
        raise StoreError(f"cannot search {path}: {error.strerror or error}. Give this user access.") from error


def _in_bytes(path: Path, person: Person) -> int:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return 0
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return sum(1 for _ in person.in_bytes.finditer(view))


def _in_columns(path: Path, person: Person) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return sum(_in_batch(batch, person) for batch in file.iter_batches())
    except pa.ArrowException:
        return _in_bytes(path, person)


def _in_batch(batch: Any, person: Person) -> int:
    texts = (column for column in batch.columns if _may_name(column.type))
    return sum(_in_value(value, person) for column in texts for value in column.to_pylist() if value)


def _may_name(kind: Any) -> bool:
    """Whether values of this type can hold text."""
    import pyarrow as pa

    flat = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_temporal, pa.types.is_null)
    return not any(is_flat(kind) for is_flat in flat)


def _in_value(value: Any, person: Person) -> int:
    if isinstance(value, str):
        return value in person.identifiers or person.count(value)
    if isinstance(value, bytes):
        return len(person.in_bytes.findall(value))
    if isinstance(value, dict):
        return sum(_in_value(held, person) for held in value.values())
    return sum(_in_value(held, person) for held in value) if isinstance(value, list | tuple) else 0


def _hunted(path: Path) -> Rows | None:
    """The file as rows of a hunt; ``None`` where it is none."""
    try:
        if path.suffix == ".json":
            rows = json.loads(path.read_bytes())
            return Rows(rows, lambda kept: json.dumps(kept, indent=1) + "\n") if _all_hunted(rows) else None
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in path.read_bytes().splitlines()]
            return Rows(rows, lambda kept: "".join(json.dumps(r) + "\n" for r in kept)) if _all_hunted(rows) else None
        if path.suffix == ".csv":
            return _csv(path)
    except (OSError, ValueError, RecursionError, csv.Error):
        return None
    return None


def _all_hunted(rows: Any) -> bool:
    return isinstance(rows, list) and bool(rows) and all(isinstance(r, dict) and r.keys() >= _HUNT_KEYS for r in rows)


def _csv(path: Path) -> Rows | None:
    lines = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    if not lines or lines[0][: len(_HUNT_COLUMNS)] != _HUNT_COLUMNS:
        return None

    def spell(kept: Sequence[Any]) -> str:
        out = io.StringIO()
        csv.writer(out).writerows([lines[0], *kept])
        return out.getvalue()

    return Rows(lines[1:], spell)


def _is_theirs(row: Any, person: Person) -> bool:
    if isinstance(row, list):
        return row[:2] == [inert.csv_cell(person.account_id), inert.csv_cell(person.tenant_id or "")]
    return scoped(row.get("tenant_id"), str(row["account_id"])) == person.account
