"""One group and one epoch: the evidence its members earn on requests made after they joined."""

from __future__ import annotations

import numpy as np

from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import CoUse, Lineage
from stillwatch.evidence import couse, timing
from stillwatch.groups.followup import Followup
from stillwatch.groups.templates import Held, private_keys, request_keys
from stillwatch.model.frame import Codes, Frame, Ints

MOST_EXAMPLES, EXAMPLES_PER_EPOCH = 20, 4
TIMING_SPAN_US, POOL_SPAN_US = 86_400_000_000, 2 * 86_400_000_000


def observe(lineage: Lineage, frame: Frame, index: EpochIndex, pairs: Held, seed: int, coin: float | None) -> None:
    """Update tests and sums of ``lineage`` with the epoch; ``coin``: the highest rate of the coin in it."""
    members = lineage.members(frame.start_us)
    rows = index.rows_of(members)
    if lineage.gated_us is None and lineage.migration is not None:
        lineage.migration.add(frame, rows, coin)
    if not len(rows) and lineage.timing is not None:
        return
    if lineage.pool is None:
        _observe_wording(lineage, frame, index, pairs, members, rows, seed)
    else:
        _observe_pool(lineage, lineage.pool, frame, rows, index.first_of(rows))


def _observe_wording(
    lineage: Lineage, frame: Frame, index: EpochIndex, pairs: Held, members: Codes, rows: Ints, seed: int
) -> None:
    """A group found by its wording: its component is what carries its keys."""
    carrying, carried = index.rows_with(lineage.keys)
    common, _, where = np.intersect1d(rows, carrying, assume_unique=True, return_indices=True)
    if lineage.gated_us is None:
        _test_couse(lineage, frame, index, members, carrying)
    _test_timing(lineage, frame, common, seed)
    keys, private = carried[where], private_keys(request_keys(frame, common), frame.account[common], pairs)
    if lineage.work:
        first = index.first_of(rows)
        dealt = np.setdiff1d(np.concatenate([_dealt(pool, frame, first) for pool in lineage.work]), common)
        common, order = _merged(common, dealt)
        keys, private = (np.append(values, np.zeros_like(dealt))[order] for values in (keys, private))
    _add(lineage, frame, rows, common, keys, private)


def _dealt(pool: Followup, frame: Frame, first: Ints) -> Ints:
    """Rows that come from the pool. Of accounts in it only: where an operator passes on people's own words, those of
    everybody else in the group look like the pool as well."""
    return pool.component(frame, first[np.isin(frame.account[first], pool.accounts)])


def _merged(rows: Ints, more: Ints) -> tuple[Ints, Ints]:
    """Both in ascending order, and the order that made them so."""
    both = np.append(rows, more)
    order = np.argsort(both, kind="stable")
    return both[order], order


def _observe_pool(lineage: Lineage, pool: Followup, frame: Frame, rows: Ints, first: Ints) -> None:
    """A group found by its work: tested once, and its component is what seems to come from the pool.

    ``rows``: its requests, of which ``first`` are first messages.
    """
    if lineage.dealt is None:
        pool.observe(frame, first)
        if frame.end_us >= lineage.proposed_us + POOL_SPAN_US:
            lineage.dealt = pool.log_e()
    common = pool.component(frame, first)
    none = np.zeros(len(common), dtype=np.int64)
    _add(lineage, frame, rows, common, none, none)


def _test_couse(lineage: Lineage, frame: Frame, index: EpochIndex, members: Codes, carrying: Ints) -> None:
    """One round: the members of this epoch against its outside accounts."""
    users, member = np.zeros(len(index.texts), dtype=bool), np.zeros(len(index.texts), dtype=bool)
    users[frame.account[carrying[frame.exact[carrying] != 0]]] = True
    member[members[members < len(member)]] = True
    mine, theirs = np.flatnonzero((index.texts > 0) & member), np.flatnonzero((index.texts > 0) & ~member)
    if not len(mine):
        return
    inside, outside = (couse.Takers(index.texts[side], users[side]) for side in (mine, theirs))
    lineage.couse_rounds += 1
    gain = couse.log_e(inside, outside)
    lineage.couse = float(np.logaddexp(lineage.couse, np.log(couse.stake(lineage.couse_rounds)) + gain))
    if lineage.couse_best is None or gain > lineage.couse_best.log_e:
        used, expected = int(users[mine].sum()), couse.expected_uses(inside, outside)
        lineage.couse_best = CoUse(len(mine), used, expected, gain)


def _test_timing(lineage: Lineage, frame: Frame, common: Ints, seed: int) -> None:
    """Collect the founders' first day after the proposal, then test once."""
    if lineage.timing is not None:
        return
    founders = np.array([a for a, at in lineage.joined.items() if at == lineage.proposed_us], dtype=np.int32)
    theirs = common[np.isin(frame.account[common], founders)]
    lineage.watched_ts.append(frame.ts[theirs])
    lineage.watched_accounts.append(frame.account[theirs])
    if frame.end_us < lineage.proposed_us + TIMING_SPAN_US:
        return
    ts, account = np.concatenate(lineage.watched_ts), np.concatenate(lineage.watched_accounts)
    lineage.timing = timing.log_e(ts, account, lineage.proposed_us, frame.end_us, seed ^ lineage.number)
    lineage.timing_requests = len(ts)
    lineage.watched_ts, lineage.watched_accounts = [], []


def _keep_examples(lineage: Lineage, frame: Frame, common: Ints) -> None:
    """Remember a few event ids whose openings differ; their texts are fetched and redacted only when shown."""
    room = min(EXAMPLES_PER_EPOCH, MOST_EXAMPLES - len(lineage.examples))
    _, first = np.unique(frame.opening[common], return_index=True)
    lineage.examples += [frame.event_id[row] for row in common[np.sort(first)][: max(room, 0)].tolist()]


def _add(lineage: Lineage, frame: Frame, rows: Ints, common: Ints, keys: Ints, private: Ints) -> None:
    """Add the epoch to what the group did since its proposal; arguments as of ``Tally.add``."""
    lineage.tally.add(frame, rows, common, keys, private)
    _keep_examples(lineage, frame, common)
    for use, chosen in ((lineage.member_requests, rows), (lineage.member_component, common)):
        accounts, counts = np.unique(frame.account[chosen], return_counts=True)
        for account, n in zip(accounts.tolist(), counts.tolist(), strict=True):
            use[account] = use.get(account, 0) + n
    if len(common):
        lineage.exchanges += len(common)
        lineage.output_tokens += int(frame.output_tokens[common].sum())
        first, last = int(frame.ts[common[0]]), int(frame.ts[common[-1]])
        lineage.first_us = first if lineage.first_us is None else lineage.first_us
        lineage.last_us = last
