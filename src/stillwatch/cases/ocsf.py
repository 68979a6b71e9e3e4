"""A case as OCSF for a SIEM: a Detection Finding (class 2004) per campaign and an Incident Finding (2005) for the case.

Contract: pure; the required attributes of OCSF 1.4 and no attribute that it does not know; what has no place stands
under ``unmapped``. ``time`` is when the campaign was alarmed, or the case last changed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stillwatch.cases.acts import Sighting
from stillwatch.cases.shared import TECHNIQUE, TECHNIQUE_NAME, TECHNIQUE_URL, Shared

VERSION = "1.4.0"
_DETECTION, _INCIDENT, _CATEGORY = 2004, 2005, 2
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_NEW, _IN_PROGRESS, _SUPPRESSED, _RESOLVED, _CLOSED = 1, 2, 3, 4, 5
_MEDIUM, _HIGH = 3, 4


def findings(case: Shared, state: str, version: str) -> list[dict[str, Any]]:
    """The findings of a case in ``state``, its incident last; ``version`` is the product's."""
    return [
        *(_detection(case, sighting, state, version) for sighting in case.campaigns),
        _incident(case, state, version),
    ]


def _detection(case: Shared, sighting: Sighting, state: str, version: str) -> dict[str, Any]:
    return {
        **_head(case, _DETECTION, state, version, f"{case.case_id}/{sighting.campaign_id}/{case.changed_at}"),
        "status_id": _status(case, state),
        "is_alert": not case.closed,
        "time": _millis(sighting.alarmed_at or case.opened_at),
        "start_time": _millis(sighting.first_seen_at),
        "end_time": _millis(sighting.last_seen_at),
        "finding_info": _info(case, sighting),
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


def _incident(case: Shared, state: str, version: str) -> dict[str, Any]:
    """The case as a whole; it has no state for what was suppressed, so that is closed."""
    status = _CLOSED if _status(case, state) == _SUPPRESSED else _status(case, state)
    seen = [m for s in case.campaigns for m in (_millis(s.first_seen_at), _millis(s.last_seen_at)) if m is not None]
    return {
        **_head(case, _INCIDENT, state, version, f"{case.case_id}/{case.changed_at}"),
        "status_id": status,
        "time": _millis(case.changed_at),
        "start_time": min(seen, default=None),
        "end_time": max(seen, default=None),
        "desc": case.summary,
        "assignee_group": {"name": "reviewers"},
        "attacks": _attacks(),
        "finding_info_list": [_info(case, sighting) for sighting in case.campaigns],
        "unmapped": {
            "case_id": case.case_id,
            "accounts": len(case.accounts),
            "disposition": case.disposition,
            "retracted": case.retracted,
        },
    }


def _head(case: Shared, class_uid: int, state: str, version: str, uid: str) -> dict[str, Any]:
    activity = _CLOSE if case.closed else _CREATE if state == "open" else _UPDATE
    return {
        "activity_id": activity,
        "category_uid": _CATEGORY,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity,
        "severity_id": _HIGH if case.disposition == "confirmed" else _MEDIUM,
        "message": case.summary,
        "metadata": {
            "version": VERSION,
            "product": {"name": "Stillwatch", "vendor_name": "Stillwatch", "version": version},
            "uid": uid,
        },
    }


def _info(case: Shared, sighting: Sighting) -> dict[str, Any]:
    return {
        "uid": sighting.campaign_id,
        "title": "Group of accounts that harvests a model",
        "desc": case.summary,
        "created_time": _millis(case.opened_at),
        "modified_time": _millis(case.changed_at),
        "first_seen_time": _millis(sighting.first_seen_at),
        "last_seen_time": _millis(sighting.last_seen_at),
        "types": ["model extraction"],
        "analytic": {"type_id": 2, "type": "Behavioral", "name": sighting.kind, "uid": sighting.calibration_id},
        "attacks": _attacks(),
    }


def _attacks() -> list[dict[str, Any]]:
    return [{"technique": {"uid": TECHNIQUE, "name": TECHNIQUE_NAME, "src_url": TECHNIQUE_URL}}]


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
