"""Make the example log and register of this folder with Stillwatch's own generator.

    python examples/make.py

Writes exchanges.jsonl.gz and accounts.csv beside this file, the same bytes every time. Everything in them is made up.
Columns that say nothing here are left out, so that a row can be read.
"""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.plugin import Plugin
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.world import make_world

HERE = Path(__file__).parent
SEED = 16
START = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z
DAYS = 2.0
KEPT = (
    "event_id",
    "ts",
    "account_id",
    "client_ip",
    "user_agent",
    "model_request",
    "temperature",
    "system_instructions",
    "input_messages",
    "input_tokens",
    "output_tokens",
    "http_status",
)


def main() -> None:
    force = Force(schedule="random", rhythm="steady", infrastructure="rotating", payment="virtual", age_days=5)
    operator = Elicitation(accounts=20, rate=40.0, wordings=6, force=force)
    crowd = (Individuals(accounts=200, rate=4.0), Plugin(accounts=12, rate=12.0))
    world = make_world(Plan(START, DAYS, (*crowd, operator)), SEED)
    _write_log(world.exchanges.select(list(KEPT)))
    _write_register(world.accounts)


def _write_log(exchanges: pa.Table) -> None:
    rows = ({name: _plain(value) for name, value in row.items() if value is not None} for row in exchanges.to_pylist())
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / "exchanges.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _write_register(accounts: pa.Table) -> None:
    with (HERE / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(accounts.column_names)
        writer.writerows([_plain(value) for value in row.values()] for row in accounts.to_pylist())


def _plain(value: Any) -> Any:
    """Times as ISO 8601 with Z; everything else as it is."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


if __name__ == "__main__":
    main()
