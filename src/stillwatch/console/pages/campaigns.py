"""A campaign, its accounts, its examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
SORTS: dict[str, Callable[[Account], Any]] = {
    "account": lambda a: a.account_id,
    "membership": lambda a: a.membership_prob,
    "role": lambda a: a.role,
    "exchanges": lambda a: a.exchanges,
    "since": lambda a: a.since,
    "named": lambda a: a.named_at,
}


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
    sort: str
    down: bool

    @property
    def per_page(self) -> int:
        return PER_PAGE

    @property
    def first(self) -> int:
        """The place of the first one among all that were asked for."""
        return (self.page - 1) * PER_PAGE

    @property
    def of(self) -> dict[str, str]:
        """What was asked for, as an address says it: all but the order and the page."""
        bundle = {} if self.bundle is None else {"bundle": str(self.bundle)}
        return {**bundle, **({"search": self.search} if self.search else {})}

    @property
    def ordered(self) -> dict[str, str]:
        """The same with its order."""
        return {**self.of, **({"sort": self.sort} if self.sort else {}), **({"down": "1"} if self.down else {})}


def campaign(visit: Visit) -> Response:
    shown = find(visit)
    chosen = _chosen(visit, shown)
    drawn = chosen.members[:LANES]
    return visit.show(
        "campaign.html.j2",
        campaign=shown.campaign,
        chosen=chosen,
        lanes=lanes(visit.snapshot.facts.of([name for name, _ in drawn]), drawn),
        case=visit.to.case_of(shown.campaign),
    )


def accounts(visit: Visit) -> Response:
    """The accounts table alone: for a table that is longer than what is shown of it."""
    shown = find(visit)
    return visit.show("accounts_alone.html.j2", campaign=shown.campaign, chosen=_chosen(visit, shown), lanes=None)


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
    sort, down = visit.request.query_params.get("sort", ""), visit.request.query_params.get("down") == "1"
    if sort in SORTS:
        found = _sorted(found, SORTS[sort], down=down)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(visit.number("page"), 1), pages)
    return Chosen(_page(found, page), len(found), page, pages, search, of, name, sort if sort in SORTS else "", down)


def _sorted(found: list[Member], value: Callable[[Account], Any], *, down: bool) -> list[Member]:
    """In the order of a value, what is not known last either way."""
    known = sorted((m for m in found if value(m[1]) is not None), key=lambda m: value(m[1]), reverse=down)
    return known + [m for m in found if value(m[1]) is None]


def _page(members: Sequence[Member], page: int) -> tuple[Member, ...]:
    return tuple(members[(page - 1) * PER_PAGE : page * PER_PAGE])
