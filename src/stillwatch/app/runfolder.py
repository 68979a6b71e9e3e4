"""A run folder as ``scan`` wrote it, read for people who ask about it afterwards.

Reads campaigns.json (groups that are listed: alarmed, provisional, watched) and the tables beside it, CAMPAIGNS above
all (every group that was ever proposed, a row per account). Opens no log and no keyring. A folder that is no run is an
``InputError`` that says which file is missing or unreadable and what to do.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch import inert
from stillwatch.errors import InputError
from stillwatch.model.scope import scoped, scoped_column
from stillwatch.model.tables import Table
from stillwatch.report.document import open_document

if TYPE_CHECKING:
    import pyarrow as pa

DOCUMENT = "campaigns.json"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Member:
    """An account of a group; ``exchanges`` of its ``requests`` since it joined carry the group's machinery."""

    account_id: str
    role: str
    membership_prob: float
    left_out: str | None
    joined_by: str | None
    since: datetime
    named_at: datetime | None
    exchanges: int
    requests: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the figures of its gates and all accounts that were ever in it, the most certain first.

    Of kind ``single`` it is one account, which has no first gate.
    """

    campaign_id: str
    state: str
    authorised: bool
    kind: str
    proposed_at: datetime
    alarmed_at: datetime | None
    log10_e_independence: float | None
    alpha_independence: float | None
    p_cohort: float | None
    alpha_cohort: float
    cohorts: int | None
    members: tuple[Member, ...]

    @property
    def log10_e_asked(self) -> float:
        """The power of ten that its share of the budget asks for; infinite where nothing was left for it."""
        return -math.log10(self.alpha_independence) if self.alpha_independence else math.inf

    @property
    def independence_rejected(self) -> bool:
        """Whether the first gate was passed. Its evidence is frozen when it is, so the figures still show it."""
        if self.log10_e_independence is None:
            return True
        return self.log10_e_independence >= self.log10_e_asked - _ROUNDING


_GROUP_COLUMNS = tuple(name for name in Group.__slots__ if name != "members")
_MEMBER_COLUMNS = tuple(name for name in Member.__slots__ if name != "account_id")


def read_document(folder: Path) -> dict[str, Any]:
    """campaigns.json as it stands."""
    path = folder / DOCUMENT
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise _no_run(folder, f"{DOCUMENT} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise _no_run(folder, f"{DOCUMENT} is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise _no_run(folder, f"{DOCUMENT} holds no object")
    open_document(document)
    return document


def read_table(folder: Path, table: Table) -> pa.Table:
    """A declared table of the run."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{table.name}.parquet"
    try:
        return pq.read_table(path).select(list(table.column_names))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise unreadable(folder, table, error) from error


def read_rows(folder: Path, table: Table) -> int | None:
    """How many rows a declared table of the run has; ``None`` where it was taken away."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{table.name}.parquet"
    try:
        return int(pq.read_metadata(path).num_rows) if path.exists() else None
    except (OSError, pa.ArrowException) as error:
        raise unreadable(folder, table, error) from error


def group(campaigns: pa.Table, campaign_id: str) -> Group:
    """One group of CAMPAIGNS, which must be there."""
    import pyarrow.compute as pc

    rows = campaigns.filter(pc.equal(campaigns["campaign_id"], campaign_id)).to_pylist()
    members = [Member(scoped(row["tenant_id"], row["account_id"]), *(row[n] for n in _MEMBER_COLUMNS)) for row in rows]
    members.sort(key=lambda m: (-m.membership_prob, -m.exchanges, m.account_id))
    return Group(**{name: rows[0][name] for name in _GROUP_COLUMNS}, members=tuple(members))


def groups_of(campaigns: pa.Table, account: str) -> list[Group]:
    """Every group that the account was ever in, in the order in which they were found."""
    import pyarrow.compute as pc

    ids = campaigns.filter(pc.equal(scoped_column(campaigns), account))["campaign_id"].unique().to_pylist()
    return sorted((group(campaigns, name) for name in ids), key=lambda g: (g.proposed_at, g.campaign_id))


def unreadable(folder: Path, table: Table, error: Exception) -> InputError:
    """What is told of a table of a run that is not there or cannot be read."""
    return _no_run(folder, f"{table.name}.parquet cannot be read ({inert.text(str(error))})")


def _no_run(folder: Path, why: str) -> InputError:
    return InputError(
        f"{folder} is not a complete run folder: {why}. Name the folder that 'stillwatch scan' was given as --out, or "
        "run the scan again; a folder whose files were moved apart cannot be explained."
    )
