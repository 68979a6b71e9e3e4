"""Everything that a person may do to a case in the console: which fields a form has and which act it makes.

Contract: ``FORMS`` is the whole list. Whether a form is offered, and whether it is accepted, is not decided here but by
the rules of ``cases``: the page asks them with a sample act, and ``act_on`` asks them again with the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

import msgspec

from stillwatch.cases import acts
from stillwatch.cases.state import Case
from stillwatch.errors import ConfigurationError

MOST_TEXT, MOST_WHY = 20_000, 500


@dataclass(frozen=True, slots=True)
class Field:
    """``choices`` gives what may be chosen from; without them it is a line, or ``long`` text."""

    name: str
    label: str
    choices: Callable[[Case, Mapping[str, str]], tuple[str, ...]] | None = None
    long: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """``tag`` is the kind of act (see ``cases.acts``); ``fixed`` are fields that nobody fills in."""

    name: str
    tag: str
    label: str
    about: str
    group: str
    fields: tuple[Field, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)


def _owners(case: Case, people: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in people if name != case.owner))


def _tasks(case: Case, people: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(t.name for t in case.tasks if not t.done)


def _hypotheses(case: Case, people: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(h.name for h in case.hypotheses if not h.withdrawn)


def _to_recall(case: Case, people: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(gone.reference for gone in case.to_recall)


def _of(alias: object) -> Callable[[Case, Mapping[str, str]], tuple[str, ...]]:
    words: tuple[str, ...] = get_args(alias)
    return lambda case, people: words


_TEXT = Field("text", "Text, kept sealed", long=True)
_WHICH = Field("hypothesis", "Hypothesis", _hypotheses)

FORMS: tuple[Form, ...] = (
    Form(
        "assign",
        "assigned",
        "Set the owner",
        "who is answerable for the review",
        "Work",
        (Field("owner", "Owner", _owners),),
    ),
    Form("start", "started", "Begin the review", "the owner looks at it now", "Work"),
    Form("note", "noted", "Write a note", "kept sealed, never part of the verdict", "Work", (_TEXT,)),
    Form("task", "task-added", "Add a task", "to be done before the case is closed", "Work", (_TEXT,)),
    Form("task-done", "task-done", "Mark a task done", "", "Work", (Field("task", "Task", _tasks),)),
    Form(
        "hold",
        "held",
        "Set a legal hold",
        "nothing of the case is erased and no example expires",
        "Work",
        fixed={"on": True},
    ),
    Form("release", "held", "Release the legal hold", "", "Work", fixed={"on": False}),
    Form(
        "hypothesis",
        "hypothesised",
        "Add a hypothesis",
        "who could be behind it; an attribution needs two that compete",
        "Hypotheses",
        (_TEXT,),
    ),
    Form(
        "weigh",
        "weighed",
        "Weigh a hypothesis",
        "an item for or against it, observed or inferred",
        "Hypotheses",
        (_WHICH, Field("side", "Speaks", _of(acts.Side)), Field("basis", "Basis", _of(acts.Basis)), _TEXT),
    ),
    Form("withdraw", "withdrawn", "Give a hypothesis up", "", "Hypotheses", (_WHICH,)),
    Form(
        "confirm",
        "proposed",
        "Propose: confirmed",
        "a second person has to approve",
        "Conclude",
        fixed={"what": "confirmed"},
    ),
    Form(
        "clear", "proposed", "Propose: benign", "a second person has to approve", "Conclude", fixed={"what": "benign"}
    ),
    Form(
        "attribute",
        "proposed",
        "Propose an attribution",
        "a second person has to approve; a grade is refused where the items do not carry it",
        "Conclude",
        (_WHICH, Field("grade", "Grade", _of(acts.Grade))),
        {"what": "attribution"},
    ),
    Form(
        "retract",
        "proposed",
        "Propose to retract the alarm",
        "the same evidence never opens the case again, and what was sent has to be recalled",
        "Conclude",
        fixed={"what": "retraction"},
    ),
    Form(
        "recalled",
        "recalled",
        "Write down a recall",
        "it was lifted, recalled or revoked",
        "Conclude",
        (Field("reference", "What", _to_recall),),
    ),
    Form("close", "closed", "Close as inconclusive", "accuses nobody and clears nobody", "Conclude"),
    Form("reopen", "reopened", "Take it up again", "", "Conclude"),
    Form("approve", "approved", "Approve", "", "Decide", (Field("proposal", "Proposal"),)),
    Form("decline", "declined", "Decline", "", "Decide", (Field("proposal", "Proposal"),)),
)


def form_of(name: str) -> Form:
    found = next((f for f in FORMS if f.name == name), None)
    if found is None:
        raise ConfigurationError("there is no such form")
    return found


def act_of(form: Form, given: Mapping[str, str]) -> acts.Act:
    """The act that a filled form makes; every mistake in it at once."""
    mistakes = [f"{f.label} is missing" for f in form.fields if not given.get(f.name, "").strip()]
    if len(given.get("text", "")) > MOST_TEXT:
        mistakes.append(f"a text has at most {MOST_TEXT:,} characters")
    if not 0 < len(given.get("why", "").strip()) <= MOST_WHY:
        mistakes.append(f"a reason has 1 to {MOST_WHY} characters")
    if mistakes:
        raise ConfigurationError(*mistakes)
    body = {f.name: given[f.name] for f in form.fields if f.name != "text"}
    return _made(form, body)


def sample_of(form: Form, case: Case, people: Mapping[str, str]) -> acts.Act | None:
    """An act that the form could make now, to ask the rules with; ``None`` where there is nothing to choose."""
    body = {}
    for item in form.fields:
        if item.name == "proposal":
            body["proposal"] = str(case.proposal.n) if case.proposal else ""
        elif item.choices is not None:
            body[item.name] = next(iter(item.choices(case, people)), "")
    return _made(form, body) if all(body.values()) else None


def _made(form: Form, body: Mapping[str, str]) -> acts.Act:
    try:
        made: acts.Act = msgspec.convert({**body, **form.fixed, "kind": form.tag}, acts.CaseAct, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{form.label}: {error}") from None
    return made
