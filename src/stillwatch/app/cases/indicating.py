"""``case indicators``: items towards an attribution, read from the exhibits of a case.

Reads the latest exhibits (links and facts) and the way in which campaigns joined the case. Writes nothing: a person who
finds an item telling weighs it under their own name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stillwatch.app.cases.desk import View
from stillwatch.cases.indicators import Indicator, busy_hours, linked
from stillwatch.cases.state import Case

if TYPE_CHECKING:
    import pyarrow as pa


def indicators(view: View, case_id: str) -> list[Indicator]:
    """Every item that the exhibits hold, the most widespread first."""
    case = view.case(case_id)
    members = len(case.members)
    found = [item for table in _tables(view, case, "links") for item in linked(table.to_pylist(), members)]
    if (hours := busy_hours(_by_hour(view, case), members)) is not None:
        found.append(hours)
    if len(case.sightings) > 1:
        text = f"{len(case.sightings)} campaigns took over from each other, or a person made one case of them"
        found.append(Indicator("succession", "inferred", members, members, text))
    return sorted(found, key=lambda item: (-item.accounts, item.kind))


def _by_hour(view: View, case: Case) -> list[int]:
    import pyarrow.compute as pc

    sums = [0] * 24
    for facts in _tables(view, case, "facts"):
        of_day = facts.append_column("h", pc.hour(facts["hour"]))
        for row in of_day.group_by("h").aggregate([("exchanges", "sum")]).to_pylist():
            sums[row["h"]] += row["exchanges_sum"]
    return sums


def _tables(view: View, case: Case, name: str) -> Iterator[pa.Table]:
    """That table of every latest exhibit."""
    import pyarrow.parquet as pq

    names = {e.name for s in case.sightings.values() for e in s.exhibits if e.name.endswith(f"/{name}.parquet")}
    yield from (pq.read_table(view.store / name) for name in sorted(names))
