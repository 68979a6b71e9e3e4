"""Why two accounts of a group are believed to belong together: LINKS for display.

Every value that is the group's own links its holders in a ring, each with its neighbour, so that the number of links
grows with the accounts and never with their square. The match weight is the log10 odds against sharing it by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.groups.infrastructure import KINDS, TieTable
from stillwatch.groups.templates import Pairs
from stillwatch.model.frame import Codebook, Codes
from stillwatch.model.tables import LINKS, arrow_schema

MOST_LINKS = 2000
"""Links listed per campaign."""


@dataclass(frozen=True)
class Link:
    """Two member codes, the kind of what they share, its weight, how many values, and who else holds the rarest."""

    a: int
    b: int
    kind: str
    weight: float
    shared: int
    population: int


def links_table(standings: list[Standing], ties: TieTable, pairs: Pairs, accounts: Codebook) -> pa.Table:
    """LINKS of the listed groups."""
    rows = []
    for standing in standings:
        members = np.array(shown_members(standing), dtype=np.int32)
        found = [*_tie_links(members, ties), *_template_links(members, standing, pairs, len(accounts))]
        for link in sorted(found, key=lambda x: (-x.weight, x.kind, x.a, x.b))[:MOST_LINKS]:
            first, second = sorted((accounts.names[link.a], accounts.names[link.b]))
            row = (standing.campaign_id, first, second, link.kind, round(link.weight, 3), link.shared, link.population)
            rows.append(dict(zip(LINKS.column_names, row, strict=True)))
    return pa.Table.from_pylist(rows, schema=arrow_schema(LINKS))


def _tie_links(members: Codes, ties: TieTable) -> Iterator[Link]:
    if not len(members):
        return
    names, column, where = ties.within(members)
    total = len(ties.starts) - 1
    order = np.lexsort((where, column))
    column, where = column[order], where[order]
    best: dict[tuple[int, int, str], Link] = {}
    for i in range(len(column)):
        nxt = i + 1 if i + 1 < len(column) and column[i + 1] == column[i] else int(np.searchsorted(column, column[i]))
        a, b = sorted((int(members[where[i]]), int(members[where[nxt]])))
        if a == b:
            continue
        value = names[column[i]]
        kind, holders = KINDS[ties.kind[value]], int(ties.holders[value])
        shown = {"org": "payment"}.get(kind, kind)
        weight = float(np.log10(max(total, 2) / holders))
        old = best.get((a, b, shown))
        count = old.shared + 1 if old else 1
        rarest = min(holders, old.population) if old else holders
        best[a, b, shown] = Link(a, b, shown, max(weight, old.weight if old else 0.0), count, rarest)
    yield from best.values()


def _template_links(members: Codes, standing: Standing, pairs: Pairs, total: int) -> Iterator[Link]:
    """A ring over the members that share template keys, by their rarest shared key."""
    keys = standing.lineage.keys
    inside = np.isin(pairs.key, keys)
    key, account = pairs.key[inside], pairs.account[inside]
    holders = dict(zip(*(x.tolist() for x in np.unique(key, return_counts=True)), strict=True))
    of = {int(m): set(key[account == m].tolist()) for m in members}
    chain = [m for m, held in of.items() if held]
    for a, b in zip(chain, chain[1:] + chain[:1], strict=True):
        common = of[a] & of[b]
        if a != b and common:
            rarest = min(holders[k] for k in common)
            yield Link(min(a, b), max(a, b), "template", float(np.log10(max(total, 2) / rarest)), len(common), rarest)
