"""The account register from every format, with its losses counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stillwatch.errors import InputError
from stillwatch.ingest.normalise import NO_ACCOUNT
from stillwatch.ingest.read import Rejects, read_accounts
from stillwatch.model.tables import ACCOUNTS, arrow_schema
from tests.ingest.logs import PACKERS, delimited, json_lines, parquet

OPENED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REGISTER: list[dict[str, Any]] = [
    {"account_id": "a", "plan": "free", "created_at": OPENED, "identity_verified": True, "valid_from": None},
    {"account_id": "a", "plan": "paid", "created_at": OPENED, "identity_verified": False, "valid_from": OPENED},
]


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("writer", [parquet, delimited, json_lines])
def test_every_format_gives_the_same_register(tmp_path: Path, writer: Any, packer: str) -> None:
    file = tmp_path / "accounts"
    file.write_bytes(PACKERS[packer](writer(REGISTER)))
    rejects = Rejects()
    found = read_accounts(str(file), rejects=rejects)
    assert found.schema == arrow_schema(ACCOUNTS)
    assert [{k: r[k] for k in REGISTER[0]} for r in found.to_pylist()] == REGISTER
    assert rejects.count == 0


def test_losses_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes(b"account_id,created_at,identity_verified,colour\na,never,yes,red\n,2026-01-01,no,blue\n")
    rejects = Rejects()
    found = read_accounts(str(file), rejects=rejects).to_pylist()
    assert [(r["account_id"], r["created_at"], r["identity_verified"]) for r in found] == [("a", None, True)]
    assert rejects.wrong_values == {"accounts.created_at": 1}
    assert rejects.ignored_columns == {"colour": 1}
    (lost,) = rejects.table().to_pylist()
    assert (lost["line"], lost["reason"]) == (3, NO_ACCOUNT)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"plan,country\nfree,X\n", "needs a column account_id; found plan, country"), (b"\x00", "of no known format")],
)
def test_a_file_that_is_no_register_is_one_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "accounts"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_accounts(str(file), rejects=Rejects())


def test_a_folder_is_no_register(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"account_id\na\n")
    with pytest.raises(InputError, match="holds 2 files"):
        read_accounts(str(tmp_path), rejects=Rejects())
