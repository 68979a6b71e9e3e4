"""What waits: the campaigns of the run against the cases of the store."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from stillwatch.app.cases.opening import open_cases
from stillwatch.console.scatter import scatter
from stillwatch.console.visit import Visit


def queue(visit: Visit) -> Response:
    report = visit.snapshot.report
    waiting = sum(c.state != "closed" for c in {c.case_id: c for c in visit.to.cases.values()}.values())
    return visit.show(
        "queue.html.j2",
        report=report,
        table=visit.drawn("_waiting.html.j2", lambda: {"report": report, "scatter": scatter(report.campaigns)}),
        waiting=waiting,
        without_case=[c for c in report.of("alarmed") if visit.to.case_of(c) is None],
    )


def open_all(visit: Visit) -> Response:
    """A case for every alarm of the published run, as ``case open`` does it."""
    open_cases(visit.console.casebook.store, visit.snapshot.folder, visit.actor, visit.now)
    return RedirectResponse("/cases", 303)
