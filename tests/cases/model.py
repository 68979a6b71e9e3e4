"""The rules of a case said a second time, as plainly as possible, and random acts to try both on.

The model keeps booleans and counts, knows nothing of entries, slots or structs, and answers one question: may this
person do this now? If it says yes it changes itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from stillwatch.cases import acts
from stillwatch.cases.acts import Act, Finding, Sighting
from stillwatch.cases.state import Case, Desk

STAFF = {"vic": "viewer", "ana": "analyst", "bob": "analyst", "app": "approver", "apo": "approver", "adm": "admin"}
SOON = "2026-06-01T00:00:00.000Z"
_RANK = ["nobody", "viewer", "analyst", "approver", "admin"]


def sighting(campaign: str = "c-aaaaaa", run: str = "r-1", **changes: object) -> Sighting:
    values: dict[str, object] = {
        "campaign_id": campaign,
        "run_id": run,
        "kind": "coordinated",
        "seen": "alarmed",
        "first_seen_at": "2026-03-01T00:00:00Z",
        "last_seen_at": "2026-03-02T00:00:00Z",
        "alarmed_at": "2026-03-01T12:00:00Z",
        "exchanges": 100,
        "output_tokens": 1000,
        "p_cohort": 0.0004,
        "calibration_id": "cal-1",
        "tests": {"independence/co-use": 12.0, "cohort/grading": 1.5},
    }
    return Sighting(**{**values, **changes})  # type: ignore[arg-type]


@dataclass
class Plain:
    """One case as a person would describe it."""

    state: str = "open"
    disposition: str | None = None
    owner: str | None = None
    hold: bool = False
    retracted: bool = False
    tasks: dict[str, bool] = field(default_factory=dict)
    checked: bool = False
    proposal: tuple[int, str, str, str | None, str | None] | None = None
    hypotheses: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    attribution: tuple[str, str] | None = None
    out: dict[str, bool] = field(default_factory=dict)
    taught: bool = False

    def may(self, who: str, act: Act, n: int) -> bool:
        """Whether the act goes through; if so it is done."""
        role = STAFF.get(who, "nobody")
        signed = acts.Approved | acts.Declined | acts.Held | acts.Taught | acts.Untaught
        least = "approver" if isinstance(act, signed) else "analyst"
        if _RANK.index(role) < _RANK.index(least):
            return False
        name = "_" + type(act).__name__.lower()
        return bool(getattr(self, name)(act, who, n))

    def _assigned(self, act: acts.Assigned, who: str, n: int) -> bool:
        ok = self.state != "closed" and act.owner != self.owner
        if ok:
            self.owner = act.owner
        return ok

    def _started(self, act: acts.Started, who: str, n: int) -> bool:
        ok = self.state == "open" and self.owner is not None
        if ok:
            self.state = "in review"
        return ok

    def _noted(self, act: acts.Noted, who: str, n: int) -> bool:
        return True

    def _taskadded(self, act: acts.TaskAdded, who: str, n: int) -> bool:
        if self.state == "closed":
            return False
        self.tasks[f"t{n}"] = False
        return True

    def _taskdone(self, act: acts.TaskDone, who: str, n: int) -> bool:
        ok = self.state != "closed" and self.tasks.get(act.task) is False
        if ok:
            self.tasks[act.task] = True
        return ok

    def _held(self, act: acts.Held, who: str, n: int) -> bool:
        ok = self.hold != act.on
        self.hold = act.on
        return ok

    def _checked(self, act: acts.Checked, who: str, n: int) -> bool:
        if self.state == "closed":
            return False
        self.checked, self.proposal = True, None
        return True

    def _hypothesised(self, act: acts.Hypothesised, who: str, n: int) -> bool:
        if self.state == "closed":
            return False
        self.hypotheses[f"h{n}"] = []
        self._lapse()
        return True

    def _weighed(self, act: acts.Weighed, who: str, n: int) -> bool:
        if self.state == "closed" or act.hypothesis not in self.hypotheses:
            return False
        self.hypotheses[act.hypothesis].append((act.side, act.basis))
        self._lapse()
        return True

    def _withdrawn(self, act: acts.Withdrawn, who: str, n: int) -> bool:
        if self.state == "closed" or act.hypothesis not in self.hypotheses:
            return False
        del self.hypotheses[act.hypothesis]
        self._lapse()
        return True

    def _lapse(self) -> None:
        self.proposal = None
        if self.attribution and not self._carried(*self.attribution):
            self.attribution = None

    def _carried(self, name: str, grade: str) -> bool:
        if name not in self.hypotheses or len(self.hypotheses) < 2:
            return False
        mine = self.hypotheses[name]
        rivals = [items for other, items in self.hypotheses.items() if other != name]
        seen_for = mine.count(("for", "observed"))
        everything_for = seen_for + mine.count(("for", "inferred"))
        if grade == "likely":
            best = max(sum(side == "for" for side, _ in items) for items in rivals)
            return everything_for > best
        if grade == "high confidence":
            return (
                seen_for >= 2
                and ("against", "observed") not in mine
                and all(any(side == "against" for side, _ in items) for items in rivals)
            )
        return (
            set(mine) == {("for", "observed")} and seen_for >= 2 and all(("against", "observed") in r for r in rivals)
        )

    def _proposed(self, act: acts.Proposed, who: str, n: int) -> bool:
        undone = not all(self.tasks.values())
        allowed = {
            "confirmed": self.state == "in review" and not undone and self.checked,
            "benign": self.state == "in review" and not undone,
            "retraction": not self.retracted,
            "attribution": self.state != "closed"
            and act.hypothesis is not None
            and act.grade is not None
            and self._carried(act.hypothesis, act.grade),
        }[act.what]
        if self.proposal is not None or not allowed:
            return False
        self.proposal = (n, who, act.what, act.hypothesis, act.grade)
        return True

    def _approved(self, act: acts.Approved, who: str, n: int) -> bool:
        if self.proposal is None or self.proposal[0] != act.proposal or self.proposal[1] == who:
            return False
        _, _, what, hypothesis, grade = self.proposal
        self.proposal = None
        if what == "attribution":
            assert hypothesis is not None and grade is not None
            self.attribution = (hypothesis, grade)
            return True
        self.state, self.taught = "closed", False
        self.retracted = what == "retraction"
        self.disposition = None if self.retracted else what
        if self.retracted:
            self.attribution = None
        return True

    def _declined(self, act: acts.Declined, who: str, n: int) -> bool:
        if self.proposal is None or self.proposal[0] != act.proposal:
            return False
        self.proposal = None
        return True

    def _closed(self, act: acts.Closed, who: str, n: int) -> bool:
        if self.state != "in review":
            return False
        self.state, self.disposition, self.proposal = "closed", "inconclusive", None
        return True

    def _taught(self, act: acts.Taught, who: str, n: int) -> bool:
        ok = self.disposition == "benign" and act.until == SOON
        self.taught = self.taught or ok
        return ok

    def _untaught(self, act: acts.Untaught, who: str, n: int) -> bool:
        before, self.taught = self.taught, False
        return before

    def _up(self) -> None:
        if self.state == "closed":
            self.state, self.disposition, self.retracted, self.taught = "open", None, False, False
        self.proposal = None

    def _reopened(self, act: acts.Reopened, who: str, n: int) -> bool:
        if self.state != "closed":
            return False
        self._up()
        return True

    def _resurfaced(self, act: acts.Resurfaced, who: str, n: int) -> bool:
        self._up()
        return True

    def _updated(self, act: acts.Updated, who: str, n: int) -> bool:
        return True

    def _sent(self, act: acts.Sent, who: str, n: int) -> bool:
        if act.reference in self.out or (self.retracted and act.what != "bundle"):
            return False
        self.out[act.reference] = True
        return True

    def _recalled(self, act: acts.Recalled, who: str, n: int) -> bool:
        if not self.out.get(act.reference):
            return False
        self.out[act.reference] = False
        return True


def draw_act(rng: Random, desk: Desk, case_id: str) -> tuple[str, Act]:
    """A person and an act: often one that leads on, so that sequences go deep, else anything at all."""
    case = desk.cases[case_id]
    return _onward(rng, case) if rng.random() < 0.45 else _anything(rng, case)


def _onward(rng: Random, case: Case) -> tuple[str, Act]:
    if case.proposal is not None:
        return rng.choice(["app", "apo", "adm"]), acts.Approved(case.proposal.n)
    if case.disposition == "benign" and rng.random() < 0.5:
        return "app", acts.Untaught() if case.taught and rng.random() < 0.3 else acts.Taught("a", "b", SOON)
    if case.state == "closed":
        return "ana", rng.choice([acts.Reopened(), acts.Resurfaced(sighting(run="r-2"), (), ("it grew",))])
    standing = [h.name for h in case.hypotheses if not h.withdrawn]
    if len(standing) < 2:
        return "bob", acts.Hypothesised()
    choices: list[Act] = [
        acts.Weighed(standing[0], "for", "observed"),
        acts.Weighed(standing[0], "for", "observed"),
        *(acts.Weighed(rival, "against", "observed") for rival in standing[1:]),
        acts.Proposed("attribution", standing[0], rng.choice(["observed", "likely", "high confidence"])),
    ]
    undone = [acts.TaskDone(t.name) for t in case.tasks if not t.done]
    if case.owner is None:
        choices.append(acts.Assigned("ana"))
    elif case.state == "open":
        choices.append(acts.Started())
    elif not case.findings:
        choices.append(acts.Checked((Finding("data generation", "broken", 3, 2, 0),)))
    else:
        choices += undone or [acts.Proposed("confirmed"), acts.Proposed("benign")]
    return rng.choice(["ana", "bob", "app"]), rng.choice(choices)


def _anything(rng: Random, case: Case) -> tuple[str, Act]:
    tasks = [t.name for t in case.tasks] or ["t0"]
    names = [h.name for h in case.hypotheses] or ["h0"]
    waiting = case.proposal.n if case.proposal else 0
    out = [o.reference for o in case.outgoing] or ["nothing"]
    who = rng.choice([*STAFF, "stranger"] if rng.random() < 0.2 else ["ana", "bob", "app", "apo", "adm"])
    reference = f"ref-{rng.randrange(4)}"
    hypothesis = rng.choice(names)
    what = rng.choice(["confirmed", "benign", "retraction", "attribution", "attribution"])
    grade = rng.choice(["observed", "likely", "high confidence"]) if what == "attribution" else None
    named = hypothesis if what == "attribution" else None
    likely: list[Act] = [
        acts.Assigned(rng.choice(["ana", "bob"])),
        acts.Started(),
        acts.Noted(),
        acts.TaskDone(rng.choice(tasks)),
        acts.Checked((Finding("data generation", "broken", 3, 2, 0),)),
        acts.Hypothesised(),
        acts.Weighed(hypothesis, rng.choice(["for", "against"]), rng.choice(["observed", "observed", "inferred"])),
        acts.Proposed(what, named, grade),  # type: ignore[arg-type]
        acts.Approved(waiting),
        acts.Approved(waiting),
        acts.Sent(rng.choice(["decision", "notice", "indicators", "bundle"]), reference),
        acts.Recalled(rng.choice(out)),
        acts.Reopened(),
    ]
    rare: list[Act] = [
        acts.TaskAdded(),
        acts.Held(rng.random() < 0.5),
        acts.Withdrawn(hypothesis),
        acts.Declined(waiting),
        acts.Closed(),
        acts.Resurfaced(sighting(run="r-2"), ("s-new",), ("it grew",)),
        acts.Updated(sighting(run="r-3"), ()),
        acts.Approved(waiting + 1),
        acts.Taught("a course", "a university", rng.choice([SOON, "2029-01-01T00:00:00.000Z", "soon"])),
        acts.Untaught(),
    ]
    return who, rng.choice(rare if rng.random() < 0.25 else likely)
