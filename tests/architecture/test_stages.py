"""Stages meet in tables: the graph derived from the declarations has no cycle and no loose end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stillwatch.app.stages import OUTPUTS, STAGES, Stage
from stillwatch.model.tables import ACCOUNTS, EXCHANGES, FACTS, TABLES, Column, Table


def _faults(stages: Sequence[Stage], outputs: Sequence[Table]) -> set[str]:
    """Everything wrong with a pipeline, in words."""
    faults: set[str] = set()
    written: dict[str, str] = {}
    for stage in stages:
        for table in stage.reads:
            if table.name not in written:
                faults.add(f"{stage.name} reads {table.name} before it is written")
        for table in stage.writes:
            if table.name in written:
                faults.add(f"{table.name} is written by {written[table.name]} and {stage.name}")
            written[table.name] = stage.name
    used = {table for stage in stages for table in (*stage.reads, *stage.writes)}
    faults |= {f"{table.name} is not declared" for table in used if table not in TABLES}
    needed = {table.name for stage in stages for table in stage.reads} | {table.name for table in outputs}
    faults |= {f"nobody reads {name}" for name in written if name not in needed}
    return faults | {f"output {table.name} is never written" for table in outputs if table.name not in written}


def test_the_pipeline_is_sound() -> None:
    assert _faults(STAGES, OUTPUTS) == set()


def test_every_declared_table_is_used() -> None:
    assert {table for stage in STAGES for table in stage.writes} == set(TABLES)


def test_stage_names_are_unique() -> None:
    assert len({stage.name for stage in STAGES}) == len(STAGES)


_FIRST = Stage("first", (), (EXCHANGES,))


@pytest.mark.parametrize(
    ("stages", "outputs", "fault"),
    [
        ([Stage("a", (FACTS,), (EXCHANGES,)), Stage("b", (EXCHANGES,), (FACTS,))], [], "a reads facts before it is"),
        ([_FIRST, Stage("b", (EXCHANGES, FACTS), (FACTS,))], [], "b reads facts before it is written"),
        ([_FIRST], [], "nobody reads exchanges"),
        ([_FIRST, Stage("again", (), (EXCHANGES,))], [EXCHANGES], "is written by first and again"),
        ([_FIRST], [EXCHANGES, ACCOUNTS], "output accounts is never written"),
        ([Stage("a", (), (Table("secret", "", (Column("x", "int64", ""),)),))], [], "secret is not declared"),
    ],
)
def test_a_planted_fault_is_found(stages: list[Stage], outputs: list[Table], fault: str) -> None:
    assert any(fault in found for found in _faults(stages, outputs))
