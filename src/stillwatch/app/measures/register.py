"""The account register as a preview needs it: the latest row of each account, and the accounts of an organisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stillwatch.errors import ConfigurationError
from stillwatch.measures.acts import Named


@dataclass(frozen=True, slots=True)
class Owner:
    """What the register says about an account now."""

    account_id: str
    tenant_id: str | None
    org_id: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Register:
    """Owners by tenant and account; ``given`` is false where no register was named."""

    owners: dict[tuple[str | None, str], Owner]
    given: bool

    def owner(self, named: Named) -> Owner | None:
        return self.owners.get((named.tenant_id, named.value)) if named.kind == "account" else None

    def of_organisation(self, org_id: str, tenant: str | None) -> list[Owner]:
        if not self.given:
            raise ConfigurationError("the accounts of an organisation stand in the register: name it with --accounts")
        return [o for o in self.owners.values() if o.org_id == org_id and o.tenant_id == tenant]


def read_register(path: str | None, now: datetime) -> Register:
    """The register as of ``now``."""
    if path is None:
        return Register({}, False)
    from stillwatch.ingest.accounts import read_accounts
    from stillwatch.ingest.rejects import Rejects

    rows = read_accounts(path, rejects=Rejects(bytes(32))).to_pylist()
    return Register({(r["tenant_id"], r["account_id"]): _owner(r) for r in _in_order(rows, now)}, True)


def _in_order(rows: Iterable[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Rows that are true by now, the latest of an account last."""
    dated = [row for row in rows if row["valid_from"] is None or row["valid_from"] <= now]
    return sorted(dated, key=lambda r: r["valid_from"].timestamp() if r["valid_from"] else float("-inf"))


def _owner(row: dict[str, Any]) -> Owner:
    return Owner(row["account_id"], row["tenant_id"], row["org_id"], bool(row["identity_verified"]))
