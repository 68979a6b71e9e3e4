"""Topics of the papers that weigh: what the organisation says, and what the product brings against each risk.

Contract: like ``parts``. What the product does is said of the product; whether that is enough is left to the register.
"""

from __future__ import annotations

from collections.abc import Iterator

from stillwatch.privacy.paper import Item, item
from stillwatch.privacy.register import Register, words
from stillwatch.privacy.running import Running
from stillwatch.privacy.schema import LEVELS

PRODUCT = "part of the product"
_OWN_RISKS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "",
        "somebody harmless is taken for part of a campaign",
        (
            "every alarm is paid for from a budget of expected false campaigns a month, and carries its figures",
            "a group must be coordinated and unlike harmless groups; coordination alone accuses nobody",
            "nothing acts on an account: a person decides, and measures expire",
        ),
    ),
    (
        "",
        "people are treated worse for their country, language or plan",
        (
            "no score reads country, language, script or the hour of the day",
            "'stillwatch privacy fairness' shows rates with intervals and what the scores read",
        ),
    ),
    (
        "",
        "what people wrote becomes known",
        (
            "texts become keyed hashes when a log is read, and are not kept",
            "the few excerpts in a report are redacted and expire",
        ),
    ),
    (
        "",
        "pseudonyms are traced back",
        ("they are made with a key that is never printed; the key is rotated and then forgotten",),
    ),
    (
        "cases",
        "an accusation outlives its reason",
        ("a case holds what was decided and why; names in it are sealed, and an erasure destroys their key",),
    ),
    (
        "guard",
        "staff are watched by what they write",
        (
            "no text, no time of day and no person is kept; counts are by team and month, of groups of ten and more",
            "'stillwatch guard about-me' shows everybody what stands there",
        ),
    ),
)


def interest(register: Register, running: Running) -> Iterator[Item]:
    """The interest pursued, and what is done for it."""
    row = register.one("assessment")
    yield item("Interest", row.text("interest"), row.where("interest"))
    for name, how in running.activities().items():
        yield item(f"What is done for it: {name}", how, "running configuration")


def necessity(register: Register, running: Running) -> Iterator[Item]:
    """Why it is needed, and what would be milder."""
    row = register.one("assessment")
    yield item("Necessity", row.text("necessity"), row.where("necessity"))
    yield item("Milder means", row.text("alternatives"), row.where("alternatives"))
    own = (
        "prompts are read once and not kept; what is compared are keyed hashes",
        "only groups beyond a budgeted threshold are shown by name",
    )
    yield item("Least data", own, PRODUCT)


def expectations(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("assessment")
    yield item("What people may expect", row.text("expectations"), row.where("expectations"))


def risks(register: Register, running: Running) -> Iterator[Item]:
    """Risks that every installation has and what the product does, then those of the register."""
    on = running.activities()
    for activity, name, measures in _OWN_RISKS:
        if not activity or activity in on:
            yield item(name.capitalize(), measures, PRODUCT)
    for row in register.many("risks"):
        levels = [f"{name}: {words(LEVELS, row.text(name))}" for name in ("likelihood", "severity") if row.text(name)]
        found = tuple(value for value in (*levels, row.text("measure")) if value)
        missing = "" if len(found) == 3 else "fill in likelihood, severity and measure of this risk"
        yield Item(row.text("name") or "An unnamed risk", found, row.where("name"), missing)
    if not register.many("risks"):
        where = register.one("risks").where()
        yield item("Risks of the organisation", (), where, "name the risks that the organisation itself sees")


def outcome(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("assessment")
    yield item("Consulted", row.text("consulted"), row.where("consulted"))
    day = row.day("date")
    decided = (row.text("outcome"), f"on {day}" if day else "")
    yield item("Outcome", decided if all(decided) else (), row.where("outcome"), "write what was decided, and when")


def decisions(register: Register, running: Running) -> Iterator[Item]:
    """Whether anything is decided by a machine alone, who decides, and how a person objects."""
    own = (
        "no: the product names accounts with evidence and decides on none of them",
        "measures are proposed, previewed, approved by a person, limited in time and logged",
    )
    yield item("Decided by a machine alone", own, PRODUCT)
    row = register.one("decisions")
    yield item("Who decides", row.text("decided_by"), row.where("decided_by"))
    yield item("What that person may do", row.text("authority"), row.where("authority"))
    yield item("Where to object", row.text("appeal_to"), row.where("appeal_to"))
    within = row.days("answered_within")
    days = "" if within is None else f"within {within} days, by another person"
    yield item("Answered", days, row.where("answered_within"), "say within how many days an objection is answered")


def logic(register: Register, running: Running) -> Iterator[Item]:
    """The logic involved in plain words, Art. 13(2)(f)."""
    text = (
        "Accounts that share the machinery around their prompts are put into groups.",
        "A group must send in ways that independent customers do not, and rank beyond groups of harmless customers.",
        "Reasons are kept as numbers; 'stillwatch explain' says for any account why it was named, or was not.",
    )
    yield item("How an account comes to be named", text, PRODUCT)
