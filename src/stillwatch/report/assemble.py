"""From campaigns.json and the link and timeline tables to the read model.

Reads: the document as a dict, LINKS and TIMELINE as Arrow tables. Writes nothing. Rows of the tables whose campaign or
account the document does not name are left out; raw ids are used for that join only and shown inert.

Deliberately not done: recomputing anything a scan decides. Shares and ranks derived here are for reading.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stillwatch.model.scope import scoped
from stillwatch.report import wording
from stillwatch.report.catalogue import standing
from stillwatch.report.document import PROSE_LIMIT, Record, also_named_in, kinds_of_work, open_document
from stillwatch.report.graph import MAX_EDGES, Link, draw
from stillwatch.report.view import (
    Account,
    Budget,
    Calibration,
    Campaign,
    Drift,
    Evidence,
    Example,
    Gate,
    Report,
    Run,
    Timeline,
)

if TYPE_CHECKING:
    import pyarrow as pa

MAX_STEPS = 240
"""Steps of a timeline: more would be narrower than a pixel on a telephone."""
ALL_EDGES, FEWEST_EDGES = 2700, 60
"""Links drawn on one page, shared among its campaigns, and what each may draw in any case."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US = 3_600_000_000
_SAFE_ANCHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

Hour = tuple[int, int, int, int]
"""Hours since 1970, exchanges, accounts, output tokens."""


def build_report(document: Mapping[str, Any], links: pa.Table, timeline: pa.Table, *, generated_at: datetime) -> Report:
    """The read model of one scan; ``InputError`` where the document is of another schema."""
    record = open_document(document)
    return _report(record, links_by_campaign(links), hours_by_campaign(timeline), generated_at.astimezone(UTC))


def build_findings(document: Mapping[str, Any]) -> Report:
    """The read model without pictures and without a date of its own, for summaries."""
    return _report(open_document(document), {}, {}, None)


def _report(
    record: Record, links: Mapping[str, list[Link]], hours: Mapping[str, list[Hour]], generated_at: datetime | None
) -> Report:
    found = record.records("campaigns")
    most_edges = max(FEWEST_EDGES, min(MAX_EDGES, ALL_EDGES // max(len(found), 1)))
    campaigns = []
    for number, c in enumerate(found, start=1):
        key = c.raw("campaign_id")
        campaigns.append(build_campaign(c, links.get(key, []), hours.get(key, []), number, most_edges))
    return Report(generated_at, build_run(record.record("run")), tuple(sorted(campaigns, key=_rank)))


def build_run(record: Record) -> Run:
    """The header facts of a scan."""
    given, calibration = record.record("input"), record.record("calibration")
    return Run(
        run_id=record.text("run_id"),
        config_hash=record.text("config_hash"),
        recipe_ids=record.texts("recipe_ids", 72),
        exchanges=given.count("exchanges"),
        accounts=given.count("accounts"),
        rejected=given.count("rejected"),
        rejects_by_reason=_reasons(record.record("rejects_by_reason")),
        first=given.moment("first"),
        last=given.moment("last"),
        budgets=tuple(_budget(record, null) for null in ("independence", "cohort")),
        calibration=_calibration(calibration) if calibration.values else None,
        drift=_drift(record.record("drift")),
        notes=record.texts("notes"),
    )


def _drift(record: Record) -> Drift | None:
    if not record.values:
        return None
    return Drift(
        record.text("statement"),
        record.number("factor"),
        record.count("ordinary"),
        record.count("near"),
        record.number("expected"),
        record.number("log10_e_unlike"),
        record.moment("since"),
        record.count("window_days"),
    )


def build_campaign(
    record: Record, links: list[Link], hours: list[Hour], number: int, most_edges: int = MAX_EDGES
) -> Campaign:
    """One campaign; ``number`` names its anchor where its id is not fit to be one."""
    accounts = members(record)
    p_cohort, alarmed_at = record.number("p_cohort"), record.moment("alarmed_at")
    raw_id = record.raw("campaign_id")
    return Campaign(
        anchor=anchor_of(raw_id, number),
        campaign_id=record.text("campaign_id"),
        state=record.text("state"),
        standing=standing(record.text("state"), record.flag("authorised")),
        authorised=record.flag("authorised"),
        kind=record.text("kind"),
        first_seen_at=record.moment("first_seen_at"),
        last_seen_at=record.moment("last_seen_at"),
        proposed_at=record.moment("proposed_at"),
        alarmed_at=alarmed_at,
        exchanges=record.count("exchanges"),
        output_tokens=record.count("output_tokens"),
        log10_e=record.number("log10_e_independence"),
        p_cohort=p_cohort,
        independence=Gate(
            "independence", record.number("log10_e_independence"), _log10_inverse(record.number("alpha_independence"))
        ),
        cohort=Gate("cohort", _log10_inverse(p_cohort), _log10_inverse(record.number("alpha_cohort"))),
        calibration_id=record.text("calibration_id"),
        accounts=tuple(a for _, a in accounts),
        predecessor=record.text("predecessor"),
        shared_infrastructure_with=record.texts("shared_infrastructure_with", 72),
        also_named_in=also_named_in(record),
        kinds_of_work=kinds_of_work(record),
        evidence=tuple(_evidence(e) for e in record.records("evidence")),
        examples=tuple(
            Example(e.text("event_id"), e.text("redacted", PROSE_LIMIT)) for e in record.records("examples")
        ),
        timeline=build_timeline(hours),
        graph=draw(accounts, links, most_edges) if len(accounts) > 1 else None,
        share_before_alarm=_share_before(hours, alarmed_at),
        why_not_alarmed=record.text("why_not_alarmed", PROSE_LIMIT),
        score=record.number("score"),
    )


def anchor_of(campaign_id: str, number: int) -> str:
    """The anchor of the campaign that stands at ``number`` in its document."""
    return f"campaign-{campaign_id if _SAFE_ANCHOR.fullmatch(campaign_id) else f'no-{number}'}"


def members(record: Record) -> list[tuple[str, Account]]:
    """The accounts of a campaign, surest first, each with the scoped name that tables know it by."""
    found = [(_scoped(a), _account(a)) for a in record.records("accounts")]
    return sorted(found, key=lambda pair: _account_rank(pair[1]))


def _scoped(record: Record) -> str:
    return scoped(record.raw("tenant_id") or None, record.raw("account_id"))


def _rank(campaign: Campaign) -> tuple[int, bool, float, float, float, str]:
    """Queue order: standing, then through the first gate, then p, score and evidence, then id.

    An account judged alone has no first gate; its score is on another scale, its p is not.
    """
    return (
        campaign.standing.order,
        campaign.kind != "single" and not campaign.independence.passed,
        1.0 if campaign.p_cohort is None else campaign.p_cohort,
        -(campaign.score or 0.0),
        -(campaign.log10_e or 0.0),
        campaign.campaign_id,
    )


def _account(record: Record) -> Account:
    return Account(
        account_id=record.text("account_id"),
        membership_prob=record.number("membership_prob"),
        role=record.text("role"),
        exchanges=record.count("exchanges"),
        since=record.moment("since"),
        named_at=record.moment("named_at"),
        ref=quote(_scoped(record), safe="", errors="replace"),
    )


def _account_rank(account: Account) -> tuple[float, int, str]:
    return (-(account.membership_prob or 0.0), -(account.exchanges or 0), account.account_id)


def _evidence(record: Record) -> Evidence:
    return Evidence(
        title=wording.title(record.text("test")),
        null=record.text("null"),
        statistic=record.number("statistic"),
        expected=record.number("expected"),
        log10_e=record.number("log10_e"),
        observed=record.text("observed", PROSE_LIMIT),
        could_be=tuple(wording.phrase(c) for c in record.texts("could_be")),
    )


def _budget(run: Record, null: str) -> Budget:
    return Budget(null, run.record("budget_per_month").number(null), run.record("spent").number(null))


def _calibration(record: Record) -> Calibration:
    return Calibration(record.text("id"), record.count("n"), record.number("floor"))


def _reasons(record: Record) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(((reason, int(n)) for reason, n in record.numbers()), key=lambda pair: (-pair[1], pair[0])))


def _log10_inverse(value: float | None) -> float | None:
    """−log10 of a probability; nothing for 0 and below, which no finite calibration can give."""
    return -math.log10(value) if value is not None and value > 0 else None


def _share_before(hours: list[Hour], alarmed_at: datetime | None) -> float | None:
    """Share of the campaign's exchanges in this log that were sent before the alarm."""
    total = sum(h[1] for h in hours)
    if alarmed_at is None or not total:
        return None
    limit = (alarmed_at - _EPOCH) / timedelta(hours=1)
    return sum(h[1] for h in hours if h[0] < limit) / total


def build_timeline(hours: list[Hour]) -> Timeline | None:
    if not hours:
        return None
    first, last = min(h[0] for h in hours), max(h[0] for h in hours)
    width = math.ceil((last - first + 1) / MAX_STEPS)
    steps = (last - first) // width + 1
    exchanges, accounts, tokens = [0] * steps, [0] * steps, [0] * steps
    for hour, sent, active, output in hours:
        step = (hour - first) // width
        exchanges[step] += sent
        accounts[step] = max(accounts[step], active)
        tokens[step] += output
    start = _EPOCH + timedelta(hours=first)
    return Timeline(start, timedelta(hours=width), tuple(exchanges), tuple(accounts), tuple(tokens))


def links_by_campaign(table: pa.Table) -> dict[str, list[Link]]:
    names = ("campaign_id", "account_a", "account_b", "kind", "weight", "shared", "population")
    grouped: dict[str, list[Link]] = defaultdict(list)
    for campaign, a, b, kind, weight, shared, population in zip(*(table[n].to_pylist() for n in names), strict=True):
        grouped[campaign].append(Link(a, b, kind, weight, shared, population))
    return grouped


def hours_by_campaign(table: pa.Table) -> dict[str, list[Hour]]:
    hours = [us // _HOUR_US for us in table["hour"].cast("int64").to_pylist()]
    counts = (table[n].to_pylist() for n in ("exchanges", "accounts", "output_tokens"))
    grouped: dict[str, list[Hour]] = defaultdict(list)
    for campaign, *hour in zip(table["campaign_id"].to_pylist(), hours, *counts, strict=True):
        grouped[campaign].append((hour[0], hour[1], hour[2], hour[3]))
    return grouped
