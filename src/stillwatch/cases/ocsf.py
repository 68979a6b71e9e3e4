"""A case as OCSF Detection Findings (class 2004), one JSON line per campaign, for a SIEM.

Contract: pure; the required attributes of OCSF 1.4 and no attribute that it does not know; what has no place stands
under ``unmapped``. ``time`` is when the campaign was alarmed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stillwatch.cases.acts import Sighting
from stillwatch.cases.shared import TECHNIQUE, TECHNIQUE_NAME, TECHNIQUE_URL, Shared

VERSION = "1.4.0"
_CLASS, _CATEGORY = 2004, 2
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_NEW, _IN_PROGRESS, _SUPPRESSED, _RESOLVED = 1, 2, 3, 4
_MEDIUM, _HIGH = 3, 4


def findings(case: Shared, state: str, version: str) -> list[dict[str, Any]]:
    """The findings of a case in ``state``; ``version`` is the product's."""
    return [_finding(case, sighting, state, version) for sighting in case.campaigns]


def _finding(case: Shared, sighting: Sighting, state: str, version: str) -> dict[str, Any]:
    activity = _CLOSE if case.closed else _CREATE if state == "open" else _UPDATE
    confirmed = case.disposition == "confirmed"
    return {
        "activity_id": activity,
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + activity,
        "severity_id": _HIGH if confirmed else _MEDIUM,
        "status_id": _status(case, state),
        "is_alert": not case.closed,
        "time": _millis(sighting.alarmed_at or case.opened_at),
        "start_time": _millis(sighting.first_seen_at),
        "end_time": _millis(sighting.last_seen_at),
        "message": case.summary,
        "metadata": {
            "version": VERSION,
            "product": {"name": "Stillwatch", "vendor_name": "Stillwatch", "version": version},
            "uid": f"{case.case_id}/{sighting.campaign_id}/{case.changed_at}",
        },
        "finding_info": {
            "uid": sighting.campaign_id,
            "title": "Group of accounts that harvests a model",
            "desc": case.summary,
            "created_time": _millis(case.opened_at),
            "modified_time": _millis(case.changed_at),
            "first_seen_time": _millis(sighting.first_seen_at),
            "last_seen_time": _millis(sighting.last_seen_at),
            "types": ["model extraction"],
            "analytic": {"type_id": 2, "type": "Behavioral", "name": sighting.kind, "uid": sighting.calibration_id},
            "attacks": [{"technique": {"uid": TECHNIQUE, "name": TECHNIQUE_NAME, "src_url": TECHNIQUE_URL}}],
        },
        "resources": [{"type": "account", "uid": name} for name in case.accounts],
        "unmapped": {
            "case_id": case.case_id,
            "run_id": sighting.run_id,
            "p_cohort": sighting.p_cohort,
            "requests": sighting.exchanges,
            "output_tokens": sighting.output_tokens,
            "disposition": case.disposition,
            "retracted": case.retracted,
        },
    }


def _status(case: Shared, state: str) -> int:
    if case.retracted or case.disposition == "benign":
        return _SUPPRESSED
    if case.closed:
        return _RESOLVED
    return _NEW if state == "open" else _IN_PROGRESS


def _millis(moment: str | None) -> int | None:
    if moment is None:
        return None
    return round(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1000)
