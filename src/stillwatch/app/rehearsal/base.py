"""The user's log, sketched once and kept as a spool, and what a planted campaign has to know about it.

Reads the log and the register through the ordinary border and writes only to the temporary folder. Every copy shares
these parts; a planted campaign adds parts of its own, and the engine merges both by time.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app import border
from stillwatch.app.border import Spool
from stillwatch.app.rehearsal.cells import ACCOUNTS
from stillwatch.app.rehearsal.design import LARGEST
from stillwatch.app.rundocument import Run
from stillwatch.errors import InputError
from stillwatch.ingest.accounts import read_accounts
from stillwatch.model.scope import scoped_column
from stillwatch.model.tables import SKETCHES, arrow_schema

HOUR_US = 3_600_000_000
LEAST_EPOCHS = 3
"""A group is proposed in one epoch, tested in the next and compared after that."""
_LOOKED_AT = ["ts", "account_id", "tenant_id", "model_request", "prompt_exact"]
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Base:
    """A sketched log. ``until_us`` closes its last epoch; ``digest`` names log and register without telling them."""

    spool: Spool
    register: pa.Table | None
    names: frozenset[str]
    """Accounts of the log, by scoped name."""
    registered: frozenset[str]
    first_us: int
    until_us: int
    models: tuple[tuple[str | None, int], ...]
    tenant: str | None
    digest: str


def sketch_log(run: Run, folder: Path) -> Base:
    """Read and sketch the log of ``run`` into ``folder``; ``InputError`` where it is too small to rehearse on."""
    request = run.request
    register = None if request.accounts is None else read_accounts(request.accounts, rejects=run.rejects)
    spool = Spool(folder, request.settings.epoch_hours * HOUR_US)
    border.sketch_log(
        request,
        spool,
        rejects=run.rejects,
        keys=run.keys,
        recipe=run.recipe,
        progress=run.progress,
        threads=run.threads,
        title="reading and sketching the log once",
    )
    return _described(spool, register, run.keys.derive("rows"))


def _described(spool: Spool, register: pa.Table | None, key: bytes) -> Base:
    rows = _columns(spool)
    names = frozenset(scoped_column(rows).unique().to_pylist())
    least = round(min(n for n in ACCOUNTS if n > 1) / LARGEST)
    if len(names) < least or len(spool.parts) < LEAST_EPOCHS:
        hours = spool.epoch_us // HOUR_US
        raise InputError(
            f"the log holds {len(names)} accounts in {len(spool.parts)} epochs of {hours} hours; a rehearsal needs at "
            f"least {least} accounts, so that a planted campaign does not outweigh them, and {LEAST_EPOCHS} epochs, so "
            "that a group can be found, tested and compared. Name a longer log, or set shorter epochs."
        )
    ts = rows["ts"].cast(pa.int64()).to_numpy()
    models = pc.value_counts(rows["model_request"].combine_chunks()).to_pylist()
    tenants = pc.value_counts(rows["tenant_id"].combine_chunks()).to_pylist()
    return Base(
        spool,
        register,
        names,
        frozenset() if register is None else frozenset(scoped_column(register).to_pylist()),
        int(ts.min()),
        int(ts.max()) + 1,
        tuple(sorted(((m["values"], m["counts"]) for m in models), key=lambda m: (-m[1], m[0] or ""))),
        max(tenants, key=lambda t: (t["counts"], t["values"] or ""))["values"],
        _digest(rows, register, key),
    )


def _columns(spool: Spool) -> pa.Table:
    files = [file for number in sorted(spool.parts) for file in spool.parts[number]]
    parts = [pq.read_table(file, columns=_LOOKED_AT) for file in files]
    if not parts:
        return arrow_schema(SKETCHES).empty_table().select(_LOOKED_AT)
    return pa.concat_tables(parts)


def _digest(rows: pa.Table, register: pa.Table | None, key: bytes) -> str:
    """Equal for equal rows in any order of files; keyed, because short logs could be guessed."""
    sums = [
        int(rows[name].cast(pa.int64()).to_numpy().astype(np.uint64).sum(dtype=np.uint64)) & _MASK
        for name in ("ts", "prompt_exact")
    ]
    known = [] if register is None else register.sort_by("account_id").to_pylist()
    text = repr((len(rows), sums, known))
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]
