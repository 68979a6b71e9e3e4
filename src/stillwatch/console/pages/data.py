"""How good the data is, and which settings stand behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from stillwatch import inert
from stillwatch.app.watch.status import status
from stillwatch.config.schema import SETTINGS, config_hash
from stillwatch.console.visit import Visit
from stillwatch.errors import StillwatchError
from stillwatch.keyring import stillwatch_home
from stillwatch.report.document import open_document


def data(visit: Visit) -> Response:
    run = open_document(visit.snapshot.raw).record("run")
    watch = run.record("watch")
    return visit.show(
        "data.html.j2",
        report=visit.snapshot.report,
        duplicates=run.record("input").count("duplicates"),
        closed_until=run.moment("closed_until"),
        late=watch.count("late"),
        late_copies=watch.count("late_copies"),
        ahead=watch.count("ahead_of_clock"),
        open_epochs=watch.count("open_epochs"),
        watching=_watching(visit),
        drift=visit.snapshot.report.run.drift,
    )


def run(visit: Visit) -> Response:
    """What the run says of itself, and what watches into its folder: every figure that no table stands behind."""
    said = {"run": visit.snapshot.raw.get("run"), "watching": _watching(visit)}
    return visit.show(
        "run.html.j2", rows=[(inert.text(name, 120), inert.text(value)) for name, value in _flat("", said)]
    )


def settings(visit: Visit) -> Response:
    """Those of this process, and whether the run was made with the same."""
    loaded, report = visit.console.loaded, visit.snapshot.report
    return visit.show(
        "settings.html.j2",
        settings=[(s, getattr(loaded.settings, s.name), loaded.origins[s.name]) for s in SETTINGS],
        looked_in=loaded.looked_in,
        own_hash=config_hash(loaded.settings),
        same=config_hash(loaded.settings) == report.run.config_hash,
    )


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """The leaves of a document with where they stand."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _flat(f"{name}.{key}".lstrip("."), part)
    else:
        yield name, "–" if value is None else str(value)


def _watching(visit: Visit) -> dict[str, Any] | None:
    """What ``stillwatch status`` says of the folder; ``None`` where nobody watches into it."""
    try:
        return status(visit.snapshot.folder, stillwatch_home(os.environ), visit.now).document
    except StillwatchError:
        return None
