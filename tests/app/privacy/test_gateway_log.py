"""A person's rows leave the log and the spool of a gateway; everybody else's stay, sketches and all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.guard import ledger
from stillwatch.app.privacy.access import AccessRequest, access
from stillwatch.app.privacy.erase import ErasureRequest, erase
from stillwatch.config.load import load_settings
from stillwatch.gateway.identity import Caller
from stillwatch.gateway.rows import full_batch, hashed_batch
from stillwatch.gateway.spool import Spool
from stillwatch.ingest.sketched import RECIPE
from stillwatch.sketch.recipe import Recipe
from tests.app.privacy.folders import NOW, holding
from tests.gateway.test_capture import SEED, record

ANN, BOB = "acct-ann-0001", "acct-bob-0002"


def _batch(*, text: bool) -> Any:
    records = [record(n) for n in range(4)]
    for number, each in enumerate(records):
        each.caller = replace(each.caller, account_id=(ANN, BOB)[number % 2], tenant_id=None)
    return full_batch(records) if text else hashed_batch(records, Recipe(), SEED)


@pytest.fixture
def request_for(tmp_path: Path) -> ErasureRequest:
    for folder, text in (("log", False), ("texts", True)):
        spool = Spool(tmp_path / f"{folder}-spool", tmp_path / folder)
        spool.append(_batch(text=text))
        spool.settle(everything=True)
        spool.append(_batch(text=text))
        spool.close()
    places = tuple(tmp_path / name for name in ("log", "texts", "log-spool", "texts-spool"))
    return ErasureRequest(ANN, "", places, None, tmp_path / "home", NOW, False, Actor("ada", "tests"))


def test_rows_go_from_files_and_segments_and_the_rest_stays(request_for: ErasureRequest, tmp_path: Path) -> None:
    receipt, complete = erase(request_for)
    lines = receipt["receipt"]["lines"]
    assert complete and [(line["what"], line["removed"]) for line in lines] == [("rows of a gateway's log", 2)] * 4
    for folder in ("log", "texts"):
        (path,) = (tmp_path / folder).glob("*.parquet")
        table = pq.read_table(path)
        assert table["account_id"].to_pylist() == [BOB, BOB]
        assert (RECIPE in (table.schema.metadata or {})) == (folder == "log")
        spool = Spool(tmp_path / f"{folder}-spool", tmp_path / folder)
        assert spool.found == 2
        spool.settle(everything=True)
        spool.close()
    assert holding(tmp_path, ANN) == []
    assert erase(request_for)[0]["receipt"]["lines"] == []


def test_an_end_user_goes_from_every_account(request_for: ErasureRequest) -> None:
    receipt, complete = erase(replace(request_for, account="", end_user="u-1"))
    assert complete and sum(line["removed"] for line in receipt["receipt"]["lines"]) == 16


def test_an_account_of_a_tenant_is_found_by_its_name_alone(request_for: ErasureRequest, tmp_path: Path) -> None:
    each = record(9)
    each.caller = Caller("acct-eve", None, (), "tenant-1")
    spool = Spool(tmp_path / "third-spool", tmp_path / "third")
    spool.append(full_batch([each]))
    spool.settle(everything=True)
    spool.close()
    receipt, _ = erase(replace(request_for, account="acct-eve", stores=(tmp_path / "third",)))
    assert receipt["receipt"]["lines"][0]["removed"] == 1


def test_a_spool_that_is_in_use_is_left_and_said(request_for: ErasureRequest, tmp_path: Path) -> None:
    running = Spool(tmp_path / "log-spool", tmp_path / "elsewhere")
    try:
        receipt, complete = erase(replace(request_for, stores=(tmp_path / "log-spool",)))
    finally:
        running.close()
    (line,) = receipt["receipt"]["lines"]
    assert not complete and line["left"] == 2 and "stop it" in line["why_left"]


def test_a_log_of_somebody_else_is_only_searched(request_for: ErasureRequest, tmp_path: Path) -> None:
    (path,) = (tmp_path / "texts").glob("*.parquet")
    path.rename(path.with_name("mine.parquet"))
    _, complete = erase(replace(request_for, stores=(tmp_path / "texts",)))
    assert not complete and holding(tmp_path / "texts", ANN) == ["mine.parquet"]


def test_a_hash_in_the_guards_counts_goes_too(request_for: ErasureRequest, tmp_path: Path) -> None:
    home = request_for.home
    for name in (ANN, BOB):
        ledger.count(home, NOW, "sales", name, [("code", "x", "coached")])
    asked = replace(request_for, stores=(tmp_path / "log",))
    promised = erase(replace(asked, dry_run=True))[0]["receipt"]["lines"]
    assert [line["what"] for line in promised][-1] == "hashes in the guard's counts" and ledger.about(home, ANN)[
        "recorded"
    ]
    erase(asked)
    assert ledger.about(home, ANN)["recorded"] == [] and ledger.about(home, BOB)["recorded"]


def test_access_discloses_what_waits_in_the_spool(request_for: ErasureRequest, tmp_path: Path) -> None:
    asked = AccessRequest(
        ANN, "", (tmp_path / "log-spool",), None, load_settings(None, {}, home=tmp_path), tmp_path / "home", NOW
    )
    paper = access(asked)
    (path,) = paper["logs"]
    assert "exchanges-" in path
    rows = paper["logs"][path]
    assert rows and {row["account_id"] for row in rows} == {asked.account}
    json.dumps(paper)
