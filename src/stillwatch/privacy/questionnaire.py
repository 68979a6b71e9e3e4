"""A regulator's questions as a data file, and the answers that the register and the product give.

Contract: ``load_questionnaire`` reads TOML and lists every mistake with its line. A question names the topics of
``catalogue`` that answer it; another questionnaire is another file and no code. ``answer`` is pure. A question is
answered if none of its items is open; otherwise it is listed as open with what must be filled in where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stillwatch.errors import ConfigurationError
from stillwatch.privacy.catalogue import TOPICS
from stillwatch.privacy.deadline import UNITS, Deadline, Period
from stillwatch.privacy.paper import Item, Paper, Part
from stillwatch.privacy.positions import Path as Place
from stillwatch.privacy.record import NOTES, facts
from stillwatch.privacy.register import Register, read_toml, unknown
from stillwatch.privacy.running import Running

SCHEMA = "stillwatch.questionnaire/1"
_HEAD = {"schema", "title", "authority", "source", "asked_on", "deadline", "questions"}
_PERIOD = {"length", "unit", "time_zone", "holidays"}
_QUESTION = {"asked", "topics", "countries", "only_if_scraped"}
_TOPICS = dict(TOPICS)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, the topics that answer it, and countries that were asked about by name."""

    asked: str
    topics: tuple[str, ...]
    countries: tuple[str, ...] = ()
    only_if_scraped: bool = False


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A list of questions with the time for an answer."""

    name: str
    title: str
    authority: str
    source: str
    asked_on: date
    period: Period
    questions: tuple[Question, ...]


def shipped() -> list[str]:
    """Names of the questionnaires that come with the product."""
    folder = files("stillwatch.privacy").joinpath("questionnaires")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_questionnaire(name: str) -> Questionnaire:
    """A shipped questionnaire by its name, or one in a file."""
    if name in shipped():
        path = Path(str(files("stillwatch.privacy").joinpath("questionnaires", f"{name}.toml")))
    else:
        path = Path(name)
        if not path.is_file():
            raise ConfigurationError(f"{name}: {unknown(name, shipped(), 'questionnaire')}, and there is no such file")
    values, lines = read_toml(path, "a questionnaire")
    if mistakes := list(_mistakes(path.name, values, lines)):
        raise ConfigurationError(*mistakes)
    time = values["deadline"]
    period = Period(time["length"], time["unit"], time["time_zone"], time["holidays"])
    questions = tuple(
        Question(q["asked"], tuple(q["topics"]), tuple(q.get("countries", ())), q.get("only_if_scraped", False))
        for q in values["questions"]
    )
    title, authority, source, asked_on = (values[key] for key in ("title", "authority", "source", "asked_on"))
    return Questionnaire(path.stem, title, authority, source, asked_on, period, questions)


def answer(
    questionnaire: Questionnaire, register: Register, running: Running, due: Deadline | None, today: date
) -> Paper:
    """The answers, and the time that is left."""
    parts = tuple(
        Part(f"question-{number}", question.asked, f"Question {number}", tuple(_items(question, register, running)))
        for number, question in enumerate(questionnaire.questions, 1)
    )
    named = register.one("organisation").text("name") or "an organisation not named yet"
    done = sum(not any(i.is_open for i in part.items) for part in parts)
    head = {"Asked by": questionnaire.authority, "Answered": f"{done} of {len(parts)} questions"}
    title, source = questionnaire.title, f"Questions after: {questionnaire.source} ({questionnaire.asked_on})."
    head |= _time(questionnaire.period, due, today) | facts(register, running)
    notes = (source, _counting(questionnaire.period), *NOTES)
    return Paper(f"answer-{questionnaire.name}", title, f"Answers of {named}", parts, head, notes)


def _items(question: Question, register: Register, running: Running) -> Iterator[Item]:
    for country in question.countries:
        yield _country(country, register)
    scraped = register.one("scraping").flag("used")
    for topic in question.topics:
        for item in _TOPICS[topic](register, running):
            if question.only_if_scraped and scraped is False and item.is_open:
                continue
            yield item


def _country(country: str, register: Register) -> Item:
    """Whether anything of the register lies in ``country``; open while any country is."""
    rows = [row for name in ("storage", "recipients", "transfers") for row in register.many(name)]
    hits = [row for row in rows if row.text("country") == country]
    label = f"Kept in or sent to {country}"
    if hits:
        places = (row.text("folder") or row.text("name") or row.section for row in hits)
        return Item(label, ("yes", *places), "; ".join(row.where("country") for row in hits))
    if not register.many("storage") or any(not row.text("country") for row in rows):
        return Item(label, (), register.path.name, "name the country of every storage, recipient and transfer")
    return Item(label, ("no",), f"{register.path.name}: {len(rows)} storage locations, recipients and transfers")


def _time(period: Period, due: Deadline | None, today: date) -> dict[str, str]:
    if due is None:
        return {"Time to answer": f"{period.words} from receipt; give --received to have the end counted"}
    left = (due.due - today).days
    state = f"{left} days left" if left > 0 else ("today" if left == 0 else f"over for {-left} days")
    shown = {
        "Received": f"{due.received:%A} {due.received}",
        "Ends": f"{due.due:%A} {due.due}, 24:00 {period.zone} ({state})",
    }
    if due.due != due.counted:
        shown["Unmoved last day"] = f"{due.counted}; {'; '.join(due.moved)}"
    return shown


def _counting(period: Period) -> str:
    return (
        f"{period.words.capitalize()}, time zone {period.zone}, counted by Regulation (EEC, Euratom) No 1182/71 with "
        f"the national public holidays of {period.country}; local holidays are not in it. The letter that was received "
        "decides: check its period and the law that it names."
    )


def _mistakes(file: str, values: Mapping[str, Any], lines: Mapping[Place, int]) -> Iterator[str]:
    def at(*place: str | int) -> str:
        return f"{file} line {next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), 1)}"

    if values.get("schema") != SCHEMA:
        yield f'{at("schema")}: must say schema = "{SCHEMA}"'
    yield from _keys(values, _HEAD, at())
    for name in ("title", "authority", "source"):
        if not isinstance(values.get(name, ""), str):
            yield f"{at(name)}: {name} must be text"
    asked = values.get("asked_on", date.min)
    if not isinstance(asked, date) or isinstance(asked, datetime):
        yield f"{at('asked_on')}: asked_on must be a date such as 2025-01-28"
    if "deadline" in values:
        yield from _deadline_mistakes(values["deadline"], at)
    questions = values.get("questions", [])
    if not isinstance(questions, list) or not questions:
        yield f"{at('questions')}: there must be at least one [[questions]]"
        return
    for number, question in enumerate(questions):
        yield from _question_mistakes(question, at("questions", number))


def _keys(values: object, known: set[str], where: str, optional: Iterable[str] = ()) -> Iterator[str]:
    if not isinstance(values, Mapping):
        yield f"{where}: must be a table"
        return
    for name in sorted(values.keys() - known):
        yield f"{where}: {unknown(name, known, 'key')}"
    for name in sorted(known - values.keys() - set(optional)):
        yield f"{where}: {name} is missing"


def _deadline_mistakes(values: Any, at: Any) -> Iterator[str]:
    yield from _keys(values, _PERIOD, at("deadline"))
    if not isinstance(values, Mapping):
        return
    length = values.get("length", 1)
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= 3660:
        yield f"{at('deadline', 'length')}: length must be a whole number from 1 to 3660"
    if values.get("unit", "days") not in UNITS:
        yield f"{at('deadline', 'unit')}: unit must be one of {', '.join(UNITS)}"
    try:
        ZoneInfo(values.get("time_zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        yield f"{at('deadline', 'time_zone')}: no time zone is called {values.get('time_zone')!r}"
    if not isinstance(values.get("holidays", ""), str):
        yield f"{at('deadline', 'holidays')}: holidays must be an ISO 3166 code"


def _question_mistakes(values: Any, where: str) -> Iterator[str]:
    yield from _keys(values, _QUESTION, where, ("countries", "only_if_scraped"))
    if not isinstance(values, Mapping):
        return
    if not isinstance(values.get("asked", ""), str):
        yield f"{where}: asked must be text"
    for name in ("topics", "countries"):
        found = values.get(name, [])
        if not isinstance(found, list) or not all(isinstance(v, str) for v in found):
            yield f"{where}: {name} must be a list of texts"
        elif name == "topics":
            yield from (f"{where}: {unknown(t, _TOPICS, 'topic')}" for t in found if t not in _TOPICS)
    if not isinstance(values.get("only_if_scraped", False), bool):
        yield f"{where}: only_if_scraped must be true or false"
