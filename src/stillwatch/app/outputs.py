"""The tables of a run folder: CAMPAIGNS, TIMELINE and FACTS for the reader's own tools, and for ``explain``."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.campaigns.alone import Alone
from stillwatch.campaigns.gates import log_e_independence
from stillwatch.campaigns.membership import membership_probs
from stillwatch.campaigns.relations import UNRELATED, Relations
from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.evidence.evalues import LOG10
from stillwatch.model.frame import Codebook
from stillwatch.model.scope import account_of, scoped_column, tenant_of
from stillwatch.model.tables import CAMPAIGNS, TIMELINE, arrow_schema


def campaigns_table(standings: list[Standing], accounts: Codebook, relations: Relations = UNRELATED) -> pa.Table:
    """One row per group and account, for every group that was ever proposed."""
    rows = []
    for standing in standings:
        lineage = standing.lineage
        group = {
            "campaign_id": standing.campaign_id,
            "state": standing.state,
            "authorised": standing.authorised,
            "kind": "coordinated",
            "proposed_at": _moment(lineage.proposed_us),
            "alarmed_at": _moment(lineage.alarmed_us),
            "log10_e_independence": log_e_independence(lineage) / LOG10,
            "alpha_independence": lineage.alpha_independence,
            "p_cohort": lineage.p_cohort,
            "alpha_cohort": lineage.alpha_cohort,
            "cohorts": lineage.cohorts,
        }
        likely = membership_probs(lineage)
        rows += [group | _member(standing, a, likely[a], accounts, relations) for a in sorted(lineage.joined)]
    return pa.Table.from_pylist(rows, schema=arrow_schema(CAMPAIGNS))


def single_rows(alone: list[Alone]) -> pa.Table:
    """CAMPAIGNS of conspicuous accounts that are judged each for itself."""
    rows = [
        {
            "campaign_id": a.campaign_id,
            "state": a.state,
            "authorised": False,
            "kind": "single",
            "proposed_at": _moment(a.verdict.looked_us),
            "alarmed_at": _moment(a.verdict.alarmed_us),
            "p_cohort": a.verdict.p,
            "alpha_cohort": a.verdict.alpha,
            "cohorts": a.verdict.cohorts,
            "tenant_id": tenant_of(a.account),
            "account_id": account_of(a.account),
            "role": "member",
            "membership_prob": 1.0,
            "left_out": None,
            "joined_by": None,
            "since": _moment(a.verdict.shown.first_us),
            "named_at": _moment(a.verdict.alarmed_us),
            "exchanges": a.verdict.shown.texts,
            "requests": a.verdict.shown.texts,
        }
        for a in alone
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(CAMPAIGNS))


def _member(
    standing: Standing, account: int, likely: float, accounts: Codebook, relations: Relations
) -> dict[str, object]:
    lineage = standing.lineage
    return {
        "tenant_id": tenant_of(accounts.names[account]),
        "account_id": account_of(accounts.names[account]),
        "role": relations.role(standing.campaign_id, account),
        "membership_prob": likely,
        "left_out": lineage.left_out.get(account),
        "joined_by": "work" if account in lineage.by_work else None,
        "since": _moment(lineage.joined[account]),
        "named_at": _moment(lineage.named.get(account)),
        "exchanges": lineage.member_component.get(account, 0),
        "requests": lineage.member_requests.get(account, 0),
    }


def timeline_table(standings: list[Standing], alone: list[Alone], facts: pa.Table, accounts: Codebook) -> pa.Table:
    """Traffic of each listed campaign's accounts by hour, all of it, before the proposal too."""
    parts = []
    scope = scoped_column(facts)
    shown = [(s.campaign_id, [accounts.names[a] for a in shown_members(s)]) for s in standings]
    for campaign_id, names in [*shown, *((a.campaign_id, [a.account]) for a in alone)]:
        mine = facts.filter(pc.is_in(scope, pa.array(names, pa.string())))
        summed = mine.group_by("hour").aggregate(
            [("exchanges", "sum"), ("account_id", "count_distinct"), ("output_tokens", "sum")]
        )
        columns = {
            "campaign_id": pa.array([campaign_id] * len(summed), pa.string()),
            "hour": summed["hour"],
            "exchanges": summed["exchanges_sum"],
            "accounts": summed["account_id_count_distinct"],
            "output_tokens": summed["output_tokens_sum"],
        }
        parts.append(pa.table(columns).cast(arrow_schema(TIMELINE)).sort_by("hour"))
    return pa.concat_tables(parts) if parts else arrow_schema(TIMELINE).empty_table()


def _moment(us: int | None) -> datetime | None:
    return None if us is None else datetime.fromtimestamp(us / 1e6, UTC)
