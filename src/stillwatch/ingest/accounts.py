"""The account register: one row is what was true of an account from some time on.

Reads one Parquet, CSV or JSON file, packed or not, by the canonical names of ``ACCOUNTS``; the register is small next
to a log and is held whole. Values that do not fit become null and are counted; a row without an account id is a
reject. Times must lie in the same window as those of exchanges, else they are null and counted.

Deliberately keeps several rows of one account: they are its history, joined as of a request's time.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.errors import InputError
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.files import open_source, read_source
from stillwatch.ingest.inputs import list_inputs
from stillwatch.ingest.normalise import NO_ACCOUNT
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.format import Opened
from stillwatch.ingest.values import convert
from stillwatch.model.tables import ACCOUNTS, Column, arrow_schema

_SCHEMA = arrow_schema(ACCOUNTS)
_NAMES = frozenset(ACCOUNTS.column_names)


def read_accounts(path: str, *, rejects: Rejects) -> pa.Table:
    """The register in ``path``, with exactly the columns of ``ACCOUNTS``."""
    sources = list_inputs([path])
    if len(sources) != 1:
        raise InputError(f"{path}: holds {len(sources)} files; the account register must be a single file: name it")
    with open_source(sources[0], None, _NAMES.__contains__) as opened:
        batches = [_rows(chunk, rejects) for chunk in read_source(opened, rejects, Limits(), _check_columns)]
    return pa.Table.from_batches(batches, schema=_SCHEMA)


def _check_columns(opened: Opened, chunk: Chunk) -> None:
    if "account_id" not in chunk.columns:
        raise InputError(
            f"{opened.source.name}: an account register needs a column account_id; "
            f"found {', '.join([*chunk.columns, *sorted(chunk.unknown)])}; rename the one that holds the account"
        )


def _rows(chunk: Chunk, rejects: Rejects) -> pa.RecordBatch:
    arrays = [_column(chunk, column, rejects) for column in ACCOUNTS.columns]
    batch = pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)
    known = pc.is_valid(batch.column("account_id"))
    for row in pc.indices_nonzero(pc.invert(known)).to_pylist():
        rejects.add(chunk.file, chunk.position(row), NO_ACCOUNT, chunk.raw(row))
    return batch.filter(known)


def _column(chunk: Chunk, column: Column, rejects: Rejects) -> pa.Array:
    values = chunk.columns.get(column.name)
    if values is None:
        return pa.nulls(chunk.size, _SCHEMA.field(column.name).type)
    array, wrong = convert(values, column.type)
    if wrong and not column.required:
        rejects.note(f"accounts.{column.name}", wrong)
    return array
