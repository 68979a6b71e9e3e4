"""campaigns.json: the public document of a scan (docs/reference, schema stillwatch.campaigns/1)."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, log10
from typing import Any

from stillwatch.campaigns.caution import stands
from stillwatch.campaigns.gates import log_e_independence
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import membership_probs
from stillwatch.campaigns.relations import UNRELATED, Relations
from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.campaigns.statements import statements
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.evalues import LOG10
from stillwatch.evidence.profile import NAMES
from stillwatch.model.frame import Codebook
from stillwatch.model.scope import account_of, tenant_of

SCHEMA = "stillwatch.campaigns/1"
NO_SHARE = "no share of the budget was given to it: other alarms name its accounts, or the budget did not carry one"
LISTED_STATES = ("alarmed", "provisional", "watched")


def iso(us: int | None) -> str | None:
    """ISO 8601 with Z, to the second or the microsecond as needed."""
    if us is None:
        return None
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat().replace("+00:00", "Z")


def campaign(
    standing: Standing,
    accounts: Codebook,
    calibration: Calibration,
    examples: dict[str, str],
    relations: Relations = UNRELATED,
) -> dict[str, Any]:
    """One entry of ``campaigns``."""
    lineage = standing.lineage
    return {
        "campaign_id": standing.campaign_id,
        "state": standing.state,
        "authorised": standing.authorised,
        "kind": "coordinated",
        "first_seen_at": iso(lineage.first_us),
        "last_seen_at": iso(lineage.last_us),
        "proposed_at": iso(lineage.proposed_us),
        "alarmed_at": iso(lineage.alarmed_us),
        "exchanges": lineage.exchanges,
        "output_tokens": lineage.output_tokens,
        "log10_e_independence": round(log_e_independence(lineage) / LOG10, 2),
        "alpha_independence": lineage.alpha_independence,
        "p_cohort": lineage.p_cohort,
        "alpha_cohort": lineage.alpha_cohort,
        "calibration_id": calibration.calibration_id,
        "score": None if lineage.score is None else round(lineage.score, 3),
        "profile": None
        if lineage.profile is None
        else dict(zip(NAMES, lineage.profile.round(6).tolist(), strict=True)),
        "reviewed_as": lineage.reviewed_as,
        "why_not_alarmed": None if standing.state == "alarmed" else why_not(lineage, calibration),
        "accounts": _accounts(standing, accounts, relations),
        "predecessor": relations.predecessor.get(standing.campaign_id),
        "shared_infrastructure_with": relations.shared.get(standing.campaign_id, []),
        "also_named_in": [
            {"campaign_id": other, "accounts": n}
            for other, n in relations.also_named.get(standing.campaign_id, {}).items()
        ],
        "kinds_of_work": [{"accounts": n} for n in lineage.hands] if lineage.several else [],
        "evidence": statements(lineage, calibration),
        "examples": shown_examples(lineage.examples, examples),
    }


def why_not(lineage: Lineage, calibration: Calibration) -> str:
    """In one sentence, what kept the group from an alarm and what would decide it."""
    if held := held_back(lineage):
        return held
    if lineage.gated_us is None:
        have, asked = log_e_independence(lineage) / LOG10, -log10(lineage.alpha_independence or 1)
        found = "nothing counted yet" if have == -inf else f"evidence of 10^{have:.1f}"
        if not lineage.alpha_independence:
            return f"{found}, and the budget was spent when the group was found, so it cannot pass"
        return f"its accounts may act independently: {found}, the budget asks for 10^{asked:.1f}; more days decide"
    if lineage.p_cohort is None:
        return "something is shared, but it was not compared yet: " + (
            "it sent too little since, or too few accounts are established in it"
            if lineage.as_one
            else "its accounts have habits of their own, as people who share a phrase do"
        )
    if lineage.p_cohort <= lineage.alpha_cohort:
        return "nearly all of its accounts are named by other alarms already"
    if not lineage.alpha_cohort:
        return f"it is coordinated with p = {lineage.p_cohort:.4f} against benign cohorts, but {NO_SHARE}"
    least = floor(len(calibration.comparable(lineage.found_by_work).scores))
    how = " that were found by their work, too," if lineage.found_by_work else ""
    return (
        f"it is coordinated, but p = {lineage.p_cohort:.4f} against benign cohorts{how} is above the "
        f"{lineage.alpha_cohort:.4f} that it is held to (the smallest possible p is {least:.4f}); "
        f"{what_decides(lineage.alpha_cohort)}"
    )


def held_back(lineage: Lineage) -> str:
    """Why a group that reaches its level is not alarmed: a person found its like harmless, or there was drift."""
    if lineage.p_cohort is None or lineage.p_cohort > lineage.alpha_cohort or stands(lineage):
        return ""
    reached = f"p = {lineage.p_cohort:.4f} reaches its level of {lineage.alpha_cohort:.4f}, but"
    if lineage.reviewed_as is not None:
        return f"{reached} it is like {lineage.reviewed_as}; a person's look decides"
    if lineage.p_cohort <= lineage.alpha_cohort / lineage.divided_by:
        left = "too little is left to compare" if lineage.p_remainder == 1 else f"p = {lineage.p_remainder:.4f}"
        return f"{reached} without the accounts that other alarms name {left}; a person's look decides"
    lowered = "alarms were suspended" if lineage.divided_by == inf else f"levels were divided by {lineage.divided_by:g}"
    return (
        f"{reached} the groups compared about then were more conspicuous than the calibration set promises, so "
        f"{lowered}; a person's look decides"
    )


def what_decides(alpha: float) -> str:
    """What can still alarm a group that was compared: its level rises with the budget, up to a limit."""
    more = "" if alpha >= MOST_ALPHA else "more budget, which comes with time, or "
    return f"{more}a person's look decides"


def _accounts(standing: Standing, accounts: Codebook, relations: Relations) -> list[dict[str, Any]]:
    lineage, likely = standing.lineage, membership_probs(standing.lineage)
    return [
        {
            **named(accounts.names[a]),
            "membership_prob": round(likely[a], 4),
            "exchanges": lineage.member_component.get(a, 0),
            "role": relations.role(standing.campaign_id, a),
            "since": iso(lineage.joined[a]),
            "named_at": iso(lineage.named.get(a)),
        }
        for a in shown_members(standing)
    ]


def shown_examples(wanted: list[str], redacted: dict[str, str]) -> list[dict[str, str]]:
    """Those of the remembered examples whose text could be fetched."""
    return [{"event_id": event, "redacted": redacted[event]} for event in wanted if event in redacted]


def named(name: str) -> dict[str, str]:
    """An account as the document names it: its id, and its tenant where it has one."""
    tenant = tenant_of(name)
    return {"account_id": account_of(name)} if tenant is None else {"account_id": account_of(name), "tenant_id": tenant}
