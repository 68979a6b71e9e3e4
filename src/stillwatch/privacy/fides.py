"""The register in the words of fideslang: its keys where it has one, keys that begin with ``x_`` where it has none.

Contract: pure. Key names and enumerated values are those of fideslang 3 (models ``Organization``, ``System``,
``PrivacyDeclaration``, ``Dataset``); its parsers ignore keys that they do not know. What is open is left out, never
filled in, and listed under ``x_open``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from stillwatch.model.tables import Table
from stillwatch.privacy.categories import KEPT, category_of, held_in, named
from stillwatch.privacy.checks import EEA
from stillwatch.privacy.paper import Item, Paper, Part, document
from stillwatch.privacy.register import Register, Row
from stillwatch.privacy.running import Running

ORGANISATION = "organisation"
SYSTEM = "stillwatch"
DATASET = "stillwatch_run"
LEGAL_BASES = {
    "consent": "Consent",
    "contract": "Contract",
    "legal_obligation": "Legal obligations",
    "vital_interests": "Vital interests",
    "public_task": "Public interest",
    "legitimate_interests": "Legitimate interests",
}
DATA_USES = {
    "detection": "essential.fraud_detection",
    "examples": "essential.fraud_detection",
    "cases": "essential.fraud_detection",
    "derivation": "essential.service.security",
}
DATA_SUBJECTS = {"account_holders": "customer", "end_users": "x_end_user", "people_in_texts": "x_person_in_text"}


def export(register: Register, running: Running, paper: Paper) -> dict[str, Any]:
    """The manifest; ``paper`` is the record, whose open items are listed in it."""
    return {
        "organization": [_organisation(register)],
        "data_category": [_own("user.x_finding", named("finding").words, parent_key="user")],
        "data_subject": [_own(key, DATA_WORDS[key]) for key in ("x_end_user", "x_person_in_text")],
        "system": [_system(register, running)],
        "dataset": [_dataset(running)],
        "x_open": [{"part": part.rule, "item": item.label, "what": item.open_for} for part, item in paper.open_items],
    }


DATA_WORDS = {
    "x_end_user": "person behind a customer's application",
    "x_person_in_text": "person of whom a request speaks",
}


def _own(key: str, words: str, **more: str) -> dict[str, Any]:
    return {"fides_key": key, "organization_fides_key": ORGANISATION, "name": key, "description": words, **more}


def _organisation(register: Register) -> dict[str, Any]:
    own = register.one("organisation")
    found = {"fides_key": ORGANISATION, "name": own.text("name"), "x_contact": own.text("contact")}
    found |= {"x_country": own.text("country"), "x_representative": own.text("representative")}
    return _filled(found | {"x_data_protection_officer": _contact(register.one("dpo"))})


def _system(register: Register, running: Running) -> dict[str, Any]:
    own, assessed = register.one("organisation"), register.one("impact_assessment")
    countries = sorted(
        {c for n in ("storage", "recipients", "transfers") for r in register.many(n) if (c := r.text("country"))}
    )
    guards = [row.text("safeguard") for row in register.many("transfers") if row.text("safeguard")]
    joint = "; ".join(filter(None, map(_contact, register.many("joint_controllers"))))
    declarations = [d for row in register.many("purposes") for d in _declarations(row, register, running)]
    processes = register.many("controllers")
    found: dict[str, Any] = {
        "fides_key": SYSTEM,
        "organization_fides_key": ORGANISATION,
        "name": "Stillwatch",
        "description": "Finds accounts that harvest a model together in the logs of its API.",
        "system_type": "Service",
        "privacy_declarations": declarations,
        "processes_personal_data": True,
        "does_international_transfers": any(country not in EEA for country in countries),
        "legal_basis_for_transfers": guards,
        "requires_data_protection_assessments": bool(assessed.text("reference")),
        "dpa_location": assessed.text("reference"),
        "legal_name": own.text("name"),
        "legal_address": own.text("contact"),
        "responsibility": ["Controller", *(["Processor"] if processes else [])],
        "dpo": _contact(register.one("dpo")),
        "joint_controller_info": joint,
        "data_security_practices": "; ".join(register.one("security").texts("measures")),
        "dataset_references": [DATASET],
        "x_controllers": [_row(row, "name", "contact", "processing") for row in processes],
        "x_storage": [_row(row, "folder", "country", "provider") for row in register.many("storage")],
        "x_sources": [_row(row, "name", "adapter", "origin") for row in register.many("sources")],
        "x_recipients": [_row(row, "name", "country", "why") for row in register.many("recipients")],
        "x_transfers": [_row(row, "country", "safeguard", "reference") for row in register.many("transfers")],
        "x_notices": [_row(row, "audience", "date", "channel", "text", "file") for row in register.many("notices")],
        "x_training": _row(register.one("training"), "used", "data", "how"),
        "x_scraping": _row(register.one("scraping"), "used"),
    }
    return _filled(found)


def _declarations(row: Row, register: Register, running: Running) -> Iterator[dict[str, Any]]:
    categories = [named(name).fides_key for name in held_in(KEPT)]
    third = register.many("recipients")
    for activity in row.texts("activities"):
        found: dict[str, Any] = {
            "name": f"{row.text('name')} ({activity})",
            "data_categories": sorted({*categories, *(["user.content.private"] if activity == "examples" else [])}),
            "data_use": DATA_USES[activity],
            "data_subjects": [DATA_SUBJECTS[name] for name in row.texts("people")],
            "dataset_references": [DATASET],
            "legal_basis_for_processing": LEGAL_BASES.get(row.text("legal_basis"), ""),
            "impact_assessment_location": register.one("impact_assessment").text("reference"),
            "retention_period": _kept(activity, register, running),
            "data_shared_with_third_parties": bool(third),
            "third_parties": "; ".join(r.text("name") for r in third if r.text("name")),
            "x_balancing_test": row.text("balancing_test"),
        }
        yield _filled(found)


def _kept(activity: str, register: Register, running: Running) -> str:
    if activity == "examples":
        return f"{running.settings.examples_days} days"
    row = register.one("retention")
    days = {table.name: row.days(table.name) for table in KEPT}
    return "; ".join(f"{name} {n} days" for name, n in days.items() if n is not None)


def _dataset(running: Running) -> dict[str, Any]:
    return {
        "fides_key": DATASET,
        "organization_fides_key": ORGANISATION,
        "name": "Run folder",
        "description": "Tables that a scan writes.",
        "collections": [_collection(table) for table in KEPT],
    }


def _collection(table: Table) -> dict[str, Any]:
    fields = []
    for column in table.columns:
        name = category_of(column.name)
        found: dict[str, Any] = {"name": column.name, "description": column.doc}
        fields.append(_filled(found | {"data_categories": [named(name).fides_key] if name else []}))
    return {"name": table.name, "description": table.doc, "fields": fields}


def _row(row: Row, *names: str) -> dict[str, Any]:
    shown = {name: row.values[name] for name in names if name in row.values}
    return _filled({n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in shown.items()})


def _contact(row: Row) -> str:
    return ", ".join(row.text(name) for name in ("name", "contact") if row.text(name))


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is open."""
    return {name: value for name, value in values.items() if value not in ("", [], {}, None)}


def as_paper(manifest: dict[str, Any], made_at: datetime) -> dict[str, Any]:
    """The manifest to read on paper: each entry a section, each key with its value as JSON."""
    parts = tuple(
        Part(f"{kind}-{number}", f"{kind}: {entry.get('name') or entry.get('fides_key')}", "fideslang", _rows(entry))
        for kind, entries in manifest.items()
        if kind != "x_open"
        for number, entry in enumerate(entries)
    )
    left = tuple(Item(str(e["item"]), (), str(e["part"]), str(e["what"])) for e in manifest["x_open"])
    parts += (Part("x_open", "x_open: what is still open", "fideslang", left),) if left else ()
    title = "The register under the keys of fideslang"
    return document(Paper("export", title, "Keys that begin with x_ are not fideslang's", parts), made_at)


def _rows(entry: dict[str, Any]) -> tuple[Item, ...]:
    return tuple(Item(key, tuple(_spelled(value))) for key, value in entry.items())


def _spelled(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else (value,):
        yield each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
