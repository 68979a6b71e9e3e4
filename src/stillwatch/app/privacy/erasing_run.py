"""What an erasure changes in one run folder. Pure but for Arrow: a run in, another run and the lines of a receipt out.

Contract: rows of the account go from every table that has accounts; its entries go from campaigns.json, with all
examples of its campaigns; a campaign without any other account goes whole, with its sums by the hour. Nothing is
changed where a hold covers the account or one of its campaigns. Doing it twice changes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stillwatch.app.privacy.run_data import RunData
from stillwatch.model.scope import scoped
from stillwatch.model.tables import CAMPAIGNS, REJECTS
from stillwatch.privacy.holds import Hold, holding
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line

if TYPE_CHECKING:
    import pyarrow as pa

_NOTE = "data of a person were erased on request; figures of groups still count them"
LINK_ENDS = ("account_a", "account_b")


def erased(run: RunData, person: Person, holds: Sequence[Hold]) -> tuple[RunData, list[Line]]:
    """The run without ``person``, and what that took."""
    mine = campaigns_of(run, person)
    if not person.account:
        return _erased_end_user(run, person, mine, holds)
    new = run.copy()
    lines = list(_erase(new, person, mine))
    names = {person.account, person.account_id} - {""}
    held = holding(holds, names, mine)
    if held and lines:
        why = "; ".join(hold.name for hold in held)
        return run, [Line(line.where, line.what, line.found, held=line.found, hold=why) for line in lines]
    if lines:
        new.note(_NOTE)
    return new, lines


def _erased_end_user(run: RunData, person: Person, mine: set[str], holds: Sequence[Hold]) -> tuple[RunData, list[Line]]:
    """Any example may be the end user's, so each held campaign keeps its own and the others go."""
    held = {name for hold in holds for name in hold.campaigns} & mine
    new = run.copy()
    entries = list(new.document.get("campaigns") or ())
    if held:
        new.document["campaigns"] = [entry for entry in new.campaigns if entry.get("campaign_id") not in held]
    lines = list(_erase(new, person, mine - held))
    if held:
        changed = {entry.get("campaign_id"): entry for entry in new.campaigns}
        new.document["campaigns"] = [changed.get(entry.get("campaign_id"), entry) for entry in entries]
        kept = sum(len(entry.get("examples") or ()) for entry in entries if entry.get("campaign_id") in held)
        why = "; ".join(hold.name for hold in holding(holds, (), held))
        lines.append(Line(str(run.folder), "redacted examples of held campaigns", kept, held=kept, hold=why))
    if any(line.removed for line in lines):
        new.note(_NOTE)
        return new, lines
    return run, lines


def campaigns_of(run: RunData, person: Person) -> set[str]:
    """Campaigns that the account was ever in; for an end user alone every campaign that shows examples."""
    if not person.account:
        return {str(entry.get("campaign_id")) for entry in run.campaigns if entry.get("examples")}
    listed = {
        str(entry.get("campaign_id"))
        for entry in run.campaigns
        if any(_is_theirs(account, person) for account in entry.get("accounts") or ())
    }
    return listed | {row["campaign_id"] for row in rows_of(run, CAMPAIGNS.name, person)}


def rows_of(run: RunData, name: str, person: Person) -> list[dict[str, Any]]:
    """The account's rows of a table; none of an end user, since no table holds end users."""
    table = run.tables.get(name)
    if table is None or not person.account:
        return []
    mine = mask(table, person)
    return [] if mine is None else list(table.filter(mine).to_pylist())


def _erase(run: RunData, person: Person, mine: set[str]) -> Iterator[Line]:
    gone = set[str]()
    if person.account and not person.end_user:
        gone = mine - _with_others(run, person)
        yield from _drop_rows(run, person)
        yield from _drop_accounts(run, person)
    yield from _drop_examples(run, mine)
    yield from _drop_campaigns(run, gone)
    yield from _mask_texts(run, person)


def _drop_rows(run: RunData, person: Person) -> Iterator[Line]:
    import pyarrow.compute as pc

    for name, table in run.tables.items():
        mine = mask(table, person)
        found = 0 if mine is None else pc.sum(mine).as_py() or 0
        if found:
            run.tables[name] = table.filter(pc.invert(mine))
            yield _line(run, f"rows of {name}", found)


def _drop_accounts(run: RunData, person: Person) -> Iterator[Line]:
    found = 0
    for entry in run.campaigns:
        accounts = entry.get("accounts") or []
        entry["accounts"] = [account for account in accounts if not _is_theirs(account, person)]
        found += len(accounts) - len(entry["accounts"])
    if found:
        yield _line(run, "members in campaigns.json and the report", found)


def _drop_examples(run: RunData, campaigns: set[str]) -> Iterator[Line]:
    found = 0
    for entry in run.campaigns:
        if entry.get("campaign_id") in campaigns:
            found += len(entry.get("examples") or ())
            entry["examples"] = []
    if found:
        yield _line(run, "redacted examples", found)


def _drop_campaigns(run: RunData, gone: set[str]) -> Iterator[Line]:
    """Campaigns that were this account alone: their ids and sums are pseudonyms of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not gone:
        return
    kept = [entry for entry in run.campaigns if entry.get("campaign_id") not in gone]
    found = len(run.campaigns) - len(kept)
    run.document["campaigns"] = kept
    for name, table in run.tables.items():
        if "campaign_id" in table.column_names:
            theirs = pc.is_in(table["campaign_id"], pa.array(sorted(gone), pa.string()))
            if count := pc.sum(theirs).as_py() or 0:
                run.tables[name] = table.filter(pc.invert(theirs))
                found += count
    if found:
        yield _line(run, "campaigns of this account alone, with their hours", found)


def _mask_texts(run: RunData, person: Person) -> Iterator[Line]:
    """Identifiers in what people read: evidence, notes, names of rejected files."""
    found = _count(run.document, person)
    if found:
        run.document = person.masked(run.document)
    rejects = run.tables.get(REJECTS.name)
    if rejects is not None and (inside := sum(_count(rejects[c].to_pylist(), person) for c in ("file", "reason"))):
        rows = [person.masked(row) for row in rejects.to_pylist()]
        run.tables[REJECTS.name] = type(rejects).from_pylist(rows, schema=rejects.schema)
        found += inside
    if found:
        yield _line(run, "mentions in texts", found)


def _count(value: Any, person: Person) -> int:
    if isinstance(value, str):
        return person.count(value)
    if isinstance(value, Mapping):
        return sum(_count(name, person) + _count(entry, person) for name, entry in value.items())
    return sum(_count(entry, person) for entry in value) if isinstance(value, list) else 0


def _with_others(run: RunData, person: Person) -> set[str]:
    """Campaigns that hold another account."""
    found = {
        str(entry.get("campaign_id"))
        for entry in run.campaigns
        if any(not _is_theirs(account, person) for account in entry.get("accounts") or ())
    }
    table = run.tables.get(CAMPAIGNS.name)
    if table is None:
        return found
    rows = table.select(["campaign_id", "tenant_id", "account_id"]).to_pylist()
    return found | {row["campaign_id"] for row in rows if scoped(row["tenant_id"], row["account_id"]) != person.account}


def mask(table: pa.Table, person: Person) -> pa.ChunkedArray | None:
    """Which rows are the account's; ``None`` for a table without accounts."""
    import pyarrow.compute as pc

    if "account_id" in table.column_names:
        tenant = person.tenant_id
        same = pc.is_null(table["tenant_id"]) if tenant is None else pc.equal(table["tenant_id"], tenant)
        return pc.fill_null(pc.and_(pc.equal(table["account_id"], person.account_id), same), False)
    if not set(LINK_ENDS) <= set(table.column_names):
        return None
    ends = [pc.equal(table[end], person.account) for end in LINK_ENDS]
    return pc.fill_null(pc.or_(*ends), False)


def _is_theirs(account: object, person: Person) -> bool:
    if not isinstance(account, Mapping):
        return False
    return scoped(account.get("tenant_id"), str(account.get("account_id"))) == person.account


def _line(run: RunData, what: str, found: int) -> Line:
    return Line(str(run.folder), what, found, removed=found)
