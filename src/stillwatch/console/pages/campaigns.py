"""A campaign, its accounts, its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from stillwatch.app.cases.beside import record_look
from stillwatch.app.published import Snapshot
from stillwatch.console.lanes import lanes
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.report.assemble import build_campaign, members
from stillwatch.report.bundles import Bundled, bundle
from stillwatch.report.graph import MAX_NODES, draw
from stillwatch.report.view import Account, Campaign

PER_PAGE, LANES = 100, 25
FEWEST_BUNDLES = 3
Member = tuple[str, Account]


@dataclass(frozen=True)
class Shown:
    """A campaign with its pictures; ``members`` by scoped name, in the order of ``campaign.accounts``."""

    campaign: Campaign
    members: tuple[Member, ...]
    bundled: Bundled | None


@dataclass(frozen=True)
class Chosen:
    """One page of the accounts that were asked for; ``bundle`` names the bundle that they are of."""

    members: tuple[Member, ...]
    total: int
    page: int
    pages: int
    search: str
    bundle: int | None
    bundle_name: str


def campaign(visit: Visit) -> Response:
    shown = find(visit)
    chosen = _chosen(visit, shown)
    drawn = chosen.members[:LANES]
    return visit.show(
        "campaign.html.j2",
        campaign=shown.campaign,
        chosen=chosen,
        lanes=lanes(visit.snapshot.facts_of([name for name, _ in drawn]), drawn),
        case=visit.to.case_of(shown.campaign),
    )


def examples(visit: Visit) -> Response:
    """The redacted examples; that somebody is shown them stands in the journal first."""
    found = find(visit).campaign
    case = visit.to.case_of(found)
    about, run_id = case.case_id if case else found.campaign_id, visit.snapshot.report.run.run_id
    events = [e.event_id for e in found.examples]
    record_look(visit.console.casebook.store, visit.actor, visit.now, about, run_id, events)
    return visit.show("examples.html.j2", campaign=found, case=case)


def find(visit: Visit) -> Shown:
    """The campaign of the address."""
    anchor = f"campaign-{visit.request.path_params['name']}"
    if anchor not in visit.snapshot.entries:
        raise RefusalError(404, "the run that is published now lists no such campaign; an older run may have")
    return _kept(visit.snapshot, anchor)


def prepare(snapshot: Snapshot) -> None:
    """Make the pictures of alarmed campaigns before somebody waits for them."""
    for found in snapshot.report.alarmed:
        _kept(snapshot, found.anchor)


def _kept(snapshot: Snapshot, anchor: str) -> Shown:
    if anchor not in snapshot.kept:
        snapshot.kept[anchor] = _shown(snapshot, anchor)
    found: Shown = snapshot.kept[anchor]
    return found


def _shown(snapshot: Snapshot, anchor: str) -> Shown:
    number, record = snapshot.entries[anchor]
    key, accounts = record.raw("campaign_id"), members(record)
    links = snapshot.links.get(key, [])
    bundled = bundle(accounts, links) if len(accounts) > MAX_NODES else None
    if bundled is not None and len(bundled.members) < FEWEST_BUNDLES:
        bundled = None  # one knot: the best linked accounts say more
    graph = bundled.graph if bundled else draw(accounts, links)
    found = build_campaign(record, [], snapshot.hours.get(key, []), number)
    return Shown(replace(found, graph=graph), tuple(accounts), bundled)


def _chosen(visit: Visit, shown: Shown) -> Chosen:
    search, number = visit.request.query_params.get("search", "").strip()[:72], visit.number("bundle", -1)
    wanted, name, of = shown.members, "", None
    if shown.bundled is not None and 0 <= number < len(shown.bundled.members):
        wanted = tuple(shown.members[i] for i in shown.bundled.members[number])
        name, of = shown.bundled.graph.nodes[number].name, number
    found = [m for m in wanted if search.casefold() in m[1].account_id.casefold()]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(visit.number("page"), 1), pages)
    return Chosen(_page(found, page), len(found), page, pages, search, of, name)


def _page(members: Sequence[Member], page: int) -> tuple[Member, ...]:
    return tuple(members[(page - 1) * PER_PAGE : page * PER_PAGE])
