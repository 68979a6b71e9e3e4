"""Names of accounts across tenants: an account id is unique within its tenant only.

Inside a scan an account is named by its tenant and its id with a unit separator between; outside, both stand apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATOR = "\x1f"


def scoped(tenant: str | None, account: str) -> str:
    """The name by which a scan tells accounts apart."""
    return account if tenant is None else f"{tenant}{SEPARATOR}{account}"


def tenant_of(name: str) -> str | None:
    """The tenant of a scoped name; ``None`` where the account has none."""
    tenant, separator, _ = name.rpartition(SEPARATOR)
    return tenant if separator else None


def account_of(name: str) -> str:
    """The account id of a scoped name."""
    return name.rpartition(SEPARATOR)[2]


def scoped_column(table: pa.Table, column: str = "account_id") -> pa.ChunkedArray:
    """The scoped values of a column, row by row; null where the column is."""
    import pyarrow.compute as pc

    joined = pc.binary_join_element_wise(table["tenant_id"], table[column], SEPARATOR)
    return pc.if_else(pc.is_null(table["tenant_id"]), table[column], joined)
