"""A second look at the spooled sketches, when it is known which groups are listed: what their links are made from.

Reads the spool twice: the listed accounts' own requests, and of everybody's requests what tells who else sent the same.
Memory grows with the listed accounts' prompts and with the accounts of the log, never with its requests. Nothing that
is alarmed or named depends on it.

Rows lie as they were read, copies included: who holds what and when depends on neither copies nor order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.border import Spool
from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.links.link import Seen
from stillwatch.campaigns.standing import Standing
from stillwatch.campaigns.victims import Uses, watch_for_victims
from stillwatch.facts.frame import Codebooks, build_frame, build_sent
from stillwatch.groups.activity import Activity
from stillwatch.groups.duplicates import Families, Holders, Prompts
from stillwatch.model.frame import Codes, Frame
from stillwatch.model.identity import Identities
from stillwatch.model.progress import Progress
from stillwatch.model.scope import account_of

_PIECE_ROWS = 32_768
_SENT = ["ts", "tenant_id", "account_id", "prompt_exact", "prompt_minhash"]


def second_look(
    spool: Spool, books: Codebooks, listed: list[Standing], identities: Identities, progress: Progress
) -> Seen | None:
    """What the log shows of the listed groups' accounts and who shares it; None where nothing is listed."""
    members = sorted({account for standing in listed for account in standing.lineage.joined})
    if not members:
        return None
    # Rows that the fold passed over, copies among them, can name accounts that it never saw: they stay unknown to it.
    books, known = Codebooks(*(book.copy() for book in vars(books).values())), len(books.account)
    with progress.stage("linking accounts", None):
        tenant, uses = identities.tenant, watch_for_victims(listed)
        families = Families.of(_prompts(spool, books, np.array(members, dtype=np.int32), tenant, uses.values()))
        activity, holders = Activity(), Holders(families, np.zeros(known, dtype=bool))
        for piece in (piece for number in sorted(spool.parts) for piece in _pieces(spool, number, _SENT)):
            sent = build_sent(piece, books)
            rows = np.flatnonzero(sent.account < known)
            activity.observe(sent.account[rows], sent.ts[rows], known)
            text = rows[sent.text[rows]]
            holders.observe(sent.account[text], sent.minhash[text], tenant)
    return Seen(activity, holders, {name: use.compromised(identities.created_us) for name, use in uses.items()})


def _prompts(spool: Spool, books: Codebooks, members: Codes, tenant: Codes, uses: Iterable[Uses]) -> Prompts:
    """The different prompts of these accounts; ``uses`` are shown all their requests on the way."""
    parts = []
    for frame in _frames(spool, books, members):
        index = EpochIndex(frame, [use.lineage.keys for use in uses], [use.lineage.accounts for use in uses])
        for use in uses:
            use.observe(frame, index)
        rows = np.flatnonzero(np.isin(frame.account, members) & (frame.exact != 0))
        parts.append(Prompts.of(frame.account[rows], frame.minhash[rows], tenant))
    return Prompts.union(parts)


def _frames(spool: Spool, books: Codebooks, members: Codes) -> Iterator[Frame]:
    """Every epoch's requests of these accounts, and of accounts of the same id in other tenants."""
    chosen = pa.array(sorted({account_of(books.account.names[code]) for code in members.tolist()}), pa.string())
    for number in sorted(spool.parts):
        table = pa.concat_tables(p.filter(pc.is_in(p["account_id"], chosen)) for p in _pieces(spool, number))
        start = number * spool.epoch_us
        if len(table):
            yield build_frame(table, books, start_us=start, end_us=start + spool.epoch_us)


def _pieces(spool: Spool, number: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """An epoch's rows. File by file: a data set over them costs several times the reading of small parts."""
    for path in spool.parts[number]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_PIECE_ROWS, columns=columns):
                yield pa.Table.from_batches([batch])
