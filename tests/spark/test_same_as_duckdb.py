"""The acceptance test: on one log both engines make equal tables, stage by stage, and write the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.engines import HOUR_US
from stillwatch.campaigns.state import Rules
from stillwatch.config.schema import Settings
from stillwatch.facts.frame import Codebooks, build_frame
from stillwatch.groups.templates import Templates
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import SKETCHES, arrow_schema
from stillwatch.sketch.recipe import Recipe
from stillwatch.spark.engine import SparkStore
from stillwatch.spark.epochs import parts
from stillwatch.spark.shared import SharedTemplates
from stillwatch.store.arranged import Arranged
from stillwatch.store.duckdb import SketchStore
from tests.app.scans import RUN_ONLY, TABLE_FILES
from tests.spark.logs import CUT, Lake

EPOCH_US = Settings().epoch_hours * HOUR_US


def _document(run: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run / "campaigns.json").read_text())
    document["run"] = {k: v for k, v in document["run"].items() if k not in RUN_ONLY}
    return document


def test_both_find_the_same_campaigns(lake: Lake) -> None:
    alone, spark = _document(lake.alone), _document(lake.spark)
    assert [c["state"] for c in alone["campaigns"]].count("alarmed") >= 2
    assert alone["run"]["input"]["duplicates"] and alone["run"]["input"]["rejected"]
    assert any(c["examples"] for c in alone["campaigns"])
    assert spark == alone


@pytest.mark.parametrize("name", [n for n in TABLE_FILES if n != "rejects.parquet"])
def test_both_write_the_same_table(lake: Lake, name: str) -> None:
    alone, spark = pq.read_table(lake.alone / name), pq.read_table(lake.spark / name)
    assert len(alone) and spark.schema == alone.schema
    assert spark == alone


def test_both_reject_the_same_rows(lake: Lake) -> None:
    """The hash of a rejected row is over the row as the engine got it, whose types differ."""
    alone, spark = (pq.read_table(run / "rejects.parquet") for run in (lake.alone, lake.spark))
    assert len(alone) > 1
    assert spark.drop_columns("row_hash") == alone.drop_columns("row_hash")
    assert not spark["row_hash"].null_count


@pytest.fixture(scope="module")
def spool(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Spool:
    """The log's sketches without Spark."""
    made = Spool(tmp_path_factory.mktemp("spool"), EPOCH_US)
    sketch_log(
        lake.request(lake.alone),
        made,
        rejects=Rejects(),
        keys=load_keyring(lake.home),
        recipe=Recipe(),
        progress=SilentProgress(),
        threads=1,
        until_us=int(CUT.timestamp() * 1e6),
    )
    return made


def test_stage_by_stage_the_sketches_are_equal(lake: Lake, spool: Spool) -> None:
    ours = parts(lake.work)
    assert sorted(ours) == sorted(spool.parts)
    for number, files in spool.parts.items():
        assert _whole(ours[number]) == _whole(files)


def _whole(files: list[Path]) -> pa.Table:
    """All rows, copies included, in an order that has nothing to do with who wrote them."""
    names = list(SKETCHES.column_names)
    table = _declared(pa.concat_tables([pq.ParquetFile(f).read(columns=names) for f in files]))
    return table.sort_by([("ts", "ascending"), ("event_id", "ascending")])


def _arranged(found: Arranged) -> pa.Table:
    """The rows in their order."""
    pieces = [(_declared(table), place) for table, place in found.pieces(SKETCHES.column_names)]
    order = np.argsort(np.concatenate([place for _, place in pieces]))
    return pa.concat_tables([table for table, _ in pieces]).take(pa.array(order)).combine_chunks()


def _declared(table: pa.Table) -> pa.Table:
    schema = arrow_schema(SKETCHES)
    return pa.Table.from_arrays([table[f.name].cast(f.type) for f in schema], schema=schema).combine_chunks()


def test_stage_by_stage_epochs_and_facts_are_equal(lake: Lake, spool: Spool) -> None:
    ours = SparkStore(lake.work, 0)
    with SketchStore(spool.folder, threads=1) as store:
        assert store.find_duplicates([f for files in spool.parts.values() for f in files]) > 300
        for number, files in spool.parts.items():
            assert _arranged(ours.arranged(ours.parts[number])) == _arranged(store.arranged(files))
            facts = ours.facts(ours.parts[number])
            assert facts == store.facts(files).cast(facts.schema)


def test_stage_by_stage_template_keys_are_those_that_can_matter(lake: Lake) -> None:
    """Of the keys in use all of shared ones, and all of accounts that hold such; at the same time; nothing else."""
    store, books, rules = SparkStore(lake.work, 0), Codebooks(), Rules()
    alone = Templates(rules.window)
    spark = SharedTemplates(rules.window, uses=store.uses, accounts=books.account)
    dropped = 0
    for number, files in store.parts.items():
        rows = _arranged(store.arranged(files))
        frame = build_frame(rows, books, start_us=number * EPOCH_US, end_us=(number + 1) * EPOCH_US)
        for templates in (alone, spark):
            templates.observe(frame, number)
        kept = np.isin(alone.pairs.pair, spark.pairs.pair, assume_unique=True)
        assert kept.sum() == len(spark.pairs)
        np.testing.assert_array_equal(alone.pairs.last[kept], spark.pairs.last)
        keys, holders = np.unique(alone.pairs.key, return_counts=True)
        shared = np.isin(alone.pairs.key, keys[holders >= rules.min_accounts])
        assert kept[np.isin(alone.pairs.account, alone.pairs.account[shared])].all()
        dropped += int((~kept).sum())
    assert spark.singles == () and dropped and len(spark.pairs) > 1000
