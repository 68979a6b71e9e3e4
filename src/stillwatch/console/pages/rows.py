"""The rows behind the figures: a page of a table, or all of it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc
from starlette.responses import Response

from stillwatch import inert
from stillwatch.console.pages.campaigns import find
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.model.tables import CAMPAIGNS, EVIDENCE, FACTS, LATE, LINKS, REJECTS, TIMELINE, Table

PER_PAGE, MOST_CSV = 100, 200_000
OF_CAMPAIGN = (TIMELINE, LINKS, CAMPAIGNS, EVIDENCE)
OF_RUN = (REJECTS, LATE, FACTS, CAMPAIGNS, EVIDENCE, TIMELINE, LINKS)


def of_campaign(visit: Visit) -> Response:
    table, found = _table(visit, OF_CAMPAIGN), find(visit).campaign
    _, record = visit.snapshot.entries[found.anchor]
    rows = visit.snapshot.rows(table, "campaign_id", [record.raw("campaign_id")])
    return _show(visit, table, rows, f"campaign {found.campaign_id}", visit.to.campaign(found))


def of_account(visit: Visit) -> Response:
    name = visit.request.query_params.get("id", "")
    rows = visit.snapshot.facts.of([name]).select(list(FACTS.column_names))
    if not len(rows):
        raise RefusalError(404, "the run that is published now has no such account")
    back = f"/account?{urlencode({'id': name})}"
    return _show(visit, FACTS, rows, f"account {inert.text(name, 72)}", back)


def of_run(visit: Visit) -> Response:
    table = _table(visit, OF_RUN)
    rows, asked, about = visit.snapshot.table(table), visit.request.query_params, ["the run"]
    for column in table.columns:
        if column.type == "string" and column.name in asked:
            rows = rows.filter(pc.equal(rows[column.name], asked[column.name]))
            about.append(f"{column.name} {inert.text(asked[column.name], 72)}")
    return _show(visit, table, rows, ", ".join(about), "/data")


def _table(visit: Visit, tables: Sequence[Table]) -> Table:
    name = visit.request.path_params["table"]
    found = next((t for t in tables if t.name == name), None)
    if found is None or not visit.snapshot.has(found):
        there = ", ".join(t.name for t in tables if visit.snapshot.has(t)) or "none"
        raise RefusalError(404, f"the run has no rows of that name for this; it has: {there}")
    return found


def _show(visit: Visit, table: Table, rows: pa.Table, about: str, back: str) -> Response:
    if visit.request.query_params.get("as") == "csv":
        return _csv(table, rows)
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(visit.number("page"), 1), pages)
    return visit.show(
        "rows.html.j2",
        table=table,
        about=about,
        back=back,
        total=len(rows),
        page=page,
        pages=pages,
        cells=_cells(rows.slice((page - 1) * PER_PAGE, PER_PAGE)),
        here=visit.request.url.path,
        kept={k: v for k, v in visit.request.query_params.items() if k not in ("page", "as")},
    )


def _cells(rows: pa.Table) -> list[list[str]]:
    return [[_cell(value) for value in row.values()] for row in rows.to_pylist()]


def _cell(value: Any) -> str:
    return "–" if value is None else inert.text(str(value), 120)


def _csv(table: Table, rows: pa.Table) -> Response:
    """Every cell safe for a spreadsheet."""
    if len(rows) > MOST_CSV:
        raise RefusalError(413, f"{len(rows):,} rows are more than a page hands out; read {table.name}.parquet instead")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows.column_names)
    for row in rows.to_pylist():
        writer.writerow(["" if v is None else inert.csv_cell(v) if isinstance(v, str) else v for v in row.values()])
    headers = {"content-disposition": f'attachment; filename="{table.name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
