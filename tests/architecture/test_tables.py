"""Every declared table is complete, and every engine-neutral type has an Arrow type."""

from __future__ import annotations

import re

import pytest

from stillwatch.model import tables
from stillwatch.model.tables import TABLES, Table, arrow_schema


def test_every_table_of_the_module_is_in_the_catalogue() -> None:
    declared = [value for value in vars(tables).values() if isinstance(value, Table)]
    assert declared == list(TABLES)
    assert len({table.name for table in TABLES}) == len(TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_is_complete(table: Table) -> None:
    assert table.doc
    assert re.fullmatch(r"[a-z][a-z_]*", table.name)
    assert len(set(table.column_names)) == len(table.columns)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in table.column_names)
    assert any(column.required for column in table.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_has_an_arrow_schema_with_utc_times(table: Table) -> None:
    schema = arrow_schema(table)
    assert schema.names == list(table.column_names)
    assert [field.nullable for field in schema] == [not column.required for column in table.columns]
    times = [str(field.type) for field in schema if str(field.type).startswith("timestamp")]
    assert set(times) <= {"timestamp[us, tz=UTC]"}


def test_hashes_are_signed_because_spark_has_no_unsigned_type() -> None:
    used = {column.type for table in TABLES for column in table.columns}
    assert not [name for name in used if name.startswith("uint")]
