"""What age takes out of one run folder. Pure but for Arrow: a run in, another run and what went out.

Contract: the register says how many days a table is kept. FACTS, TIMELINE and late requests age by their own time,
every other table with the end of the log that was scanned. When CAMPAIGNS is over, so is campaigns.json's list. Rows of
a held account or campaign stay, whatever their age. A table without a period is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stillwatch.app.privacy.erasing_run import LINK_ENDS
from stillwatch.app.privacy.run_data import RunData
from stillwatch.model.scope import scoped, scoped_column
from stillwatch.model.tables import CAMPAIGNS
from stillwatch.privacy.holds import Hold
from stillwatch.privacy.receipt import Line
from stillwatch.report.document import Record

if TYPE_CHECKING:
    import pyarrow as pa

TIMES = ("hour", "ts")
"""Columns by which rows age, in tables that have one of them."""


def expired(run: RunData, days: Mapping[str, int], holds: Sequence[Hold], now: datetime) -> tuple[RunData, list[Line]]:
    """The run without what is older than ``days`` of its table, and what that took."""
    new = run.copy()
    held = Kept.of(run, holds)
    lines = [line for name, limit in days.items() for line in _table(new, name, now - timedelta(days=limit), held)]
    lines += _listed(new, days, held, now)
    if lines:
        new.note(f"data older than their period were removed on {now:%Y-%m-%d}")
    return new, lines


class Kept:
    """What holds keep: campaigns, and accounts with those of held campaigns."""

    def __init__(self, accounts: set[str], campaigns: set[str], name: str) -> None:
        self.accounts, self.campaigns, self.name = accounts, campaigns, name

    @staticmethod
    def of(run: RunData, holds: Sequence[Hold]) -> Kept:
        campaigns = {name for hold in holds for name in hold.campaigns}
        accounts = {name for hold in holds for name in hold.accounts}
        table = run.tables.get(CAMPAIGNS.name)
        rows = [] if table is None else table.select(["campaign_id", "tenant_id", "account_id"]).to_pylist()
        members = [(row["campaign_id"], scoped(row["tenant_id"], row["account_id"])) for row in rows]
        theirs = {campaign for campaign, account in members if account in accounts}
        accounts |= {account for campaign, account in members if campaign in campaigns}
        return Kept(accounts, campaigns | theirs, "; ".join(hold.name for hold in holds))

    def rows(self, table: pa.Table) -> pa.Array:
        """Which rows are held."""
        import pyarrow as pa
        import pyarrow.compute as pc

        held = pa.array([False] * len(table))
        accounts = pa.array(sorted(self.accounts), pa.string())
        if "campaign_id" in table.column_names:
            held = pc.or_(held, pc.is_in(table["campaign_id"], pa.array(sorted(self.campaigns), pa.string())))
        elif "account_id" in table.column_names:
            named = (scoped_column(table), table["account_id"])  # a hold may name an account without its tenant
            held = pc.or_(held, pc.or_(*(pc.is_in(column, accounts) for column in named)))
        for end in LINK_ENDS:
            if end in table.column_names:
                held = pc.or_(held, pc.is_in(table[end], accounts))
        return held


def _table(run: RunData, name: str, oldest: datetime, held: Kept) -> Iterator[Line]:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = run.tables.get(name)
    if table is None or not len(table):
        return
    time = next((column for column in TIMES if column in table.column_names), None)
    if time is not None:
        old = pc.less(table[time], pa.scalar(oldest, table[time].type))
    else:
        last = ended_at(run)
        old = pa.array([last is not None and last < oldest] * len(table))
    found = pc.sum(old).as_py() or 0
    if not found:
        return
    keeps = held.rows(table)
    stays = pc.or_(pc.invert(old), keeps)
    kept = pc.sum(pc.and_(old, keeps)).as_py() or 0
    if kept < found:
        run.tables[name] = table.filter(stays)
    yield Line(str(run.folder), f"rows of {name}", found, found - kept, kept, held.name if kept else "")


def _listed(run: RunData, days: Mapping[str, int], held: Kept, now: datetime) -> Iterator[Line]:
    """Entries of campaigns.json go with the rows of CAMPAIGNS."""
    last = ended_at(run)
    limit = days.get(CAMPAIGNS.name)
    if limit is None or last is None or last >= now - timedelta(days=limit) or not run.campaigns:
        return
    entries: list[dict[str, Any]] = [e for e in run.campaigns if e.get("campaign_id") in held.campaigns]
    found, kept = len(run.campaigns), len(entries)
    if kept < found:
        run.document["campaigns"] = entries
    yield Line(
        str(run.folder),
        "campaigns in campaigns.json and the report",
        found,
        found - kept,
        kept,
        held.name if kept else "",
    )


def ended_at(run: RunData) -> datetime | None:
    """The last request of the log; ``None`` where the document does not say."""
    return Record(run.document).record("run").record("input").moment("last")
