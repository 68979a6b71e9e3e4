"""``case check``: the terms of the accounts' plans and their permissions against what the exhibits show.

Reads a terms file (TOML), the account register as of the campaign's last request, and the facts among the exhibits.
Writes one entry: counts per rule in the clear, each account's own result sealed for that account.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stillwatch import inert
from stillwatch.app.cases.desk import Actor, Session, View, at_work
from stillwatch.cases.acts import Checked
from stillwatch.cases.authorisation import Held, Registered, Terms, Use, findings, hold_against
from stillwatch.cases.state import Case
from stillwatch.errors import ConfigurationError
from stillwatch.journal.entry import Entry
from stillwatch.model.scope import scoped
from stillwatch.report.document import as_moment

if TYPE_CHECKING:
    import pyarrow as pa


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plans: dict[str, Terms]


def check_case(
    store: Path, case_id: str, register: str, terms: Path, actor: Actor, now: datetime, why: str, *, dry_run: bool
) -> Entry:
    """Hold the terms against every account of a case and write down the result."""
    plans = read_terms(terms)
    rows = _register(register)
    with at_work(store, actor, now, dry_run=dry_run) as session:
        held = _held(session, case_id, plans, rows)
        private = {subject: msgspec.json.encode(rules) for subject, rules in held.items()}
        return session.do(case_id, Checked(findings(list(held.values()))), why, private=private)


def read_terms(path: Path) -> dict[str, Terms]:
    """Terms by plan."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File).plans
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(
            f"terms {path}: {inert.text(str(error))}. A terms file has a table [plans.NAME] for each plan and "
            "[plans.default]; see docs/how-to/open-a-case.md."
        ) from None


def _held(session: Session, case_id: str, plans: Mapping[str, Terms], rows: Sequence[dict[str, Any]]) -> Any:
    view = session.view
    case = view.case(case_id)
    until = max(filter(None, (as_moment(s.last_seen_at) for s in case.sightings.values())), default=session.now)
    known, uses = _as_of(rows, until), _uses(view, case)
    found: dict[str, list[Held]] = {}
    for subject, account in view.accounts(case_id).items():
        name = scoped(account.tenant_id, account.account_id) if account else None
        found[subject] = list(hold_against(plans, known.get(name or ""), uses.get(subject)))
    return found


def _register(register: str) -> list[dict[str, Any]]:
    from stillwatch.ingest.accounts import read_accounts
    from stillwatch.ingest.rejects import Rejects

    rows: list[dict[str, Any]] = read_accounts(register, rejects=Rejects(bytes(32))).to_pylist()
    return rows


def _as_of(rows: Sequence[dict[str, Any]], moment: datetime) -> dict[str, Registered]:
    """The row of each account that held at ``moment``."""
    begins = datetime.min.replace(tzinfo=UTC)
    dated = sorted(
        (row for row in rows if (row["valid_from"] or begins) <= moment), key=lambda r: r["valid_from"] or begins
    )
    return {
        scoped(r["tenant_id"], r["account_id"]): Registered(r["plan"], r["data_generation_permitted"], r["country"])
        for r in dated
    }


def _uses(view: View, case: Case) -> dict[str, Use]:
    """The most that each member did, over all facts among the latest exhibits."""
    import pyarrow.parquet as pq

    names = {e.name for s in case.sightings.values() for e in s.exhibits if e.name.endswith("/facts.parquet")}
    found: dict[str, Use] = {}
    for name in sorted(names):
        for subject, use in _most(pq.read_table(view.store / name)).items():
            other = found.get(subject, use)
            fields = Use.__slots__
            found[subject] = Use(*(max(getattr(use, f), getattr(other, f)) for f in fields))
    return found


def _most(facts: pa.Table) -> dict[str, Use]:
    import pyarrow.compute as pc

    facts = facts.append_column("day", pc.floor_temporal(facts["hour"], unit="day"))
    days = facts.group_by(["account_id", "day"]).aggregate(
        [("exchanges", "sum"), ("output_tokens", "sum"), ("end_users", "max")]
    )
    most = days.group_by("account_id").aggregate(
        [("exchanges_sum", "max"), ("output_tokens_sum", "max"), ("end_users_max", "max")]
    )
    columns = ("exchanges_sum_max", "output_tokens_sum_max", "end_users_max_max")
    return {row["account_id"]: Use(*(row[c] for c in columns)) for row in most.to_pylist()}
