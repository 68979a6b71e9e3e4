"""A scan handed in with spark-submit, as the documentation says, to a standalone master with two workers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.docs.pages import blocks
from tests.spark.logs import CUT, Lake
from tests.spark.standalone import WORKERS, Standalone, standalone, tool

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "scan-on-spark.md"


@pytest.fixture(scope="module")
def cluster(spark_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with standalone(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_a_submitted_scan_finds_the_same_on_two_workers(lake: Lake, cluster: Standalone, tmp_path: Path) -> None:
    script, shared, run = tmp_path / "scan.py", tmp_path / "shared", tmp_path / "run"
    script.write_text(next(block.text for block in blocks(PAGE.read_text()) if block.language == "python"))
    shared.mkdir()
    submit = [str(tool("spark-submit")), "--master", cluster.url]
    submit += ["--executor-memory", "600m", "--driver-memory", "600m", str(script)]
    words = ["scan", *map(str, lake.files), "--accounts", str(lake.register), "--out", str(run)]
    words += ["--engine", "spark", "--work", str(shared), "--until", CUT.isoformat()]
    here = cluster.environment | {"STILLWATCH_HOME": str(lake.home)}
    ended = subprocess.run([*submit, *words], env=here, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for name in ("campaigns", "evidence", "links", "timeline", "facts"):
        assert pq.read_table(run / f"{name}.parquet") == pq.read_table(lake.alone / f"{name}.parquet")
    assert list(shared.iterdir()) == []
    for n in range(WORKERS):
        # Each compiled the kernels of the package that came with the job, so each sketched.
        assert list((cluster.folder / f"worker-{n}").glob("app-*/*/stillwatch-package/**/*.nbc"))
