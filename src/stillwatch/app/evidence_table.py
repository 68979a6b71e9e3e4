"""EVIDENCE: the figures behind every group, unrounded, so that a stranger can recompute what was concluded from them.

Rows of ``part``: ``independence`` (log e-value of each test that enters the mean; -inf where a test saw nothing),
``profile`` (every feature), ``gate`` (score, p-value and levels) and ``budget`` (levels bought in closed epochs, whose
sum is what campaigns.json says was spent; accounts that were looked at and are not conspicuous stand here by a keyed
name only).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.app.folding import Folded
from stillwatch.campaigns.alone import Alone
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.standing import Standing, campaign_id, keyed_id
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.single import NAMES as SINGLE_NAMES
from stillwatch.model.tables import EVIDENCE, arrow_schema

Row = tuple[str, str, str, float]


def evidence_table(standings: list[Standing], alone: list[Alone], folded: Folded, key: bytes) -> pa.Table:
    """The figures of every group that was ever proposed and of every conspicuous account."""
    rows = [row for s in standings for row in _group(s.campaign_id, s.lineage)]
    rows += [row for a in alone for row in _account(a)]
    rows += _budget(folded, key)
    columns = zip(*rows, strict=True) if rows else ((),) * len(EVIDENCE.columns)
    return pa.table([pa.array(c) for c in columns], names=EVIDENCE.column_names).cast(arrow_schema(EVIDENCE))


def _group(name: str, lineage: Lineage) -> Iterator[Row]:
    for test, log_e in _tests(lineage):
        yield name, "independence", test, -inf if log_e is None else float(log_e)
    yield name, "gate", "alpha_independence", lineage.alpha_independence
    if lineage.profile is not None:
        yield from _profile(name, NAMES, lineage.profile)
    if lineage.score is not None and lineage.p_cohort is not None:
        yield from _gate(name, lineage.score, lineage.p_cohort, lineage.alpha_cohort)


def _tests(lineage: Lineage) -> Iterator[tuple[str, float | None]]:
    """The tests whose mean is the evidence against independence (see ``campaigns.gates``)."""
    if lineage.pool is not None:
        yield "dealt", lineage.dealt
    else:
        yield "co-use", lineage.couse
        yield "timing", lineage.timing
    if lineage.migration is not None:
        yield "migration", lineage.migration.log_e()


def _account(alone: Alone) -> Iterator[Row]:
    verdict = alone.verdict
    yield from _profile(alone.campaign_id, SINGLE_NAMES, verdict.profile.values)
    yield from _gate(alone.campaign_id, verdict.score, verdict.p, verdict.alpha)


def _profile(name: str, features: Iterable[str], values: NDArray[np.float64]) -> Iterator[Row]:
    yield from ((name, "profile", f, v) for f, v in zip(features, values.tolist(), strict=True))


def _gate(name: str, score: float, p: float, alpha: float) -> Iterator[Row]:
    yield name, "gate", "score", float(score)
    yield name, "gate", "p_cohort", p
    yield name, "gate", "alpha_cohort", alpha


def _budget(folded: Folded, key: bytes) -> list[Row]:
    accounts = folded.books.account
    rows: list[Row] = []
    for lineage in folded.closed.lineages:
        name = campaign_id(lineage, accounts, key)
        rows.append((name, "budget", "independence", lineage.alpha_independence))
        if lineage.alpha_cohort:
            rows.append((name, "budget", "cohort", lineage.alpha_cohort))
    for verdict in folded.closed.singles.verdicts.values():
        name = keyed_id(f"single\x1e{accounts.names[verdict.account]}\x1e{verdict.looked_us}", key)
        rows.append((name, "budget", "single", verdict.alpha))
    return rows
