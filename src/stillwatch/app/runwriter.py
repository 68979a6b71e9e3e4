"""The files of a run folder from a finished fold: the tables, campaigns.json and the report.

Reads a fold and what was found in it, writes CAMPAIGNS, EVIDENCE, LINKS, TIMELINE and REJECTS beside campaigns.json and
report.html. FACTS is written by whoever holds it: a scan has all of it in memory, watching does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.evidence_table import evidence_table
from stillwatch.app.folding import Folded
from stillwatch.app.outputs import campaigns_table, single_rows, timeline_table
from stillwatch.app.rundocument import Outcome, Run
from stillwatch.campaigns.links.table import links_table
from stillwatch.model.tables import REJECTS, arrow_schema
from stillwatch.report.render import render_report


def write_run(
    run: Run, folded: Folded, found: Outcome, document: Mapping[str, Any], facts: pa.Table, folder: Path
) -> None:
    """Write all files but FACTS; of ``facts`` only the rows of listed accounts matter here."""
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
