"""The acceptance test: on one log both engines make equal tables, stage by stage, and write the same run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app import engines
from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.requests import SparkRequest
from stillwatch.app.scan import scan
from stillwatch.campaigns.state import Rules
from stillwatch.facts.frame import Codebooks, build_frame
from stillwatch.groups.templates import Templates
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import SKETCHES, arrow_schema
from stillwatch.sketch.recipe import Recipe
from stillwatch.store.duckdb import SketchStore
from tests.app.scans import RUN_ONLY, TABLE_FILES, Workplace
from tests.spark.logs import CUT, changed_log, request

EPOCH_US = 6 * engines.HOUR_US


@dataclass(frozen=True)
class Both:
    """The log, the two run folders, and what Spark left in between."""

    files: list[Path]
    alone: Path
    spark: Path
    work: Path


@pytest.fixture(scope="module")
def both(session: Any, place: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """One scan by each engine."""
    folder = tmp_path_factory.mktemp("runs")
    made = Both(changed_log(place, folder / "log"), folder / "duckdb", folder / "spark", folder / "work")
    scan(request(place, made.files, made.alone), SilentProgress())
    made.work.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines.tempfile, "TemporaryDirectory", _kept)
        scan(request(place, made.files, made.spark, spark=SparkRequest(work=made.work)), SilentProgress())
    return made


@contextmanager
def _kept(prefix: str, dir: Path) -> Iterator[str]:
    """A temporary folder that stays, to be looked into."""
    yield str(dir)


@pytest.fixture(scope="module")
def spool(both: Both, place: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Spool:
    """The log's sketches without Spark."""
    keys = load_keyring(place.home)
    made = Spool(tmp_path_factory.mktemp("spool"), EPOCH_US)
    asked = request(place, both.files, both.alone)
    until = int(CUT.timestamp() * 1e6)
    here = {"keys": keys, "recipe": Recipe(), "progress": SilentProgress(), "threads": 1}
    sketch_log(asked, made, rejects=Rejects(), until_us=until, **here)
    return made


def _document(run: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run / "campaigns.json").read_text())
    document["run"] = {k: v for k, v in document["run"].items() if k not in RUN_ONLY}
    return document


def test_both_find_the_same_campaigns(both: Both) -> None:
    alone, spark = _document(both.alone), _document(both.spark)
    assert [c["state"] for c in alone["campaigns"]].count("alarmed") >= 2
    assert alone["run"]["input"]["duplicates"] and alone["run"]["input"]["rejected"]
    assert any(c["examples"] for c in alone["campaigns"])
    assert spark == alone


@pytest.mark.parametrize("name", [n for n in TABLE_FILES if n != "rejects.parquet"])
def test_both_write_the_same_table(both: Both, name: str) -> None:
    alone, spark = pq.read_table(both.alone / name), pq.read_table(both.spark / name)
    assert len(alone) and spark.schema == alone.schema
    assert spark == alone


def test_both_reject_the_same_rows(both: Both) -> None:
    """The hash of a rejected row is over the row as the engine got it, whose types differ."""
    alone, spark = (pq.read_table(run / "rejects.parquet") for run in (both.alone, both.spark))
    assert len(alone) > 1
    assert spark.drop_columns("row_hash") == alone.drop_columns("row_hash")
    assert not spark["row_hash"].null_count


def test_stage_by_stage_the_sketches_are_equal(both: Both, spool: Spool) -> None:
    from stillwatch.spark.epochs import parts

    ours = parts(both.work)
    assert sorted(ours) == sorted(spool.parts)
    for number, files in spool.parts.items():
        assert _ordered(ours[number]) == _ordered(files)


def _ordered(files: list[Path]) -> pa.Table:
    schema = arrow_schema(SKETCHES)
    whole = pa.concat_tables([pq.ParquetFile(f).read(columns=schema.names) for f in files])
    table = pa.Table.from_arrays([whole[f.name].cast(f.type) for f in schema], schema=schema)
    return table.sort_by([("ts", "ascending"), ("event_id", "ascending")])


def test_stage_by_stage_epochs_and_facts_are_equal(both: Both, spool: Spool) -> None:
    from stillwatch.spark.engine import SparkStore
    from stillwatch.spark.epochs import parts

    ours, schema = SparkStore(both.work, EPOCH_US, 0), arrow_schema(SKETCHES)
    with SketchStore(spool.folder, threads=1) as store:
        assert store.find_duplicates([f for files in spool.parts.values() for f in files]) > 300
        for number, files in spool.parts.items():
            alone, spark = store.epoch(files), ours.epoch(parts(both.work)[number])
            alone = pa.Table.from_arrays([alone[f.name].cast(f.type) for f in schema], schema=schema)
            assert spark == alone
            assert ours.facts(spark) == store.facts(alone).cast(ours.facts(spark).schema)


def test_stage_by_stage_template_keys_are_those_that_can_matter(both: Both) -> None:
    from stillwatch.spark.engine import SparkStore
    from stillwatch.spark.epochs import parts
    from stillwatch.spark.shared import SharedTemplates

    store, books = SparkStore(both.work, EPOCH_US, 0), Codebooks()
    rules = Rules()
    alone = Templates(rules.window)
    spark = SharedTemplates(rules.window, uses=store.uses, accounts=books.account)
    dropped = 0
    for number, files in parts(both.work).items():
        frame = build_frame(store.epoch(files), books, start_us=number * EPOCH_US, end_us=(number + 1) * EPOCH_US)
        alone.observe(frame, number)
        spark.observe(frame, number)
        assert len(spark.singles) == 0
        kept = np.isin(alone.pairs.pair, spark.pairs.pair, assume_unique=True)
        assert kept.sum() == len(spark.pairs)
        np.testing.assert_array_equal(alone.pairs.last[kept], spark.pairs.last)
        keys, holders = np.unique(alone.pairs.key, return_counts=True)
        shared = np.isin(alone.pairs.key, keys[holders >= rules.min_accounts])
        carriers = np.isin(alone.pairs.account, alone.pairs.account[shared])
        assert kept[carriers].all()
        dropped += int((~kept).sum())
    assert dropped and len(spark.pairs) > 1000
