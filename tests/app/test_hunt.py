"""A hunt ranks the accounts of one hand first, says why, and names nobody."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch import inert
from stillwatch.app.hunt import hunt
from stillwatch.app.requests import HuntRequest, HuntResult
from stillwatch.errors import ConfigurationError
from stillwatch.model.progress import SilentProgress
from tests.app.conftest import SETTINGS, Logged


def _hunt(
    logged: Logged, *seeds: str, log: Path | None = None, register: bool = True, out: Path | None = None
) -> HuntResult:
    known = str(logged.register) if register else None
    request = HuntRequest(seeds, (str(log or logged.log),), known, out, SETTINGS, logged.home)
    return hunt(request, SilentProgress())


def _seed(logged: Logged) -> str:
    return sorted(logged.members())[0]


def test_the_accounts_of_the_same_hand_come_first(logged: Logged) -> None:
    others = logged.members() - {_seed(logged)}
    found = _hunt(logged, _seed(logged))
    first = [row["account_id"] for row in found.rows[: len(others)]]
    assert len(others & set(first)) >= 0.9 * len(others)
    assert all("template" in row["parts"] for row in found.rows[:5])


def test_without_a_register_the_prompts_alone_find_them(logged: Logged) -> None:
    others = logged.members() - {_seed(logged)}
    found = _hunt(logged, _seed(logged), register=False)
    first = [row["account_id"] for row in found.rows[: len(others)]]
    assert len(others & set(first)) >= 0.8 * len(others)
    assert any("No account register" in line for line in found.lines)


def test_rows_add_up_descend_and_leave_out_the_seeds(logged: Logged) -> None:
    seeds = sorted(logged.members())[:2]
    rows = _hunt(logged, *seeds).rows
    assert not {row["account_id"] for row in rows} & set(seeds)
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)
    assert all(abs(sum(row["parts"].values()) - row["weight"]) < 0.01 for row in rows)
    assert all(set(row["parts"]) == set(row["shared"]) == set(row["holders_elsewhere"]) for row in rows)


def test_the_same_log_gives_the_same_answer_whatever_its_order(logged: Logged, tmp_path: Path) -> None:
    log = pq.read_table(logged.log)
    pq.write_table(log.take(pa.array(range(len(log) - 1, -1, -1))), tmp_path / "backwards.parquet")
    forwards = _hunt(logged, _seed(logged)).rows
    backwards = _hunt(logged, _seed(logged), log=tmp_path / "backwards.parquet").rows
    assert forwards == backwards
    assert forwards == _hunt(logged, _seed(logged)).rows


def test_the_lines_explain_and_accuse_nobody(logged: Logged) -> None:
    lines = _hunt(logged, _seed(logged)).lines
    text = "\n".join(lines)
    assert text.startswith(f"Accounts that behave like {_seed(logged)}")
    assert "what else it could be:" in text
    assert "Could be: a public template, a plugin" in text
    assert "A hunt names nobody and has no error rate" in text
    assert all(inert.text(line, 2000) == line for line in lines)


def test_an_unknown_seed_names_what_comes_close(logged: Logged) -> None:
    seed = _seed(logged)
    with pytest.raises(ConfigurationError) as raised:
        _hunt(logged, seed[:-1], "\x1b[31m")
    assert len(raised.value.mistakes) == 2
    assert seed in raised.value.mistakes[0]
    assert "\x1b" not in str(raised.value)


def test_a_seed_that_shares_nothing_finds_nobody_and_says_so(logged: Logged, tmp_path: Path) -> None:
    log = pq.read_table(logged.log)
    one = log.slice(0, 1).to_pylist()[0]
    alone = one | {"account_id": "alone", "event_id": "e-alone", "client_ip": None, "user_agent": None, "ja4": None}
    rows = [alone | {"input_messages": None, "system_instructions": None}]
    pq.write_table(pa.concat_tables([log, pa.Table.from_pylist(rows, schema=log.schema)]), tmp_path / "log.parquet")
    found = _hunt(logged, "alone", log=tmp_path / "log.parquet", register=False)
    assert found.rows == []
    assert any("shares anything" in line for line in found.lines)


def test_tenants_are_never_compared(logged: Logged, tmp_path: Path) -> None:
    log = pq.read_table(logged.log)
    names = log["account_id"].to_pylist()
    mine = set(sorted(logged.members())[:6])
    tenants = pa.array(["left" if name in mine else "right" for name in names])
    at = log.schema.get_field_index("tenant_id")
    pq.write_table(log.set_column(at, log.schema.field(at), tenants), tmp_path / "log.parquet")
    seed = sorted(mine)[0]
    found = _hunt(logged, f"left/{seed}", log=tmp_path / "log.parquet", register=False)
    assert {row["account_id"] for row in found.rows} <= mine - {seed}
    assert {row["tenant_id"] for row in found.rows} == {"left"}
    foreign = next(name for name in names if name not in mine)
    with pytest.raises(ConfigurationError, match="different tenants"):
        _hunt(logged, seed, foreign, log=tmp_path / "log.parquet", register=False)


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.jsonl"])
def test_all_rows_are_written(logged: Logged, tmp_path: Path, name: str) -> None:
    found = _hunt(logged, _seed(logged), out=tmp_path / name)
    text = (tmp_path / name).read_text("utf-8")
    if name.endswith(".csv"):
        read = list(csv.DictReader(text.splitlines()))
        assert [float(row["weight"]) for row in read] == [row["weight"] for row in found.rows]
    else:
        read = json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]
        assert read == list(found.rows)
    assert len(read) == len(found.rows)


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "absent/rows.csv"])
def test_a_file_that_cannot_be_written_is_refused_before_the_log_is_read(
    logged: Logged, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="--out"):
        _hunt(logged, _seed(logged), log=tmp_path / "there-is-no-log", out=tmp_path / name)
