"""The read model as one HTML file that needs nothing but itself.

Contract: ``render_report`` is a pure function of its arguments; the same input gives the same bytes. The page makes no
request, runs only the script whose digest its content security policy names, and takes no style but its own sheet, so a
text that should ever slip through the escaping still cannot run. Reads the templates of this package.

Deliberately not done: writing the file, and choosing what to show (``assemble``).
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stillwatch.report import catalogue, chart, narrative, wording
from stillwatch.report.assemble import build_report
from stillwatch.report.view import Report

if TYPE_CHECKING:
    import pyarrow as pa

ACCOUNTS_SHOWN = 50
"""Accounts listed openly; the rest of a campaign is one click away."""
OTHERS_DETAILED = 30
"""Watched and authorised groups with a section of their own; the page must stay small enough to send."""


def render_report(document: Mapping[str, Any], links: pa.Table, timeline: pa.Table, *, generated_at: datetime) -> str:
    """The report of a scan as one HTML page; ``InputError`` where the document is of another schema."""
    return render_view(build_report(document, links, timeline, generated_at=generated_at))


def render_view(report: Report) -> str:
    """The page of a read model."""
    environment = _environment()
    style, script = _asset("report.css"), _asset("report.js")
    return environment.get_template("report.html.j2").render(
        report=report,
        run=report.run,
        style=style,
        script=script,
        policy=_policy(style, script),
        accounts_shown=ACCOUNTS_SHOWN,
        detailed=_detailed(report),
    )


def _detailed(report: Report) -> frozenset[str]:
    """Anchors of the campaigns that get a section: all that alarmed, and the best ranked of the others."""
    others = report.watched[:OTHERS_DETAILED] + report.authorised[:OTHERS_DETAILED]
    return frozenset(c.anchor for c in report.alarmed + report.retracted + others)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _asset(name: str) -> Markup:
    """A file of ours, free of anything that would end its element early; unix line ends, as browsers hash those."""
    loader = _environment().loader
    assert loader is not None
    source, _, _ = loader.get_source(_environment(), name)
    text = source.replace("\r\n", "\n")
    if "</" in text:
        raise ValueError(f"{name} must not contain '</': it is placed inside an element")
    return Markup(text)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("stillwatch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(say=wording, tell=narrative, chart=chart, catalogue=catalogue)
    return environment
