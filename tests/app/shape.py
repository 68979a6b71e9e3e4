"""What campaigns.json promises to other programs, checked to the letter: names, types, words, order of times."""

from __future__ import annotations

import re
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_NULLS = ("independence", "cohort")

Kinds = tuple[type, ...]
COUNT: Kinds = (int,)
NUMBER: Kinds = (int, float)
TEXT: Kinds = (str,)
MAYBE_NUMBER: Kinds = (int, float, type(None))
MAYBE_TEXT: Kinds = (str, type(None))
LIST: Kinds = (list,)
RECORD: Kinds = (dict,)

TOP: dict[str, Kinds] = {"schema": TEXT, "run": RECORD, "campaigns": LIST}
RUN: dict[str, Kinds] = {
    "run_id": TEXT,
    "config_hash": TEXT,
    "recipe_ids": LIST,
    "input": RECORD,
    "budget_per_month": RECORD,
    "spent": RECORD,
}
RUN_EXTRA = {"closed_until", "calibration", "single_calibration", "rejects_by_reason", "notes", "examples_expire_at"}
RUN_EXTRA |= {"drift", "reviewed"}
INPUT: dict[str, Kinds] = {
    "exchanges": COUNT,
    "accounts": COUNT,
    "rejected": COUNT,
    "duplicates": COUNT,
    "first": MAYBE_TEXT,
    "last": MAYBE_TEXT,
}
CAMPAIGN: dict[str, Kinds] = {
    "campaign_id": TEXT,
    "state": TEXT,
    "authorised": (bool,),
    "kind": TEXT,
    "first_seen_at": TEXT,
    "last_seen_at": TEXT,
    "proposed_at": TEXT,
    "alarmed_at": MAYBE_TEXT,
    "exchanges": COUNT,
    "output_tokens": COUNT,
    "log10_e_independence": NUMBER,
    "alpha_independence": NUMBER,
    "p_cohort": MAYBE_NUMBER,
    "alpha_cohort": NUMBER,
    "calibration_id": TEXT,
    "accounts": LIST,
    "predecessor": MAYBE_TEXT,
    "shared_infrastructure_with": LIST,
    "evidence": LIST,
    "examples": LIST,
}
CAMPAIGN_EXTRA = {"score", "why_not_alarmed", "profile", "reviewed_as", "also_named_in", "kinds_of_work"}
ACCOUNT: dict[str, Kinds] = {
    "account_id": TEXT,
    "membership_prob": NUMBER,
    "exchanges": COUNT,
    "role": TEXT,
    "since": TEXT,
    "named_at": MAYBE_TEXT,
}
EVIDENCE: dict[str, Kinds] = {
    "test": TEXT,
    "null": TEXT,
    "statistic": MAYBE_NUMBER,
    "expected": MAYBE_NUMBER,
    "log10_e": MAYBE_NUMBER,
    "observed": TEXT,
    "could_be": LIST,
}
EVIDENCE_EXTRA = {"weight"}
EXAMPLE: dict[str, Kinds] = {"event_id": TEXT, "redacted": TEXT}


def check(document: Any) -> None:
    """Fail unless ``document`` keeps every promise."""
    _record(document, TOP, set(), "document")
    assert document["schema"] == "stillwatch.campaigns/1"
    run = document["run"]
    _record(run, RUN, RUN_EXTRA, "run")
    _record(run["input"], INPUT, set(), "run.input")
    for part in ("budget_per_month", "spent"):
        _record(run[part], dict.fromkeys(_NULLS, NUMBER), set(), part)
        assert all(value >= 0 for value in run[part].values())
    _time(run["input"]["first"])
    _time(run["input"]["last"])
    ids = [c["campaign_id"] for c in document["campaigns"]]
    assert len(set(ids)) == len(ids), "campaign ids repeat"
    for campaign in document["campaigns"]:
        _campaign(campaign, set(ids))


def _campaign(campaign: dict[str, Any], ids: set[str]) -> None:
    _record(campaign, CAMPAIGN, CAMPAIGN_EXTRA, "campaign")
    assert re.fullmatch(r"c-[0-9a-z]+", campaign["campaign_id"])
    assert campaign["state"] in ("proposed", "watched", "provisional", "alarmed", "retracted")
    assert campaign["kind"] in ("coordinated", "single")
    for name in ("first_seen_at", "last_seen_at", "proposed_at", "alarmed_at"):
        _time(campaign[name])
    assert campaign["first_seen_at"] <= campaign["last_seen_at"]
    assert (campaign["alarmed_at"] is not None) == (campaign["state"] in ("alarmed", "provisional", "retracted"))
    assert campaign["alarmed_at"] is None or campaign["proposed_at"] < campaign["alarmed_at"]
    assert campaign["p_cohort"] is None or 0 < campaign["p_cohort"] <= 1
    assert {*campaign["shared_infrastructure_with"], campaign["predecessor"]} <= {None, *ids}
    members = [account["account_id"] for account in campaign["accounts"]]
    assert members, "a campaign without accounts"
    assert len(set(members)) == len(members), "an account is listed twice"
    for account in campaign["accounts"]:
        _account(account, campaign)
    for evidence in campaign["evidence"]:
        _record(evidence, EVIDENCE, EVIDENCE_EXTRA, "evidence")
        assert evidence["null"] in _NULLS
        assert all(isinstance(story, str) for story in evidence["could_be"])
    for example in campaign["examples"]:
        _record(example, EXAMPLE, set(), "example")


def _account(account: dict[str, Any], campaign: dict[str, Any]) -> None:
    _record(account, ACCOUNT, set(), "account")
    assert account["role"] in ("member", "compromised")
    assert 0 <= account["membership_prob"] <= 1
    _time(account["since"])
    _time(account["named_at"])
    if campaign["state"] == "alarmed":
        assert account["named_at"] is not None, "an alarm lists an account that it does not name"
        assert account["named_at"] >= campaign["alarmed_at"], "named before the alarm"


def _record(value: Any, fields: dict[str, Kinds], extra: set[str], where: str) -> None:
    assert isinstance(value, dict), where
    missing, unknown = set(fields) - set(value), set(value) - set(fields) - extra
    assert not missing, f"{where} lacks {missing}"
    assert not unknown, f"{where} has {unknown}, which nobody promised"
    for name, kinds in fields.items():
        found = value[name]
        is_truth = isinstance(found, bool)
        assert isinstance(found, kinds) and (is_truth is (kinds == (bool,))), f"{where}.{name} is {found!r}"


def _time(value: str | None) -> None:
    assert value is None or _TIME.fullmatch(value), value
