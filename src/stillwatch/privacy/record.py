"""The record of processing activities of Art. 30 GDPR, for a controller and for a processor.

Contract: pure; the letters of Art. 30(1) and 30(2) in their order, each answered by a topic or open.
"""

from __future__ import annotations

from stillwatch.privacy.catalogue import TOPICS
from stillwatch.privacy.paper import Paper, Part
from stillwatch.privacy.register import Register
from stillwatch.privacy.running import Running

Form = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Of each part: the provision, the title, the topics that fill it."""
CONTROLLER: Form = (
    ("Art. 30(1)(a)", "Who is responsible", ("responsible",)),
    ("Art. 30(1)(b)", "Purposes", ("purposes",)),
    ("Art. 30(1)(c)", "People and data", ("people", "categories")),
    ("Art. 30(1)(d)", "Recipients", ("recipients",)),
    ("Art. 30(1)(e)", "Transfers to third countries", ("transfers",)),
    ("Art. 30(1)(f)", "Time limits for erasure", ("retention",)),
    ("Art. 30(1)(g)", "Security", ("security",)),
    ("beside Art. 30", "Legal basis", ("legal_bases",)),
    ("beside Art. 30", "Sources and storage", ("sources", "storage")),
)
PROCESSOR: Form = (
    ("Art. 30(2)(a)", "Processor and controllers", ("responsible", "controllers")),
    ("Art. 30(2)(b)", "Categories of processing", ("processing",)),
    ("Art. 30(2)(c)", "Transfers to third countries", ("transfers",)),
    ("Art. 30(2)(d)", "Security", ("security",)),
)
FORMS = {"controller": CONTROLLER, "processor": PROCESSOR}


def record(register: Register, running: Running, form: str) -> Paper:
    """The record in one of ``FORMS``."""
    parts = composed(FORMS[form], register, running)
    title = "Record of processing activities"
    named = register.one("organisation").text("name") or "organisation not named yet"
    return Paper(f"record-{form}", title, f"{named}, as {form}", parts, facts(register, running), NOTES)


def composed(form: Form, register: Register, running: Running) -> tuple[Part, ...]:
    """The parts of a form, each filled by its topics."""
    topics = dict(TOPICS)
    return tuple(
        Part(f"part-{number}", title, rule, tuple(i for name in names for i in topics[name](register, running)))
        for number, (rule, title, names) in enumerate(form, 1)
    )


NOTES = (
    "Rows that name a table, a setting or the product were read from the installation; rows that name a line were "
    "written by a person. What is open was not filled in by anybody.",
    "This paper states what was declared. Whether that is lawful is for the organisation and its counsel to judge.",
)


def facts(register: Register, running: Running) -> dict[str, str]:
    """The head of every paper: which register, which installation."""
    folders = ", ".join(map(str, running.stores)) or "none named"
    return {"Register": register.path.name, "Home of the installation": str(running.home), "Run folders": folders}
