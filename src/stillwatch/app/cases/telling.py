"""A case as a document and as lines for a person.

Until a person's attribution was approved by another, the operator is ``unknown``, whatever the evidence says. Text and
names come from the journal's boxes; what was erased reads as ``erased``. Lines still have to pass ``inert``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from stillwatch.app.cases.beside import DELIVERED, GIVEN_UP, LOOKED, PASSWORD
from stillwatch.app.cases.desk import View
from stillwatch.cases.attribution import MEANINGS
from stillwatch.cases.catalogue import KINDS
from stillwatch.cases.state import Case
from stillwatch.journal.entry import Entry

UNKNOWN_OPERATOR = "group flagged, operator unknown"
ERASED = "(erased)"
_SUMMARIES = {f"case.{kind.name}": kind.summary for kind in KINDS} | {
    LOOKED: "examples were shown",
    PASSWORD: "password set",
    DELIVERED: "delivered",
    GIVEN_UP: "not delivered",
}
_DETAILS = (
    "name",
    "role",
    "owner",
    "task",
    "hypothesis",
    "side",
    "basis",
    "what",
    "grade",
    "proposal",
    "other",
    "how",
    "reference",
    "target",
    "on",
)


def case_document(view: View, case_id: str, *, names: bool = True) -> dict[str, Any]:
    """Everything about a case; without ``names`` its accounts stay pseudonyms and typed text is left out."""
    case = view.case(case_id)
    entries = view.entries_of(case_id)
    texts = {e.n: view.text_of(e) for e in entries} if names else {}
    return {
        "case_id": case.case_id,
        "state": case.state,
        "disposition": case.disposition,
        "retracted": case.retraction is not None,
        "opened_at": case.opened_at,
        "owner": case.owner,
        "hold": case.hold,
        "operator": _operator(case, texts),
        "campaigns": [msgspec.to_builtins(s) for s in case.sightings.values()],
        "no_longer_alarmed": dict(case.receded),
        "related": dict(case.related),
        "absorbed": list(case.absorbed),
        "merged_into": case.merged_into,
        "authorisation": [msgspec.to_builtins(f) for f in case.findings],
        "hypotheses": [_hypothesis(h, texts) for h in case.hypotheses],
        "waiting": None if case.proposal is None else msgspec.to_builtins(case.proposal),
        "tasks": [{"task": t.name, "done": t.done, "text": texts.get(int(t.name[1:]))} for t in case.tasks],
        "sent": [msgspec.to_builtins(o) for o in case.outgoing],
        "taught": None if case.taught is None else msgspec.to_builtins(case.taught),
        "to_recall": [o.reference for o in case.to_recall],
        "members": _members(view, case) if names else [{"subject": m, **_part(case, m)} for m in case.members],
        "history": [_told(entry, texts.get(entry.n)) for entry in entries],
    }


def list_lines(view: View) -> Iterator[str]:
    """One line per case, those that wait for somebody first."""
    if not view.desk.cases:
        yield "no cases; 'stillwatch case open --run DIR' makes them from a scan"
    order = {"open": 0, "in review": 1, "closed": 2}
    for case in sorted(view.desk.cases.values(), key=lambda c: (order[c.state], c.opened_at, c.case_id)):
        yield (
            f"{case.case_id}  {standing(case):<24}  {len(case.members):>5} accounts  owner {case.owner or '-'}"
            f"{'  on hold' if case.hold else ''}{_waits(case)}"
        )


def standing(case: Case) -> str:
    """State and conclusion in a word or two."""
    if case.merged_into is not None:
        return f"part of {case.merged_into}"
    if case.retraction is not None:
        return "retracted"
    return f"closed, {case.disposition}" if case.disposition else case.state


def case_lines(document: dict[str, Any]) -> Iterator[str]:
    """A case for the terminal."""
    concluded = "retracted" if document["retracted"] else document["disposition"]
    yield f"{document['case_id']}  {document['state']}{f', {concluded}' if concluded else ''}"
    if document["merged_into"]:
        yield f"it became part of {document['merged_into']}"
    operator = document["operator"]
    yield operator if isinstance(operator, str) else _operator_line(operator)
    yield f"owner {document['owner'] or 'nobody'}{'; on legal hold' if document['hold'] else ''}"
    for campaign in document["campaigns"]:
        yield f"campaign {campaign['campaign_id']}: {campaign['exchanges']:,} requests, p {campaign['p_cohort']}"
    for finding in document["authorisation"]:
        broken = f"{finding['broken']} of {finding['accounts']} accounts broke it"
        yield f"terms: {finding['rule']} {finding['verdict']} ({broken})"
    for h in document["hypotheses"]:
        mark = " (withdrawn)" if h["withdrawn"] else ""
        yield f"hypothesis {h['name']}{mark}: {h['text'] or ERASED}"
        yield from (f"    {w['side']}, {w['basis']}: {w['text'] or ERASED}" for w in h["items"])
    for task in document["tasks"]:
        yield f"task {task['task']} {'done' if task['done'] else 'open'}: {task['text'] or ERASED}"
    if document["waiting"]:
        yield f"waits for a second person: {document['waiting']['asked']['what']}, proposal {document['waiting']['n']}"
    if document["taught"]:
        yield f"taught as {document['taught']['name']}, until {document['taught']['until']}"
    yield from (f"to be lifted, recalled or revoked: {reference}" for reference in document["to_recall"])
    yield from (f"related: {other} ({how})" for other, how in document["related"].items())
    victims = sum("victim" in member for member in document["members"])
    stolen = f", {victims} of them victims whose key others used" if victims else ""
    yield f"{len(document['members'])} accounts{stolen}; --json names them"
    yield from (history_line(told) for told in document["history"])


def history_line(told: dict[str, Any]) -> str:
    """One entry in one line."""
    detail = f" {told['detail']}" if told["detail"] else ""
    text = f" — {told['text']}" if told["text"] else ""
    return f"{told['n']:>5}  {told['at']}  {told['who']} ({told['role']})  {told['what']}{detail}: {told['why']}{text}"


def plainly(entry: Entry) -> dict[str, Any]:
    """One entry without what is sealed in it."""
    return _told(entry, None)


def listing(view: View) -> list[dict[str, Any]]:
    """All cases in short."""
    return [
        {
            "case_id": case.case_id,
            "state": case.state,
            "disposition": case.disposition,
            "retracted": case.retraction is not None,
            "owner": case.owner,
            "hold": case.hold,
            "accounts": len(case.members),
            "campaigns": list(case.sightings),
            "waits_for": case.proposal.asked.what if case.proposal else None,
        }
        for case in view.desk.cases.values()
    ]


def _told(entry: Entry, text: str | None) -> dict[str, Any]:
    detail = ", ".join(f"{entry.body[k]}" for k in _DETAILS if entry.body.get(k) is not None)
    return {
        "n": entry.n,
        "at": entry.at,
        "who": entry.who.name,
        "role": entry.who.role,
        "via": entry.who.via,
        "what": _SUMMARIES.get(entry.kind, entry.kind),
        "detail": detail,
        "why": entry.why,
        "replaces": entry.replaces,
        "text": text,
        "hash": entry.hash,
    }


def _operator(case: Case, texts: dict[int, str | None]) -> Any:
    found = case.attribution
    if found is None:
        return UNKNOWN_OPERATOR
    n = next(h.n for h in case.hypotheses if h.name == found.hypothesis)
    return {**msgspec.to_builtins(found), "meaning": MEANINGS[found.grade], "text": texts.get(n)}


def _operator_line(operator: dict[str, Any]) -> str:
    return (
        f"operator, {operator['grade']}: {operator['text'] or ERASED} (by {operator['by']}, {operator['approved_by']})"
    )


def _hypothesis(hypothesis: Any, texts: dict[int, str | None]) -> dict[str, Any]:
    items = [{"side": w.side, "basis": w.basis, "text": texts.get(w.n)} for w in hypothesis.weights]
    return {
        "name": hypothesis.name,
        "text": texts.get(hypothesis.n),
        "withdrawn": hypothesis.withdrawn,
        "items": items,
    }


def _members(view: View, case: Case) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            **_part(case, subject),
            **(msgspec.to_builtins(account) if account else {"account_id": None}),
        }
        for subject, account in view.accounts(case.case_id).items()
    ]


def _part(case: Case, subject: str) -> dict[str, bool]:
    return {"victim": True} if subject in case.victims else {}


def _waits(case: Case) -> str:
    return f"  waits: {case.proposal.asked.what} ({case.proposal.n})" if case.proposal else ""
