"""FACTS in pieces: the same answers whether the file is kept whole or read again, and a mistake that names it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app import facts as module
from stillwatch.app.facts import FACTS_FILE, Facts
from stillwatch.app.traffic import read_traffic
from stillwatch.errors import InputError
from stillwatch.model.scope import scoped
from stillwatch.model.tables import FACTS, arrow_schema

HOUR = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNTS = [(None, "acc-1"), (None, "acc-2"), ("t-1", "acc-1"), ("t-1", "acc-3")]


@pytest.fixture(params=["kept whole", "read in pieces"])
def rows(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the file in ``tmp_path`` holds, 23 rows a row group."""
    monkeypatch.setattr(module, "_PILE_ROWS", 10)
    if request.param == "read in pieces":
        monkeypatch.setattr(module, "SMALL_ROWS", 0)
    draw = np.random.default_rng(3)
    counts = [name for name in FACTS.column_names if name not in ("tenant_id", "account_id", "hour")]
    drawn = [
        {"tenant_id": tenant, "account_id": account, "hour": HOUR + timedelta(hours=hour)}
        | {name: int(draw.integers(1, 100)) for name in counts}
        for hour in range(60)
        for tenant, account in ACCOUNTS
        if draw.random() < 0.6
    ]
    pq.write_table(pa.Table.from_pylist(drawn, schema=arrow_schema(FACTS)), tmp_path / FACTS_FILE, row_group_size=23)
    return drawn


def _of(rows: list[dict[str, Any]], account: str) -> list[dict[str, Any]]:
    return [row for row in rows if scoped(row["tenant_id"], row["account_id"]) == account]


def test_the_rows_of_accounts_are_theirs_alone(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    facts = Facts.in_folder(tmp_path)
    assert pa.concat_tables(facts.pieces()).to_pylist() == rows
    for wanted in (["acc-1"], [scoped("t-1", "acc-1"), "acc-2", "acc-2"], ["nobody"], []):
        found = facts.of(wanted).to_pylist()
        assert {row["account"] for row in found} == set(wanted) - {"nobody"}
        assert sorted(row["exchanges"] for row in found) == sorted(
            row["exchanges"] for account in set(wanted) for row in _of(rows, account)
        )


def test_each_account_is_summed_up(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    found = {row["account"]: row for row in Facts.in_folder(tmp_path).by_account.to_pylist()}
    assert set(found) == {scoped(*account) for account in ACCOUNTS}
    for account, summed in found.items():
        mine = _of(rows, account)
        assert summed["exchanges"] == sum(row["exchanges"] for row in mine)
        assert (summed["first"], summed["last"]) == (min(r["hour"] for r in mine), max(r["hour"] for r in mine))


def test_an_account_is_told_beside_all_others(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    facts, mine = Facts.in_folder(tmp_path), _of(rows, "acc-1")
    told = read_traffic(facts.of(["acc-1"]), facts.by_account)
    assert told.total["output_tokens"] == sum(row["output_tokens"] for row in mine)
    assert told.most["nets"] == max(row["nets"] for row in mine)
    assert (told.active_hours, told.first_hour) == (len(mine), mine[0]["hour"])
    assert told.log_hours == (max(r["hour"] for r in rows) - min(r["hour"] for r in rows)) // timedelta(hours=1) + 1
    sums = [sum(row["exchanges"] for row in _of(rows, scoped(*account))) for account in ACCOUNTS]
    assert told.typical_requests == np.median(sums)


def test_bytes_are_read_like_the_file(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    held = pa.py_buffer((tmp_path / FACTS_FILE).read_bytes())
    assert pa.concat_tables(Facts(held, tmp_path).pieces()).to_pylist() == rows


def test_a_run_without_facts_has_none_and_a_broken_file_is_named(tmp_path: Path) -> None:
    assert len(Facts(None, tmp_path).by_account) == len(Facts(None, tmp_path).of(["acc-1"])) == 0
    for content in (None, b"no parquet"):
        if content is not None:
            (tmp_path / FACTS_FILE).write_bytes(content)
        with pytest.raises(InputError, match=rf"{FACTS_FILE} cannot be read .* run the scan again"):
            Facts.in_folder(tmp_path).of(["acc-1"])
    pq.write_table(pa.table({"account_id": ["a"]}), tmp_path / FACTS_FILE)
    with pytest.raises(InputError, match="cannot be read"):
        list(Facts.in_folder(tmp_path).pieces())
