"""Use cases: propose, agree, lift, exempt, release; each ends with the feed as the journal now wants it.

What goes out on the strength of a case is written into the case too, so that a retraction lists what has to be lifted;
the policy stage (``measures.policy``) then lifts it. With ``dry_run`` everything is checked and nothing is written.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from stillwatch import inert
from stillwatch.app.cases.desk import Actor
from stillwatch.app.measures.coin import bound, key_of
from stillwatch.app.measures.desk import Session, at_work, sealed, subject_of
from stillwatch.app.measures.preview import drafted, told
from stillwatch.app.measures.publishing import publish
from stillwatch.app.measures.request import DecisionRequest, ExperimentRequest, Preview, Published
from stillwatch.cases.acts import Recalled, Sent
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.feed.decision import iso
from stillwatch.feed.tiers import Tiers
from stillwatch.feed.tiers import faults as tier_faults
from stillwatch.journal.entry import Entry
from stillwatch.measures import acts, policy
from stillwatch.measures.state import Standing, decision_id

REDIS = "STILLWATCH_FEED_REDIS"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where, who, when, and to which feed; ``why`` stands in the journal."""

    store: Path
    feed: Path
    actor: Actor
    now: datetime
    why: str
    dry_run: bool = False
    redis: str | None = field(default_factory=lambda: os.environ.get(REDIS) or None, repr=False)
    """A Redis server that the feed is copied to; whichever door somebody acts by, it is told."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was written (or would be), and what the feed was brought to."""

    entries: tuple[Entry, ...]
    published: Published | None
    preview: Preview | None = None


def propose(desk: Desk, request: DecisionRequest) -> Done:
    """Write a decision; if it takes two people it waits, else it holds."""
    previews: list[Preview] = []

    def work(session: Session) -> None:
        draft = drafted(session.sight, request, desk.now)
        previews.append(told(draft))
        private = sealed([*draft.reach.hit.items(), *draft.reach.aside.items()])
        session.do(decision_id(session.next_n), draft.act, desk.why, private)

    done = _worked(desk, work)
    return Done(done.entries, done.published, previews[0])


def agree(desk: Desk, name: str) -> Done:
    """The second person agrees to a waiting decision, or to waiting tiers."""
    return _worked(desk, lambda session: session.do(name, acts.Agreed(_number(name)), desk.why))


def decline(desk: Desk, name: str) -> Done:
    return _worked(desk, lambda session: session.do(name, acts.Declined(_number(name)), desk.why))


def lift(desk: Desk, name: str) -> Done:
    """End a decision before its time."""
    return _worked(desk, lambda session: session.do(name, acts.Lifted(name), desk.why))


def release(desk: Desk, path: Path | None) -> Done:
    """Propose another table of release tiers; ``None`` proposes to have none."""
    table = None if path is None else read_tiers(path)
    return _worked(desk, lambda session: session.do(decision_id(session.next_n), acts.Tiered(table), desk.why))


def shed(desk: Desk, request: ExperimentRequest) -> Done:
    """Propose to refuse a small share of requests by the keyed coin; somebody else has to agree."""

    def work(session: Session) -> None:
        name, policy = decision_id(session.next_n), session.docket.disclosure
        times = (iso(request.starts_at), iso(request.expires_at))
        digest = policy.sha256 if policy else ""
        key = bound(key_of(desk.store, name))
        act = acts.Shed(request.rate, *times, request.terms, digest, key, request.spared_tiers)
        session.do(name, act, desk.why)

    return _worked(desk, work)


def stop_shedding(desk: Desk) -> Done:
    """End the experiment that runs; one person is enough."""
    return _worked(desk, lambda session: session.do("shedding", acts.Unshed(), desk.why))


def disclose(desk: Desk, path: Path | None) -> Done:
    """Register the written policy that discloses unannounced measures; ``None`` ends it."""
    act = acts.Disclosed("", "") if path is None else acts.Disclosed(path.name, _digest(path))
    return _worked(desk, lambda session: session.do("disclosure", act, desk.why))


def exempt(desk: Desk, named: acts.Named, what: acts.BenignKind, owner: str, review_at: str) -> Done:
    """Enter an account or a key into the known-benign register."""

    def work(session: Session) -> None:
        subject = subject_of(session.journal.subjects, named)
        session.do("benign", acts.Exempted(subject, what, owner, review_at), desk.why, sealed([(subject, named)]))

    return _worked(desk, work)


def unexempt(desk: Desk, named: acts.Named) -> Done:
    def work(session: Session) -> None:
        session.do("benign", acts.Unexempted(subject_of(session.journal.subjects, named)), desk.why)

    return _worked(desk, work)


def bring(desk: Desk, *, anew: bool = False) -> Done:
    """Let the policy stage work and bring the feed to the journal."""
    return _worked(desk, lambda session: None, anew=anew)


def read_tiers(path: Path) -> Tiers:
    """A table of tiers from TOML."""
    try:
        table = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Tiers)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(
            f"tiers {path}: {inert.text(str(error))}. A file of tiers has 'default' and a [[tiers]] table for each, "
            "the least trusted first; see docs/how-to/decide-on-measures.md."
        ) from None
    if found := list(tier_faults(table)):
        raise ConfigurationError(*(f"tiers {path}: {fault}" for fault in found))
    return table


def _worked(desk: Desk, work: Callable[[Session], object], *, anew: bool = False) -> Done:
    with at_work(desk.store, desk.actor, desk.now, dry_run=desk.dry_run) as session:
        before = session.docket.decisions
        work(session)
        _follow_policy(session)
        _tell_cases(session, before)
        # The lock is still held: no other change can come between journal and feed.
        published = None if desk.dry_run else publish(session.sight, desk.feed, desk.now, redis=desk.redis, anew=anew)
        return Done(tuple(session.done), published)


def _follow_policy(session: Session) -> None:
    for following in list(policy.following(session.docket, session.now)):
        if isinstance(following.act, acts.Lifted):
            session.do(following.act.decision_id, following.act, following.why)
            continue
        accounts = session.sight.cases.accounts(following.act.case_id or "")
        names = {
            subject: acts.Named("account", account.account_id, account.tenant_id)
            for subject, account in accounts.items()
            if account is not None and subject in following.act.hit
        }
        if names:
            act = replace(following.act, hit=tuple(names))
            session.do(decision_id(session.next_n), act, following.why, sealed(names.items()))


def _tell_cases(session: Session, before: dict[str, Standing]) -> None:
    """Write into each case what went out on its strength, and what was called back."""
    for name, standing in session.docket.decisions.items():
        was = before[name].state if name in before else "waiting"
        case = session.docket.desk.standing_in(standing.act.case_id or "")
        if case is None or was == standing.state:
            continue
        if standing.state == "standing":
            session.do(case.case_id, Sent("decision", name), f"{standing.act.measure}, {standing.act.mode}")
        elif was == "standing" and any(o.reference == name and not o.recalled for o in case.outgoing):
            session.do(case.case_id, Recalled(name), f"{name} is {standing.state}")


def _number(name: str) -> int:
    digits = name.removeprefix("d-")
    if not digits.isdigit():
        raise ConfigurationError(f"{inert.text(name)} is no decision: they are named as in d-17")
    return int(digits)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}. Name the file that holds the policy."
        ) from error
