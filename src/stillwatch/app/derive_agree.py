"""``derive agree``: passive agreement with reference models, as a document and in words; supporting evidence only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stillwatch.derive.agreement import SCHEMA, Model, agreement
from stillwatch.derive.texts import read_answers
from stillwatch.errors import InputError

NAME = "agreement.json"


def derive_agree(ours: Sequence[str], suspect: Sequence[str], peers: Sequence[str]) -> dict[str, Any]:
    """Compare files of answers; every peer is a model of its own."""
    return agreement(
        read_answers(ours).answers,
        Model("the suspect", read_answers(suspect).answers),
        [Model(name, read_answers((name,)).answers) for name in peers],
    )


def read_agreement(path: str) -> dict[str, Any]:
    """A document that ``derive agree`` wrote."""
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(f"cannot read {path}: it is not what 'stillwatch derive agree' writes.")
    return document


def agreement_lines(document: dict[str, Any]) -> list[str]:
    """The document in words."""
    models = sorted(document["models"], key=lambda model: -model["likeness"])
    ahead = document["ahead_of_nearest"]
    return [
        f"Agreement with us over {document['prompts']:,} prompts: {document['standing']}.",
        *(f"  {m['likeness']:.3f}  ({m['low']:.3f} to {m['high']:.3f})  {m['name']}" for m in models),
        f"The suspect is ahead of the nearest other by {ahead['likeness']:.3f} ({ahead['low']:.3f} to "
        f"{ahead['high']:.3f}) and nearest to us in {document['closest_share']:.0%} of prompts.",
        *document["means"],
    ]
