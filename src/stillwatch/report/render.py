"""The read model as one HTML file that needs nothing but itself.

Contract: ``render_report`` is a pure function of its arguments; the same input gives the same bytes. What keeps the
page to itself is in ``page``.

Deliberately not done: writing the file, and choosing what to show (``assemble``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stillwatch.report.assemble import build_report
from stillwatch.report.page import page
from stillwatch.report.places import OnePage
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
    detailed = _detailed(report)
    return page(
        "report.html.j2",
        report=report,
        run=report.run,
        accounts_shown=ACCOUNTS_SHOWN,
        detailed=detailed,
        to=OnePage(detailed),
    )


def _detailed(report: Report) -> frozenset[str]:
    """Anchors of the campaigns that get a section: all that alarmed, and the best ranked of the others."""
    others = report.watched[:OTHERS_DETAILED] + report.authorised[:OTHERS_DETAILED]
    return frozenset(c.anchor for c in report.alarmed + report.retracted + others)
