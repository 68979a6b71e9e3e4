"""LINKS of the listed groups: of every kind the strongest links, weakest left out where a group has very many.

Order of the log and names of accounts change nothing but names. Nothing here is evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import numpy as np
import pyarrow as pa

from stillwatch.campaigns.links.link import Ground, Link
from stillwatch.campaigns.links.moments import onset_links, succession_links
from stillwatch.campaigns.links.repeated import near_duplicate_links
from stillwatch.campaigns.links.shared import template_links, tie_links
from stillwatch.campaigns.standing import Standing, shown_members
from stillwatch.model.frame import Codebook
from stillwatch.model.tables import LINKS, arrow_schema

MOST_LINKS = 2000
"""Links listed per campaign and kind: more than anybody reads."""


def links_table(standings: list[Standing], ground: Ground, accounts: Codebook) -> pa.Table:
    """LINKS of the listed groups."""
    rows = []
    for standing in standings:
        for link in _strongest(_links(standing, ground)):
            first, second = sorted((accounts.names[link.a], accounts.names[link.b]))
            row = (standing.campaign_id, first, second, link.kind, round(link.weight, 3), link.shared, link.population)
            rows.append(dict(zip(LINKS.column_names, row, strict=True)))
    return pa.Table.from_pylist(rows, schema=arrow_schema(LINKS))


def _links(standing: Standing, ground: Ground) -> Iterator[Link]:
    members = np.array(shown_members(standing), dtype=np.int32)
    yield from tie_links(members, ground)
    yield from template_links(members, standing.lineage, ground)
    yield from near_duplicate_links(members, ground)
    yield from onset_links(members, ground)
    yield from succession_links(members, ground)


def _strongest(links: Iterable[Link]) -> list[Link]:
    by_kind = groupby(sorted(links, key=lambda x: (x.kind, -x.weight, x.a, x.b)), key=lambda x: x.kind)
    kept = [link for _, same in by_kind for link in islice(same, MOST_LINKS)]
    return sorted(kept, key=lambda x: (-x.weight, x.kind, x.a, x.b))
