"""``watch``: the loop. Reads what is new, commits, closes the epochs that are over, publishes, sleeps."""

from __future__ import annotations

import math
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.border import Spool
from stillwatch.app.engines import HOUR_US
from stillwatch.app.folding import Folded
from stillwatch.app.measures.coin import decided
from stillwatch.app.memory import give_back
from stillwatch.app.requests import ScanRequest
from stillwatch.app.rundocument import Run
from stillwatch.app.scan import fresh_state
from stillwatch.app.watch import folder
from stillwatch.app.watch.ahead import Ahead
from stillwatch.app.watch.catalogue import given
from stillwatch.app.watch.checkpoint import Followed, read_checkpoint
from stillwatch.app.watch.closing import MINUTE_US, close_epoch, forget, last_over, marked, settle
from stillwatch.app.watch.fold import FoldState
from stillwatch.app.watch.intake import Intake
from stillwatch.app.watch.keeping import Keeper
from stillwatch.app.watch.metrics import served
from stillwatch.app.watch.publishing import Publisher
from stillwatch.app.watch.rebuilding import rebuild
from stillwatch.app.watch.request import Clock, WatchRequest, WatchResult
from stillwatch.app.watch.sources.catalogue import follower_of, name_of
from stillwatch.app.watch.sources.files import SETTLE_S
from stillwatch.app.watch.sources.follower import Follower
from stillwatch.config.schema import config_hash
from stillwatch.evidence import reviewed
from stillwatch.evidence.calibration import load
from stillwatch.evidence.single import SingleCalibration
from stillwatch.evidence.single import load as load_single
from stillwatch.facts.frame import Codebooks
from stillwatch.facts.register import Register
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.pieces import maps_for
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import Keyring, load_keyring
from stillwatch.model.progress import Progress
from stillwatch.sketch.batch import warm_up
from stillwatch.sketch.recipe import Recipe, recipe_id
from stillwatch.store.ids import EpochStore
from stillwatch.store.scratch import Scratch

POLL_S = 1.0
COMMIT_BATCHES = 16
COMMIT_S = 10.0
"""After so many batches or seconds what was read is committed; a crash costs reading the rest again."""
PATIENCE_S = 60.0
"""How long a file that may still be written is waited for before epochs close without it."""
SLOW_S = 5.0
"""Where all results took longer, what closed is shown before the rest the next time."""
FACTS_DAYS = 60
"""How far back FACTS reach, and sketches of closed epochs at most."""


def watch(request: WatchRequest, progress: Progress, clock: Clock = time.time) -> WatchResult:
    """Follow the source until interrupted, or handle what is there once."""
    current = load_keyring(request.home)
    scanned = ScanRequest(
        (name_of(request.source),),
        request.accounts,
        request.out,
        request.settings,
        request.home,
        mapping=request.mapping,
    )
    threads = request.settings.threads or os.cpu_count() or 1
    _follower(request, {}).check()  # a mistake in the name is told at once
    with ExitStack() as held:
        state = held.enter_context(folder.opened(request.out))
        held.enter_context(served(request.metrics, request.out, request.home))
        keys = _keys_of(state, current)
        run = Run(scanned, keys, Recipe(), load(), Rejects(keys.derive("rows")), progress, threads)
        store = held.enter_context(EpochStore(state, threads=run.threads))
        with progress.stage("compiling kernels (first run only takes seconds)", None):
            warm_up()
        watcher = Watcher(request, run, state, store, clock)
        held.callback(watcher.close)
        document = watcher.once() if request.once else watcher.follow()
    alarmed = sum(c["state"] == "alarmed" and not c["authorised"] for c in document["campaigns"])
    return WatchResult(document, request.out, alarmed)


class Watcher:
    """One process's hold on a watch folder."""

    def __init__(self, request: WatchRequest, run: Run, state: Path, store: EpochStore, clock: Clock) -> None:
        self._request = request
        self._run = run
        self._state = state
        self._store = store
        self._clock = clock
        single = load_single()
        known = reviewed.NONE if request.reviewed is None else reviewed.load(request.reviewed)
        self._keeper = Keeper(state, run.keys.derive("state"), given(run.calibration, single, known))
        self._checkpoint = self._keeper.checkpoint(
            _identity(run, request, single.calibration_id), rebuild=request.rebuild
        )
        self._spool = Spool(state, request.settings.epoch_hours * HOUR_US)
        self._spool.parts = {n: [state / name for name in names] for n, names in self._checkpoint.parts.items()}
        self._register = Register(_accounts(request, run))
        self._folded, self._origins = self._begin(single, known)
        self._follower = _follower(request, self._checkpoint.files)
        self._intake = Intake(run, self._checkpoint, state, self._spool, maps_for(request.mapping))
        self._publisher = Publisher(run, state.parent, state, store)
        self._ahead = Ahead(self._spool, store, self._folded, Scratch(state))
        self._committed_at = self._arrived_at = time.monotonic()
        self._unsettled_at = math.inf
        self._took_s = 0.0
        if request.rebuild:
            self._rebuild()

    def once(self) -> dict[str, Any]:
        """Take in everything that is there by now."""
        self._round()
        while self._waits():
            time.sleep(SETTLE_S / 4)
            self._round()
        self._settle()
        return self._publish()

    def follow(self) -> NoReturn:
        """Until interrupted."""
        self._settle()
        self._publish()
        while True:
            if self._round():
                self._show()
            elif not self._prepare():
                self._follower.rest(POLL_S)

    def close(self) -> None:
        """Let go of the source."""
        self._follower.close()

    def _round(self) -> bool:
        """Take in what is new by now, then close what is over; returns whether an epoch was closed."""
        now = self._clock()
        tasks = self._follower.tasks(now)
        most = COMMIT_BATCHES * self._request.settings.batch_rows
        before = self._checkpoint.counts.rows
        while self._intake.take(self._follower, tasks, most, int(now * 1_000_000)):
            self._commit()
        if self._checkpoint.counts.rows > before or self._follower.away:
            self._arrived_at = time.monotonic()
        if self._follower.urgent:
            self._commit()  # before epochs are closed: that may take longer than anybody waits
        closed = not self._waits() and self._close()
        if closed or self._request.once or time.monotonic() - self._committed_at > COMMIT_S:
            self._commit(fold=closed)
        return closed

    def _prepare(self) -> bool:
        """Take in one slice of the oldest open epoch, if there is a good one: so much less is left to do at its end."""
        newest = self._checkpoint.newest_us
        if newest is None or self._waits():
            return False
        if not self._ahead.go_on(self._watermark(newest), marked(self._checkpoint, self._state)):
            return False
        self._keeper.write_ahead(self._checkpoint, self._ahead.settled())
        return True

    def _show(self) -> None:
        """The results; where all of them take long, what closed before the open ones are weighed and FACTS are made."""
        if self._checkpoint.owed or self._took_s > SLOW_S:
            self._publisher.publish_at_once(self._checkpoint, self._spool.epoch_us, self._folded, self._origins)
        self._settle()
        self._publish()

    def _settle(self) -> None:
        if self._checkpoint.owed:
            settle(self._store, self._checkpoint, self._state)
            self._forget()
            self._commit()

    def _waits(self) -> bool:
        """Whether files that may still be written hold the watermark back: what they bring must not be late."""
        if not self._follower.unsettled:
            self._unsettled_at = math.inf
            return False
        self._unsettled_at = min(self._unsettled_at, time.monotonic())
        return time.monotonic() - self._unsettled_at < PATIENCE_S

    def _close(self) -> bool:
        checkpoint = self._checkpoint
        if checkpoint.newest_us is None:
            return False
        last = last_over(self._watermark(checkpoint.newest_us), self._spool.epoch_us)
        if checkpoint.closed is not None and last <= checkpoint.closed:
            return False
        self._keep_late()
        self._spool.flush()
        self._ahead.notice()
        give_back()
        self._folded.closed.decided = decided(self._request.home)
        for number in sorted(n for n in self._spool.parts if n <= last):
            close_epoch(
                number,
                spool=self._spool,
                store=self._store,
                checkpoint=checkpoint,
                folded=self._folded,
                register=self._register,
                origins=self._origins,
                state=self._state,
                ahead=self._ahead,
            )
        checkpoint.closed, checkpoint.closed_at = last, self._clock()
        if not checkpoint.owed:
            self._forget()
        return True

    def _forget(self) -> None:
        settings = self._request.settings
        a_day = 24 // settings.epoch_hours
        forget(
            self._checkpoint,
            self._state,
            marks_epochs=settings.window_days * a_day,
            facts_epochs=FACTS_DAYS * a_day,
            sketch_bytes=settings.sketches_gb * 10**9,
        )

    def _watermark(self, newest_us: int) -> int:
        """Nothing older than this is waited for."""
        settings = self._request.settings
        idle_s = time.monotonic() - self._arrived_at
        if settings.idle_minutes and not self._request.once and idle_s > settings.idle_minutes * 60:
            newest_us = max(newest_us, int(self._clock() * 1_000_000))
        return newest_us - settings.lateness_minutes * MINUTE_US

    def _commit(self, *, fold: bool = False) -> None:
        self._keep_late()
        if self._intake.rejects:
            name = f"rejects-{self._checkpoint.number + 1}.parquet"
            pq.write_table(pa.concat_tables(self._intake.rejects), self._state / name, compression="zstd")
            self._checkpoint.rejects.append(name)
            self._intake.rejects.clear()
        kept = FoldState.of(self._folded, self._origins) if fold else None
        self._checkpoint.behind = self._follower.behind
        self._spool.flush()
        self._ahead.notice()
        self._keeper.commit(self._checkpoint, self._spool, kept)
        self._ahead.notice(rejoined=True)
        self._follower.committed()
        self._committed_at = time.monotonic()

    def _keep_late(self) -> None:
        late = self._intake.settle_late()
        if late is not None:
            name = f"late-{self._checkpoint.number + 1}-{len(self._checkpoint.late)}.parquet"
            pq.write_table(late, self._state / name, compression="zstd")
            self._checkpoint.late.append(name)

    def _publish(self) -> dict[str, Any]:
        began = time.monotonic()
        shown = self._publisher.publish(self._checkpoint, self._spool, self._folded, self._register, self._origins)
        self._took_s = time.monotonic() - began
        return shown

    def _begin(self, single: SingleCalibration, known: reviewed.Reviewed) -> tuple[Folded, dict[str, str]]:
        kept = None if self._request.rebuild else self._keeper.fold(self._checkpoint)
        if kept is None:
            state = fresh_state(self._run)
            state.single_calibration, state.reviewed = single, known
            kept = FoldState(state, Codebooks(), None, None, 0, 0, {})
        return kept.folded(self._register, Scratch(self._state)), kept.origins

    def _rebuild(self) -> None:
        settings = self._request.settings
        rebuild(
            self._checkpoint,
            self._state,
            self._store,
            self._folded,
            self._register,
            self._origins,
            epoch_us=self._spool.epoch_us,
            window=settings.window_days * 24 // settings.epoch_hours,
            progress=self._run.progress,
        )
        self._commit(fold=True)


def _follower(request: WatchRequest, files: dict[str, Followed]) -> Follower:
    return follower_of(request.source, files, mapping=request.mapping, patient=not request.once)


def _keys_of(state: Path, current: Keyring) -> Keyring:
    """The keyring as it was when the folder was begun: sketches under another key do not compare."""
    begun = read_checkpoint(state, current.derive("state"))
    return (None if begun is None else current.under(begun.identity["key"])) or current


def _accounts(request: WatchRequest, run: Run) -> pa.Table | None:
    return None if request.accounts is None else read_accounts(request.accounts, rejects=run.rejects)


def _identity(run: Run, request: WatchRequest, single: str) -> dict[str, str]:
    """What must stay as it is as long as a folder is watched."""
    return {
        "settings": config_hash(request.settings),
        "epoch hours": str(request.settings.epoch_hours),
        "recipe": recipe_id(run.recipe, run.keys.derive("sketch")),
        "key": run.keys.key_id,
        "calibration": run.calibration.calibration_id,
        "calibration of single accounts": single,
        "column map": request.mapping or "none",
        "source": name_of(request.source),
    }
