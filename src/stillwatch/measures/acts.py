"""Everything that can be written about measures, as types; the journal's entry around an act says who, when and why.

Accounts, keys and organisations stand in an act as the journal's pseudonyms; who they are is sealed in the entry's
boxes (``Named``). Acts are only added to: an old journal has to be read for ever.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stillwatch.feed.decision import Mode, Parameters, Scope, Unreachable
from stillwatch.feed.tiers import Tiers

ScopeKind = Literal["campaign", "organisation", "account", "key"]
BenignKind = Literal["evaluator", "university", "aggregator", "licensed generator", "own monitor", "safety researcher"]
BENIGN_KINDS: tuple[BenignKind, ...] = (
    "evaluator",
    "university",
    "aggregator",
    "licensed generator",
    "own monitor",
    "safety researcher",
)
PERSON = "person"
"""Origin of what a person decided; a rule of the policy stage is ``policy:`` and its name."""


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed about whom a decision hits: an account, a key (its hash) or an organisation."""

    kind: str
    value: str
    tenant_id: str | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.kind, self.value, self.tenant_id)


class Shown(msgspec.Struct, frozen=True):
    """The preview as it stood when the decision was proposed: what the second person agrees to.

    ``requests`` of those hit in the replayed log, of which ``refused`` would have been refused, ``edited`` changed.
    """

    accounts: int = 0
    declared: int = 0
    verified: int = 0
    exempt: int = 0
    victims: int = 0
    evidence_share: float | None = None
    replayed: bool = False
    requests: int = 0
    refused: int = 0
    edited: int = 0
    first: str | None = None
    last: str | None = None


class MeasureAct(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of all acts."""


class Decided(MeasureAct, frozen=True, tag="decided"):
    """A measure for a scope. ``whom``: the campaign's id or a pseudonym; ``hit``: pseudonyms of accounts and keys.

    Enforcing what takes two people waits for the second one; everything else holds at once.
    """

    scope: ScopeKind
    whom: str
    hit: tuple[str, ...]
    measure: str
    parameters: Parameters
    mode: Mode
    starts_at: str
    expires_at: str
    on_unreachable: Unreachable
    shown: Shown
    origin: str = PERSON
    case_id: str | None = None
    evidence: tuple[str, ...] = ()
    appeal: str = ""
    announced: bool = True
    follows: str | None = None
    """The decision of whose campaign these accounts came later."""


class Tiered(MeasureAct, frozen=True, tag="tiered"):
    """Another table of release tiers, or none; it waits for the second person."""

    tiers: Tiers | None


class Agreed(MeasureAct, frozen=True, tag="agreed"):
    """The second person agrees to what was proposed in entry ``proposal``: it holds from now on."""

    proposal: int


class Declined(MeasureAct, frozen=True, tag="declined"):
    proposal: int


class Lifted(MeasureAct, frozen=True, tag="lifted"):
    """A decision ends before its time."""

    decision_id: str
    origin: str = PERSON


class Exempted(MeasureAct, frozen=True, tag="exempted"):
    """An entry of the known-benign register: decisions spare ``whom``, evidence does not change."""

    whom: str
    what: BenignKind
    owner: str
    review_at: str


class Unexempted(MeasureAct, frozen=True, tag="unexempted"):
    whom: str


class Disclosed(MeasureAct, frozen=True, tag="disclosed"):
    """The written policy that discloses unannounced measures, by the hash of its text; an empty one ends it."""

    title: str
    sha256: str


class Shed(MeasureAct, frozen=True, tag="shed"):
    """A shedding experiment; it waits for the second person. ``terms``: where customers were told of it.

    ``disclosure`` is the hash of the policy that ``terms`` is about, ``key_sha256`` binds the key of the coin before
    anybody could know which requests it would choose.
    """

    rate: float
    starts_at: str
    expires_at: str
    terms: str
    disclosure: str
    key_sha256: str
    spared_tiers: tuple[str, ...] = ()


class Unshed(MeasureAct, frozen=True, tag="unshed"):
    """The experiment ends before its time; one person is enough to stop."""


AnyAct = Decided | Tiered | Shed | Unshed | Agreed | Declined | Lifted | Exempted | Unexempted | Disclosed
