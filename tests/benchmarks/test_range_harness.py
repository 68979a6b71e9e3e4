"""Worlds named, built once, scanned, scored and tabled, with a made-up range and a made-up scanner."""

import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.range import looks, run, worlds
from benchmarks.range.scan import ScanFailedError, scan
from benchmarks.range.scoring import queue_ranks
from benchmarks.range.worlds import WorldSpec
from benchmarks.scan import run as speed

MAKER = """
import argparse, json, pathlib, sys
import pyarrow as pa, pyarrow.parquet as pq
p = argparse.ArgumentParser()
for name in ("--world", "--seed", "--scale", "--shed-rate", "--out"):
    p.add_argument(name)
a = p.parse_args()
if a.world == "broken":
    sys.exit(1)
out = pathlib.Path(a.out)
for name in ("exchanges", "accounts"):
    pq.write_table(pa.table({"account_id": ["a", "b", "c"]}), out / f"{name}.parquet")
pq.write_table(pa.table({"account_id": ["a", "b", "c"], "operator": ["one", "one", None]}), out / "truth.parquet")
(out / "world.json").write_text(json.dumps({"exchanges": 3, "scale": a.scale, "shed": a.shed_rate, "seed": a.seed}))
"""
SCORER = """
import json
one = {"found": False, "accounts": 2, "accounts_named": 0.0, "harvest_before_alarm": 1.0}
print(json.dumps({
    "operators": {"one": one}, "operators_found": 0, "operators_total": 1, "false_campaigns": 1,
    "false_detail": [{"campaign_id": "c-1", "accounts": 3, "of": ["a class"]}], "ordinary_accounts_accused": 3,
    "account_precision": 0.0, "account_recall": 0.0, "median_harvest_before_alarm": 1.0, "adjusted_rand": None}))
"""
SCANNER = f"""#!{sys.executable}
import json, os, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir(parents=True)
groups = [("c-2", "watched", "c"), ("c-3", "watched", "ab")]
campaigns = [{{"campaign_id": i, "state": s, "accounts": [{{"account_id": a}} for a in m]}} for i, s, m in groups]
(out / "campaigns.json").write_text(json.dumps({{"campaigns": campaigns, "home": os.environ["STILLWATCH_HOME"]}}))
sys.exit(10)
"""


@pytest.fixture
def range_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "range"
    folder.mkdir()
    (folder / "make_world.py").write_text(MAKER)
    (folder / "score.py").write_text(SCORER)
    return folder


@pytest.fixture
def scanner(tmp_path: Path) -> str:
    file = tmp_path / "scanner"
    file.write_text(SCANNER)
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(("text", "seeds"), [("week:3", [3]), ("week:1-3", [1, 2, 3]), ("week:1,4,7-8", [1, 4, 7, 8])])
def test_seeds_are_read(text: str, seeds: list[int]) -> None:
    assert worlds.parse(text, scale=2.0) == [WorldSpec("week", seed, 2.0) for seed in seeds]


@pytest.mark.parametrize("text", ["week", "week:", ":1", "week:3-1", "week:a", "week:1-", "week:1,,2"])
def test_a_spec_that_names_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"seeds|seed|downwards"):
        worlds.parse(text)


def test_a_world_is_built_once(range_folder: Path, tmp_path: Path) -> None:
    spec = WorldSpec("week", 4, 0.5, 0.003)
    place = worlds.built(range_folder, spec, tmp_path)
    assert worlds.described(place) == {"exchanges": 3, "scale": "0.5", "shed": "0.003", "seed": "4"}
    (range_folder / "make_world.py").unlink()
    assert worlds.built(range_folder, spec, tmp_path) == place


def test_a_world_that_failed_half_way_is_not_taken_for_a_whole_one(range_folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="make_world"):
            worlds.built(range_folder, WorldSpec("broken", 1), tmp_path)


def test_a_failed_scan_says_what_the_command_said(tmp_path: Path) -> None:
    file = tmp_path / "failing"
    file.write_text("#!/bin/sh\necho no such column >&2\nexit 3\n")
    file.chmod(0o755)
    with pytest.raises(ScanFailedError, match="ended with 3:\nno such column"):
        scan(tmp_path, tmp_path / "out", tmp_path / "home", str(file))


def test_operators_are_ranked_in_the_order_of_the_file() -> None:
    operators = {**{f"a{n}": "one" for n in range(10)}, **{f"b{n}": "two" for n in range(4)}}

    def group(state: str, *accounts: str) -> dict[str, object]:
        return {"state": state, "accounts": [{"account_id": account} for account in accounts]}

    groups = [
        group("alarmed", "b0", "b1"),
        group("watched", "a0", "x", "y"),  # less than half of the group
        group("watched", "a1"),  # less than a fifth of the operator
        group("watched", "a0", "a1", "x", "y"),
        group("watched", "a0", "a1", "a2"),
    ]
    assert queue_ranks({"campaigns": groups}, operators) == {"one": 3}


def test_a_held_back_seed_needs_a_reason(tmp_path: Path) -> None:
    log = tmp_path / "LOOKS.md"
    specs = [WorldSpec("week", 10), WorldSpec("week", 11)]
    for why in (None, "  "):
        with pytest.raises(looks.MissingReasonError, match="11"):
            looks.record(specs, why, log=log)
    assert not log.exists()


def test_looks_are_appended_never_rewritten(tmp_path: Path) -> None:
    log = tmp_path / "LOOKS.md"
    assert looks.record([WorldSpec("week", 20), WorldSpec("week", 12)], "before | after\nthe change", log=log)
    first = log.read_text()
    assert not looks.record([WorldSpec("week", 1)], None, log=log)
    assert looks.record([WorldSpec("week", 1, shed_rate=0.003)], None, always=True, log=log)
    assert log.read_text().startswith(first)
    assert "| week:20,12 | before / after the change |" in first
    assert log.read_text().splitlines()[-1].endswith("| week shed 0.003:1 |  |")


def test_a_run_scans_scores_and_tables(
    range_folder: Path, scanner: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.md"
    words = [str(range_folder), "--worlds", "week:1-2", "--work", str(tmp_path / "work"), "--program", scanner]
    assert run.main([*words, "--table", str(table)]) == 0
    text = table.read_text()
    assert text in capsys.readouterr().out
    assert "| week-1-x1-shed0 | 0/1 | 1 | 3 | 0.000 | 0.000 |  | 1.000 |" in text
    assert "| week-2-x1-shed0 | one | 2 | no |  |  | 2 |" in text
    assert "| week-1-x1-shed0 | c-1 | 3 | a class |" in text
    report = json.loads((tmp_path / "work/scans/week-1-x1-shed0/scan/campaigns.json").read_text())
    assert report["home"] == str(tmp_path / "work/home") != os.environ["STILLWATCH_HOME"]


def test_a_held_back_seed_is_refused_before_anything_is_built(
    range_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main([str(range_folder), "--worlds", "week:15", "--work", str(tmp_path / "work")])
    assert ended.value.code == 2
    assert "--why" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_operators_are_read_from_the_truth(tmp_path: Path) -> None:
    from benchmarks.range.scoring import operators_of

    pq.write_table(pa.table({"account_id": ["a", "b"], "operator": ["one", None]}), tmp_path / "truth.parquet")
    assert operators_of(tmp_path) == {"a": "one"}


def test_two_sizes_are_compared_in_one_run(range_folder: Path, scanner: str, tmp_path: Path) -> None:
    table = tmp_path / "speed.md"
    words = [str(range_folder), "--world", "week:1", "--scales", "1", "2", "--repeats", "2"]
    assert speed.main([*words, "--work", str(tmp_path / "work"), "--program", scanner, "--table", str(table)]) == 0
    rows = [line.split(" | ") for line in table.read_text().splitlines() if line.startswith("| ")][2:]
    assert [row[0] for row in rows] == ["| 1", "| 2"]
    assert all(row[1] == "3" and row[3].count(",") == 1 for row in rows)


def test_sizes_of_several_seeds_are_not_compared(range_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.main([str(range_folder), "--world", "week:1-2"])
    assert "several seeds" in capsys.readouterr().err
