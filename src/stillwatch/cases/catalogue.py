"""Every kind of act: which role may do it, what it replaces, and how it changes a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stillwatch.cases import acts, attribution, decide, sightings, work
from stillwatch.cases.state import Case
from stillwatch.journal.entry import Entry

Step = Callable[[Case, Any, Entry], Case]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of act. ``slot``: what it sets; the entry that set the same before is what it replaces.

    ``step`` is None where the act makes a case, is about two, or about people (see ``advance``).
    """

    act: type[acts.Act]
    least: str
    slot: str
    step: Step | None
    summary: str

    @property
    def name(self) -> str:
        return tag(self.act)


def tag(act: type[acts.Act]) -> str:
    """The name of a kind of act in the journal."""
    found = act.__struct_config__.tag
    assert isinstance(found, str)
    return found


KINDS: tuple[Kind, ...] = (
    Kind(acts.Granted, "admin", "role", None, "role given"),
    Kind(acts.Opened, "analyst", "evidence", None, "opened"),
    Kind(acts.Updated, "analyst", "evidence", sightings.updated, "more of the same"),
    Kind(acts.Attached, "analyst", "evidence", sightings.attached, "a successor joined the case"),
    Kind(acts.Resurfaced, "analyst", "evidence", sightings.resurfaced, "new evidence"),
    Kind(acts.Receded, "analyst", "", sightings.receded, "a run raised no alarm"),
    Kind(acts.Related, "analyst", "", work.related, "related"),
    Kind(acts.Merged, "analyst", "", None, "another case became part of it"),
    Kind(acts.Unrelated, "analyst", "", work.unrelated, "relation removed"),
    Kind(acts.Assigned, "analyst", "owner", work.assigned, "owner set"),
    Kind(acts.Started, "analyst", "state", work.started, "review began"),
    Kind(acts.Noted, "analyst", "", work.noted, "note"),
    Kind(acts.TaskAdded, "analyst", "", work.task_added, "task"),
    Kind(acts.TaskDone, "analyst", "", work.task_done, "task done"),
    Kind(acts.Held, "approver", "hold", work.held, "legal hold"),
    Kind(acts.Checked, "analyst", "check", work.checked, "authorisation checked"),
    Kind(acts.Hypothesised, "analyst", "", attribution.hypothesised, "hypothesis"),
    Kind(acts.Weighed, "analyst", "", attribution.weighed, "item weighed"),
    Kind(acts.Withdrawn, "analyst", "", attribution.withdrawn, "hypothesis withdrawn"),
    Kind(acts.Proposed, "analyst", "", decide.proposed, "proposed"),
    Kind(acts.Approved, "approver", "state", decide.approved, "approved"),
    Kind(acts.Declined, "approver", "", decide.declined, "declined"),
    Kind(acts.Closed, "analyst", "state", decide.closed, "closed as inconclusive"),
    Kind(acts.Reopened, "analyst", "state", decide.reopened, "reopened by a person"),
    Kind(acts.Taught, "approver", "taught", decide.taught, "taught as harmless"),
    Kind(acts.Untaught, "approver", "taught", decide.untaught, "taught no more"),
    Kind(acts.Sent, "analyst", "", work.sent, "sent"),
    Kind(acts.Recalled, "analyst", "", work.recalled, "recalled"),
)
