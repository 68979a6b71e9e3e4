"""Made-up logs of any size, written an hour at a time: for cost, never for what a scan finds.

Most accounts ask what comes to their minds: words of a made-up language, the frequent ones often. One account in two
hundred works in a group of twenty that shares a wrapper, so that the fold has groups to follow. Rates of accounts are
log-normal. Nothing is drawn per row in Python: a million requests of 120 characters take some ten seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

START_US = 1_767_571_200_000_000
HOUR_US = 3_600_000_000
REQUESTS_PER_ACCOUNT = 85
GROUP = 20
_PIECES = 200_000
_PIECE_CHARS = 12
_HEAD, _TAIL = '[{"role":"user","parts":[{"type":"text","content":"', '"}]}]'


@dataclass(frozen=True)
class Made:
    """A log of so many requests, spread over so many hours."""

    requests: int
    hours: int
    chars: int
    seed: int = 1

    @property
    def accounts(self) -> int:
        return max(200, self.requests // REQUESTS_PER_ACCOUNT)

    def write(self, folder: Path) -> Path:
        """Write accounts.parquet and log/hour-….parquet to ``folder`` unless they are there."""
        done, log = folder / "done", folder / "log"
        if done.exists():
            return folder
        log.mkdir(parents=True, exist_ok=True)
        pq.write_table(self._register(), folder / "accounts.parquet")
        drawn = _Drawn(self)
        for hour in range(self.hours):
            pq.write_table(drawn.hour(hour), log / f"hour-{hour:04}.parquet", compression="zstd")
        done.touch()
        return folder

    def _register(self) -> pa.Table:
        opened = pa.array(np.full(self.accounts, START_US - 90 * 24 * HOUR_US), pa.timestamp("us", tz="UTC"))
        return pa.table({"account_id": _named("acct-", np.arange(self.accounts)), "created_at": opened})


class _Drawn:
    def __init__(self, made: Made) -> None:
        self._made = made
        self._draw = np.random.default_rng(made.seed)
        rates = self._draw.lognormal(0.0, 1.2, made.accounts)
        self._rates = rates / rates.sum()
        self._pieces = self._words()
        self._networks = self._draw.integers(0, 60_000, made.accounts)

    def hour(self, number: int) -> pa.Table:
        made, draw = self._made, self._draw
        rows = made.requests // made.hours
        account = draw.choice(made.accounts, rows, p=self._rates)
        ts = np.sort(draw.integers(0, HOUR_US, rows)) + START_US + number * HOUR_US
        network = self._networks[account]
        address = [_named("10.", network // 250), _named("", network % 250), _named("", draw.integers(1, 250, rows))]
        return pa.table(
            {
                "event_id": _named(f"r{number}-", np.arange(rows)),
                "ts": pa.array(ts, pa.timestamp("us", tz="UTC")),
                "account_id": _named("acct-", account),
                "client_ip": pc.binary_join_element_wise(*address, "."),
                "user_agent": _named("client/", self._networks[account] % 40),
                "model_request": pa.array(["m-large"] * rows),
                "input_messages": self._messages(account),
                "output_tokens": draw.integers(20, 900, rows),
                "http_status": np.full(rows, 200),
            }
        )

    def _messages(self, account: np.ndarray) -> pa.Array:
        """Words by a falling frequency; who is in a group begins with its wrapper."""
        count = max(1, self._made.chars // (_PIECE_CHARS + 1))
        columns = [self._pieces.take(pa.array(self._some(len(account)))) for _ in range(count)]
        in_group = account < self._made.accounts // 200
        wrapper = pc.if_else(
            pa.array(in_group),
            _named("Explain step by step how you reach the answer, in the style of tutor number ", account // GROUP),
            pa.scalar("Hello."),
        )
        text = pc.binary_join_element_wise(wrapper, *columns, " ")
        return pc.binary_join_element_wise(_HEAD, text, _TAIL, "")

    def _some(self, rows: int) -> np.ndarray:
        return (self._draw.random(rows) ** 3 * _PIECES).astype(np.int64)

    def _words(self) -> pa.Array:
        letters = self._draw.integers(97, 123, (_PIECES, _PIECE_CHARS)).astype(np.uint8)
        letters[:, _PIECE_CHARS // 2] = ord(" ")
        return pa.array(letters.view(f"S{_PIECE_CHARS}").ravel().astype(str).tolist())


def _named(before: str, number: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(before), pc.cast(pa.array(number), pa.string()), "")
