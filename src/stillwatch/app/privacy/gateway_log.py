"""Logs that the product wrote: sinks and spools of a gateway or a plug, made-up days. A person's rows are taken out.

Contract: a file is ours if its name and its columns are those that a gateway gives, or if the folder that ``demo`` made
says so. Each file is whole at every moment
and keeps its schema, the name of its recipe included. A spool that a running gateway holds is not touched, and said to
be left. Sketches of a row go with the row.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.model.scope import scoped_column
from stillwatch.model.tables import EXCHANGES
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line
from stillwatch.store.files import MARKER, write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

SEGMENT, LOCK = ".arrows", ".lock"
WHAT, MADE_UP = "rows of a gateway's log", "rows of a made-up log"
_TEXTS = ("system_instructions", "input_messages", "output_messages")
_SKETCHED = [name for name in EXCHANGES.column_names if name not in _TEXTS]
_NAME = re.compile(r"exchanges-\d+-\d+-\d+\.(?:parquet|arrows)")
_HELD = "a gateway that runs holds this spool: stop it, or wait until its rows are in the log, and erase again"


def erase_log(path: Path, person: Person, *, dry_run: bool) -> list[Line]:
    """Take the person's rows out of ``path``, where a gateway wrote it."""
    table = _read(path)
    if table is None:
        return []
    theirs = _theirs(table, person)
    found = _sum(theirs)
    if not found:
        return []
    what = WHAT if _NAME.fullmatch(path.name) else MADE_UP
    with _free(path) as free:
        if not free:
            return [Line(str(path), what, found, why_left=_HELD)]
        if not dry_run:
            import pyarrow.compute as pc

            before = path.stat()
            write_atomic(path, _spelled(path, table.filter(pc.invert(theirs))))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # its age says when it expires
    return [Line(str(path), what, found, removed=found)]


def rows_in(path: Path, person: Person) -> list[dict[str, Any]]:
    """The person's rows in a log that the product wrote."""
    table = _read(path)
    return [] if table is None else list(table.filter(_theirs(table, person)).to_pylist())


def names_in(path: Path) -> set[str]:
    """The accounts that the file holds."""
    table = _read(path)
    return set() if table is None or "tenant_id" not in table.column_names else _names(table)


def _names(table: pa.Table) -> set[str]:
    return set(scoped_column(table).unique().to_pylist()) - {None}


def count(path: Path, person: Person) -> int:
    """How many rows of the person there are in a segment, whose bytes cannot be searched."""
    table = _read(path) if path.suffix == SEGMENT else None
    return 0 if table is None else _sum(_theirs(table, person))


def _read(path: Path) -> pa.Table | None:
    """The file's rows; ``None`` where the product did not write it or nothing of it can be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made_up = path.suffix == ".parquet" and _is_made_up(path)
    if not made_up and not _NAME.fullmatch(path.name):
        return None
    try:
        table = _segment(path) if path.suffix == SEGMENT else pq.read_table(path)
    except (pa.ArrowException, OSError):
        return None
    if made_up:
        return table if table is not None and "account_id" in table.column_names else None
    return table if table is not None and _is_ours(table.column_names) else None


def _is_made_up(path: Path) -> bool:
    """Whether ``demo`` wrote the file: its folder lists it, with the world that it is of."""
    try:
        listed = json.loads((path.parent / MARKER).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(listed, list) and {path.name, "world.json"} <= set(map(str, listed))


def _is_ours(names: list[str]) -> bool:
    return names == list(EXCHANGES.column_names) or names[: len(_SKETCHED)] == _SKETCHED


def _segment(path: Path) -> pa.Table | None:
    """A segment up to where it can be read: behind that nothing was acknowledged."""
    import pyarrow as pa

    batches = []
    with path.open("rb") as file:
        reader = pa.ipc.open_stream(file)
        with contextlib.suppress(pa.ArrowException, OSError):
            batches.extend(reader)
    return pa.Table.from_batches(batches, schema=reader.schema)


def _theirs(table: pa.Table, person: Person) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    nobody = pa.chunked_array([pa.nulls(len(table), pa.string())])
    has, parts = table.column_names, []
    if person.account:
        names = scoped_column(table) if "tenant_id" in has else table["account_id"]
        parts.append(pc.equal(names, person.account))
    if person.end_user:
        parts.append(pc.equal(table["end_user_id"] if "end_user_id" in has else nobody, person.end_user))
    return pc.fill_null(pc.and_(*parts) if len(parts) == 2 else parts[0], False)


def _sum(theirs: pa.ChunkedArray) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(theirs).as_py() or 0)


def _spelled(path: Path, table: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    raw = io.BytesIO()
    if path.suffix == SEGMENT:
        with pa.ipc.new_stream(raw, table.schema) as writer:
            writer.write_table(table)
    else:
        pq.write_table(table, raw, compression="zstd")
    return raw.getvalue()


@contextlib.contextmanager
def _free(path: Path) -> Iterator[bool]:
    """Whether nobody writes beside a segment; while the block runs nobody can begin to."""
    lock = path.with_name(LOCK)
    if path.suffix != SEGMENT or not lock.exists():
        yield True
        return
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
