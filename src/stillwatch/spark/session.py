"""A Spark session with what the stages need: UTC, Arrow, the package on every executor, plain errors.

Contract: ``connected(cluster, threads, work)`` yields a session and stops it again unless somebody else had begun it.
``cluster`` None means this machine, unless spark-submit has already said where: then that holds. What decides results
is set here; memory, cores and security are the operator's, by spark-submit, spark-defaults.conf or
``PYSPARK_SUBMIT_ARGS``.

Executors of a cluster get this package as it is here, unpacked into their own folder and first on their path, so driver
and executors cannot differ in version. What it needs (``stillwatch[spark]``: Numba, NumPy, PyArrow, msgspec) must be
installed there, with the same minor version of Python.
"""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import stillwatch
from stillwatch.errors import ConfigurationError, InputError, StoreError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

SHIPPED = "stillwatch-package"
_FULL = "No space left on device"
_SETTINGS = {
    "spark.app.name": "stillwatch",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Nanoseconds arrive as numbers, which the reader of times understands; Spark has no type for them.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.skewJoin.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_LOCAL = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


@contextmanager
def connected(cluster: str | None, threads: int, work: Path) -> Iterator[SparkSession]:
    """A session; ``work`` is a folder that the driver may write temporary files to."""
    _require()
    from pyspark.sql import SparkSession

    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    running = SparkSession.getActiveSession()
    builder = SparkSession.builder
    settings = dict(_SETTINGS)
    if not submitted or cluster is not None:
        cluster = cluster or f"local[{threads}]"
        settings["spark.master"] = cluster
        if cluster.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            settings |= _LOCAL | {"spark.sql.shuffle.partitions": str(4 * threads)}
    for name, value in settings.items():
        builder = builder.config(name, value)
    if not (cluster or "").startswith("local"):
        builder = builder.config("spark.executorEnv.PYTHONPATH", f"./{SHIPPED}")
    with explained("be started"):
        session = builder.getOrCreate()
    try:
        if not session.sparkContext.master.startswith("local"):
            session.sparkContext.addArchive(f"{packed(work)}#{SHIPPED}")
        yield session
    finally:
        if running is None:
            session.stop()


def require_shared(session: SparkSession, work: Path, *, named: bool) -> None:
    """Refuse a ``work`` that executors elsewhere do not see: what they write would be missing, and nobody told."""
    if session.sparkContext.master.startswith("local"):
        return
    advice = "name a folder that driver and executors see under one name, such as a network file system (--work)"
    if not named:
        raise ConfigurationError(f"a cluster needs a folder for tables in between: {advice}")
    mark = work / "seen-by-the-driver"
    mark.touch()
    tasks = 2 * session.sparkContext.defaultParallelism
    with explained("look for the folder"):
        blind = session.range(0, tasks, 1, tasks).mapInArrow(_blind(str(mark)), "id BIGINT").count()
    if blind:
        raise ConfigurationError(f"{work} is not seen by every executor: {advice}")


def _blind(path: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The rows of a task that does not see ``path``."""

    def look(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch.slice(0, 0) if os.access(path, os.R_OK) and os.access(Path(path).parent, os.W_OK) else batch

    return look


def packed(folder: Path) -> Path:
    """This package with its data as an archive that executors unpack."""
    path = folder / f"{SHIPPED}.zip"
    root = Path(stillwatch.__file__).parent
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(root.parent))
    return path


def _require() -> None:
    """Say what is missing before Spark does."""
    try:
        import pandas  # noqa: F401 (mapInArrow asks for it)
        import pyspark  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            f"the Spark engine needs {error.name}, which is not installed: pip install 'stillwatch[spark]'"
        ) from error
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise ConfigurationError("the Spark engine needs Java 17 or newer: install it, or set JAVA_HOME")


@contextmanager
def explained(what: str, *, reading: str | None = None) -> Iterator[None]:
    """Turn what Spark says into an ``InputError`` where it is about an input (``reading``), else a ``StoreError``."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        said = cause(str(error))
        if reading is not None and _FULL not in said:
            raise InputError(f"{reading}: Spark could not {what}: {said}") from error
        raise StoreError(f"Spark could not {what}: {said}") from error


def cause(text: str, most: int = 600) -> str:
    """What went wrong, out of what Spark says about it.

    Below the cause a Java error has its trace and a refused statement its plan; a Python error has its trace above.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["nothing is known about it"]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    traced = any(line.startswith("Traceback ") for line in lines)
    shown = causes[-1].removeprefix("Caused by: ") if causes else lines[-1] if traced else lines[0]
    return shown if len(shown) <= most else shown[: most - 1] + "…"
