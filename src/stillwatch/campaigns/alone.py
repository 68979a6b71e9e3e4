"""What a busy account amounts to at the end of a scan, and its entry in campaigns.json (kind ``single``).

An account that was looked at and is not conspicuous is listed nowhere: being busy is no suspicion.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from stillwatch.campaigns.document import iso, named, what_decides
from stillwatch.campaigns.singles import LOOK_TEXTS, Verdict
from stillwatch.campaigns.standing import STATES, WATCHED_P
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.single import FEATURES, SingleCalibration
from stillwatch.model.frame import Codebook

SHOWN_FEATURES = 8


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
        settled = closed.get(code)
        provisional = verdict.alarmed_us is not None and (settled is None or settled.alarmed_us is None)
        shown = verdict if provisional or settled is None else settled
        if shown.alarmed_us is not None or shown.p <= WATCHED_P:
            state = "provisional" if provisional else "alarmed" if shown.alarmed_us is not None else "watched"
            name = accounts.names[code]
            found.append(Alone(shown, _campaign_id(name, shown.looked_us, key), state, name))
    return sorted(found, key=lambda x: x.rank)


def _campaign_id(name: str, looked_us: int, key: bytes) -> str:
    text = f"single\x1e{name}\x1e{looked_us}"
    return "c-" + hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


def campaign_alone(alone: Alone, calibration: SingleCalibration, examples: dict[str, str]) -> dict[str, Any]:
    """One entry of ``campaigns``; there is no first gate, so nothing is said against independence."""
    verdict = alone.verdict
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
        "evidence": list(_evidence(verdict, calibration)),
        "examples": [{"event_id": e, "redacted": examples[e]} for e in verdict.shown.examples if e in examples],
    }


def _why_not(verdict: Verdict, calibration: SingleCalibration) -> str:
    least = floor(len(calibration.scores))
    return (
        f"one busy account, p = {verdict.p:.4f} against harmless busy accounts, above the {verdict.alpha:.4f} that "
        f"it is held to (the smallest possible p is {least:.4f}); {what_decides(verdict.alpha)}"
    )


def _evidence(verdict: Verdict, calibration: SingleCalibration) -> Iterator[dict[str, Any]]:
    parts = calibration.parts(verdict.profile)
    for i in np.argsort(-np.abs(parts), kind="stable")[:SHOWN_FEATURES].tolist():
        feature = FEATURES[i]
        yield {
            "test": feature.name,
            "null": "cohort",
            "statistic": round(float(verdict.profile.values[i]), 4),
            "expected": round(float(calibration.typical[i]), 4),
            "log10_e": None,
            "weight": round(float(parts[i]), 3),
            "observed": f"{feature.sees} (its first {LOOK_TEXTS:,} texts)",
            "could_be": [] if feature.mistakes == "-" else [feature.mistakes],
        }
