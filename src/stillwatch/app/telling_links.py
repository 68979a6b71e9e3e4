"""What links the accounts of a group, and what relates the group to others, in lines for ``explain``.

Pure functions of LINKS and of campaigns.json. Links explain why accounts were looked at together; they are no evidence,
and the lines say so. Shared infrastructure is told with what it does not mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stillwatch.app.naming import shown
from stillwatch.report.catalogue import link_kind
from stillwatch.report.document import Record, also_named_in, kinds_of_work
from stillwatch.report.narrative import relations
from stillwatch.report.wording import plural, power

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LINKS = 12
"""Links of one account that are told."""
_VALUES = ("template", "near_duplicate", "payment", "domain", "network", "client")
"""Kinds of which two accounts can share several values."""

Row = Mapping[str, Any]


def links_of(links: pa.Table, campaign_id: str) -> list[Row]:
    """The rows of LINKS of one campaign."""
    import pyarrow.compute as pc

    rows: list[Row] = links.filter(pc.equal(links["campaign_id"], campaign_id)).to_pylist()
    return rows


def links_with(links: pa.Table, account: str) -> list[Row]:
    """The rows of LINKS that an account is in."""
    import pyarrow.compute as pc

    mine = pc.or_(pc.equal(links["account_a"], account), pc.equal(links["account_b"], account))
    rows: list[Row] = links.filter(mine).to_pylist()
    return rows


def tell_group_links(rows: Sequence[Row]) -> Iterator[str]:
    """One line per kind of link of a group, the most frequent first."""
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    if not by_kind:
        yield "None is kept: links are made for groups that are alarmed, provisional or watched."
        return
    for kind, same in sorted(by_kind.items(), key=lambda item: (-len(item[1]), item[0])):
        accounts = len({account for row in same for account in (row["account_a"], row["account_b"])})
        best = max(row["weight"] for row in same)
        known = link_kind(kind)
        yield (
            f"{known.label}: {plural(len(same), 'link')} over {plural(accounts, 'account')}, weights up to "
            f"{power(best)}; they {known.meaning}"
        )
    yield "A weight of 2: of pairs of strangers about one in 10^2 would share so much. Links are no evidence."


def tell_account_links(account: str, rows: Sequence[Row]) -> Iterator[str]:
    """An account's strongest links, each with what else holds it."""
    ranked = sorted(rows, key=lambda row: (-row["weight"], row["kind"], row["account_a"], row["account_b"]))
    for row in ranked[:MOST_LINKS]:
        other = row["account_b"] if row["account_a"] == account else row["account_a"]
        times = f" ×{row['shared']:,}" if row["kind"] in _VALUES and row["shared"] > 1 else ""
        yield (
            f"{link_kind(row['kind']).label}{times} with {shown(other)} in {shown(row['campaign_id'])}: weight "
            f"{power(row['weight'])}, {plural(row['population'], 'account')} in all"
        )
    if len(ranked) > MOST_LINKS:
        yield f"… and {plural(len(ranked) - MOST_LINKS, 'more link')} (links.parquet lists all)"


def tell_relations(entry: Record | None) -> Iterator[str]:
    """What came before the group and who shares its infrastructure, where campaigns.json says so."""
    if entry is not None:
        shared = entry.texts("shared_infrastructure_with", 72)
        yield from relations(entry.text("predecessor"), shared, also_named_in(entry), kinds_of_work(entry))
