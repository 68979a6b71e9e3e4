"""A store and a run of the sizes that are asked for: many cases, and one campaign of thousands of accounts.

Links are of the kinds and shapes that a scan lists: cells that share a means of payment, address ranges over several
cells, wording across all of them.
"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.app.cases.runs import Group, write_run

from stillwatch.app.cases.desk import Actor, act_on
from stillwatch.app.cases.opening import open_cases
from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.console.passwords import Passwords
from stillwatch.model.tables import LINKS, arrow_schema

NAME, PASSWORD = "ana", "a sentence to remember"
LARGE = "c-5a5a5a5a5a5a"
CELL, HOURS = 12, 48


def make(folder: Path, accounts: int, links: int, cases: int) -> tuple[Path, Path]:
    """Store and run folder; the large campaign is one of the cases."""
    ids = [f"acct-{n:016x}" for n in range(accounts)]
    groups = [Group(LARGE, ids, hours=HOURS)]
    groups += [Group(f"c-{n:012x}", [f"acct-{n:04x}-{i:04x}" for i in range(20)]) for n in range(cases - 1)]
    run, store = write_run(folder / "run", groups), folder / "store"
    small = pq.read_table(run / "links.parquet").filter(pc.field("campaign_id") != LARGE)
    pq.write_table(pa.concat_tables([small, _links(ids, links)]), run / "links.parquet")
    for name, role in (("adm", "admin"), (NAME, "analyst")):
        act_on(store, PEOPLE, Granted(name, role), Actor("adm", "benchmark"), _now(), why="set up", dry_run=False)  # type: ignore[arg-type]
    passwords = Passwords(store)
    passwords.put(NAME, passwords.hashed(PASSWORD))
    open_cases(store, run, Actor(NAME, "benchmark"), _now())
    return store, run


def _links(ids: list[str], number: int) -> pa.Table:
    draw, rows = random.Random(1), set()
    cells = [ids[i : i + CELL] for i in range(0, len(ids), CELL)]
    for cell in cells:
        rows |= {(a, b, "payment", 2.1, 1, CELL) for a, b in itertools.pairwise(cell)}
    for start in range(0, len(cells), 8):
        near = [a for cell in cells[start : start + 8] for a in cell]
        rows |= {(a, b, "network", 1.8, 1, len(near)) for a, b in itertools.pairwise(near)}
    while len(rows) < number:
        a, b = sorted(draw.sample(ids, 2))
        rows.add((a, b, "template", round(draw.uniform(0.5, 2.5), 3), draw.randint(1, 70), 40))
    named = [dict(zip(LINKS.column_names, (LARGE, *row), strict=True)) for row in sorted(rows)]
    return pa.Table.from_pylist(named, schema=arrow_schema(LINKS))


def _now() -> datetime:
    return datetime.now(UTC)
