"""Who is behind it: a person's entry among competing hypotheses, in words whose meaning is fixed and checked.

Contract: ``MEANINGS`` is what the grades mean; ``require_grade`` refuses a grade whose meaning the recorded items do
not carry, and an attribution whose items stop to carry it lapses. Software supplies items and marks them observed or
inferred; it never enters a hypothesis and never proposes a nationality.
"""

from __future__ import annotations

from msgspec.structs import replace

from stillwatch.cases.acts import Grade, Hypothesised, Weighed, Withdrawn
from stillwatch.cases.state import Case, Hypothesis, Weight
from stillwatch.cases.work import require_not_closed
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry

MEANINGS: dict[Grade, str] = {
    "likely": (
        "an item speaks for it, more items speak for it than for any competing hypothesis, and at least one competing "
        "hypothesis was written down; a reasonable person could still hold that one"
    ),
    "high confidence": (
        "at least two observed items speak for it and no observed item against it, and every competing hypothesis "
        "has an item against it"
    ),
    "observed": (
        "the operator is seen in our own records (such as a declared organisation): two observed items for it, nothing "
        "inferred, and every competing hypothesis has an observed item against it"
    ),
}


def hypothesised(case: Case, act: Hypothesised, entry: Entry) -> Case:
    require_not_closed(case)
    return _weighed_anew(replace(case, hypotheses=(*case.hypotheses, Hypothesis(f"h{entry.n}", entry.n))))


def weighed(case: Case, act: Weighed, entry: Entry) -> Case:
    require_not_closed(case)
    found = case.hypothesis(act.hypothesis)
    return _put(case, replace(found, weights=(*found.weights, Weight(entry.n, act.side, act.basis))))


def withdrawn(case: Case, act: Withdrawn, entry: Entry) -> Case:
    require_not_closed(case)
    found = case.hypothesis(act.hypothesis)
    return _put(case, replace(found, withdrawn=True))


def require_grade(case: Case, name: str, grade: Grade) -> None:
    """Refuse a grade that the recorded items do not carry."""
    chosen = case.hypothesis(name)
    rivals = [h for h in case.hypotheses if not h.withdrawn and h.name != name]
    if not rivals:
        raise RefusedError("an attribution needs at least one competing hypothesis that was written down")
    carried = {
        "likely": _count(chosen, "for") > max(_count(rival, "for") for rival in rivals),
        "high confidence": _count(chosen, "for", "observed") >= 2
        and not _count(chosen, "against", "observed")
        and all(_count(rival, "against") for rival in rivals),
        "observed": _count(chosen, "for", "observed") >= 2
        and not any(w.basis == "inferred" for w in chosen.weights)
        and not _count(chosen, "against")
        and all(_count(rival, "against", "observed") for rival in rivals),
    }
    if not carried[grade]:
        raise RefusedError(f"the items do not carry {grade!r} for {name}: it means that {MEANINGS[grade]}")


def _count(hypothesis: Hypothesis, side: str, basis: str | None = None) -> int:
    return sum(w.side == side and basis in (None, w.basis) for w in hypothesis.weights)


def _put(case: Case, changed: Hypothesis) -> Case:
    return _weighed_anew(
        replace(case, hypotheses=tuple(changed if h.name == changed.name else h for h in case.hypotheses))
    )


def _weighed_anew(case: Case) -> Case:
    """After a change: a waiting proposal rested on less and is void, an attribution that is not carried lapses."""
    case = replace(case, proposal=None)
    if case.attribution is None:
        return case
    try:
        require_grade(case, case.attribution.hypothesis, case.attribution.grade)
    except RefusedError:
        return replace(case, attribution=None)
    return case
