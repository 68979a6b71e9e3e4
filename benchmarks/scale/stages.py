"""Sketches and facts alone, for long prompts, beside what others would do with the same rows.

*Ours*: `border.sketch_log` and FACTS of every epoch, two threads, as in a scan that follows no refusals. *polars and
datasketch*: hourly sums in polars, a MinHash of 64 slots over word triples for each prompt, which is one of the six
things that a sketch holds. *Spark alone*: the same two by what Spark brings itself, on two cores; what it
takes for some hours less what it takes for one, so that its start is left out.
*Pairs in SQL*: accounts seen in one address range in one hour, counted by pair in DuckDB, which is how SynchroTrap
begins, for one kind of action. The slow ones get a part of the rows. Needs `pip install polars datasketch`, and Java.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.range.table import table
from benchmarks.scale.children import Cost, cost_of
from benchmarks.scale.made import Made
from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.requests import ScanRequest
from stillwatch.config.schema import Settings
from stillwatch.facts.frame import FRAME_COLUMNS, Codebooks, assembled
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import SilentProgress
from stillwatch.sketch.batch import warm_up
from stillwatch.sketch.recipe import Recipe
from stillwatch.store.duckdb import SketchStore
from stillwatch.store.scratch import Scratch

HOURS, SLOW_HOURS, SPARK_HOURS = 24, 1, 4
EPOCH_US = 6 * 3_600_000_000
_HEAD = (
    "what|requests|seconds|requests per second|processor seconds|requests per processor second|"
    "cost of a request, ours = 1"
)
_PAIRS = """
SELECT a.account_id, b.account_id, count(*) FROM seen a JOIN seen b USING (net, hour)
WHERE a.account_id < b.account_id GROUP BY ALL HAVING count(*) > 1
"""
_SEEN = """
CREATE OR REPLACE TABLE seen AS SELECT DISTINCT account_id, regexp_extract(client_ip, '(.*)\\.', 1) AS net,
    date_trunc('hour', ts) AS hour
FROM read_parquet($log)
"""


@dataclass(frozen=True)
class Stage:
    """What some rows cost."""

    name: str
    rows: int
    wall_s: float
    cpu_s: float


def stages(requests: int, chars: int, work: Path) -> list[Stage]:
    """Each contender once, after what it compiles."""
    made = Made(requests, HOURS, chars)
    log = made.write(work / f"day-{requests}-{chars}") / "log"
    files = sorted(log.iterdir())
    few, hour = files[:SLOW_HOURS], requests // HOURS
    warm_up()
    return [
        _timed("sketches and facts", requests, lambda: _ours(log, work / "home")),
        _timed("polars and datasketch", hour * SLOW_HOURS, lambda: _polars_and_datasketch(few)),
        _spark_alone(files, hour, work),
        _timed("pairs in SQL, one kind of action", requests, lambda: _pairs(log)),
    ]


def shown(found: list[Stage]) -> str:
    """The table; the last column is against ours."""
    ours = found[0].cpu_s / found[0].rows
    rows = [
        (
            s.name,
            f"{s.rows:,}",
            f"{s.wall_s:.1f}",
            f"{s.rows / s.wall_s:,.0f}",
            f"{s.cpu_s:.1f}",
            f"{s.rows / s.cpu_s:,.0f}",
            f"{s.cpu_s / s.rows / ours:.2f}",
        )
        for s in found
    ]
    return table(_HEAD, rows)


def _timed(name: str, rows: int, run: Callable[[], object]) -> Stage:
    began, used = time.perf_counter(), time.process_time()
    run()
    return Stage(name, rows, time.perf_counter() - began, time.process_time() - used)


def _ours(log: Path, home: Path) -> None:
    settings = Settings(threads=2)
    keys, recipe = load_keyring(home), Recipe()
    request = ScanRequest((str(log),), None, log, settings, home)
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), EPOCH_US)
        rejects = Rejects(keys.derive("rows"))
        sketch_log(request, spool, rejects=rejects, keys=keys, recipe=recipe, progress=SilentProgress(), threads=2)
        with SketchStore(Path(folder), threads=2) as store:
            for files in spool.parts.values():
                rows = store.arranged(files)
                pieces, place = rows.pieces(FRAME_COLUMNS), Scratch(spool.folder)
                assembled(pieces, len(rows), Codebooks(), start_us=0, end_us=0, scratch=place)
                store.facts(files)


def _polars_and_datasketch(files: list[Path]) -> None:
    import polars as pl
    from datasketch import MinHash

    rows = pl.read_parquet(files)
    rows.group_by("account_id", pl.col("ts").dt.truncate("1h")).agg(
        pl.len(), pl.col("output_tokens").sum(), pl.col("client_ip").n_unique(), pl.col("user_agent").n_unique()
    )
    for raw in rows["input_messages"]:
        words = json.loads(raw)[0]["parts"][0]["content"].split()
        signature = MinHash(num_perm=64, seed=1)
        signature.update_batch([" ".join(words[k : k + 3]).encode() for k in range(max(1, len(words) - 2))])
        signature.digest()


def _spark_alone(files: list[Path], hour: int, work: Path) -> Stage:
    def cost(some: list[Path]) -> Cost:
        command = [sys.executable, "-m", "benchmarks.scale.by_spark", *map(str, some)]
        return cost_of(command, work / "spark.txt", PYSPARK_PYTHON=sys.executable)

    start, whole = cost(files[:1]), cost(files[: 1 + SPARK_HOURS])
    seconds, cpu_seconds = whole.seconds - start.seconds, whole.cpu_seconds - start.cpu_seconds
    return Stage("Spark alone", hour * SPARK_HOURS, seconds, cpu_seconds)


def _pairs(log: Path) -> None:
    base = duckdb.connect()
    base.execute("SET threads = 2").fetchall()
    base.execute(_SEEN, {"log": str(log / "*.parquet")}).fetchall()
    base.execute(_PAIRS).fetchall()
