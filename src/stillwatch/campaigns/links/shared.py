"""Links by values that accounts share: means of payment, organisation, domain, network, client, template keys.

Every value that is the group's own links its holders in a ring, each with its neighbour, so that the number of links
grows with the holdings and never with their square. The weight is the log10 of one in how many accounts holds it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.links.link import Ground, Link
from stillwatch.groups.infrastructure import KINDS
from stillwatch.model.frame import Codes


def tie_links(members: Codes, ground: Ground) -> Iterator[Link]:
    """Links by infrastructure and identity."""
    if not len(members):
        return
    ties, total = ground.ties, len(ground.peers(members))
    names, column, where = ties.within(members)
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


def template_links(members: Codes, lineage: Lineage, ground: Ground) -> Iterator[Link]:
    """A ring over the members that share template keys, by their rarest shared key."""
    if not len(members):
        return
    pairs, total = ground.pairs, len(ground.peers(members))
    inside = np.isin(pairs.key, lineage.keys)
    key, account = pairs.key[inside], pairs.account[inside]
    holders = dict(zip(*(x.tolist() for x in np.unique(key, return_counts=True)), strict=True))
    of: dict[int, set[int]] = {m: set() for m in members.tolist()}
    for k, holder in zip(key.tolist(), account.tolist(), strict=True):
        if holder in of:
            of[holder].add(k)
    chain = [m for m, held in of.items() if held]
    for a, b in zip(chain, chain[1:] + chain[:1], strict=True):
        common = of[a] & of[b]
        if a != b and common:
            rarest = min(holders[k] for k in common)
            yield Link(min(a, b), max(a, b), "template", float(np.log10(max(total, 2) / rarest)), len(common), rarest)
