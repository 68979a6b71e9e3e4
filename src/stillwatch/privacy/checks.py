"""Contradictions: what a person wrote against what the product does, and a register against itself.

Contract: ``contradictions`` yields one sentence for each; a sentence names both sides, the register's with its line and
the product's with its setting, table or folder. Nothing is repaired, and silence (an open field) contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from stillwatch.privacy.categories import KEPT, PASSING, held_in
from stillwatch.privacy.register import Register, Row, unknown
from stillwatch.privacy.running import Running

_EEA = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
EEA = frozenset(_EEA.split())
"""The Member States, and Iceland, Liechtenstein and Norway."""


def contradictions(register: Register, running: Running) -> list[str]:
    """Every contradiction, in the order of the register."""
    of_people = (_activities, _bases, _categories, _sources)
    of_places = (_storage, _transfers, _targets, _retention)
    checks = (*of_people, *of_places, _training, _notices, _holds)
    return [sentence for check in checks for sentence in check(register, running)]


def _activities(register: Register, running: Running) -> Iterator[str]:
    on = running.activities()
    claimed: dict[str, Row] = {}
    for row in register.many("purposes"):
        for name in row.texts("activities"):
            claimed.setdefault(name, row)
    for name, row in claimed.items():
        if name not in on:
            yield f"{row.where('activities')}: a purpose claims {name}; the product does none: {_off(name, running)}"
    rows = register.many("purposes")
    if any("activities" in row.values and not row.texts("activities") for row in rows):
        return  # a purpose whose activities are open may be the one that is missed
    for name, how in on.items():
        if name not in claimed and rows:
            yield f"{rows[0].where('activities')}: no purpose covers {name}; the product does it: {how}"


def _off(name: str, running: Running) -> str:
    if name == "examples":
        return f"{running.setting('examples_per_group')}, {running.setting('examples_days')}"
    if name == "guard":
        return f"{running.home / 'guard' / 'counts'} holds no counts"
    if name == "cases":
        return "the home and the folders that were named hold no case"
    return f"{running.home / 'derive'} holds no keys of marks"


def _bases(register: Register, running: Running) -> Iterator[str]:
    for row in register.many("purposes"):
        basis = row.text("legal_basis")
        if basis == "legitimate_interests" and "balancing_test" not in row.values:
            yield (
                f"{row.where('legal_basis')}: legitimate_interests needs balancing_test, and this purpose has none "
                f'(table at {row.where()}); "" leaves it open'
            )
        if basis and basis != "legitimate_interests" and row.text("balancing_test"):
            yield (
                f"{row.where('balancing_test')}: a balancing test belongs to legitimate_interests; "
                f"{row.where('legal_basis')} says {basis}"
            )


def _categories(register: Register, running: Running) -> Iterator[str]:
    row = register.one("data")
    if not row.texts("categories"):
        return
    held = held_in((*KEPT, *PASSING))
    if running.keeps_examples:
        held["examples"] = [running.setting("examples_per_group")]
    where = row.where("categories")
    for name in row.texts("categories"):
        if name not in held:
            yield f"{where}: {unknown(name, held, 'category of the tables')}"
    for name in held.keys() - set(row.texts("categories")):
        yield f"{where}: category {name} is not listed; the product processes it: {', '.join(held[name][:3])}"


def _sources(register: Register, running: Running) -> Iterator[str]:
    known = dict(running.adapters)
    for row in register.many("sources"):
        name = row.text("adapter")
        if name and name not in known:
            yield f"{row.where('adapter')}: {unknown(name, known, 'adapter of the product')}"


def _storage(register: Register, running: Running) -> Iterator[str]:
    rows = register.many("storage")
    if any("folder" in row.values and not row.text("folder") for row in rows):
        return  # the folder that is missed may be the one left open
    for sink in running.sinks:
        if covering(rows, sink) is None:
            first = rows[0].where() if rows else register.one("storage").where()
            yield f"{first}: no storage covers {sink}, which the product writes to"


def covering(rows: tuple[Row, ...], sink: Path) -> Row | None:
    """The storage with the deepest folder that holds ``sink``."""
    held = [row for row in rows if row.text("folder") and sink.is_relative_to(Path(row.text("folder")).expanduser())]
    return max(held, key=lambda row: len(Path(row.text("folder")).expanduser().parts), default=None)


def _transfers(register: Register, running: Running) -> Iterator[str]:
    reached = [(row, name) for name in ("storage", "recipients") for row in register.many(name)]
    covered = {row.text("country"): row for row in register.many("transfers") if row.text("country")}
    for row, name in reached:
        country = row.text("country")
        if country and country not in EEA and country not in covered:
            yield f"{row.where('country')}: {name} in {country}, outside the EEA; no [[transfers]] names {country}"
    countries = {row.text("country") for row, _ in reached}
    for country, row in covered.items():
        if country in EEA:
            yield f"{row.where('country')}: a transfer to {country}, which is in the EEA"
        elif country not in countries and "" not in countries:
            yield f"{row.where('country')}: a transfer to {country}; no storage and no recipient is there"


def _targets(register: Register, running: Running) -> Iterator[str]:
    """What the product sends, against whom the register says it reaches."""
    rows = register.many("recipients")
    claimed = {name: row for row in rows for name in row.texts("targets")}
    known = {target.name for target in running.targets}
    for target in running.targets:
        if target.name not in claimed:
            where = rows[0].where("targets") if rows else register.one("recipients").where()
            yield f"{where}: no recipient has target {target.name}; the product sends to {target.to}: {target.where}"
    for name, row in claimed.items():
        if name not in known:
            yield f"{row.where('targets')}: a recipient has target {name}; {_no_target(running)}"


def _no_target(running: Running) -> str:
    named = ", ".join(target.name for target in running.targets) or "none"
    return f"the product has, in the home and the folders that were named: {named}"


def _retention(register: Register, running: Running) -> Iterator[str]:
    row = register.one("retention")
    said, kept = row.days("examples"), running.settings.examples_days
    if said is not None and said != kept:
        yield (
            f"{row.where('examples')}: redacted examples are kept {said} days; the product removes them after {kept}: "
            f"{running.setting('examples_days')}"
        )


def _training(register: Register, running: Running) -> Iterator[str]:
    row = register.one("training")
    if row.flag("case_evidence"):
        yield (
            f"{row.where('case_evidence')}: data of this product train a model; the product never does that: a scan "
            "learns nothing from a log. Whoever uses its files for training must say so as a purpose of its own"
        )
    if row.flag("used") is False:
        for name in ("data", "how"):
            if row.text(name):
                yield f"{row.where(name)}: says what trains a model; {row.where('used')} says that nothing does"


def _notices(register: Register, running: Running) -> Iterator[str]:
    for row in register.many("notices"):
        if row.text("text") and row.text("file"):
            yield f"{row.where('text')}: a notice has one text; {row.where('file')} names another in {row.text('file')}"
    scraped = register.one("scraping")
    public = [row for row in register.many("sources") if row.text("origin") == "public"]
    if scraped.flag("used") and not public and all(row.text("origin") for row in register.many("sources")):
        yield f'{scraped.where("used")}: data were scraped; no source has origin = "public"'
    if scraped.flag("used") is False and public:
        yield f"{public[0].where('origin')}: a source is public; {scraped.where('used')} says that nothing was scraped"


def _holds(register: Register, running: Running) -> Iterator[str]:
    for row in register.many("holds"):
        since, review = row.day("since"), row.day("review")
        if since and review and review < since:
            yield f"{row.where('review')}: review {review} is before {row.where('since')} since {since}"
        if not row.texts("accounts") and not row.texts("campaigns"):
            yield f"{row.where()}: a hold names neither accounts nor campaigns, so it holds nothing"


def overdue(register: Register, today: date) -> list[str]:
    """Holds whose review day is past: a person must renew them or take them away."""
    return [
        f"{row.where('review')}: the hold of {row.text('case') or 'a case'} was to be reviewed by {day}; it is {today}"
        for row in register.many("holds")
        if (day := row.day("review")) is not None and day < today
    ]
