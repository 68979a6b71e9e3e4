"""The account register as of a moment: later rows are invisible, unknown stays unknown, tenants stay apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.facts.register import Register
from stillwatch.model.frame import Codebook
from stillwatch.model.identity import NEVER
from stillwatch.model.tables import ACCOUNTS, arrow_schema

ZERO = datetime(1970, 1, 1, tzinfo=UTC)
NOW = 1_767_225_600_123_457
"""A moment whose microseconds a float of seconds cannot hold."""


def when(us: int) -> datetime:
    return ZERO + timedelta(microseconds=us)


def register(*rows: dict[str, Any]) -> Register:
    full = [{**dict.fromkeys(ACCOUNTS.column_names), **row} for row in rows]
    return Register(pa.Table.from_pylist(full, schema=arrow_schema(ACCOUNTS)))


def book(*names: str) -> Codebook:
    found = Codebook()
    for name in names:
        found.code(name)
    return found


def test_without_a_register_nothing_is_known() -> None:
    found = Register(None).at(NOW, book("a", "b"))
    assert found.payment.tolist() == found.org.tolist() == found.domain.tolist() == [-1, -1]
    assert found.created_us.tolist() == [NEVER, NEVER]
    assert not found.verified.any()
    assert not found.permitted.any()
    assert len(Register(None)) == 0


def test_rows_meet_their_accounts_whatever_the_order_of_codes() -> None:
    rows = register(
        {"account_id": "a", "payment_id": "p", "identity_verified": True, "created_at": when(NOW)},
        {"account_id": "b", "payment_id": "p", "org_id": "o", "data_generation_permitted": True},
        {"account_id": "unseen", "payment_id": "q"},
    )
    found = rows.at(NOW, book("b", "stranger", "a"))
    assert found.payment[0] == found.payment[2] >= 0 > found.payment[1]
    assert (found.org >= 0).tolist() == [True, False, False]
    assert found.verified.tolist() == [False, False, True]
    assert found.permitted.tolist() == [True, False, False]
    assert found.created_us.tolist() == [NEVER, NEVER, NOW]
    assert len(rows) == 3


@pytest.mark.parametrize(("at", "payment"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize("valid_from", [NOW, NOW + 1, 1_767_225_600_000_000])
def test_a_row_is_invisible_until_the_microsecond_it_is_valid_from(at: int, payment: bool, valid_from: int) -> None:
    rows = register({"account_id": "a", "payment_id": "p", "valid_from": when(valid_from)})
    assert (rows.at(valid_from + at, book("a")).payment[0] >= 0) == payment


def test_the_latest_row_by_then_holds_as_a_whole() -> None:
    """A later row replaces the earlier one; what it does not say is not known any more."""
    rows = register(
        {"account_id": "a", "org_id": "new", "valid_from": when(NOW)},
        {"account_id": "a", "org_id": "old", "payment_id": "p"},
    )
    before, after = rows.at(NOW - 1, book("a")), rows.at(NOW, book("a"))
    assert before.org[0] != after.org[0]
    assert before.payment[0] >= 0 > after.payment[0]


@given(st.lists(st.integers(0, 20), max_size=8), st.integers(0, 20))
def test_as_of_joins_equal_a_plain_search(valid: list[int], moment: int) -> None:
    rows = register(*({"account_id": "a", "org_id": f"o{i}", "valid_from": when(v)} for i, v in enumerate(valid)))
    names = {f"o{i}": i for i in range(len(valid))}
    visible = [(v, i) for i, v in enumerate(valid) if v <= moment]
    expected = f"o{max(visible)[1]}" if visible else None
    found = rows.at(moment, book("a")).org[0]
    if expected is None:
        assert found == -1
    else:
        # Codes are handed out by first use; asking at each row's own moment names them.
        at_its_own = {name: rows.at(valid[i], book("a")).org[0] for name, i in names.items()}
        assert found == at_its_own[f"o{max(visible)[1]}"]


def test_codes_mean_the_same_at_every_moment() -> None:
    rows = register(
        {"account_id": "a", "payment_id": "p"},
        {"account_id": "b", "payment_id": "q", "valid_from": when(5)},
        {"account_id": "c", "payment_id": "p", "valid_from": when(9)},
    )
    accounts = book("a", "b", "c")
    moments = [rows.at(t, accounts).payment.tolist() for t in (0, 5, 9, 0)]
    assert moments[0] == moments[3] == [moments[2][0], -1, -1]
    assert moments[2][0] == moments[2][2] != moments[2][1] == moments[1][1]


def test_tenants_share_neither_accounts_nor_marks() -> None:
    rows = register(
        {"account_id": "a", "tenant_id": "x", "payment_id": "p", "identity_verified": True},
        {"account_id": "a", "tenant_id": "y", "payment_id": "p"},
        {"account_id": "a", "payment_id": "p"},
    )
    found = rows.at(NOW, book("x\x1fa", "y\x1fa", "a"))
    assert len(set(found.payment.tolist())) == 3
    assert found.verified.tolist() == [True, False, False]


def test_times_before_1970_are_times() -> None:
    rows = register({"account_id": "a", "created_at": when(-1), "valid_from": when(-5)})
    assert rows.at(-5, book("a")).created_us.tolist() == [-1]
    assert rows.at(-6, book("a")).created_us.tolist() == [NEVER]
