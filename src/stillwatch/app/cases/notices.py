"""What a notice says, for whom: a paper made from a case, in plain words.

Contract: pure; a notice holds nothing that the case does not. Nobody but the holder of an account reads its id here.
Whoever is behind it is unknown until two people attributed it. An owner whose key was stolen is told that they are a
victim. After a retraction the same notice takes back what was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stillwatch.cases.attribution import MEANINGS
from stillwatch.cases.state import Case
from stillwatch.privacy.paper import Item, Paper, Part
from stillwatch.report.document import as_moment
from stillwatch.report.wording import count, moment, p_value, phrase, plural

UNKNOWN = "A group of accounts was flagged. Who operates it is unknown."


@dataclass(frozen=True, slots=True)
class Audience:
    """``asks``: what the reader is asked to do, or may do; ``conclusions``: whether our review is their business."""

    name: str
    title: str
    asks: tuple[str, ...]
    conclusions: bool = True


AUDIENCES: tuple[Audience, ...] = (
    Audience(
        "owner",
        "Notice to the owner of the model",
        (
            "Look for the same machinery in your own logs; indicators come as a separate file on request.",
            "Tell us of permissions to generate data that we do not know: they change the conclusion.",
            "If you suspect that a model was trained on the outputs, that is a separate test on that model.",
        ),
    ),
    Audience(
        "partner",
        "Notice to a partner",
        (
            "Look for the same machinery in your own logs; indicators come as a separate file on request.",
            "Do not act on an account for this notice alone: look at the evidence, and ask for the case bundle.",
        ),
    ),
    Audience(
        "holder",
        "Notice to the holder of an account",
        (
            "Contest it: answer this notice with what explains the traffic, such as a contract, a course or a product. "
            "A person reads it.",
            "If you hold permission to generate data, name the contract and the date from which it is valid.",
            "If your key was used by somebody else, say so and replace it: you are then the victim, not the subject.",
            "You may ask what is stored about you, and for its correction or erasure.",
        ),
        conclusions=False,
    ),
    Audience(
        "authority",
        "Notice to an authority",
        (
            "Ask for the case bundle: one signed file from which every figure can be recomputed offline.",
            "Identities of account holders are not in this notice; they need a legal basis and a separate answer.",
        ),
    ),
)


def audience_of(name: str) -> Audience:
    return next(a for a in AUDIENCES if a.name == name)


def notice(case: Case, audience: Audience, sender: str, recipient: str, holder: tuple[str, bool] | None) -> Paper:
    """The paper; ``holder``: account id of the reader and whether they are a victim, for the holder of an account."""
    facts = {"Case": case.case_id, "From": sender, "To": recipient}
    facts |= {"Account": holder[0]} if holder else {}
    subtitle = "Retracted: this takes back what we told you before." if case.retraction else f"Case {case.case_id}"
    parts = (_back(case), _asked(audience)) if case.retraction else tuple(_parts(case, audience, holder))
    notes = (
        "An alarm is a finding of software with a stated error rate. It proves nothing about a person.",
        "Country, language and nationality play no part in it.",
    )
    return Paper(f"notice-{audience.name}", audience.title, subtitle, parts, facts, notes)


def _parts(case: Case, audience: Audience, holder: tuple[str, bool] | None) -> Iterator[Part]:
    if holder is not None:
        yield Part("you", "What this has to do with you", "", (Item("Your account", (_place(holder[1]),)),))
    yield Part("seen", "What was seen", "Observed", tuple(_seen(case, holder is None)))
    yield Part("unknown", "What is not known", "Not inferred by the software", tuple(_unknown(case)))
    if audience.conclusions:
        yield Part("concluded", "What people concluded", "Entered by people", tuple(_concluded(case)))
    yield _asked(audience)


def _place(victim: bool) -> str:
    if victim:
        return (
            "Your key was probably used by somebody else: most requests of your account are its own kind, and those "
            "of the group come from the group's places. You are treated as a victim. Replace the key."
        )
    return "Requests under your account carry what a group of accounts has in common that was flagged."


def _seen(case: Case, with_size: bool) -> Iterator[Item]:
    if with_size:
        stolen = f", {count(len(case.victims))} of them owners of stolen keys" if case.victims else ""
        yield Item("Accounts", (f"{plural(len(case.members), 'account')}{stolen}",))
    for s in case.sightings.values():
        first, last = moment(as_moment(s.first_seen_at)), moment(as_moment(s.last_seen_at))
        said = [f"{count(s.exchanges)} requests and {count(s.output_tokens)} output tokens, {first} to {last} UTC"]
        said += [f"flagged at the end of the period to {moment(as_moment(s.alarmed_at))} UTC"] if s.alarmed_at else []
        if s.p_cohort is not None:
            said.append(f"a share of {p_value(s.p_cohort)} of harmless groups looks at least as much like a harvest")
        yield Item(f"Campaign {s.campaign_id}", tuple(said), f"run {s.run_id}, calibration set {s.calibration_id}")


def _unknown(case: Case) -> Iterator[Item]:
    yield Item("Who is behind it", (UNKNOWN if case.attribution is None else "See what people concluded.",))
    yield Item("What the outputs were used for", ("It cannot be seen in a log of requests.",))
    yield Item("What other providers saw", ("Only our own log was read.",))


def _concluded(case: Case) -> Iterator[Item]:
    two = "by two people" if case.disposition in ("confirmed", "benign") else "by one person"
    said = f"{case.disposition}, {two}" if case.disposition else "nothing yet; the review is open"
    yield Item("The case", (said,))
    if case.attribution is not None:
        grade = case.attribution.grade
        yield Item("Who is behind it", (f"attributed by two people, {grade}: {MEANINGS[grade]}",))
    for f in case.findings:
        yield Item(f"Terms: {phrase(f.rule)}", (f"{f.verdict}; {f.broken} of {f.accounts} accounts broke it",))


def _back(case: Case) -> Part:
    said = "The alarm was taken back by two people. Nothing that we said about it stands; undo what you did for it."
    return Part("back", "What is taken back", "", (Item(f"Case {case.case_id}", (said,)),))


def _asked(audience: Audience) -> Part:
    rows: list[Any] = [Item(f"{n}", (text,)) for n, text in enumerate(audience.asks, start=1)]
    return Part("asked", "What you can do", "", tuple(rows))
