"""Request facts and decisions in, verdict out: no clock, no socket, no format.

Contract: per measure the strictest live decision counts; measures do not outweigh one another, they add up. Decisions
in observe mode change nothing and are named. Refusals come hardest first: suspension, verification, release, rate. A
request that is refused is not edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stillwatch.feed.decision import REASONING, Parameters, Reasoning, Terms
from stillwatch.feed.limiter import Limiter
from stillwatch.feed.tiers import Tier, Tiers


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as far as measures care. ``export``: files of a fine-tuning job.

    ``models``: those of the requests that a batch holds in itself.
    """

    model: str | None = None
    batch: bool = False
    export: bool = False
    logprobs: bool = False
    choices: int = 1
    max_tokens: int | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not let through; ``code`` is for programs."""

    status: int
    code: str
    message: str
    decision_id: str | None = None
    appeal: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The models that a caller gets, and what is said of any other."""

    tier: Tier
    refusal: Refusal

    def refused(self, models: Iterable[str]) -> Refusal | None:
        return None if all(map(self.tier.releases, models)) else self.refusal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a request. ``limits``: what is edited; ``applied``: announced decisions that touch it.

    ``silent``: decisions that touch it under a disclosure policy; ``observed``: those that only watch. ``released``:
    where there are tiers, for requests inside this one that are not there yet.
    """

    refusal: Refusal | None = None
    limits: Parameters | None = None
    mark: str | None = None
    applied: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    released: Released | None = None

    @property
    def reasoning(self) -> Reasoning:
        return (self.limits and self.limits.reasoning) or "shown"


PASS = Verdict()
_SUSPENDED = "This account is suspended."
_UNVERIFIED = "This account has to be verified before it can go on."
_NOT_RELEASED = "This model is not released to this account."
_NO_BATCH = "Batches are not available to this account."
_NO_EXPORT = "Fine-tuning files cannot be exported by this account."
_TOO_MANY = "Too many requests for this account."


def judge(
    asked: Asked,
    decisions: Sequence[Terms],
    now: float,
    limiter: Limiter,
    who: str,
    tiers: Tiers | None,
    tier: str | None,
) -> Verdict:
    """The verdict on one request of ``who``, whose live decisions are given."""
    if not decisions and tiers is None:
        return PASS
    enforced = [t for t in decisions if t.enforce]
    by_measure = {name: [t for t in enforced if t.measure == name] for name in {t.measure for t in enforced}}
    lowered = _lowest(by_measure.get("release-tier", ()), tiers)
    released = _released(tiers, tier, lowered)
    limits = merged([t.parameters for t in by_measure.get("limit", ())] + ([released.tier.limits] if released else []))
    observed = tuple(t.decision_id for t in decisions if not t.enforce)
    refusal = (
        _outright(by_measure)
        or _unreleased(asked, released, lowered, limits, by_measure.get("limit", ()))
        or _throttled(by_measure.get("throttle", ()), now, limiter, who)
    )
    if refusal is not None:
        return Verdict(refusal, observed=observed)
    marks = sorted(by_measure.get("mark", ()), key=lambda t: t.decision_id)
    touching = [*by_measure.get("limit", ()), *([lowered] if lowered else ()), *marks[:1]]
    return Verdict(
        None,
        limits,
        marks[0].parameters.mark_id if marks else None,
        tuple(t.decision_id for t in touching if t.announced),
        tuple(t.decision_id for t in touching if not t.announced),
        observed,
        released,
    )


def merged(limits: Iterable[Parameters]) -> Parameters | None:
    """The strictest of several limits, field by field; ``None`` where nothing is limited."""
    found = list(limits)
    reasoning = max((p.reasoning for p in found if p.reasoning), key=REASONING.index, default=None)
    both = Parameters(
        logprobs=False if any(p.logprobs is False for p in found) else None,
        max_choices=min((p.max_choices for p in found if p.max_choices is not None), default=None),
        max_tokens=min((p.max_tokens for p in found if p.max_tokens is not None), default=None),
        reasoning=reasoning if reasoning != "shown" else None,
        batch=False if any(p.batch is False for p in found) else None,
    )
    return both if both != Parameters() else None


def _outright(by_measure: dict[str, list[Terms]]) -> Refusal | None:
    for measure, code, message in (
        ("suspend", "account_suspended", _SUSPENDED),
        ("require-verification", "verification_required", _UNVERIFIED),
    ):
        if held := by_measure.get(measure):
            last = max(held, key=lambda t: (t.expires, t.decision_id))
            return Refusal(403, code, message, last.decision_id, last.appeal)
    return None


def _released(tiers: Tiers | None, tier: str | None, lowered: Terms | None) -> Released | None:
    if tiers is None:
        return None
    id_, appeal = (lowered.decision_id, lowered.appeal) if lowered else (None, "")
    refusal = Refusal(403, "model_not_released", _NOT_RELEASED, id_, appeal)
    return Released(tiers.tier_of(tier, lowered.parameters.tier if lowered else None), refusal)


def _unreleased(
    asked: Asked, released: Released | None, lowered: Terms | None, limits: Parameters | None, limiting: Sequence[Terms]
) -> Refusal | None:
    wanted = asked.models if asked.model is None else (asked.model, *asked.models)
    if released is not None and (refusal := released.refused(wanted)):
        return refusal
    if released is not None and asked.export and not released.tier.fine_tuning_export:
        return replace(released.refusal, code="export_not_released", message=_NO_EXPORT)
    if asked.batch and limits is not None and limits.batch is False:
        by = next((t for t in limiting if t.parameters.batch is False), lowered)
        return Refusal(403, "batch_not_released", _NO_BATCH, by.decision_id if by else None, by.appeal if by else "")
    return None


def _throttled(held: Sequence[Terms], now: float, limiter: Limiter, who: str) -> Refusal | None:
    if not held:
        return None
    strictest = min(held, key=lambda t: (t.parameters.requests_per_minute or 0.0, t.decision_id))
    wait = limiter.wait(who, strictest, now)
    if wait <= 0:
        return None
    return Refusal(429, "throttled", _TOO_MANY, strictest.decision_id, strictest.appeal, int(-(-wait // 1)))


def _lowest(held: Sequence[Terms], tiers: Tiers | None) -> Terms | None:
    """The decision that lowers the tier most."""
    if not held or tiers is None:
        return None
    order = {tier.name: place for place, tier in enumerate(tiers.tiers)}
    return min(held, key=lambda t: (order.get(t.parameters.tier or "", 0), t.decision_id))
