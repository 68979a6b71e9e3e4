"""Papers that weigh: impact assessment (Art. 35), note on automated decisions (Art. 22), balancing test (Art. 6(1)(f)).

Contract: pure; like the record, each part is filled by topics, and what nobody wrote is open. A paper is a draft for a
person to judge and sign: nothing here concludes that a processing is lawful.
"""

from __future__ import annotations

from stillwatch.privacy.paper import Paper
from stillwatch.privacy.record import NOTES, Form, composed, facts
from stillwatch.privacy.register import Register
from stillwatch.privacy.running import Running

IMPACT: Form = (
    ("Art. 35(7)(a)", "The processing and its purposes", ("responsible", "purposes", "interest")),
    ("Art. 35(7)(a)", "People, data, sources, recipients", ("people", "categories", "sources", "recipients")),
    ("Art. 35(7)(a)", "Where data lie and for how long", ("storage", "transfers", "retention")),
    ("Art. 35(7)(b)", "Necessity and proportion", ("legal_bases", "necessity", "notices")),
    ("Art. 35(7)(c) and (d)", "Risks to people, and measures", ("risks", "security")),
    ("Art. 22", "Decisions about people", ("decisions",)),
    ("Art. 35(2), (9) and (11)", "Advice, views and outcome", ("outcome", "impact_assessment")),
)
AUTOMATED: Form = (
    ("Art. 22(1)", "Decisions about people", ("decisions",)),
    ("Art. 13(2)(f), 14(2)(g), 15(1)(h)", "The logic involved", ("logic",)),
    ("Art. 5(1)(a), Recital 71", "Errors and discrimination", ("risks",)),
)
BALANCING: Form = (
    ("Art. 6(1)(f), first step", "The interest", ("interest", "purposes")),
    ("Art. 6(1)(f), second step", "Necessity", ("necessity",)),
    ("Art. 6(1)(f), third step", "The people", ("people", "categories", "expectations", "notices")),
    ("Art. 6(1)(f), third step", "What speaks against it, and safeguards", ("risks", "decisions", "retention")),
    ("Art. 5(2)", "Outcome", ("outcome",)),
)
PAPERS: dict[str, tuple[str, Form]] = {
    "impact": ("Data protection impact assessment", IMPACT),
    "automated": ("Note on automated decisions", AUTOMATED),
    "balancing": ("Balancing of interests", BALANCING),
}


def assessment(register: Register, running: Running, which: str) -> Paper:
    """One of ``PAPERS``."""
    title, form = PAPERS[which]
    named = register.one("organisation").text("name") or "organisation not named yet"
    return Paper(
        f"assessment-{which}", title, named, composed(form, register, running), facts(register, running), NOTES
    )
