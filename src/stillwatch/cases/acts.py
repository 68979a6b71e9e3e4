"""Everything that can be written about a case, as types.

An act says what happened and nothing else: who, when and why stand in the journal's entry around it. Text that people
type about people (notes, tasks, hypotheses) and the names of accounts are not in an act; they are sealed in the entry's
boxes, and the state of a case never depends on them. Acts are only added to: an old journal has to be read for ever.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["viewer", "analyst", "approver", "admin"]
Disposition = Literal["confirmed", "benign", "inconclusive"]
Asked = Literal["confirmed", "benign", "retraction", "attribution"]
"""What takes a second person."""
Grade = Literal["observed", "likely", "high confidence"]
Basis = Literal["observed", "inferred"]
Side = Literal["for", "against"]
Outgoing = Literal["decision", "notice", "indicators", "bundle"]
How = Literal["shared infrastructure", "split", "succession", "person"]
"""Why two cases are related."""
Verdict = Literal["kept", "broken", "unknown"]


class Exhibit(msgspec.Struct, frozen=True):
    """A file of evidence in the store, by its hash."""

    name: str
    sha256: str
    size: int


class Sighting(msgspec.Struct, frozen=True):
    """What one run says about one campaign. ``tests``: "null/test" to the figure that speaks (see ``novelty``).

    ``victims``: pseudonyms of accounts whose key somebody else used; they are named as victims, never as members.
    """

    campaign_id: str
    run_id: str
    kind: str
    seen: str
    first_seen_at: str | None
    last_seen_at: str | None
    alarmed_at: str | None
    exchanges: int
    output_tokens: int
    p_cohort: float | None
    calibration_id: str
    tests: dict[str, float]
    exhibits: tuple[Exhibit, ...] = ()
    victims: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """One rule of the terms against what was done: of ``accounts`` it applies to, ``broken`` broke it."""

    rule: str
    verdict: Verdict
    accounts: int
    broken: int
    unknown: int


class Act(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of all acts."""


class Granted(Act, frozen=True, tag="granted"):
    """``name`` has ``role`` from now on; ``None`` takes every role away."""

    name: str
    role: Role | None


class Opened(Act, frozen=True, tag="opened"):
    """An alarmed campaign became a case."""

    sighting: Sighting
    members: tuple[str, ...]


class Updated(Act, frozen=True, tag="updated"):
    """A later run says more of the same about a campaign of the case; nothing has to be decided anew."""

    sighting: Sighting
    joined: tuple[str, ...]


class Attached(Act, frozen=True, tag="attached"):
    """A campaign that took over from one of the case became part of it."""

    sighting: Sighting
    joined: tuple[str, ...]


class Resurfaced(Act, frozen=True, tag="resurfaced"):
    """New evidence about a case: ``news`` says what is new. A closed or retracted one is open again."""

    sighting: Sighting
    joined: tuple[str, ...]
    news: tuple[str, ...]


class Receded(Act, frozen=True, tag="receded"):
    """A later run lists the campaign without an alarm."""

    campaign_id: str
    run_id: str
    seen: str


class Related(Act, frozen=True, tag="related"):
    """Another case belongs beside this one; relations never merge."""

    other: str
    how: How


class Merged(Act, frozen=True, tag="merged"):
    """Another case became part of this one: campaign, members, tasks, hypotheses and what was sent; nothing is lost."""

    other: str


class Unrelated(Act, frozen=True, tag="unrelated"):
    other: str


class Assigned(Act, frozen=True, tag="assigned"):
    """Who is answerable for the review."""

    owner: str


class Started(Act, frozen=True, tag="started"):
    """The owner began the review."""


class Noted(Act, frozen=True, tag="noted"):
    """A note; its text is sealed."""


class TaskAdded(Act, frozen=True, tag="task-added"):
    """Something to be done before the case is closed; its text is sealed. Named t and the entry's number."""


class TaskDone(Act, frozen=True, tag="task-done"):
    task: str


class Held(Act, frozen=True, tag="held"):
    """A legal hold is set or released: while it stands nothing of the case is erased and no example expires."""

    on: bool


class Checked(Act, frozen=True, tag="checked"):
    """Terms and permissions against what was done."""

    findings: tuple[Finding, ...]


class Hypothesised(Act, frozen=True, tag="hypothesised"):
    """An explanation of who is behind it; its text is sealed. Named h and the entry's number."""


class Weighed(Act, frozen=True, tag="weighed"):
    """An item for or against a hypothesis, observed or inferred; its text is sealed."""

    hypothesis: str
    side: Side
    basis: Basis


class Withdrawn(Act, frozen=True, tag="withdrawn"):
    """A hypothesis is given up."""

    hypothesis: str


class Proposed(Act, frozen=True, tag="proposed"):
    """Something that takes two people; ``hypothesis`` and ``grade`` belong to an attribution."""

    what: Asked
    hypothesis: str | None = None
    grade: Grade | None = None


class Approved(Act, frozen=True, tag="approved"):
    """A second person agrees: what was proposed in entry ``proposal`` takes effect."""

    proposal: int


class Declined(Act, frozen=True, tag="declined"):
    proposal: int


class Closed(Act, frozen=True, tag="closed"):
    """Closed as inconclusive, which accuses nobody and clears nobody: one person is enough."""


class Reopened(Act, frozen=True, tag="reopened"):
    """A person takes a closed or retracted case up again."""


class Taught(Act, frozen=True, tag="taught"):
    """A case that was found harmless speaks for its like until then: such groups are watched, not alarmed.

    ``organisation``: whose accounts they are, as the reviewers know it; only so much is taught about one.
    """

    name: str
    organisation: str
    until: str


class Untaught(Act, frozen=True, tag="untaught"):
    """It speaks for nothing any more."""


class Sent(Act, frozen=True, tag="sent"):
    """Something left the house on the strength of this case; ``reference`` names it."""

    what: Outgoing
    reference: str


class Recalled(Act, frozen=True, tag="recalled"):
    """What was sent was lifted, recalled or revoked."""

    reference: str


CaseAct = (
    Granted
    | Opened
    | Updated
    | Attached
    | Resurfaced
    | Receded
    | Related
    | Merged
    | Unrelated
    | Assigned
    | Started
    | Noted
    | TaskAdded
    | TaskDone
    | Held
    | Checked
    | Hypothesised
    | Weighed
    | Withdrawn
    | Proposed
    | Approved
    | Declined
    | Closed
    | Reopened
    | Taught
    | Untaught
    | Sent
    | Recalled
)
