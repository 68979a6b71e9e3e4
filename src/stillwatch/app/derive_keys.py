"""``derive keys``: draw, commit and list the keys of marks.

Writes under ``<home>/derive``, and where a sampler's file is asked for. What it answers holds no secret.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.derive.keys import Listed, open_store
from stillwatch.derive.marks import gumbel
from stillwatch.durable import write_private
from stillwatch.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where keys lie and what opens them; ``unlock`` is None for the usual place."""

    home: Path
    unlock: Path | None = None


def new_key(place: KeyPlace, group: str, mark: str, now: datetime, *, commit: bool) -> dict[str, Any]:
    """Draw a key for ``group`` and, where asked, commit it at once. A committed one retires the group's older key."""
    store = open_store(place.home, place.unlock)
    record = store.draw(group, mark, now)
    return _shown(store.commit(record.key_id, now) if commit else store.find(record.key_id))


def commit_key(place: KeyPlace, key_id: str, now: datetime) -> dict[str, Any]:
    """Write a key's commitment to the journal."""
    return _shown(open_store(place.home, place.unlock).commit(key_id, now))


def list_keys(place: KeyPlace) -> dict[str, Any]:
    """All keys, and the head of the journal, which is worth keeping elsewhere."""
    store = open_store(place.home, place.unlock)
    return {"keys": [_shown(listed) for listed in store.listed()], "journal_head": store.journal.head()}


def vllm_file(place: KeyPlace, key_id: str, out: Path) -> None:
    """Write a file for ``vllm serve --config`` that has vLLM mark with this key; for this user's eyes only."""
    key = open_store(place.home, place.unlock).open_key(key_id)
    if key.mark not in gumbel.ALGORITHMS:
        raise ConfigurationError(
            f"key {key_id} is for mark {key.mark}, which vLLM does not have of its own. "
            f"Draw one with --mark {gumbel.MARK.name} or, for speculative decoding, {gumbel.MARK_TWO.name}."
        )
    # JSON is YAML, and spells a number of 64 bits out.
    write_private(out, json.dumps({"watermark-config": gumbel.configuration(key.words, key.mark)}).encode() + b"\n")


def _shown(listed: Listed) -> dict[str, Any]:
    record = listed.record
    return {
        "key_id": record.key_id,
        "group": record.group,
        "mark": record.mark,
        "state": listed.state,
        "created_at": record.created_at,
        "committed_at": listed.committed_at,
        "commitment": record.commitment,
    }
