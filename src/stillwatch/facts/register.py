"""The account register as of a moment, aligned with the scan's account codes.

Reads ACCOUNTS. A row with a later ``valid_from`` is invisible before it: an epoch that ended earlier never sees it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from stillwatch.model.frame import Codebook
from stillwatch.model.identity import Identities

_FOREVER = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Register:
    """Account rows by account id, each list ascending by ``valid_from``."""

    def __init__(self, table: pa.Table | None) -> None:
        self._rows: dict[str, list[tuple[int, dict[str, object]]]] = {}
        self._books = {name: Codebook() for name in ("payment_id", "org_id", "email_domain_hash")}
        for row in table.to_pylist() if table is not None else ():
            valid = row["valid_from"]
            since = _FOREVER if valid is None else _micros(valid)
            tenant = row["tenant_id"]
            name = row["account_id"] if tenant is None else f"{tenant}\x1f{row['account_id']}"
            self._rows.setdefault(name, []).append((since, row))
        for rows in self._rows.values():
            rows.sort(key=lambda r: r[0])

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, moment_us: int, accounts: Codebook) -> Identities:
        """What was known of every account code at ``moment_us``."""
        found = Identities.unknown(len(accounts))
        for code, name in enumerate(accounts.names):
            row = self._row(name, moment_us)
            if row is None:
                continue
            found.payment[code] = self._code("payment_id", row)
            found.org[code] = self._code("org_id", row)
            found.domain[code] = self._code("email_domain_hash", row)
            found.verified[code] = bool(row["identity_verified"])
            found.permitted[code] = bool(row["data_generation_permitted"])
            if row["created_at"] is not None:
                found.created_us[code] = _micros(row["created_at"])
        return found

    def _row(self, name: str, moment_us: int) -> dict[str, object] | None:
        current = None
        for since, row in self._rows.get(name, ()):
            if since > moment_us:
                break
            current = row
        return current

    def _code(self, column: str, row: dict[str, object]) -> int:
        value = row[column]
        if value is None:
            return -1
        tenant = row["tenant_id"]
        return self._books[column].code(str(value) if tenant is None else f"{tenant}\x1f{value}")


def _micros(value: object) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a timestamp, got {value!r}")
    return (value - _EPOCH) // timedelta(microseconds=1)
