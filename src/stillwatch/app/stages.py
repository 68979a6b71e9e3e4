"""The pipeline as data: each stage with the declared tables it reads and writes.

Contract: ``STAGES`` is in running order. A table is written by one stage, before any stage reads it; what nobody reads
is in ``OUTPUTS``. The architecture tests derive the graph from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.model.tables import (
    ACCOUNTS,
    CAMPAIGNS,
    EVIDENCE,
    EXCHANGES,
    FACTS,
    LATE,
    LINKS,
    REJECTS,
    SKETCHES,
    TIMELINE,
    Table,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A function from named tables to named tables."""

    name: str
    reads: tuple[Table, ...]
    writes: tuple[Table, ...]


STAGES: tuple[Stage, ...] = (
    Stage("ingest", reads=(), writes=(EXCHANGES, ACCOUNTS, REJECTS)),
    Stage("sketch", reads=(EXCHANGES,), writes=(SKETCHES,)),
    Stage("lateness", reads=(SKETCHES,), writes=(LATE,)),
    Stage("facts", reads=(SKETCHES,), writes=(FACTS,)),
    Stage("fold", reads=(SKETCHES, ACCOUNTS), writes=(CAMPAIGNS, LINKS, EVIDENCE)),
    Stage("timeline", reads=(CAMPAIGNS, FACTS), writes=(TIMELINE,)),
    Stage("report", reads=(CAMPAIGNS, LINKS, TIMELINE, REJECTS), writes=()),
)

OUTPUTS: tuple[Table, ...] = (CAMPAIGNS, EVIDENCE, REJECTS, LATE)
"""Tables that a run folder keeps for the reader's own tools."""
