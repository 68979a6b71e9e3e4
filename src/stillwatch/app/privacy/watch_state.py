"""The state of ``watch`` among the places: sketches of a person go, and the fold forgets their name.

Contract: to be called with the folder held. Rows of the account go from the files of the state; in the fold its name
becomes a random one, because the figures of every group are indexed by it, and its requests are no longer shown as
examples. An end user's rows are found by their keyed hash. Files of rows are replaced one by one, then the fold and the
checkpoint that names it in one step, so what was interrupted is finished by doing it again. Marks stay: keyed hashes of
events, which tell a copy from a new event and nothing else.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.app.privacy.erasing_run import mask
from stillwatch.app.watch.checkpoint import NAME as CHECKPOINT
from stillwatch.app.watch.folder import STATE
from stillwatch.errors import StoreError
from stillwatch.keyring import Keyring
from stillwatch.model.scope import scoped
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line
from stillwatch.store.files import write_atomic

_ASIDE = "results"
"""Where ``watch`` writes results before it publishes them: copies, if it was killed in between."""

if TYPE_CHECKING:
    import pyarrow as pa

    from stillwatch.app.watch.fold import FoldState


def is_watched(run: Path) -> bool:
    """Whether ``watch`` keeps this folder."""
    return (run / STATE / CHECKPOINT).is_file()


def erase_state(run: Path, person: Person, keys: Keyring, *, dry_run: bool) -> list[Line]:
    """Take the person out of the state below ``run``; a state that cannot be read is left, and said."""
    try:
        return list(_erase(run, person, keys, dry_run=dry_run))
    except StoreError as error:
        return [Line(str(run / STATE), "state of watch", 1, why_left=str(error))]


def rows_of_state(run: Path, person: Person, keys: Keyring) -> int:
    """How many rows of the state are the person's."""
    return sum(found for _, found, _ in _row_files(run / STATE, person, keys))


def _erase(run: Path, person: Person, keys: Keyring, *, dry_run: bool) -> Iterator[Line]:
    state, events = run / STATE, set[str]()
    if not dry_run:
        shutil.rmtree(state / _ASIDE, ignore_errors=True)
    for path, found, table in _row_files(state, person, keys):
        mine = _mine(table, person, keys)
        events |= set(table.filter(mine)["event_id"].to_pylist()) if "event_id" in table.column_names else set()
        if not dry_run:
            _replace(path, table, mine)
        yield Line(str(state), f"rows of {path.name}", found, removed=found)
    forgotten = _forget(state, person, keys, events, dry_run=dry_run)
    if forgotten:
        yield Line(str(state), "name and examples in the fold", forgotten, removed=forgotten)


def _row_files(state: Path, person: Person, keys: Keyring) -> Iterator[tuple[Path, int, pa.Table]]:
    """Files of rows with rows of the person, and how many."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for path in sorted(state.glob("*.parquet")):
        table = pq.read_table(path)
        mine = _mine(table, person, keys)
        if mine is not None and (found := pc.sum(mine).as_py() or 0):
            yield path, found, table


def _mine(table: pa.Table, person: Person, keys: Keyring) -> Any:
    """Which rows are the person's; ``None`` where the file holds nobody."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mine = mask(table, person) if person.account else None
    if not person.end_user:
        return mine
    if "end_user" not in table.column_names:
        return None
    theirs = pc.fill_null(pc.is_in(table["end_user"], pa.array(_hashes(person.end_user, keys), pa.int64())), False)
    return theirs if mine is None else pc.and_(mine, theirs)


def _hashes(end_user: str, keys: Keyring) -> list[int]:
    """The keyed hashes of an end user's id under every version that is held."""
    import pyarrow as pa

    from stillwatch.sketch.net import hashed

    ids = pa.array([end_user], pa.string())
    return [int(hashed(ids, "end user", seed)[0].as_py()) for seed in keys.derive_all("sketch")]


def _replace(path: Path, table: pa.Table, mine: Any) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    raw = io.BytesIO()
    pq.write_table(table.filter(pc.invert(mine)), raw, compression="zstd")
    write_atomic(path, raw.getvalue())


def _forget(state: Path, person: Person, keys: Keyring, events: set[str], *, dry_run: bool) -> int:
    """Rename the account in the fold and drop its events from what is shown; how many places that took."""
    from stillwatch.app.watch.catalogue import given
    from stillwatch.app.watch.checkpoint import read_checkpoint, write_checkpoint
    from stillwatch.app.watch.folder import sweep
    from stillwatch.app.watch.kept_fold import KeptFold
    from stillwatch.evidence import calibration, single

    key = keys.derive("state")
    checkpoint, kept = read_checkpoint(state, key), KeptFold(state, key, given(calibration.load(), single.load()))
    fold = None if checkpoint is None else kept.read(checkpoint)
    if checkpoint is None or fold is None:
        return 0
    found = _rename(fold, person) + sum(_drop(shown, events) for shown in _shown(fold))
    for event in events & fold.origins.keys():
        del fold.origins[event]
    if found and not dry_run:
        checkpoint.number += 1
        kept.write(checkpoint, fold)
        write_checkpoint(state, checkpoint, key)
        sweep(state, checkpoint.named())
    return found


def _rename(fold: FoldState, person: Person) -> int:
    book = fold.books.account
    code = book.codes.get(person.account)
    if code is None or person.end_user:
        return 0
    del book.codes[person.account]
    name = scoped(person.tenant_id, f"erased-{secrets.token_hex(8)}")
    book.names[code], book.codes[name] = name, code
    return 1


def _shown(fold: FoldState) -> Iterator[list[str]]:
    """Every list of events of which the text may be fetched to be shown."""
    singles = fold.state.singles
    yield from (lineage.examples for lineage in fold.state.lineages)
    yield from (sums.examples for sums in singles.followed.values())
    yield from (verdict.shown.examples for verdict in singles.verdicts.values())


def _drop(shown: list[str], events: set[str]) -> int:
    kept = [event for event in shown if event not in events]
    gone = len(shown) - len(kept)
    shown[:] = kept
    return gone
