"""One group and one epoch: the evidence its members earn on requests made after they joined."""

from __future__ import annotations

import numpy as np

from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import Lineage
from stillwatch.evidence import couse, timing
from stillwatch.model.frame import Codes, Frame, Ints

MOST_EXAMPLES, EXAMPLES_PER_EPOCH = 20, 4


def observe(lineage: Lineage, frame: Frame, index: EpochIndex, seed: int) -> None:
    """Update tests and sums of ``lineage`` with the epoch."""
    members = lineage.members(frame.start_us)
    rows = index.rows_of(members)
    if not len(rows):
        return
    carrying, carried = index.rows_with(lineage.keys)
    common, _, where = np.intersect1d(rows, carrying, assume_unique=True, return_indices=True)
    if lineage.gated_us is None:
        _test_couse(lineage, frame, rows, common, len(carrying) - len(common))
        _test_timing(lineage, frame, common, seed)
    if lineage.gated_us is not None:
        lineage.tally.add(frame, rows, common, int(carried[where].sum()))
        _keep_examples(lineage, frame, common)
    _sum(lineage, frame, rows, common)


def _test_couse(lineage: Lineage, frame: Frame, rows: Ints, common: Ints, outside_uses: int) -> None:
    texts = rows[frame.exact[rows] != 0]
    accounts, requests = np.unique(frame.account[texts], return_counts=True)
    fresh = ~np.isin(accounts, np.fromiter(lineage.couse_seen, dtype=np.int32, count=len(lineage.couse_seen)))
    accounts, requests = accounts[fresh], requests[fresh]
    uses = np.isin(accounts, frame.account[common])
    outside = int((frame.exact != 0).sum()) - len(texts)
    lineage.couse += couse.log_e(uses, requests, outside_uses, outside)
    lineage.couse_used += int(uses.sum())
    lineage.couse_expected += couse.expected_uses(requests, outside_uses, outside)
    lineage.couse_seen.update(accounts.tolist())


def _test_timing(lineage: Lineage, frame: Frame, common: Ints, seed: int) -> None:
    account: Codes = frame.account[common]
    draw = seed ^ lineage.number ^ (frame.start_us // 1_000_000)
    gain = timing.epoch_log_e(frame.ts[common], account, frame.start_us, frame.end_us, draw)
    lineage.timing_epochs += 1
    lineage.timing = np.logaddexp(lineage.timing, np.log(timing.start_share(lineage.timing_epochs))) + gain
    lineage.timing_requests += len(common)


def _keep_examples(lineage: Lineage, frame: Frame, common: Ints) -> None:
    """Remember a few event ids whose openings differ; their texts are fetched and redacted only when shown."""
    room = min(EXAMPLES_PER_EPOCH, MOST_EXAMPLES - len(lineage.examples))
    _, first = np.unique(frame.opening[common], return_index=True)
    lineage.examples += [frame.event_id[row] for row in common[np.sort(first)][: max(room, 0)].tolist()]


def _sum(lineage: Lineage, frame: Frame, rows: Ints, common: Ints) -> None:
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
