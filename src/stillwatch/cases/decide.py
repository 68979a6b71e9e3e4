"""Acts that conclude: proposals and their second person, closing, reopening, retraction.

Two people conclude that a case is confirmed or benign, that an alarm is retracted, or who is behind it. The second one
is never the first. Whatever changes what a proposal rests on voids it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from stillwatch.cases.acts import Approved, Closed, Declined, Proposed, Reopened, Taught, Untaught
from stillwatch.cases.attribution import require_grade
from stillwatch.cases.state import Attribution, Case, Proposal, Retraction
from stillwatch.cases.work import require_not_closed
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry

MOST_DAYS = 366
"""For so long a case speaks for its like; then somebody looks again."""


def proposed(case: Case, act: Proposed, entry: Entry) -> Case:
    if case.proposal is not None:
        raise RefusedError(f"proposal {case.proposal.n} of {case.case_id} waits for a second person; decide it first")
    _PRECONDITIONS[act.what](case, act)
    return replace(case, proposal=Proposal(entry.n, entry.who.name, act))


def approved(case: Case, act: Approved, entry: Entry) -> Case:
    waiting = _waiting(case, act.proposal)
    if waiting.by == entry.who.name:
        raise RefusedError(f"{waiting.by} proposed this; somebody else has to approve it")
    case = replace(case, proposal=None)
    asked = waiting.asked
    if asked.what == "attribution":
        return _attributed(case, waiting, entry)
    case = _concluded(case, waiting.by, entry.who.name)
    if asked.what == "retraction":
        return replace(case, retraction=Retraction(entry.n, waiting.by, entry.who.name), attribution=None)
    return replace(case, disposition=asked.what)


def declined(case: Case, act: Declined, entry: Entry) -> Case:
    _waiting(case, act.proposal)
    return replace(case, proposal=None)


def closed(case: Case, act: Closed, entry: Entry) -> Case:
    _require_review(case)
    return replace(_concluded(case, entry.who.name), disposition="inconclusive", proposal=None)


def reopened(case: Case, act: Reopened, entry: Entry) -> Case:
    if case.state != "closed":
        raise RefusedError(f"{case.case_id} is {case.state}; there is nothing to reopen")
    return replace(opened_again(case), proposal=None)


def taught(case: Case, act: Taught, entry: Entry) -> Case:
    if case.disposition != "benign":
        raise RefusedError(f"{case.case_id} was not found harmless by two people; only such a case can be taught")
    if not act.name.strip() or not act.organisation.strip():
        raise RefusedError("what is taught needs a name, and whose it is")
    try:
        days = (datetime.fromisoformat(act.until) - datetime.fromisoformat(entry.at)).total_seconds() / 86_400
    except (ValueError, TypeError):
        days = 0.0
    if not 0 < days <= MOST_DAYS:
        raise RefusedError(f"what is taught is reviewed again within {MOST_DAYS} days")
    return replace(case, taught=act)


def untaught(case: Case, act: Untaught, entry: Entry) -> Case:
    if case.taught is None:
        raise RefusedError(f"{case.case_id} is not taught")
    return replace(case, taught=None)


def opened_again(case: Case) -> Case:
    """A closed or retracted case that is open: nothing that was concluded stands."""
    return replace(case, state="open", disposition=None, retraction=None, concluded_by=(), taught=None)


def _concluded(case: Case, *by: str) -> Case:
    return replace(
        case,
        state="closed",
        disposition=None,
        taught=None,
        judged=case.sightings,
        judged_members=len(case.members),
        concluded_by=by,
    )


def _attributed(case: Case, waiting: Proposal, entry: Entry) -> Case:
    name, grade = waiting.asked.hypothesis, waiting.asked.grade
    assert name is not None and grade is not None  # its precondition
    return replace(case, attribution=Attribution(name, grade, waiting.by, entry.who.name))


def _waiting(case: Case, n: int) -> Proposal:
    if case.proposal is None or case.proposal.n != n:
        waits = f"; {case.proposal.n} does" if case.proposal else ""
        raise RefusedError(
            f"no proposal {n} of {case.case_id} waits{waits}. New evidence, checks or hypotheses void a proposal: "
            "it has to be made again."
        )
    return case.proposal


def _require_review(case: Case) -> None:
    if case.state != "in review":
        raise RefusedError(f"{case.case_id} is {case.state}; only a case in review can be concluded")


def _may_confirm(case: Case, act: Proposed) -> None:
    _may_clear(case, act)
    if not case.findings:
        raise RefusedError(f"{case.case_id} has no authorisation check; run 'stillwatch case check' first")


def _may_clear(case: Case, act: Proposed) -> None:
    _require_review(case)
    if undone := [task.name for task in case.tasks if not task.done]:
        raise RefusedError(f"{case.case_id} has open tasks: {', '.join(undone)}")


def _may_retract(case: Case, act: Proposed) -> None:
    if case.retraction is not None:
        raise RefusedError(f"{case.case_id} is retracted already")


def _may_attribute(case: Case, act: Proposed) -> None:
    require_not_closed(case)
    if act.hypothesis is None or act.grade is None:
        raise RefusedError("an attribution names a hypothesis and a grade")
    require_grade(case, act.hypothesis, act.grade)


_PRECONDITIONS = {
    "confirmed": _may_confirm,
    "benign": _may_clear,
    "retraction": _may_retract,
    "attribution": _may_attribute,
}
