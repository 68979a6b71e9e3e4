"""The options that say where a scan runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stillwatch.app.requests import ScanResult, SparkRequest


def test_a_cluster_and_a_folder_arrive(cli: Any, answer: Any, tmp_path: Path) -> None:
    asked = answer("scan", ScanResult({"campaigns": []}, tmp_path, 0))
    words = ("scan", "table:lake.logs", "--out", "run", "--json", "--engine", "spark")
    assert cli(*words).code == 0
    assert cli(*words, "--master", "spark://host:7077", "--work", "shared").code == 0
    assert cli("scan", "log", "--out", "run", "--json").code == 0
    cluster = SparkRequest("spark://host:7077", Path("shared"))
    assert [request.spark for request, _ in asked] == [SparkRequest(), cluster, None]


def test_a_cluster_without_its_engine_is_refused(cli: Any, tmp_path: Path) -> None:
    ended = cli("scan", "log", "--out", str(tmp_path / "run"), "--master", "spark://host:7077")
    assert ended.code == 2 and "--engine spark" in ended.err


def test_a_dry_run_does_not_look_for_what_lies_elsewhere(cli: Any, tmp_path: Path) -> None:
    words = ("s3a://bucket/log", "table:lake.logs", "--out", str(tmp_path / "run"), "--dry-run", "--engine", "spark")
    ended = cli("scan", *words)
    assert ended.code == 0
    assert "would read table:lake.logs (elsewhere" in ended.out and "s3a://bucket/log (elsewhere" in ended.out
