"""Exchanges that a gateway sketched before they reached a disk: read as sketches, beside logs that are sketched now.

Such a file says in its metadata under which recipe it was made (``ingest.sketched``). It holds the columns of EXCHANGES
without text, so it can be read like any log too; here its sketches are taken as they are. Another recipe or another key
is refused: their hashes have nothing to do with ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.errors import InputError
from stillwatch.ingest.inputs import list_inputs, named
from stillwatch.ingest.sketched import recipe_of
from stillwatch.model.tables import SKETCHES, arrow_schema
from stillwatch.sketch.batch import AGENT_CHARACTERS
from stillwatch.sketch.recipe import Recipe, recipe_id, require_same

_SCHEMA = arrow_schema(SKETCHES)


def parted(inputs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files behind ``inputs`` that hold sketches, and all others."""
    captured: list[str] = []
    others: list[str] = []
    for source in list_inputs(inputs):
        (captured if recipe_of(source.name) is not None else others).append(source.name)
    return captured, (others if captured else list(inputs))


def read(files: Sequence[str], recipe: Recipe, seed: bytes) -> Iterator[pa.RecordBatch]:
    """Their rows, as SKETCHES."""
    ours = recipe_id(recipe, seed)
    for name in files:
        require_same(ours, recipe_of(name) or "")
        try:
            with named(name).open() as raw, pq.ParquetFile(raw) as file:
                for batch in file.iter_batches(columns=list(SKETCHES.column_names)):
                    yield _sketches(batch)
        except (OSError, KeyError, pa.ArrowException) as error:
            raise InputError(f"{name}: cannot be read: {error}; take the file out, or restore it") from error


def _sketches(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in SKETCHES.column_names}
    columns["user_agent"] = pc.utf8_slice_codeunits(columns["user_agent"], 0, AGENT_CHARACTERS)
    return pa.RecordBatch.from_arrays([columns[f.name].cast(f.type) for f in _SCHEMA], schema=_SCHEMA)
