"""Where a log lies, as Spark data frames: Parquet files and folders in place, and tables of a catalogue.

Reads what a person named: paths of Parquet (files, folders, patterns; every machine must see them under the same name),
URIs of whatever file system Spark knows (``s3a://…``, ``hdfs://…``), and ``table:NAME`` for a table of a catalogue,
Iceberg among them. Writes frames of the columns that mean something here, under the source's own names, with where each
row came from in ``FILE`` and ``ROW``: one frame for all files of one schema, so a log whose columns or types change
midway is read like any other. Only the feet of files are opened here.

Deliberately not read: other formats, column maps, logs of proxies to join, standard input. They go line by line through
one process anyway; the DuckDB engine reads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import InputError
from stillwatch.ingest.aliases import meaning, names_for
from stillwatch.ingest.inputs import STDIN, Source, list_inputs
from stillwatch.ingest.mapfile import automatic_maps
from stillwatch.ingest.read import NOT_A_LOG, REQUIRED, is_exchange_column
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.parquet import recognises
from stillwatch.spark.session import explained

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLE = "table:"
FILE, ROW = "_stillwatch_file", "_stillwatch_row"
DOT = "\x1f"
"""Stands for the dots of a column's name, which ``mapInArrow`` takes for a way into a structure."""
_ORIGINS = (("_metadata.file_path", "_metadata.row_index"), ("_file", "_pos"))
"""Where a row came from, as Spark's own files say it and as Iceberg does."""
_SKETCHED = "prompt_minhash"
_GLOB = re.compile(r"([\\{}\[\]*?^,])")
_INSTEAD = "scan it with --engine duckdb"


@dataclass
class Log:
    """Frames that together hold all rows; ``names``: what the user calls the files."""

    frames: list[DataFrame] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def name(self, file: str) -> str:
        """The user's name of a file that Spark names."""
        path = unquote(file.removeprefix("file:"))
        return self.names.get("/" + path.lstrip("/"), file)


def _elsewhere(name: str) -> bool:
    """Whether an input is no path of this machine."""
    return name.startswith(TABLE) or "://" in name


def open_log(session: SparkSession, inputs: Sequence[str], rejects: Rejects) -> Log:
    """The log behind ``inputs``; what is wrong with it as a whole is an ``InputError``."""
    log = Log()
    local = [name for name in inputs if not _elsewhere(name)]
    if STDIN in local:
        raise InputError(f"{STDIN}: the Spark engine reads Parquet and tables, no standard input; {_INSTEAD}")
    for columns, files in _by_schema(list_inputs(local) if local else []):
        if _is_log(columns, files, rejects):
            paths = {str(Path(file.name).resolve()): file.name for file in files}
            log.names |= paths
            frame = _parquet(session, files[0].name, [_GLOB.sub(r"\\\1", path) for path in paths], merged=False)
            log.frames.append(_located(frame, files[0].name))
    for name in filter(_elsewhere, inputs):
        frame = _remote(session, name)
        if _is_log(frame.columns, [Source(name, 0, True)], rejects):
            log.frames.append(_located(frame, name))
    return log


def _by_schema(sources: Sequence[Source]) -> list[tuple[list[str], list[Source]]]:
    """Files that have the same columns of the same types, in order of first appearance."""
    found: dict[str, tuple[list[str], list[Source]]] = {}
    for source in sources:
        schema = _schema(source.name)
        shape = schema.to_string(show_field_metadata=False, show_schema_metadata=False)
        found.setdefault(shape, (schema.names, []))[1].append(source)
    return list(found.values())


def _schema(name: str) -> pa.Schema:
    try:
        with Path(name).open("rb") as file:
            if not recognises(file.read(4)):
                raise InputError(f"{name}: is not Parquet, and the Spark engine reads nothing else; {_INSTEAD}")
        return pq.read_schema(name)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{name}: begins like Parquet but cannot be read as Parquet: {error}; "
            "it may be truncated or still being written: copy or export it again, or leave it out"
        ) from error


def _is_log(columns: Sequence[str], files: Sequence[Source], rejects: Rejects) -> bool:
    """Whether files with these columns can be read here; what has no account or no time is passed over in a folder."""
    _refuse_what_needs_more(files[0].name, columns)
    meant = {known[0] for name in columns if (known := meaning(name))}
    for column in REQUIRED:
        if column not in meant:
            _pass_over(files, column, columns, rejects)
            return False
    for name in columns:
        if not is_exchange_column(name):
            rejects.ignore(name)
    return True


def _refuse_what_needs_more(name: str, columns: Sequence[str]) -> None:
    if _SKETCHED in columns:
        raise InputError(f"{name}: holds sketches of a gateway, which the Spark engine does not take; {_INSTEAD}")
    for known in automatic_maps():
        if known.fits_columns(columns):
            raise InputError(f"{name}: looks like {known.name}, which needs a column map; {_INSTEAD}")


def _pass_over(files: Sequence[Source], column: str, columns: Sequence[str], rejects: Rejects) -> None:
    for file in files:
        said = f"{file.name}: no column for {column}; looked for {', '.join(names_for(column))}; "
        said += f"found {', '.join(sorted(columns))}; rename one, or leave the file out"
        if file.explicit:
            raise InputError(said)
        rejects.add(file.name, 0, NOT_A_LOG)
        rejects.remark(said)


def _parquet(session: SparkSession, shown: str, paths: Sequence[str], *, merged: bool) -> DataFrame:
    with explained("open it", reading=shown):
        reader = session.read.option("recursiveFileLookup", "true").option("mergeSchema", str(merged).lower())
        return reader.parquet(*paths)


def _remote(session: SparkSession, name: str) -> DataFrame:
    if not name.startswith(TABLE):
        return _parquet(session, name, [name], merged=True)
    with explained("find it in its catalogue", reading=name):
        return session.table(name.removeprefix(TABLE))


def _located(frame: DataFrame, name: str) -> DataFrame:
    """The columns that mean something, and each row's place."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as f

    known = [column for column in sorted(frame.columns) if is_exchange_column(column)]
    wanted = [f.col(f"`{column}`").alias(column.replace(".", DOT)) for column in known]
    for file, row in _ORIGINS:
        with suppress(AnalysisException):
            return frame.select(*wanted, f.col(file).alias(FILE), (f.col(row) + 1).alias(ROW))
    with explained("take columns from it", reading=name):
        return frame.select(*wanted, f.lit(name).alias(FILE), f.lit(0).cast("bigint").alias(ROW))
