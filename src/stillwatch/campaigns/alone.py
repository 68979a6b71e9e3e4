"""What a busy account amounts to at the end of a scan, and its entry in campaigns.json (kind ``single``).

An account that was looked at and is not conspicuous is listed nowhere: being busy is no suspicion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stillwatch.campaigns.document import iso, named, shown_examples, what_decides
from stillwatch.campaigns.singles import LOOK_TEXTS, Verdict
from stillwatch.campaigns.standing import STATES, WATCHED_P, keyed_id, settle
from stillwatch.campaigns.statements import feature_rows
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.single import FEATURES, SingleCalibration
from stillwatch.model.frame import Codebook


@dataclass(frozen=True)
class Alone:
    """One conspicuous account."""

    verdict: Verdict
    campaign_id: str
    state: str
    account: str

    @property
    def rank(self) -> tuple[int, int, float, float, str]:
        """Sort key as of a group's standing; scores of groups and of accounts are never compared."""
        return STATES.index(self.state), self.verdict.alarmed_us or 0, self.verdict.p, 0.0, self.campaign_id


def stand_alone(closed: dict[int, Verdict], latest: dict[int, Verdict], accounts: Codebook, key: bytes) -> list[Alone]:
    """Conspicuous accounts; an alarm that only the open epoch raised is provisional."""
    found = []
    for code, verdict in latest.items():
        provisional, shown = settle(verdict, closed.get(code))
        if shown.alarmed_us is not None or shown.p <= WATCHED_P:
            state = "provisional" if provisional else "alarmed" if shown.alarmed_us is not None else "watched"
            name = accounts.names[code]
            found.append(Alone(shown, keyed_id(f"single\x1e{name}\x1e{shown.looked_us}", key), state, name))
    return sorted(found, key=lambda x: x.rank)


def campaign_alone(alone: Alone, calibration: SingleCalibration, examples: dict[str, str]) -> dict[str, Any]:
    """One entry of ``campaigns``; there is no first gate, so nothing is said against independence."""
    verdict = alone.verdict
    values, parts, note = (
        verdict.profile.values,
        calibration.cohorts.score.parts(verdict.profile.values),
        f" (its first {LOOK_TEXTS:,} texts)",
    )
    return {
        "campaign_id": alone.campaign_id,
        "state": alone.state,
        "authorised": False,
        "kind": "single",
        "first_seen_at": iso(verdict.shown.first_us),
        "last_seen_at": iso(verdict.shown.last_us),
        "proposed_at": iso(verdict.looked_us),
        "alarmed_at": iso(verdict.alarmed_us),
        "exchanges": verdict.shown.texts,
        "output_tokens": verdict.shown.output_tokens,
        "log10_e_independence": None,
        "alpha_independence": None,
        "p_cohort": verdict.p,
        "alpha_cohort": verdict.alpha,
        "calibration_id": calibration.calibration_id,
        "score": round(verdict.score, 3),
        "why_not_alarmed": None if alone.state == "alarmed" else _why_not(verdict, calibration),
        "accounts": [
            {
                **named(alone.account),
                "membership_prob": 1.0,
                "exchanges": verdict.shown.texts,
                "role": "member",
                "since": iso(verdict.shown.first_us),
                "named_at": iso(verdict.alarmed_us),
            }
        ],
        "predecessor": None,
        "shared_infrastructure_with": [],
        "also_named_in": [],
        "kinds_of_work": [],
        "evidence": list(feature_rows(FEATURES, values, calibration.typical, parts, note)),
        "examples": shown_examples(verdict.shown.examples, examples),
    }


def _why_not(verdict: Verdict, calibration: SingleCalibration) -> str:
    least = floor(len(calibration.cohorts.scores))
    return (
        f"one busy account, p = {verdict.p:.4f} against harmless busy accounts, above the {verdict.alpha:.4f} that "
        f"it is held to (the smallest possible p is {least:.4f}); {what_decides(verdict.alpha)}"
    )
