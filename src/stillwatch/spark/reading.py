"""What executors do with the rows of a log: normalise, sketch, and fetch the few texts that are shown.

Reads batches of a source's columns with ``FILE`` and ``ROW``, writes batches of READ, or of (event id, redacted text).
Both are made by the code that the DuckDB engine runs. No text leaves an executor but what was redacted there. The keys
for sketches and row hashes travel inside the functions (the root key does not): between machines, let Spark encrypt
what it sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.chunk import Chunk
from stillwatch.ingest.normalise import normalise
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.parquet import row_bytes
from stillwatch.model.tables import arrow_schema
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe
from stillwatch.sketch.text import read_messages
from stillwatch.spark.sources import DOT, FILE, ROW
from stillwatch.spark.tables import MISFIT, READ, REJECT, SKETCH

Batches = Iterator[pa.RecordBatch]
Mapping = Callable[[Batches], Batches]


@dataclass(frozen=True)
class Reading:
    """What has to be known besides the rows."""

    recipe: Recipe
    sketch_key: bytes
    rows_key: bytes
    until_us: int | None

    def sketched(self, batches: Batches) -> Batches:
        """READ: sketches of the rows before ``until_us``, rejects, misfits."""
        for batch in batches:
            rejects = Rejects(self.rows_key)
            for exchanges in self._exchanges(batch, rejects):
                if exchanges.num_rows:
                    yield _as_read(sketch_batch(exchanges, recipe=self.recipe, seed=self.sketch_key), SKETCH)
            for lost in rejects.batches():
                yield _as_read(lost, REJECT)
            if rejects.wrong_values:
                yield _as_read(_misfits(rejects), MISFIT)

    def examples(self, wanted: frozenset[str], shown: Callable[[str], str]) -> Mapping:
        """What is ``shown`` of the prompts of the ``wanted`` events, as (event_id, text)."""

        def fetch(batches: Batches) -> Batches:
            ids = pa.array(sorted(wanted), pa.string())
            for batch in batches:
                for exchanges in self._exchanges(batch, Rejects(self.rows_key)):
                    hits = exchanges.filter(pc.is_in(exchanges["event_id"], ids))
                    raw = hits["input_messages"].to_pylist()
                    texts = [None if r is None else shown(_prompt(r)) for r in raw]
                    yield pa.RecordBatch.from_arrays(
                        [hits["event_id"], pa.array(texts, pa.string())], ["event_id", "text"]
                    )

        return fetch

    def _exchanges(self, batch: pa.RecordBatch, rejects: Rejects) -> Batches:
        for chunk in _chunks(batch):
            found = normalise(chunk, rejects=rejects, key=self.rows_key)
            if self.until_us is not None:
                found = found.filter(pc.less(found["ts"].cast(pa.int64()), self.until_us))
            yield found


def _chunks(batch: pa.RecordBatch) -> Iterator[Chunk]:
    """The rows of each file."""
    batch = batch.rename_columns([name.replace(DOT, ".") for name in batch.schema.names])
    for file in pc.unique(batch[FILE]).to_pylist():
        own = batch.filter(pc.equal(batch[FILE], file))
        yield _chunk(file, own.drop_columns([FILE, ROW]), own[ROW])


def _chunk(file: str, rows: pa.RecordBatch, lines: pa.Array) -> Chunk:
    return Chunk(
        file=file,
        size=rows.num_rows,
        columns=dict(zip(rows.schema.names, rows.columns, strict=True)),
        position=lambda i: int(lines[i].as_py()),
        raw=lambda i: row_bytes(rows.slice(i, 1)),
    )


def _as_read(found: pa.RecordBatch, kind: str) -> pa.RecordBatch:
    """Rows of one kind in the columns of all."""
    schema = arrow_schema(READ)
    columns = dict(zip(found.schema.names, found.columns, strict=True))
    columns["kind"] = pa.array([kind] * len(found), pa.string())
    arrays = [columns.get(f.name) for f in schema]
    made = [pa.nulls(len(found), f.type) if a is None else a for a, f in zip(arrays, schema, strict=True)]
    return pa.RecordBatch.from_arrays(made, schema=schema)


def _misfits(rejects: Rejects) -> pa.RecordBatch:
    columns, counts = zip(*sorted(rejects.wrong_values.items()), strict=True)
    rows = [pa.array(columns, pa.string()), pa.array(counts, pa.int64())]
    return pa.RecordBatch.from_arrays(rows, ["reason", "line"])


def _prompt(raw: str) -> str:
    return read_messages(raw.encode("utf-8", "surrogatepass")).prompt
