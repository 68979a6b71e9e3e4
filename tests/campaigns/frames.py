"""Small epochs built directly as frames: what a scan would read from a log, without the log.

``build`` fills every column that a test does not name with the value a log without it would have. ``World`` composes
whole sequences of epochs: independent accounts, and groups that share a prompt machinery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.score import Score
from stillwatch.evidence.scored import Cohorts
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees
from stillwatch.model.frame import Frame
from stillwatch.model.tables import BAG_SIZE, MINHASH_SIZE, SKELETON_SIZE

HOUR = 3_600_000_000
EPOCH = 6 * HOUR
START = 20_000 * 24 * HOUR
"""A midnight UTC."""
_NUMBERS = (
    *("address", "session", "end_user", "turns", "prompt_words", "output_tokens", "max_tokens", "tool_count"),
    *("exact", "opening", "closing", "system", "cues"),
)


def build(ts: Any, account: Any, *, start: int = START, end: int | None = None, **columns: Any) -> Frame:
    """A frame of these requests, sorted by time; columns not named are as in a log that lacks them."""
    ts = np.asarray(ts, dtype=np.int64)
    n, order = len(ts), np.argsort(ts, kind="stable")
    filled: dict[str, Any] = {
        "net": np.full(n, -1, dtype=np.int32),
        "agent": np.full(n, -1, dtype=np.int32),
        "model": np.full(n, -1, dtype=np.int32),
        "served": np.ones(n, dtype=bool),
        "shed": np.zeros(n, dtype=bool),
        "stream": np.zeros(n, dtype=bool),
        "temperature": np.full(n, np.nan),
        "skeleton": np.zeros((n, SKELETON_SIZE), dtype=np.int64),
        "system_skeleton": np.zeros((n, SKELETON_SIZE), dtype=np.int64),
        "minhash": np.zeros((n, MINHASH_SIZE), dtype=np.int32),
        "bag": np.zeros((n, BAG_SIZE), dtype=np.uint8),
        **{name: np.zeros(n, dtype=np.int64) for name in _NUMBERS},
    }
    for name, values in columns.items():
        filled[name] = np.asarray(values, dtype=filled[name].dtype)
    return Frame(
        start_us=start,
        end_us=start + EPOCH if end is None else end,
        event_id=[f"e{start}-{i}" for i in range(n)],
        ts=ts[order],
        account=np.asarray(account, dtype=np.int32)[order],
        **{name: values[order] for name, values in filled.items()},
    )


def even_calibration(scores: NDArray[np.float64] | None = None) -> Calibration:
    """A calibration whose score is how seldom prompts repeat, with 1,000 benign scores below .9."""
    benign = np.linspace(0.0, 0.9, 1000) if scores is None else np.sort(scores)
    cohorts = Cohorts(Score(staircase("one_shot", 400), Slope.flat(len(NAMES))), {"made up": benign})
    return Calibration(
        calibration_id="cal-test",
        typical=np.zeros(len(NAMES)),
        wording=cohorts,
        work=cohorts,
    )


def staircase(feature: str, steps: int) -> Trees:
    """Stumps that together give the feature's own value, from 0 to 1 in steps."""
    root = 3 * np.arange(steps)
    node = np.arange(3 * steps)
    inner = node % 3 == 0
    return Trees(
        base=0.0,
        roots=root,
        feature=np.full(3 * steps, NAMES.index(feature)),
        threshold=np.where(inner, (node // 3 + 0.5) / steps, 0.0),
        left=np.where(inner, node + 1, node),
        right=np.where(inner, node + 2, node),
        value=np.where(node % 3 == 2, 1.0 / steps, np.where(inner, 0.5 / steps, 0.0)),
    )


@dataclass(frozen=True)
class Group:
    """Accounts behind one prompt machinery, active from epoch ``since`` on.

    ``pool``: number of different prompts (0 = never the same twice); ``cover``: share of other traffic.
    """

    accounts: tuple[int, ...]
    machinery: int
    per_epoch: int
    pool: int = 0
    since: int = 0
    cover: float = 0.0


@dataclass
class World:
    """A seeded sequence of epochs over ``background`` independent accounts and some groups."""

    background: int = 120
    per_account: float = 3.0
    groups: tuple[Group, ...] = ()
    seed: int = 1
    relabel: NDArray[np.int32] | None = None
    _sent: int = field(default=0, repr=False)

    @property
    def accounts(self) -> int:
        return max([self.background, *(max(g.accounts) + 1 for g in self.groups)])

    def epochs(self, n: int) -> list[Frame]:
        rng = np.random.default_rng(self.seed)
        self._sent = 0
        return [self._epoch(number, rng) for number in range(n)]

    def _epoch(self, number: int, rng: np.random.Generator) -> Frame:
        start = START + number * EPOCH
        parts = [self._independent(start, rng)]
        parts += [self._shared(g, start, rng) for g in self.groups if number >= g.since]
        columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        if self.relabel is not None:
            columns["account"] = self.relabel[columns["account"]]
        return build(start=start, **columns)

    def _independent(self, start: int, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
        """Everybody has an own wrapper and never repeats a prompt."""
        n = int(rng.poisson(self.background * self.per_account))
        account = rng.integers(0, self.background, n)
        return self._columns(start + rng.integers(0, EPOCH, n), account, account + 1_000_000, self._fresh(n))

    def _shared(self, group: Group, start: int, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
        """One queue drained over the accounts with some jitter; ``cover`` is traffic of the accounts' own."""
        n = group.per_epoch
        beat = EPOCH / n
        ts = start + np.clip((np.arange(n) + rng.uniform(0.2, 0.8, n)) * beat, 0, EPOCH - 1).astype(np.int64)
        account = np.array(group.accounts)[rng.permutation(np.arange(n) % len(group.accounts))]
        exact = self._fresh(n) if not group.pool else group.machinery * 10_000_019 + rng.integers(1, group.pool + 1, n)
        wrapper = np.where(rng.random(n) < group.cover, account + 1_000_000, group.machinery)
        return self._columns(ts, account, wrapper, exact)

    def _columns(self, ts: Any, account: Any, wrapper: Any, exact: Any) -> dict[str, NDArray[np.int64]]:
        mixed = np.asarray(wrapper, dtype=np.int64) * 1_000_003
        skeleton = np.zeros((len(ts), SKELETON_SIZE), dtype=np.int64)
        skeleton[:, :4] = mixed[:, None] + np.arange(3, 7)
        return {
            "ts": np.asarray(ts, dtype=np.int64),
            "account": np.asarray(account, dtype=np.int64),
            "system": mixed + 1,
            "opening": mixed + 2,
            "skeleton": skeleton,
            "exact": np.asarray(exact, dtype=np.int64),
            "output_tokens": np.full(len(ts), 10),
        }

    def _fresh(self, n: int) -> NDArray[np.int64]:
        self._sent += n
        return np.arange(self._sent - n + 1, self._sent + 1, dtype=np.int64)
