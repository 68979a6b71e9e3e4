"""Read from the installation what the papers say about it. Changes nothing, and makes no keyring."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stillwatch.app.cases.desk import View
from stillwatch.app.delivery.parcels import targets_of
from stillwatch.app.guard import ledger
from stillwatch.app.measures.deciding import REDIS
from stillwatch.app.privacy import case_stores, stores
from stillwatch.app.privacy.watch_state import is_watched
from stillwatch.app.runfolder import read_document, read_rows
from stillwatch.config.load import Loaded
from stillwatch.delivery.targets import FILE_NAME as FILE
from stillwatch.delivery.targets import Mail
from stillwatch.derive.keys import open_store
from stillwatch.feed.redis_names import place_of
from stillwatch.ingest.adapters import ADAPTERS
from stillwatch.keyring import FILE_NAME, read_keyring
from stillwatch.privacy.categories import KEPT
from stillwatch.privacy.running import KeySeen, Running, RunSeen, Target
from stillwatch.report.document import Record, open_document

_MASK = re.compile(r"<(secret|email|ip|card|phone|bank account|token|number|name|path)>")


def gather(loaded: Loaded, home: Path, places: Sequence[Path]) -> Running:
    """The installation under ``home`` with the settings ``loaded`` and the folders ``places``."""
    found = stores.find(places)
    documents = {run: read_document(run) for run in found.runs}
    views = case_stores.views(home, found.loose)
    watched = tuple(run for run in found.runs if is_watched(run))
    kinds: Counter[str] = Counter()
    for document in documents.values():
        kinds.update(kind for text in _examples(document) for kind in _MASK.findall(text))
    return Running(
        settings=loaded.settings,
        origins=loaded.origins,
        adapters=ADAPTERS,
        home=home,
        stores=tuple(place.expanduser().absolute() for place in places),
        runs=tuple(_run(run, document) for run, document in documents.items()),
        keys=_keys(home),
        mark_keys=len(open_store(home).vault.records()),
        watched=watched,
        state_days=_state_days() if watched else 0,
        cases=sum(len(view.desk.cases) for view in views),
        guard_months=len(ledger.months(home)),
        targets=tuple(_targets(home, views)),
        redacted_kinds=dict(kinds.most_common()),
    )


def _targets(home: Path, views: Sequence[View]) -> Iterator[Target]:
    """What ``deliver`` sends to, and a copy of the feed of decisions."""
    for store in dict.fromkeys((home, *(view.store for view in views))):
        for name, target in targets_of(store).by_name.items():
            if isinstance(target, Mail):
                yield Target(name, f"{target.to or 'a reader named each time'}, by {target.host}", str(store / FILE))
            else:
                yield Target(name, target.parts.hostname or "", str(store / FILE))
    if given := os.environ.get(REDIS):
        yield Target("feed-redis", place_of(given).shown, REDIS)


def _state_days() -> int:
    from stillwatch.app.watch.watching import FACTS_DAYS  # heavy: only where something is watched

    return FACTS_DAYS


def _run(run: Path, document: Mapping[str, Any]) -> RunSeen:
    facts = open_document(document).record("run")
    read = facts.record("input")
    rows = {table.name: n for table in KEPT if (n := read_rows(run, table)) is not None}
    return RunSeen(
        run,
        rows,
        read.count("accounts") or 0,
        read.count("exchanges") or 0,
        len(_examples(document)),
        facts.moment("examples_expire_at"),
    )


def _examples(document: Mapping[str, Any]) -> list[str]:
    return [e.raw("redacted") for c in Record(document).records("campaigns") for e in c.records("examples")]


def _keys(home: Path) -> tuple[KeySeen, ...]:
    keyring = read_keyring(home / FILE_NAME)
    return () if keyring is None else tuple(KeySeen(k.version, k.created_at, k.retires_at) for k in keyring.keys)
