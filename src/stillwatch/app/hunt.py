"""``hunt``: from accounts that somebody holds to be one operator's to every other account that behaves alike.

Reads the logs through the same border as a scan: texts become sketches in a temporary folder and are gone with it. No
gate is asked and no budget spent, so a hunt has no error rate and names nobody; it orders what a person looks at next.

Writes the rows to ``out`` if asked, completely or not at all. The same log and the same key give the same rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.hunting import check_out, result, write_rows
from stillwatch.app.naming import absent, find, shown, the_only
from stillwatch.app.requests import HuntRequest, HuntResult
from stillwatch.errors import ConfigurationError
from stillwatch.facts.frame import Codebooks, build_frame
from stillwatch.facts.register import Register
from stillwatch.groups.kinship import Kinship, compare
from stillwatch.groups.traces import Traces, Wanted
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.frame import Frame
from stillwatch.model.progress import Progress
from stillwatch.model.scope import account_of, scoped_column, tenant_of
from stillwatch.sketch.recipe import Recipe
from stillwatch.store.files import scratch_folder

HOUR_US = 3_600_000_000


def hunt(request: HuntRequest, progress: Progress) -> HuntResult:
    """Rank every other account of the log by its likeness to ``request.accounts``."""
    check_out(request.out)
    keys = load_keyring(request.home)
    rejects = Rejects(keys.derive("rows"))
    table = None if request.register is None else read_accounts(request.register, rejects=rejects)
    with scratch_folder() as work:
        spool = Spool(work, request.settings.epoch_hours * HOUR_US)
        threads = request.settings.threads or os.cpu_count() or 1
        sketch_log(request, spool, rejects=rejects, keys=keys, recipe=Recipe(), progress=progress, threads=threads)
        seeds = _resolve(request, spool)
        kin, books = _compare(spool, seeds, Register(table), progress)
    found = result(kin, books.account, seeds, has_register=table is not None, rejected=rejects.count)
    if request.out is not None:
        write_rows(found.rows, request.out)
    return found


def _resolve(request: HuntRequest, spool: Spool) -> list[str]:
    """The seeds as scoped names of the log, ascending; every mistake in them at once."""
    names = _names(spool)
    found = {asked: find(asked, names) for asked in dict.fromkeys(request.accounts)}
    where = f"the log ({len(names):,} accounts in {', '.join(request.inputs)})"
    if unknown := [asked for asked, hits in found.items() if not hits]:
        raise ConfigurationError(*(absent(asked, "account", where, names) for asked in unknown))
    seeds = sorted({the_only(asked, hits) for asked, hits in found.items()})
    if len({tenant_of(name) for name in seeds}) > 1:
        several = ", ".join(map(shown, seeds))
        raise ConfigurationError(f"{several} belong to different tenants, which are never compared: hunt in one each")
    return seeds


def _names(spool: Spool) -> set[str]:
    names: set[str] = set()
    for files in spool.parts.values():
        names.update(scoped_column(pq.read_table(files, columns=["tenant_id", "account_id"])).unique().to_pylist())
    return names


def _compare(spool: Spool, seeds: list[str], register: Register, progress: Progress) -> tuple[Kinship, Codebooks]:
    books = Codebooks()
    with progress.stage("comparing accounts", spool.rows) as stage:
        traces = Traces(Wanted.of(_frames(spool, books, seeds, seeds)))
        for frame in _frames(spool, books, seeds, None):
            traces.observe(frame, len(books.account))
            stage.advance(len(frame))
    identities = register.at((max(spool.parts) + 1) * spool.epoch_us, books.account)
    codes = books.account.encode(sorted(seeds))
    codes.sort()
    return compare(codes, traces, identities), books


def _frames(spool: Spool, books: Codebooks, seeds: list[str], wanted: list[str] | None) -> Iterator[Frame]:
    """Every epoch in time order: the rows of the ``wanted`` accounts, or of all accounts of the seeds' tenant.

    Rows lie as they were read, copies included: who holds what and when depends on neither, and word use hardly.
    """
    tenant, field = tenant_of(seeds[0]), pc.field("tenant_id")
    chosen = field.is_null() if tenant is None else field == tenant
    if wanted is not None:
        chosen &= pc.field("account_id").isin([account_of(name) for name in wanted])
    for number in sorted(spool.parts):
        table = pq.read_table(spool.parts[number], filters=chosen)
        start = number * spool.epoch_us
        if len(table):
            yield build_frame(table, books, start_us=start, end_us=start + spool.epoch_us)
