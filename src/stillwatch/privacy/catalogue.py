"""Every topic on which something can be said, by the name that questionnaires use."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stillwatch.privacy import parts, weighing
from stillwatch.privacy.paper import Item
from stillwatch.privacy.register import Register
from stillwatch.privacy.running import Running

Topic = Callable[[Register, Running], Iterable[Item]]

TOPICS: tuple[tuple[str, Topic], ...] = (
    ("responsible", parts.responsible),
    ("controllers", parts.controllers),
    ("processing", parts.processing),
    ("purposes", parts.purposes),
    ("legal_bases", parts.legal_bases),
    ("people", parts.people),
    ("categories", parts.categories),
    ("counts", parts.counts),
    ("sources", parts.sources),
    ("recipients", parts.recipients),
    ("storage", parts.storage),
    ("transfers", parts.transfers),
    ("retention", parts.retention),
    ("security", parts.security),
    ("training", parts.training),
    ("scraping", parts.scraping),
    ("notices", parts.notices),
    ("impact_assessment", parts.impact_assessment),
    ("interest", weighing.interest),
    ("necessity", weighing.necessity),
    ("expectations", weighing.expectations),
    ("risks", weighing.risks),
    ("outcome", weighing.outcome),
    ("decisions", weighing.decisions),
    ("logic", weighing.logic),
)
