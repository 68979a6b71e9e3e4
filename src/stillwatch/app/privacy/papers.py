"""``privacy record``, ``answer``, ``assess`` and ``export``: the register against the installation, then a paper.

Contract: a paper is made only from a register without mistakes that contradicts nothing; otherwise one
``ConfigurationError`` lists everything that is wrong. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stillwatch.app.privacy.gather import gather
from stillwatch.config.load import Loaded
from stillwatch.errors import ConfigurationError
from stillwatch.privacy.assessment import assessment
from stillwatch.privacy.calendars import public_holidays
from stillwatch.privacy.checks import contradictions
from stillwatch.privacy.deadline import deadline, received_on
from stillwatch.privacy.fides import export
from stillwatch.privacy.paper import document
from stillwatch.privacy.questionnaire import answer, load_questionnaire
from stillwatch.privacy.record import record
from stillwatch.privacy.register import Register, load_register
from stillwatch.privacy.running import Running


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """Which register, and which installation it is held against."""

    register: Path
    loaded: Loaded
    home: Path
    stores: tuple[Path, ...]
    now: datetime


def make_record(request: PaperRequest, form: str) -> dict[str, Any]:
    """The record of Art. 30 as a controller or a processor keeps it."""
    register, running = _checked(request)
    return document(record(register, running, form), request.now)


def make_assessment(request: PaperRequest, which: str) -> dict[str, Any]:
    """One of the papers that weigh."""
    register, running = _checked(request)
    return document(assessment(register, running, which), request.now)


def make_answer(request: PaperRequest, questions: str, received: date | datetime | None) -> dict[str, Any]:
    """The answers to a questionnaire, with the end of its period where ``received`` is known."""
    asked = load_questionnaire(questions)
    register, running = _checked(request)
    period, due = asked.period, None
    if received is not None:
        day = received_on(received, period.zone)
        due = deadline(period, day, public_holidays(period.country))
    today = request.now.astimezone(ZoneInfo(period.zone)).date()
    return document(answer(asked, register, running, due, today), request.now)


def make_export(request: PaperRequest) -> dict[str, Any]:
    """The register under the keys of fideslang."""
    register, running = _checked(request)
    return export(register, running, record(register, running, "controller"))


def _checked(request: PaperRequest) -> tuple[Register, Running]:
    register = load_register(request.register)
    running = gather(request.loaded, request.home, request.stores)
    if found := contradictions(register, running):
        raise ConfigurationError(*found)
    return register, running
