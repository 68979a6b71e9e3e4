"""Declared tables as Spark sees them, and those that only this engine writes.

READ is what the one pass over the text leaves: sketches, rejects and counts of values that did not fit, told apart by
``kind``; a row has the columns of its kind. EPOCHS are the sketches in order, copies marked. USES are template keys by
account and epoch, as ``groups.templates`` keeps them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillwatch.model.tables import REJECTS, SKETCHES, Column, Table

if TYPE_CHECKING:
    import pyarrow as pa

SKETCH, REJECT, MISFIT = "sketch", "reject", "misfit"
KIND = Column("kind", "string", "sketch, reject, misfit", True)
EPOCH = Column("epoch", "int64", "number of the epoch since 1970", True)
COPY = Column("copy", "bool", "an earlier row has this event id", True)

READ = Table(
    "read",
    "What came of reading and sketching. A misfit says in ``reason`` which column and in ``line`` how many values.",
    (*(replace(c, required=False) for c in (*SKETCHES.columns, *REJECTS.columns)), KIND),
)
EPOCHS = Table("epochs", "All sketches by time and event id.", (*SKETCHES.columns, COPY, EPOCH))
USES = Table(
    "uses",
    "Template keys in use: one row for each epoch in which a key counts for an account and was seen.",
    (
        Column("tenant_id", "string", "installation's tenant"),
        Column("account_id", "string", "contracting party", True),
        Column("key", "int64", "template key, as of groups.templates", True),
        EPOCH,
    ),
)
_TYPES = {
    "string": "STRING",
    "int64": "BIGINT",
    "int32": "INT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "strings": "ARRAY<STRING>",
    "int64s": "ARRAY<BIGINT>",
    "binary": "BINARY",
}


def spark_schema(table: Table) -> str:
    """The table's columns in Spark's language; whether a value is required is checked where it is made."""
    return ", ".join(f"`{c.name}` {_TYPES[c.type]}" for c in table.columns)


def declared(found: pa.Table, table: Table) -> pa.Table:
    """Columns read back from Spark's files in the types they are declared with."""
    import pyarrow as pa

    from stillwatch.model.tables import arrow_schema

    schema = arrow_schema(table)
    return pa.Table.from_arrays([found[f.name].cast(f.type) for f in schema], schema=schema)
