"""What a campaign shows in the log that can be told to a partner: keyed prompt machinery, shared address ranges.

Reads the log twice: first only requests of the case's accounts, then everybody else's in the same time, to drop what
others do too. Texts are sketched under a key of the exchange and forgotten; the store's own key cannot be derived from
it. Accounts whose owner is a victim count on neither side.
"""

from __future__ import annotations

import hmac
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.app.border import sketched
from stillwatch.app.cases.desk import View
from stillwatch.cases import machinery
from stillwatch.cases.machinery import Hashes, Machinery
from stillwatch.cases.state import Case
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.model.scope import scoped, scoped_column, tenant_of
from stillwatch.report.document import as_moment
from stillwatch.sketch.batch import warm_up
from stillwatch.sketch.recipe import Recipe, recipe_id

MOST_REQUESTS = 100_000
"""Requests of members that are looked at, the first ones of each account: enough to know a wrapper by."""
_LEAST_RANGE_MEMBERS = 3
LEAST_SHOWING = 0.25
"""Of the accounts that are looked at: machinery that fewer of them show would find nobody elsewhere."""


@dataclass(frozen=True, slots=True)
class History:
    """A log to look into. ``-`` cannot be read twice and is refused where that is needed."""

    inputs: tuple[str, ...]
    mapping: str | None = None
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Collected:
    """``machinery`` is ``None`` where the accounts share no wording of their own; ``ranges``: address ranges.

    ``showing``: how many of ``members`` show the machinery themselves; ``rejected``: rows that could not be read.
    """

    machinery: Machinery | None
    ranges: tuple[str, ...]
    members: int
    outsiders: int
    showing: int
    rejected: int


def exchange_seed(key: bytes) -> bytes:
    """The key of sketches that two holders of ``key`` make alike."""
    return hmac.digest(key, b"stillwatch/1/exchange/sketch", "sha256")


def exchanges(history: History, rejects: Rejects) -> Iterator[pa.RecordBatch]:
    """The batches of a log; rows that cannot be read are counted in ``rejects``."""
    return read_exchanges(
        history.inputs,
        rejects=rejects,
        key=bytes(32),
        batch_rows=history.settings.batch_rows,
        stdin=sys.stdin.buffer if "-" in history.inputs else None,
        mapping=history.mapping,
    )


def collect(view: View, case: Case, history: History, key: bytes) -> Collected:
    """Look for what the case's accounts share and hardly anybody else has."""
    if "-" in history.inputs:
        raise ConfigurationError("the log is read twice, so it cannot come from standard input")
    names = {s: scoped(a.tenant_id, a.account_id) for s, a in view.accounts(case.case_id).items() if a is not None}
    victims = {name for subject, name in names.items() if subject in case.victims}
    members = set(names.values()) - victims
    if not members:
        raise ConfigurationError(f"no account of {case.case_id} is known any more")
    found = Looking(history, exchange_seed(key), *_window(case), members, victims)
    warm_up()
    return found.collected()


@dataclass
class Looking:
    """Two readings of one log."""

    history: History
    seed: bytes
    start: datetime
    end: datetime
    members: set[str]
    victims: set[str]
    rejects: Rejects = field(default_factory=lambda: Rejects(bytes(32)))
    """Of the first reading; the second one meets the same rows."""

    def collected(self) -> Collected:
        codes: dict[str, int] = {}
        ranges: set[tuple[int, str]] = set()
        requests = []
        for batch in self._sketches(of_members=True):
            accounts = _codes(batch, codes)
            requests.append((accounts, *pairs(batch)))
            ranges.update(_ranges(accounts, batch))
        sent = machinery.distinct_pairs([(accounts[rows], hashes) for accounts, rows, hashes in requests])
        values, counts = machinery.candidates(*sent, len(codes))
        nets = Counter(net for _, net in ranges)
        shared = {net for net, count in nets.items() if count >= _LEAST_RANGE_MEMBERS}
        outside, others, taken = self._outside(values, shared)
        kept = machinery.chosen(values, counts, outside, others)
        own = sorted(_spelled(net) for net in shared if taken[net] <= machinery.OUTSIDE_SHARE * others)
        found = machinery.machinery(recipe_id(Recipe(), self.seed), kept)
        shown = 0 if found is None else _showing(found, requests)
        if shown < LEAST_SHOWING * len(codes):
            found = None
        return Collected(found, tuple(own), len(codes), others, shown, self.rejects.count)

    def _outside(self, values: Hashes, shared: set[str]) -> tuple[Hashes, int, Counter[str]]:
        """How many other accounts sent each of ``values``, how many there are, and how many used each range."""
        codes: dict[str, int] = {}
        ranges: set[tuple[int, str]] = set()
        parts = []
        for batch in self._sketches(of_members=False):
            accounts = _codes(batch, codes)
            rows, hashes = pairs(batch)
            known = np.isin(hashes, values)
            parts.append(machinery.distinct_pairs([(accounts[rows[known]], hashes[known])]))
            ranges.update(pair for pair in _ranges(accounts, batch) if pair[1] in shared)
        _, hashes = machinery.distinct_pairs(parts)
        counts = np.bincount(np.searchsorted(values, hashes), minlength=len(values))
        return counts, len(codes), Counter(net for _, net in ranges)

    def _sketches(self, *, of_members: bool) -> Iterator[pa.RecordBatch]:
        threads = self.history.settings.threads or os.cpu_count() or 1
        return sketched(self._wanted(of_members), Recipe(), self.seed, threads)

    def _wanted(self, of_members: bool) -> Iterator[pa.RecordBatch]:
        """The requests of one side within the time of the case; of members only the first of each account."""
        tenants = pa.array({tenant_of(name) for name in self.members}, pa.string())
        members, victims = pa.array(sorted(self.members), pa.string()), pa.array(sorted(self.victims), pa.string())
        quota = max(10, MOST_REQUESTS // len(self.members))
        seen: Counter[str] = Counter()
        for batch in exchanges(self.history, self.rejects if of_members else Rejects(bytes(32))):
            table = pa.Table.from_batches([batch])
            names = scoped_column(table)
            within = pc.and_(pc.greater_equal(table["ts"], self.start), pc.less_equal(table["ts"], self.end))
            mine = pc.is_in(names, members)
            if of_members:
                wanted = pc.and_(within, mine)
            else:
                theirs = pc.invert(pc.or_(mine, pc.is_in(names, victims)))
                wanted = pc.and_(pc.and_(within, theirs), pc.is_in(table["tenant_id"], tenants))
            rows = np.flatnonzero(wanted.to_numpy())
            if of_members:
                rows = _within_quota(rows, names, seen, quota)
            if len(rows):
                yield batch.take(pa.array(rows))


def pairs(batch: pa.RecordBatch) -> tuple[Hashes, Hashes]:
    """Row and hash of every shingle that a batch of sketches kept, of prompts and of system instructions."""
    rows, hashes = [], []
    for name in ("prompt_skeleton", "system_skeleton"):
        column = batch.column(name)
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        rows.append(np.repeat(np.arange(len(batch)), lengths))
        hashes.append(column.flatten().to_numpy(zero_copy_only=False))
    return np.concatenate(rows), np.concatenate(hashes).astype(np.int64)


def _showing(found: Machinery, requests: list[tuple[Hashes, Hashes, Hashes]]) -> int:
    """How many accounts show the machinery in these requests, by the rule that others will ask."""
    times: Counter[int] = Counter()
    for accounts, rows, hashes in requests:
        enough = machinery.carried(rows, hashes, found.values, len(accounts)) >= found.at_least
        times.update(accounts[enough].tolist())
    return sum(count >= machinery.REQUESTS for count in times.values())


def _within_quota(rows: Hashes, names: pa.ChunkedArray, seen: Counter[str], quota: int) -> Hashes:
    kept = []
    for row, name in zip(rows.tolist(), names.take(pa.array(rows)).to_pylist(), strict=True):
        seen[name] += 1
        if seen[name] <= quota:
            kept.append(row)
    return np.array(kept, np.int64)


def _codes(batch: pa.RecordBatch, known: dict[str, int]) -> Hashes:
    names = scoped_column(pa.Table.from_batches([batch])).to_pylist()
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _ranges(accounts: Hashes, batch: pa.RecordBatch) -> set[tuple[int, str]]:
    nets = batch.column("client_net").to_pylist()
    return {(account, net) for account, net in zip(accounts.tolist(), nets, strict=True) if net}


def _spelled(net: str) -> str:
    """A range of the sketch as a network: an IPv4 /24 or an IPv6 /48."""
    return f"{net}::/48" if ":" in net else f"{net}.0/24"


def _window(case: Case) -> tuple[datetime, datetime]:
    """From the first to the last request of the case's campaigns."""
    moments = [as_moment(m) for s in case.sightings.values() for m in (s.first_seen_at, s.last_seen_at)]
    known = [moment for moment in moments if moment is not None]
    if not known:
        raise ConfigurationError(f"{case.case_id} does not say when its campaigns were seen")
    return min(known), max(known)
