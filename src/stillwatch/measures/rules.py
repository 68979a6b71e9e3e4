"""What has to hold before a decision is written: the part that a lawyer reads.

Each rule is a function that raises ``RefusedError`` with what would help. They are asked when a decision is proposed
and again when the second person agrees, because cases, registers and policies change in between.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from stillwatch.cases.state import Case
from stillwatch.feed.catalogue import Measure, faults, measure_of, takes_two
from stillwatch.feed.shedding import MOST_RATE
from stillwatch.journal.acts import RefusedError
from stillwatch.measures.acts import PERSON, Decided, Shed
from stillwatch.measures.state import Docket

LONGEST = timedelta(days=366)
"""Nothing is permanent: what should hold for longer is decided again."""


LONGEST_EXPERIMENT = timedelta(days=31)


def needs_two(act: Decided) -> bool:
    """Whether a decision waits for a second person: enforcing anything above ``throttle``."""
    return act.mode == "enforce" and takes_two(act.measure)


def known_measure(docket: Docket, act: Decided) -> None:
    measure = _measure(act)
    if found := list(faults(measure, act.parameters)):
        raise RefusedError("; ".join(found))


def a_known_tier(docket: Docket, act: Decided) -> None:
    names = [tier.name for tier in docket.tiers.tiers] if docket.tiers else []
    if act.measure == "release-tier" and act.parameters.tier not in names:
        known = ", ".join(names) or "none; 'stillwatch decide tiers' proposes a table"
        raise RefusedError(f"no tier {act.parameters.tier!r} in the table of release tiers: {known}")


def an_end(docket: Docket, act: Decided) -> None:
    _within(act, LONGEST)


def _within(act: Decided | Shed, longest: timedelta) -> None:
    try:
        starts, expires = datetime.fromisoformat(act.starts_at), datetime.fromisoformat(act.expires_at)
    except ValueError as error:
        raise RefusedError(f"a decision has a start and an end: {error}") from None
    if not starts < expires <= starts + longest:
        raise RefusedError(f"a decision ends after it starts, within {longest.days} days; decide it again then")


def somebody(docket: Docket, act: Decided) -> None:
    if not act.hit:
        raise RefusedError("the decision would hit nobody: there is no account or key in its scope that is not spared")


def a_case_that_stands(docket: Docket, act: Decided) -> None:
    """A campaign is acted on through its case, and a case that was taken back carries nothing."""
    if act.scope == "campaign" and act.case_id is None:
        raise RefusedError(f"campaign {act.whom} is in no case; run 'stillwatch case open' first")
    if act.case_id is None:
        return
    case = docket.desk.standing_in(act.case_id) or docket.desk.case(act.case_id)
    if act.scope == "campaign" and act.whom not in case.sightings:
        raise RefusedError(f"campaign {act.whom} is not in {act.case_id}")
    if (over := no_ground(case)) is not None:
        raise RefusedError(f"{act.case_id} {over}; nothing is decided on its strength")


def whole_campaigns(docket: Docket, act: Decided) -> None:
    """Piecemeal closing only teaches the operator, and an owner whose key was stolen is a victim."""
    if act.scope not in ("account", "organisation") or act.mode == "observe" or act.origin != PERSON:
        return
    if act.measure in ("observe", "require-verification"):
        return
    for case in docket.desk.cases.values():
        if case.merged_into is None and no_ground(case) is None and set(act.hit) & set(case.members):
            names = ", ".join(case.sightings)
            raise RefusedError(
                f"accounts of {case.case_id} are acted on together, not one by one: decide for the campaign "
                f"({names}), or for the key if an owner is a victim"
            )


def nothing_covert(docket: Docket, act: Decided) -> None:
    """What a customer cannot notice exists only behind a written disclosure policy."""
    covert = _measure(act).covert or not act.announced
    if covert and act.mode == "enforce" and docket.disclosure is None:
        raise RefusedError(
            f"{act.measure} would not be noticed by those it hits; that takes a written disclosure policy: "
            "'stillwatch decide disclose FILE'"
        )


def policy_only_watches(docket: Docket, act: Decided) -> None:
    if act.origin != PERSON and act.mode != "observe":
        raise RefusedError("a rule of the policy stage only observes; a person enforces")


RULES: tuple[Callable[[Docket, Decided], None], ...] = (
    known_measure,
    a_known_tier,
    an_end,
    somebody,
    a_case_that_stands,
    whole_campaigns,
    nothing_covert,
    policy_only_watches,
)


def require_experiment(docket: Docket, act: Shed) -> None:
    """Customers were told, the rate is small, it ends, and who pays for being served is spared."""
    if not 0 < act.rate <= MOST_RATE:
        raise RefusedError(f"the rate of a shedding experiment is above 0 and at most {MOST_RATE:.0%}")
    _within(act, LONGEST_EXPERIMENT)
    if docket.disclosure is None or docket.disclosure.sha256 != act.disclosure or not act.terms.strip():
        raise RefusedError(
            "customers have to be told that a few requests are refused at random: register the text with "
            "'stillwatch decide disclose FILE' and name the place in it with --terms"
        )
    known = [tier.name for tier in docket.tiers.tiers] if docket.tiers else []
    if unknown := [name for name in act.spared_tiers if name not in known]:
        raise RefusedError(f"no tier {', '.join(unknown)} in the table of release tiers: {', '.join(known) or 'none'}")


def require(docket: Docket, act: Decided) -> None:
    """Raise the first rule that does not hold."""
    for rule in RULES:
        rule(docket, act)


def no_ground(case: Case) -> str | None:
    """Why a case carries no decision, in words; ``None`` where it does."""
    if case.retraction is not None:
        return "was retracted"
    if case.state == "closed" and case.disposition == "benign":
        return "was closed as benign"
    return None


def _measure(act: Decided) -> Measure:
    found = measure_of(act.measure)
    if found is None:
        raise RefusedError(f"no measure {act.measure!r}")
    return found
