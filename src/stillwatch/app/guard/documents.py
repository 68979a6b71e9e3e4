"""Confidential documents that the guard knows: learned, listed, forgotten; only keyed hashes are kept.

Each lies in ``$STILLWATCH_HOME/guard/documents/NAME.json``, readable by its user only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stillwatch.durable import make_folder, write_private
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.guard.documents import Documents, Fingerprint, fingerprint
from stillwatch.keyring import load_keyring
from stillwatch.sketch.recipe import Recipe, recipe_id

SCHEMA = "stillwatch.fingerprint/1"
_NAME = re.compile(r"[\w][\w .-]{0,99}")


def folder(home: Path) -> Path:
    return home / "guard" / "documents"


def learn(home: Path, name: str, text: str) -> Fingerprint:
    """Keep the fingerprint of ``text``; one of the same name is replaced."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot name a document: letters, digits, blanks, '.', '_' and '-' only")
    found = fingerprint(name, text, load_keyring(home).derive("sketch"))
    if not len(found.hashes):
        raise ConfigurationError(f"{name}: has too few words to be recognised")
    make_folder(folder(home))
    document = {"schema": SCHEMA, "recipe_id": found.recipe_id, "hashes": [f"{h:016x}" for h in found.hashes.tolist()]}
    write_private(folder(home) / f"{name}.json", json.dumps(document).encode())
    return found


def known(home: Path) -> list[Fingerprint]:
    """What was learned, by name."""
    return [_read(path) for path in sorted(folder(home).glob("*.json"))]


def forget(home: Path, name: str) -> None:
    """Remove a document's fingerprint."""
    try:
        (folder(home) / f"{name}.json").unlink()
    except FileNotFoundError:
        raise ConfigurationError(f"no document is called {name}; 'stillwatch guard documents' lists them") from None


def ready(home: Path) -> tuple[Documents | None, list[str]]:
    """What can be looked for, and the names of what cannot: it was learned under a key that is no longer current."""
    found = known(home)
    if not found:
        return None, []
    seed = load_keyring(home).derive("sketch")
    current = recipe_id(Recipe(), seed)
    usable: Sequence[Fingerprint] = [f for f in found if f.recipe_id == current]
    stale = [f.name for f in found if f.recipe_id != current]
    return (Documents(usable, seed) if usable else None), stale


def _read(path: Path) -> Fingerprint:
    try:
        document = json.loads(path.read_bytes())
        hashes = np.array([int(h, 16) for h in document["hashes"]], np.uint64)
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']}")
        return Fingerprint(path.stem, str(document["recipe_id"]), hashes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: cannot be read as a fingerprint: {error}; learn the document again") from error
