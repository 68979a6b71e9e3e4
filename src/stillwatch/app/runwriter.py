"""The files of a run folder from a finished fold: the tables, campaigns.json and the report.

Reads a fold, what was found in it and FACTS of the accounts that are listed; writes CAMPAIGNS, EVIDENCE, LINKS,
TIMELINE and REJECTS beside campaigns.json and report.html. FACTS themselves grow with the log, so they are written
before, an epoch at a time, and read again piece by piece.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.evidence_table import evidence_table
from stillwatch.app.facts import FACTS_FILE, Facts
from stillwatch.app.folding import Folded
from stillwatch.app.outputs import campaigns_table, single_rows, timeline_table
from stillwatch.app.rundocument import Outcome, Run
from stillwatch.campaigns.links.table import links_table
from stillwatch.campaigns.standing import shown_members
from stillwatch.model.frame import Codebook
from stillwatch.model.tables import FACTS, REJECTS, arrow_schema
from stillwatch.report.render import render_report


@contextmanager
def facts_writer(folder: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Writes FACTS to ``folder``, a table at a time."""
    schema = arrow_schema(FACTS)
    with pq.ParquetWriter(folder / FACTS_FILE, schema, compression="zstd") as writer:
        yield lambda table: writer.write_table(table.cast(schema))


def write_run(
    run: Run, folded: Folded, found: Outcome, document: Mapping[str, Any], facts: pa.Table, folder: Path
) -> None:
    """Write all files but FACTS; ``facts``: the rows of them of listed accounts."""
    accounts = folded.books.account
    links = links_table(found.listed, found.ground, accounts)
    timeline = timeline_table(found.listed, found.alone, facts, accounts)
    with pq.ParquetWriter(folder / "rejects.parquet", arrow_schema(REJECTS)) as writer:
        for batch in run.rejects.batches():
            writer.write_batch(batch)
    for name, table in (
        (
            "campaigns",
            pa.concat_tables([campaigns_table(found.standings, accounts, found.relations), single_rows(found.alone)]),
        ),
        ("evidence", evidence_table(found.standings, found.alone, folded, run.keys.derive("ids"))),
        ("links", links),
        ("timeline", timeline),
    ):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / "campaigns.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = render_report(document, links, timeline, generated_at=datetime.now(UTC))
    (folder / "report.html").write_text(page, "utf-8")


def listed_facts(folder: Path, found: Outcome, accounts: Codebook) -> pa.Table:
    """The rows of FACTS of listed accounts, from the file in ``folder``."""
    names = {accounts.names[a] for s in found.listed for a in shown_members(s)} | {a.account for a in found.alone}
    return Facts.in_folder(folder).of(sorted(names))
