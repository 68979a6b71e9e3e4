"""Read a log and its register into the arrays that the baselines share.

Contract: `read` takes the two canonical Parquet files and answers one frame of requests, sorted by time, and one
frame of accounts. Columns of `requests`: account (index into `accounts`), ts, second, hour, network (/24),
client, system, prompt (text of the last user message), model, tokens_in, tokens_out, refused. Columns of
`accounts`: account, account_id, payment, created. Nothing else is used; above all neither country nor network operator.
Refused requests are kept: to most of these methods a request is a request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.baselines import words

_REQUEST = ["account_id", "ts", "client_ip", "user_agent", "ja4", "model_request", "system_instructions"]
_REQUEST += ["input_messages", "input_tokens", "output_tokens", "http_status"]


@dataclass(frozen=True)
class Traffic:
    """One log, ready for every baseline; what is expensive is computed once, when it is first asked for."""

    requests: pl.DataFrame
    accounts: pl.DataFrame

    @property
    def size(self) -> int:
        return len(self.accounts)

    @property
    def last(self) -> datetime:
        """Time of the last request: these methods look back over a whole log, so that is when they speak."""
        answer = self.requests["ts"].max()
        if not isinstance(answer, datetime):
            raise ValueError("the log holds no request")
        return answer

    @cached_property
    def account(self) -> np.ndarray:
        return self.requests["account"].to_numpy()

    @cached_property
    def second(self) -> np.ndarray:
        return self.requests["second"].to_numpy()

    @cached_property
    def first_use(self) -> pl.DataFrame:
        """When each account first used each model: columns account, model, second."""
        return self.requests.group_by("account", "model").agg(pl.col("second").min())

    @cached_property
    def templates(self) -> pl.DataFrame:
        """Pairs (row, template): what of a request's wording also occurs in others (see words.py)."""
        return words.templates(self.requests)

    @cached_property
    def vectors(self) -> np.ndarray:
        """A unit vector per request, from hashed words."""
        return words.vectors(self.requests)


def read(exchanges: Path, accounts: Path) -> Traffic:
    """Read the two files; an account that only one of them knows is kept."""
    log = pl.read_parquet(exchanges, columns=_REQUEST).sort("ts", maintain_order=True)
    register = pl.read_parquet(accounts, columns=["account_id", "payment_id", "created_at"])
    known = log.select("account_id").unique().join(register, on="account_id", how="full", coalesce=True)
    known = known.sort("account_id").with_row_index("account").with_columns(pl.col("account").cast(pl.Int64))
    people = known.rename({"payment_id": "payment", "created_at": "created"})
    return Traffic(_requests(log, people), people)


def _requests(log: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    second = pl.col("ts").dt.epoch("us") / 1e6
    return log.join(people.select("account_id", "account"), on="account_id", how="left", maintain_order="left").select(
        "account",
        "ts",
        second=second,
        hour=(second / 3600).floor().cast(pl.Int64),
        network=pl.col("client_ip").str.replace(r"\.\d+$", ""),
        client=pl.concat_str("user_agent", "ja4", separator="\0", ignore_nulls=True),
        system=pl.col("system_instructions"),
        prompt=pl.Series([_last_user_text(message) for message in log["input_messages"]], dtype=pl.String),
        model=pl.col("model_request"),
        tokens_in=pl.col("input_tokens").fill_null(0),
        tokens_out=pl.col("output_tokens").fill_null(0),
        refused=pl.col("http_status") != 200,
    )


def _last_user_text(messages: str | None) -> str:
    spoken = [m for m in json.loads(messages or "[]") if m.get("role") == "user"]
    parts = spoken[-1].get("parts", []) if spoken else []
    return "\n".join(str(part.get("content") or "") for part in parts)
