"""The files that pages link to: the report's sheet and script and one of each more, named by their hash, so kept."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from stillwatch.report.page import SCRIPT as REPORT_SCRIPT
from stillwatch.report.page import SHEET as REPORT_SHEET
from stillwatch.report.page import asset

PACKAGE = "stillwatch.console"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def _named(name: str) -> tuple[str, bytes]:
    raw = asset(name, PACKAGE).encode()
    stem, _, kind = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(raw).hexdigest()[:16]}.{kind}", raw


_FILES = dict(_named(name) for name in (REPORT_SHEET, "console.css", REPORT_SCRIPT, "console.js"))
SHEETS = tuple(f"/assets/{name}" for name in _FILES if name.endswith(".css"))
SCRIPTS = tuple(f"/assets/{name}" for name in _FILES if name.endswith(".js"))


async def endpoint(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return Response(status_code=404)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(_FILES[name], media_type=TYPES[name.rpartition(".")[2]], headers=headers)
