"""FACTS of a run, read in pieces: the hours of a large service's accounts fit into no memory.

Contract: whatever is asked goes through the file a row group at a time, and what is kept of it has one row per account.
A small file is kept whole, because it is asked often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.runfolder import unreadable
from stillwatch.model.scope import scoped_column
from stillwatch.model.tables import FACTS, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

FACTS_FILE = f"{FACTS.name}.parquet"
SMALL_ROWS = 1_000_000
"""So many rows are some 130 MB."""
_PILE_ROWS = 4_000_000
"""Sums by account of so many rows wait before they are put together."""
_BY = ["tenant_id", "account_id"]


class Facts:
    """``source``: the file's path or its bytes, None where the run has none; ``folder``: what a mistake is told of."""

    def __init__(self, source: Any, folder: Path) -> None:
        self._source = source
        self._folder = folder

    @staticmethod
    def in_folder(folder: Path) -> Facts:
        return Facts(folder / FACTS_FILE, folder)

    def pieces(self) -> Iterator[pa.Table]:
        """All rows; ``InputError`` where they cannot be read."""
        yield from self._read() if self._small is None else self._small

    def of(self, accounts: Sequence[str]) -> pa.Table:
        """The rows of accounts by scoped name, which stands in the column ``account``."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pa.array(sorted(set(accounts)), pa.string())
        found = [arrow_schema(FACTS).empty_table().append_column("account", pa.array([], pa.string()))]
        for piece in self.pieces() if len(wanted) else ():
            names = scoped_column(piece)
            mine = pc.is_in(names, wanted)
            found.append(piece.filter(mine).append_column("account", names.filter(mine)))
        return pa.concat_tables(found)

    @cached_property
    def by_account(self) -> pa.Table:
        """For each account, as ``account``, its ``exchanges``, and the ``first`` and ``last`` hour in which it sent."""
        import pyarrow as pa

        pile = [_summed(arrow_schema(FACTS).empty_table(), "hour", "hour")]
        for piece in self.pieces():
            pile.append(_summed(piece, "hour", "hour"))
            if sum(map(len, pile[1:])) > max(_PILE_ROWS, len(pile[0])):
                pile = [_summed(pa.concat_tables(pile), "first", "last")]
        summed = _summed(pa.concat_tables(pile), "first", "last")
        return summed.append_column("account", scoped_column(summed)).drop_columns(_BY)

    @cached_property
    def _small(self) -> list[pa.Table] | None:
        is_small = self._source is None or self._opened().metadata.num_rows <= SMALL_ROWS
        return list(self._read()) if is_small else None

    def _read(self) -> Iterator[pa.Table]:
        import pyarrow as pa

        if self._source is None:
            return
        file = self._opened()
        for group in range(file.num_row_groups):
            try:
                yield file.read_row_group(group).select(list(FACTS.column_names))
            except (OSError, KeyError, pa.ArrowException) as error:
                raise unreadable(self._folder, FACTS, error) from error

    def _opened(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self._source if isinstance(self._source, Path) else pa.BufferReader(self._source))
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self._folder, FACTS, error) from error


def _summed(rows: pa.Table, first: str, last: str) -> pa.Table:
    """One row per account of rows whose hours, or the first and last of them, stand in these columns."""
    summed = rows.group_by(_BY).aggregate([("exchanges", "sum"), (first, "min"), (last, "max")])
    names = {"exchanges_sum": "exchanges", f"{first}_min": "first", f"{last}_max": "last"}
    return summed.rename_columns([names.get(name, name) for name in summed.column_names])
