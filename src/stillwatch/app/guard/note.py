"""``guard note``: what a works council is told about the guard, from the register of destinations and the code.

Contract: what the product knows is written from it: kinds, actions, what a count consists of, when it goes. What only
the organisation can say (purpose, agreement, who answers) is open, and stays open until a person writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.guard.counting import LEAST_PEOPLE, STEP
from stillwatch.guard.deciding import actions
from stillwatch.guard.destinations import ACTIONS, Destinations, load_destinations
from stillwatch.guard.finding import KINDS
from stillwatch.privacy.paper import Item, Paper, Part, document

_READ = "register of destinations"
_CODE = "the product"


def works_council_note(terms: Path | None, now: datetime) -> dict[str, Any]:
    """The note as a paper."""
    register = load_destinations(terms)
    parts = (
        Part("what", "What is looked at, and what is done", "Which data, which effect", tuple(_rules(register))),
        Part("recorded", "What is recorded", "Monitoring of behaviour or performance", tuple(_recorded())),
        Part("people", "What people can see and do", "Transparency", tuple(_people())),
        Part("open", "What the organisation says", "To be agreed", tuple(_open())),
    )
    name = terms.name if terms else "the shipped examples"
    notes = ("A draft to be read together and agreed; it states what the product does and concludes nothing.",)
    title = "Note for the works council: the guard on outside AI services"
    return document(
        Paper("works-council", title, "What leaves, and what is counted", parts, {"Register": name}, notes), now
    )


def _rules(register: Destinations) -> Iterator[Item]:
    says, kinds = dict(ACTIONS), dict(KINDS)
    for entry in register.entries.values():
        done = actions(entry, register)
        lines = [f"{kinds[kind]}: {action} ({says[action]})" for kind, action in done.items() if action != "allow"]
        example = " (an example)" if entry.example else ""
        yield Item(f"To {entry.name}{example}", tuple(lines) or ("everything goes out as it is",), _READ)
    yield Item("Who decides", ("Rules written by people; a person who is coached decides for themselves.",), _CODE)


def _recorded() -> Iterator[Item]:
    yield Item(
        "While a month runs",
        (
            "By team and destination: how often a kind was allowed, redacted, coached, insisted on, or blocked.",
            "A keyed hash of each person counted, made with the month and not linkable to another month, to know how "
            "many people a number is about. It tells that somebody was counted, not for what or how often.",
        ),
        _CODE,
    )
    yield Item(
        "When it is over",
        (
            f"Published once, whole months only: teams of at least {LEAST_PEOPLE} people, smaller ones together, a "
            f"rest that is still smaller left out; numbers rounded down to {STEP}s; no sums over teams. The parts and "
            "all hashes go then, so two reports cannot be subtracted to learn about one person.",
        ),
        _CODE,
    )
    never = "Texts, what was found in them, files, names, addresses, times of day, order of events, figures by person."
    yield Item("Never", (never,), _CODE)
    log = "The guard writes no log of requests. Its metrics count requests by outcome, without people and teams."
    yield Item("Beside the counts", (log,), _CODE)


def _people() -> Iterator[Item]:
    told = "Who is coached or blocked is told at once: the kinds, the destination's own term, its source and its date."
    yield Item("At the moment", (told,), _CODE)
    own = "'stillwatch guard about-me --person NAME' shows in which running months one's hash stands, under which team."
    yield Item("At any time", (own,), _CODE)
    limit = (
        "Whoever runs the guard can see what the report shows, and during a month whether a person they name used it."
    )
    yield Item("What others can see", (limit,), _CODE)


def _open() -> Iterator[Item]:
    for label in ("Purpose", "Agreement and its date", "Who receives the monthly report", "Who answers questions"):
        yield Item(label, (), "this note", f"fill in {label.lower()}")
