"""The account register as of a moment, aligned with the scan's account codes.

Reads ACCOUNTS. A row with a later ``valid_from`` is invisible before it: an epoch that ended earlier never sees it.
"""

from __future__ import annotations

import copy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from stillwatch.model.frame import Codebook
from stillwatch.model.identity import Identities
from stillwatch.model.scope import scoped, tenant_of

_FOREVER = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Register:
    """Account rows by account id, each account's rows ascending by ``valid_from``."""

    def __init__(self, table: pa.Table | None) -> None:
        rows = sorted(table.to_pylist() if table is not None else (), key=_order)
        self._first: dict[str, int] = {}
        for place, row in enumerate(rows):
            self._first.setdefault(_name(row), place)
        self._since = np.array([_since(row) for row in rows], dtype=np.int64)
        owner = np.array([self._first[_name(row)] for row in rows], dtype=np.int64)
        self._rows_from = np.bincount(owner, minlength=len(rows))
        self._known = _columns(rows)
        self._place = np.zeros(0, dtype=np.int64)
        self._tenants, self._tenant = Codebook(), np.zeros(0, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._first)

    def fork(self) -> Register:
        """The same rows for account codes that go their own way from here."""
        made = copy.copy(self)
        made._tenants = copy.deepcopy(self._tenants)
        return made

    def at(self, moment_us: int, accounts: Codebook) -> Identities:
        """What was known of every account code at ``moment_us``; only new accounts cost a look-up."""
        fresh = accounts.names[len(self._place) :]
        places = np.fromiter((self._first.get(name, -1) for name in fresh), dtype=np.int64, count=len(fresh))
        self._place = np.concatenate([self._place, places])
        self._tenant = np.concatenate([self._tenant, self._tenants.encode(tenant_of(name) for name in fresh)])
        found = Identities.unknown(len(accounts))
        code = np.flatnonzero(self._place >= 0)
        row = self._place[code]
        for several in np.flatnonzero(self._rows_from[row] > 1).tolist():
            dated = self._since[row[several] : row[several] + self._rows_from[row[several]]]
            row[several] += max(int(np.searchsorted(dated, moment_us, "right")) - 1, 0)
        seen = self._since[row] <= moment_us
        for column in (c for c in fields(found) if c.name != "tenant"):
            getattr(found, column.name)[code[seen]] = getattr(self._known, column.name)[row[seen]]
        found.tenant[:] = self._tenant
        return found


def _columns(rows: list[dict[str, Any]]) -> Identities:
    """The register's rows as arrays, one entry per row; shared values get shared codes within a tenant."""
    found = Identities.unknown(len(rows))
    books = {name: Codebook() for name in ("payment_id", "org_id", "email_domain_hash")}
    targets = {"payment_id": found.payment, "org_id": found.org, "email_domain_hash": found.domain}
    for place, row in enumerate(rows):
        for name, target in targets.items():
            if row[name] is not None:
                target[place] = books[name].code(scoped(row["tenant_id"], str(row[name])))
        found.verified[place] = bool(row["identity_verified"])
        found.permitted[place] = bool(row["data_generation_permitted"])
        if row["created_at"] is not None:
            found.created_us[place] = _micros(row["created_at"])
    return found


def _order(row: dict[str, Any]) -> tuple[str, int]:
    return _name(row), _since(row)


def _name(row: dict[str, Any]) -> str:
    return scoped(row["tenant_id"], row["account_id"])


def _since(row: dict[str, Any]) -> int:
    return _FOREVER if row["valid_from"] is None else _micros(row["valid_from"])


def _micros(value: object) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a timestamp, got {value!r}")
    return (value - _EPOCH) // timedelta(microseconds=1)
