"""The read model: what a page shows, as frozen values, shared by the report and whoever else shows campaigns.

Invariants: all text is inert (see ``document``), all times are UTC, ``None`` means not known. Numbers stay numbers:
words are made in ``wording`` and ``narrative``, pictures in ``chart``.

Deliberately not here: where values come from (``assemble``) and how they look (``render``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from stillwatch.campaigns.membership import is_doubted
from stillwatch.report.catalogue import LinkKind, Standing


@dataclass(frozen=True, slots=True)
class Gate:
    """One of the two nulls: ``strength`` against it and ``required``, both as powers of ten (log10 e, −log10 p)."""

    null: str
    strength: float | None
    required: float | None

    @property
    def passed(self) -> bool:
        return self.strength is not None and self.required is not None and self.strength >= self.required

    @property
    def limit(self) -> float | None:
        """The threshold as a probability."""
        return None if self.required is None else float(10**-self.required)

    @property
    def missing(self) -> float | None:
        """Powers of ten still lacking; 0 when passed, ``None`` when not known."""
        if self.strength is None or self.required is None:
            return None
        return max(0.0, self.required - self.strength)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test's finding: what was seen, what chance would show, and the innocent explanations weighed."""

    title: str
    null: str
    statistic: float | None
    expected: float | None
    log10_e: float | None
    observed: str
    could_be: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A member. ``role`` is member or compromised (the owner of the key is a victim).

    ``ref`` names it in an address: the scoped id, percent-encoded.
    """

    account_id: str
    membership_prob: float | None
    role: str
    exchanges: int | None
    since: datetime | None
    named_at: datetime | None
    ref: str = ""

    @property
    def compromised(self) -> bool:
        return self.role == "compromised"

    @property
    def doubted(self) -> bool:
        """Whether it was named and by what came since should not be."""
        return self.named_at is not None and is_doubted(self.membership_prob)


@dataclass(frozen=True, slots=True)
class Example:
    """A redacted request."""

    event_id: str
    redacted: str


@dataclass(frozen=True, slots=True)
class Node:
    """An account, or several that the evidence does not tell apart, with its place on the canvas."""

    name: str
    compromised: bool
    named: bool
    x: int
    y: int
    accounts: int = 1
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A link between ``nodes[a]`` and ``nodes[b]``; ``lane`` tells apart several links of one pair.

    Between bundles it stands for ``shared`` links of the kind, ``weight`` of the strongest.
    """

    a: int
    b: int
    kind: LinkKind
    weight: float
    shared: int
    population: int
    lane: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The drawn part of a campaign's links and how much there is in all; ``bundled``: nodes may be several accounts."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    accounts_total: int
    links_total: int
    kinds: tuple[tuple[LinkKind, int], ...]
    bundled: bool = False

    @property
    def by_kind(self) -> tuple[tuple[LinkKind, tuple[Edge, ...]], ...]:
        """The edges kind by kind, in the order of ``kinds``."""
        return tuple((kind, tuple(e for e in self.edges if e.kind == kind)) for kind, _ in self.kinds)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Equal steps from ``start``: requests and tokens are sums over a step, accounts the largest hour in it."""

    start: datetime
    step: timedelta
    exchanges: tuple[int, ...]
    accounts: tuple[int, ...]
    output_tokens: tuple[int, ...]

    @property
    def end(self) -> datetime:
        return self.start + self.step * len(self.exchanges)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign or watched group. ``anchor`` is safe as an HTML id."""

    anchor: str
    campaign_id: str
    state: str
    standing: Standing
    authorised: bool
    kind: str
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    proposed_at: datetime | None
    alarmed_at: datetime | None
    exchanges: int | None
    output_tokens: int | None
    log10_e: float | None
    p_cohort: float | None
    independence: Gate
    cohort: Gate
    calibration_id: str
    accounts: tuple[Account, ...]
    predecessor: str
    shared_infrastructure_with: tuple[str, ...]
    also_named_in: tuple[tuple[str, int], ...]
    kinds_of_work: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    examples: tuple[Example, ...]
    timeline: Timeline | None
    graph: Graph | None
    share_before_alarm: float | None
    why_not_alarmed: str
    score: float | None

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates that were asked: one account has nobody to depend on."""
        return (self.cohort,) if self.kind == "single" else (self.independence, self.cohort)


@dataclass(frozen=True, slots=True)
class Budget:
    """False-campaign budget of one gate: what a month may cost and what this log has cost."""

    null: str
    per_month: float | None
    spent: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The benign cohorts a p-value was compared with; it cannot go below ``floor``."""

    calibration_id: str
    cohorts: int | None
    floor: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """What the drift monitor said last: ``near`` of the ``ordinary`` groups of the window stood next to the conspicuous
    ones, ``expected`` were promised; ``since`` when levels are divided by ``factor``, ``None`` = nobody is alarmed.
    """

    statement: str
    factor: float | None
    ordinary: int | None
    near: int | None
    expected: float | None
    log10_e_unlike: float | None
    since: datetime | None
    window_days: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """What was read, with which recipe, and what it cost."""

    run_id: str
    config_hash: str
    recipe_ids: tuple[str, ...]
    exchanges: int | None
    accounts: int | None
    rejected: int | None
    rejects_by_reason: tuple[tuple[str, int], ...]
    first: datetime | None
    last: datetime | None
    budgets: tuple[Budget, ...]
    calibration: Calibration | None
    drift: Drift | None
    notes: tuple[str, ...]

    @property
    def span(self) -> timedelta | None:
        return self.last - self.first if self.first and self.last else None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a page needs; ``campaigns`` are in the order of the queue."""

    generated_at: datetime | None
    run: Run
    campaigns: tuple[Campaign, ...]

    def of(self, *standings: str) -> tuple[Campaign, ...]:
        """The campaigns of these standings, in the order of the queue."""
        return tuple(c for c in self.campaigns if c.standing.name in standings)

    @property
    def alarmed(self) -> tuple[Campaign, ...]:
        return self.of("alarmed", "provisional")

    @property
    def watched(self) -> tuple[Campaign, ...]:
        return self.of("watched", "proposed", "unknown")

    @property
    def authorised(self) -> tuple[Campaign, ...]:
        return self.of("authorised")

    @property
    def retracted(self) -> tuple[Campaign, ...]:
        return self.of("retracted")
