"""Acts of the daily work on a case: owner, review, notes, tasks, hold, relations, checks, what was sent."""

from __future__ import annotations

from msgspec.structs import replace

from stillwatch.cases.acts import (
    Assigned,
    Checked,
    Held,
    Noted,
    Recalled,
    Related,
    Sent,
    Started,
    TaskAdded,
    TaskDone,
    Unrelated,
)
from stillwatch.cases.state import Case, Outgone, Task
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry


def require_not_closed(case: Case) -> None:
    if case.state == "closed":
        raise RefusedError(f"{case.case_id} is closed; reopen it first")


def assigned(case: Case, act: Assigned, entry: Entry) -> Case:
    require_not_closed(case)
    if act.owner == case.owner:
        raise RefusedError(f"{act.owner} owns {case.case_id} already")
    return replace(case, owner=act.owner)


def started(case: Case, act: Started, entry: Entry) -> Case:
    if case.state != "open":
        raise RefusedError(f"{case.case_id} is {case.state}; only an open case can be taken into review")
    if case.owner is None:
        raise RefusedError(f"{case.case_id} has no owner; assign one first")
    return replace(case, state="in review")


def noted(case: Case, act: Noted, entry: Entry) -> Case:
    return replace(case, notes=case.notes + 1)


def task_added(case: Case, act: TaskAdded, entry: Entry) -> Case:
    require_not_closed(case)
    return replace(case, tasks=(*case.tasks, Task(f"t{entry.n}")))


def task_done(case: Case, act: TaskDone, entry: Entry) -> Case:
    require_not_closed(case)
    if Task(act.task) not in case.tasks:
        raise RefusedError(f"{case.case_id} has no open task {act.task}")
    return replace(case, tasks=tuple(replace(t, done=True) if t.name == act.task else t for t in case.tasks))


def held(case: Case, act: Held, entry: Entry) -> Case:
    if case.hold == act.on:
        raise RefusedError(f"{case.case_id} is {'on hold already' if act.on else 'not on hold'}")
    return replace(case, hold=act.on)


def related(case: Case, act: Related, entry: Entry) -> Case:
    if act.other == case.case_id:
        raise RefusedError("a case is not related to itself")
    if act.other in case.related:
        raise RefusedError(f"{case.case_id} is related to {act.other} already")
    return replace(case, related={**case.related, act.other: act.how})


def unrelated(case: Case, act: Unrelated, entry: Entry) -> Case:
    if act.other not in case.related:
        raise RefusedError(f"{case.case_id} is not related to {act.other}")
    return replace(case, related={k: v for k, v in case.related.items() if k != act.other})


def checked(case: Case, act: Checked, entry: Entry) -> Case:
    require_not_closed(case)
    return replace(case, findings=act.findings, proposal=None)


def sent(case: Case, act: Sent, entry: Entry) -> Case:
    if case.retraction is not None and act.what != "bundle":
        raise RefusedError(f"{case.case_id} was retracted; nothing more is sent on its strength")
    if any(o.reference == act.reference for o in case.outgoing):
        raise RefusedError(f"{act.reference} was sent already")
    return replace(case, outgoing=(*case.outgoing, Outgone(act.what, act.reference)))


def recalled(case: Case, act: Recalled, entry: Entry) -> Case:
    if not any(o.reference == act.reference and not o.recalled for o in case.outgoing):
        raise RefusedError(f"nothing by the reference {act.reference} is out")
    return replace(
        case,
        outgoing=tuple(replace(o, recalled=True) if o.reference == act.reference else o for o in case.outgoing),
    )
