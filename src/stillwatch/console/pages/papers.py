"""What leaves the house: the bundle, and what a partner or a SIEM is told once a person confirmed it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from starlette.responses import Response

from stillwatch.app.cases.bundle import bundle
from stillwatch.app.cases.sharing import FORMATS, Order, export
from stillwatch.cases.stix import LEVELS
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.errors import ConfigurationError

MOST_SHOWN = 60_000
_KINDS = {"stix": ("application/json", "json"), "ocsf": ("application/x-ndjson", "jsonl")}


def make_bundle(visit: Visit) -> Response:
    """The case as one signed file; the journal says that it went out."""
    case_id, names = visit.request.path_params["case_id"], visit.form.get("names") == "yes"
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as work:
        out = Path(work) / "bundle.zip"
        bundle(
            visit.console.casebook.store,
            case_id,
            out,
            visit.actor,
            visit.now,
            visit.why(),
            visit.console.loaded.settings,
            names=names,
        )
        return _file(out.read_bytes(), "application/zip", f"{case_id}.zip")


def share(visit: Visit) -> Response:
    """Shows what would leave; with the digest of exactly that, lets it."""
    case_id, form = visit.request.path_params["case_id"], visit.form.get("format", "")
    if form not in FORMATS or visit.form.get("level", "amber") not in LEVELS:
        raise RefusalError(400, "there is no such format or level")
    recipient, maker = visit.form.get("recipient", "").strip()[:120], visit.form.get("maker", "").strip()[:120]
    if not recipient or not maker:
        raise ConfigurationError("name who gets it and who sends it")
    confirm = visit.form.get("confirm") or None
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as work:
        order = Order(case_id, form, Path(work) / "export", recipient, maker, visit.form.get("level", "amber"))
        found = export(visit.console.casebook.store, order, visit.actor, visit.now, visit.why(), confirm=confirm)
    media, suffix = _KINDS[form]
    if found.written:
        return _file(found.content, media, f"{case_id}.{suffix}")
    text = found.content.decode()
    return visit.show(
        "share.html.j2",
        case_id=case_id,
        order=order,
        found=found,
        text=text[:MOST_SHOWN],
        whole=len(text),
        why=visit.why(),
    )


def _file(raw: bytes, media: str, name: str) -> Response:
    return Response(raw, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
