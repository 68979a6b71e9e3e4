"""One account: what it sent, every group it was in, and why it was or was not named there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from starlette.responses import Response

from stillwatch.app.naming import shown
from stillwatch.app.runfolder import groups_of
from stillwatch.app.telling_account import tell_account
from stillwatch.app.telling_links import links_with
from stillwatch.app.traffic import read_traffic
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.model.scope import account_of, tenant_of
from stillwatch.model.tables import CAMPAIGNS, LINKS
from stillwatch.report.assemble import build_timeline
from stillwatch.report.view import Timeline


def account(visit: Visit) -> Response:
    name = visit.request.query_params.get("id", "")
    mine = visit.snapshot.facts.of([name])
    if not len(mine):
        raise RefusalError(
            404, f"the run that is published now has no account {shown(name)}; ids are told apart exactly"
        )
    groups = groups_of(visit.snapshot.table(CAMPAIGNS), name)
    traffic, links = read_traffic(mine, visit.snapshot.facts.by_account), visit.snapshot.table(LINKS)
    lines = list(tell_account(name, traffic, groups, links_with(links, name)))
    inside = {g.campaign_id for g in groups}
    return visit.show(
        "account.html.j2",
        name=shown(name),
        ref=name,
        said=tuple(_sections(lines)),
        timeline=_timeline(mine),
        campaigns=[c for c in visit.snapshot.report.campaigns if c.campaign_id in inside],
        plain_id=account_of(name),
        tenant=tenant_of(name),
    )


def _timeline(facts: pa.Table) -> Timeline | None:
    hours = [us // 3_600_000_000 for us in facts["hour"].cast("int64").to_pylist()]
    sent, tokens = facts["exchanges"].to_pylist(), facts["output_tokens"].to_pylist()
    return build_timeline([(h, s, 1, t) for h, s, t in zip(hours, sent, tokens, strict=True)])


def _sections(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of each part that ``tell_account`` separates by an empty line."""
    part: list[str] = []
    for line in [*lines, ""]:
        if line:
            part.append(line)
        elif part:
            yield part[0], part[1:]
            part = []
