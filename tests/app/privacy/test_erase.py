"""An erasure takes a person out of every byte that was named, and the receipt says what was done."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.privacy import erase as module
from stillwatch.app.privacy import run_data
from stillwatch.app.privacy.erase import ERASURES, ErasureRequest, erase
from stillwatch.app.runfolder import read_document
from stillwatch.derive.journal import Journal
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.keyring import load_keyring
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, REJECTS, TIMELINE
from tests.app.conftest import Logged
from tests.app.privacy.folders import (
    ANN,
    BOB,
    EVE,
    EXAMPLE_TEXT,
    HERE,
    LONE,
    NOW,
    THERE,
    document,
    hold,
    holding,
    make_run,
    register_with,
    rows,
)

ACTOR = Actor("ada", "tests")


@pytest.fixture
def request_for(tmp_path: Path) -> ErasureRequest:
    run = make_run(tmp_path / "runs" / "one")
    return ErasureRequest(ANN, "", (run.parent,), None, tmp_path / "home", NOW, False, ACTOR)


@pytest.fixture
def run(request_for: ErasureRequest) -> Path:
    return request_for.stores[0] / "one"


def _lines(document: dict[str, Any]) -> dict[str, int]:
    return {line["what"]: line["removed"] for line in document["receipt"]["lines"]}


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_nothing_of_an_account_is_left_in_any_byte(request_for: ErasureRequest, run: Path) -> None:
    assert holding(run, ANN) == [
        *("campaigns.json", "campaigns.parquet", "facts.parquet", "links.parquet", "rejects.parquet", "report.html")
    ]
    receipt, complete = erase(request_for)
    assert complete
    assert holding(run.parent, ANN) == []
    assert holding(request_for.home, ANN) == []
    assert ANN not in json.dumps(receipt)
    assert _lines(receipt) == {
        "rows of facts": 2,
        "rows of links": 1,
        "rows of campaigns": 1,
        "members in campaigns.json and the report": 1,
        "redacted examples": 1,
        "mentions in texts": 4,
    }


def test_other_people_stay(request_for: ErasureRequest, run: Path) -> None:
    before = {t.name: rows(run, t) for t in (CAMPAIGNS, FACTS, TIMELINE)}
    erase(request_for)
    for table in (CAMPAIGNS, FACTS):
        assert rows(run, table) == [r for r in before[table.name] if r["account_id"] != ANN]
    assert rows(run, TIMELINE) == before["timeline"]
    assert [len(r["examples"]) for r in document(run)["campaigns"]] == [0, 1, 1]
    assert BOB in (run / "report.html").read_text()
    assert [row["file"] for row in rows(run, REJECTS)] == ["‹erased›.jsonl"]
    read_document(run)


def test_a_name_within_a_longer_one_is_somebody_else(request_for: ErasureRequest, run: Path) -> None:
    path = run / "campaigns.json"
    path.write_text(path.read_text().replace("2 of 2", f"{ANN}0 and x-{ANN}"))
    erase(request_for)
    assert f"{ANN}0 and x-{ANN}, ‹erased› first" in path.read_text()


def test_a_campaign_of_one_account_goes_whole(request_for: ErasureRequest, run: Path) -> None:
    receipt, complete = erase(replace(request_for, account=LONE))
    assert complete
    assert _lines(receipt)["campaigns of this account alone, with their hours"] == 2
    assert holding(run, "c-lone") == []
    assert {r["campaign_id"] for r in rows(run, TIMELINE)} == {"c-both", "c-eve"}


def test_an_account_of_two_tenants_must_be_named_with_its_tenant(request_for: ErasureRequest, run: Path) -> None:
    with pytest.raises(ConfigurationError, match="2 tenants"):
        erase(replace(request_for, account=EVE))
    erase(replace(request_for, account=f"{THERE}/{EVE}"))
    left = [(r["tenant_id"], r["account_id"]) for r in rows(run, CAMPAIGNS) if r["account_id"] == EVE]
    assert left == [(HERE, EVE)]
    assert {r["campaign_id"] for r in rows(run, LINKS)} == {"c-both"}


def test_an_end_user_has_no_rows_and_loses_every_example(request_for: ErasureRequest, run: Path) -> None:
    tables = {t.name: rows(run, t) for t in (CAMPAIGNS, FACTS, LINKS, TIMELINE)}
    receipt, complete = erase(replace(request_for, account="", end_user="end-user-77"))
    assert complete
    assert _lines(receipt) == {"redacted examples": 3}
    assert holding(run, "end-user-77") == []
    assert holding(run, EXAMPLE_TEXT) == []
    assert {t.name: rows(run, t) for t in (CAMPAIGNS, FACTS, LINKS, TIMELINE)} == tables


def test_an_end_user_of_an_account_loses_the_examples_of_its_campaigns(request_for: ErasureRequest, run: Path) -> None:
    erase(replace(request_for, end_user="end-user-77"))
    assert holding(run, ANN) != []


def test_a_dry_run_changes_nothing_and_promises_what_the_erasure_does(request_for: ErasureRequest, run: Path) -> None:
    before = _bytes(run.parent)
    promised, complete = erase(replace(request_for, dry_run=True))
    assert complete
    assert _bytes(run.parent) == before
    assert not request_for.home.exists()
    done, _ = erase(request_for)
    assert _lines(promised) == _lines(done)


def test_a_second_erasure_finds_nothing(request_for: ErasureRequest, run: Path) -> None:
    erase(request_for)
    before = _bytes(run)
    receipt, complete = erase(request_for)
    assert complete
    assert receipt["receipt"]["lines"] == []
    assert _bytes(run) == before


@pytest.mark.parametrize("held", [{"accounts": [ANN]}, {"campaigns": ["c-both"]}])
def test_a_legal_hold_keeps_everything_and_is_named(
    request_for: ErasureRequest, run: Path, tmp_path: Path, held: dict[str, list[str]]
) -> None:
    before = _bytes(run)
    receipt, complete = erase(replace(request_for, register=register_with(tmp_path, hold("k-7", **held))))
    assert complete
    assert _bytes(run) == before
    for line in receipt["receipt"]["lines"]:
        assert (line["removed"], line["held"]) == (0, line["found"])
        assert line["hold"].startswith("k-7: claim (register.toml line ")


def test_a_hold_of_another_campaign_holds_nothing(request_for: ErasureRequest, run: Path, tmp_path: Path) -> None:
    erase(replace(request_for, register=register_with(tmp_path, hold(campaigns=["c-eve"]))))
    assert holding(run, ANN) == []


def test_a_held_campaign_keeps_its_examples_from_an_end_user_and_the_others_go(
    request_for: ErasureRequest, run: Path, tmp_path: Path
) -> None:
    held = register_with(tmp_path, hold("k-7", campaigns=["c-eve"]))
    receipt, complete = erase(replace(request_for, account="", end_user="end-user-77", register=held))
    assert complete
    assert [(c["campaign_id"], len(c["examples"])) for c in document(run)["campaigns"]] == [
        *(("c-both", 0), ("c-eve", 1), ("c-lone", 0)),
    ]
    totals = {line["what"]: (line["removed"], line["held"]) for line in receipt["receipt"]["lines"]}
    assert totals == {"redacted examples": (2, 0), "redacted examples of held campaigns": (0, 1)}


def test_a_hold_that_is_overdue_stops_the_erasure(request_for: ErasureRequest, run: Path, tmp_path: Path) -> None:
    before = _bytes(run)
    late = register_with(tmp_path, hold("k-7", review="2026-01-14", accounts=[ANN]))
    with pytest.raises(ConfigurationError, match=r"k-7 was to be reviewed by 2026-01-14"):
        erase(replace(request_for, register=late))
    assert _bytes(run) == before


@pytest.mark.parametrize("writes", [0, 1, 3, 5, 6])
def test_what_was_interrupted_at_any_write_is_finished_by_the_same_command(
    request_for: ErasureRequest, run: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    write, done = run_data.write_atomic, 0

    def die(path: Path, data: Any) -> None:
        nonlocal done
        if done == writes:
            raise KeyboardInterrupt
        done += 1
        write(path, data)

    monkeypatch.setattr(run_data, "write_atomic", die)
    if writes < 6:
        with pytest.raises(KeyboardInterrupt):
            erase(request_for)
        assert holding(run, ANN) != []
        read_document(run)
    monkeypatch.undo()
    assert erase(request_for)[1]
    assert holding(run, ANN) == []


def test_what_killed_writers_left_is_swept(request_for: ErasureRequest, run: Path) -> None:
    (run / ".campaigns.json.0123456789ab.new").write_text(ANN)
    for role in ("new", "old"):
        beside = run.with_name(f".one.stillwatch-{role}")
        beside.mkdir()
        (beside / "facts.jsonl").write_text(ANN)
    erase(replace(request_for, stores=(run,)))
    assert holding(run.parent, ANN) == []


def test_rows_of_a_hunt_go_and_other_files_are_left_with_their_path(request_for: ErasureRequest, run: Path) -> None:
    store = run.parent
    row = {"account_id": ANN, "weight": 2.0, "parts": {}, "shared": {}, "holders_elsewhere": {}}
    for name in ("hunt.json", "hunt.jsonl"):
        lines = [json.dumps(row), json.dumps(row | {"account_id": BOB})]
        text = f"[{', '.join(lines)}]" if name.endswith("json") else "\n".join(lines) + "\n"
        (store / name).write_text(text)
    (store / "hunt.csv").write_text(f"account_id,tenant_id,weight,x\r\n{ANN},,2.0,1\r\n{BOB},,1.0,1\r\n")
    (store / "notes.txt").write_text(f"look at {ANN}!")
    (store / "log.jsonl.gz").write_bytes(b"\x1f\x8b")
    receipt, complete = erase(request_for)
    assert not complete
    assert holding(store, ANN) == ["notes.txt"]
    assert all(BOB in (store / f"hunt.{end}").read_text() for end in ("json", "jsonl", "csv"))
    left = {Path(line["where"]).name: line["why_left"] for line in receipt["receipt"]["lines"] if line["left"]}
    assert set(left) == {"notes.txt", "log.jsonl.gz"}
    assert "packed" in left["log.jsonl.gz"]


def test_the_journal_of_erasures_knows_the_person_by_a_keyed_pseudonym_only(
    request_for: ErasureRequest, run: Path
) -> None:
    receipt, _ = erase(request_for)
    (entry,) = Journal(request_for.home / ERASURES).entries()
    person = receipt["receipt"]["person"]
    assert entry.body == {"person": person, "places": 2, "found": 10, "removed": 10, "held": 0, "left": 0, "holds": []}
    other = replace(request_for, home=request_for.home.with_name("other"))
    assert erase(other)[0]["receipt"]["person"] != person
    assert load_keyring(request_for.home).keys


def test_a_mark_key_named_after_an_account_is_left_and_said(request_for: ErasureRequest) -> None:
    journal = request_for.home / "derive" / "journal.jsonl"
    Journal(journal).append("key-committed", {"group": ANN}, NOW)
    receipt, complete = erase(request_for)
    assert not complete
    (line,) = (line for line in receipt["receipt"]["lines"] if line["left"])
    assert line["where"] == str(journal)
    assert "hash chain" in line["why_left"]


def test_what_a_writer_put_back_is_found_again(
    request_for: ErasureRequest, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_back(*arguments: Any) -> None:
        run_data.write_run(*arguments)
        (run / "report.html").write_text(f"<p>{ANN}</p>")

    monkeypatch.setattr(module, "write_run", put_back)
    receipt, complete = erase(request_for)
    assert not complete
    assert [line["why_left"] for line in receipt["receipt"]["lines"] if line["left"]] == [module._STILL]


@pytest.mark.parametrize("account", ["", "ghost-account"])
def test_who_is_nowhere(request_for: ErasureRequest, account: str) -> None:
    if not account:
        with pytest.raises(ConfigurationError, match="--account"):
            erase(replace(request_for, account=account))
        return
    receipt, complete = erase(replace(request_for, account=account))
    assert complete
    assert receipt["receipt"]["lines"] == []


def test_a_folder_that_is_not_there_is_no_erasure(request_for: ErasureRequest, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        erase(replace(request_for, stores=(tmp_path / "nowhere",)))


def test_nothing_is_left_of_any_member_of_a_real_scan(scanned: Path, logged: Logged, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(scanned, store / "run")
    account = min(logged.members())
    assert "facts.parquet" in {Path(name).name for name in holding(store, account)}
    _, complete = erase(ErasureRequest(account, "", (store,), None, tmp_path / "home", NOW, False, ACTOR))
    assert complete
    assert holding(tmp_path, account) == []
