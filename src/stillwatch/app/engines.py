"""The two engines of a scan, behind one face: sketches by epoch, facts, template keys, and the texts that are shown.

Contract: an engine is a context manager; ``read`` is called once, ``examples`` after it. What both make is equal: the
tables of the stages, and so everything that is found (a test compares them). The fold and all behind it is the same.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.examples import shown
from stillwatch.app.folding import Epochs
from stillwatch.app.rundocument import Outcome, Run, read_examples
from stillwatch.campaigns.state import State
from stillwatch.errors import ConfigurationError
from stillwatch.facts.frame import Codebooks
from stillwatch.store.duckdb import SketchStore
from stillwatch.store.files import scratch_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stillwatch.spark.reading import Reading

HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Prepared:
    """A log ready for the fold. ``spool``: all rows as they were read; ``epochs`` leaves out ``copies`` of events."""

    spool: Spool
    epochs: Epochs
    copies: int
    books: Codebooks


class Engine(Protocol):
    """Reads a log for the fold."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...
    def read(self, state: State, until_us: int | None) -> Prepared: ...
    def examples(self, found: Outcome) -> dict[str, str]: ...


def engine_of(run: Run) -> Engine:
    """The engine that the request names."""
    return DuckDB(run) if run.request.spark is None else Spark(run)


class _Base:
    """Holds what an engine opened until it is left."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._epoch_us = run.request.settings.epoch_hours * HOUR_US
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.__exit__(kind, error, at)


class DuckDB(_Base):
    """This machine alone."""

    def read(self, state: State, until_us: int | None) -> Prepared:
        run = self._run
        work = self._held.enter_context(scratch_folder())
        spool = Spool(work, self._epoch_us)
        sketch_log(
            run.request,
            spool,
            rejects=run.rejects,
            keys=run.keys,
            recipe=run.recipe,
            progress=run.progress,
            threads=run.threads,
            until_us=until_us,
        )
        store = self._held.enter_context(SketchStore(work, threads=run.threads))
        copies = store.find_duplicates([f for files in spool.parts.values() for f in files])
        return Prepared(spool, store, copies, Codebooks())

    def examples(self, found: Outcome) -> dict[str, str]:
        return read_examples(self._run, found)


class Spark(_Base):
    """A session of Spark, here or on a cluster; changes the state's template keys for those that Spark counts."""

    _reading: Reading
    _session: SparkSession

    def read(self, state: State, until_us: int | None) -> Prepared:
        from stillwatch.spark.engine import Windows, run_stages
        from stillwatch.spark.reading import Reading
        from stillwatch.spark.session import connected, require_shared
        from stillwatch.spark.shared import SharedTemplates

        run, asked = self._run, self._run.request.spark
        assert asked is not None
        if run.request.mapping is not None or run.request.joins:
            raise ConfigurationError("--map and --join need --engine duckdb: the Spark engine reads columns by name")
        work = self._held.enter_context(scratch_folder(asked.work))
        self._session = self._held.enter_context(connected(asked.master, run.threads, work))
        require_shared(self._session, work, named=asked.work is not None)
        self._reading = Reading(run.recipe, run.keys.derive("sketch"), run.keys.derive("rows"), until_us)
        windows = Windows(self._epoch_us, state.rules.window, state.rules.min_accounts)
        store = run_stages(self._session, run.request.inputs, self._reading, windows, work, run.rejects, run.progress)
        books = Codebooks()
        state.templates = SharedTemplates(state.rules.window, uses=store.uses, accounts=books.account)
        return Prepared(Spool(work, self._epoch_us, parts=store.parts), store, store.copies, books)

    def examples(self, found: Outcome) -> dict[str, str]:
        from stillwatch.spark.engine import fetch_examples

        run = self._run
        with run.progress.stage("fetching redacted examples", None):
            wanted = found.examples(run.request.settings.examples_per_group)
            return fetch_examples(self._session, run.request.inputs, self._reading, wanted, shown)
